"""Cases C01 to C09: encodings, delimiters, decimals, quotes and limits of text files."""

import time

import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw

NAMES = ["①温度", "㈱強度", "範囲～－", "ｵﾝﾄﾞ", "髙さ"]
TABLE = ",".join(NAMES) + "\n" + "".join(f"{i},{i * i},1,2,{i % 3}\n" for i in range(12))


def read(tmp_path, content, **wishes):
    file = tmp_path / "t.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_raw(file, **wishes)


def codes(raw):
    return {entry.message.code for entry in raw.ledger.entries}


def test_C01_cp932_with_vendor_characters(tmp_path):
    raw = read(tmp_path, TABLE.encode("cp932"))
    assert [c.original for c in raw.columns] == NAMES
    assert raw.source.encoding == "cp932"
    assert [c.original for c in read(tmp_path, TABLE.encode("cp932"), encoding="Shift_JIS").columns]


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (b"", "utf-8"),
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ],
)
def test_C02_the_byte_order_mark_wins_and_never_shows(tmp_path, mark, codec):
    raw = read(tmp_path, mark + TABLE.encode(codec), encoding="cp932" if mark else None)
    assert [c.original for c in raw.columns] == NAMES


def test_C03_a_guess_is_announced_with_a_sample(tmp_path):
    raw = read(tmp_path, "Temp (°C),Größe,y\n1,2,3\n4,5,7\n".encode("cp1252"))
    warning = next(e for e in raw.ledger.entries if e.message.code == "W101")
    assert "Größe" in warning.message.text("en")


def test_C03_a_bad_byte_deep_in_the_file_names_its_row(tmp_path):
    content = "温度,y\n".encode() + b"1,2\n" * 2998 + b"1,\xff\n"
    with pytest.raises(InputError, match="Row 3000 of"):
        read(tmp_path, content, encoding="utf-8")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_C04_the_delimiter_is_found(tmp_path, delimiter):
    assert len(read(tmp_path, TABLE.replace(",", delimiter)).columns) == 5


def test_C04_a_separator_line_is_obeyed(tmp_path):
    raw = read(tmp_path, "sep=;\n" + TABLE.replace(",", ";"))
    assert (len(raw.columns), raw.row_numbers[0]) == (5, 3)


@pytest.mark.parametrize("delimiter", [" ", "  ", ":", "^", "~"])
def test_C04_one_column_from_a_file_of_many_is_an_error(tmp_path, delimiter):
    with pytest.raises(InputError, match="cannot be divided into columns: row 1"):
        read(tmp_path, TABLE.replace(",", delimiter))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.234,56", 1234.56),
        ("1\u00a0234,56", 1234.56),
        ("1'234,56", 1234.56),
        ("0,5", 0.5),
    ],
)
def test_C05_decimal_commas(tmp_path, cell, value):
    raw = read(tmp_path, "x;y\n" + f"{cell};1,5\n" * 12)
    assert raw.columns[0].numbers()[0] == value


@pytest.mark.parametrize("cell", ["1,234.56", "1'234.56", "1\u00a0234.56"])
def test_C05_decimal_points(tmp_path, cell):
    raw = read(tmp_path, "x;y\n" + f"{cell};1.5\n" * 12)
    assert raw.columns[0].numbers()[0] == 1234.56


def test_C05_both_styles_in_a_column_name_a_row_of_each(tmp_path):
    with pytest.raises(InputError, match=r"row 3 holds 1,5, row 2 holds 2\.5"):
        read(tmp_path, "x;y\n2.5;1\n1,5;2\n3;3\n")


def test_C06_full_width_percent_and_glued_units(tmp_path):
    rows = "１２．５,50％,12.5 mm,25℃\n－３,10%,2 mm,30℃\n"
    raw = read(tmp_path, "a,b,c,d\n" + rows * 6)
    assert [c.numbers()[:2].tolist() for c in raw.columns] == [
        [12.5, -3.0],
        [50.0, 10.0],
        [12.5, 2.0],
        [25.0, 30.0],
    ]
    assert sum(e.severity == "repair" for e in raw.ledger.entries) >= 4


def test_C07_too_many_fields_name_the_line_and_too_few_are_counted(tmp_path):
    with pytest.raises(InputError, match=r"Row 32 .* more fields than the 2"):
        read(tmp_path, "a,b\n" + "1,2\n" * 30 + "1,5,2\n")
    raw = read(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8\n")
    assert (raw.columns[2].n_missing, "W117" in codes(raw)) == (1, True)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_C08_line_ends_and_a_last_line_without_one(tmp_path, end):
    raw = read(tmp_path, end.join(["a,b", '"1",2', "3,4", "5,6"]).encode())
    assert raw.columns[1].numbers().tolist() == [2.0, 4.0, 6.0]


def test_C08_mixed_line_ends_and_line_ends_in_quotes(tmp_path):
    raw = read(tmp_path, b'"a\nb",c\r\n1,"x\r\ny"\n2,z\r3,z\n')
    assert [c.name for c in raw.columns] == ["a b", "c"]
    assert raw.n_rows == 3


def test_C08_an_unclosed_quote_names_its_row(tmp_path):
    with pytest.raises(InputError, match="Row 3 of"):
        read(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n')


@pytest.mark.parametrize("dirt", [b"\x00", b"\x1a"])
def test_C08_control_characters_are_removed_and_said(tmp_path, dirt):
    raw = read(tmp_path, b"a,b\n1,2\n" + b"3,4\n" * 600 + dirt)
    assert (raw.n_rows, "R114" in codes(raw)) == (601, True)


LIMITS = {
    "field": ("a,b\n1,2\n3," + "x" * 1_100_000 + "\n", r"Row 3 .* more than 131072"),
    "quote": ('a,b\n1,"' + "x\n" * 600_000, r"Row 2 .* more than 131072"),
    "columns": (",".join(["c"] * 100_000) + "\n" + ",".join(["1"] * 100_000), "too large"),
}


@pytest.mark.parametrize("kind", LIMITS)
def test_C09_limits_are_told_quickly(tmp_path, kind):
    text, message = LIMITS[kind]
    start = time.perf_counter()
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)
    assert time.perf_counter() - start < 10


def test_C03_a_single_byte_is_refused(tmp_path):
    (tmp_path / "one.csv").write_bytes(b"\x89")
    with pytest.raises(InputError, match=r"one\.csv holds no row of data"):
        read_raw(tmp_path / "one.csv")


def test_B07_a_last_line_of_full_width_blanks_is_no_row(tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3,4\n\u3000,\n", encoding="utf-8")
    assert read_raw(tmp_path / "t.csv").n_rows == 2


@pytest.mark.parametrize("wrong", ["latin-1", "ascii"])
def test_C03_text_that_was_spoilt_before_is_a_doubt(tmp_path, wrong):
    text = "番号,測定値\n" + "".join(f"{i},{i * 1.5}\n" for i in range(12))
    spoilt = text.encode("utf-8").decode(wrong, errors="replace")
    (tmp_path / "t.csv").write_text(spoilt, encoding="utf-8", newline="")
    found = [e for e in read_raw(tmp_path / "t.csv").ledger.entries if e.message.code == "W191"]
    assert [e.row for e in found] == [1]
    assert "\ufffd" in found[0].message.text("ja")


@pytest.mark.parametrize("row", [2, 3_000])
def test_C03_bad_bytes_in_a_japanese_file_are_named_with_their_row(tmp_path, row):
    lines = ["番号,部品名,測定値"] + [f"{i},部品①{i % 7},{i / 4}" for i in range(4_000)]
    data = [line.encode("cp932") for line in lines]
    data[row - 1] = data[row - 1].replace("品".encode("cp932"), b"\x81\x20", 1)
    (tmp_path / "t.csv").write_bytes(b"\r\n".join(data))
    with pytest.raises(InputError, match=f"Row {row} of t.csv holds bytes .* not cp932"):
        read_raw(tmp_path / "t.csv")
