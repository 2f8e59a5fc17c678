"""Grid -> table: header, titles, units, totals."""

import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw

DATA = "".join(f"{i * 1.5},{i % 4},{i * i}\n" for i in range(12))


def _read(tmp_path, text):
    file = tmp_path / "t.csv"
    file.write_text(text, encoding="utf-8")
    return read_raw(file)


def _codes(raw):
    return [entry.message.code for entry in raw.ledger.entries]


def test_title_and_notes_above_the_header_are_skipped(tmp_path):
    raw = _read(tmp_path, f"実験データ 2024年\n担当,山田\n\nx,k,y\n{DATA}")
    assert (raw.source.header_rows, raw.row_numbers[0], raw.n_rows) == ((4,), 5, 12)
    entry = next(e for e in raw.ledger.entries if e.message.code == "R101")
    assert "1-2" in entry.message.text("ja")


def test_a_unit_row_is_no_sample(tmp_path):
    raw = _read(tmp_path, f"温度,圧力,強度\n℃,[MPa],-\n{DATA}")
    assert [c.unit for c in raw.columns] == ["℃", "MPa", None]
    assert (raw.source.header_rows, raw.n_rows) == ((1, 2), 12)


def test_total_rows_at_the_end_are_cut_and_shown(tmp_path):
    labelled = "".join(f"s{i},{i},{i * i}\n" for i in range(12))
    raw = _read(tmp_path, f"試料,x,y\n{labelled}合計,66,506\n平均,5.5,42\n※備考,,\n")
    assert raw.n_rows == 12
    assert _codes(raw).count("R104") == 3


def test_a_level_named_max_is_no_total(tmp_path):
    rows = "".join(f"{'max' if i % 2 else 'min'},{i * 1.5},{i}\n" for i in range(12))
    assert _read(tmp_path, f"level,x,y\n{rows}").n_rows == 12


def test_blank_rows_are_skipped_and_row_numbers_stay_true(tmp_path):
    raw = _read(tmp_path, "x,y\n1,2\n,\n\n3,4\n5,6\n")
    assert raw.row_numbers.tolist() == [2, 5, 6]
    assert "R105" in _codes(raw)


def test_numbers_are_never_used_as_names(tmp_path):
    with pytest.raises(InputError, match="no row of column names: row 1 begins with 1, 2, 3"):
        _read(tmp_path, "1,2,3\n4,5,6\n7,8,9\n")


def test_a_rising_scale_of_numbers_may_name_columns(tmp_path):
    raw = _read(tmp_path, "水分,400,402,404\n1,0.1,0.2,0.3\n2,0.3,0.2,0.1\n")
    assert [c.name for c in raw.columns] == ["水分", "400", "402", "404"]


def test_two_header_rows_are_joined_where_names_repeat(tmp_path):
    raw = _read(tmp_path, f"時刻,気温,気温\n,,品質\n{DATA}")
    assert [c.name for c in raw.columns] == ["時刻", "気温", "気温 / 品質"]
    assert raw.n_rows == 12


def test_group_names_above_repeated_names_tell_them_apart(tmp_path):
    raw = _read(tmp_path, f"前,,後\n温度,圧力,温度\n{DATA}")
    assert [c.name for c in raw.columns] == ["前 / 温度", "前 / 圧力", "後 / 温度"]


def test_empty_and_equal_names_become_unique(tmp_path):
    raw = _read(tmp_path, f",x, x\n{DATA}")
    assert [c.name for c in raw.columns] == ["column 1", "x", "x (2)"]
    assert _read(tmp_path, f",温度,y\n{DATA}").columns[0].name == "列1"


def test_a_column_without_name_and_values_is_no_column(tmp_path):
    raw = _read(tmp_path, "x;y;;\n1,5;2;;\n2,5;3;;\n")
    assert [c.name for c in raw.columns] == ["x", "y"]


def test_a_header_alone_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no row of data below"):
        _read(tmp_path, "a,b\n")
    with pytest.raises(InputError, match="no row of data below"):
        _read(tmp_path, "title\na,b\n")


def test_a_damaged_row_is_not_taken_for_the_header(tmp_path):
    rows = DATA + "9.3,-}.6,14.4s,s12.6,x\n" + DATA
    with pytest.raises(InputError, match=r"Row 14 .* more fields than the 3"):
        _read(tmp_path, f"x,k,y\n{rows}")


def test_a_block_of_numbers_above_the_header_is_refused(tmp_path):
    transposed = "".join(f"q{i}," + ",".join(str(i * j) for j in range(8)) + "\n" for i in range(6))
    words = "状態," + ",".join(f"w{j}" for j in range(8)) + "\n"
    more = "a,1,2,3,4,5,6,7,8\nb,1,2,3,4,5,6,7,9\n"
    with pytest.raises(InputError, match="transpose the table"):
        _read(tmp_path, "試料,1,2,3,4,5,6,7,8\n" + transposed + words + more)
