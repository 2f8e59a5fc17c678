"""Workbook of any format -> grid, stored values only: nothing is computed, run or fetched.

calamine gives error cells and formulas without a stored value as blanks, so their addresses are
searched for in the file itself: here in the records of an .xls (`biff`), which have to be walked
through anyway because the format has no checksums, and for the rest in the child.
"""

from __future__ import annotations

from ntkreg.exceptions import InputError
from ntkreg.io.files import biff
from ntkreg.io.files.biff import SpecialCells
from ntkreg.io.files.child_limits import Kind
from ntkreg.io.files.grid import Grid, make_cells
from ntkreg.io.files.ole import CompoundFile, DamagedError
from ntkreg.io.files.reader import Rows, Sheet, damaged, read_sheet
from ntkreg.io.ledger import LedgerEntry
from ntkreg.messages import Sentence


def read_workbook(data: bytes, file: str, kind: Kind, sheet: str | None = None) -> Grid:
    """Return the grid of one sheet.

    Parameters
    ----------
    data : bytes
        The whole file, checked by `sniff.identify`.
    file : str
        File name for messages.
    kind : {"xlsx", "xls", "xlsb", "ods"}
        Format.
    sheet : str, optional
        Sheet to read; default: the first visible one that holds a value.

    Raises
    ------
    InputError
        If the file is damaged or lacks a part, the sheet does not exist, no sheet holds data, or
        the library did not read it within the limits.
    FileAccessError
        If openpyxl has been told not to use defusedxml.
    """
    checked = _check_xls(data, file) if kind == "xls" else None
    found = read_sheet(data, file, kind, sheet)
    entries = found.entries
    if checked is not None:
        entries += _complete(found, checked, file)
    cells = make_cells(found.rows, None, file)
    return Grid(cells, kind, sheet=found.title, merged=found.merged, entries=entries)


def _check_xls(data: bytes, file: str) -> biff.Sheets:
    try:
        stream = CompoundFile(data).stream("Workbook", "Book")
        if stream is None:
            raise InputError("E110", {"file": file}, file=file, what="Office (OLE)")
        if biff.is_encrypted(stream):
            raise InputError("E109", {"file": file}, file=file)
        sheets = biff.examine(stream)
    except DamagedError as error:
        raise damaged(file, str(error)) from error
    if sheets is None:
        raise InputError("E108", {"file": file}, file=file)
    return sheets


def _complete(found: Sheet, checked: biff.Sheets, file: str) -> tuple[LedgerEntry, ...]:
    """Add what the records of an .xls say about the sheet, and return what is doubtful in them."""
    if found.place >= len(checked.ordered):
        return ()
    _put(found.rows, checked.specials[found.place])
    if checked.ordered[found.place]:
        return ()
    message = Sentence("W141", {"file": file})
    return (LedgerEntry("warning", message, sheet=found.title),)


def _put(rows: Rows, specials: SpecialCells) -> None:
    """Put error cells and formulas without a value where calamine left blanks."""
    for (i, j), value in specials.items():
        rows.extend([] for _ in range(i + 1 - len(rows)))
        row = rows[i]
        row.extend([None] * (j + 1 - len(row)))
        if row[j] is None:
            row[j] = value
