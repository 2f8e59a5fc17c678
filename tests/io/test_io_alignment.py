"""Predict time: a new file against the columns of a fitted model."""

import numpy as np
import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import align, read_raw, read_table


@pytest.fixture
def trained(tmp_path):
    lines = ["No,Temp [℃],kind,y"]
    lines += [f"{i},{20 + i},{'ab'[i % 2]},{i * i}" for i in range(20)]
    file = tmp_path / "train.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return read_table(file, target="y")


def _align(tmp_path, trained, text):
    file = tmp_path / "new.csv"
    file.write_text(text, encoding="utf-8")
    return align(read_raw(file), trained.columns)


def _codes(aligned):
    return [[note.code for note in notes] for notes in aligned.notes]


def test_the_training_file_aligns_with_itself(tmp_path, trained):
    aligned = align(read_raw(tmp_path / "train.csv"), trained.columns)
    assert aligned.features.equals(trained.features)
    assert aligned.y is not None
    assert aligned.y.tolist() == trained.y.tolist()
    assert _codes(aligned) == [[]] * 20


def test_order_width_case_and_extra_columns_do_not_matter(tmp_path, trained):
    aligned = _align(tmp_path, trained, "more,Kind,ＴＥＭＰ[℃]\n1,Ａ,25\n2,b,26\n")
    assert aligned.features["f0"].tolist() == [25, 26]
    assert aligned.features["f1"].tolist() == ["a", "b"]
    assert aligned.y is None
    codes = [e.message.code for e in aligned.ledger.entries if e.severity != "info"]
    assert codes == ["W126", "W126", "R171"]
    assert "I104" in [e.message.code for e in aligned.ledger.entries]


def test_what_is_unusual_about_a_row_is_noted(tmp_path, trained):
    text = "Temp [℃],kind\n25,a\n99,b\n,a\n25,c\n26,\n"
    aligned = _align(tmp_path, trained, text)
    assert _codes(aligned) == [[], ["I111"], ["I113"], ["I112"], ["I113"]]
    assert np.isnan(aligned.features["f0"][2])
    assert aligned.features["f1"][3] is None
    assert aligned.row_numbers.tolist() == [2, 3, 4, 5, 6]


def test_one_row_is_enough(tmp_path, trained):
    aligned = _align(tmp_path, trained, "Temp [℃],kind\n30,b\n")
    assert aligned.features.to_numpy().tolist() == [[30.0, "b"]]


def test_a_missing_column_is_named_with_its_neighbours(tmp_path, trained):
    with pytest.raises(
        InputError, match=r"needs the column kind, .* nearest columns there are: kin"
    ):
        _align(tmp_path, trained, "Temp [℃],kin\n30,b\n")


def test_text_in_a_numeric_column_is_refused_with_a_value(tmp_path, trained):
    with pytest.raises(InputError, match=r"Column Temp \[℃\] was numeric .* row 2 holds hot"):
        _align(tmp_path, trained, "Temp [℃],kind,y\nhot,a,1\ncold,b,2\n25,a,3\n")


def test_many_rows_outside_the_range_are_a_warning(tmp_path, trained):
    aligned = _align(tmp_path, trained, "Temp [℃],kind\n293,a\n303,b\n313,a\n")
    assert "W127" in [entry.message.code for entry in aligned.ledger.entries]


def test_missing_measured_values_stay_missing(tmp_path, trained):
    aligned = _align(tmp_path, trained, "Temp [℃],kind,Y\n25,a,1.5\n26,b,\n")
    assert aligned.y is not None
    assert aligned.y[0] == 1.5
    assert np.isnan(aligned.y[1])
