"""Cells -> values."""

import numpy as np
import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw
from ntkreg.io.cells.dates import day_order, hours_of, seconds_of
from ntkreg.io.cells.marks import MISSING_MARKS
from ntkreg.io.cells.readings import read_numbers
from ntkreg.io.cells.sentinels import find_sentinel
from ntkreg.io.cells.units import is_unit, unit_of_header
from ntkreg.io.cells.values import Status, read_cell
from ntkreg.io.layout.names import find, fold, unique_names


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("１２．５", 12.5),
        ("－３", -3),
        ("−3", -3),
        ("▲3", -3),
        ("12.5 mm", 12.5),
        ("25℃", 25),
        ("40％", 40),
        ("1,234.56", 1234.56),
        ("1'234", 1234),
        ("1\u00a0234", 1234),
        ("1.5E-3", 0.0015),
    ],
)
def test_numbers_in_text_are_read(cell, value):
    assert read_cell(cell).value == value


@pytest.mark.parametrize(
    ("cell", "value"), [("1,5", 1.5), ("1.234,56", 1234.56), ("1 234,5", 1234.5), ("-0,1", -0.1)]
)
def test_decimal_commas_are_read(cell, value):
    assert read_cell(cell, ",").value == value


@pytest.mark.parametrize("cell", [*sorted(MISSING_MARKS), "N/A", "NaN", "ＮＡ", " - ", "\u3000"])
def test_missing_marks_are_missing(cell):
    assert read_cell(cell).status in (Status.MARK, Status.BLANK)


@pytest.mark.parametrize(
    "cell", ["<0.01", "＜0.01", "> 100", "≦5", "0.5未満", "100以上", "ND", "N.D.", "OVER", "<5 ppm"]
)
def test_censored_values_are_no_numbers(cell):
    reading = read_cell(cell)
    assert reading.status == Status.CENSORED
    assert np.isnan(reading.value)


@pytest.mark.parametrize(
    "cell", ["abc", "1-2", "A12", "1.2.3", "12 apples", "5/6", "28-day", "<" + "1" * 200]
)
def test_other_text_stays_text(cell):
    assert read_cell(cell).status == Status.TEXT


@pytest.mark.parametrize(
    "text",
    ["2024/1/5", "2024-01-05", "2024年1月5日", "令和6年1月5日", "R6.1.5", "5/1/2024", "2024.01.05"],
)
def test_one_day_in_all_its_forms(text):
    assert seconds_of(text) == 1704412800.0


def test_midnight_may_be_written_as_24_hours():
    assert seconds_of("2024/1/5 24:00") == seconds_of("2024/1/6 0:00:00")


def test_impossible_dates_are_no_dates():
    assert seconds_of("2024/13/5") is None
    assert seconds_of("2024/2/30") is None


def test_day_order_is_decided_by_the_column():
    assert day_order(["05/01/2024", "13/01/2024"]) is True
    assert day_order(["05/01/2024", "05/31/2024"]) is False
    assert day_order(["05/01/2024", "06/02/2024"]) is None


@pytest.mark.parametrize(("text", "hours"), [("1:30", 1.5), ("18.00.00", 18), ("7時30分", 7.5)])
def test_clock_times_are_hours(text, hours):
    assert hours_of(text) == hours


def test_the_rarer_unit_is_unreadable():
    cells = np.array(["1 mm", "2 mm", "3 cm"], dtype=object)
    assert read_numbers(cells).values.tolist()[:2] == [1, 2]
    assert read_numbers(cells).status[2] == Status.TEXT


def test_infinities_are_not_numbers():
    readings = read_numbers(np.array(["inf", "1e400", "-∞", "5"], dtype=object))
    assert readings.status.tolist() == [Status.INFINITE] * 3 + [Status.NUMBER]
    assert np.isfinite(readings.values).sum() == 1


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("温度[℃]", "℃"),
        ("圧力（MPa）", "MPa"),
        ("Temp (C)", "C"),
        ("Compressive Strength (28-day)(Mpa)", "Mpa"),
        ("任意［何でも］", "何でも"),
        ("CO(GT)", None),
        ("Strength (28-day)", None),
        ("(A)", None),
    ],
)
def test_units_are_taken_from_headers(header, unit):
    assert unit_of_header(header) == unit


@pytest.mark.parametrize("unit", ["g/cm3", "mN/m", "mPa·s", "L/min", "wt%", "1/s", "m/s²", "μm"])
def test_compound_units_are_units(unit):
    assert is_unit(unit)


def test_unique_names_never_collide():
    names = unique_names(["a", "a (2)", "a", "a", ""], range(5))
    assert len(set(names)) == 5
    assert names[:2] == ["a", "a (2)"]


def test_folding_forgives_width_case_and_blanks():
    assert fold("ＴＥＭＰ　１") == fold("temp1")


@pytest.mark.parametrize(
    ("values", "sentinel"),
    [
        ([*range(10), 999.9, 999.9, 999.9], 999.9),
        ([*range(10), -200, -200, -200], -200),
        ([*range(10), 0, 0, 0], None),
        ([*range(10), 20, 20, 20], None),
        ([0, 1, 1, 1, 9999, 9999, 9999], None),
    ],
)
def test_sentinels_stand_apart(values, sentinel):
    assert find_sentinel(np.array(values, dtype=float)) == sentinel


def test_both_decimal_marks_in_one_column_are_refused(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("x;y\n1,5;1\n2.5;2\n3,5;3\n")
    with pytest.raises(InputError, match=r"Column x .* row 2 holds 1,5, row 3 holds 2\.5"):
        read_raw(file)


def test_an_ambiguous_name_is_refused(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("Temp,x,TEMP\n1,2,3\n2,5,4\n")
    columns = read_raw(file).columns
    assert find("TEMP", columns, "t.csv") == 2
    with pytest.raises(InputError, match="fits more than one column"):
        find("temp", columns, "t.csv")
