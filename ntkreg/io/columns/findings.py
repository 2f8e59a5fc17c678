"""What there is to say about a column, as ledger entries."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.cells.decimals import has_comma
from ntkreg.io.cells.marks import narrow
from ntkreg.io.cells.sentinels import find_sentinels
from ntkreg.io.cells.units import same_unit
from ntkreg.io.cells.values import Status
from ntkreg.io.columns.column import RawColumn, has_leading_zeros, zero_led
from ntkreg.io.columns.days import read_dates
from ntkreg.io.columns.doubts import level_doubts, limit_doubts, number_doubts
from ntkreg.io.files.grid import worded
from ntkreg.io.ledger import LedgerEntry, Severity
from ntkreg.messages import Sentence

_SHOWN = 5
_MARKS_SHOWN = 10
MOSTLY_EMPTY = 0.95
_REPAIRS = {"width": "R109", "unit": "R110", "percent": "R111", "thousands": "R112"}
_GLUED = ("unit", "percent")
_MISSING: tuple[tuple[Severity, str, Status], ...] = (
    ("repair", "R108", Status.MARK),
    ("warning", "W107", Status.ERROR),
    ("warning", "W106", Status.FORMULA),
)
_WORDS = ("category", "text", "identifier")


class Finder:
    """Writes ledger entries about one column, with the true rows of the file."""

    def __init__(self, column: RawColumn, rows: NDArray[np.int64], sheet: str | None) -> None:
        self.column = column
        self.rows = rows
        self.sheet = sheet

    def entry(
        self, severity: Severity, code: str, where: NDArray[np.int64], **values: Any
    ) -> LedgerEntry:
        """Return an entry about the cells at positions `where`, shown by the first of them."""
        cells = ["" if cell is None else str(cell) for cell in self.column.cells[where]]
        shown = [text for text, _ in Counter(cells).most_common(_SHOWN)]
        row = int(self.rows[where[0]])
        message = Sentence(
            code,
            {
                "column": self.column.name,
                "count": len(where),
                "values": shown,
                "row": row,
                "rows": [int(r) for r in self.rows[where[:_SHOWN]]],
                **values,
            },
        )
        name = self.column.name
        return LedgerEntry(severity, message, self.sheet, row, name, len(where), old=cells[0])


def column_entries(
    column: RawColumn, rows: NDArray[np.int64], sheet: str | None
) -> tuple[LedgerEntry, ...]:
    """Return all entries about one column.

    Parameters
    ----------
    column : RawColumn
        The column.
    rows : ndarray of shape (n_rows,) of int
        Row number of each cell in the file.
    sheet : str or None
        Sheet name.
    """
    finder = Finder(column, rows, sheet)
    entries = missing_entries(finder) + _empty_entries(finder)
    if column.kind == "numeric":
        entries += numeric_entries(finder) + number_doubts(finder)
    elif column.kind == "date":
        entries += _date_entries(finder)
    elif column.kind in _WORDS:
        entries += _word_entries(finder) + level_doubts(finder)
    if column.kind in (*_WORDS, "constant"):
        entries += limit_doubts(finder)
    return tuple(entries)


def missing_entries(finder: Finder) -> list[LedgerEntry]:
    """Return the entries about marks, error cells and formulas without a value."""
    entries, column = [], finder.column
    kept = _kept_marks(column)
    for severity, code, status in _MISSING:
        where = np.setdiff1d(column.readings.rows(status), kept)
        if len(where):
            entries.append(finder.entry(severity, code, where, values=_counted(column, where)))
    if len(kept):
        entries.append(finder.entry("info", "I170", kept, values=_counted(column, kept)))
    return entries


def _kept_marks(column: RawColumn) -> NDArray[np.int64]:
    """Cells that look like marks and are levels all the same, by the user's wish or by the rule."""
    marked = column.readings.rows(Status.MARK)
    if column.kind not in _WORDS or not (len(marked) or column.marks.keep):
        return np.empty(0, dtype=np.int64)
    labels = column.labels()
    kept = [i for i in marked if labels[i] is not None]
    if column.marks.keep:
        texts = column.readings.rows(Status.TEXT)
        kept += [i for i in texts if narrow(str(column.cells[i])).lower() in column.marks.keep]
    return np.array(sorted(kept), dtype=np.int64)


def _counted(column: RawColumn, where: NDArray[np.int64]) -> list[str]:
    """Different cells with their numbers, the most frequent ones first."""
    marks = Counter(str(cell).strip() for cell in column.cells[where])
    return [f"{mark} ({count})" for mark, count in marks.most_common(_MARKS_SHOWN)]


def _empty_entries(finder: Finder) -> list[LedgerEntry]:
    """Say that a column, though not empty, is too empty to learn from."""
    column, n_rows = finder.column, len(finder.rows)
    if column.kind not in ("numeric", "category") or column.n_missing <= MOSTLY_EMPTY * n_rows:
        return []
    share = 100 * column.n_missing / n_rows
    values = {"column": column.name, "share": share, "count": n_rows - column.n_missing}
    message = Sentence("W162", values)
    return [LedgerEntry("warning", message, finder.sheet, None, column.name, column.n_missing)]


def numeric_entries(finder: Finder) -> list[LedgerEntry]:
    """Return the entries about a column whose values are used as numbers."""
    readings = finder.column.readings
    censored, infinite = readings.rows(Status.CENSORED), readings.rows(Status.INFINITE)
    known = np.isfinite(readings.values[censored])
    found: tuple[tuple[Severity, str, NDArray[np.int64]], ...] = (
        ("repair", "R170", censored[known]),
        ("warning", "W108", censored[~known]),
        ("warning", "W110", infinite),
    )
    entries = [finder.entry(*entry) for entry in found if len(entry[-1])]
    mixed_in = Status.NUMBER if readings.hours else Status.TIME
    if readings.hours:
        entries.append(finder.entry("repair", "R113", readings.rows(Status.TIME)))
    unreadable = readings.rows(Status.TEXT, Status.DATE, mixed_in)
    if len(unreadable):
        entries.append(finder.entry("warning", "W109", unreadable))
    zeros = zero_led(finder.column.cells, readings)
    if len(zeros):
        entries.append(finder.entry("warning", "W160", zeros))
    for name, where in readings.repairs.items():
        entries.append(finder.entry("repair", _REPAIRS[name], where, units=list(readings.units)))
    unit = finder.column.unit
    if unit and readings.units and not same_unit(unit, readings.units[0]):
        where = np.concatenate([readings.repairs[n] for n in _GLUED if n in readings.repairs])
        fields = {"unit": unit, "found": readings.units[0]}
        entries.append(finder.entry("warning", "W161", np.sort(where), **fields))
    entries += _comma_entries(finder)
    for sentinel in find_sentinels(readings.values, readings.spread):
        where = np.flatnonzero(readings.values == sentinel)
        entries.append(finder.entry("warning", "W118", where, value=sentinel))
    return entries


def _comma_entries(finder: Finder) -> list[LedgerEntry]:
    if finder.column.decimal != ",":
        return []
    some = worded(finder.column.cells)
    commas = some[[has_comma(cell) for cell in finder.column.cells[some]]]
    return [finder.entry("repair", "R115", commas)] if len(commas) else []


def _date_entries(finder: Finder) -> list[LedgerEntry]:
    column = finder.column
    seconds, ambiguous = read_dates(column.cells)
    entries = []
    dates = column.readings.rows(Status.DATE)
    if ambiguous:
        entries.append(finder.entry("warning", "W116", dates))
    unreadable = np.setdiff1d(np.flatnonzero(np.isnan(seconds)), column.readings.rows(Status.BLANK))
    unreadable = np.setdiff1d(unreadable, column.readings.rows(Status.MARK, Status.ERROR))
    if len(unreadable):
        entries.append(finder.entry("warning", "W109", unreadable))
    return entries


def _word_entries(finder: Finder) -> list[LedgerEntry]:
    readings = finder.column.readings
    n_numbers = readings.count(Status.NUMBER)
    if has_leading_zeros(finder.column.cells, readings):
        codes = finder.entry("info", "I102", zero_led(finder.column.cells, readings))
        return [codes, *_rare_levels(finder)]
    entries = _rare_levels(finder)
    words = readings.rows(Status.TEXT, Status.TIME, Status.DATE)
    n_present = n_numbers + len(words)
    if len(words) and 2 * n_numbers >= n_present:
        share = 100 * len(words) / n_present
        entries.append(finder.entry("warning", "W124", words, share=share))
    return entries


def _rare_levels(finder: Finder) -> list[LedgerEntry]:
    """Name the levels of a category that one row alone has."""
    if finder.column.kind != "category":
        return []
    codes, levels = finder.column.coded
    # the last one counts what is missing
    counts = np.bincount(codes + 1, minlength=len(levels) + 1)[1:]
    lone = np.append(counts == 1, False)
    once = np.flatnonzero(lone[codes]) if lone.any() else np.empty(0, dtype=np.int64)
    return [finder.entry("warning", "W163", once, total=len(levels))] if len(once) else []
