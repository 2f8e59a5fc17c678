"""Cases E01 to E11: what stands in the cells, and rows that are there twice."""

import warnings

import numpy as np
import openpyxl
import pytest

from ntkreg.exceptions import InputError
from ntkreg.inspection import audit_leaks
from ntkreg.io import read_raw, read_table
from ntkreg.io.cells.sentinels import find_sentinels

N = 60


def write(tmp_path, cells, header="x,z,y", **changes):
    """Write a table of N rows; `changes` maps "r7" to the x of row 7 of the file."""
    file = tmp_path / "t.csv"
    rows = [[str(c) for c in cells(i)] for i in range(N)]
    for row, cell in changes.items():
        rows[int(row[1:]) - 2][0] = cell
    file.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return file


def plain(i):
    return i / 2, i % 7, (i * 37) % 101


def codes(data):
    return [entry.message.code for entry in data.ledger.entries]


def entry(data, code):
    return next(e for e in data.ledger.entries if e.message.code == code)


MARKS = ["NA", "N/A", "n/a", "NaN", "null", "None", "-", "--", "―", "***", "?", ".", "欠測",
         "欠損", "なし", "無し", "未測定", "測定不可", "#N/A"]  # fmt: skip


@pytest.mark.parametrize("mark", [*MARKS, "", " ", "　"])
def test_E01_marks_are_missing(tmp_path, mark):
    raw = read_raw(write(tmp_path, plain, r4=mark, r6=mark))
    assert (raw.columns[0].kind, raw.columns[0].n_missing) == ("numeric", 2)
    assert ("R108" in codes(raw)) == bool(mark.strip())


def test_E01_marks_are_counted_one_by_one(tmp_path):
    raw = read_raw(write(tmp_path, plain, r4="―", r6="NA", r7="―"))
    assert "3 cells hold a mark for missing values (― (2), NA (1))" in entry(
        raw, "R108"
    ).message.text("en")


@pytest.mark.parametrize("word", ["なし", "無し"])
def test_E01_a_category_that_truly_is_none_is_kept(tmp_path, word):
    raw = read_raw(write(tmp_path, lambda i: (word if i % 2 else "あり", i % 7, i * i)))
    assert set(raw.columns[0].labels()) == {word, "あり"}


@pytest.mark.parametrize(
    "cell",
    ["<0.01", "＜0.01", ">100", "0.5未満", "100以上", "ND", "N.D.", "OVER", "BURNOUT", "LLLL"],
)
def test_E02_censored_values_are_never_plain_numbers(tmp_path, cell):
    raw = read_raw(write(tmp_path, plain, r5=cell))
    assert np.isnan(raw.columns[0].numbers()[3])
    assert (entry(raw, "W108").row, entry(raw, "W108").count) == (5, 1)


@pytest.mark.parametrize(
    "cells", [("<0.01", "<0.02"), ("100以上", "50以上", "ND"), ("＜0.5", "ND")]
)
def test_E02_a_column_of_nothing_but_limits_is_numeric_if_asked(tmp_path, cells):
    rows = [f"{i},{cells[i % len(cells)]},{i * 37 % 101}" for i in range(30)]
    file = tmp_path / "t.csv"
    file.write_text("\n".join(["x,濃度,y", *rows]), encoding="utf-8")
    plain, limits = read_raw(file).columns[1], read_raw(file, censored="limit").columns[1]
    assert np.isnan(plain.numbers()).all()
    assert "W189" in [e.message.code for e in plain.entries]
    known = [cell != "ND" for cell in cells] * (30 // len(cells))
    np.testing.assert_array_equal(np.isfinite(limits.numbers()), known)
    if "＜0.5" in cells:  # one limit alone does not vary
        assert limits.kind == "constant"
        return
    assert limits.kind == "numeric"
    codes = [e.message.code for e in limits.entries]
    assert codes == (["R170", "W108"] if "ND" in cells else ["R170"])


def test_E02_a_level_nd_among_words_is_no_doubt(tmp_path):
    file = tmp_path / "t.csv"
    rows = [f"{i},{['A', 'B', 'ND'][i % 3]},{i * 37 % 101}" for i in range(30)]
    file.write_text("\n".join(["x,型,y", *rows]), encoding="utf-8")
    column = read_raw(file, censored="limit").columns[1]
    assert column.kind == "category"
    assert "W189" not in [e.message.code for e in column.entries]


@pytest.mark.parametrize("error", ["#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"])
def test_E03_error_cells_are_counted_by_code(tmp_path, error):
    book = openpyxl.Workbook()
    book.active.append(["x", "y"])
    for i in range(N):
        book.active.append([error if i in (3, 9) else None if i == 5 else i / 2, i * i])
    book.save(tmp_path / "t.xlsx")
    raw = read_raw(tmp_path / "t.xlsx")
    assert raw.columns[0].n_missing == 3
    assert f"2 cells hold an Excel error ({error} (2); first in row 5)" in entry(
        raw, "W107"
    ).message.text("en")


def test_E04_a_formula_without_a_value_is_missing(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["x", "y"])
    for i in range(N):
        book.active.append(["=1+1" if i == 3 else i / 2, i * i])
    book.save(tmp_path / "t.xlsx")
    raw = read_raw(tmp_path / "t.xlsx")
    assert "Open the file in Excel and save it" in entry(raw, "W106").message.hint("en")


@pytest.mark.parametrize("mark", ["-9999", "-999", "9999", "999.9", "1E+30", "-99.99"])
@pytest.mark.parametrize("times", [1, 4])
def test_E05_a_sentinel_is_said_and_kept(tmp_path, mark, times):
    marks = {f"r{row}": mark for row in range(4, 4 + times)}
    raw = read_raw(write(tmp_path, plain, **marks))
    found = entry(raw, "W118")
    assert (found.column, found.row, found.count) == ("x", 4, times)
    assert raw.columns[0].n_missing == 0


def test_E05_both_ends_may_have_one():
    values = np.array([*range(20), -9999, 9999.0, 9999])
    assert find_sentinels(values) == (-9999.0, 9999.0)


@pytest.mark.parametrize("seed", range(20))
def test_E05_ordinary_columns_have_none(seed):
    rng = np.random.default_rng(seed)
    for values in (
        rng.normal(size=50),
        rng.integers(90, 105, 50) * 1.0,
        np.exp(2 * rng.normal(size=50)).round(2),
        10.0 ** rng.integers(-6, 6, 50),
    ):
        assert find_sentinels(values) == ()


def test_E06_infinite_and_extreme_values(tmp_path):
    odd = ["inf", "-inf", "1e400", "1e308", "-1e308", "1e-320"]
    file = write(tmp_path, lambda i: (odd[i % 6], 10.0 ** (i % 13 - 6), (i * 37) % 101))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = read_table(file, target="y")
        audit_leaks(data)
    assert (entry(data, "W110").count, data.columns[0].n_missing) == (30, 30)
    assert data.features["f0"].max() == 1e308


@pytest.mark.parametrize(("n_words", "kind"), [(1, "numeric"), (3, "numeric"), (4, "category")])
def test_E07_five_percent_of_text_is_the_limit(tmp_path, n_words, kind):
    words = {f"r{row}": "故障" for row in range(4, 4 + n_words)}
    raw = read_raw(write(tmp_path, lambda i: (i % 9, i % 7, i * i), **words))
    assert raw.columns[0].kind == kind
    told = entry(raw, "W109" if kind == "numeric" else "W124")
    assert (told.row, told.count) == (4, n_words)
    assert "故障" in told.message.text("ja")


@pytest.mark.parametrize(
    "pair",
    ["TRUE FALSE", "True False", "○ ×", "OK NG", "良 不良", "Yes No", "有 無", "合格 不合格"],
)
def test_E08_two_words_are_two_levels(tmp_path, pair):
    raw = read_raw(write(tmp_path, lambda i: (pair.split()[i % 2], i % 7, i * i)))
    assert raw.columns[0].kind == "category"
    assert raw.columns[0].labels()[:2].tolist() == pair.split()


def test_E09_rows_without_a_target_are_left_out_and_numbered(tmp_path):
    data = read_table(write(tmp_path, plain, "y,z,x", r4="", r9="―", r12="<1", r20="?"), target="y")
    told = entry(data, "W112")
    assert told.message.values["rows"] == [4, 9, 12, 20]
    assert data.n_rows == N - 4
    assert np.isfinite(data.y).all()


def test_E09_too_few_usable_rows_are_refused(tmp_path):
    blanks = {f"r{row}": "" for row in range(2, 53)}
    with pytest.raises(InputError, match=r"Only 9 rows of t\.csv .* at least 10"):
        read_table(write(tmp_path, plain, "y,z,x", **blanks), target="y")


def test_E10_words_as_target_are_refused_and_two_numbers_doubted(tmp_path):
    file = write(tmp_path, lambda i: ("OK" if i % 3 else "NG", i / 2, i % 2), "判定,x,y")
    with pytest.raises(InputError, match="判定 is not numeric: row 2 holds NG"):
        read_table(file, target="判定")
    assert "classification" in entry(read_table(file, target="y"), "W111").message.text("en")


def test_E11_copied_rows_are_counted(tmp_path):
    file = write(tmp_path, plain)
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([*lines, lines[3], lines[7], lines[3]]), encoding="utf-8")
    told = entry(read_table(file, target="y"), "W165")
    assert (told.count, told.message.values["rows"]) == (3, [62, 63, 64])


def test_E11_a_running_number_does_not_hide_copies(tmp_path):
    file = write(tmp_path, lambda i: (i + 1, (i % 30) / 7, (i % 30) * 37 % 101), "No,x,y")
    assert entry(read_table(file, target="y"), "W165").count == 30


def test_E11_rows_that_differ_by_next_to_nothing_are_counted(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(N, 3))
    rows[40:] = rows[:20] * (1 + 1e-7)
    told = entry(read_table(write(tmp_path, lambda i: rows[i]), target="y"), "W165")
    assert 17 <= told.count <= 20
    assert told.message.values["exact"] == 0


@pytest.mark.parametrize("seed", range(20))
def test_E11_replicates_and_independent_rows_are_no_copies(tmp_path, seed):
    rng = np.random.default_rng(seed)
    if seed % 2:
        file = write(tmp_path, lambda i: (i % 4, i // 4 % 3, round(rng.normal(), 4)))
    else:
        file = write(tmp_path, lambda _: rng.normal(size=3).round(4))
    assert "W165" not in codes(read_table(file, target="y"))


@pytest.mark.parametrize(("n_rows", "code"), [(1, "E125"), (9, "E125"), (10, "W122"), (29, "W122")])
def test_F01_few_rows_are_refused_or_doubted(tmp_path, n_rows, code):
    file = tmp_path / "t.csv"
    file.write_text("x,y\n" + "".join(f"{i % 4},{i * 37 % 101}\n" for i in range(n_rows)))
    if code == "W122":
        assert code in codes(read_table(file, target="y"))
    else:
        with pytest.raises(InputError, match=f"Only {n_rows} rows .* at least 10"):
            read_table(file, target="y")


def test_F02_more_columns_than_rows_are_doubted(tmp_path):
    rng = np.random.default_rng(0)
    file = tmp_path / "t.csv"
    header = ",".join([*(f"x{j}" for j in range(500)), "y"])
    rows = [",".join(f"{v:.4f}" for v in rng.normal(size=501)) for _ in range(10)]
    file.write_text("\n".join([header, *rows]))
    data = read_table(file, target="y")
    assert (data.n_rows, len(data.feature_columns)) == (10, 500)
    assert entry(data, "W166").message.values == {"columns": 500, "count": 10}
    assert len(audit_leaks(data)) == 0


def test_C06_a_unit_in_the_cells_that_is_not_the_columns_unit_is_said(tmp_path):
    raw = read_raw(write(tmp_path, lambda i: (f"{i / 2} cm", i % 7, i * i), "長さ[mm],z,y"))
    assert "unit cm" in entry(raw, "W161").message.text("en")
    same = read_raw(write(tmp_path, lambda i: (f"{i / 2} ℃", i % 7, i * i), "温度[°C],z,y"))
    assert "W161" not in codes(same)
