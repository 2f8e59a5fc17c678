"""Cells of one column -> its kind, its values, and what had to be repaired.

The rules, in order: nothing but missing cells or one value -> constant; at most 5 % unreadable
text beside numbers, or limits of measurement that are read as such -> numeric; clock times ->
numeric, in hours; dates -> date; words -> category, unless there are more than 50 different ones
or nearly every row has its own. A running number under a name such as No, ID or 番号, and words
that are all different, are identifiers. Whole numbers with leading zeros are codes, that is words,
if over 5 % of the cells have one; fewer are slips of the pen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.cells.marks import USUAL, Marks
from ntkreg.io.cells.readings import Readings, read_numbers
from ntkreg.io.cells.values import ABSENT, Status
from ntkreg.io.columns.days import read_dates
from ntkreg.io.columns.labels import code_labels
from ntkreg.io.dataset import Kind
from ntkreg.io.files.grid import Cells
from ntkreg.io.files.lazy import LazyColumn
from ntkreg.io.files.words import LazyWords
from ntkreg.io.layout.names import looks_like_running_number
from ntkreg.io.ledger import LedgerEntry

MAX_UNREADABLE = 0.05
MAX_LEVELS = 50
NEARLY_ALL = 0.8
READABLE = (Status.NUMBER, Status.CENSORED, Status.INFINITE)


@dataclass(frozen=True)
class RawColumn:
    """One column of a file before it has a role.

    Parameters
    ----------
    name, original : str
        Unique name, and the header text as found.
    unit : str or None
        Unit from the header or the unit row.
    position : int
        Position in the file, from 0.
    kind : str
        One of numeric, category, date, identifier, text, constant.
    cells : ndarray of shape (n_rows,) of object
        Cells as found; None for a formula without a stored value.
    decimal : {".", ","}
        Decimal mark in force.
    readings : Readings
        The column read as numbers.
    entries : tuple of LedgerEntry
        Repairs and doubts of this column.
    marks : Marks
        What the user says about missing and censored cells.
    """

    name: str
    original: str
    unit: str | None
    position: int
    kind: Kind
    cells: Cells
    decimal: str
    readings: Readings
    entries: tuple[LedgerEntry, ...] = ()
    marks: Marks = USUAL

    def numbers(self) -> NDArray[np.float64]:
        """Return the column as numbers, NaN where a cell is none."""
        return self.readings.values

    def labels(self) -> Cells:
        """Return the column as text, None where a cell is missing."""
        codes, levels = self.coded
        return np.array([*levels, None], dtype=object)[codes]

    @cached_property
    def coded(self) -> tuple[NDArray[np.int64], Cells]:
        """The column as text: see `code_labels`."""
        return code_labels(self.cells, self.marks)

    def seconds(self) -> NDArray[np.float64]:
        """Return the column as seconds since 1970-01-01, NaN where a cell is no date."""
        return read_dates(self.cells)[0]

    @property
    def n_missing(self) -> int:
        """Number of cells without a value of the column's kind."""
        if self.kind == "numeric":
            return int(np.count_nonzero(np.isnan(self.readings.values)))
        if self.kind == "date":
            return int(np.isnan(self.seconds()).sum())
        return int(np.count_nonzero(self.coded[0] < 0))


def kind_of(cells: Cells, readings: Readings, header: str, marks: Marks = USUAL) -> Kind:
    """Return what a column is.

    Parameters
    ----------
    cells : ndarray of shape (n_rows,) of object
        The cells.
    readings : Readings
        The same read as numbers.
    header : str
        Header text; it decides only whether a running number is an identifier.
    marks : Marks, optional
        What the user says about missing cells.
    """
    n_present = len(cells) - readings.count(*ABSENT)
    if n_present == 0:
        return "constant"
    if has_leading_zeros(cells, readings):
        return _kind_of_words(cells, marks)
    if (
        _has_numbers(readings)
        and n_present - readings.count(*READABLE) <= MAX_UNREADABLE * n_present
    ):
        return _kind_of_numbers(readings, header)
    if readings.count(Status.TIME) >= (1 - MAX_UNREADABLE) * n_present:
        return _kind_of_numbers(readings, header)
    if readings.count(Status.DATE) >= (1 - MAX_UNREADABLE) * n_present:
        return "date"
    return _kind_of_words(cells, marks)


def _has_numbers(readings: Readings) -> bool:
    """Whether a cell is a number, or a limit of measurement that is read as one."""
    if readings.count(Status.NUMBER):
        return True
    return bool(np.isfinite(readings.values[readings.rows(Status.CENSORED)]).any())


def _kind_of_numbers(readings: Readings, header: str) -> Kind:
    spread, n_rows = readings.spread, len(readings.values)
    if np.isnan(spread.low) or spread.low == spread.high:
        return "constant"
    # asked before the column is sorted, which costs more than all the rest
    may_run = spread.low in (0.0, 1.0) and spread.high == spread.low + n_rows - 1
    if not may_run or readings.n_values < n_rows or not looks_like_running_number(header):
        return "numeric"
    running = np.array_equal(np.sort(readings.values), spread.low + np.arange(n_rows))
    return "identifier" if running else "numeric"


def _kind_of_words(cells: Cells, marks: Marks) -> Kind:
    codes, levels = code_labels(cells, marks)
    n_levels, n_present = len(levels), int(np.count_nonzero(codes >= 0))
    if n_levels <= 1:
        return "constant"
    if n_levels == n_present and n_levels > 0.5 * len(cells):
        return "identifier"
    return "text" if n_levels > MAX_LEVELS or n_levels > NEARLY_ALL * n_present else "category"


def has_leading_zeros(cells: Cells, readings: Readings) -> bool:
    """Return whether cells such as "007" make a column of whole numbers one of codes."""
    n_values = readings.n_values
    if not n_values or len(readings.whole) < n_values:
        return False
    return len(zero_led(cells, readings)) > MAX_UNREADABLE * n_values


def zero_led(cells: Cells, readings: Readings) -> NDArray[np.int64]:
    """Return the positions of cells such as "007"."""
    whole = readings.whole
    if isinstance(cells, LazyColumn) and not cells.zero_led:
        whole = np.intersect1d(whole, cells.edges()[0])
    led = [
        isinstance(c, str) and len(c) > 1 and c[0] == "0" and c.isdecimal() for c in cells[whole]
    ]
    return whole[np.flatnonzero(led)]


def read_column(
    cells: Cells,
    name: str,
    original: str,
    unit: str | None,
    position: int,
    decimal: str,
    marks: Marks = USUAL,
) -> RawColumn:
    """Read one column: numbers first, then its kind.

    Parameters
    ----------
    cells : ndarray of shape (n_rows,) of object
        The cells.
    name, original, unit, position, decimal, marks
        See `RawColumn`.
    """
    if isinstance(cells, LazyColumn):
        cells.hand_over()
    readings = read_numbers(cells, decimal, marks)
    kept = cells
    if not isinstance(cells, LazyColumn | LazyWords):
        kept = cells.copy()
        kept[readings.rows(Status.FORMULA)] = None
    column = RawColumn(name, original, unit, position, "text", kept, decimal, readings, marks=marks)
    kind = kind_of(kept, readings, original, marks)
    if kind == "numeric" and unit is None and readings.units:
        unit = readings.units[0]
    return replace(column, kind=kind, unit=unit)
