"""Cells -> numbers: missing marks, full-width digits, glued units, thousands, censored values."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import IntEnum
from typing import Any

import numpy as np

from ntkreg.io.cells.dates import hours_of, is_date
from ntkreg.io.cells.marks import CENSORED_WORDS, EXCEL_ERRORS, MISSING_MARKS
from ntkreg.io.cells.spellings import currency_last, guarded, respelt
from ntkreg.io.cells.units import is_unit
from ntkreg.io.files.grid import Special

NAN = float("nan")


class Status(IntEnum):
    """What a cell turned out to be."""

    NUMBER = 0
    BLANK = 1
    MARK = 2
    ERROR = 3
    FORMULA = 4
    CENSORED = 5
    INFINITE = 6
    TIME = 7
    DATE = 8
    TEXT = 9


ABSENT = (Status.BLANK, Status.MARK, Status.ERROR, Status.FORMULA)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[,' ]\d{3})+(?:\.\d*)?")
_CENSORED = re.compile(
    r"(?:[<>≦≧≤≥]=?|約?)\s*(?P<number>[^<>≦≧≤≥]*?)\s*(?P<tail>以上|以下|未満|超|より大|より小)?"
)
_PREFIX = re.compile(r"(?P<number>[+-]?[\d.,' ]*\d\.?(?:e[+-]?\d+)?)\s*(?P<unit>[^\d\s.,+-].*)")
_INFINITE_WORDS = frozenset({"inf", "+inf", "-inf", "infinity", "-infinity", "∞", "-∞", "+∞"})
_SIGNS = str.maketrans(
    {"−": "-", "‐": "-", "–": "-", "﹣": "-", "’": "'", "\u00a0": " ", "\u202f": " "}
)


_WORDS = {
    Status.MARK: MISSING_MARKS,
    Status.ERROR: EXCEL_ERRORS,
    Status.CENSORED: CENSORED_WORDS,
    Status.INFINITE: _INFINITE_WORDS,
}


@dataclass(frozen=True)
class Reading:
    """One cell: its status, its value where it has one, and how it was repaired."""

    status: Status
    value: float = NAN
    repair: str = ""
    unit: str = ""


def read_cell(cell: Any, decimal: str = ".") -> Reading:
    """Return what one cell says.

    Parameters
    ----------
    cell : object
        A cell of a `Grid`.
    decimal : {".", ","}, default="."
        Decimal mark.

    Examples
    --------
    >>> read_cell("１２．５").value, read_cell("<0.01").status.name, read_cell("25℃").unit
    (12.5, 'CENSORED', '℃')
    """
    if isinstance(cell, str):
        return _read_text(cell, decimal)
    if cell is None or cell is Special.FORMULA:
        return Reading(Status.BLANK if cell is None else Status.FORMULA)
    if isinstance(cell, bool):
        return Reading(Status.TEXT)
    if isinstance(cell, time | timedelta):
        return Reading(Status.TIME, hours_of(cell) or 0.0)
    if isinstance(cell, date):
        return Reading(Status.DATE)
    return _number(float(cell), "")


def _number(value: float, repair: str, unit: str = "") -> Reading:
    if np.isinf(value):
        return Reading(Status.INFINITE)
    return Reading(Status.BLANK) if np.isnan(value) else Reading(Status.NUMBER, value, repair, unit)


def _read_text(cell: str, decimal: str) -> Reading:
    stripped = cell.strip()
    if not stripped:
        return Reading(Status.BLANK)
    narrow = (
        unicodedata.normalize("NFKC", guarded(stripped).translate(_SIGNS)).translate(_SIGNS).strip()
    )
    word = narrow.lower()
    for status, words in _WORDS.items():
        if not words.isdisjoint((word, stripped, word.replace(" ", ""))):
            return Reading(status)
    value, grouped = parse_number(word, decimal)
    if value is not None:
        return _number(value, _repair_name(stripped, narrow, grouped))
    for form in (_read_glued, _read_censored):
        reading = form(narrow, decimal)
        if reading is not None:
            return reading
    hours = hours_of(narrow)
    if hours is not None:
        return Reading(Status.TIME, hours)
    return Reading(Status.DATE if is_date(narrow) else Status.TEXT)


def _repair_name(before: str, after: str, grouped: bool) -> str:
    if grouped:
        return "thousands"
    return "width" if before != after or respelt(after.lower()) != after.lower() else ""


def parse_number(text: str, decimal: str = ".") -> tuple[float | None, bool]:
    """Return the number a narrow, lower-case text is, and whether its digits were grouped."""
    text = respelt(text, decimal)
    if decimal == ",":
        text = text.translate(str.maketrans(".,", ",."))
    if _NUMBER.fullmatch(text):
        return float(text), False
    if _GROUPED.fullmatch(text):
        return float(re.sub("[,' ]", "", text)), True
    return None, False


def _read_glued(narrow: str, decimal: str) -> Reading | None:
    match = _PREFIX.fullmatch(currency_last(narrow))
    if match is None or not is_unit(match["unit"]):
        return None
    value = parse_number(match["number"].strip().lower(), decimal)[0]
    unit = match["unit"].strip().replace("°C", "℃")  # NFKC took the sign apart
    return None if value is None else _number(value, "percent" if unit == "%" else "unit", unit)


def _read_censored(narrow: str, decimal: str) -> Reading | None:
    match = _CENSORED.fullmatch(narrow)
    if match is None or not match["number"]:
        return None
    number = match["number"]
    limited = bool(match["tail"]) or narrow[0] in "<>≦≧≤≥"
    known = parse_number(number.lower(), decimal)[0] is not None
    if limited and (known or _read_glued(number, decimal) is not None):
        return Reading(Status.CENSORED)
    return None
