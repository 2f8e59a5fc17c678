"""Cases A and B in every workbook format: the same table, the same sheets, the same refusals."""

import datetime
import importlib.util
import re
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw
from ntkreg.io.files import child_limits, reader, sniff

# tests/ has no __init__.py, so a module beside this one is loaded by its place
_SPEC = importlib.util.spec_from_file_location(
    "workbook_files", Path(__file__).with_name("workbook_files.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
files = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(files)

FORMATS = list(files.WRITERS)
OTHERS = ["xls", "xlsb", "ods"]
START = datetime.datetime(2024, 1, 1, 6, 0)
ROWS = [
    ["温度[℃]", "種類", "日時", "合格", "強度"],
    *(
        [i / 4 - 1, "甲乙"[i % 2], START + datetime.timedelta(days=i), i % 3 == 0, i * i]
        for i in range(12)
    ),
]


def save(folder, kind, sheets=None, hidden=(), merged=()):
    path = folder / f"t.{kind}"
    path.write_bytes(files.WRITERS[kind](sheets or {"表": ROWS}, hidden, merged))
    return path


def codes(raw):
    return [entry.message.code for entry in raw.ledger.entries]


@pytest.mark.parametrize("kind", OTHERS)
def test_A13_the_same_table_gives_the_same_numbers_as_its_xlsx_twin(tmp_path, kind):
    raw, twin = read_raw(save(tmp_path, kind)), read_raw(save(tmp_path, "xlsx"))
    assert raw.source.kind == kind
    assert [(c.name, c.unit, c.kind) for c in raw.columns] == [
        (c.name, c.unit, c.kind) for c in twin.columns
    ]
    for column, other in zip(raw.columns, twin.columns, strict=True):
        assert column.cells.tolist() == other.cells.tolist()
    assert codes(raw) == codes(twin)


MERGED_ROWS = [
    ["Lot", "条件", None, "結果"],
    [None, "温度[℃]", "圧力[MPa]", "強度[MPa]"],
    *([f"L{i // 3}" if i % 3 == 0 else None, 200 + i / 2, i / 8, i * i] for i in range(12)),
]
MERGED = [(0, 0, 1, 0), (0, 1, 0, 2), *((2 + i, 0, 4 + i, 0) for i in range(0, 12, 3))]


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("fill", [False, True])
def test_A13_B05_B10_merged_cells_are_what_they_are_in_the_xlsx_twin(tmp_path, kind, fill):
    raw, twin = (
        read_raw(save(tmp_path, k, {"表": MERGED_ROWS}, merged=MERGED), fill_merged=fill)
        for k in (kind, "xlsx")
    )
    assert [c.name for c in twin.columns][:2] == ["Lot", "条件 / 温度[℃]"]
    assert twin.columns[0].n_missing == (0 if fill else 8)
    assert [c.cells.tolist() for c in raw.columns] == [c.cells.tolist() for c in twin.columns]
    assert [c.name for c in raw.columns] == [c.name for c in twin.columns]
    assert raw.ledger == twin.ledger


def test_A13_durations_of_more_than_a_day_in_an_ods_are_hours(tmp_path):
    rows = [["t", "y"], *([datetime.timedelta(hours=5.25 * i), i] for i in range(12))]
    raw, twin = (read_raw(save(tmp_path, kind, {"a": rows})) for kind in ("ods", "xlsx"))
    assert raw.columns[0].numbers().tolist() == [5.25 * i for i in range(12)]
    assert codes(raw) == codes(twin) == ["R113"]


@pytest.mark.parametrize("kind", OTHERS)
def test_A13_E03_error_cells_are_error_cells(tmp_path, kind):
    rows = [list(row) for row in ROWS]
    rows[3][0], rows[5][0], rows[-1][4] = "#DIV/0!", None, "#VALUE!"
    raw = read_raw(save(tmp_path, kind, {"a": rows}))
    assert [e.message.code for e in raw.columns[0].entries] == ["W107"]
    assert "first in row 4" in raw.columns[0].entries[0].message.text("en")
    assert raw.columns[4].cells[-1] == "#VALUE!"


def test_A13_E04_a_formula_of_an_xls_without_a_stored_value_is_said(tmp_path):
    def change(book):
        book.get_sheet(0).write(13, 0, files.xlwt.Formula("A2+1"))
        book.get_sheet(0).write(13, 4, 7)

    (tmp_path / "t.xls").write_bytes(files.write_xls({"a": ROWS}, change=change))
    assert "W106" in codes(read_raw(tmp_path / "t.xls"))


def test_A13_an_xls_of_excel_95_is_refused_with_what_to_save_as(tmp_path):
    data = save(tmp_path, "xls").read_bytes()
    first = struct.pack("<HHH", 0x809, 16, 0x600)
    (tmp_path / "t.xls").write_bytes(data.replace(first, struct.pack("<HHH", 0x809, 16, 0x500)))
    with pytest.raises(InputError, match=r"Excel 95 .* save it as \.xlsx"):
        read_raw(tmp_path / "t.xls")


def test_A13_dates_of_1904_are_dates(tmp_path):
    rows = [["t", "y"], *([START, i] for i in range(5))]
    book = files.xlwt.Workbook()
    book.dates_1904 = True
    sheet = book.add_sheet("a")
    style = files.xlwt.easyxf(num_format_str="yyyy/mm/dd")
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            sheet.write(i, j, value, style if i and not j else files.xlwt.XFStyle())
    book.save(str(tmp_path / "t.xls"))
    assert read_raw(tmp_path / "t.xls").columns[0].cells[0] == START


@pytest.mark.parametrize("kind", FORMATS)
def test_A13_B06_a_table_at_b4_keeps_its_addresses(tmp_path, kind):
    rows = [[], [], [], *([None, *row] for row in ROWS)]
    raw = read_raw(save(tmp_path, kind, {"a": rows}))
    assert (raw.source.first_cell, raw.source.header_rows) == ("B4", (4,))
    assert raw.row_numbers[0] == 5


@pytest.mark.parametrize("kind", FORMATS)
def test_B01_the_first_visible_sheet_with_data_is_read_and_the_others_named(tmp_path, kind):
    sheets = {"空": [], "隠し": [["a"], [1]], "表": ROWS, "別": [["b"], [2]]}
    raw = read_raw(save(tmp_path, kind, sheets, hidden=["隠し"]))
    assert raw.source.sheet == "表"
    assert raw.ledger.entries[0].message.values["others"] == ["空", "隠し", "別"]


@pytest.mark.parametrize("kind", FORMATS)
def test_B01_an_unknown_sheet_is_refused_with_the_list(tmp_path, kind):
    with pytest.raises(InputError, match=r"no sheet named c in t\..*sheets are: a, b"):
        read_raw(save(tmp_path, kind, {"a": ROWS, "b": ROWS}), sheet="c")


@pytest.mark.parametrize("kind", FORMATS)
def test_B02_a_hidden_sheet_is_read_only_by_name(tmp_path, kind):
    path = save(tmp_path, kind, {"a": [], "b": ROWS}, hidden=["b"])
    with pytest.raises(InputError, match=r"No sheet of t.* holds data"):
        read_raw(path)
    raw = read_raw(path, sheet="b")
    assert raw.n_rows == 12
    assert "W105" in codes(raw)


@pytest.mark.parametrize("kind", OTHERS)
def test_A03_a_workbook_under_another_name_is_read_and_said(tmp_path, kind):
    path = save(tmp_path, kind).rename(tmp_path / "t.csv")
    entry = read_raw(path).ledger.entries[0]
    assert entry.message.code == "W140"
    assert f".{kind} workbook" in entry.message.text("en")


NO_TABLES = [
    (b"<html><table><tr><td>1</td></tr></table>", "HTML"),
    (b"<!-- made by x -->\n<meta charset=utf-8>\n<table>", "HTML"),
    (b"%PDF-1", "PDF"),
    (b'[{"x": 1, "y": 2}, {"x": 2, "y": 3}]', "JSON"),
    (b'{\n  "rows": [[1, 2], [3, 4]]\n}', "JSON"),
]


@pytest.mark.parametrize(("content", "what"), NO_TABLES)
@pytest.mark.parametrize("kind", OTHERS)
def test_A03_another_kind_of_file_is_named(tmp_path, kind, content, what):
    (tmp_path / f"t.{kind}").write_bytes(content)
    with pytest.raises(InputError, match=f"its content is: {what}"):
        read_raw(tmp_path / f"t.{kind}")


def test_A03_another_kind_of_office_file_is_named(tmp_path):
    data = save(tmp_path, "xls").read_bytes()
    name = "Workbook".encode("utf-16-le")
    (tmp_path / "t.xls").write_bytes(data.replace(name, "Document".encode("utf-16-le")))
    with pytest.raises(InputError, match=r"its content is: Office \(OLE\)"):
        read_raw(tmp_path / "t.xls")


@pytest.mark.parametrize("name", ["[kPa]", "[1]", "{x}", '"[a,b]"'])
def test_A03_a_name_in_brackets_is_no_other_kind(tmp_path, name):
    (tmp_path / "t.csv").write_text(f"{name},y\n" + "1,2\n3,4\n" * 6, encoding="utf-8")
    assert read_raw(tmp_path / "t.csv").columns[0].name == name.strip('"')


@pytest.mark.parametrize("kind", FORMATS)
def test_A04_a_lock_file_is_refused(tmp_path, kind):
    (tmp_path / f"~$t.{kind}").write_bytes(b"\x05user")
    with pytest.raises(InputError, match=f"lock file.* give t.{kind}"):
        read_raw(tmp_path / f"~$t.{kind}")


def test_A06_a_protected_xls_is_said_to_be_protected(tmp_path):
    data = save(tmp_path, "xls").read_bytes()
    # the code page becomes the record that says how the rest is encrypted
    place = data.index(struct.pack("<HH", 0x42, 2))
    (tmp_path / "t.xls").write_bytes(data[:place] + b"\x2f" + data[place + 1 :])
    with pytest.raises(InputError, match="protected by a password"):
        read_raw(tmp_path / "t.xls")


@pytest.mark.parametrize("suffix", ["xlsx", "xlsb"])
def test_A06_a_protected_workbook_of_any_kind_is_said_to_be_protected(tmp_path, suffix):
    data = save(tmp_path, "xls").read_bytes()
    name, secret = (text.encode("utf-16-le") for text in ("Workbook", "EncryptedPackage"))
    place = data.index(name)
    (tmp_path / f"t.{suffix}").write_bytes(data[:place] + secret + data[place + len(secret) :])
    with pytest.raises(InputError, match="protected by a password"):
        read_raw(tmp_path / f"t.{suffix}")


def test_A06_a_protected_ods_is_said_to_be_protected(tmp_path):
    manifest = "<manifest:manifest><manifest:encryption-data/></manifest:manifest>"
    parts = {
        "mimetype": files.ODS_MIME,
        "content.xml": b"\x8a\x01",
        "META-INF/manifest.xml": manifest,
    }
    (tmp_path / "t.ods").write_bytes(files.zip_of(parts))
    with pytest.raises(InputError, match="protected by a password"):
        read_raw(tmp_path / "t.ods")


@pytest.mark.parametrize(("kind", "part"), [("ods", "x.bin"), ("xlsb", "xl/x.bin")])
def test_A07_a_zip_bomb_is_refused_before_unpacking(tmp_path, kind, part):
    path = save(tmp_path, kind)
    with files.zipfile.ZipFile(path, "a", files.zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, bytes(60_000_000))
    with pytest.raises(InputError, match="would unpack to 60 MB"):
        read_raw(path)


def test_A07_a_large_sheet_of_one_value_is_no_bomb(tmp_path):
    cell = '<table:table-cell office:value-type="float" office:value="0"><text:p>0</text:p>'
    row = f"<table:table-row>{f'{cell}</table:table-cell>' * 10}</table:table-row>"
    data = files.ods_of({"a": row * 55_000})
    with files.zipfile.ZipFile(files.io.BytesIO(data)) as archive:
        content = archive.getinfo("content.xml")
    assert content.file_size > sniff.SMALL
    assert content.file_size > sniff.MAX_RATIO * content.compress_size
    assert sniff.identify(data, tmp_path / "t.ods") == "ods"


def test_A07_A10_a_sheet_of_one_value_gets_time_for_what_it_unpacks_to(monkeypatch):
    cells = "<row>" + "<c><v>0</v></c>" * 10 + "</row>"
    small = files.zip_of({"xl/worksheets/sheet1.xml": cells})
    large = files.zip_of({"xl/worksheets/sheet1.xml": cells * 20_000})
    assert len(large) < 50_000
    seconds = [child_limits.limits_of(data, "xlsx").seconds for data in (small, large)]
    assert seconds[1] - seconds[0] > 0.5
    monkeypatch.setattr(child_limits, "SMALL", 100_000)
    assert child_limits.limits_of(large, "xlsx").seconds - seconds[0] < 0.2


def test_B10_thousands_of_merged_ranges_are_filled(tmp_path):
    rows = [["lot", "x", "y"]]
    for i in range(2_000):
        rows += [[f"L{i}", i, i * 7 % 11], [None, i + 1, i * 5 % 13]]
    merged = [(1 + 2 * i, 0, 2 + 2 * i, 0) for i in range(2_000)]
    raw = read_raw(save(tmp_path, "ods", {"a": rows}, merged=merged), fill_merged=True)
    assert raw.columns[0].labels()[:3].tolist() == ["L0", "L0", "L1"]
    assert raw.columns[0].n_missing == 0


@pytest.mark.parametrize(
    ("kind", "part"), [("ods", "content.xml"), ("xlsb", "xl/_rels/workbook.bin.rels")]
)
def test_A08_a_document_type_declaration_is_refused(tmp_path, kind, part):
    path = save(tmp_path, kind)
    with files.zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = b'<!DOCTYPE r [<!ENTITY a "b">]>' + parts[part].split(b"?>", 1)[-1]
    path.write_bytes(files.zip_of(parts))
    with pytest.raises(InputError, match=f"document type declaration in {part}"):
        read_raw(path)


def test_A09_two_to_the_34_repeated_blank_cells_of_an_ods_do_not_count(tmp_path):
    blank = '<table:table-cell table:number-columns-repeated="16384"/>'
    rows = "".join(files.ods_row([*map(files.ods_cell, row), blank]) for row in ROWS)
    rows += (
        f'<table:table-row table:number-rows-repeated="1048560">{blank}</table:table-row>'
        '<table:table-row table:number-rows-repeated="1048576">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    (tmp_path / "t.ods").write_bytes(files.ods_of({"a": rows}))
    started = time.monotonic()
    raw = read_raw(tmp_path / "t.ods")
    assert (raw.n_rows, len(raw.columns)) == (12, 5)
    assert time.monotonic() - started < 10


def test_A09_A10_two_to_the_34_repeated_values_of_an_ods_are_refused(tmp_path):
    cell = (
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" '
        'office:value="1"><text:p>1</text:p></table:table-cell>'
    )
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    (tmp_path / "t.ods").write_bytes(files.ods_of({"a": row}))
    started = time.monotonic()
    with pytest.raises(InputError, match=r"t\.ods"):
        read_raw(tmp_path / "t.ods")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("kind", ["xls", "xlsb"])
def test_A09_formatted_blank_cells_far_away_do_not_count(tmp_path, kind):
    rows = [*ROWS, *([] for _ in range(5_000)), [None] * 200]
    if kind == "xls":
        style = files.xlwt.easyxf(num_format_str="0.00")

        def change(book):
            book.get_sheet(0).write(65_535, 255, None, style)

        (tmp_path / "t.xls").write_bytes(files.write_xls({"a": ROWS}, change=change))
        raw = read_raw(tmp_path / "t.xls")
    else:
        raw = read_raw(save(tmp_path, kind, {"a": rows}))
    assert (raw.n_rows, len(raw.columns)) == (12, 5)


CHILDREN = {
    "hangs": "import time; time.sleep(60)",
    "aborts": "import os; os.abort()",
    "ends early": "pass",
    "fails": "import sys; sys.exit(3)",
    "writes nonsense": "print('{')",
    "takes all memory": "x = []\nwhile True: x.append(bytearray(10_000_000))",
}


@pytest.mark.parametrize("what", CHILDREN)
def test_A10_whatever_the_library_does_there_is_one_error(tmp_path, monkeypatch, what):
    child = tmp_path / "child.py"
    child.write_text(CHILDREN[what])
    monkeypatch.setattr(reader, "_CHILD", child)
    monkeypatch.setattr(child_limits, "SECONDS", 0.5 if what == "hangs" else 8.0)
    monkeypatch.setattr(child_limits, "MEMORY", 200_000_000)
    with pytest.raises(InputError, match=r"t\.ods.*save it as \.xlsx") as caught:
        read_raw(save(tmp_path, "ods"))
    assert caught.value.code == ("E140" if what == "hangs" else "E141")


def test_A10_a_panic_of_the_library_is_one_error(tmp_path):
    child = reader._CHILD.read_text(encoding="utf-8")
    child = child.replace(
        "    book = Cal", "    class P(BaseException): ...\n    raise P('x')\n    book = Cal"
    )
    assert "raise P" in child
    file = tmp_path / "child.py"
    file.write_text(child, encoding="utf-8")
    options = '{"kind": "ods", "sheet": null, "memory": 1000000000, "output": 1000}'
    command = [sys.executable, str(file), options]
    with (tmp_path / "o").open("wb") as out:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, check=True)
    assert (tmp_path / "o").read_text() == '{"error": "P", "reason": "x"}\n'


def test_A10_the_child_obeys_its_memory_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(child_limits, "MEMORY", 300_000_000)
    cell = (
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" '
        'office:value="1"><text:p>1</text:p></table:table-cell>'
    )
    row = f'<table:table-row table:number-rows-repeated="5000">{cell}</table:table-row>'
    (tmp_path / "t.ods").write_bytes(files.ods_of({"a": row}))
    with pytest.raises(InputError, match=r"t\.ods"):
        read_raw(tmp_path / "t.ods")


def test_A12_macros_of_an_xlsm_are_not_looked_at(tmp_path):
    path = save(tmp_path, "xlsx").rename(tmp_path / "t.xlsm")
    with files.zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 not even a macro")
    assert read_raw(path).n_rows == 12


def test_A12_the_stored_value_of_a_formula_is_read_and_nothing_fetched(tmp_path):
    cell = (
        "<table:table-cell table:formula=\"of:=WEBSERVICE('http://127.0.0.1:9/')\" "
        'office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell>'
    )
    rows = "".join(files.ods_row([*map(files.ods_cell, row), cell]) for row in ROWS[1:])
    head = files.ods_row(map(files.ods_cell, [*ROWS[0], "web"]))
    (tmp_path / "t.ods").write_bytes(files.ods_of({"a": head + rows}))
    np.testing.assert_array_equal(read_raw(tmp_path / "t.ods").columns[5].cells, 7)


def parts_of(path):
    with files.zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


STRICT = {
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": b"http://purl.oclc.org/ooxml/officeDocument/relationships",
}


def test_A14_strict_ooxml_is_read(tmp_path):
    path = save(tmp_path, "xlsx")
    parts = parts_of(path)
    for old, new in STRICT.items():
        parts = {name: content.replace(old, new) for name, content in parts.items()}
    twin = read_raw(path)
    path.write_bytes(files.zip_of(parts))
    raw = read_raw(path)
    assert [c.cells.tolist() for c in raw.columns] == [c.cells.tolist() for c in twin.columns]


def test_A14_backslashes_in_part_names_are_read(tmp_path):
    path = save(tmp_path, "xlsx")
    path.write_bytes(files.zip_of({n.replace("/", "\\"): c for n, c in parts_of(path).items()}))
    assert read_raw(path).n_rows == 12


def test_A14_missing_formats_are_named(tmp_path):
    path = save(tmp_path, "xlsx")
    parts = parts_of(path)
    del parts["xl/styles.xml"]
    path.write_bytes(files.zip_of(parts))
    with pytest.raises(InputError, match=r"t\.xlsx lacks its part xl/styles\.xml"):
        read_raw(path)


def test_A14_missing_texts_are_named(tmp_path):
    path = save(tmp_path, "xlsx", {"a": [["x", "y"], *([i, i * i] for i in range(9))]})
    parts = parts_of(path)
    parts.pop("xl/sharedStrings.xml", None)
    sheet = "xl/worksheets/sheet1.xml"
    inline = rb't="(?:inlineStr|s)">(?:<is><t>\w</t></is>|<v>(\d)</v>)'
    parts[sheet] = re.sub(inline, b't="s"><v>0</v>', parts[sheet])
    path.write_bytes(files.zip_of(parts))
    with pytest.raises(InputError, match=r"t\.xlsx lacks its part xl/sharedStrings\.xml"):
        read_raw(path)


def test_A14_numbers_alone_need_neither_texts_nor_formats(tmp_path):
    book = openpyxl.Workbook()
    for row in [[f"x{j}" for j in range(3)], *([i, i * i, i / 2] for i in range(9))]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    parts = parts_of(tmp_path / "t.xlsx")
    del parts["xl/styles.xml"]
    (tmp_path / "t.xlsx").write_bytes(files.zip_of(parts))
    assert read_raw(tmp_path / "t.xlsx").n_rows == 9


@pytest.mark.parametrize("wrong", [b"A1", b"A1:XFD1048576", b"C7:B2"])
def test_A14_a_wrong_dimension_is_not_believed(tmp_path, wrong):
    path = save(tmp_path, "xlsx")
    parts = parts_of(path)
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b'ref="A1:E13"', b'ref="' + wrong + b'"')
    path.write_bytes(files.zip_of(parts))
    assert read_raw(path).n_rows == 12


def test_importing_the_readers_imports_no_library_of_the_other_formats():
    code = "import sys, ntkreg.io; sys.exit('python_calamine' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
