"""Write the three sample tables again: ``python -m ntkreg_sample_data.generate [FOLDER]``."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from . import coating_line, heat_treatment, injection_molding

SEED = 20240408
STAMP = (2024, 10, 1, 9, 0, 0)


def generate(folder: Path) -> tuple[Path, ...]:
    """Write all tables into an existing folder and return their paths.

    The same versions of numpy and openpyxl give the same bytes: the workbook's time stamps are
    fixed, and every table has a generator of its own.
    """
    injection, heat, coating = np.random.SeedSequence(SEED).spawn(3)
    workbook = folder / "injection_molding.xlsx"
    workbook.write_bytes(
        _workbook_bytes(injection_molding.recorded(np.random.default_rng(injection)))
    )
    steel = folder / "heat_treatment_cp932.csv"
    table = heat_treatment.recorded(np.random.default_rng(heat))
    steel.write_bytes(table.to_csv(index=False, lineterminator="\r\n").encode("cp932"))
    line = folder / "coating_line.csv"
    logged = _as_logged(coating_line.recorded(np.random.default_rng(coating)))
    line.write_bytes(logged.to_csv(index=False, lineterminator="\r\n").encode("utf-8"))
    return workbook, steel, line


def _as_logged(table: pd.DataFrame) -> pd.DataFrame:
    text = pd.DataFrame({"datetime": table["datetime"].dt.strftime("%Y/%m/%d %H:%M")})
    for column, digits in coating_line.DIGITS.items():
        values = table[column].round(digits)
        text[column] = ["" if pd.isna(v) else f"{v:.{max(digits, 0)}f}" for v in values]
    return text


def _workbook_bytes(table: pd.DataFrame) -> bytes:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    sheet = workbook.create_sheet("条件出し")
    workbook.create_sheet("メモ")["A1"] = "収縮率 = (金型寸法 - 製品寸法) / 金型寸法 × 100"
    sheet["A1"], sheet["A2"] = injection_molding.TITLE, injection_molding.NOTE
    sheet["A1"].font = Font(name="Yu Gothic", size=14, bold=True)
    sheet["A2"].font = Font(name="Yu Gothic", size=9)
    rows = [list(table.columns), *table.astype(object).where(table.notna(), None).values.tolist()]
    for i, row in enumerate(rows, start=4):
        for j, value in enumerate(row, start=1):
            sheet.cell(i, j, value.to_pydatetime() if isinstance(value, pd.Timestamp) else value)
    _dress(sheet)
    return _with_fixed_times(workbook)


def _dress(sheet: Worksheet) -> None:
    """Give the sheet the looks of a plant's workbook."""
    line = Side(style="thin", color="999999")
    for place, cell in enumerate(sheet[4], start=1):
        cell.fill = PatternFill("solid", fgColor="DDEBF7")
        cell.font = Font(name="Yu Gothic", size=10, bold=True)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = Border(line, line, line, line)
        sheet.column_dimensions[get_column_letter(place)].width = 12
    for (cell,) in sheet.iter_rows(min_row=5, min_col=2, max_col=2):
        cell.number_format = "yyyy/mm/dd"
    sheet.freeze_panes = "E5"


def _with_fixed_times(workbook: Workbook) -> bytes:
    """Save with the same bytes whenever it is done: openpyxl writes the clock into the file."""
    raw, fixed = io.BytesIO(), io.BytesIO()
    workbook.save(raw)
    moment = "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}Z".format(*STAMP).encode()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(fixed, "w") as new:
        for entry in sorted(old.namelist()):
            content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z", moment, old.read(entry))
            new.writestr(zipfile.ZipInfo(entry, STAMP), content, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for path in generate(target):
        print(path)
