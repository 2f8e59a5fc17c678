"""Bytes -> grid: encodings, delimiters, quotes."""

import pytest

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.io import read_raw
from ntkreg.io.files.encoding import decode
from ntkreg.io.files.text import find_delimiter

HEADER = "温度[℃],①種類,強度㈱髙\n"
BODY = "20,甲,1.5\n30,乙,2.5\n"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("cp932", "cp932"),
    ],
)
def test_every_usual_encoding_is_found(tmp_path, encoding, name):
    file = tmp_path / "t.csv"
    file.write_bytes((HEADER + BODY).encode(encoding))
    raw = read_raw(file)
    assert raw.source.encoding == name
    assert [c.name for c in raw.columns] == ["温度[℃]", "①種類", "強度㈱髙"]


def test_big_endian_utf16_is_read_by_its_mark(tmp_path):
    file = tmp_path / "t.csv"
    file.write_bytes(b"\xfe\xff" + (HEADER + BODY).encode("utf-16-be"))
    assert read_raw(file).columns[0].name == "温度[℃]"


def test_half_width_kana_is_japanese():
    text, name, entries = decode("ｵﾝﾄﾞ,ｷｮｳﾄﾞ\n1,2\n".encode("cp932"), "t.csv")
    assert (text[:4], name, entries) == ("ｵﾝﾄﾞ", "cp932", ())


@pytest.mark.parametrize("text", ["Temp (°C),y\n1,2\n", "Qualité,Größe\n1,2\n"])
def test_western_bytes_are_not_taken_for_japanese(text):
    decoded, name, entries = decode(text.encode("cp1252"), "t.csv")
    assert (decoded, name) == (text, "cp1252")
    assert [entry.message.code for entry in entries] == ["W101"]


def test_a_bad_byte_deep_in_the_file_names_its_row(tmp_path):
    file = tmp_path / "t.csv"
    file.write_bytes(b"a,b\n" + b"1,2\n" * 2998 + b"1,\xff\xfe\n")
    with pytest.raises(InputError, match=r"Row 3000 of t\.csv .* not utf-8"):
        read_raw(file, encoding="utf-8")


def test_an_unknown_encoding_is_an_input_error(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no encoding named utf-7bit"):
        read_raw(file, encoding="utf-7bit")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(tmp_path, delimiter, line_end):
    lines = [delimiter.join(row) for row in (["a", "b", "c"], ["1", "x", "2"], ["3", "y", "4"])]
    file = tmp_path / "t.csv"
    file.write_bytes(line_end.join(lines).encode())
    raw = read_raw(file)
    assert raw.source.delimiter == delimiter
    assert raw.columns[2].numbers().tolist() == [2.0, 4.0]


def test_semicolons_win_over_decimal_commas_in_every_cell():
    assert find_delimiter("a;b;c\n1,5;2,5;3,5\n4,5;5,5;6,5\n") == ";"
    assert find_delimiter("x,1;y,2;z,3\n1,5;2,5;3,5\n4,5;5,5;6,5\n") == ";"


def test_a_separator_line_is_obeyed(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("sep=|\na|b\n1|2\n3|4\n")
    raw = read_raw(file)
    assert [c.name for c in raw.columns] == ["a", "b"]
    assert raw.row_numbers.tolist() == [3, 4]


def test_quoted_line_ends_do_not_divide_rows(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text('"a\nb",c\n1,"x, y"\n2,z\n')
    raw = read_raw(file)
    assert [c.name for c in raw.columns] == ["a b", "c"]
    assert raw.columns[1].labels().tolist() == ["x, y", "z"]


def test_an_unclosed_quote_names_its_row(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text('a,b\n1,2\n3,"4\n5,6\n')
    with pytest.raises(InputError, match=r"Row 3 of t\.csv cannot be divided"):
        read_raw(file)


def test_a_row_with_too_many_fields_is_refused(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a,b\n" + "1,2\n" * 30 + "1,5,2\n")
    with pytest.raises(InputError, match=r"Row 32 .* more fields than the 2"):
        read_raw(file)


def test_short_rows_are_missing_cells_and_counted(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a,b,c\n1,2,3\n4,5\n6,7,8\n")
    raw = read_raw(file)
    assert raw.columns[2].n_missing == 1
    assert [e.row for e in raw.ledger.entries if e.message.code == "W117"] == [3]


def test_control_characters_are_removed_and_said(tmp_path):
    file = tmp_path / "t.csv"
    file.write_bytes(b"a,b\n1,2\n3,4\n\x1a")
    raw = read_raw(file)
    assert raw.n_rows == 2
    assert "R114" in {entry.message.code for entry in raw.ledger.entries}


@pytest.mark.parametrize("content", [b"", b" \r\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_input_error(tmp_path, content):
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match="holds no data"):
        read_raw(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html><table>", "HTML"),
        (b"%PDF-1.7", "PDF"),
        (b"\x00\x01\x02" * 50, "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "is damaged: its header"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
    ],
)
def test_other_kinds_of_file_are_named(tmp_path, content, message):
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_raw(file)


def test_text_under_a_workbook_name_is_refused(tmp_path):
    file = tmp_path / "t.xlsx"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="plain text and no workbook"):
        read_raw(file)


def test_a_missing_file_suggests_its_neighbour(tmp_path):
    (tmp_path / "trial.csv").write_text("a\n1\n")
    with pytest.raises(FileAccessError, match=r"trail\.csv.*trial\.csv"):
        read_raw(tmp_path / "trail.csv")
    with pytest.raises(FileAccessError, match="cannot be read"):
        read_raw(tmp_path)


def test_the_lock_file_of_excel_is_recognised(tmp_path):
    with pytest.raises(InputError, match=r"Close Excel and give trial\.xlsx"):
        read_raw(tmp_path / "~$trial.xlsx")
