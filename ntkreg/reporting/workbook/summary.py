"""The first sheet: the verdict, key figures, checks, what to do, and what is on which sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ntkreg.reporting.sections import summary as summary_section
from ntkreg.reporting.text import cut, plain
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.cells import put
from ntkreg.reporting.workbook.decision import limits
from ntkreg.reporting.workbook.layout import (
    BLUE,
    LINE_HEIGHT,
    PALE,
    font,
    lines_needed,
    prepare_print,
)

WIDTHS = (34, 24, 86)
# full-width letters fill their place, Latin ones are narrower than digits
FITTED = {"ja": 0.94, "en": 1.08}
LEVELS = {"good": "D7EFDC", "warn": "FCE9B8", "bad": "F6CFC9", "off": "E4E7EA"}


class _Writer:
    """Writes one row after another."""

    def __init__(self, sheet: Any, view: View) -> None:
        self.sheet, self.view, self.row = sheet, view, 0

    def _next(self, cells: Sequence[Any], widths: Sequence[float]) -> list[Any]:
        from openpyxl.styles import Alignment

        self.row += 1
        written = []
        n_lines = 1
        for k, (value, width) in enumerate(zip(cells, widths, strict=True), 1):
            cell = self.sheet.cell(self.row, k)
            put(cell, value)
            left = "left" if isinstance(value, int | float) else None
            cell.alignment = Alignment(vertical="top", wrap_text=True, horizontal=left)
            if isinstance(cell.value, str):
                n_lines = max(n_lines, lines_needed(cell.value, FITTED[self.view.language] * width))
            written.append(cell)
        # merged cells are never fitted to their text by the spreadsheet program
        self.sheet.row_dimensions[self.row].height = LINE_HEIGHT * n_lines
        return written

    def heading(self, text: str) -> None:
        """Write a coloured row below an empty one."""
        from openpyxl.styles import PatternFill

        self.row += 1
        for cell in self._next((text, None, None), (200.0, *WIDTHS[1:])):
            cell.font = font(self.view.language, bold=True, color="FFFFFF")
            cell.fill = PatternFill("solid", fgColor=BLUE)

    def line(self, *cells: Any) -> list[Any]:
        """Write a cell in each column and return them; the first is bold."""
        written = self._next(cells, WIDTHS)
        written[0].font = font(self.view.language, bold=True)
        return written

    def pair(self, name: str, text: str) -> Any:
        """Write a name and a text as wide as the rest, and return the cell of the name."""
        cells = self._next((name, text), (WIDTHS[0], sum(WIDTHS[1:])))
        self._merge(2)
        return cells[0]

    def text(self, text: str, **look: Any) -> None:
        """Write a text over the whole width."""
        size = look.get("size", 11) / 11
        cell = self._next((text,), (sum(WIDTHS) / size,))[0]
        cell.font = font(self.view.language, **look)
        self.sheet.row_dimensions[self.row].height *= size
        self._merge(1)

    def _merge(self, first: int) -> None:
        row, last = self.row, len(WIDTHS)
        self.sheet.merge_cells(start_row=row, end_row=row, start_column=first, end_column=last)


def summary(sheet: Any, view: View, sheets: dict[str, str]) -> None:
    """Fill the first sheet.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
    view : View
    sheets : dict of str to str
        Title of every other sheet by its code, in their order.
    """
    from openpyxl.utils import get_column_letter

    for k, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(k)].width = width
    page, found = view.t["page"], summary_section.summary(view)
    data, out = view.content.dataset, _Writer(sheet, view)
    out.text(page["title"].format(target=cut(data.target.name, 60)), bold=True, size=16)
    rows = page["rows"].format(rows=f"{data.n_rows:,}", features=len(data.feature_columns))
    made = page["created"].format(date=view.content.created)
    out.text("   ".join((plain(data.source.file), rows, made)), color="5A6772")
    out.heading(view.t["sections"]["summary"])
    for text in (found["use"], *found["headline"], *found["details"]):
        out.text(text)
    out.heading(view.t["workbook"]["figures"])
    for tile in found["tiles"]:
        out.line(tile["title"], f"{tile['value']} {tile['unit']}".rstrip(), tile["note"])
    for title, value in limits(view):
        out.line(title, value, None)
    _lights(out, found["lights"])
    out.heading(view.t["summary"]["todo"])
    for text in found["todo"] or [view.t["summary"]["todo_none"]]:
        out.text(f"・{text}" if view.language == "ja" else f"• {text}")
    _contents(out, sheets)
    prepare_print(sheet)
    sheet.page_setup.fitToHeight = 1
    sheet.sheet_view.showGridLines = False


def _lights(out: _Writer, lights: Sequence[Any]) -> None:
    from openpyxl.styles import PatternFill

    out.heading(out.view.t["summary"]["lights"])
    for light in lights:
        cells = out.line(light.title, out.view.t["levels"][light.level], light.text)
        cells[1].fill = PatternFill("solid", fgColor=LEVELS[light.level])


def _contents(out: _Writer, sheets: dict[str, str]) -> None:
    from openpyxl.styles import PatternFill
    from openpyxl.utils import quote_sheetname
    from openpyxl.worksheet.hyperlink import Hyperlink

    out.heading(out.view.t["workbook"]["contents"])
    for name, title in sheets.items():
        link = out.pair(title, out.view.t["workbook_sheets"][name])
        link.hyperlink = Hyperlink(ref=link.coordinate, location=f"{quote_sheetname(title)}!A1")
        link.font = font(out.view.language, color=BLUE, underline="single")
        link.fill = PatternFill("solid", fgColor=PALE)
