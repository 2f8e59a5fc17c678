"""Workbooks (.xlsx) -> rows of plain cells, by openpyxl; used by `reader_child` alone.

openpyxl opens the book (sheets, texts, formats, the year dates count from). The cells are taken
here from the sheet's XML in one pass, because openpyxl's own rows leave out in silence what stands
in an unusual order, and tell neither merged ranges nor which formulas lack a value.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
from defusedxml import ElementTree
from openpyxl.cell.text import Text
from openpyxl.utils.cell import column_index_from_string, range_boundaries
from openpyxl.utils.datetime import from_excel, from_ISO8601

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ROW, _CELL, _FORMULA, _VALUE, _INLINE = (_MAIN + name for name in ("row", "c", "f", "v", "is"))
_MERGED = _MAIN + "mergeCell"
_FRACTION = re.compile("[.eE]")
# Japanese Excel writes dates in these formats without defining them
_EAST_ASIAN_DATES = {*range(27, 37), *range(50, 59)}
# control characters, and the underscore before what would read as one
_ESCAPED = re.compile("_x00([01][0-9A-Fa-f]|5[Ff])_")
# programs that write formulas without computing them leave this to Excel, and a zero as value
_CALCULATE = re.compile(rb"fullCalcOnLoad=[\"'](?:1|true)[\"']")
_MAX_COLUMN = 16_384

NO_VALUE = {"formula": None}
# the zero of a formula that may never have been computed
ZERO = {"formula": 0}


class Workbook:
    """An open workbook.

    Parameters
    ----------
    data : bytes
        The whole file, prepared by `ooxml_parts`.

    Attributes
    ----------
    names, visible : list of str
        All sheets of cells, and those that are shown.
    computed : bool
        Whether a formula among the rows read so far has a value that somebody computed.
    """

    def __init__(self, data: bytes) -> None:
        # remarks on styles and extensions that openpyxl drops; values are not concerned
        warnings.simplefilter("ignore", UserWarning)
        load: Any = openpyxl.load_workbook
        self._book = load(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        self._dates = {*self._book._date_formats} | {
            k
            for k, style in enumerate(self._book._cell_styles)
            if style.numFmtId in _EAST_ASIAN_DATES
        }
        self._columns: dict[str, int] = {}
        sheets = self._book.worksheets
        self._texts = [_text(text) for text in sheets[0]._shared_strings] if sheets else []
        self._uncomputed = _CALCULATE.search(self._book._archive.read("xl/workbook.xml"))
        self.computed = False
        self.names: list[str] = [sheet.title for sheet in sheets]
        self.visible = [sheet.title for sheet in sheets if sheet.sheet_state == "visible"]

    def rows(self, name: str, merged: list[str]) -> Iterator[tuple[int, list[Any]]]:
        """Yield number (from 1) and cells of the rows of one sheet; add its merged ranges.

        Rows without a value are left out.

        Raises
        ------
        ValueError
            If rows or cells contradict each other.
        """
        number = 0
        with self._book._archive.open(self._book[name]._worksheet_path) as part:
            for _, element in ElementTree.iterparse(part):
                if element.tag == _ROW:
                    before, number = number, _row_number(element, number)
                    if number <= before:
                        raise ValueError(f"row {number} stands behind row {before}")
                    cells = self._cells(element, str(number))
                    if cells:
                        yield number, cells
                    element.clear()
                elif element.tag == _MERGED:
                    merged.append(element.get("ref", ""))

    def _cells(self, row: Any, number: str) -> list[Any]:
        """Return the cells of a row from the sheet's first column on."""
        cells: list[Any] = []
        for element in row:
            # a cell with a format alone holds nothing
            if element.tag != _CELL or not len(element):
                continue
            place, value = element.get("r"), self._value(element)
            column = len(cells) if place is None else self._column(place, number)
            if column >= len(cells):
                cells.extend([None] * (column - len(cells)))
                cells.append(value)
            elif cells[column] is None:
                cells[column] = value
            else:
                raise ValueError(f"cell {place} occurs twice")
        return cells

    def _column(self, place: str, number: str) -> int:
        letters = place.rstrip("0123456789")
        if place[len(letters) :] != number:
            raise ValueError(f"cell {place} stands in row {number}")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = column_index_from_string(letters) - 1
            if column >= _MAX_COLUMN:
                raise ValueError(f"cell {place} lies beyond the last column")
        return column

    def _value(self, cell: Any) -> Any:
        """Return what a cell stores; blanks as None."""
        kind, text, formula, inline = cell.get("t", "n"), None, False, None
        for child in cell:
            if child.tag == _VALUE:
                text = child.text or ""
            elif child.tag == _FORMULA:
                formula = True
            elif child.tag == _INLINE:
                inline = child
        if kind == "n":
            value = self._number(text, int(cell.get("s", 0))) if text else None
        elif kind == "inlineStr":
            value = None if inline is None else _inline_text(inline)
        else:
            value = _READERS[kind](self, text) if text else None
        if formula:
            return self._stored(value, empty=kind == "str" and text is not None)
        return value

    def _stored(self, value: Any, *, empty: bool) -> Any:
        """Return the value of a formula, or what says that it has none."""
        if value is None:
            # a formula may well have given an empty text
            return None if empty else NO_VALUE
        if self._uncomputed and value == 0:
            return ZERO
        self.computed = True
        return value

    def _number(self, text: str, style: int) -> Any:
        value = float(text)
        if style in self._dates:
            try:
                return from_excel(
                    value, self._book.epoch, timedelta=style in self._book._timedelta_formats
                )
            except (OverflowError, ValueError):
                return "#VALUE!"
        if not value.is_integer():
            return value
        return int(value) if abs(value) < 2**53 or _FRACTION.search(text) else int(text)

    def _shared(self, text: str) -> str | None:
        return self._texts[int(text)]


def corners(reference: str) -> list[int]:
    """Return first row, first column, last row and last column of a range, from 0."""
    left, top, right, bottom = (int(edge or 1) - 1 for edge in range_boundaries(reference))
    return [top, left, bottom, right]


def _row_number(row: Any, before: int) -> int:
    number = row.get("r")
    # some writers number rows as 1.0
    return before + 1 if number is None else int(float(number))


def _text(text: str) -> str | None:
    """Return a text with its escapes undone, or None for white space alone."""
    if "_x00" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return text if text.strip() else None


def _inline_text(element: Any) -> str | None:
    text: Any = Text.from_tree(element)
    return _text(text.content)


_READERS: dict[str, Callable[[Workbook, str], Any]] = {
    "s": Workbook._shared,
    "b": lambda _, text: bool(int(text)),
    "str": lambda _, text: _text(text),
    "e": lambda _, text: text,
    "d": lambda _, text: from_ISO8601(text),  # type: ignore[no-untyped-call]
}
