"""What goes back to a spreadsheet program opens rightly and does no harm."""

import openpyxl
import pandas as pd
import pytest

from ntkreg.study.tables import as_number, harmless, write_csv, write_xlsx


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-1+1|x", "@SUM(A1)", "\tx", "\rx", "＝1"])
def test_formulas_become_text(text):
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("cell", ["-5", "+1.5e3", "-0.2", "abc", "", -5.0, None, "－５"])
def test_numbers_and_plain_texts_stay(cell):
    assert harmless(cell) == cell


@pytest.mark.parametrize(
    ("text", "number"),
    [("１０．５", 10.5), ("-.5", -0.5), ("007", None), ("1e5", 1e5), ("", None), (".", None),
     ("1_000", None), ("nan", None), ("0", 0.0)],
)  # fmt: skip
def test_only_plain_numbers_are_numbers(text, number):
    assert as_number(text) == number


def test_csv_opens_in_excel(tmp_path):
    frame = pd.DataFrame({"=材料": ["=A1", "鋼"], "x": [-1.5, 2.0]})
    write_csv(frame, tmp_path / "t.csv")
    data = (tmp_path / "t.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig") == "'=材料,x\r\n'=A1,-1.5\r\n鋼,2.0\r\n"


def test_workbook_keeps_texts_and_numbers_apart(tmp_path):
    frame = pd.DataFrame({"a": ["=1+1", "12", None, "x\x01"], "b": [1.5, float("nan"), 3, 4]})
    write_xlsx(frame, tmp_path / "t.xlsx", "s")
    page = openpyxl.load_workbook(tmp_path / "t.xlsx")["s"]
    rows = list(page.iter_rows(values_only=True))
    assert rows == [("a", "b"), ("=1+1", 1.5), (12, None), (None, 3), ("x", 4)]
    assert page["A2"].data_type == "s"
