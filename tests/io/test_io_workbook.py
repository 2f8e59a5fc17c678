"""Workbook -> grid: sheets, formulas, errors, merged cells, hostile files."""

import datetime
import zipfile

import openpyxl
import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw, read_table


def _save(path, rows, *, first_row=1, first_column=1, change=None):
    book = openpyxl.Workbook()
    sheet = book.create_sheet("data")
    book.remove(book["Sheet"])
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            sheet.cell(first_row + i, first_column + j, value)
    if change is not None:
        change(book)
    book.save(path)
    return path


ROWS: list[list[object]] = [
    ["x[mm]", "kind", "y"],
    *([i / 2, "ab"[i % 2], i * i] for i in range(12)),
]


def _codes(raw):
    return [entry.message.code for entry in raw.ledger.entries]


def test_a_table_at_b5_keeps_its_addresses(tmp_path):
    raw = read_raw(_save(tmp_path / "t.xlsx", ROWS, first_row=5, first_column=2))
    assert (raw.source.first_cell, raw.source.header_rows) == ("B5", (5,))
    assert raw.row_numbers[0] == 6
    assert [(c.name, c.unit, c.kind) for c in raw.columns] == [
        ("x[mm]", "mm", "numeric"),
        ("kind", None, "category"),
        ("y", None, "numeric"),
    ]


def test_a_workbook_gives_the_same_numbers_as_its_csv(tmp_path):
    book = read_table(_save(tmp_path / "t.xlsx", ROWS), target="y")
    text = tmp_path / "t.csv"
    text.write_text("\n".join(",".join(str(cell) for cell in row) for row in ROWS))
    table = read_table(text, target="y")
    assert book.features.equals(table.features)
    assert book.y.tolist() == table.y.tolist()


def test_the_first_visible_sheet_with_data_is_read_and_the_others_named(tmp_path):
    def change(book):
        book.create_sheet("empty", 0)
        hidden = book.create_sheet("hidden", 0)
        hidden.append(["no", "yes"])
        hidden.append([1, 2])
        hidden.sheet_state = "hidden"

    raw = read_raw(_save(tmp_path / "t.xlsx", ROWS, change=change))
    assert raw.source.sheet == "data"
    assert "hidden, empty" in raw.ledger.entries[0].message.text("en")
    named = read_raw(tmp_path / "t.xlsx", sheet="hidden")
    assert _codes(named)[0] == "W105"


def test_an_unknown_sheet_lists_the_sheets(tmp_path):
    with pytest.raises(InputError, match=r"no sheet named 結果.*Its sheets are: data"):
        read_raw(_save(tmp_path / "t.xlsx", ROWS), sheet="結果")


def test_a_formula_without_a_stored_value_is_missing_and_said(tmp_path):
    rows = [["a", "b"], *([i, 2.0 * i] for i in range(1, 12)), ["=A2+A3", 5]]
    raw = read_raw(_save(tmp_path / "t.xlsx", rows))
    entry = next(e for e in raw.ledger.entries if e.message.code == "W106")
    assert (entry.row, entry.column, raw.columns[0].n_missing) == (13, "a", 1)


def test_error_cells_are_missing_and_counted_by_code(tmp_path):
    rows = [["a", "b"], *([i * 1.5, i % 7] for i in range(30)), ["#DIV/0!", 3]]
    raw = read_raw(_save(tmp_path / "t.xlsx", rows))
    entry = next(e for e in raw.ledger.entries if e.message.code == "W107")
    assert "#DIV/0!" in entry.message.text("ja")
    assert raw.columns[0].kind == "numeric"


def test_dates_times_and_booleans_of_a_workbook(tmp_path):
    start = datetime.datetime(2024, 1, 5)
    rows: list[list[object]] = [["日付", "時刻", "合否", "y"]]
    for i in range(12):
        day = start + datetime.timedelta(days=i % 7)
        rows.append([day, datetime.time(i, 30), i % 2 == 0, i])
    raw = read_raw(_save(tmp_path / "t.xlsx", rows))
    assert [c.kind for c in raw.columns] == ["date", "numeric", "category", "numeric"]
    assert raw.columns[0].seconds()[0] == 1704412800.0
    assert raw.columns[1].numbers()[1] == 1.5
    assert raw.columns[2].labels()[0] == "TRUE"


def test_merged_header_cells_are_joined_to_names(tmp_path):
    rows = [
        ["No", "条件", None, "結果", None],
        [None, "温度", "圧力", "温度", "強度"],
        *([i, i * 1.1, i * 2.3, i % 5, i * i] for i in range(1, 12)),
    ]

    def change(book):
        for reference in ("A1:A2", "B1:C1", "D1:E1"):
            book.active.merge_cells(reference)

    raw = read_raw(_save(tmp_path / "t.xlsx", rows, change=change))
    names = [c.name for c in raw.columns]
    assert names == ["No", "条件 / 温度", "条件 / 圧力", "結果 / 温度", "結果 / 強度"]
    assert raw.source.header_rows == (1, 2)
    assert read_table(tmp_path / "t.xlsx", target="強度").target.name == "結果 / 強度"


def test_a_merged_title_may_reach_beyond_the_cells(tmp_path):
    def change(book):
        for reference in ("A1:H1", "J1:K4", "B20:B30"):
            book.active.merge_cells(reference)

    rows = [["成績表", None, None], *ROWS]
    raw = read_raw(_save(tmp_path / "t.xlsx", rows, change=change))
    assert [c.name for c in raw.columns] == ROWS[0]
    assert raw.n_rows == len(ROWS) - 1


def test_merged_cells_in_the_data_are_named(tmp_path):
    path = _save(tmp_path / "t.xlsx", ROWS, change=lambda b: b.active.merge_cells("B3:B5"))
    raw = read_raw(path)
    entry = next(e for e in raw.ledger.entries if e.message.code == "W119")
    assert "B3:B5" in entry.message.text("en")
    assert raw.columns[1].n_missing == 2


def test_a_stray_format_at_the_far_corner_does_not_matter(tmp_path):
    def change(book):
        book.active["XFD200000"].number_format = "0.0"

    raw = read_raw(_save(tmp_path / "t.xlsx", ROWS, change=change))
    assert (raw.n_rows, len(raw.columns)) == (12, 3)


def test_a_workbook_under_another_name_is_read_and_said(tmp_path):
    _save(tmp_path / "t.xlsx", ROWS)
    (tmp_path / "t.xlsx").rename(tmp_path / "t.csv")
    assert "W103" in _codes(read_raw(tmp_path / "t.csv"))


def test_a_cut_workbook_is_damaged(tmp_path):
    path = _save(tmp_path / "t.xlsx", ROWS)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="damaged"):
        read_raw(path)


def test_a_flipped_bit_is_found_by_its_checksum(tmp_path):
    path = _save(tmp_path / "t.xlsx", ROWS)
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    data = bytearray(path.read_bytes())
    data[part.header_offset + 30 + len(part.filename) + part.compress_size // 2] ^= 4
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="damaged"):
        read_raw(path)


def _replace_part(path, name, change):
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_a_document_type_declaration_is_refused(tmp_path, part):
    path = _save(tmp_path / "t.xlsx", ROWS)
    bomb = b'<!DOCTYPE r [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>'
    _replace_part(path, part, lambda xml: bomb + xml.replace(b"<?xml version='1.0'?>", b""))
    with pytest.raises(InputError, match=f"document type declaration in {part}"):
        read_raw(path)


def test_a_zip_bomb_is_refused_before_unpacking(tmp_path):
    path = _save(tmp_path / "t.xlsx", ROWS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", bytes(60_000_000))
    with pytest.raises(InputError, match=r"would unpack to 60 MB"):
        read_raw(path)


def test_A05_a_zip_directory_that_points_before_the_file_is_damage(tmp_path):
    path = _save(tmp_path / "t.xlsx", ROWS)
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x05\x06") + 12
    data[place : place + 4] = (len(data) - 10).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"t\.xlsx is damaged"):
        read_raw(path)


def test_a_zip_that_is_no_workbook_is_named(tmp_path):
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    with pytest.raises(InputError, match="its content is: zip"):
        read_raw(path)
