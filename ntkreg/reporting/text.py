"""Words and numbers as the reader sees them: texts of a language, number formats, cut labels."""

from __future__ import annotations

import functools
import itertools
import math
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from importlib import resources
from pathlib import PurePath
from typing import Any

from ntkreg.io.dataset import Column
from ntkreg.messages import Language

MINUS = "\u2212"
DASH = "–"

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
# an absolute path up to its last part; the lookbehind keeps fractions and units such as mm/s
_PATH = re.compile(
    r"(?<![\w.\])）])(?:[A-Za-z]:[\\/]|\\\\|~/|/(?=[^\s/]+/))(?:[^\\/:*?\"'<>|\r\n]+[\\/])*"
)
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@functools.cache
def texts(language: Language) -> Mapping[str, Any]:
    """Return the nested table of all fixed texts of the report in one language."""
    file = resources.files(__package__).joinpath("texts", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def word(table: Mapping[str, str], key: str) -> str:
    """Return the word for a code, or the code itself where the table has none."""
    return table.get(key, key)


def number(value: float | int | None, digits: int = 4, *, pad: bool = False) -> str:
    """Format a number for reading.

    Parameters
    ----------
    value : float or None
        None and NaN become a dash.
    digits : int, default=4
        Significant digits of values below 10,000; larger ones are shown to the unit.
    pad : bool, default=False
        Whether to keep trailing zeros, so that a column of scores lines up.

    Examples
    --------
    >>> number(0.41237), number(12345.6), number(2.5e-7), number(0.5, pad=True)
    ('0.4124', '12,346', '2.5×10⁻⁷', '0.5000')
    """
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    size = abs(value)
    if size >= 1e7 or 0 < size < 1e-4:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        if not pad and "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    elif size >= 10 ** (digits - 1):
        text = f"{value:,.0f}"
    else:
        text = f"{value:#.{digits}g}" if pad else f"{value:.{digits}g}"
    return text.replace("-", MINUS)


def fixed(value: float, decimals: int) -> str:
    """Format with a fixed number of decimals; NaN becomes a dash."""
    return f"{value:.{decimals}f}".replace("-", MINUS) if math.isfinite(value) else number(value)


def percent(value: float, decimals: int = 0) -> str:
    """Format a share as per cent; the blank does not break."""
    return f"{fixed(100 * value, decimals)}\u00a0%"


def p_value(value: float) -> str:
    """Format a p value; very small ones are only bounded."""
    return "< 0.001" if value < 0.001 else fixed(value, 3)


def quantity(value: float, unit: str | None, *, digits: int = 4, pad: bool = False) -> str:
    """Format a number with its unit."""
    text = number(value, digits, pad=pad)
    return f"{text} {unit}" if unit else text


def plain(value: Any) -> str:
    """Return one line of text without characters that no page and no sheet may hold."""
    return " ".join(_CONTROL.sub("\ufffd", str(value)).split())


def cut(value: Any, cells: int = 40) -> str:
    """Shorten to a display width, where a full-width character counts as two cells.

    Examples
    --------
    >>> cut("保圧時間の設定値", 9)
    '保圧時間…'
    """
    text = plain(value)
    widths = [2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text[: cells + 1]]
    if len(text) <= cells and sum(widths) <= cells:
        return text
    kept = sum(used <= cells - 1 for used in itertools.accumulate(widths))
    return text[: max(kept, 1)].rstrip() + "…"


def column_label(column: Column) -> str:
    """Return the header with its unit, which is not said twice."""
    if column.unit and column.unit not in column.name:
        return f"{column.name} [{column.unit}]"
    return column.name


def decimals(scale: float) -> int:
    """Return the decimals that show a score of this size, and differences of it, to 4 digits."""
    return min(max(3 - math.floor(math.log10(scale)), 0), 7) if 0 < scale < math.inf else 3


def with_unit(title: str, unit: str | None) -> str:
    """Return an axis title with its unit in brackets."""
    return f"{title} [{cut(unit, 12)}]" if unit else title


def without_paths(value: Any) -> str:
    """Return a text in which every path is reduced to its last part.

    A report goes to other people; folders hold user and customer names.

    Examples
    --------
    >>> without_paths("/home/sato/data/lot.xlsx"), without_paths("80 mm/s")
    ('lot.xlsx', '80 mm/s')
    """
    if isinstance(value, PurePath):
        return value.name
    return plain(_PATH.sub("", str(value)))
