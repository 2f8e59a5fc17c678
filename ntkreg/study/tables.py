"""Tables that go back to a spreadsheet program: CSV with BOM, or a workbook."""

from __future__ import annotations

import math
import re
import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd

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


def write_xlsx(frame: pd.DataFrame, path: str | Path, sheet: str) -> None:
    """Write one sheet with a frozen header row; texts stay texts, numbers become numbers.

    Parameters
    ----------
    frame : DataFrame
        Its index is not written.
    path : str or Path
        The file.
    sheet : str
        Name of the sheet.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.freeze_panes = "A2"
    for row in [list(frame.columns), *frame.astype(object).itertuples(index=False, name=None)]:
        cells = []
        for value in row:
            cell = WriteOnlyCell(page, _workbook_value(value))
            if isinstance(cell.value, str):
                # a text that begins with "=" would become a formula
                cell.data_type = "s"
            cells.append(cell)
        page.append(cells)
    book.save(path)


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
