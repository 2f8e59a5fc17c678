"""Cases A10, A13, A14 of .xlsx files as other programs write them, and as nobody should."""

import datetime
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.io import read_raw
from ntkreg.io.files import child_limits

# tests/ has no __init__.py, so a module beside this one is loaded by its place
_SPEC = importlib.util.spec_from_file_location(
    "workbook_files", Path(__file__).with_name("workbook_files.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
files = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(files)

SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TEXTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
SHEET, STYLES, BOOK = "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"


def inline(text):
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


HEAD = f"<row>{inline('a')}{inline('b')}</row>"


def numbers(first, count=6):
    return "".join(
        f"<row><c><v>{first + i}</v></c><c><v>{i * i}</v></c></row>" for i in range(count)
    )


def save(folder, rows, extra="", **parts):
    """Write a workbook whose sheet is the rows given as XML, and read it."""
    path = folder / "t.xlsx"
    path.write_bytes(files.write_xlsx({"a": [["x", "y"], [datetime.datetime(2024, 1, 5), 1]]}))
    with files.zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name).decode() for name in archive.namelist()}
    content[SHEET] = f"<worksheet {SPACE}><sheetData>{rows}</sheetData>{extra}</worksheet>"
    for name, change in parts.items():
        place = {"styles": STYLES, "book": BOOK, "texts": "xl/sharedStrings.xml"}[name]
        content[place] = change(content.get(place, ""))
        if name == "texts":
            content["[Content_Types].xml"] = content["[Content_Types].xml"].replace(
                "<Override", f'<Override PartName="/{place}" ContentType="{TEXTS}"/><Override', 1
            )
    path.write_bytes(files.zip_of(content))
    return path


def read(*arguments, **parts):
    return read_raw(save(*arguments, **parts))


def codes(raw):
    return [entry.message.code for entry in raw.ledger.entries]


def test_A14_rows_and_cells_without_addresses_are_counted(tmp_path):
    raw = read(tmp_path, HEAD + numbers(10))
    assert [c.cells.tolist() for c in raw.columns] == [[*range(10, 16)], [0, 1, 4, 9, 16, 25]]


def test_A14_cells_of_a_row_in_another_order_keep_their_columns(tmp_path):
    rows = "".join(
        f'<row r="{i}"><c r="B{i}"><v>{i * i}</v></c><c r="A{i}"><v>{i}</v></c></row>'
        for i in range(2, 9)
    )
    assert read(tmp_path, HEAD + rows).columns[0].cells.tolist() == [*range(2, 9)]


CONTRADICTIONS = {
    "row 2 stands behind row 3": '<row r="3"/><row r="2"><c><v>1</v></c></row>',
    "cell B7 stands in row 2": '<row r="2"><c r="B7"><v>1</v></c></row>',
    "cell A2 occurs twice": '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
    "beyond the last column|Invalid column": '<row r="2"><c r="XFE2"><v>1</v></c></row>',
    "1,5": "<row><c><v>1,5</v></c></row>",
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_A05_A14_a_sheet_that_contradicts_itself_is_refused(tmp_path, what):
    with pytest.raises(InputError, match=rf"t\.xlsx is damaged: .*({what})"):
        read(tmp_path, HEAD + CONTRADICTIONS[what])


def test_A14_rich_text_is_text_and_its_furigana_are_not(tmp_path):
    texts = (
        f'<sst {SPACE}><si><r><t>温</t></r><r><rPr><b/></rPr><t xml:space="preserve">度 [℃]</t></r>'
        '<rPh sb="0" eb="1"><t>オンド</t></rPh><phoneticPr fontId="1"/></si>'
        "<si><t>圧力_x000D_\n[MPa]</t></si><si><t>_x005F_x0041_</t></si></sst>"
    )
    head = "<row>" + "".join(f'<c t="s"><v>{k}</v></c>' for k in range(3)) + "</row>"
    raw = read(tmp_path, head + numbers(1), texts=lambda _: texts)
    assert [c.name for c in raw.columns] == ["温度 [℃]", "圧力 [MPa]", "_x0041_"]
    assert [c.unit for c in raw.columns] == ["℃", "MPa", None]


def test_A09_rows_with_formats_alone_are_no_rows(tmp_path):
    empty = "".join(f'<row r="{i}"><c r="A{i}" s="1"/></row>' for i in range(20, 5_000))
    raw = read(tmp_path, HEAD + numbers(1) + empty)
    assert raw.n_rows == read(tmp_path, HEAD + numbers(1)).n_rows


def test_A14_dates_in_iso_form_and_in_formats_that_japanese_excel_leaves_undefined(tmp_path):
    rows = "".join(
        f'<row><c t="d"><v>2024-01-{i:02}T06:30:00</v></c><c s="1"><v>{45295.5 + i}</v></c></row>'
        for i in range(1, 9)
    )

    def styles(old):
        return re.sub(r'numFmtId="(?!0")\d+"', 'numFmtId="31"', old)

    raw = read(tmp_path, HEAD + rows, styles=styles)
    assert [c.kind for c in raw.columns] == ["date", "date"]
    assert raw.columns[0].cells[0] == datetime.datetime(2024, 1, 1, 6, 30)
    assert raw.columns[1].cells[0] == datetime.datetime(2024, 1, 5, 12)


def test_A13_dates_of_1904_in_an_xlsx(tmp_path):
    rows = "".join(f'<row><c s="1"><v>{43834 + i}</v></c><c><v>{i}</v></c></row>' for i in range(9))

    def book(old):
        return re.sub("<workbookPr[^>]*>", '<workbookPr date1904="1"/>', old)

    assert read(tmp_path, HEAD + rows, book=book).columns[0].cells[0] == datetime.datetime(
        2024, 1, 5
    )


def test_A14_styles_that_openpyxl_refuses_are_of_no_concern(tmp_path):
    def styles(old):
        old = old.replace("<fills", '<fills count="1"><fill/></fills><x:fills xmlns:x="y"', 1)
        return re.sub(r"(?s)<x:fills.*?</fills>", "", old)

    rows = "".join(f'<row><c s="1"><v>{45296 + i}</v></c><c><v>{i}</v></c></row>' for i in range(9))
    raw = read(tmp_path, HEAD + rows, styles=styles)
    assert raw.columns[0].cells[0] == datetime.datetime(2024, 1, 5)


def test_A14_B02_a_chart_sheet_without_a_chart_does_not_matter(tmp_path):
    book = openpyxl.Workbook()
    for i in range(9):
        book.active.append([i, i * i] if i else ["x", "y"])
    book.create_chartsheet("グラフ")
    book.save(tmp_path / "t.xlsx")
    assert read_raw(tmp_path / "t.xlsx").n_rows == 8


def formulas(values, kind=""):
    return "".join(
        f"<row><c><v>{i}</v></c><c{kind}><f>A1</f>{value}</c></row>"
        for i, value in enumerate(values)
    )


@pytest.mark.parametrize("none", ["", "<v/>", "<v></v>"])
def test_E04_a_formula_without_a_value_is_said_in_every_spelling(tmp_path, none):
    raw = read(tmp_path, HEAD + formulas(["<v>1</v>", "<v>2</v>", "<v>3</v>", none]))
    assert ("W106" in codes(raw), raw.columns[1].n_missing) == (True, 1)


def test_E04_a_formula_that_gave_an_empty_text_is_a_blank(tmp_path):
    values = [f"<v>{i}</v>" for i in range(6)]
    rows = formulas(values) + formulas(["<v></v>", "<v/>"], ' t="str"')
    raw = read(tmp_path, HEAD + rows)
    assert ("W106" in codes(raw), raw.columns[1].n_missing) == (False, 2)


@pytest.mark.parametrize(("last", "missing"), [("<v>0</v>", 6), ("<v>2.5</v>", 0)])
def test_E04_zeros_of_formulas_that_nobody_computed_are_no_values(tmp_path, last, missing):
    def book(old):
        return re.sub("<calcPr[^>]*>", '<calcPr calcId="124519" fullCalcOnLoad="1"/>', old)

    raw = read(tmp_path, HEAD + formulas(["<v>0</v>"] * 5 + [last]), book=book)
    assert raw.columns[1].n_missing == missing
    assert ("W106" in codes(raw)) == bool(missing)


def test_E03_A14_shared_formulas_and_error_cells(tmp_path):
    rows = HEAD + numbers(1) + (
        '<row><c><f t="shared" ref="A8:A9" si="0">1</f><v>7.5</v></c><c t="e"><v>#N/A</v></c></row>'
        '<row><c><f t="shared" si="0"/><v>8.5</v></c><c t="b"><v>1</v></c></row>'
    )  # fmt: skip
    raw = read(tmp_path, rows)
    assert raw.columns[0].cells.tolist() == [*range(1, 7), 7.5, 8.5]
    assert raw.columns[1].cells.tolist()[-2:] == ["#N/A", True]


HOSTILE = {
    "E140": {"styles": lambda old: old.replace('"yyyy', '"' + "[" * 300_000 + "yyyy")},
    "E141": {"texts": lambda _: f"<sst {SPACE}><si>{'<r><t>a</t></r>' * 400_000}</si></sst>"},
}


@pytest.mark.parametrize("code", HOSTILE)
def test_A10_a_hostile_xlsx_is_stopped(tmp_path, monkeypatch, code):
    monkeypatch.setattr(child_limits, "SECONDS", 1.0 if code == "E140" else 8.0)
    monkeypatch.setattr(child_limits, "MEMORY", 700_000_000 if code == "E140" else 100_000_000)
    path = save(tmp_path, HEAD + '<row><c s="1"><v>1</v></c></row>', **HOSTILE[code])
    with pytest.raises(InputError, match=r"t\.xlsx.*save (it|the)") as caught:
        read_raw(path)
    assert caught.value.code == code


@pytest.mark.parametrize("corner", ["XFD2000", "GH200000"])
def test_A09_A11_two_cells_at_the_far_corner_are_no_table(tmp_path, corner):
    row = corner.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    rows = f'{HEAD}<row r="{row}"><c r="{corner}"><v>1</v></c></row>'
    with pytest.raises(InputError, match=r"used range of t\.xlsx is too large: 2000*0 rows"):
        read(tmp_path, rows)


def test_A10_rows_that_are_far_too_wide_do_not_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(child_limits, "OUTPUT", 1_000_000)
    rows = "".join(f'<row r="{i}"><c r="XFD{i}"><v>1</v></c></row>' for i in range(2, 100))
    with pytest.raises(InputError, match=r"t\.xlsx cannot be read"):
        read(tmp_path, HEAD + rows)


def test_A08_no_workbook_is_read_without_defusedxml(tmp_path):
    save(tmp_path, HEAD + numbers(1))
    code = "import sys, ntkreg.io; ntkreg.io.read_raw(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "t.xlsx")],
        env={**os.environ, "OPENPYXL_DEFUSEDXML": "False"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "E133" in done.stderr
    assert FileAccessError.__name__ in done.stderr
