"""Cells -> numbers: missing marks, full-width digits, glued units, thousands, censored values."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import IntEnum
from typing import Any

import numpy as np

from ntkreg.io.cells.dates import hours_of, is_date
from ntkreg.io.cells.marks import (
    CENSORED_WORDS,
    EXCEL_ERRORS,
    MISSING_MARKS,
    USUAL,
    Marked,
    Marks,
    narrow,
)
from ntkreg.io.cells.spellings import currency_last, respelt
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


# no number with its unit, no limit and no date is longer; a text of thousands of characters would
# be searched for each of them in a time that grows with its square
LONGEST_QUANTITY = 100

ABSENT = (Status.BLANK, Status.MARK, Status.ERROR, Status.FORMULA)
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[,' ]\d{3})+(?:\.\d*)?")
_CENSORED = re.compile(
    r"(?:[<>≦≧≤≥]=?|約?)\s*(?P<number>[^<>≦≧≤≥]*?)\s*(?P<tail>以上|以下|未満|超|より大|より小)?"
)
_PREFIX = re.compile(r"(?P<number>[+-]?[\d.,' ]*\d\.?(?:e[+-]?\d+)?)\s*(?P<unit>[^\d\s.,+-].*)")
_INFINITE_WORDS = frozenset({"inf", "+inf", "-inf", "infinity", "-infinity", "∞", "-∞", "+∞"})

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


def read_cell(cell: Any, decimal: str = ".", marks: Marks = USUAL) -> Reading:
    """Return what one cell says.

    Parameters
    ----------
    cell : object
        A cell of a `Grid`.
    decimal : {".", ","}, default="."
        Decimal mark.
    marks : Marks, optional
        What the user says about missing and censored cells.

    Examples
    --------
    >>> read_cell("１２．５").value, read_cell("<0.01").status.name, read_cell("25℃").unit
    (12.5, 'CENSORED', '℃')
    """
    reading = _read_text(cell, decimal, marks) if isinstance(cell, str) else _read_value(cell)
    if reading.status is Status.NUMBER and reading.value in marks.numbers:
        return Reading(Status.MARK)
    return reading


def _read_value(cell: Any) -> Reading:
    if cell is None or cell is Special.FORMULA:
        return Reading(Status.BLANK if cell is None else Status.FORMULA)
    if isinstance(cell, Marked):
        return Reading(Status.MARK)
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


# layout, kinds and values each ask again what a text says
@functools.lru_cache(maxsize=1 << 16)
def _read_text(cell: str, decimal: str, marks: Marks) -> Reading:
    stripped = cell.strip()
    if not stripped:
        return Reading(Status.BLANK)
    plain = narrow(stripped)
    word = plain.lower()
    status = _word_status(word, stripped, marks)
    if status is not None:
        return Reading(status)
    if len(plain) > LONGEST_QUANTITY or not _DIGIT.search(plain):
        return Reading(Status.TEXT)
    value, grouped = parse_number(word, decimal)
    if value is not None:
        return _number(value, _repair_name(stripped, plain, grouped))
    reading = _read_glued(plain, decimal) or _read_censored(plain, decimal, marks)
    if reading is not None:
        return reading
    hours = hours_of(plain)
    if hours is not None:
        return Reading(Status.TIME, hours)
    return Reading(Status.DATE if is_date(plain) else Status.TEXT)


def _word_status(word: str, stripped: str, marks: Marks) -> Status | None:
    """Return what a word stands for, if it stands for something else than itself."""
    if word in marks.missing:
        return Status.MARK
    if word in marks.keep:
        return None
    spellings = (word, stripped, word.replace(" ", ""))
    found = (status for status, words in _WORDS.items() if not words.isdisjoint(spellings))
    return next(found, None)


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


def _read_glued(plain: str, decimal: str) -> Reading | None:
    match = _PREFIX.fullmatch(currency_last(plain))
    if match is None or not is_unit(match["unit"]):
        return None
    value = parse_number(match["number"].strip().lower(), decimal)[0]
    unit = match["unit"].strip().replace("°C", "℃")  # NFKC took the sign apart
    return None if value is None else _number(value, "percent" if unit == "%" else "unit", unit)


def _read_censored(plain: str, decimal: str, marks: Marks) -> Reading | None:
    match = _CENSORED.fullmatch(plain)
    if match is None or not match["number"]:
        return None
    number = match["number"]
    if not match["tail"] and plain[0] not in "<>≦≧≤≥":
        return None
    value = parse_number(number.lower(), decimal)[0]
    limit = _read_glued(number, decimal) if value is None else Reading(Status.NUMBER, value)
    if limit is None:
        return None
    if not marks.at_limit:
        return Reading(Status.CENSORED)
    return Reading(Status.CENSORED, limit.value, "", limit.unit)
