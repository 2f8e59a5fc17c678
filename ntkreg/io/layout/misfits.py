"""Names and rows that do not fit together: every value would stand under a wrong name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.files.grid import Grid, blank_mask, column_letter
from ntkreg.io.layout.header import Header
from ntkreg.io.layout.names import fold

Rows = NDArray[np.int64]

_NEARLY_ALL = 0.95
_MIN_ROWS = 3


def refuse_misfits(grid: Grid, header: Header, filled: Rows, file: str) -> None:
    """Raise InputError if the names do not belong to the columns below them.

    Parameters
    ----------
    grid : Grid
        All cells.
    header : Header
        Header of the table.
    filled : ndarray of int
        Rows that hold something.
    file : str
        File name for messages.

    Raises
    ------
    InputError
        If the names lack the one of the row names, if rows are of unequal length beyond the last
        name, or if the names come twice side by side.
    """
    body = filled[filled >= header.body]
    _refuse_names_twice(grid, header, file)
    _refuse_text_in_one_column(grid, header, body, file)
    if grid.lengths is not None and len(body) >= _MIN_ROWS:
        _refuse_unequal_rows(grid, header, body, file)


def _refuse_names_twice(grid: Grid, header: Header, file: str) -> None:
    columns = [j for j, text in enumerate(header.texts) if text]
    names = [fold(header.texts[j]) for j in columns]
    half = len(names) // 2
    if half < 2 or len(names) % 2 or names[:half] != names[half:] or len(set(names[:half])) < half:
        return
    row = header.rows[-1] + 1
    where = {"file": file, "sheet": grid.sheet, "row": row}
    second = f"{column_letter(columns[half])}{row}"
    shown = [header.texts[j] for j in columns[:half]]
    raise InputError("E171", where, file=_place(grid, file), names=shown, second=second)


def _refuse_unequal_rows(grid: Grid, header: Header, body: Rows, file: str) -> None:
    """Fields beyond the last name are one more column only if every row has that many."""
    assert grid.lengths is not None
    n_named = int(np.flatnonzero([bool(text) for text in header.texts])[-1]) + 1
    if grid.cells.shape[1] <= n_named or grid.lengths[header.rows[-1]] > n_named:
        return
    beyond = ~blank_mask(grid.cells[body, n_named:]).all(axis=1)
    longer = grid.lengths[body] > n_named
    if beyond.mean() < 1 - _NEARLY_ALL or not beyond.any():
        return
    row = int(body[int(beyond.argmax())])
    where = {"file": file, "row": row + 1}
    if not longer.all():
        value = next(str(c) for c in grid.cells[row, n_named:] if c)
        facts = {"n_header": n_named, "header": header.rows[-1] + 1, "value": value}
        raise InputError("E134", where, file=file, row=row + 1, **facts)
    if n_named == len([text for text in header.texts if text]):
        n_fields = int(grid.lengths[row])
        raise InputError("E170", where, file=file, n_header=n_named, row=row + 1, fields=n_fields)


def _refuse_text_in_one_column(grid: Grid, header: Header, body: Rows, file: str) -> None:
    """Refuse a text file pasted into a workbook: it stands in one column."""
    named = sum(bool(text) for text in header.texts)
    if grid.kind == "csv" or named != 1 or len(body) < _MIN_ROWS:
        return
    used = np.flatnonzero(~blank_mask(grid.cells[body]).all(axis=0))
    if len(used) != 1:
        return
    name, column = header.texts[used[0]], int(used[0])
    for mark in (",", "\t", ";", "|"):
        counts = [str(cell).count(mark) for cell in grid.cells[body, column]]
        if name.count(mark) and np.mean([n == name.count(mark) for n in counts]) >= _NEARLY_ALL:
            row = header.rows[-1] + 1
            where = {"file": file, "sheet": grid.sheet, "row": row}
            raise InputError("E172", where, file=_place(grid, file), row=row, value=name)


def _place(grid: Grid, file: str) -> str:
    return file if grid.sheet is None else f"{file} ({grid.sheet})"
