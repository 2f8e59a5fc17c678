"""Cells that were read, but may mean something else: they are said, and nothing is changed."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.cells.values import Status
from ntkreg.io.layout.names import fold
from ntkreg.io.ledger import LedgerEntry

if TYPE_CHECKING:
    from ntkreg.io.columns.findings import Finder

_EXPONENT_CODE = re.compile(r"[1-9]\d{0,3}E\d{1,3}")
_LETTER_CODE = re.compile(r"\d{1,5}[A-Za-z]")
_ALIKE = str.maketrans({"〇": "○", "◯": "○", "o": "○", "✕": "×", "☓": "×", "╳": "×", "x": "×"})


def number_doubts(finder: Finder) -> list[LedgerEntry]:
    """Return what may be wrong with cells read as numbers."""
    column = finder.column
    entries = []
    percent = column.readings.repairs.get("percent", np.empty(0, dtype=np.int64))
    plain = np.setdiff1d(np.flatnonzero(np.isfinite(column.readings.values)), percent)
    if len(percent) and len(plain):
        values = [str(cell) for cell in column.cells[plain[:3]]]
        entries.append(finder.entry("warning", "W182", percent, plain=values, others=len(plain)))
    glued = column.readings.repairs.get("unit", np.empty(0, dtype=np.int64))
    letters = [i for i in glued if _LETTER_CODE.fullmatch(str(column.cells[i]).strip())]
    if letters and len(letters) == len(glued):
        entries.append(finder.entry("warning", "W186", np.array(letters)))
    codes = _matching(column.cells, _EXPONENT_CODE)
    if len(codes):
        entries.append(finder.entry("warning", "W183", codes))
    return entries


def level_doubts(finder: Finder) -> list[LedgerEntry]:
    """Return what may be wrong with cells read as words."""
    entries = []
    dates = np.flatnonzero([isinstance(cell, date) for cell in finder.column.cells])
    words = finder.column.readings.count(Status.TEXT, Status.NUMBER)
    strings = finder.column.readings.rows(Status.DATE)
    words += len(np.setdiff1d(strings, dates))
    if len(dates) and words:
        entries.append(finder.entry("warning", "W184", dates))
    if finder.column.kind == "category":
        entries += _alike(finder)
    return entries


def _alike(finder: Finder) -> list[LedgerEntry]:
    """Name levels that a reader would take for one: OK, ＯＫ and ok, or ○ and 〇."""
    labels = finder.column.labels()
    spellings: dict[str, Counter[str]] = {}
    for label in labels[[label is not None for label in labels]]:
        key = unicodedata.normalize("NFKC", fold(label).translate(_ALIKE))
        key = key.lstrip("0") if key.isdecimal() else key
        spellings.setdefault(key, Counter())[label] += 1
    several = [spelling for spelling in spellings.values() if len(spelling) > 1]
    if not several:
        return []
    rare = {text for spelling in several for text, _ in spelling.most_common()[1:]}
    where = np.flatnonzero([label in rare for label in labels])
    shown = [" = ".join(spelling) for spelling in several]
    return [finder.entry("warning", "W181", where, values=shown[:5])]


def _matching(cells: NDArray[np.object_], pattern: re.Pattern[str]) -> NDArray[np.int64]:
    """Positions of the texts that a pattern describes, with an E in them."""
    texts = np.flatnonzero([isinstance(cell, str) and "E" in cell for cell in cells])
    codes, distinct = pd.factorize(pd.Series(cells[texts], dtype=object))
    hits = np.array([pattern.fullmatch(text.strip()) is not None for text in distinct], dtype=bool)
    return texts[hits[codes]] if len(texts) else texts
