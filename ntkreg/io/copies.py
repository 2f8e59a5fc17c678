"""Rows and columns that are there twice: exact copies, and those that differ by next to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.cells.spread import mostly_distinct
from ntkreg.io.columns.column import RawColumn
from ntkreg.io.ledger import LedgerEntry
from ntkreg.io.raw import RawTable
from ntkreg.messages import Sentence
from ntkreg.parallel import WORTH_THREADS, map_on_threads, threads_for

_SHOWN = 10
_PAIRS = 3
# in standard deviations: rows this close agree in three digits of every column
_GRID = 1e-3
_SAME_COLUMN = 1e-10
_MAX_COLUMNS = 500
_MAX_ROWS = 5_000
_MIN_ROWS = 10

_DECISIVE = 3
_SAMPLE = 1_000
_PART = 1 << 16
_MIX = np.uint64(0x9E3779B97F4A7C15)

Rows = NDArray[np.int64]
Codes = NDArray[np.float64] | NDArray[np.int64]


def copy_entries(raw: RawTable, target: RawColumn, rows: Rows) -> list[LedgerEntry]:
    """Return what there is to say about copied rows and columns.

    Parameters
    ----------
    raw : RawTable
        The table.
    target : RawColumn
        It takes part in comparing rows, not in comparing columns.
    rows : ndarray of int
        Usable rows, as positions in the table.
    """
    compared = [c for c in raw.columns if c.kind in ("numeric", "category", "date") or c is target]
    numeric = [c for c in compared if c.kind == "numeric"]
    # those with the most different cells first: mostly a few of them decide
    ordered = sorted((_Comparable(c, rows) for c in compared), key=_variety, reverse=True)
    exact = repeated = _repeated(ordered, None)
    # a generator: mostly the first two columns decide
    varied = (
        c for c in ordered if c.numeric and mostly_distinct(c.values.astype(np.float64, copy=False))
    )
    if sum(1 for _ in islice(varied, 2)) > 1:
        for offset in (0.0, 0.5):
            repeated = np.union1d(repeated, _repeated(ordered, offset))
    entries = _row_entry(rows[repeated], len(exact), raw)
    return entries + _column_entry([c for c in numeric if c is not target], raw, rows)


def _variety(column: _Comparable) -> int:
    """Return the number of different cells in a sample of a column."""
    return len(np.unique(column.values[:: len(column.values) // _SAMPLE + 1]))


class _Comparable:
    """Some rows of a column as comparable cells: numbers as they are, or as cells of a grid."""

    def __init__(self, column: RawColumn, rows: Rows) -> None:
        self.numeric = column.kind == "numeric"
        values = column.numbers() if self.numeric else column.coded[0]
        self.values: Codes = values if len(rows) == len(values) else values[rows]

    @cached_property
    def _spread(self) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.nanstd(self.values)) if np.isfinite(self.values).any() else 0.0

    def codes(self, some: Rows | slice, offset: float | None) -> Codes:
        """Return those of some of the rows."""
        values = self.values[some]
        if self.numeric and offset is not None and np.isfinite(self._spread) and self._spread > 0:
            with np.errstate(over="ignore", invalid="ignore"):
                values = np.floor(values / (_GRID * self._spread) + offset)
        return values


def _repeated(columns: Sequence[_Comparable], offset: float | None) -> Rows:
    """Positions of the rows that are equal to one above them."""
    some: Rows = np.empty(0, dtype=np.int64)
    for asked in (columns[:_DECISIVE], columns):
        table = [column.codes(some if len(some) else slice(None), offset) for column in asked]
        shared = _sharing(_keys(table))
        if not len(shared):
            return shared
        # only rows that share their key with another need be looked at further
        some = some[shared] if len(some) else shared
    frame = pd.DataFrame({j: c.codes(some, offset) for j, c in enumerate(columns)})
    return np.asarray(some[frame.duplicated().to_numpy()])


def _sharing(keys: NDArray[np.uint64]) -> Rows:
    """Positions of the keys that are there twice."""
    some = _crowded(keys) if len(keys) > WORTH_THREADS else np.arange(len(keys))
    ordered = np.sort(keys[some])
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    return some[np.isin(keys[some], twice)] if len(twice) else some[:0]


def _crowded(keys: NDArray[np.uint64]) -> Rows:
    """Positions of the keys that share their last bits with another: equal ones are among them."""
    n_places = 1 << (2 * len(keys) - 1).bit_length()
    places = (keys & np.uint64(n_places - 1)).view(np.int64)
    last = np.empty(n_places, dtype=np.int32)
    positions = np.arange(len(keys), dtype=np.int32)
    last[places] = positions
    # whoever is not the last one at its place has another one there
    crowded = np.zeros(n_places, dtype=bool)
    crowded[places[last[places] != positions]] = True
    return np.flatnonzero(crowded[places])


def _keys(table: Sequence[Codes]) -> NDArray[np.uint64]:
    """One number for each row, the same for equal rows."""
    keys = np.zeros(len(table[0]), dtype=np.uint64)

    def mix(first: int) -> None:
        # a part fits into a processor's own memory, with all that is made of it
        part = keys[first : first + _PART]
        for column in table:
            cells = column[first : first + _PART]
            # nought has two signs and NaN many forms, which compare as one
            part ^= np.where(np.isnan(cells), np.nan, cells + 0.0).view(np.uint64)
            for shift in (32, 29):
                part ^= part >> np.uint64(shift)
                part *= _MIX
            part ^= part >> np.uint64(32)

    n_threads = threads_for(None) if len(keys) >= WORTH_THREADS else 1
    map_on_threads(mix, range(0, len(keys), _PART), n_threads)
    return keys


def _row_entry(rows: Rows, n_exact: int, raw: RawTable) -> list[LedgerEntry]:
    if not len(rows):
        return []
    numbers = [int(row) for row in raw.row_numbers[rows]]
    values = {"count": len(numbers), "exact": n_exact, "rows": numbers[:_SHOWN]}
    message = Sentence("W165", values)
    return [LedgerEntry("warning", message, raw.source.sheet, numbers[0], count=len(numbers))]


def _column_entry(columns: Sequence[RawColumn], raw: RawTable, rows: Rows) -> list[LedgerEntry]:
    """Name pairs of equal or proportional columns; of a huge table a part is looked at."""
    columns = columns[:_MAX_COLUMNS]
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), _MAX_ROWS)).astype(np.int64)]
    first, second = _twins(np.array([c.numbers()[some] for c in columns]).reshape(-1, len(some)))
    if not len(first):
        return []
    pairs = [f"{columns[i].name} = {columns[j].name}" for i, j in zip(first, second, strict=True)]
    message = Sentence("W164", {"count": len(pairs), "pairs": pairs[:_PAIRS]})
    name = columns[int(first[0])].name
    return [LedgerEntry("warning", message, raw.source.sheet, None, name, len(pairs))]


def _twins(values: NDArray[np.float64]) -> tuple[Rows, Rows]:
    """Pairs of rows of a matrix that follow each other in a straight line, missing cells aside."""
    known = np.isfinite(values)
    kept = [i for i in range(len(values)) if known[i].sum() >= _MIN_ROWS]
    z, m = np.zeros((len(kept), values.shape[1])), known[kept].astype(np.float64)
    for k, i in enumerate(kept):
        # halves: the difference of two halves is always a finite number
        present = values[i, known[i]] / 2
        scale = np.abs(present - present[0]).max()
        if scale > 0:
            z[k, known[i]] = (present - present[0]) / scale
            z[k, known[i]] -= z[k, known[i]].mean()
    n, sums = m @ m.T, z @ m.T
    squares = (z * z) @ m.T
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = n * (z @ z.T) - sums * sums.T
        spreads = (n * squares - sums**2) * (n * squares.T - sums.T**2)
        apart = 1.0 - covariance**2 / spreads
    pairs = (spreads > 0) & (n >= _MIN_ROWS) & (n > 0.5 * m.sum(axis=1)) & (apart < _SAME_COLUMN)
    first, second = np.nonzero(np.triu(pairs, 1))
    order = np.asarray(kept, dtype=np.int64)
    return order[first], order[second]
