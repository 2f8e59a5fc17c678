"""Decimal commas and points of full width."""

import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw


def test_C06_full_width_decimal_commas_are_read_in_files_that_have_them(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text(
        "x;y\n" + "１２，５;1,5\n" * 3 + "0,5;-３，２５\n" + "1;2\n" * 9, encoding="utf-8"
    )
    raw = read_raw(file)
    assert [c.kind for c in raw.columns] == ["numeric", "numeric"]
    assert raw.columns[0].numbers()[:4].tolist() == [12.5, 12.5, 12.5, 0.5]
    assert raw.columns[1].numbers()[3] == -3.25
    commas = [e for e in raw.ledger.entries if e.message.code == "R115"]
    assert [e.count for e in commas] == [4, 4]


def test_C06_a_file_of_full_width_numbers_alone_is_read(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("x\ty\n" + "１２，５\t１\n" * 12, encoding="utf-8")
    assert set(read_raw(file).columns[0].numbers()) == {12.5}


def test_C05_a_full_width_point_and_a_comma_are_two_styles(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("x;y\n" + "12,5;1\n" * 3 + "１２．５;2\n", encoding="utf-8")
    with pytest.raises(InputError, match="１２．５"):
        read_raw(file)


def test_C05_rows_with_decimal_commas_above_whole_numbers_are_samples(tmp_path):
    file = tmp_path / "t.csv"
    rows = ["1,5;2,25;0,1"] * 4 + ["1;2;0"] * 12 + ["0,5;0,25;3"]
    file.write_text("Druck;Zeit;Dicke\n" + "\n".join(rows) + "\n", encoding="cp1252")
    raw = read_raw(file)
    assert ([c.name for c in raw.columns], raw.n_rows) == (["Druck", "Zeit", "Dicke"], 17)
    assert raw.columns[1].numbers()[[0, 4, 16]].tolist() == [2.25, 2.0, 0.25]
