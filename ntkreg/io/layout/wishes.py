"""What the user says about the layout of a table, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.cells.marks import USUAL, Marked, Marks
from ntkreg.io.cells.values import Status, read_cell
from ntkreg.io.files.grid import Grid, blank_mask, column_letter
from ntkreg.io.layout.header import Header
from ntkreg.io.ledger import LedgerEntry
from ntkreg.messages import Sentence

_STRAY_SHARE = 0.05
_SHOWN = 5
# filled rows that are looked at for a header, and below it
_HEAD = 200


@dataclass(frozen=True)
class Wishes:
    """What the user says about the layout instead of having it found.

    Parameters
    ----------
    header_row : int, optional
        Row of the column names, from 1.
    no_header : bool, default=False
        Whether the table has no row of names.
    fill_merged : bool, default=False
        Whether every cell of a merged range in the data gets the value of its first cell.
    marks : Marks, optional
        Further marks for missing cells, in whatever column.
    """

    header_row: int | None = None
    no_header: bool = False
    fill_merged: bool = False
    marks: Marks = USUAL


def with_marks(grid: Grid, filled: NDArray[np.int64], wishes: Wishes) -> Grid:
    """Return the first rows of a grid, the marks that the user names shown as such.

    Where the header is sought, a row of such marks is a sample and no row of names. Without marks
    of the user's this is the grid itself.
    """
    marks = wishes.marks
    if not marks.missing | marks.numbers:
        return grid
    end = max(_HEAD, int(np.searchsorted(filled, (wishes.header_row or 0) - 1)) + _HEAD)
    rows = int(filled[:end][-1]) + 1 if len(filled) else 0
    cells = np.array(grid.cells[:rows], dtype=object)
    for place in np.ndindex(cells.shape):
        cell = cells[place]
        # words that everybody takes for marks stay as they are
        if read_cell(cell).status != Status.MARK == read_cell(cell, marks=marks).status:
            cells[place] = Marked(str(cell))
    merged = tuple(r for r in grid.merged if r[2] < rows)
    return replace(grid, cells=cells, merged=merged)


def without_header(grid: Grid, file: str) -> Header:
    """Return what stands for the header of a table that has none: letters as names."""
    blank = blank_mask(grid.cells)
    filled = np.flatnonzero(~blank.all(axis=1))
    if not len(filled):
        raise InputError("E122", {"file": file}, file=file)
    counts = (~blank).sum(axis=0)
    # a stray field at the end of a few lines is damage, not a column
    least = max(1, int(_STRAY_SHARE * len(filled)) + 1) if grid.kind == "csv" else 1
    texts = tuple(column_letter(j) if n >= least else "" for j, n in enumerate(counts))
    return Header((), None, texts, (None,) * len(texts), texts, int(filled[0]))


def fill_merged(grid: Grid, body: int) -> Grid:
    """Return the grid with all merged ranges from row `body` on filled from their first cell."""
    inside = [r for r in grid.merged if r[0] >= body]
    rest = tuple(r for r in grid.merged if r[0] < body)
    if not inside:
        return grid
    cells, before = grid.cells.copy(), int(blank_mask(grid.cells).sum())
    for top, left, bottom, right in inside:
        cells[top : bottom + 1, left : right + 1] = cells[top, left]
    count = before - int(blank_mask(cells).sum())
    values = {"count": len(inside), "ranges": range_names(inside), "cells": count}
    message = Sentence("R151", values)
    entry = LedgerEntry("repair", message, grid.sheet, inside[0][0] + 1, count=count)
    return replace(grid, cells=cells, merged=rest, entries=(*grid.entries, entry))


def range_names(merged: list[tuple[int, int, int, int]]) -> list[str]:
    """Return the addresses of the first few merged ranges."""
    return [
        f"{column_letter(left)}{top + 1}:{column_letter(right)}{bottom + 1}"
        for top, left, bottom, right in merged[:_SHOWN]
    ]
