"""New files that differ from the training file as such files do."""

import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import align, read_raw, read_table

ROWS = "".join(f"{150 + 3 * i},{1 + i % 7},{'AB'[i % 2]},{i * i}\n" for i in range(20))
NEW = "".join(f"{150 + 3 * i},{1 + i % 7},{'AB'[i % 2]}\n" for i in range(6))


def new_rows(tmp_path, text):
    (tmp_path / "train.csv").write_text(f"温度[℃],圧力(MPa),材料,強度\n{ROWS}", encoding="utf-8")
    (tmp_path / "new.csv").write_text(text, encoding="utf-8")
    data = read_table(tmp_path / "train.csv", target="強度")
    found = align(read_raw(tmp_path / "new.csv"), data.columns)
    return found.features.iloc[:, 0].tolist(), [e.message.code for e in found.ledger.entries]


@pytest.mark.parametrize(
    "head", ["温度(℃),圧力[MPa],材料\n", "温度,圧力,材料\n", "温度,圧力,材料\n℃,MPa,\n"]
)
def test_G02_names_without_the_unit_or_in_other_brackets(tmp_path, head):
    values, codes = new_rows(tmp_path, head + NEW)
    assert values == [150 + 3 * i for i in range(6)]
    assert codes.count("W126") == 2


@pytest.mark.parametrize("head", ["温度[K],圧力(MPa),材料\n", "温度,圧力,材料\nK,MPa,\n"])
def test_G03_another_unit_is_another_column(tmp_path, head):
    with pytest.raises(InputError, match=r"温度.*not in new\.csv"):
        new_rows(tmp_path, head + NEW)


def test_G03_another_unit_in_the_cells_is_said(tmp_path):
    rows = "".join(f"{440 + i} K,1,A\n" for i in range(6))
    _, codes = new_rows(tmp_path, "温度[℃],圧力(MPa),材料\n" + rows)
    assert {"R110", "W161", "W127"} <= set(codes)


def test_G06_a_total_below_the_new_rows_is_no_row(tmp_path):
    text = f"温度[℃],圧力(MPa),材料\n{NEW}合計,,\n"
    values, codes = new_rows(tmp_path, text)
    assert (len(values), "R104" in codes) == (6, True)


def test_G06_a_sample_that_happens_to_be_a_sum_stays(tmp_path):
    rows = "10,1,A\n20,2,B\n30,3,A\n40,4,B\n100,10,A\n"
    assert new_rows(tmp_path, f"温度[℃],圧力(MPa),材料\n{rows}")[0][-1] == 100
