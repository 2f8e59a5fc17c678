""".xls, .xlsb and .ods -> grid, by python-calamine in a child process under limits.

calamine gives error cells and formulas without a stored value as blanks, so their addresses are
searched for in the file itself (`biff`, `special_cells`).
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import IO, Any, Literal

import psutil

from ntkreg.exceptions import InputError
from ntkreg.io.files import biff
from ntkreg.io.files.biff import SpecialCells
from ntkreg.io.files.grid import Grid, make_cells
from ntkreg.io.files.ole import CompoundFile, DamagedError
from ntkreg.io.files.special_cells import ods_cells, xlsb_cells
from ntkreg.io.ledger import LedgerEntry
from ntkreg.messages import Sentence

Kind = Literal["xls", "xlsb", "ods"]
Rows = list[list[Any]]

_CHILD = Path(__file__).with_name("reader_child.py")
# of a small file; a large one gets more of both
SECONDS = 8.0
MEMORY = 700_000_000
_SECONDS_PER_BYTE = 1e-6
_MEMORY_PER_BYTE = 10
_PAUSE = 0.05


def read_other_workbook(data: bytes, file: str, kind: Kind, sheet: str | None = None) -> Grid:
    """Return the grid of one sheet.

    Parameters
    ----------
    data : bytes
        The whole file, checked by `sniff.identify`.
    file : str
        File name for messages.
    kind : {"xls", "xlsb", "ods"}
        Format.
    sheet : str, optional
        Sheet to read; default: the first visible one that holds a value.

    Raises
    ------
    InputError
        If the file is damaged, the sheet does not exist, no sheet holds data, or the library did
        not read it within the limits.
    """
    checked = _check_xls(data, file) if kind == "xls" else None
    head, rows = _run(data, file, kind, sheet)
    names = head["sheets"]
    if sheet is not None and sheet not in names:
        raise InputError(
            "E114", {"file": file, "sheet": sheet}, file=file, sheet=sheet, sheets=names
        )
    title = head.get("title")
    if title is None:
        raise InputError("E120", {"file": file, "sheet": sheet}, file=file, sheet=sheet or "*")
    first_row, first_column = head["start"]
    rows = [[] for _ in range(first_row)] + [[None] * first_column + r if r else r for r in rows]
    place = head["all"].index(title)
    entries = _remarks(head, title, sheet)
    if checked is not None:
        specials = checked.specials[place] if place < len(checked.specials) else {}
        if place < len(checked.ordered) and not checked.ordered[place]:
            entries += (LedgerEntry("warning", Sentence("W141", {"file": file}), sheet=title),)
    else:
        specials = _specials(data, file, kind, title)
    _put(rows, specials)
    while rows and not rows[-1]:
        rows.pop()
    merged = tuple((r1, c1, r2, c2) for r1, c1, r2, c2 in head["merged"])
    return Grid(make_cells(rows, None, file), kind, sheet=title, merged=merged, entries=entries)


def _damaged(file: str, reason: str) -> InputError:
    return InputError("E111", {"file": file}, file=file, reason=reason)


def _check_xls(data: bytes, file: str) -> biff.Sheets:
    try:
        stream = CompoundFile(data).stream("Workbook", "Book")
        if stream is None:
            raise InputError("E110", {"file": file}, file=file, what="Office (OLE)")
        if biff.is_encrypted(stream):
            raise InputError("E109", {"file": file}, file=file)
        sheets = biff.examine(stream)
    except DamagedError as error:
        raise _damaged(file, str(error)) from error
    if sheets is None:
        raise InputError("E108", {"file": file}, file=file)
    return sheets


def _specials(data: bytes, file: str, kind: Kind, title: str) -> SpecialCells:
    try:
        return ods_cells(data, title) if kind == "ods" else xlsb_cells(data, title)
    except (DamagedError, KeyError, SyntaxError) as error:
        raise _damaged(file, str(error)) from error


def _put(rows: Rows, specials: SpecialCells) -> None:
    """Put error cells and formulas without a value where calamine left blanks."""
    for (i, j), value in specials.items():
        rows.extend([] for _ in range(i + 1 - len(rows)))
        row = rows[i]
        row.extend([None] * (j + 1 - len(row)))
        if row[j] is None:
            row[j] = value


def _remarks(head: dict[str, Any], title: str, asked: str | None) -> tuple[LedgerEntry, ...]:
    others = [name for name in head["sheets"] if name != title]
    if asked is None and others:
        message = Sentence("W104", {"sheet": title, "others": others})
        return (LedgerEntry("warning", message, sheet=title, count=len(others)),)
    if asked is not None and title not in head["visible"]:
        return (LedgerEntry("warning", Sentence("W105", {"sheet": title}), sheet=title),)
    return ()


def _run(data: bytes, file: str, kind: Kind, sheet: str | None) -> tuple[dict[str, Any], Rows]:
    """Let the child read the file; return what it found and the rows."""
    memory = MEMORY + _MEMORY_PER_BYTE * len(data)
    options = json.dumps({"sheet": sheet, "memory": memory})
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
        given.write(data)
        given.seek(0)
        process = subprocess.Popen(
            # -P: the child's folder holds modules of ours that no library may import by chance
            [sys.executable, "-P", "-X", "utf8", str(_CHILD), options],
            stdin=given,
            stdout=answer,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(process, file, kind, SECONDS + _SECONDS_PER_BYTE * len(data), memory)
        finally:
            process.kill()
            process.wait()
        answer.seek(0)
        head, rows = _parse(answer, file, kind)
    if process.returncode != 0 or head is None:
        raise InputError("E141", {"file": file}, file=file, kind=kind)
    if "error" in head:
        if head["error"] == "PasswordError":
            raise InputError("E109", {"file": file}, file=file)
        raise _damaged(file, head["reason"].strip().split("\n")[0] or head["error"])
    return head, rows


def _wait(
    process: subprocess.Popen[bytes], file: str, kind: Kind, seconds: float, memory: int
) -> None:
    """Wait for the child's end, but not beyond its limits."""
    end = time.monotonic() + seconds
    while process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PAUSE)
            return
        if time.monotonic() > end:
            raise InputError("E140", {"file": file}, file=file, kind=kind, seconds=seconds)
        # the limit that the child sets itself does not exist on every system
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if psutil.Process(process.pid).memory_info().rss > memory:
                raise InputError("E141", {"file": file}, file=file, kind=kind)


def _parse(answer: IO[bytes], file: str, kind: Kind) -> tuple[dict[str, Any] | None, Rows]:
    lines: Iterator[bytes] = iter(answer)
    first = next(lines, None)
    if first is None:
        return None, []
    try:
        head = json.loads(first)
        rows = [json.loads(line.decode("utf-8", "replace"), object_hook=_moment) for line in lines]
    except ValueError as error:
        raise InputError("E141", {"file": file}, file=file, kind=kind) from error
    return head, rows


def _moment(value: dict[str, Any]) -> Any:
    if "datetime" in value:
        return datetime.fromisoformat(value["datetime"])
    if "time" in value:
        return clock.fromisoformat(value["time"])
    return timedelta(seconds=value["seconds"])
