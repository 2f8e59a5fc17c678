"""Is a row the sum, the mean or an extreme of the rows above it? Asked of its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.cells.decimals import file_decimal
from ntkreg.io.cells.readings import read_numbers
from ntkreg.io.files.grid import Grid
from ntkreg.io.layout.header import Header

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]
Operation = Callable[..., np.float64]

_DIGITS = 12
# extremes are met by chance in a table of few levels, so all columns must show them
_OPERATIONS: dict[str, tuple[tuple[Operation, ...], float]] = {
    "sum": ((np.nansum,), 0.5),
    "mean": ((np.nanmean,), 0.75),
    "end": ((np.nanmax, np.nanmin), 1.0),
    "": ((np.nansum, np.nanmean), 1.0),
}


class Block:
    """Rows below a header, a column of them read as numbers when it is asked for."""

    def __init__(self, grid: Grid, rows: NDArray[np.int64], header: Header) -> None:
        self._grid = grid
        self._rows = rows
        self._read: dict[int, Numbers] = {}
        self.columns = [j for j, text in enumerate(header.texts) if text]

    def __len__(self) -> int:
        return len(self._rows)

    @cached_property
    def _decimal(self) -> str:
        return file_decimal(self._grid.cells[self._rows]) if self._grid.commas else "."

    def numbers(self, column: int) -> Numbers:
        """Return the numbers of a column of the grid, NaN where a cell holds none."""
        if column not in self._read:
            readings = read_numbers(self._grid.cells[self._rows, column], self._decimal)
            self._read[column] = readings.values
        return self._read[column]


def summarises(block: Block, k: int, above: Rows, kind: str) -> bool:
    """Return whether row `k` sums up the rows `above`.

    Parameters
    ----------
    block : Block
        The rows.
    k : int
        The row.
    above : ndarray of int
        The samples it may sum up.
    kind : {"sum", "mean", "end", ""}
        What its label says.
    """
    if not len(above) or (len(above) < 2 and kind != "sum"):
        return False
    columns = list(_varied(block, k, above))
    operations, enough = _OPERATIONS[kind]
    least = 2 if kind in ("end", "") else 1
    return len(columns) >= least and any(
        sum(_agrees(block.numbers(j), k, above, operation) for j in columns)
        >= enough * len(columns)
        for operation in operations
    )


def _varied(block: Block, k: int, above: Rows) -> Iterator[int]:
    """Columns with a number in row `k` and, of several rows above, different ones: they tell."""
    for j in block.columns:
        values = block.numbers(j)
        known = values[above]
        known = known[np.isfinite(known)]
        enough = len(known) and (len(above) == 1 or known.min() < known.max())
        if np.isfinite(values[k]) and enough:
            yield j


def is_grand_total(block: Block, k: int, above: Rows) -> bool:
    """Return whether row `k` is, in two columns or more, the sum of the rows above.

    It must lie beyond all of them: a sample may well be the sum of a few others by chance.
    """
    n_agreeing = 0
    for j in _varied(block, k, above):
        values = block.numbers(j)
        beyond = abs(values[k]) > np.nanmax(np.abs(values[above]))
        if not beyond or not _agrees(values, k, above, np.nansum):
            return False
        n_agreeing += 1
    return n_agreeing > 1


def _agrees(values: Numbers, k: int, above: Rows, operation: Operation) -> bool:
    """Whether a cell is what the operation gives, up to its rounding."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = float(operation(values[above]))
    error = 0.51 * 10.0 ** -_decimals(float(values[k])) + 1e-9 * abs(result)
    return abs(result - float(values[k])) <= error


def _decimals(value: float) -> int:
    """Return the number of decimals a value is written with."""
    text = f"{value:.{_DIGITS}g}"
    return len(text.partition(".")[2]) if "e" not in text else _DIGITS
