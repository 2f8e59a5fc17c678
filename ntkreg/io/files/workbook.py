"""Workbook -> grid, stored values only: nothing is computed, run or fetched.

openpyxl's read-only mode is used throughout. The normal mode would give merged ranges, but it
makes every cell of the declared range, so one stray format at XFD1048576 ends in no memory; it
also takes about fifty times the file's size. The merged ranges are read from the sheet's XML here.
"""

from __future__ import annotations

import io
import posixpath
import re
import warnings
import zipfile
from typing import Any

import openpyxl
from defusedxml import ElementTree
from openpyxl.utils.cell import coordinate_to_tuple

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.io.files.grid import Grid, Special, is_blank, make_cells
from ntkreg.io.files.ooxml import prepare
from ntkreg.io.ledger import LedgerEntry
from ntkreg.messages import Sentence

_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s+ref=[\"']([A-Z]+\d+:[A-Z]+\d+)[\"']")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Rows = list[list[Any]]


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
    if not openpyxl.DEFUSEDXML:
        raise FileAccessError("E133", {"file": file}, file=file)
    data = prepare(data, file)
    book = _open(data, file, data_only=True)
    try:
        names = [worksheet.title for worksheet in book.worksheets]
        if sheet is not None and sheet not in names:
            where = {"file": file, "sheet": sheet}
            raise InputError("E114", where, file=file, sheet=sheet, sheets=names)
        title, rows = _pick(book, sheet, file)
        entries = _remarks(book, title, sheet)
    finally:
        book.close()
    part = _part(data, title)
    if part is not None and _FORMULA.search(part):
        _mark_formulas(rows, data, file, title)
    cells = make_cells(rows, None, file)
    return Grid(cells, "xlsx", sheet=title, merged=_merged(part), entries=entries)


def _open(data: bytes, file: str, *, data_only: bool) -> Any:
    try:
        with warnings.catch_warnings():
            # remarks on styles and extensions that openpyxl drops; values are not concerned
            warnings.simplefilter("ignore", UserWarning)
            return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=data_only)
    except (ValueError, KeyError, TypeError, OSError, SyntaxError, zipfile.BadZipFile) as error:
        raise InputError("E111", {"file": file}, file=file, reason=_reason(error)) from error


def _reason(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _pick(book: Any, sheet: str | None, file: str) -> tuple[str, Rows]:
    """Title and rows of the sheet asked for, or of the first visible one with a value."""
    for worksheet in book.worksheets:
        if sheet is not None and worksheet.title != sheet:
            continue
        if sheet is None and worksheet.sheet_state != "visible":
            continue
        rows = _rows(worksheet, file)
        if rows:
            return worksheet.title, rows
    raise InputError("E120", {"file": file, "sheet": sheet}, file=file, sheet=sheet or "*")


def _rows(worksheet: Any, file: str) -> Rows:
    """All cells from A1 on, without the blank rest of each row and of the sheet."""
    # the dimension a file declares is often wrong in both directions
    worksheet.reset_dimensions()
    rows: Rows = []
    last = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            for values in worksheet.iter_rows(values_only=True):
                row = [None if is_blank(value) else value for value in values]
                while row and row[-1] is None:
                    row.pop()
                rows.append(row)
                last = len(rows) if row else last
    except (ValueError, KeyError, TypeError, IndexError, SyntaxError) as error:
        where = {"file": file, "sheet": worksheet.title}
        raise InputError("E111", where, file=file, reason=_reason(error)) from error
    return rows[:last]


def _remarks(book: Any, title: str, asked: str | None) -> tuple[LedgerEntry, ...]:
    others = [sheet.title for sheet in book.worksheets if sheet.title != title]
    if asked is None and others:
        message = Sentence("W104", {"sheet": title, "others": others})
        return (LedgerEntry("warning", message, sheet=title, count=len(others)),)
    if asked is not None and book[title].sheet_state != "visible":
        return (LedgerEntry("warning", Sentence("W105", {"sheet": title}), sheet=title),)
    return ()


def _mark_formulas(rows: Rows, data: bytes, file: str, title: str) -> None:
    """Put `Special.FORMULA` where a formula stands whose value was never stored."""
    book = _open(data, file, data_only=False)
    try:
        formulas = _rows(book[title], file)
    finally:
        book.close()
    for i, formula_row in enumerate(formulas):
        if i == len(rows):
            rows.append([])
        values = rows[i]
        if len(values) < len(formula_row):
            values.extend([None] * (len(formula_row) - len(values)))
        for j, formula in enumerate(formula_row):
            if formula is not None and values[j] is None:
                values[j] = Special.FORMULA


def _part(data: bytes, title: str) -> bytes | None:
    """XML of the sheet named `title`; None if the workbook's tables do not lead to it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        relation = next(
            (
                e.get(_RELATION)
                for e in book.iter()
                if e.tag.endswith("}sheet") and e.get("name") == title
            ),
            None,
        )
        try:
            links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
            target = next(e.get("Target") for e in links if e.get("Id") == relation)
            return archive.read(posixpath.normpath(posixpath.join("/xl", target)).lstrip("/"))
        except (KeyError, StopIteration):
            return None


def _merged(part: bytes | None) -> tuple[tuple[int, int, int, int], ...]:
    ranges = []
    for reference in _MERGED.findall(part or b""):
        first, last = (
            coordinate_to_tuple(corner) for corner in reference.decode("ascii").split(":")
        )
        ranges.append((first[0] - 1, first[1] - 1, last[0] - 1, last[1] - 1))
    return tuple(ranges)
