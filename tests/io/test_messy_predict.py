"""Cases G01 to G07: a new file against a fitted model."""

import numpy as np
import openpyxl
import pandas as pd
import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import align, read_raw, read_table
from ntkreg.study import fit_model, predict_file

HEADER = "Temp[℃],圧力,kind,y"


def row(i):
    return f"{150 + i % 50},{1 + i % 7 / 10},{'ab'[i % 2]},{(i * 37) % 101}"


def write(tmp_path, header, rows, name="new.csv"):
    file = tmp_path / name
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def trained(tmp_path):
    return read_table(write(tmp_path, HEADER, map(row, range(60)), "train.csv"), target="y")


@pytest.fixture
def model(tmp_path):
    file = write(tmp_path, HEADER, map(row, range(60)), "train.csv")
    return fit_model(file, "y", name="ridge")[0]


def new(tmp_path, trained, header, rows):
    return align(read_raw(write(tmp_path, header, rows)), trained.columns)


def codes(aligned):
    return [entry.message.code for entry in aligned.ledger.entries]


def notes(aligned):
    return [[note.code for note in row_notes] for row_notes in aligned.notes]


@pytest.mark.parametrize("lost", ["Temp[℃]", "圧力", "kind"])
def test_G01_a_missing_column_is_named(tmp_path, trained, lost):
    header = HEADER.replace(lost, "other")
    with pytest.raises(InputError, match="E130") as caught:
        new(tmp_path, trained, header, [row(1)])
    assert caught.value.where == {"file": "new.csv", "column": lost}


def test_G01_order_and_extra_columns_do_not_matter(tmp_path, trained):
    aligned = new(
        tmp_path, trained, "作業者,kind,圧力,Temp[℃]", ["佐藤,a,1.2,160", "佐藤,b,1.3,170"]
    )
    assert aligned.features.to_numpy().tolist() == [[160, 1.2, "a"], [170, 1.3, "b"]]
    extra = next(e for e in aligned.ledger.entries if e.message.code == "I104")
    assert "作業者" in extra.message.text("ja")


@pytest.mark.parametrize("name", ["TEMP[℃]", "ＴＥＭＰ[℃]", '" Temp [℃] "', "temp［℃］"])
def test_G02_case_width_and_blanks_are_matched_and_said(tmp_path, trained, name):
    aligned = new(tmp_path, trained, f"{name},圧力,kind", ["160,1.2,a", "170,1.3,b"])
    assert aligned.features["f0"].tolist() == [160, 170]
    assert "W126" in codes(aligned)


def test_G02_one_column_cannot_stand_for_two(tmp_path):
    file = write(tmp_path, "Temp,TEMP,y", (f"{i},{i * i},{i * 37 % 101}" for i in range(40)))
    columns = read_table(file, target="y").columns
    raw = read_raw(write(tmp_path, "TEMP,y", ["1,2", "3,4"]))
    with pytest.raises(InputError, match=r"Columns Temp and TEMP .* only the column TEMP"):
        align(raw, columns)


def test_G03_numbers_that_became_text_are_refused(tmp_path, trained):
    with pytest.raises(InputError, match=r"Temp\[℃\] was numeric .* row 2 holds 高"):
        new(tmp_path, trained, HEADER, ["高,1.2,a,1", "低,1.3,b,2", "高,1.4,b,2"])


def test_G03_another_range_is_said(tmp_path, trained):
    aligned = new(tmp_path, trained, HEADER, [f"{433 + i},1.2,a,1" for i in range(5)])
    told = next(e for e in aligned.ledger.entries if e.message.code == "W127")
    assert (told.column, told.count) == ("Temp[℃]", 5)
    assert "150" in told.message.text("ja")


def test_G03_another_unit_is_said(tmp_path):
    rows = [f"{150 + i},{i * 37 % 101}" for i in range(40)]
    columns = read_table(write(tmp_path, "Temp,y", ["℃,-", *rows]), target="y").columns
    assert columns[0].unit == "℃"
    kelvin = align(read_raw(write(tmp_path, "Temp,y", ["K,-", "423,1", "433,2"])), columns)
    told = next(e for e in kelvin.ledger.entries if e.message.code == "W169")
    assert "K" in told.message.text("en")
    same = align(read_raw(write(tmp_path, "Temp,y", ["[°C],-", "153,1", "163,2"])), columns)
    assert "W169" not in codes(same)


def test_G03_another_unit_in_the_cells_is_said(tmp_path):
    rows = [f"{10 + i} mm,{i * 37 % 101}" for i in range(40)]
    columns = read_table(write(tmp_path, "長さ,y", rows), target="y").columns
    aligned = align(read_raw(write(tmp_path, "長さ,y", ["1.5 cm,1", "2.5 cm,2"])), columns)
    assert "W169" in codes(aligned)


def test_G04_an_unseen_level_is_marked_and_predicted(tmp_path, model):
    file = write(tmp_path, HEADER, ["160,1.2,a,1", "170,1.3,新,2", "175,1.3,Ｂ,2"])
    found = predict_file(model, file, language="ja")
    assert np.isfinite(found.rows.prediction).all()
    assert "新" in found.rows.notes[1]
    assert found.rows.in_domain.tolist()[::2] == [True, True]
    assert "W129" in [e.message.code for e in found.ledger.entries]


@pytest.mark.parametrize("level", ["1", "1.0", "１", "1.00"])
def test_G04_a_level_that_is_a_number_is_known_however_it_is_written(tmp_path, level):
    rows = [f"{['1.0', '2.0', 'A', '007'][i % 4]},{i},{i * 37 % 101}" for i in range(40)]
    columns = read_table(write(tmp_path, "型,x,y", rows), target="y").columns
    assert columns[0].kind == "category"
    aligned = align(read_raw(write(tmp_path, "型,x", [f"{level},1", "7,2", "007,3"])), columns)
    assert aligned.features["f0"].tolist() == ["1.0", None, "007"]


def test_G04_a_level_written_otherwise_is_taken_for_that_of_training_and_said(tmp_path, trained):
    aligned = new(tmp_path, trained, HEADER, ["160,1.2,Ａ,1", "170,1.3,b,2", "180,1.4, B ,3"])
    assert aligned.features["f2"].tolist() == ["a", "b", "b"]
    assert notes(aligned) == [[], [], []]
    (entry,) = [e for e in aligned.ledger.entries if e.message.code == "R171"]
    assert (entry.severity, entry.row, entry.column, entry.count) == ("repair", 2, "kind", 2)
    assert "Ａ → a, B → b" in entry.message.text("en")


def test_G04_a_level_that_may_be_either_of_two_is_not_guessed(tmp_path):
    rows = [f"{['OK', 'ok', 'NG'][i % 3]},{i},{i * 37 % 101}" for i in range(30)]
    columns = read_table(write(tmp_path, "型,x,y", rows), target="y").columns
    aligned = align(read_raw(write(tmp_path, "型,x", ["Ok,1", "ok,2", "ng,3"])), columns)
    assert aligned.features["f0"].tolist() == [None, "ok", "NG"]
    assert notes(aligned)[0] == ["I112"]


@pytest.mark.parametrize(("outside", "said"), [(1, False), (3, True)])
def test_G05_rows_outside_are_marked_and_said_above_ten_percent(tmp_path, trained, outside, said):
    rows = [row(i) for i in range(20)]
    rows[:outside] = ["900,1.2,a,1"] * outside
    aligned = new(tmp_path, trained, HEADER, rows)
    assert sum("I111" in found for found in notes(aligned)) == outside
    assert ("W127" in codes(aligned)) == said


def test_G06_one_output_row_for_each_input_row_in_order(tmp_path, model):
    rows = ["160,1.2,a,1", ",1.3,b,", ",,,5", "170,?,b,2", "#REF!,1.1,a,3", "165,1.4,,4"]
    found = predict_file(model, write(tmp_path, HEADER, rows), language="en")
    assert found.table["Temp[℃]"].tolist() == [line.split(",")[0] for line in rows]
    assert np.isnan(found.rows.prediction).tolist() == [False, False, True, False, False, False]
    assert found.rows.notes[0] == ""
    assert all("missing" in note for note in found.rows.notes[1:])
    assert "No prediction" in found.rows.notes[2]
    assert {"R108", "W107"} <= {e.message.code for e in found.ledger.entries}


def test_G06_a_formula_without_a_value_is_a_missing_input_and_said(tmp_path, trained):
    book = openpyxl.Workbook()
    book.active.append(HEADER.split(","))
    for i in range(3):
        book.active.append(["=A3+1" if i == 0 else 160 + i, 1.2, "a", i])
    book.save(tmp_path / "new.xlsx")
    aligned = align(read_raw(tmp_path / "new.xlsx"), trained.columns)
    assert notes(aligned)[0] == ["I113"]
    assert "W106" in codes(aligned)


def test_G07_without_a_target_there_are_no_errors_and_with_one_there_are(tmp_path, model):
    bare = predict_file(model, write(tmp_path, "Temp[℃],圧力,kind", ["160,1.2,a", "170,1.3,b"]))
    assert bare.scores is None
    known = predict_file(model, write(tmp_path, HEADER, map(row, range(8))))
    assert known.scores is not None
    assert known.scores.rmse > 0


@pytest.mark.parametrize("cells", ["", "―", "後日"])
def test_G07_a_target_column_without_values_is_none(tmp_path, model, cells):
    file = write(tmp_path, HEADER, [f"160,1.2,a,{cells}", f"170,1.3,b,{cells}"])
    assert predict_file(model, file).scores is None


def test_D01_a_workbook_and_its_csv_predict_the_same(tmp_path, model):
    frame = pd.read_csv(tmp_path / "train.csv")
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    book = predict_file(model, tmp_path / "t.xlsx").rows.prediction
    text = predict_file(model, tmp_path / "train.csv").rows.prediction
    assert np.array_equal(book, text)
