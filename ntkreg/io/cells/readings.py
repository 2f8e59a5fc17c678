"""A whole column -> numbers: what is plain all at once, only the rest cell by cell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.cells.marks import USUAL, Marks
from ntkreg.io.cells.spread import Spread, spread_of, whole_numbers
from ntkreg.io.cells.values import Reading, Status, read_cell
from ntkreg.io.files.grid import Cells
from ntkreg.io.files.lazy import LazyColumn
from ntkreg.io.files.words import LazyWords, factorize

_SAMPLE = 500


@dataclass(frozen=True)
class Readings:
    """A column read as numbers.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Numbers, hours for clock times, NaN for everything else.
    status : ndarray of shape (n_rows,) of int
        `Status` of each cell.
    repairs : dict of str to ndarray of int
        Rows that needed each kind of repair ("width", "unit", "percent", "thousands").
    units : tuple of str
        Unit found glued to numbers, if any.
    hours : bool
        Whether the values are clock times in hours.
    """

    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    repairs: dict[str, NDArray[np.int64]]
    units: tuple[str, ...]
    hours: bool

    def rows(self, *statuses: Status) -> NDArray[np.int64]:
        """Return the rows whose cell is of one of these statuses."""
        if not self.count(*statuses):
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(np.isin(self.status, statuses))

    def count(self, *statuses: Status) -> int:
        """Return the number of cells of these statuses."""
        return sum(int(self._counts[status]) for status in set(statuses))

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        """Number of cells of each status."""
        return _count(self.status)

    @cached_property
    def n_values(self) -> int:
        """Number of cells with a value."""
        return int(np.count_nonzero(np.isfinite(self.values)))

    @cached_property
    def whole(self) -> NDArray[np.int64]:
        """Rows whose value is a whole number."""
        return whole_numbers(self.values)

    @cached_property
    def spread(self) -> Spread:
        """How the values are spread."""
        return spread_of(self.values)


def read_numbers(cells: Cells, decimal: str = ".", marks: Marks = USUAL) -> Readings:
    """Read a column as numbers.

    Cells that are plain numbers are converted all at once; only the distinct rest is looked at
    one by one, so a clean column of a million rows costs what `pandas.to_numeric` costs.
    """
    values, rest = _plain_numbers(cells, decimal)
    status = np.zeros(len(cells), dtype=np.uint8)
    if marks.numbers:
        named = np.isin(values, tuple(marks.numbers))
        status[named], values[named] = Status.MARK, np.nan
    codes, distinct = factorize(cells if len(rest) == len(cells) else cells[rest])
    readings = _one_unit([read_cell(cell, decimal, marks) for cell in distinct], codes)
    readings.append(Reading(Status.BLANK))  # code -1: None
    status[rest] = np.array([r.status for r in readings], dtype=np.uint8)[codes]
    values[rest] = np.array([r.value for r in readings])[codes]
    # numbers and clock times do not mix: the more frequent ones are the values
    counts = _count(status)
    hours = counts[Status.TIME] > counts[Status.NUMBER]
    if counts[Status.TIME]:
        values[status == (Status.NUMBER if hours else Status.TIME)] = np.nan
    repairs = {
        name: rest[np.array([r.repair == name for r in readings])[codes]]
        for name in sorted({r.repair for r in readings if r.repair})
    }
    units = tuple(dict.fromkeys(r.unit for r in readings if r.unit))
    return Readings(values, status, repairs, units, bool(hours))


def _count(status: NDArray[np.uint8]) -> NDArray[np.int64]:
    others = np.bincount(status[status != Status.NUMBER], minlength=len(Status))
    others[Status.NUMBER] = len(status) - others.sum()
    return others


def _one_unit(readings: list[Reading], codes: NDArray[np.int64]) -> list[Reading]:
    """Make numbers with another unit than the most frequent one unreadable: 5 mm is not 5 cm."""
    counts: Counter[str] = Counter()
    for reading, count in zip(
        readings, np.bincount(codes[codes >= 0], minlength=len(readings)), strict=True
    ):
        if reading.unit:
            counts[reading.unit] += int(count)
    if len(counts) < 2:
        return readings
    usual = counts.most_common(1)[0][0]
    return [Reading(Status.TEXT) if r.unit not in ("", usual) else r for r in readings]


def _plain_numbers(cells: Cells, decimal: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Numbers that need no thought, and the rows of all other cells."""
    if isinstance(cells, LazyColumn) and decimal == ".":
        values = cells.numbers()
        edges, texts = cells.edges()
        values[edges] = _plain_numbers(texts, decimal)[0]
        return values, np.flatnonzero(~np.isfinite(values))
    if isinstance(cells, LazyWords):
        codes, distinct = cells.factorized
        values = _plain_numbers(distinct, decimal)[0]
        return values[codes], np.flatnonzero(~np.isfinite(values)[codes])
    kind = pd.api.types.infer_dtype(cells, skipna=True)
    simple = cells
    if kind not in {"string", "integer", "floating", "mixed-integer-float", "empty"}:
        plain = np.array([type(cell) in (int, float, str) for cell in cells], dtype=bool)
        simple = cells.copy()
        simple[~plain] = None
    if decimal == ",":
        simple = np.array([_with_point(cell) for cell in simple], dtype=object)
    values = _converted(simple)
    return values, np.flatnonzero(~np.isfinite(values))


def _with_point(cell: Any) -> Any:
    """Return a cell with its decimal comma made a point; None where more thought is needed."""
    if not isinstance(cell, str):
        return cell
    # a point groups digits here, which pandas cannot know
    return None if "." in cell or cell.count(",") > 1 else cell.replace(",", ".")


def _converted(cells: Cells) -> NDArray[np.float64]:
    """Numbers as `float` reads them, NaN for all other cells."""
    sample = pd.to_numeric(pd.Series(cells[:_SAMPLE], dtype=object), errors="coerce")
    if len(cells) > _SAMPLE and 2 * int(sample.notna().sum()) < len(sample):
        # pandas takes long to give up on a word, and a column of words repeats them
        codes, distinct = factorize(cells)
        values = np.append(_converted_all(distinct), np.nan)
        return np.asarray(values[codes])
    return _converted_all(cells)


def _converted_all(cells: Cells) -> NDArray[np.float64]:
    numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce")
    values = numbers.to_numpy(dtype=np.float64, copy=True)
    if numbers.dtype.kind in "iu":
        # as a whole number, minus nought has lost its sign
        zeros = np.flatnonzero(values == 0)
        minus = [isinstance(cell, str) and "-" in cell for cell in cells[zeros]]
        values[zeros[np.array(minus, dtype=bool)]] = -0.0
    return values
