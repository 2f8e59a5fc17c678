"""Columns, kinds and roles -> Dataset."""

import pytest

from ntkreg.exceptions import InputError
from ntkreg.io import read_raw, read_table


def _write(tmp_path, header, rows, name="t.csv"):
    file = tmp_path / name
    lines = [header, *(",".join(str(cell) for cell in row) for row in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _kinds(tmp_path, header, rows):
    return [column.kind for column in read_raw(_write(tmp_path, header, rows)).columns]


def _codes(data):
    return [entry.message.code for entry in data.ledger.entries]


N = 40


def test_each_kind_is_recognised(tmp_path):
    header = "a,flag,cat,day,lot,text,same,empty"
    rows = [
        (i / 3, i % 2, "xyz"[i % 3], f"2024/1/{i % 28 + 1}", f"L{i:03d}", f"t{i % 39}", 7, "")
        for i in range(N)
    ]
    assert _kinds(tmp_path, header, rows) == [
        "numeric",
        "numeric",
        "category",
        "date",
        "identifier",
        "text",
        "constant",
        "constant",
    ]


@pytest.mark.parametrize(
    "name",
    ["", "No", "Run No.", "%No", "試料番号", "SampleID", "sample_id", "Index", "連番", "Ｎｏ．"],
)
def test_a_running_number_under_such_a_name_is_an_identifier(tmp_path, name):
    rows = [(i + 1, (i * 7) % 11) for i in range(N)]
    assert _kinds(tmp_path, f"{name},y", rows)[0] == "identifier"


@pytest.mark.parametrize("name", ["temperature", "batch", "time", "piano", "width"])
def test_a_running_number_under_another_name_is_a_feature(tmp_path, name):
    assert _kinds(tmp_path, f"{name},y", [(i, (i * 7) % 11) for i in range(N)])[0] == "numeric"


def test_all_different_floats_are_never_an_identifier(tmp_path):
    assert _kinds(tmp_path, "id,y", [(i + 0.5, i % 7) for i in range(N)])[0] == "numeric"


def test_the_order_of_a_running_number_does_not_matter(tmp_path):
    assert _kinds(tmp_path, "no,y", [(N - i, i % 7) for i in range(N)])[0] == "identifier"


def test_leading_zeros_keep_a_code_a_code(tmp_path):
    raw = read_raw(_write(tmp_path, "code,y", [(f"{i % 4:03d}", i) for i in range(N)]))
    assert raw.columns[0].kind == "category"
    assert raw.columns[0].labels()[1] == "001"


def test_little_text_in_a_numeric_column_is_missing_and_listed(tmp_path):
    rows = [("broken" if i == 5 else i / 2, i) for i in range(N)]
    raw = read_raw(_write(tmp_path, "x,y", rows))
    entry = next(e for e in raw.ledger.entries if e.message.code == "W109")
    assert (raw.columns[0].kind, entry.row, entry.old) == ("numeric", 7, "broken")


def test_more_text_makes_it_a_category_and_says_so(tmp_path):
    rows = [("broken" if i % 8 == 0 else i % 5, i) for i in range(N)]
    raw = read_raw(_write(tmp_path, "x,y", rows))
    assert raw.columns[0].kind == "category"
    assert "W124" in _codes(raw)


def test_nashi_is_a_level_among_words_and_missing_among_numbers(tmp_path):
    rows = [("なし" if i % 3 else "あり", "なし" if i % 9 == 0 else i, i) for i in range(N)]
    raw = read_raw(_write(tmp_path, "添加剤,量,y", rows))
    assert set(raw.columns[0].labels()) == {"なし", "あり"}
    assert raw.columns[1].n_missing == 5


def test_roles_keys_and_ranges_of_a_dataset(tmp_path):
    rows = [
        (i + 1, i * 1.5, "ab"[i % 2], f"g{i % 4}", f"2024/1/{i % 28 + 1}", i * i) for i in range(N)
    ]
    gap = (4, "", "a", "g3", "2024/1/4", 9)
    file = _write(tmp_path, "No,x,c,lot,day,y", [*rows[:3], gap, *rows[4:]])
    data = read_table(file, target="Y", group="ＬＯＴ", time="day")
    assert [(c.key, c.role) for c in data.columns] == [
        ("x0", "dropped"),
        ("f0", "feature"),
        ("f1", "feature"),
        ("group", "group"),
        ("time", "time"),
        ("target", "target"),
    ]
    assert (data.columns[1].n_missing, data.columns[1].maximum) == (1, 58.5)
    assert data.columns[2].levels == ("a", "b")
    assert [str(dtype) for dtype in data.features.dtypes] == ["float64", "object"]
    assert data.groups is not None
    assert data.groups[:2].tolist() == ["g0", "g1"]
    assert data.time is not None
    assert data.time[1] - data.time[0] == 86400
    assert data.X.columns.tolist() == ["x", "c"]


def test_rows_without_a_target_are_left_out_and_named(tmp_path):
    rows = [(i, "" if i in (2, 30) else i * i) for i in range(N)]
    data = read_table(_write(tmp_path, "x,y", rows), target="y")
    entry = next(e for e in data.ledger.entries if e.message.code == "W112")
    assert (entry.count, entry.message.values["rows"]) == (2, [4, 32])
    assert (data.n_rows, data.row_numbers[2]) == (N - 2, 5)


def test_a_column_that_varies_only_in_lost_rows_is_dropped(tmp_path):
    rows = [(i, 5 if i else 6, "" if i == 0 else i * i) for i in range(N)]
    data = read_table(_write(tmp_path, "x,z,y", rows), target="y")
    assert data.columns[1].role == "dropped"


def test_dropped_columns_and_a_header_with_its_unit_left_out(tmp_path):
    rows = [(i, i % 7, i * i) for i in range(N)]
    data = read_table(_write(tmp_path, "x,z,強度[MPa]", rows), target="強度", drop=["Z"])
    assert [c.name for c in data.feature_columns] == ["x"]
    assert data.target.unit == "MPa"
    assert "I103" in _codes(data)


def test_an_absent_target_names_the_nearest_columns(tmp_path):
    file = _write(tmp_path, "temperature,pressure,strength", [(i, i % 7, i * i) for i in range(N)])
    with pytest.raises(InputError, match=r"no column named strenth .* one of: strength") as caught:
        read_table(file, target="strenth")
    assert caught.value.code == "E104"
    assert "strength" in caught.value.text("ja")


def test_a_target_that_heads_a_row_means_a_transposed_table(tmp_path):
    rows = [(name, *(i * j for j in range(N))) for i, name in enumerate(["温度", "圧力", "強度"])]
    file = _write(tmp_path, ",".join(["試料", *(f"s{j}" for j in range(N))]), rows)
    with pytest.raises(InputError, match=r"強度 names row 4 .* Transpose the table"):
        read_table(file, target="強度")


def test_one_column_cannot_have_two_roles(tmp_path):
    file = _write(tmp_path, "x,y", [(i, i * i) for i in range(N)])
    with pytest.raises(InputError, match="two roles: target, group"):
        read_table(file, target="y", group="Y")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["ok", "ng"] * 20, "not numeric: row 2 holds ok"),
        ([3] * N, "same value 3 in every usable row"),
        ([*range(9), *[""] * 31], "Only 9 rows .* at least 10"),
        ([f"2024/1/{i % 28 + 1}" for i in range(N)], "not numeric"),
        ([""] * N, "not numeric"),
    ],
)
def test_an_unusable_target_is_an_input_error(tmp_path, values, message):
    file = _write(tmp_path, "x,y", list(zip(range(N), values, strict=True)))
    with pytest.raises(InputError, match=message):
        read_table(file, target="y")


def test_a_two_valued_target_and_few_rows_are_doubtful(tmp_path):
    data = read_table(_write(tmp_path, "x,y", [(i, i % 2) for i in range(12)]), target="y")
    assert {"W111", "W122"} <= set(_codes(data))


def test_a_table_without_features_is_an_input_error(tmp_path):
    file = _write(tmp_path, "No,y", [(i, i * i) for i in range(N)])
    with pytest.raises(InputError, match="left to predict from"):
        read_table(file, target="y")


def test_time_may_be_a_number_but_not_words(tmp_path):
    rows = [(i, "ab"[i % 2], i * 3, i * i) for i in range(N)]
    file = _write(tmp_path, "x,c,t,y", rows)
    data = read_table(file, target="y", time="t")
    assert data.time is not None
    assert data.time[:3].tolist() == [0, 3, 6]
    with pytest.raises(InputError, match="neither dates nor numbers, for example a"):
        read_table(file, target="y", time="c")


def test_rows_without_a_group_form_one_group_and_are_named(tmp_path):
    rows = [(i, "" if i < 3 else f"g{i % 4}", i * i) for i in range(N)]
    data = read_table(_write(tmp_path, "x,g,y", rows), target="y", group="g")
    assert data.groups is not None
    assert (data.groups == "").sum() == 3
    assert "W121" in _codes(data)


def test_every_entry_can_be_said_in_both_languages(tmp_path):
    rows = [
        (i + 1, "<0.1" if i == 3 else i, "１２", f"0{i % 3}", f"{i % 24}:30", i * i)
        for i in range(N)
    ]
    data = read_table(_write(tmp_path, "No,x,w,code,clock,y", rows), target="y")
    for entry in data.ledger.entries:
        for language in ("ja", "en"):
            assert entry.message.text(language)
            assert "{" not in entry.message.text(language) + entry.message.hint(language)
