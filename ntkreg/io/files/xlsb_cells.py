"""Error cells, formulas without a stored value and merged ranges of .xlsb files.

Used by `reader_child` beside calamine, which gives such cells as blanks and no merged ranges.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from defusedxml import ElementTree

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
NO_VALUE = {"formula": None}
_ROW, _ERROR, _FORMULA_TEXT, _FORMULA_ERROR, _SHEET, _MERGED = 0, 3, 8, 11, 156, 176
# flag of a formula whose empty text is no result
_TO_CALCULATE = b"\x02"

# error texts, or NO_VALUE, by row and column
SpecialCells = dict[tuple[int, int], Any]
# first row, first column, last row, last column
Range = list[int]


def xlsb_cells(data: bytes, title: str) -> tuple[SpecialCells, list[Range]]:
    """Return the special cells and the merged ranges of one sheet of an .xlsb file.

    Raises
    ------
    ValueError
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
            raise ValueError("a sheet has no part")
        name = posixpath.normpath(posixpath.join("/xl", target.replace("\\", "/"))).lstrip("/")
        part = archive.read(parts[name])
    return _sheet_cells(part)


def _sheet_cells(part: bytes) -> tuple[SpecialCells, list[Range]]:
    specials: SpecialCells = {}
    merged: list[Range] = []
    row = 0
    for kind, body in _records(part):
        if kind == _ROW and len(body) >= 4:
            row = struct.unpack_from("<I", body)[0]
        elif kind in (_ERROR, _FORMULA_ERROR) and len(body) >= 9:
            specials[row, struct.unpack_from("<I", body)[0]] = ERRORS.get(body[8], "#N/A")
        elif kind == _FORMULA_TEXT and body[8:12] == bytes(4) and body[12:13] == _TO_CALCULATE:
            specials[row, struct.unpack_from("<I", body)[0]] = NO_VALUE
        elif kind == _MERGED and len(body) >= 16:
            top, bottom, left, right = struct.unpack_from("<4I", body)
            merged.append([top, left, bottom, right])
    return specials, merged


def _text(body: bytes, place: int) -> tuple[str, int]:
    length = struct.unpack_from("<I", body, place)[0]
    end = place + 4 + 2 * length
    if end > len(body):
        raise ValueError("a text is longer than its record")
    return body[place + 4 : end].decode("utf-16-le", "replace"), end


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of all records of a binary part."""
    place = 0
    while place < len(part):
        kind, place = _number(part, place, 2)
        length, place = _number(part, place, 4)
        if place + length > len(part):
            raise ValueError("a record runs beyond its part")
        yield kind, part[place : place + length]
        place += length


def _number(part: bytes, place: int, n_bytes: int) -> tuple[int, int]:
    """Return a number stored in groups of seven bits; a kind keeps the marks of its groups."""
    value = 0
    for k in range(n_bytes):
        if place >= len(part):
            raise ValueError("a record is cut short")
        byte = part[place]
        place += 1
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            break
    return value, place
