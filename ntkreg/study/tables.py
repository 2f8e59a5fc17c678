"""Tables that go back to a spreadsheet program: CSV with BOM, or a workbook."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ntkreg.messages import Language
from ntkreg.reporting.workbook.cells import Heading
from ntkreg.reporting.workbook.layout import display_width, header_cells, new_book, prepare_print

_LOOKED_AT = 200
# the wide forms begin a formula in a Japanese Excel
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[-+]?(0|[1-9]\d*)?(\.\d+|\.)?(?<=[\d.])([eE][-+]?\d+)?")
# control characters that XML, and so a workbook, cannot hold
_CONTROL = {code: None for code in range(32) if code not in (9, 10, 13)}


def harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet program takes for a formula; numbers stay numbers.

    Examples
    --------
    >>> harmless("=1+1"), harmless("-5.2"), harmless("-5+cmd"), harmless(-5.0)
    ("'=1+1", '-5.2', "'-5+cmd", -5.0)
    """
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) and as_number(cell) is None:
        return "'" + cell
    return cell


def as_number(text: str) -> float | None:
    """Return the number that a text plainly is, or None; codes such as "007" are none."""
    plain = unicodedata.normalize("NFKC", text).strip(" ")
    return float(plain) if _NUMBER.fullmatch(plain) and plain.strip("+-.") else None


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write UTF-8 with byte order mark, which Excel opens rightly, texts made harmless.

    Parameters
    ----------
    frame : DataFrame
        Its index is not written.
    path : str or Path
        The file.
    """
    safe = _harmless_frame(frame)
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def write_xlsx(
    frame: pd.DataFrame,
    path: str | Path,
    sheet: str,
    *,
    language: Language = "en",
    formats: Mapping[str, str] | None = None,
) -> None:
    """Write one sheet with a frozen header row; texts stay texts, numbers become numbers.

    Parameters
    ----------
    frame : DataFrame
        Its index is not written.
    path : str or Path
        The file.
    sheet : str
        Name of the sheet.
    language : {"ja", "en"}, default="en"
        Chooses the font.
    formats : mapping of str to str, optional
        Number format by column; the others have that of the program.
    """
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    # written row by row: a long file is never held as cells
    book = new_book(language, write_only=True)
    page = book.create_sheet(sheet)
    names = [str(name) for name in frame.columns]
    headings = [Heading(name, _width(frame.iloc[:, k], name)) for k, name in enumerate(names)]
    header = header_cells(page, headings, language)
    page.freeze_panes = "A2"
    page.auto_filter.ref = f"A1:{get_column_letter(len(names))}{len(frame) + 1}"
    prepare_print(page, header_row=1)
    # what stands before the rows in the file is written with the first of them
    page.append(header)
    styles = [(formats or {}).get(name) for name in names]
    for row in frame.astype(object).itertuples(index=False, name=None):
        cells = []
        for value, style in zip(row, styles, strict=True):
            cell = WriteOnlyCell(page, _workbook_value(value))
            if isinstance(cell.value, str):
                # a text that begins with "=" would become a formula
                cell.data_type = "s"
            elif style is not None:
                cell.number_format = style
            cells.append(cell)
        page.append(cells)
    book.save(path)


def _width(column: pd.Series, name: str) -> float:
    """Return the width of a column: half of its name, for it has two lines, and all of its texts.

    Only the first rows are looked at.
    """
    cells = column.iloc[:_LOOKED_AT]
    texts = [display_width(value) for value in cells if isinstance(value, str)]
    return min(max(12, display_width(name) / 2 + 4, min(max(texts, default=0), 60) + 3), 64)


def _workbook_value(value: Any) -> Any:
    if isinstance(value, str):
        number = as_number(value)
        return value.translate(_CONTROL) if number is None else number
    if value is None or pd.isna(value):
        return None
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    return value


def _harmless_frame(frame: pd.DataFrame) -> pd.DataFrame:
    safe = frame.rename(columns=harmless)
    for position in range(safe.shape[1]):
        column = safe.iloc[:, position]
        if not pd.api.types.is_numeric_dtype(column):
            safe.isetitem(position, column.astype(object).map(harmless, na_action="ignore").array)
    return safe
