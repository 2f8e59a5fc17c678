"""Files as plants have them: rows that are no samples, and names in more than one row."""

import openpyxl
import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw, read_table

HEAD = ["ロット", "温度", "圧力", "強度"]
ROWS = [[f"L{i // 4:03d}", 150 + 3.5 * i, round(1 + i % 5 * 0.25, 2), 40 + i * i % 17] for i in
        range(12)]  # fmt: skip


def sheet(tmp_path, rows, merged=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(tmp_path / "t.xlsx")
    return read_raw(tmp_path / "t.xlsx")


def text(tmp_path, rows, encoding="utf-8"):
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    (tmp_path / "t.csv").write_bytes("\n".join(lines).encode(encoding))
    return read_raw(tmp_path / "t.csv")


def codes(raw):
    return [entry.message.code for entry in raw.ledger.entries]


def total(label, rows, operation=sum):
    columns = list(zip(*rows, strict=True))[1:]
    return [label, *(round(operation(column), 2) for column in columns)]


def mean(values):
    return sum(values) / len(values)


def assert_samples(raw, n=12):
    assert raw.n_rows == n
    assert raw.columns[1].numbers().tolist() == [row[1] for row in ROWS][:n]
    assert [column.kind for column in raw.columns[1:]] == ["numeric"] * 3


@pytest.mark.parametrize(
    ("labels", "operation"),
    [
        (["小計"] * 3, sum),
        (["L000 集計", "L001 集計", "L002 集計"], sum),
        (["5/1 計", "5/2 計", "5/3 計"], sum),
        (["L000 Total", "L001 Total", "L002 Total"], sum),
        (["平　均"] * 3, mean),
        (["最大"] * 3, max),
    ],
)
def test_B07_sums_between_the_samples_are_left_out(tmp_path, labels, operation):
    rows = [HEAD]
    for k, label in enumerate(labels):
        group = ROWS[4 * k : 4 * k + 4]
        rows += [*group, total(label, group, operation)]
    raw = sheet(tmp_path, rows)
    assert_samples(raw)
    assert sum(code in ("R104", "R156") for code in codes(raw)) == 3


def test_B07_a_label_whose_numbers_disagree_is_in_doubt(tmp_path):
    raw = sheet(tmp_path, [HEAD, *ROWS[:6], ["合計", 1, 2, 3], *ROWS[6:]])
    assert raw.n_rows == 13
    assert "W180" in codes(raw)


def test_B07_levels_named_like_totals_are_levels(tmp_path):
    rows = [[["最大", "最小", "平均"][i % 3], i % 4, i * 1.5, i * i] for i in range(12)]
    assert sheet(tmp_path, [HEAD, *rows]).n_rows == 12


def test_B07_instruments_are_no_totals(tmp_path):
    rows = [[["温度計", "圧力計", "流量計"][i % 3], i % 4, i * 1.5, i * i] for i in range(12)]
    assert sheet(tmp_path, [HEAD, *rows]).n_rows == 12


def test_B07_all_statistics_at_the_end_are_cut(tmp_path):
    labels = ["Average", "Std. Dev.", "MAX.", "MIN.", "3σ", "CV%", "R", "Cpk"]
    rows = [[label, 1.5 * k, k, 2.5 * k] for k, label in enumerate(labels)]
    assert_samples(sheet(tmp_path, [HEAD, *ROWS, [], *rows]))


def test_B07_limits_and_averages_below_the_names_are_no_samples(tmp_path):
    limits = [["規格上限", 220, 9, 90], ["測定下限", 150, 1, 40], ["平均", 180, 2, 50]]
    raw = sheet(tmp_path, [HEAD, *limits, *ROWS])
    assert_samples(raw)
    assert codes(raw).count("R156") == 3


def test_B07_a_total_without_a_label_is_told_by_its_numbers(tmp_path):
    raw = sheet(tmp_path, [HEAD, *ROWS, total(None, ROWS)])
    assert_samples(raw)
    assert "R104" in codes(raw)


@pytest.mark.parametrize(
    "tail",
    [
        [["※1 金型の表面温度"], ["※2 n=3"], ["以上"]],
        [[], ["備考", "3号機は 5/12 に金型交換"], ["作成", "品質保証部 田中"]],
        [["[EOF]"]],
        [["Data End"]],
        [[], ["(12 rows affected)"]],
    ],
)
def test_B07_notes_below_the_table_are_cut(tmp_path, tail):
    assert_samples(text(tmp_path, [HEAD, *ROWS, *tail]))


def test_B07_comments_and_drawn_lines_are_no_samples(tmp_path):
    line = ["----", "-----", "-----", "-----"]
    raw = text(tmp_path, [HEAD, line, *ROWS[:5], ["# センサー交換"], *ROWS[5:]])
    assert_samples(raw)
    assert codes(raw).count("R157") == 2


def test_B08_names_that_come_again_do_not_end_the_table(tmp_path):
    units = [None, "℃", "MPa", "N"]
    raw = text(tmp_path, [HEAD, units, *ROWS[:5], HEAD, units, *ROWS[5:]])
    assert_samples(raw)
    assert codes(raw).count("R155") == 2


def test_B08_a_preface_that_comes_again_goes_with_its_names(tmp_path):
    preface = [["検査成績表 1/2"]]
    again = [["検査成績表 2/2"]]
    assert_samples(text(tmp_path, [*preface, HEAD, *ROWS[:5], *again, HEAD, *ROWS[5:]]))


def test_B08_another_title_before_the_same_names_begins_another_table(tmp_path):
    with pytest.raises(InputError, match="begins in row 2, another in row 9"):
        text(tmp_path, [["条件A"], HEAD, *ROWS[:5], ["条件B"], HEAD, *ROWS[5:]])


def test_B08_a_table_continued_to_the_right_is_refused(tmp_path):
    rows = [[*ROWS[i], None, *ROWS[i + 6]] for i in range(6)]
    with pytest.raises(InputError, match="second time from F1 on"):
        sheet(tmp_path, [[*HEAD, None, *HEAD], *rows])


@pytest.mark.parametrize(
    "units",
    [
        ["-", "(℃)", "(kgf/cm2)", "(N/mm2)"],
        ["単位", "℃", "MPa", "N"],
        [None, "単位:℃", "単位：MPa", "単位:N"],
        ["種類", "degC", "barg", "×10^3 Pa"],
    ],
)
def test_B04_units_in_many_styles(tmp_path, units):
    raw = sheet(tmp_path, [HEAD, units, *ROWS])
    assert_samples(raw)
    assert all(column.unit for column in raw.columns[1:])
    assert "R103" in codes(raw)


def test_B04_a_sample_that_failed_is_no_row_of_units(tmp_path):
    raw = text(tmp_path, [HEAD, ["L9", "Bad", "Bad", "Bad"], *ROWS])
    assert raw.n_rows == 13


def test_B05_groups_that_are_not_merged_are_joined(tmp_path):
    upper = ["ロット", "条件", None, "特性"]
    raw = sheet(tmp_path, [upper, [None, "温度", "圧力", "強度"], *ROWS])
    assert_samples(raw)
    assert [c.name for c in raw.columns[1:]] == ["条件 / 温度", "条件 / 圧力", "特性 / 強度"]


def test_B05_tags_with_descriptions_and_units(tmp_path):
    head = [["Tag", "TI1", "PI2", "AI9"], ["Name", "Temp", "Press", "Purity"]]
    raw = text(tmp_path, [*head, ["Unit", "degC", "barg", "wt%"], *ROWS])
    assert_samples(raw)
    assert (raw.columns[1].name, raw.columns[1].unit) == ("TI1 / Temp", "degC")


def test_C07_names_that_lack_the_one_of_the_row_numbers_are_refused(tmp_path):
    rows = [[i + 1, *row] for i, row in enumerate(ROWS)]
    with pytest.raises(InputError, match="4 column names, but 5 fields in row 2"):
        text(tmp_path, [HEAD, *rows])


def test_C07_thousands_without_quotes_shift_the_columns(tmp_path):
    rows = [[f"{900 + 37 * i:,d}", i, i * i] for i in range(20)]
    with pytest.raises(InputError, match=r"Row 5 .* more fields than the 3"):
        text(tmp_path, [["x", "k", "y"], *rows])


def test_C03_euc_jp_is_no_half_width_kana(tmp_path):
    raw = text(tmp_path, [["ロット", "温度", "圧力", "強さ"], *ROWS], "euc_jp")
    assert (raw.columns[0].name, raw.source.encoding) == ("ロット", "euc_jp")
    assert "W101" in codes(raw)


def test_D04_the_index_of_pandas_is_no_feature(tmp_path):
    rows = [[i, i * 1.5, i * i] for i in range(12)]
    text(tmp_path, [["Unnamed: 0", "x", "y"], *rows])
    data = read_table(tmp_path / "t.csv", target="y")
    assert data.X.columns.tolist() == ["x"]


def test_D07_a_pivot_table_is_in_doubt(tmp_path):
    assert "W185" in codes(sheet(tmp_path, [["行ラベル", "x", "y"], *(r[:3] for r in ROWS)]))


def test_B07_means_in_the_second_column_are_left_out(tmp_path):
    rows = []
    for k in range(4):
        group = [[f"L{k}", j + 1, 10 + k + 0.1 * j, 20.5 * k + j] for j in range(3)]
        means = [round(mean([row[j] for row in group]), 2) for j in (2, 3)]
        rows += [*group, [f"L{k}", "平均", *means]]
    raw = text(tmp_path, [["ロット", "n", "x", "y"], *rows])
    assert (raw.n_rows, codes(raw).count("R104") + codes(raw).count("R156")) == (12, 4)


def test_B07_sums_without_a_label_between_the_samples(tmp_path):
    rows = [HEAD]
    for k in range(0, 12, 4):
        rows += [*ROWS[k : k + 4], total(None, ROWS[k : k + 4])]
    assert_samples(sheet(tmp_path, rows))


def test_B04_a_level_that_could_be_a_unit_is_no_row_of_units(tmp_path):
    raw = text(tmp_path, [HEAD, ["A", "", "-", ""], *ROWS])
    assert raw.n_rows == 13


def test_B05_repeated_measurements_are_counted_in_the_header(tmp_path):
    head = [["ロット", "測定値", None, None], [None, 1, 2, 3]]
    raw = sheet(tmp_path, [*head, *ROWS], ["B1:D1", "A1:A2"])
    assert_samples(raw)
    assert raw.columns[3].name == "測定値 / 3"


def test_C04_a_text_file_in_one_column_of_a_sheet_is_refused(tmp_path):
    with pytest.raises(InputError, match="stand in one column"):
        sheet(tmp_path, [[",".join(map(str, row))] for row in [HEAD, *ROWS]])


def test_C05_decimal_commas_that_divide_the_fields_are_refused(tmp_path):
    rows = "".join(f"1,{i},2,{i * i}\n" for i in range(12))
    (tmp_path / "t.csv").write_text("x,y\n" + rows)
    with pytest.raises(InputError, match="2 column names, but 4 fields in row 2"):
        read_raw(tmp_path / "t.csv")


def test_C08_text_cells_of_excel_are_unwrapped(tmp_path):
    rows = "".join(f'="{i % 4:04d}",="{i / 4}",{i * i}\n' for i in range(12))
    (tmp_path / "t.csv").write_text("code,x,y\n" + rows)
    code, x, _ = read_raw(tmp_path / "t.csv").columns
    assert (code.labels()[1], x.numbers()[1]) == ("0001", 0.25)


def test_C02_two_files_joined_are_one_table(tmp_path):
    half = "x,y\n" + "".join(f"{i},{i * i}\n" for i in range(6))
    (tmp_path / "t.csv").write_bytes((half + "\ufeff" + half).encode("utf-8-sig"))
    raw = read_raw(tmp_path / "t.csv")
    assert (raw.n_rows, {"R114", "R155"} <= set(codes(raw))) == (12, True)


def test_D09_any_part_of_a_joined_name_will_do(tmp_path):
    head = [["Tag", "TI1", "PI2", "AI9"], ["Name", "Temp", "Press", "Purity"]]
    text(tmp_path, [*head, *ROWS])
    assert read_table(tmp_path / "t.csv", target="AI9").target.name == "AI9 / Purity"


def test_B05_the_rest_of_the_names_below_the_units_is_no_sample(tmp_path):
    head = [
        ["Ch.", None, "CH1", "CH2"],
        ["Unit", None, "degC", "MPa"],
        ["Date", "Time", None, None],
    ]
    rows = [["2024/05/01", f"08:{i:02d}:00", 20.5 + i, i / 4] for i in range(12)]
    raw = text(tmp_path, [*head, *rows])
    assert (raw.n_rows, raw.columns[0].kind, raw.columns[2].unit) == (12, "date", "degC")
    assert raw.columns[0].unit is None
