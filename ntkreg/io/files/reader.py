"""Workbook of any format -> rows of one sheet, read in a child process under limits.

The libraries behind it can hang, eat memory, panic or abort on a hostile file; the child
(`reader_child`) can do no more than fail. What it writes is read as JSON and as nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import IO, Any

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.io.files.child_limits import Kind, limits_of, watch
from ntkreg.io.files.grid import Special
from ntkreg.io.ledger import LedgerEntry
from ntkreg.messages import Sentence

Rows = list[list[Any]]
Ranges = tuple[tuple[int, int, int, int], ...]

_CHILD = Path(__file__).with_name("reader_child.py")
# a rectangle so large and so empty is no table, and would fill the memory
_SPARSE_CELLS = 20_000_000
_SPARSE_SHARE = 0.05
_UNCOMPUTED = object()


@dataclass(frozen=True)
class Sheet:
    """One sheet as the child gave it.

    Parameters
    ----------
    title : str
        Its name.
    place : int
        Its place among all sheets of the workbook.
    rows : list of list
        Cells from A1 on, without the blank end of each row and of the sheet.
    merged : tuple of (int, int, int, int)
        Merged ranges as `Grid` has them.
    entries : tuple of LedgerEntry
        Which sheets there are besides.
    """

    title: str
    place: int
    rows: Rows
    merged: Ranges
    entries: tuple[LedgerEntry, ...]


def read_sheet(data: bytes, file: str, kind: Kind, sheet: str | None) -> Sheet:
    """Return the sheet asked for, or the first visible one that holds a value.

    Parameters
    ----------
    data : bytes
        The whole file, checked by `sniff.identify`.
    file : str
        File name for messages.
    kind : {"xlsx", "xls", "xlsb", "ods"}
        Format.
    sheet : str, optional
        Sheet to read.

    Raises
    ------
    InputError
        If the file is damaged, the sheet does not exist, no sheet holds data, or the library did
        not read it within the limits.
    FileAccessError
        If openpyxl has been told not to use defusedxml.
    """
    if os.environ.get("OPENPYXL_DEFUSEDXML", "True") != "True":
        raise FileAccessError("E133", {"file": file}, file=file)
    lines = _run(data, file, kind, sheet)
    head, tail = lines[0], lines[-1]
    names, title = head["sheets"], head.get("title")
    if sheet is not None and sheet not in names:
        raise InputError(
            "E114", {"file": file, "sheet": sheet}, file=file, sheet=sheet, sheets=names
        )
    if title is None:
        raise InputError("E120", {"file": file, "sheet": sheet}, file=file, sheet=sheet or "*")
    rows: Rows = lines[1:-1]
    _refuse_emptiness(rows, file)
    if "computed" in tail:
        _settle(rows, tail["computed"])
    # the order in the file differs from program to program
    merged = tuple(sorted((r1, c1, r2, c2) for r1, c1, r2, c2 in tail["merged"]))
    return Sheet(title, head["all"].index(title), rows, merged, _remarks(head, title, sheet))


def sheet_names(data: bytes, file: str, kind: Kind) -> tuple[str, ...]:
    """Return the names of the visible sheets, in the order of the file (errors: `read_sheet`)."""
    # no sheet has an empty name: none is read
    return tuple(_run(data, file, kind, "")[0]["visible"])


def damaged(file: str, reason: str) -> InputError:
    """Return the error for a file that contradicts itself."""
    return InputError("E111", {"file": file}, file=file, reason=reason)


def _refuse_emptiness(rows: Rows, file: str) -> None:
    width = max(map(len, rows), default=0)
    cells = width * len(rows)
    if cells > _SPARSE_CELLS and sum(map(len, rows)) < _SPARSE_SHARE * cells:
        raise InputError("E115", {"file": file}, file=file, rows=len(rows), columns=width)


def _settle(rows: Rows, computed: bool) -> None:
    """Take the zeros of formulas for values only where some formula has been computed."""
    value = 0 if computed else Special.FORMULA
    for row in rows:
        if _UNCOMPUTED in row:
            row[:] = [value if cell is _UNCOMPUTED else cell for cell in row]


def _remarks(head: dict[str, Any], title: str, asked: str | None) -> tuple[LedgerEntry, ...]:
    others = [name for name in head["sheets"] if name != title]
    if asked is None and others:
        message = Sentence("W104", {"sheet": title, "others": others})
        return (LedgerEntry("warning", message, sheet=title, count=len(others)),)
    if asked is not None and title not in head["visible"]:
        return (LedgerEntry("warning", Sentence("W105", {"sheet": title}), sheet=title),)
    return ()


def _run(data: bytes, file: str, kind: Kind, sheet: str | None) -> list[Any]:
    """Let the child read the file; return its lines."""
    limits = limits_of(data, kind)
    asked = {"kind": kind, "sheet": sheet, "memory": limits.memory, "output": limits.output}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
        given.write(data)
        given.seek(0)
        process = subprocess.Popen(
            # -P: the child's folder holds modules of ours that no library may import by chance
            [sys.executable, "-P", "-X", "utf8", str(_CHILD), json.dumps(asked)],
            stdin=given,
            stdout=answer,
            stderr=subprocess.DEVNULL,
        )
        try:
            watch(process, limits, file, kind)
        finally:
            process.kill()
            process.wait()
        answer.seek(0)
        lines = _parse(answer, file, kind) if process.returncode == 0 else []
    if not lines:
        raise InputError("E141", {"file": file}, file=file, kind=kind)
    if "error" in lines[0]:
        raise _refusal(lines[0], file)
    return lines


def _refusal(answer: dict[str, str], file: str) -> InputError:
    reason = answer["reason"].strip()
    if answer["error"] == "PasswordError":
        return InputError("E109", {"file": file}, file=file)
    if answer["error"] == "MissingPartError":
        return InputError("E142", {"file": file}, file=file, part=reason)
    return damaged(file, reason.split("\n")[0] or answer["error"])


def _parse(answer: IO[bytes], file: str, kind: Kind) -> list[Any]:
    lines: Iterator[bytes] = iter(answer)
    decode = json.JSONDecoder(object_hook=_special).decode
    try:
        return [decode(line.decode("utf-8", "replace")) for line in lines]
    except ValueError as error:
        raise InputError("E141", {"file": file}, file=file, kind=kind) from error


def _special(value: dict[str, Any]) -> Any:
    """Return what JSON has no word for; the first and the last line stay as they are."""
    if "datetime" in value:
        return datetime.fromisoformat(value["datetime"])
    if "time" in value:
        return clock.fromisoformat(value["time"])
    if "seconds" in value:
        return timedelta(seconds=value["seconds"])
    if "formula" in value:
        return Special.FORMULA if value["formula"] is None else _UNCOMPUTED
    return value
