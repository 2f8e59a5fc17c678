"""The knowledge sheet that engineers fill in: a row for every column of their table."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from ntkreg.inspection.knowledge.sheet import HEADINGS, effect_words
from ntkreg.io.dataset import Column, Dataset
from ntkreg.messages import Language, Sentence
from ntkreg.reporting.files import write_whole
from ntkreg.reporting.workbook.cells import put, sheet_title, whole_day
from ntkreg.reporting.workbook.layout import BLUE, font, new_book
from ntkreg.reporting.workbook.results import with_date

WIDTHS = (28, 10, 12, 12, 16, 12, 12, 44)
INTRODUCTION = ("I421", "I422", "I423", "I424")
SPARE_ROWS = 200
_TOP = len(INTRODUCTION) + 2


def write_knowledge_template(dataset: Dataset, path: Path, language: Language) -> None:
    """Write the knowledge sheet of a table, without any expectation.

    Parameters
    ----------
    dataset : Dataset
        Table whose feature columns are listed with their units and ranges.
    path : Path
        Workbook to write; an existing one is replaced when the new one is complete.
    language : {"ja", "en"}
        Language of the sheet.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    book = new_book(language)
    sheet = book.create_sheet(sheet_title(Sentence("I420").text(language)))
    target = dataset.target.name
    for row, code in enumerate(INTRODUCTION, 1):
        put(sheet.cell(row, 1), Sentence(code, {"target": target}).text(language))
    for k, code in enumerate(HEADINGS.values(), 1):
        put(sheet.cell(_TOP, k), Sentence(code).text(language))
    for row, column in enumerate(dataset.feature_columns, _TOP + 1):
        for k, value in enumerate(_known(column, dataset), 1):
            put(sheet.cell(row, k), value)
    _style(sheet, len(dataset.feature_columns), language)
    created = whole_day("")
    book.properties.creator = "ntkreg"
    book.properties.created = created
    stream = io.BytesIO()
    book.save(stream)
    write_whole(path, with_date(stream.getvalue(), created))


def _known(column: Column, dataset: Dataset) -> tuple[object, ...]:
    """Return name, unit, least and greatest value; no range for a category."""
    if column.kind != "numeric":
        return column.name, column.unit
    values = dataset.features[column.key].to_numpy(dtype=np.float64)
    known = values[np.isfinite(values)]
    ends = (float(known.min()), float(known.max())) if len(known) else (None, None)
    return column.name, column.unit, *ends


def _style(page: Any, n_columns: int, language: Language) -> None:
    from openpyxl.styles import Alignment, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    blue, yellow = PatternFill("solid", fgColor=BLUE), PatternFill("solid", fgColor="FFF8E1")
    for row in page.iter_rows(min_row=1, max_row=_TOP + n_columns, max_col=len(WIDTHS)):
        for cell in row:
            head = cell.row == _TOP
            cell.font = font(language, bold=head, color="FFFFFF" if head else "1A2530")
            if head:
                cell.fill = blue
            elif cell.row > _TOP and cell.column > 4:
                cell.fill = yellow
            cell.alignment = Alignment(vertical="center", wrap_text=cell.row >= _TOP)
    for k, width in enumerate(WIDTHS, 1):
        page.column_dimensions[get_column_letter(k)].width = width
    page.freeze_panes = page.cell(_TOP + 1, 2)
    words = ",".join(effect_words(language))
    choice = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True)
    choice.add(f"E{_TOP + 1}:E{_TOP + n_columns + SPARE_ROWS}")
    page.add_data_validation(choice)
