"""Cases B03 to B11: where the table stands, and what else stands in its sheet or file."""

import openpyxl
import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw, read_table

DATA = "".join(f"{i * 1.5},{i % 4},{i * i}\n" for i in range(12))


def read(tmp_path, text, **wishes):
    file = tmp_path / "t.csv"
    file.write_text(text, encoding="utf-8")
    return read_raw(file, **wishes)


def sheet(tmp_path, rows, merged=(), **wishes):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(tmp_path / "t.xlsx")
    return read_raw(tmp_path / "t.xlsx", **wishes)


def entry(raw, code):
    return next(e for e in raw.ledger.entries if e.message.code == code)


def test_B03_titles_notes_and_blank_rows_above_the_header(tmp_path):
    raw = read(tmp_path, f"実験 2024年\n担当,山田\n\nx,k,y\n{DATA}")
    assert (raw.source.header_rows, raw.row_numbers[0]) == ((4,), 5)
    assert "1-2" in entry(raw, "R101").message.text("en")


def test_B03_the_header_row_can_be_named(tmp_path):
    raw = read(tmp_path, f"p,q,r\nx,k,y\n{DATA}", header_row=2)
    assert [c.name for c in raw.columns] == ["x", "k", "y"]
    assert raw.row_numbers[0] == 3


@pytest.mark.parametrize("names", [",SMILES,class", ",SMILES"])
def test_B03_the_index_of_a_table_of_words_needs_no_name(tmp_path, names):
    rows = "".join(
        f"sample_{i},C{'C' * i}O,{'ab'[i % 2]}"[: None if "class" in names else -2] + "\n"
        for i in range(9)
    )
    raw = read(tmp_path, f"{names}\n{rows}")
    assert [c.name for c in raw.columns[1:]] == names.split(",")[1:]
    assert (raw.n_rows, raw.row_numbers[0]) == (9, 2)


def test_B03_wavelengths_beside_a_nameless_index_are_names(tmp_path):
    waves = [f"{600 + 2 * j}" for j in range(12)]
    rows = "".join(
        f"{i}," + ",".join(f"{i + j / 7:.3f}" for j in range(12)) + "\n" for i in range(9)
    )
    raw = read(tmp_path, "," + ",".join(waves) + "\n" + rows)
    assert [c.name for c in raw.columns[1:]] == waves
    with pytest.raises(InputError, match="no row of column names"):
        read(tmp_path, "0," + ",".join(waves) + "\n" + rows)


def test_B03_most_columns_without_a_name_are_a_doubt(tmp_path):
    raw = read(tmp_path, f"x,,\n{DATA}")
    assert "2 of 3 columns have no name in row 1" in entry(raw, "W190").message.text("en")
    named = read(tmp_path, f"x,,y\n{DATA}")
    assert "W190" not in {e.message.code for e in named.ledger.entries}
    numbered = read(tmp_path, DATA, no_header=True)
    assert "W190" not in {e.message.code for e in numbered.ledger.entries}


@pytest.mark.parametrize(("row", "reason"), [(3, "numbers only"), (99, "no such row"), (0, "such")])
def test_B03_a_row_that_is_no_header_is_refused(tmp_path, row, reason):
    with pytest.raises(InputError, match=f"Row {row} of t.csv cannot be .*{reason}"):
        read(tmp_path, f"x,k,y\n{DATA}", header_row=row)


@pytest.mark.parametrize(
    ("names", "first"), [(",k,y,z", "停機,停機,停機,停機"), ("a,x,y,z", "停機1,停機2,停機3,停機4")]
)
@pytest.mark.parametrize("named", [True, False])
def test_B03_E01_a_first_row_of_the_users_own_marks_is_a_sample(tmp_path, names, first, named):
    rows = "".join(f"{i * 1.5},{i % 4},{i * i},{i}\n" for i in range(12))
    marks = [word if named else f"y={word}" for word in dict.fromkeys(first.split(","))]
    raw = read(tmp_path, f"{names}\n{first}\n{rows}", missing=marks)
    assert (raw.source.header_rows, raw.n_rows) == ((1,), 13)
    assert [raw.columns[2].name, raw.columns[2].original] == ["y", "y"]
    assert raw.columns[2].n_missing == 1


def test_B03_a_column_may_bear_the_name_of_a_mark(tmp_path):
    raw = read(tmp_path, f"x,OFF,y\n{DATA}OFF,1,2\n", missing=["OFF"])
    assert [c.name for c in raw.columns] == ["x", "OFF", "y"]
    assert [c.n_missing for c in raw.columns] == [1, 0, 0]


def logger(n_channels, ending, ranges=("TC_K", "Off"), signed="+   {:.1f}"):
    """Text of a data logger: settings of every width, a list of the channels, then the table."""
    channels = [f"CH{k + 1}" for k in range(n_channels)]
    lines = ["Vendor,ACME Corporation", "Model,X840", "Sampling interval,1s"]
    lines += [f"{name} time,2024/01/05,10:00:00" for name in ("Start", "End", "Trigger")]
    lines += ["AMP settings", "CH,Signal name,Input,Range,Filter"]
    lines += [f"{c},Temp {c},TEMP,{','.join(ranges)},degC" for c in channels]
    lines += ending
    head = len(lines) + 1
    lines.append(",".join(["Number", "Date&Time", "ms", *channels, "AlarmOut"]))
    lines.append(",".join(["NO.", "time", "ms", *["degC"] * n_channels, "A1"]))
    for i in range(30):
        values = [signed.format(20 + i + 7 * k % 11) for k in range(n_channels)]
        lines.append(",".join([str(i + 1), f"2024/01/05 10:00:{i:02d}", "0", *values, "LLLL"]))
    return "\n".join(lines) + "\n", head


@pytest.mark.parametrize("ending", [["Logic/Pulse,Off", "Data"], []])
@pytest.mark.parametrize("n_channels", [1, 3, 60])
@pytest.mark.parametrize("asked", [True, False])
def test_B03_C07_the_settings_and_channels_of_a_logger_are_a_preface(
    tmp_path, n_channels, ending, asked
):
    text, head = logger(n_channels, ending)
    raw = read(tmp_path, text, header_row=head if asked else None)
    assert (raw.source.header_rows[0], raw.n_rows, len(raw.columns)) == (head, 30, n_channels + 4)
    assert raw.columns[3].name.startswith("CH1")
    assert raw.columns[3].numbers()[:2].tolist() == [20, 21]
    assert f"1-{head - 1}" in entry(raw, "R101").message.text("en")


def test_B03_a_list_of_channels_may_hold_their_ranges(tmp_path):
    text, head = logger(4, ["Data"], ranges=("0.0", "100.0", "5"), signed="{:.1f}")
    raw = read(tmp_path, text)
    assert (raw.source.header_rows[0], raw.n_rows) == (head, 30)


def test_B08_names_below_data_and_a_lone_word_are_another_table(tmp_path):
    text = "a,b,c,d\n" + "1,2,3,4\n2,3,4,6\n" * 4 + "Data\nNo,time,p,q\n" + "1,2,3,5\n" * 30
    with pytest.raises(InputError, match=r"one block begins in row 1, another in row 11 \(No, tim"):
        read(tmp_path, text)
    assert read(tmp_path, text, header_row=11).n_rows == 30


def test_B04_a_units_row_is_no_sample(tmp_path):
    raw = read(tmp_path, f"厚さ,温度,強度\nmm,℃,[MPa]\n{DATA}")
    assert [c.unit for c in raw.columns] == ["mm", "℃", "MPa"]
    assert (raw.n_rows, entry(raw, "R103").row) == (12, 2)


def test_B05_merged_header_cells_are_joined(tmp_path):
    rows = [
        ["条件", None, "結果"],
        ["温度", "圧力", "強度"],
        *([i, i * i, i % 5] for i in range(12)),
    ]
    raw = sheet(tmp_path, rows, ["A1:B1"])
    assert [c.name for c in raw.columns] == ["条件 / 温度", "条件 / 圧力", "結果 / 強度"]
    assert entry(raw, "R102").severity == "repair"


def test_B06_a_table_away_from_A1_keeps_its_addresses(tmp_path):
    rows = [[], [], [None, None, "x", "y"], *([None, None, i, i * i] for i in range(12))]
    raw = sheet(tmp_path, rows)
    assert (raw.source.first_cell, raw.row_numbers[0], raw.columns[0].position) == ("C3", 4, 2)


@pytest.mark.parametrize("word", ["合計", "平均", "Total", "Average", "計"])
def test_B07_totals_at_the_end_are_cut_and_shown(tmp_path, word):
    rows = "".join(f"s{i},{i},{i * i}\n" for i in range(12))
    raw = read(tmp_path, f"試料,x,y\n{rows}{word},66,506\n※再測定を除く,,\n")
    assert raw.n_rows == 12
    assert sum(e.message.code == "R104" for e in raw.ledger.entries) == 2


def test_B08_a_second_table_below_a_blank_row_is_refused(tmp_path):
    text = f"x,k,y\n{DATA}\np,q,r\n1,2,3\n4,5,6\n"
    with pytest.raises(InputError, match="begins in row 1, another in row 15"):
        read(tmp_path, text)


def test_B08_a_header_that_comes_again_is_left_out_and_said(tmp_path):
    raw = read(tmp_path, f"x,k,y\n{DATA}x,k,y\n{DATA}")
    assert (raw.n_rows, entry(raw, "R155").row) == (24, 14)


def test_B08_settings_above_the_data_are_refused(tmp_path):
    text = f"温度,850\n圧力,1.2\n\nx,k,y\n{DATA}"
    with pytest.raises(InputError, match="begins in row 1, another in row 4"):
        read(tmp_path, text)
    assert read(tmp_path, text, header_row=4).n_rows == 12


@pytest.mark.parametrize(
    "preface",
    [
        "No,3\n測定日,2024/1/5\n",
        "Lot No.,3\nページ,1\n",
        "データ数,12\nサンプリング間隔,10\n",
        "温度,850\n",
    ],
)
def test_B03_B08_numbers_that_describe_the_file_are_a_preface(tmp_path, preface):
    raw = read(tmp_path, f"{preface}\nx,k,y\n{DATA}")
    assert (raw.n_rows, raw.source.header_rows[0]) == (12, preface.count("\n") + 2)
    assert entry(raw, "R101").old == preface.strip().replace(",", ", ").replace("\n", "; ")


@pytest.mark.parametrize("settings", ["回転数,1200\n送り,0.1\n", "No,3\n温度,850\n圧力,1.2\n"])
def test_B08_numbers_that_describe_the_process_are_no_preface(tmp_path, settings):
    with pytest.raises(InputError, match="begins in row"):
        read(tmp_path, f"{settings}\nx,k,y\n{DATA}")


def test_B08_tables_side_by_side_are_refused(tmp_path):
    rows = [[i, i * i, None, *((i, -i) if i < 5 else ())] for i in range(12)]
    with pytest.raises(InputError, match="one begins in A1, another, of another length, in D1"):
        sheet(tmp_path, [["x", "y", None, "p", "q"], *rows])


def test_B08_a_blank_row_inside_a_table_is_no_second_table(tmp_path):
    text = "s,t,y\n" + "".join(f"a{i},b{i % 2},{i}\n" for i in range(12)) + "\nnew,b1,7\nc,b0,8\n"
    assert read(tmp_path, text).n_rows == 14


def test_B09_numbers_are_no_names_unless_asked(tmp_path):
    with pytest.raises(InputError, match=r"row 1 begins with 0\.0, 0, 0"):
        read(tmp_path, DATA)
    raw = read(tmp_path, DATA, no_header=True)
    assert ([c.name for c in raw.columns], raw.n_rows) == (["A", "B", "C"], 12)
    assert raw.row_numbers[0] == 1
    assert entry(raw, "R150").severity == "repair"
    file = tmp_path / "t.csv"
    assert read_table(file, target="C", no_header=True).X.columns.tolist() == ["A", "B"]


def test_B09_a_stray_field_is_no_column_of_a_table_without_header(tmp_path):
    with pytest.raises(InputError, match=r"Row 5 .* more fields"):
        read(tmp_path, "1,2\n" * 4 + "1,2,3\n" + "1,2\n" * 30, no_header=True)


def test_B09_two_contradicting_wishes_are_refused(tmp_path):
    with pytest.raises(InputError, match="contradict"):
        read(tmp_path, DATA, no_header=True, header_row=1)


def test_B10_merged_cells_in_the_data_are_said_and_filled_on_request(tmp_path):
    rows = [["lot", "x", "y"], *(["a" if i == 0 else None if i < 3 else "b", i, i * i]
                                 for i in range(12))]  # fmt: skip
    raw = sheet(tmp_path, rows, ["A2:A4"])
    assert "A2:A4" in entry(raw, "W119").message.text("ja")
    assert raw.columns[0].n_missing == 2
    filled = sheet(tmp_path, rows, ["A2:A4"], fill_merged=True)
    assert filled.columns[0].labels()[:4].tolist() == ["a", "a", "a", "b"]
    assert (entry(filled, "R151").count, filled.columns[0].n_missing) == (2, 0)


@pytest.mark.parametrize("text", ["a,b\n", "title\na,b\n", "a,b\n,\n,\n"])
def test_B11_a_header_alone_is_an_error(tmp_path, text):
    with pytest.raises(InputError, match="no row of data below"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "cover", [[["月報"], ["作成", "品質課"]], [["項目", "値"], ["温度", 850], ["圧力", 3]], []]
)
def test_B01_a_cover_is_not_the_table_when_the_target_is_named(tmp_path, cover):
    book = openpyxl.Workbook()
    book.active.title = "表紙"
    for row in cover:
        book.active.append(row)
    data = book.create_sheet("データ")
    data.append(["温度", "強度"])
    for i in range(15):
        data.append([20 + i, i * i])
    book.save(tmp_path / "t.xlsx")
    dataset = read_table(tmp_path / "t.xlsx", target="強度")
    assert (dataset.source.sheet, dataset.n_rows) == ("データ", 15)
    said = {entry.message.code for entry in dataset.ledger.entries}
    assert said & {"W104", "W188"}
    with pytest.raises(InputError, match=r"t\.xlsx"):
        read_table(tmp_path / "t.xlsx", target="伸び")
    with pytest.raises(InputError, match=r"t\.xlsx"):
        read_table(tmp_path / "t.xlsx", target="強度", sheet="表紙")


def test_B05_two_rows_of_names_that_never_meet_in_a_column(tmp_path):
    rows = [["Name", None, "Amount", None], [None, None, None, "Paid"]]
    rows += [[f"n{i}x", None, i * 1.5, i * 2.5] for i in range(12)]
    raw = sheet(tmp_path, rows, merged=("A1:B2", "C1:C2"))
    assert [c.name for c in raw.columns] == ["Name", "Name (2)", "Amount", "Paid"]
    assert entry(raw, "R102").message.values["example"] == "Name"


def test_B09_a_log_has_no_names(tmp_path):
    log = "".join(
        f"2024/01/{i:02d} [INFO] 設備{i % 3},状態: {'良否'[i % 2]},再試行\n" for i in range(1, 13)
    )
    with pytest.raises(InputError, match="no row of column names"):
        read(tmp_path, log)
    assert read(tmp_path, log, no_header=True).n_rows == 12
