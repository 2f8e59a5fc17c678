"""Cells of a workbook: foreign text stays text, numbers stay numbers."""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_CELL_LENGTH = 32_767

# a spreadsheet program may take text with these first characters for a formula, also full-width
_FORMULA = re.compile(r"[\s\u3000]*[=+\-@＝＋－＠\u2212\uff5c|%]|^[\t\r\n]")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class Heading:
    """A column of a sheet.

    Parameters
    ----------
    title : str
    width : float, default=14
        In characters; where the texts below are longer they are wrapped, where all are shorter
        the column is made narrower.
    number_format : str, default="General"
        Of the numbers below.
    """

    title: str
    width: float = 14
    number_format: str = "General"


def safe_text(value: Any) -> str:
    """Return text without characters that a workbook cannot hold, cut to what a cell can hold."""
    text = _ILLEGAL.sub("\ufffd", str(value))
    # Excel reads _x0041_ as an escaped character; escaping the underscore keeps it as written
    text = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    return text[:MAX_CELL_LENGTH]


def looks_like_formula(text: str) -> bool:
    """Return whether a spreadsheet program might take the text for a formula."""
    return _FORMULA.match(text) is not None


def value_of(value: Any) -> Any:
    """Return a value that a cell can hold: int, float, bool, text, or None for an empty cell."""
    if value is None:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return safe_text(value)


def put(cell: Any, value: Any) -> None:
    """Write a value into a cell; text is stored as text, whatever it begins with."""
    content = value_of(value)
    cell.value = content
    if isinstance(content, str):
        cell.data_type = "s"
        # the mark that Excel itself sets for a leading apostrophe: editing keeps the text
        cell.quotePrefix = looks_like_formula(content)


def sheet_title(text: str) -> str:
    """Return a legal sheet name: at most 31 characters, no brackets, slashes or wildcards."""
    return re.sub(r"[\[\]:*?/\\']", " ", safe_text(text)).strip()[:31] or "Sheet"


def whole_day(text: str) -> datetime.datetime:
    """Return an ISO date as a time stamp, 1980-01-01 where it is none."""
    try:
        return datetime.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return datetime.datetime(1980, 1, 1)
