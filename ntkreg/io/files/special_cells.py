"""Error cells, formulas without a stored value and merged ranges of .xlsb and .ods files.

Used by `reader_child` beside calamine, which gives such cells as blanks and no merged ranges.
"""

from __future__ import annotations

import io
import posixpath
import re
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

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_ODS_ERROR = re.compile(r"#(?:DIV/0!|N/A|VALUE!|REF!|NAME\?|NUM!|NULL!)|Err:\d{3}")
# a formula gives its error as #NUM!; LibreOffice shows the rest by number
_BY_NUMBER = "#VALUE!"
_MAX_ROW = 1_048_576
_WAYS = ("rows", "columns")

# error texts, or NO_VALUE, by row and column
SpecialCells = dict[tuple[int, int], Any]
# first row, first column, last row, last column
Range = list[int]


def settled(specials: SpecialCells, no_value: Any, computed: bool) -> SpecialCells:
    """Return the special cells of a sheet without formulas that gave an empty text.

    The formats do not tell them from formulas that nobody computed; but whoever computed one
    formula of a sheet has computed all.
    """
    if not computed:
        return specials
    return {at: value for at, value in specials.items() if value != no_value}


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


def ods_cells(data: bytes, title: str) -> tuple[SpecialCells, list[Range]]:
    """Return the special cells and the merged ranges of one table of an .ods file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml")
    specials: SpecialCells = {}
    merged: list[Range] = []
    # only formulas give errors or lack a value, and the walk takes longer than the reading
    if b"formula=" not in content and b"-spanned=" not in content:
        return specials, merged
    row, inside, computed = 0, False, False
    for event, element in ElementTree.iterparse(io.BytesIO(content), events=("start", "end")):
        if element.tag == _TABLE + "table":
            inside = event == "start" and element.get(_TABLE + "name") == title
            row = 0 if event == "start" else row
        elif event == "end" and element.tag == _TABLE + "table-row":
            repeated = _repeated(element, "rows")
            if inside:
                computed |= any(_is_computed(cell) for cell in element)
                found, spans = _row_cells(element)
                for i in range(row, min(row + repeated, _MAX_ROW) if found else row):
                    specials.update({(i, j): value for j, value in found.items()})
                merged += [[row, j, row + n_rows - 1, j + n - 1] for j, n_rows, n in spans]
            row += repeated
            element.clear()
    return settled(specials, NO_VALUE, computed), merged


def _repeated(element: Any, what: str) -> int:
    return int(element.get(f"{_TABLE}number-{what}-repeated", "1"))


def _row_cells(row: Any) -> tuple[dict[int, Any], list[tuple[int, int, int]]]:
    """Return the special cells of a row, and column, height and width of its merged cells."""
    found: dict[int, Any] = {}
    spans = []
    column = 0
    for cell in row:
        repeated = _repeated(cell, "columns")
        special = _special(cell) if cell.get(_TABLE + "formula") is not None else None
        if special is not None:
            found.update(dict.fromkeys(range(column, min(column + repeated, 16_384)), special))
        height, width = (int(cell.get(f"{_TABLE}number-{w}-spanned", "1")) for w in _WAYS)
        if max(height, width) > 1:
            spans.append((column, height, width))
        column += repeated
    return found, spans


def _special(cell: Any) -> Any:
    shown = "".join(p for e in cell.iter(_TEXT + "p") for p in e.itertext()).strip()
    if _ODS_ERROR.fullmatch(shown):
        return _BY_NUMBER if shown.startswith("Err:") else shown
    return None if shown or _is_computed(cell) else NO_VALUE


def _is_computed(cell: Any) -> bool:
    formula = cell.get(_TABLE + "formula") is not None
    return formula and cell.get(_OFFICE + "value-type") is not None
