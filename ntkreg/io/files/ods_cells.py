"""Error cells, formulas without a stored value and merged ranges of .ods files.

Used by `reader_child` beside calamine, which gives such cells as blanks and no merged ranges. A
walk over all cells in Python takes longer than calamine's reading, so the parser calls back for
the start of a cell alone, and for its text only where it holds a formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any
from xml.parsers import expat

NO_VALUE = {"formula": None}

_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 p"
_CELLS = (_TABLE + "table-cell", _TABLE + "covered-table-cell")
_ROW, _SHEET, _FORMULA = _TABLE + "table-row", _TABLE + "table", _TABLE + "formula"
_ROWS, _COLUMNS = _TABLE + "number-rows-repeated", _TABLE + "number-columns-repeated"
_HIGH, _WIDE = _TABLE + "number-rows-spanned", _TABLE + "number-columns-spanned"
_ERROR = re.compile(r"#(?:DIV/0!|N/A|VALUE!|REF!|NAME\?|NUM!|NULL!)|Err:\d{3}")
# a formula gives its error as #NUM!; LibreOffice shows the rest by number
_BY_NUMBER = "#VALUE!"
_MAX_ROW, _MAX_COLUMN = 1_048_576, 16_384

# error texts, or NO_VALUE, by row and column
SpecialCells = dict[tuple[int, int], Any]
# first row, first column, last row, last column
Range = list[int]


def ods_cells(data: bytes, title: str) -> tuple[SpecialCells, list[Range]]:
    """Return the special cells and the merged ranges of one table of an .ods file.

    Raises
    ------
    ValueError
        If the XML is not well formed or declares a document type.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml")
    # only formulas give errors or lack a value
    if b"formula=" not in content and b"-spanned=" not in content:
        return {}, []
    walk = _Walk(title)
    try:
        walk.parser.Parse(content, True)
        walk.end_row()
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    if walk.computed:
        # an empty formula beside computed ones gave an empty text
        walk.specials = {at: v for at, v in walk.specials.items() if v != NO_VALUE}
    return walk.specials, walk.merged


class _Walk:
    """What has been found on the way through the XML, and where the parser stands."""

    def __init__(self, title: str) -> None:
        self.specials: SpecialCells = {}
        self.merged: list[Range] = []
        self.computed = False
        self._title = title
        self._row, self._column, self._repeated = 0, 0, 0
        self._found: dict[int, Any] = {}
        self._cell: dict[str, str] = {}
        self._shown: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._seek
        self.parser.StartDoctypeDeclHandler = _refuse

    def _seek(self, tag: str, attributes: dict[str, str]) -> None:
        """Wait for the table: the others cost next to nothing."""
        if tag == _SHEET and attributes.get(_TABLE + "name") == self._title:
            self._row, self._repeated = 0, 0
            self.parser.StartElementHandler = self._start

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _CELLS:
            if _HIGH in attributes or _WIDE in attributes:
                height, width = (int(attributes.get(way, "1")) for way in (_HIGH, _WIDE))
                if max(height, width) > 1:
                    right, bottom = self._column + width - 1, self._row + height - 1
                    self.merged.append([self._row, self._column, bottom, right])
            if _FORMULA in attributes:
                self._cell, self._shown = attributes, []
                self.parser.EndElementHandler = self._end
            else:
                self._column += int(attributes.get(_COLUMNS, "1"))
        elif tag == _ROW:
            self.end_row()
            self._repeated = int(attributes.get(_ROWS, "1"))
        elif tag == _SHEET:
            self.end_row()
            self.parser.StartElementHandler = self._seek
            self._seek(tag, attributes)
        elif tag == _TEXT and self._cell:
            self.parser.CharacterDataHandler = self._shown.append

    def end_row(self) -> None:
        """Give the special cells of a row to all its repetitions."""
        last = min(self._row + self._repeated, _MAX_ROW) if self._found else self._row
        for i in range(self._row, last):
            self.specials.update({(i, j): value for j, value in self._found.items()})
        self._row += self._repeated
        self._column, self._repeated, self._found = 0, 0, {}

    def _end(self, tag: str) -> None:
        """End an element inside a cell with a formula, or that cell."""
        if tag == _TEXT:
            self.parser.CharacterDataHandler = None
        elif tag in _CELLS:
            self.parser.EndElementHandler = None
            self._formula()

    def _formula(self) -> None:
        """Take the formula of a cell that has just ended."""
        repeated = int(self._cell.get(_COLUMNS, "1"))
        shown, computed = "".join(self._shown).strip(), _OFFICE + "value-type" in self._cell
        self.computed |= computed
        special: Any = None if shown or computed else NO_VALUE
        if _ERROR.fullmatch(shown):
            special = _BY_NUMBER if shown.startswith("Err:") else shown
        if special is not None:
            columns = range(self._column, min(self._column + repeated, _MAX_COLUMN))
            self._found.update(dict.fromkeys(columns, special))
        self._column += repeated
        self._cell = {}


def _refuse(*_: object) -> None:
    raise ValueError("a document type is declared")
