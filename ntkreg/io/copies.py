"""Rows and columns that are there twice: exact copies, and those that differ by next to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.columns.column import RawColumn
from ntkreg.io.ledger import LedgerEntry
from ntkreg.io.raw import RawTable
from ntkreg.messages import Sentence

_SHOWN = 10
_PAIRS = 3
# in standard deviations: rows this close agree in three digits of every column
_GRID = 1e-3
_SAME_COLUMN = 1e-10
_MAX_COLUMNS = 500
_MAX_ROWS = 5_000
_MIN_ROWS = 10

_MANY = 50_000
_PLACES = 1 << 24
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
    exact = _repeated(_codes(compared, rows, None))
    repeated = exact.copy()
    numeric = [c for c in compared if c.kind == "numeric"]
    # a generator: mostly the first two columns decide
    varied = (c for c in numeric if _mostly_distinct(c.numbers()[rows]))
    if sum(1 for _ in islice(varied, 2)) > 1:
        for offset in (0.0, 0.5):
            repeated |= _repeated(_codes(compared, rows, offset))
    entries = _row_entry(rows[repeated], int(exact.sum()), raw)
    return entries + _column_entry([c for c in numeric if c is not target], raw, rows)


def _codes(columns: Sequence[RawColumn], rows: Rows, offset: float | None) -> list[Codes]:
    """Columns as comparable cells: numbers as they are, or as cells of a grid."""
    table: list[Codes] = []
    for column in columns:
        if column.kind != "numeric":
            table.append(pd.factorize(pd.Series(column.labels()[rows], dtype=object))[0])
            continue
        values = column.numbers()[rows]
        if offset is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                spread = float(np.nanstd(values)) if np.isfinite(values).any() else 0.0
            if np.isfinite(spread) and spread > 0:
                values = np.floor(values / (_GRID * spread) + offset)
        table.append(values)
    return table


def _repeated(table: Sequence[Codes]) -> NDArray[np.bool_]:
    """Which rows are equal to one above them."""
    if not table:
        return np.zeros(0, dtype=bool)
    keys = _keys(table)
    ordered = np.sort(keys)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    repeated = np.zeros(len(keys), dtype=bool)
    if len(twice):
        # few rows share a key, and only they are compared cell by cell
        some = np.flatnonzero(np.isin(keys, twice))
        frame = pd.DataFrame({j: column[some] for j, column in enumerate(table)})
        repeated[some] = frame.duplicated().to_numpy()
    return repeated


def _keys(table: Sequence[Codes]) -> NDArray[np.uint64]:
    """One number for each row, the same for equal rows."""
    keys = np.zeros(len(table[0]), dtype=np.uint64)
    for column in table:
        # nought has two signs and NaN many forms, which compare as one
        keys ^= np.where(np.isnan(column), np.nan, column + 0.0).view(np.uint64)
        for shift in (32, 29):
            keys ^= keys >> np.uint64(shift)
            keys *= _MIX
        keys ^= keys >> np.uint64(32)
    return keys


def _mostly_distinct(values: NDArray[np.float64]) -> bool:
    """Whether more than half of the values of a column differ from each other."""
    known = values[~np.isnan(values)]
    half = len(values) / 2
    if len(known) > _MANY:
        # at most a few in a hundred share a place here, and only near the half does that matter
        places = np.zeros(_PLACES, dtype=bool)
        places[_keys([known]) & np.uint64(_PLACES - 1)] = True
        taken = int(np.count_nonzero(places))
        if taken > half or (taken < 0.9 * half and len(known) < _PLACES // 8):
            return taken > half
    return len(np.unique(known)) > half


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
