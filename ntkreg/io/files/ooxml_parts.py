"""Workbooks (.xlsx) that are readable but unusual, brought to what openpyxl expects.

openpyxl finds no sheet in a file of the strict standard, no part whose name has backslashes, and
says nothing when the list of texts or of formats is missing: dates would be numbers in silence.
Colours, fonts and borders as some programs write them stop it altogether. Used by `reader_child`.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml import ElementTree

_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMESPACE = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
_TRANSITIONAL = rb"http://schemas.openxmlformats.org/\1/2006/"
# what a cell of a sheet needs -> the part that holds it
_NEEDS = {
    "xl/sharedStrings.xml": re.compile(rb"<(?:\w+:)?c\s[^>]*\bt=[\"']s[\"']"),
    "xl/styles.xml": re.compile(rb"<(?:\w+:)?c\s[^>]*\bs=[\"'][1-9]"),
}
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class MissingPartError(ValueError):
    """Cells refer to a part that the file does not have."""


def prepare(data: bytes) -> bytes:
    """Return the workbook as openpyxl reads it; mostly the same bytes.

    Raises
    ------
    MissingPartError
        If a part is missing that cells refer to.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        plain = {name: name.replace("\\", "/") for name in names}
        known = {name.lower() for name in plain.values()}
        missing = [part for part in _NEEDS if part.lower() not in known]
        sheets = [n for n in names if plain[n].startswith("xl/worksheets/")] if missing else []
        for part in missing:
            if any(_NEEDS[part].search(archive.read(name)) for name in sheets):
                raise MissingPartError(part)
        book = next(name for name in names if plain[name] == "xl/workbook.xml")
        strict = _STRICT in archive.read(book)
        if not strict and all(old == new for old, new in plain.items()):
            return data
        return _rewritten(archive, plain, strict)


def _rewritten(archive: zipfile.ZipFile, names: dict[str, str], strict: bool) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for old, new in names.items():
            content = archive.read(old)
            if strict and new.endswith((".xml", ".rels")):
                content = _NAMESPACE.sub(_TRANSITIONAL, content)
            out.writestr(new, content)
    return buffer.getvalue()


def without_decoration(data: bytes) -> bytes:
    """Return the workbook without charts and with nothing but number formats among its styles."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(buffer, "w") as out:
        for name in archive.namelist():
            if name.startswith("xl/chartsheets/"):
                continue
            content = archive.read(name)
            out.writestr(name, _plain_styles(content) if name == "xl/styles.xml" else content)
    return buffer.getvalue()


def _plain_styles(content: bytes) -> bytes:
    old = ElementTree.fromstring(content)
    new = Element(_MAIN + "styleSheet")
    for formats in old.iter(_MAIN + "numFmts"):
        new.append(formats)
    for cells in old.iter(_MAIN + "cellXfs"):
        plain = SubElement(new, _MAIN + "cellXfs")
        for style in cells:
            SubElement(plain, _MAIN + "xf", numFmtId=style.get("numFmtId", "0"))
    return tostring(new)
