"""The knowledge sheet: written for a table, filled in by hand, read with the place of mistakes."""

import numpy as np
import openpyxl
import pytest

from ntkreg.exceptions import InputError
from ntkreg.inspection import Expectation, read_knowledge
from ntkreg.reporting.workbook.knowledge_template import write_knowledge_template

TOP = 6


@pytest.fixture
def dataset(make_dataset):
    columns = {
        "保圧[MPa]": np.arange(5.0),
        "=1+1": np.arange(5.0),
        "材質": ["a", "b", "a", "b", "a"],
    }
    return make_dataset(columns, np.arange(5.0))


def filled(folder, dataset, rows, language="ja"):
    """Write the sheet and fill in (column, effect, from, to, reason) from the first row on."""
    path = folder / "knowledge.xlsx"
    write_knowledge_template(dataset, path, language)
    book = openpyxl.load_workbook(path)
    for row, (column, *rest) in enumerate(rows, TOP + 1):
        book.active.cell(row, 1).value = column
        for k, value in enumerate(rest, 5):
            book.active.cell(row, k).value = value
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", ("山形", "影響なし")), ("en", ("Peak", "no effect")), ("ja", ("peak", "none"))],
)
def test_a_filled_sheet_is_read_in_either_language(tmp_path, dataset, language, words):
    rows = [
        ("保圧[MPa]", words[0], 1, "３．５", "経験"),
        ("流れ", None, None, None, None),
        ("材質", words[1], None, None, None),
    ]
    assert read_knowledge(filled(tmp_path, dataset, rows, language), dataset) == (
        Expectation("保圧[MPa]", "peak", "経験", 1.0, 3.5),
        Expectation("材質", "none", ""),
    )


def test_an_empty_sheet_expects_nothing(tmp_path, dataset):
    write_knowledge_template(dataset, tmp_path / "k.xlsx", "en")
    assert read_knowledge(tmp_path / "k.xlsx", dataset) == ()


def test_the_sheet_lists_columns_with_their_ranges_and_never_a_formula(tmp_path, dataset):
    write_knowledge_template(dataset, tmp_path / "k.xlsx", "ja")
    sheet = openpyxl.load_workbook(tmp_path / "k.xlsx").active
    listed = [[c.value for c in row[:4]] for row in sheet.iter_rows(min_row=TOP + 1)]
    assert listed == [["保圧[MPa]", None, 0, 4], ["=1+1", None, 0, 4], ["材質", None, None, None]]
    assert {c.data_type for row in sheet.iter_rows() for c in row} == {"s", "n"}
    assert sheet.freeze_panes == f"B{TOP + 1}"
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == '"増加,減少,山形,谷形,影響なし"'
    assert str(choice.sqref).startswith(f"E{TOP + 1}:E")
    assert sheet.cell(TOP, 1).font.name == "Yu Gothic"


def test_the_same_table_gives_the_same_sheet(tmp_path, dataset):
    for name in ("a.xlsx", "b.xlsx"):
        write_knowledge_template(dataset, tmp_path / name, "ja")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("保圧", "上がる"), r"\[知見!E7\].* effect 上がる .*column 保圧.*increasing.*増加"),
        (("保厚", "増加"), r"\[知見!A7\].* column 保厚"),
        ((None, "増加"), r"\[知見!A7\]: an expectation without a column"),
        (("保圧", None, 3), r"\[知見!E7\]: column 保圧 has a range or a reason but no"),
        (("保圧", "増加", "低"), r"\[知見!F7\] gives column 保圧 from = 低, which is not a number"),
        (("保圧", "増加", 3, 2), "an empty range, from 3 to 2"),
        (("材質", "影響なし", 3), "材質 the range ≥ 3, but the column does not hold numbers"),
        (("強度", "増加"), "names the target 強度 itself"),
    ],
)
def test_mistakes_are_named_with_their_cell(tmp_path, dataset, row, message):
    with pytest.raises(InputError, match=message) as error:
        read_knowledge(filled(tmp_path, dataset, [row]), dataset)
    assert error.value.where["sheet"] == "知見"
    assert error.value.where["row"] == TOP + 1


def test_the_same_part_of_a_column_twice_is_refused(tmp_path, dataset):
    rows = [("保圧", "増加", None, 3), ("保圧", "減少", 2, None)]
    with pytest.raises(InputError, match=r"\[知見!A8\] names column 保圧\[MPa\] twice"):
        read_knowledge(filled(tmp_path, dataset, rows), dataset)


def test_a_workbook_without_the_headings_is_refused(tmp_path, dataset):
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.save(tmp_path / "k.xlsx")
    with pytest.raises(InputError, match=r"k\.xlsx has no row of headings .* sheet Sheet"):
        read_knowledge(tmp_path / "k.xlsx", dataset)
