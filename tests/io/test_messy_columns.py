"""Cases D01 to D09: names, kinds and roles of columns."""

import datetime

import numpy as np
import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from ntkreg.exceptions import InputError
from ntkreg.io import align, read_raw, read_table
from ntkreg.io.candidates import candidate_entries, looks_like_group, looks_like_serial_date

N = 60


def write(tmp_path, header, cells, name="t.csv"):
    """Write a table of N rows; `cells(i)` gives the cells of row i."""
    file = tmp_path / name
    lines = [header, *(",".join(str(c) for c in cells(i)) for i in range(N))]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def codes(data):
    return [entry.message.code for entry in data.ledger.entries]


def said(data, code, language="en"):
    return next(e.message.text(language) for e in data.ledger.entries if e.message.code == code)


def y_of(i):
    return (i * 37) % 101


def test_D01_names_become_unique_and_trimmed_and_the_same_at_predict_time(tmp_path):
    header = 'x,x, x ,,"温\n度",ＴＥＭＰ,y'
    file = write(tmp_path, header, lambda i: (i, i % 7, i % 5, i % 3, i % 11, i % 13, y_of(i)))
    data = read_table(file, target="y")
    names = [c.name for c in data.columns]
    assert names == ["x", "x (2)", "x (3)", "列4", "温 度", "ＴＥＭＰ", "y"]
    assert {"R106", "R107"} <= set(codes(data))
    assert align(read_raw(file), data.columns).features.equals(data.features)


def test_D01_every_trimmed_or_changed_name_has_its_entry(tmp_path):
    header = 'Temp ,圧力 ,"温\n度","　幅　",x,x,y'
    file = write(tmp_path, header, lambda i: (i, i % 7, i % 11, i % 3, i % 5, i % 13, y_of(i)))
    raw = read_raw(file)
    found = [e for e in raw.ledger.entries if e.message.code == "R106"]
    assert [(e.old, e.new) for e in found] == [
        ("Temp ", "Temp"),
        ("圧力 ", "圧力"),
        ("温\n度", "温 度"),
        ("　幅　", "幅"),
        ("x", "x (2)"),
    ]
    assert r'"温\n度"' in found[2].message.text("en")


def test_D01_a_name_with_a_line_break_is_still_a_lot_or_a_running_number(tmp_path):
    file = write(tmp_path, '"試料\n番号","材料\nロット",y', lambda i: (i + 1, i % 5, y_of(i)))
    data = read_table(file, target="y")
    assert data.columns[0].kind == "identifier"
    assert "W167" in codes(data)


HOSTILE = [
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "it's; `q` {x} %s {0}",
    "😀‮gnp‬",
    "長" * 10_000,
    "../../etc",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_D02_hostile_names_are_kept_whole_and_cut_only_where_shown(tmp_path, name):
    data = read_table(write(tmp_path, f"{name},z,y", lambda i: (i, 7, y_of(i))), target="y")
    assert data.columns[0].name == name
    dropped = read_table(tmp_path / "t.csv", target=name)
    assert all(len(e.message.text("ja")) < 500 for e in dropped.ledger.entries)
    assert all("\n" not in e.message.text("ja") for e in dropped.ledger.entries)


@pytest.mark.parametrize("cells", [["", ""], ["5", "5"], ["5", ""], ["a", ""], ["2024/1/5", ""]])
def test_D03_a_column_with_nothing_to_learn_from_is_dropped_and_said(tmp_path, cells):
    data = read_table(
        write(tmp_path, "x,empty,y", lambda i: (i % 9, cells[i % 2], y_of(i))), target="y"
    )
    assert [c.name for c in data.feature_columns] == ["x"]
    assert {"R116", "W113", "W115"} & set(codes(data))


def test_D03_a_constant_target_is_refused(tmp_path):
    file = write(tmp_path, "x,y", lambda i: (i, 3 if i % 2 else ""))
    with pytest.raises(InputError, match="same value 3"):
        read_table(file, target="y")


@pytest.mark.parametrize("words", [("a", "a", "b"), (1.5, 2.5, 4)])
def test_D03_D08_a_nearly_empty_column_is_said(tmp_path, words):
    cells = ["", *words, *[""] * 96]
    file = tmp_path / "t.csv"
    file.write_text("x,z,y\n" + "".join(f"{i % 9},{c},{y_of(i)}\n" for i, c in enumerate(cells)))
    data = read_table(file, target="y")
    assert "z is empty in 97 % of the rows; only 3 cells" in said(data, "W162")


@pytest.mark.parametrize(
    ("header", "cell"),
    [("試料", lambda i: f"S-{i}"), ("No", lambda i: i + 1), ("ロットNo", lambda i: f"{i:05d}")],
)
def test_D04_identifiers_are_not_used_and_keep_their_zeros(tmp_path, header, cell):
    data = read_table(
        write(tmp_path, f"{header},x,y", lambda i: (cell(i), i % 9, y_of(i))), target="y"
    )
    assert (data.columns[0].kind, data.columns[0].role) == ("identifier", "dropped")
    assert "W113" in codes(data)
    assert read_raw(tmp_path / "t.csv").columns[0].labels()[0] == str(cell(0))


def test_D04_one_number_with_a_leading_zero_makes_no_code_of_a_column(tmp_path):
    cells = {5: "022"}
    data = read_table(
        write(tmp_path, "x,y", lambda i: (cells.get(i, 100 + i), y_of(i))), target="y"
    )
    assert (data.columns[0].kind, data.features["f0"][5]) == ("numeric", 22)
    assert "x: 1 numbers have leading zeros (022; first in row 7)" in said(data, "W160")


@pytest.mark.parametrize(
    "twin", [lambda x: x, lambda x: 2.5 * x, lambda x: x + 273.15, lambda x: -x]
)
def test_D06_equal_and_proportional_columns_are_said(tmp_path, twin):
    data = read_table(
        write(tmp_path, "a,b,c,y", lambda i: (i / 7, i % 11, twin(i / 7), y_of(i))), target="y"
    )
    assert "1 pairs" in said(data, "W164")
    assert "a = c" in said(data, "W164", "ja")


def test_D06_correlated_columns_are_not(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=N)
    file = write(tmp_path, "a,b,y", lambda i: (i, i + 0.01 * noise[i], y_of(i)))
    assert "W164" not in codes(read_table(file, target="y"))


def test_D06_a_spectrum_is_one_warning(tmp_path):
    header = ",".join([*(f"w{k}" for k in range(40)), "y"])
    file = write(tmp_path, header, lambda i: (*(i * (k + 1) for k in range(40)), y_of(i)))
    assert codes(read_table(file, target="y")).count("W164") == 1


@pytest.mark.parametrize(
    "text", ["2024/1/{}", "2024年1月{}日", "令和6年1月{}日", "2024-01-{:02d} 12:30", "R6.1.{}"]
)
def test_D07_dates_are_left_out_and_said_or_are_the_time(tmp_path, text):
    file = write(tmp_path, "日付,x,y", lambda i: (text.format(i % 28 + 1), i % 9, y_of(i)))
    data = read_table(file, target="y")
    assert (data.columns[0].kind, data.columns[0].role) == ("date", "dropped")
    assert "W115" in codes(data)
    timed = read_table(file, target="y", time="日付")
    assert timed.time is not None
    assert timed.time[1] - timed.time[0] == 86400


def test_D07_day_and_month_that_could_be_exchanged_are_said(tmp_path):
    file = write(tmp_path, "日付,x,y", lambda i: (f"0{i % 9 + 1}/02/2024", i % 9, y_of(i)))
    assert "W116" in codes(read_table(file, target="y"))


@pytest.mark.parametrize("mac", [False, True])
def test_D07_both_date_systems_of_workbooks_give_the_same_day(tmp_path, mac):
    book = openpyxl.Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    book.active.append(["日付", "y"])
    for i in range(N):
        book.active.append([datetime.datetime(2024, 1, 5) + datetime.timedelta(days=i), y_of(i)])
    book.save(tmp_path / "t.xlsx")
    assert read_raw(tmp_path / "t.xlsx").columns[0].seconds()[0] == 1704412800.0


@pytest.mark.parametrize("first", [45296, 43834, 20240101, 1_704_412_800])
def test_D07_stored_numbers_under_the_name_of_a_date_are_proposed_as_time(tmp_path, first):
    raw = read_raw(write(tmp_path, "測定日,x,y", lambda i: (first + 3 * i // 2, i % 9, y_of(i))))
    assert looks_like_serial_date(raw.columns[0])
    (entry,) = candidate_entries(raw, {2: "target"})
    assert "--time 測定日" in entry.message.text("ja")
    assert candidate_entries(raw, {0: "time", 2: "target"}) == []


def test_D07_other_numbers_under_such_a_name_are_numbers(tmp_path):
    raw = read_raw(write(tmp_path, "day,x,y", lambda i: (i % 31, 45000 + i, y_of(i))))
    assert not any(looks_like_serial_date(column) for column in raw.columns)


def test_D08_more_than_fifty_words_are_not_used(tmp_path):
    file = write(tmp_path, "c,x,y", lambda i: (f"w{i % 55}", i % 9, y_of(i)))
    data = read_table(file, target="y")
    assert (data.columns[0].kind, data.columns[0].role) == ("text", "dropped")
    assert "c holds 55 different texts in 60 cells and is not used: " in said(data, "W114")
    assert "at most 50" in said(data, "W114")


def test_D08_fifty_words_are_used(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("c,y\n" + "".join(f"w{i % 50},{y_of(i)}\n" for i in range(150)))
    assert read_table(file, target="y").columns[0].role == "feature"


def test_D08_levels_seen_once_are_kept_and_named(tmp_path):
    rare = {4: "稀1", 9: "稀2"}
    file = write(tmp_path, "c,x,y", lambda i: (rare.get(i, "ab"[i % 2]), i % 9, y_of(i)))
    data = read_table(file, target="y")
    assert data.columns[0].levels == ("a", "b", "稀1", "稀2")
    assert "c: 2 of its 4 levels occur in one row only (稀1, 稀2; first in row 6)" in said(
        data, "W163"
    )


def test_D09_an_absent_target_names_the_three_nearest_columns(tmp_path):
    file = write(tmp_path, "引張強度,引張伸び,硬さ,温度", lambda i: (i, i, i, i))
    with pytest.raises(InputError, match="引張強さ") as caught:
        read_table(file, target="引張強さ")
    assert len(caught.value.sentence.values["near"]) == 3
    assert caught.value.sentence.values["near"][0] == "引張強度"


def test_D09_a_target_there_twice_is_refused(tmp_path):
    file = write(tmp_path, "x,y,y", lambda i: (i, y_of(i), i % 7))
    with pytest.raises(InputError, match=r"fits more than one column .* y, y \(2\)"):
        read_table(file, target="y")
    assert read_table(file, target="y (2)").target.name == "y (2)"


@pytest.mark.parametrize(
    "name",
    ["ロット", "金型No", "炉番号", "3号機", "作業者", "Lot", "batch_id", "MoldNo", "Heat No."],
)
@pytest.mark.parametrize("cell", [lambda i: f"L{i // 6}", lambda i: i // 6 + 1])
def test_a_lot_column_is_proposed_as_group(tmp_path, name, cell):
    raw = read_raw(write(tmp_path, f"{name},x,y", lambda i: (cell(i), i % 9, y_of(i))))
    (entry,) = candidate_entries(raw, {2: "target"})
    assert (entry.severity, entry.column) == ("warning", name)
    assert f"--group {name}" in entry.message.text("ja")
    assert candidate_entries(raw, {0: "group", 2: "target"}) == []
    assert candidate_entries(raw, {0: "dropped", 2: "target"}) == []


@pytest.mark.parametrize(
    "name",
    ["炉温[℃]", "炉温", "ライン速度", "金型温度", "装置圧力", "heating", "diameter", "website",
     "headline", "ロール間隔[mm]", "line speed", "heat_flux"],
)  # fmt: skip
def test_a_quantity_is_not(tmp_path, name):
    raw = read_raw(write(tmp_path, f"{name},x,y", lambda i: (i // 6, i % 9, y_of(i))))
    assert not looks_like_group(raw.columns[0])


def test_a_lot_of_its_own_for_each_row_is_no_group(tmp_path):
    raw = read_raw(write(tmp_path, "lot,x,y", lambda i: (f"L{i}", i % 9, y_of(i))))
    assert not looks_like_group(raw.columns[0])
