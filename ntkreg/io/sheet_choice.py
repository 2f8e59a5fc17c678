"""Which sheet of a workbook is meant when the user named a column but no sheet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Unpack

from ntkreg.exceptions import InputError
from ntkreg.io.files.reader import sheet_names
from ntkreg.io.files.sniff import identify, read_bytes
from ntkreg.io.layout.names import find
from ntkreg.io.ledger import LedgerEntry
from ntkreg.io.options import ReadingKeywords
from ntkreg.io.raw import RawTable, read_raw
from ntkreg.messages import Sentence


def read_sheet_with(target: str, path: str | Path, **reading: Unpack[ReadingKeywords]) -> RawTable:
    """Read the first visible sheet with data, or, if it is a cover, the first with the target.

    Parameters
    ----------
    target : str
        Column that the table must have.
    path : str or Path
        The file.
    **reading
        As in :func:`ntkreg.io.raw.read_raw`; with a `sheet`, that one is read.

    Returns
    -------
    RawTable
        That of the first sheet where no sheet has the column.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    InputError
        If the first sheet is no table and no other one has the column.
    """
    try:
        raw = read_raw(path, **reading)
    except InputError:
        other = None if reading.get("sheet") else _first_with(target, Path(path), reading)
        if other is None:
            raise
        return other
    if reading.get("sheet") or _has(raw, target):
        return raw
    return _first_with(target, Path(path), reading) or raw


def _first_with(target: str, path: Path, reading: ReadingKeywords) -> RawTable | None:
    data = read_bytes(path)
    kind = identify(data, path)
    if kind == "text":
        return None
    first, *others = sheet_names(data, path.name, kind)
    for sheet in others:
        asked = reading.copy()
        asked["sheet"] = sheet
        try:
            raw = read_raw(path, **asked)
        except InputError:
            # a sheet that is no table is not the one that is meant; the first one's fault is told
            continue
        if _has(raw, target):
            message = Sentence("W188", {"first": first, "target": target, "sheet": sheet})
            entry = LedgerEntry("warning", message, sheet=sheet)
            return replace(raw, table_entries=(entry, *raw.table_entries))
    return None


def _has(raw: RawTable, target: str) -> bool:
    try:
        find(target, raw.columns, raw.source.file)
    except InputError as error:
        # several columns of that name are a fault of this sheet, to be told
        return error.code != "E104"
    return True
