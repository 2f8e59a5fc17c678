"""The sheet for new conditions: the model's input columns, ready to fill in and to predict."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntkreg.io.dataset import Column
from ntkreg.io.layout.name_rows import units_of
from ntkreg.io.layout.names import fold
from ntkreg.reporting.text import number, plain
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.cells import Heading, put, sheet_title
from ntkreg.reporting.workbook.layout import (
    LINE_HEIGHT,
    RULE,
    display_width,
    font,
    prepare_print,
    style_header,
)

NOTES = ("fill", "typical", "checked", "command")
# an empty row keeps the notes and the header apart
HEADER_ROW = len(NOTES) + 2
ENTRY_ROWS = 40
CHECKED_ROWS = 1000
LISTS = "lists"
_PROMPT, _TITLE = 250, 30


def conditions(book: Any, view: View, file: str) -> None:
    """Add the sheet, and a hidden one with the levels of the categories.

    Parameters
    ----------
    book : openpyxl.Workbook
    view : View
    file : str
        Name of the workbook, for the command that predicts it.
    """
    t, dataset = view.t["conditions"], view.content.dataset
    title = sheet_title(view.t["workbook"]["conditions"])
    sheet = book.create_sheet(title)
    facts = {"target": plain(dataset.target.name), "file": file, "sheet": title}
    for row, name in enumerate(NOTES, 1):
        put(sheet.cell(row, 1), t[name].format(**facts))
        sheet.cell(row, 1).font = font(view.language, bold=row == 1)
    columns = dataset.feature_columns
    headings = [Heading(label_name(view), 8)]
    headings += [Heading(c.name, _width(c)) for c in columns]
    style_header(sheet, HEADER_ROW, headings, view.language)
    typical = [1, *(_typical(view, column) for column in columns)]
    first = HEADER_ROW + 1
    units = _unit_row(columns, typical)
    if any(units):
        _write_units(sheet, first, units, view)
        first += 1
    for k, value in enumerate(typical, 1):
        put(sheet.cell(first, k), value)
    _style_entries(sheet, first, len(headings))
    _check_entries(book, sheet, view, first)
    sheet.freeze_panes = sheet.cell(first, 2)
    prepare_print(sheet)
    sheet.print_title_rows = f"{HEADER_ROW}:{first - 1}"


def label_name(view: View) -> str:
    """Return a name for the first column that no input and no target has."""
    dataset = view.content.dataset
    taken = {fold(column.name) for column in (*dataset.feature_columns, dataset.target)}
    name = str(view.t["conditions"]["label"])
    while fold(name) in taken:
        name += "*"
    return name


def _width(column: Column) -> float:
    levels = max((display_width(level) for level in column.levels), default=0)
    return float(min(max(14, levels + 4, display_width(column.name) / 2 + 4), 40))


def _typical(view: View, column: Column) -> Any:
    cells = view.content.dataset.features[column.key]
    if column.kind == "numeric":
        return column.median if np.isfinite(column.median) else None
    counts = cells.value_counts()
    # the first in the order of the table where two are as frequent
    most = max(column.levels, key=lambda level: counts.get(level, 0), default=None)
    return None if counts.get(most, 0) < cells.isna().sum() else most


def _unit_row(columns: tuple[Column, ...], typical: list[Any]) -> list[str | None]:
    """Return units that no name says, if the reader takes the row for one of units."""
    units = [c.unit if c.unit and c.unit not in c.name else None for c in columns]
    row, below = np.empty(len(typical), dtype=object), np.empty((1, len(typical)), dtype=object)
    row[:], below[0, :] = [None, *units], typical
    return units if list(units_of(row, below))[1:] == units else [None] * len(columns)


def _write_units(sheet: Any, row: int, units: list[str | None], view: View) -> None:
    grey = font(view.language, color="5A6772", italic=view.language == "en")
    for k, unit in enumerate(units, 2):
        put(sheet.cell(row, k), unit)
        sheet.cell(row, k).font = grey


def _style_entries(sheet: Any, first: int, n_columns: int) -> None:
    from openpyxl.styles import Alignment, Border, PatternFill, Side

    line = Side("thin", color=RULE)
    border, fill = Border(line, line, line, line), PatternFill("solid", fgColor="FFF8E1")
    for row in range(first, first + ENTRY_ROWS):
        sheet.row_dimensions[row].height = LINE_HEIGHT
        for k in range(1, n_columns + 1):
            cell = sheet.cell(row, k)
            cell.border = border
            if isinstance(cell.value, str):
                cell.alignment = Alignment("left", indent=1)
            if k > 1:
                cell.fill = fill


def _check_entries(book: Any, sheet: Any, view: View, first: int) -> None:
    """Let a spreadsheet program warn of what the model has not seen, but not forbid it."""
    from openpyxl.utils import get_column_letter

    lists = None
    for k, column in enumerate(view.content.dataset.feature_columns, 2):
        letter = get_column_letter(k)
        if np.isfinite(column.minimum):
            rule = _range_rule(view, column)
        elif column.levels:
            lists = lists or _hidden(book)
            rule = _list_rule(view, column, lists)
        else:
            continue
        rule.add(f"{letter}{first}:{letter}{first + CHECKED_ROWS - 1}")
        sheet.add_data_validation(rule)


def _hidden(book: Any) -> Any:
    lists = book.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    return lists


def _range_rule(view: View, column: Column) -> Any:
    low, high = column.minimum, column.maximum
    unit = f" {plain(column.unit)}" if column.unit else ""
    text = view.t["conditions"]["range"].format(low=number(low, 6), high=number(high, 6) + unit)
    return _rule(
        view, column, text, type="decimal", operator="between",
        formula1=repr(float(low)), formula2=repr(float(high)),
    )  # fmt: skip


def _list_rule(view: View, column: Column, lists: Any) -> Any:
    from openpyxl.utils import get_column_letter, quote_sheetname

    position = 1 if lists.cell(1, 1).value is None else lists.max_column + 1
    for row, level in enumerate(column.levels, 1):
        put(lists.cell(row, position), level)
    letter = get_column_letter(position)
    cells = f"{quote_sheetname(lists.title)}!${letter}$1:${letter}${len(column.levels)}"
    text = view.t["conditions"]["levels"].format(count=len(column.levels))
    return _rule(view, column, text, type="list", formula1=cells)


def _rule(view: View, column: Column, text: str, **rule: Any) -> Any:
    from openpyxl.worksheet.datavalidation import DataValidation

    name = plain(column.name)
    warning = f"{text} {view.t['conditions']['outside']}"
    return DataValidation(
        allow_blank=True,
        showInputMessage=True,
        showErrorMessage=True,
        errorStyle="warning",
        promptTitle=name[:_TITLE],
        prompt=text[:_PROMPT],
        errorTitle=name[:_TITLE],
        error=warning[:_PROMPT],
        **rule,
    )
