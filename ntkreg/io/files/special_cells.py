"""Error cells and formulas without a stored value in .xlsb and .ods files, by address."""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from defusedxml import ElementTree

from ntkreg.io.files.biff import ERRORS, SpecialCells
from ntkreg.io.files.grid import Special
from ntkreg.io.files.ole import DamagedError

_ROW, _ERROR, _FORMULA_TEXT, _FORMULA_ERROR, _SHEET = 0, 3, 8, 11, 156

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_VALUES = ("value", "string-value", "date-value", "time-value", "boolean-value")
_ODS_ERROR = re.compile(r"#(?:DIV/0!|N/A|VALUE!|REF!|NAME\?|NUM!|NULL!)|Err:\d{3}")
# a formula gives its error as #NUM!; LibreOffice shows the rest by number
_BY_NUMBER = "#VALUE!"
_MAX_ROW = 1_048_576


def xlsb_cells(data: bytes, title: str) -> SpecialCells:
    """Return the special cells of one sheet of an .xlsb file.

    Raises
    ------
    DamagedError
        If a record runs beyond its part.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name.replace("\\", "/"): name for name in archive.namelist()}
        relation = None
        for kind, body in _records(archive.read(parts["xl/workbook.bin"])):
            if kind == _SHEET:
                link, place = _text(body, 8)
                if _text(body, place)[0] == title:
                    relation = link
        rels = ElementTree.fromstring(archive.read(parts["xl/_rels/workbook.bin.rels"]))
        target = next((e.get("Target") for e in rels if e.get("Id") == relation), None)
        if target is None:
            raise DamagedError("a sheet has no part")
        name = posixpath.normpath(posixpath.join("/xl", target.replace("\\", "/"))).lstrip("/")
        part = archive.read(parts[name])
    return _sheet_cells(part)


def _sheet_cells(part: bytes) -> SpecialCells:
    specials: SpecialCells = {}
    row = 0
    for kind, body in _records(part):
        if kind == _ROW and len(body) >= 4:
            row = struct.unpack_from("<I", body)[0]
        elif kind in (_ERROR, _FORMULA_ERROR) and len(body) >= 9:
            specials[row, struct.unpack_from("<I", body)[0]] = ERRORS.get(body[8], "#N/A")
        elif kind == _FORMULA_TEXT and body[8:12] == b"\x00\x00\x00\x00":
            specials[row, struct.unpack_from("<I", body)[0]] = Special.FORMULA
    return specials


def _text(body: bytes, place: int) -> tuple[str, int]:
    length = struct.unpack_from("<I", body, place)[0]
    end = place + 4 + 2 * length
    if end > len(body):
        raise DamagedError("a text is longer than its record")
    return body[place + 4 : end].decode("utf-16-le", "replace"), end


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of all records of a binary part."""
    place = 0
    while place < len(part):
        kind, place = _number(part, place, 2)
        length, place = _number(part, place, 4)
        if place + length > len(part):
            raise DamagedError("a record runs beyond its part")
        yield kind, part[place : place + length]
        place += length


def _number(part: bytes, place: int, n_bytes: int) -> tuple[int, int]:
    """Return a number stored in groups of seven bits; a kind keeps the marks of its groups."""
    value = 0
    for k in range(n_bytes):
        if place >= len(part):
            raise DamagedError("a record is cut short")
        byte = part[place]
        place += 1
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            break
    return value, place


def ods_cells(data: bytes, title: str) -> SpecialCells:
    """Return the special cells of one table of an .ods file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml")
    specials: SpecialCells = {}
    # only formulas give errors or lack a value, and the walk takes longer than the reading
    if b"formula=" not in content:
        return specials
    row, inside = 0, False
    for event, element in ElementTree.iterparse(io.BytesIO(content), events=("start", "end")):
        if element.tag == _TABLE + "table":
            inside = event == "start" and element.get(_TABLE + "name") == title
            row = 0 if event == "start" else row
        elif event == "end" and element.tag == _TABLE + "table-row":
            repeated = _repeated(element, "rows")
            if inside:
                found = _row_cells(element)
                for i in range(row, min(row + repeated, _MAX_ROW) if found else row):
                    specials.update({(i, j): value for j, value in found.items()})
            row += repeated
            element.clear()
    return specials


def _repeated(element: Any, what: str) -> int:
    return int(element.get(f"{_TABLE}number-{what}-repeated", "1"))


def _row_cells(row: Any) -> dict[int, str | Special]:
    found: dict[int, str | Special] = {}
    column = 0
    for cell in row:
        repeated = _repeated(cell, "columns")
        special = _special(cell) if cell.get(_TABLE + "formula") is not None else None
        if special is not None:
            found.update(dict.fromkeys(range(column, min(column + repeated, 16_384)), special))
        column += repeated
    return found


def _special(cell: Any) -> str | Special | None:
    shown = "".join(p for e in cell.iter(_TEXT + "p") for p in e.itertext()).strip()
    if _ODS_ERROR.fullmatch(shown):
        return _BY_NUMBER if shown.startswith("Err:") else shown
    if not shown and not any(cell.get(_OFFICE + name) for name in _VALUES):
        return Special.FORMULA
    return None
