"""Workbook (.xlsx) -> grid, stored values only: nothing is computed, run or fetched."""

from __future__ import annotations

from ntkreg.io.files.grid import Grid, make_cells
from ntkreg.io.files.reader import read_sheet


def read_workbook(data: bytes, file: str, sheet: str | None = None) -> Grid:
    """Return the grid of one sheet.

    Parameters
    ----------
    data : bytes
        The whole file, checked by `sniff.identify`.
    file : str
        File name for messages.
    sheet : str, optional
        Sheet to read; default: the first visible one that holds a value.

    Raises
    ------
    InputError
        If the sheet does not exist, no sheet holds data or the workbook cannot be read or lacks
        a part.
    FileAccessError
        If openpyxl has been told not to use defusedxml.
    """
    found = read_sheet(data, file, "xlsx", sheet)
    cells = make_cells(found.rows, None, file)
    return Grid(cells, "xlsx", sheet=found.title, merged=found.merged, entries=found.entries)
