"""The raw grid: cells where the file has them, before anybody knows what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.files.lazy import LazyColumn, LazyTable
from ntkreg.io.files.words import LazyWords
from ntkreg.io.ledger import LedgerEntry

Cells = NDArray[np.object_]

MAX_COLUMNS = 20_000
MAX_CELLS = 200_000_000


class Special(Enum):
    """Cells that are neither blank nor a value."""

    FORMULA = "formula without a stored value"


@dataclass(frozen=True)
class Grid:
    """All cells of one sheet or text file at their true addresses.

    Parameters
    ----------
    cells : ndarray of shape (n_rows, n_columns) of object
        Text files hold str ("" where blank). Workbooks hold None, str, bool, int, float,
        datetime, date, time, timedelta or `Special`. Row 0 is row 1 of the file.
    kind : {"xlsx", "csv"}
        What was read.
    encoding, delimiter, sheet : str or None
        How it was read; None where it does not apply.
    merged : tuple of (int, int, int, int), default=()
        Merged ranges as first row, first column, last row, last column, from 0; what reaches beyond
        the cells is cut off.
    lengths : ndarray of shape (n_rows,) of int, or None
        Number of fields of each line of a text file.
    commas : bool, default=True
        Whether a cell may hold a comma; False spares the search for decimal commas.
    entries : tuple of LedgerEntry, default=()
        What was noticed on the way.
    """

    cells: Cells
    kind: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    merged: tuple[tuple[int, int, int, int], ...] = ()
    lengths: NDArray[np.int64] | None = None
    commas: bool = True
    entries: tuple[LedgerEntry, ...] = ()

    def __post_init__(self) -> None:
        n_rows, n_columns = self.cells.shape
        inside = tuple(
            (top, left, min(bottom, n_rows - 1), min(right, n_columns - 1))
            for top, left, bottom, right in self.merged
            if top < n_rows and left < n_columns
        )
        object.__setattr__(self, "merged", inside)


def make_cells(rows: list[list[Any]], blank: str | None, file: str) -> Cells:
    """Return ragged rows as one rectangular array.

    Parameters
    ----------
    rows : list of list
        Cells; the lists are lengthened in place.
    blank : str or None
        What a cell that a row does not have becomes.
    file : str
        File name for the message.

    Raises
    ------
    InputError
        If the rectangle would be larger than any table this program is made for.
    """
    width = max((len(row) for row in rows), default=0)
    check_size(len(rows), width, file)
    for row in rows:
        if len(row) < width:
            row.extend([blank] * (width - len(row)))
    cells = np.empty((len(rows), width), dtype=object)
    if rows and width:
        cells[:] = rows
    return cells


def check_size(n_rows: int, n_columns: int, file: str) -> None:
    """Raise InputError if a table is larger than any that this program is made for."""
    if n_columns > MAX_COLUMNS or n_columns * n_rows > MAX_CELLS:
        raise InputError("E115", {"file": file}, file=file, rows=n_rows, columns=n_columns)


def blank_mask(cells: Cells) -> NDArray[np.bool_]:
    """Return where nothing but white space stands, for cells of any shape."""
    if isinstance(cells, LazyTable | LazyColumn):
        return cells.blank(is_blank)
    if isinstance(cells, LazyWords):
        codes, distinct = cells.factorized
        return np.array([is_blank(cell) for cell in distinct], dtype=bool)[codes]
    flat = cells.ravel().tolist()
    white = [isinstance(cell, str) and (not cell or cell.isspace()) for cell in flat]
    return np.asarray(pd.isnull(cells) | np.array(white, dtype=bool).reshape(cells.shape))


def worded(cells: Cells) -> NDArray[np.int64]:
    """Return the positions in a column at which something else than a plain number may stand.

    Whoever looks for words need not look at the others, which are blank or numbers with a point.
    """
    if isinstance(cells, LazyColumn):
        return cells.edges()[0]
    return np.arange(len(cells))


def is_blank(cell: Any) -> bool:
    """Return whether one cell holds nothing but white space."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def column_letter(position: int) -> str:
    """Return the letters of a column, counted from 0.

    Examples
    --------
    >>> column_letter(0), column_letter(27)
    ('A', 'AB')
    """
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
