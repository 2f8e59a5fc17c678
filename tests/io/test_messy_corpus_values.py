"""Cells as people and devices write them."""

import math

import numpy as np
import openpyxl
import pytest

from ntkreg.io import read_raw
from ntkreg.io.cells.dates import seconds_of
from ntkreg.io.cells.values import Status, read_cell


def column(tmp_path, cells, name="x", delimiter=","):
    rows = "".join(f'"{cell}"{delimiter}{i}\n' for i, cell in enumerate(cells))
    (tmp_path / "t.csv").write_text(f"{name}{delimiter}k\n{rows}", encoding="utf-8")
    raw = read_raw(tmp_path / "t.csv")
    return raw.columns[0], [entry.message.code for entry in raw.columns[0].entries]


@pytest.mark.parametrize("cell", ["10.0²", "10³", "12①", "12½", "①"])
def test_C06_raised_and_enclosed_digits_are_no_digits(cell):
    assert read_cell(cell).status == Status.TEXT


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("▲3.5", -3.5),
        ("ー10.37", -10.37),
        ("12.5-", -12.5),
        ("1.2×10^3", 1200.0),
        ("1.2x10³", 1200.0),
        ("1.5D-04", 1.5e-4),
        ("'193.8", 193.8),
        ("193٫8", 193.8),
        ("\u200b10.5", 10.5),
    ],
)
def test_C06_numbers_in_other_spellings_are_repairs(cell, value):
    reading = read_cell(cell)
    assert (reading.value, reading.repair) == (value, "width")


@pytest.mark.parametrize("cell", ["¥1,200", "￥1200", "1,200円", "$1200", "1200 €"])
def test_C06_money_is_a_number_with_a_unit(cell):
    reading = read_cell(cell)
    assert (reading.value, reading.repair) == (1200.0, "unit")


@pytest.mark.parametrize("cell", ["1,234", "3,456", "7,890"])
def test_C05_semicolons_speak_for_decimal_commas(tmp_path, cell):
    found, codes = column(tmp_path, [cell] * 6 + ["1,000"] * 6, delimiter=";")
    assert found.numbers()[0] == float(cell.replace(",", "."))
    assert "R115" in codes


def test_C05_a_point_groups_digits_beside_decimal_commas(tmp_path):
    rows = "".join(f"1.{100 + i};{i},5\n" for i in range(12))
    (tmp_path / "t.csv").write_text("x;y\n" + rows)
    x, y = read_raw(tmp_path / "t.csv").columns
    assert (x.numbers()[0], y.numbers()[0]) == (1100.0, 0.5)
    assert [entry.message.code for entry in x.entries] == ["R112"]


@pytest.mark.parametrize("word", ["+OVER", "-OVER", "BURN OUT", "+++++++", "BDL", "検出せず", "Tr"])
def test_E02_devices_and_laboratories_name_their_limits(word):
    assert read_cell(word).status == Status.CENSORED


@pytest.mark.parametrize("word", ["-------", "Bad", "エラー", "未検査", "Error", "空欄"])
def test_E01_words_for_no_value_are_missing_among_numbers(tmp_path, word):
    found, codes = column(tmp_path, [*np.arange(20) / 8, word, word])
    assert (found.kind, found.n_missing) == ("numeric", 2)
    assert "R108" in codes


@pytest.mark.parametrize("word", ["エラー", "Na", "bad", "中止"])
def test_E01_words_for_no_value_stay_levels_among_words(tmp_path, word):
    found, _ = column(tmp_path, [word, "b", "c"] * 5)
    assert found.labels()[0] == word


def test_E05_nought_far_below_all_others_may_be_a_mark(tmp_path):
    _, codes = column(tmp_path, [100 + i for i in range(20)] + [0, 0, 0])
    assert "W118" in codes
    _, codes = column(tmp_path, [10 + i for i in range(20)] + [0, 0, 0])
    assert "W118" not in codes


def test_E07_per_cent_and_plain_numbers_in_one_column(tmp_path):
    found, codes = column(tmp_path, [f"{10 + i}%" if i % 3 else f"0.{10 + i}" for i in range(12)])
    assert (found.kind, "W182" in codes) == ("numeric", True)


def test_D04_codes_with_an_exponent_are_in_doubt(tmp_path):
    _, codes = column(tmp_path, [f"{1 + i % 5}E{1 + i % 3}" for i in range(12)])
    assert "W183" in codes
    _, codes = column(tmp_path, [f"{1 + i % 5}.0E-0{1 + i % 3}" for i in range(12)])
    assert "W183" not in codes


@pytest.mark.parametrize("levels", [["OK", "ＯＫ", "ok"], ["○", "〇", "◯"], ["A 1", "A1"]])
def test_E08_levels_that_look_alike_are_named(tmp_path, levels):
    found, codes = column(tmp_path, [levels[i % len(levels)] for i in range(11)] + ["NG"] * 4)
    assert (found.kind, "W181" in codes) == ("category", True)


def test_D07_codes_that_became_dates_are_named(tmp_path):
    from datetime import datetime

    book = openpyxl.Workbook()
    for i in range(13):
        code = datetime(2024, 2, 1 + i % 3) if i % 2 else f"13-{i % 3}"
        book.active.append(["code" if i == 0 else code, "y" if i == 0 else i])
    book.save(tmp_path / "t.xlsx")
    entries = read_raw(tmp_path / "t.xlsx").columns[0].entries
    assert "W184" in [entry.message.code for entry in entries]


@pytest.mark.parametrize(
    "text",
    [
        "2024/4/20 08:30:00 PM",
        "2024/4/20 午後 8:30",
        "2024/4/20 (土) 20:30",
        "2024年4月20日20時30分",
        "令和 6 年 4 月 20 日 20:30",
        "20-Apr-24 20:30:00",
        "Apr 20, 2024 20:30",
        "2024-04-20T20:30:00+09:00",
        "2024/4/20 20:30:00:000",
    ],
)
def test_D07_dates_of_loggers_and_people(text):
    assert seconds_of(text) == seconds_of("2024-04-20 20:30")


def test_D07_month_first_if_the_day_cannot_be_a_month(tmp_path):
    found, codes = column(tmp_path, [f"4/{10 + i}/2024" for i in range(12)])
    assert (found.kind, "W116" in codes) == ("date", False)
    assert found.seconds()[0] == seconds_of("2024-04-10")


def test_D07_durations_in_words_are_hours(tmp_path):
    found, codes = column(tmp_path, [f"{i}時間15分" for i in range(11)] + ["1h30m"])
    assert "R113" in codes
    assert math.isclose(found.numbers()[3], 3.25)


def test_D04_whole_numbers_with_a_letter_are_in_doubt(tmp_path):
    _, codes = column(tmp_path, [12 + i if i % 2 else f"{12 + i}A" for i in range(12)])
    assert {"R110", "W186"} <= set(codes)


def test_D04_codes_with_and_without_leading_zeros_look_alike(tmp_path):
    _, codes = column(tmp_path, [f"{i % 4:03d}" if i % 2 else i % 4 for i in range(6)] * 3)
    assert "I102" in codes
    _, codes = column(tmp_path, ["001", "1", "002", "2"] * 3)
    assert "W181" in codes


@pytest.mark.parametrize("tail", ["±0.1", "×20", "-12.5"])
def test_E07_numbers_with_text_behind_are_words_and_said(tmp_path, tail):
    found, codes = column(tmp_path, [f"{i / 8}{tail}" for i in range(20)])
    assert (found.kind, "W187" in codes) == ("identifier", True)
