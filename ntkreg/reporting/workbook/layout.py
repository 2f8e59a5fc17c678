"""The look of a sheet: fonts, header row, widths, frozen panes, printing."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from ntkreg.messages import Language
from ntkreg.reporting.text import decimals
from ntkreg.reporting.workbook.cells import Heading, put, value_of
from ntkreg.reporting.workbook.formats import EACH, fixed_format

# the default fonts of Excel in Japan and elsewhere; programs without them take their own
FONTS = {"ja": "Yu Gothic", "en": "Calibri"}
BLUE, PALE, RULE = "1C5D99", "E8F0F7", "AAB5BF"
LINE_HEIGHT = 18
A4 = 9
# characters that are still read easily on a sheet
PAGE_WIDTH = 220
_JAPANESE_CHARSET = 128
_LONG = 200


def new_book(language: Language, *, write_only: bool = False) -> Any:
    """Return a workbook without sheets, in the font of a language."""
    from openpyxl import Workbook
    from openpyxl.utils.indexed_list import IndexedList

    book: Any = Workbook(write_only=write_only)
    for name in book.sheetnames:
        del book[name]
    # the first font is that of every cell without one of its own; a font for each cell would take
    # as long as all the rest
    book._fonts = IndexedList([font(language)])
    return book


def font(language: Language, **changes: Any) -> Any:
    """Return the font of a language, for example with ``bold=True``."""
    from openpyxl.styles import Font

    look: dict[str, Any] = {"name": FONTS[language], "size": 11, "family": 2}
    if language == "ja":
        look["charset"] = _JAPANESE_CHARSET
    return Font(**(look | changes))


def display_width(text: str) -> int:
    r"""Return the width of the longest line, a full-width character counting as two.

    Examples
    --------
    >>> display_width("保圧[MPa]"), display_width("a\nlonger")
    (9, 6)
    """
    wide = (sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in line)
            for line in text.split("\n"))  # fmt: skip
    return max(wide, default=0)


def lines_needed(text: str, width: float) -> int:
    """Return how many lines a text takes in a column of a width."""
    return sum(max(1, math.ceil(display_width(line) / width)) for line in text.split("\n"))


def style_header(sheet: Any, row: int, headings: Sequence[Heading], language: Language) -> None:
    """Write and style a header row, and give its columns their widths."""
    for k, heading in enumerate(headings, 1):
        _style_heading(sheet.cell(row, k), heading, language)
    _measure_header(sheet, row, headings)


def header_cells(sheet: Any, headings: Sequence[Heading], language: Language) -> list[Any]:
    """Return the same as cells for the first row of a sheet that is written row by row."""
    from openpyxl.cell import WriteOnlyCell

    _measure_header(sheet, 1, headings)
    return [_style_heading(WriteOnlyCell(sheet), heading, language) for heading in headings]


def _style_heading(cell: Any, heading: Heading, language: Language) -> Any:
    from openpyxl.styles import Alignment, Border, PatternFill, Side

    put(cell, heading.title)
    cell.font = font(language, bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor=BLUE)
    cell.border = Border(bottom=Side("thin", color=RULE))
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    return cell


def _measure_header(sheet: Any, row: int, headings: Sequence[Heading]) -> None:
    from openpyxl.utils import get_column_letter

    for k, heading in enumerate(headings, 1):
        sheet.column_dimensions[get_column_letter(k)].width = heading.width
    # the bold letters and the button of the filter take room
    n_lines = max((lines_needed(h.title, h.width - 3) for h in headings), default=1)
    sheet.row_dimensions[row].height = LINE_HEIGHT * min(max(n_lines, 2), 6)


def fill_sheet(
    sheet: Any,
    headings: Sequence[Heading],
    rows: Iterable[Sequence[Any]],
    language: Language = "en",
) -> None:
    """Write a table with a frozen, styled header row and a filter.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        An empty sheet.
    headings : sequence of Heading
        Columns.
    rows : iterable of sequence
        Values, one sequence a row, as long as `headings`.
    language : {"ja", "en"}, default="en"
        Chooses the font of the header row.
    """
    from openpyxl.utils import get_column_letter

    style_header(sheet, 1, headings, language)
    table = [[value_of(value) for value in row] for row in rows]
    widths = [_text_width(column) for column in zip(*table, strict=True)] or [0] * len(headings)
    wraps = [width > heading.width for width, heading in zip(widths, headings, strict=True)]
    _write_cells(sheet, headings, table, wraps)
    for k, (heading, width) in enumerate(zip(headings, widths, strict=True), 1):
        if 0 < width < heading.width - 4:
            least = min(heading.width, display_width(heading.title) + 4)
            sheet.column_dimensions[get_column_letter(k)].width = max(least, width + 4)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(headings))}{len(table) + 1}"
    prepare_print(sheet, header_row=1)


def _write_cells(
    sheet: Any, headings: Sequence[Heading], table: list[list[Any]], wraps: list[bool]
) -> None:
    from openpyxl.styles import Alignment

    vertical = "top" if any(wraps) else None
    number = Alignment(vertical=vertical)
    # without an indent a text touches the number at its left
    texts = [Alignment("left", vertical, wrap_text=wrap, indent=1) for wrap in wraps]
    for i, row in enumerate(table, 2):
        for k, (heading, value) in enumerate(zip(headings, row, strict=True)):
            if value is None:
                continue
            cell = sheet.cell(i, k + 1)
            put(cell, value)
            if isinstance(value, str):
                cell.alignment = texts[k]
                continue
            if heading.number_format != "General":
                cell.number_format = format_of(heading, value)
            if vertical is not None:
                cell.alignment = number
        if vertical is not None:
            # not every program fits a row to its wrapped texts when it opens the file
            sheet.row_dimensions[i].height = LINE_HEIGHT * max(
                lines_needed(value, heading.width - 1) if isinstance(value, str) else 1
                for value, heading in zip(row, headings, strict=True)
            )


def format_of(heading: Heading, value: float) -> str:
    """Return the number format of a cell; that of a column of unlike numbers fits each."""
    if heading.number_format != EACH:
        return heading.number_format
    if isinstance(value, int):
        return "General"
    size = abs(value)
    return fixed_format(decimals(size)) if 1e-4 <= size < 1e7 else "0.000E+00"


def _text_width(column: Sequence[Any]) -> int:
    """Return the width of the widest text, 0 for a column of numbers."""
    return max((display_width(v[:_LONG]) for v in column if isinstance(v, str)), default=0)


def freeze_columns(sheet: Any, last: int) -> None:
    """Keep the first columns of a wide table in view, and repeat them on its further pages."""
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = sheet.cell(2, last + 1)
    sheet.print_title_cols = f"A:{get_column_letter(last)}"
    total = sum(column.width for column in sheet.column_dimensions.values())
    sheet.page_setup.fitToWidth = max(1, math.ceil(total / PAGE_WIDTH))


def prepare_print(sheet: Any, *, header_row: int | None = None) -> None:
    """Print across A4 sheets, all columns on one, the header row on each, pages numbered."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.6
    sheet.oddFooter.left.text = "&A"
    sheet.oddFooter.right.text = "&P / &N"
    if header_row is not None:
        sheet.print_title_rows = f"{header_row}:{header_row}"
