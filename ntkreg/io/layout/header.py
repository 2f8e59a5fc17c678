"""Header of a table: its row of names, and the rows above and below that belong to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.cells.values import read_cell
from ntkreg.io.files.grid import Cells, Grid, blank_mask, is_blank
from ntkreg.io.layout.name_rows import (
    QUANTITIES,
    continues_names,
    statuses,
    units_of,
)
from ntkreg.io.layout.names import SEPARATOR, fold, tidy
from ntkreg.io.layout.top_row import SAMPLE, top_row

MAX_JOINED = 4
_DATA_SHARE = 0.8


@dataclass(frozen=True)
class Header:
    """Rows of a header, counted from 0, and the texts they give each column of the grid.

    A table without a header has no rows here, and letters as texts. `originals` are the texts as
    the file has them, with line breaks and blanks around them.
    """

    rows: tuple[int, ...]
    unit_row: int | None
    texts: tuple[str, ...]
    units: tuple[str | None, ...]
    originals: tuple[str, ...]
    first: int = 0

    @property
    def body(self) -> int:
        """First row below the header."""
        if not self.rows:
            return self.first
        last = self.rows[-1] if self.unit_row is None else self.unit_row
        return last + 1


def find_header(grid: Grid, file: str, header_row: int | None = None) -> Header:
    """Return the header of the table in a grid.

    Parameters
    ----------
    grid : Grid
        All cells.
    file : str
        File name for messages.
    header_row : int, optional
        Row of the names (from 1), if the user knows; default: found.

    Raises
    ------
    InputError
        If the first full row holds numbers, so that there is no header, or if there is no data.
    """
    cells = grid.cells
    filled = np.flatnonzero(~blank_mask(cells).all(axis=1))
    rows = _joined_rows(grid, filled, top_row(cells, filled, file, header_row))
    texts = _join(grid, rows)
    below = filled[filled > rows[-1]]
    if not len(below):
        raise InputError("E122", {"file": file}, file=file)
    units = units_of(cells[below[0]], cells[below[1 : SAMPLE + 1]])
    has_units = any(unit is not None for unit in units)
    unit_row = int(below[0]) if has_units else None
    return Header(tuple(rows), unit_row, tuple(texts), units, tuple(_join(grid, rows, str)))


def _joined_rows(grid: Grid, filled: NDArray[np.int64], top: int) -> list[int]:
    """Header rows: those merged across the top of `top`, and those that tell equal names apart."""
    rows = [top]
    while len(rows) < MAX_JOINED and _is_group_row(grid, rows[0] - 1):
        rows.insert(0, rows[0] - 1)
    position = int(np.searchsorted(filled, top))
    following = [int(row) for row in filled[position + 1 :][:SAMPLE]]
    while len(rows) < MAX_JOINED and following and not _distinct(_join(grid, rows)):
        row = following.pop(0)
        names = _is_words(grid.cells[row]) or _is_count(grid, rows[-1], row)
        if not names or not _mostly_data(grid.cells[following]):
            break
        rows.append(row)
    while len(rows) < MAX_JOINED and following and _continues(grid, rows, following):
        rows.append(following.pop(0))
    above = rows[0] - 1
    if len(rows) == 1 and above in filled and not _distinct(_join(grid, rows)):
        rows = _with_row_above(grid, rows[0])
    return rows


def _continues(grid: Grid, rows: list[int], following: list[int]) -> bool:
    """Whether the row right below the names is one more row of them, and not one of units."""
    row, below = grid.cells[following[0]], grid.cells[following[1:]]
    adjacent = following[0] == rows[-1] + 1
    return adjacent and continues_names(row, below) and not any(units_of(row, below))


def _with_row_above(grid: Grid, row: int) -> list[int]:
    """Rows of a header, with the one above if that tells equal names apart."""
    both = [row - 1, row]
    useful = _is_words(grid.cells[row - 1]) and _distinct(_join(grid, both))
    return both if useful else [row]


def _is_group_row(grid: Grid, row: int) -> bool:
    """Whether a row has cells merged over several columns, but not over the whole table."""
    if row < 0 or not _is_words(grid.cells[row]):
        return False
    widths = [right - left + 1 for top, left, bottom, right in grid.merged if top <= row <= bottom]
    used = int((~blank_mask(grid.cells[row + 1])).sum())
    return any(1 < width < used for width in widths)


def _is_words(row: Cells) -> bool:
    present = row[~blank_mask(row)]
    return len(present) > 0 and not np.isin(statuses(present), QUANTITIES).any()


def _is_count(grid: Grid, above: int, row: int) -> bool:
    """Whether a row holds 1, 2, 3 ... below one merged name: that of repeated measurements."""
    columns = np.flatnonzero(~blank_mask(grid.cells[row]))
    values = [read_cell(cell).value for cell in grid.cells[row, columns]]
    merged = any(
        top <= above <= bottom and [left, right] == [columns[0], columns[-1]]
        for top, left, bottom, right in grid.merged
    )
    return merged and len(values) > 1 and values == [float(k + 1) for k in range(len(values))]


def _mostly_data(rows: Cells) -> bool:
    """Whether rows without a quantity are rare, so that one marks a header and not a sample."""
    if not len(rows):
        return False
    holding = np.isin(statuses(rows), QUANTITIES).any(axis=1)
    return float(np.mean(holding)) >= _DATA_SHARE


def _distinct(texts: list[str]) -> bool:
    present = [fold(text) for text in texts if text]
    return len(set(present)) == len(present)


def _join(grid: Grid, rows: list[int], shape: Callable[[str], str] = tidy) -> list[str]:
    """Texts of the header rows joined from top to bottom, an upper one spread over its columns."""
    # a preface may be wider than the table
    end = int(np.flatnonzero(~blank_mask(grid.cells[rows]).all(axis=0))[-1]) + 1
    levels = [_spread(grid, row, shape, end if row != rows[-1] else 0) for row in rows]
    texts = []
    for parts in zip(*levels, strict=True):
        different = [p for k, p in enumerate(parts) if p and p not in parts[:k]]
        texts.append(SEPARATOR.join(different))
    return texts


def _spread(grid: Grid, row: int, shape: Callable[[str], str], end: int) -> list[str]:
    """Texts of a row, those of merged cells and, up to column `end`, the last one repeated."""
    texts = ["" if is_blank(cell) else shape(_header_text(cell)) for cell in grid.cells[row]]
    for top, left, bottom, right in grid.merged:
        if top <= row <= bottom and not is_blank(grid.cells[top, left]):
            text = shape(_header_text(grid.cells[top, left]))
            texts[left : right + 1] = [text] * (right - left + 1)
    if not grid.merged:
        for j in range(1, end):
            texts[j] = texts[j] or texts[j - 1]
    return texts


def _header_text(cell: object) -> str:
    return f"{cell:g}" if isinstance(cell, float) else str(cell)
