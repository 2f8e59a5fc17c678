"""Cells that were read, but may mean something else: they are said, and nothing is changed."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.cells.values import Status
from ntkreg.io.files.words import factorize
from ntkreg.io.layout.names import fold
from ntkreg.io.ledger import LedgerEntry

if TYPE_CHECKING:
    from ntkreg.io.columns.findings import Finder

_EXPONENT_CODE = re.compile(r"[1-9]\d{0,3}E\d{1,3}")
_LETTER_CODE = re.compile(r"\d{1,5}[A-Za-z]")
_BEGINS_WITH_NUMBER = re.compile(r"[+-]?\d+\.\d+\s*[^\d.\s].*|\d+[½⅓⅔¼¾]")
_SAMPLE = 2_000
_SHOWN = 5
_NONE = np.empty(0, dtype=np.int64)
_ALIKE = str.maketrans({"〇": "○", "◯": "○", "o": "○", "✕": "×", "☓": "×", "╳": "×", "x": "×"})


def number_doubts(finder: Finder) -> list[LedgerEntry]:
    """Return what may be wrong with cells read as numbers."""
    column = finder.column
    entries = _mixed_per_cent(finder)
    glued = column.readings.repairs.get("unit", _NONE)
    letters = _matching(column.cells, glued, _LETTER_CODE)
    if len(letters) and len(letters) == len(glued):
        entries.append(finder.entry("warning", "W186", letters))
    some = np.linspace(0, len(column.cells) - 1, min(len(column.cells), _SAMPLE)).astype(np.int64)
    # no such code is a number with decimals
    values = column.readings.values[some]
    some = some[~(np.isfinite(values) & (values != np.rint(values)))]
    if len(_matching(column.cells, some, _EXPONENT_CODE)):
        codes = _matching(column.cells, np.arange(len(column.cells)), _EXPONENT_CODE)
        entries.append(finder.entry("warning", "W183", codes))
    return entries


def _mixed_per_cent(finder: Finder) -> list[LedgerEntry]:
    column = finder.column
    percent = column.readings.repairs.get("percent", _NONE)
    if not len(percent):
        return []
    plain = np.setdiff1d(np.flatnonzero(np.isfinite(column.readings.values)), percent)
    if not len(plain):
        return []
    values = [str(cell) for cell in column.cells[plain[:_SHOWN]]]
    return [finder.entry("warning", "W182", percent, plain=values, others=len(plain))]


def level_doubts(finder: Finder) -> list[LedgerEntry]:
    """Return what may be wrong with cells read as words."""
    column, entries = finder.column, []
    texts = column.readings.rows(Status.TEXT)
    maybe = column.readings.rows(Status.DATE)
    dates = maybe[[isinstance(cell, date) for cell in column.cells[maybe]]] if len(maybe) else maybe
    others = len(texts) + column.readings.count(Status.NUMBER) + len(maybe) - len(dates)
    if len(dates) and others:
        entries.append(finder.entry("warning", "W184", dates))
    begun = _matching(column.cells, texts, _BEGINS_WITH_NUMBER)
    if len(begun) and 2 * len(begun) >= len(texts) + column.readings.count(Status.NUMBER):
        entries.append(finder.entry("warning", "W187", begun))
    if column.kind == "category":
        entries += _alike(finder)
    return entries


def limit_doubts(finder: Finder) -> list[LedgerEntry]:
    """Say that a column of limits of measurement holds no number, or hardly any."""
    column, readings = finder.column, finder.column.readings
    censored, n_numbers = readings.rows(Status.CENSORED), readings.count(Status.NUMBER)
    if column.kind == "constant":
        censored = censored[np.isnan(readings.values[censored])]
    n_words = readings.count(Status.TEXT, Status.TIME, Status.DATE)
    if not len(censored) or len(censored) + n_numbers < n_words:
        return []
    return [finder.entry("warning", "W189", censored)]


def _alike(finder: Finder) -> list[LedgerEntry]:
    """Name levels that a reader would take for one: OK, ＯＫ and ok, or ○ and 〇."""
    codes, levels = finder.column.coded
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    spellings: dict[str, list[str]] = {}
    # the most frequent one first
    for label in levels[np.argsort(-counts, kind="stable")]:
        key = unicodedata.normalize("NFKC", fold(label).translate(_ALIKE))
        spellings.setdefault(key.lstrip("0") if key.isdecimal() else key, []).append(label)
    several = [spelling for spelling in spellings.values() if len(spelling) > 1]
    if not several:
        return []
    others = {text for spelling in several for text in spelling[1:]}
    where = np.flatnonzero(np.array([*(text in others for text in levels), False])[codes])
    shown = [" = ".join(spelling) for spelling in several[:_SHOWN]]
    return [finder.entry("warning", "W181", where, values=shown)]


def _matching(
    cells: NDArray[np.object_], rows: NDArray[np.int64], pattern: re.Pattern[str]
) -> NDArray[np.int64]:
    """Return those rows whose text a pattern describes."""
    # a column of words repeats them
    codes, distinct = factorize(cells if len(rows) == len(cells) else cells[rows])
    hits = [isinstance(cell, str) and bool(pattern.fullmatch(cell.strip())) for cell in distinct]
    if not any(hits):
        return _NONE
    return np.asarray(rows[np.array([*hits, False], dtype=bool)[codes]], dtype=np.int64)
