"""Reading options from the command line to the cells, the record and the saved model."""

import json

import openpyxl
import pandas as pd
import pytest

from ntkreg_cli.main import main

pytestmark = pytest.mark.usefixtures("table")
HEADER = "x,添加剤,濃度,y"
COMMANDS = {
    "check": ["--json"],
    "fit": ["--model", "ridge", "--out", "m"],
    "benchmark": ["-m", "ridge", "-m", "mean", "--out", "b"],
}


def line(i):
    x = "-9999" if i % 13 == 5 else f"{i + 0.5}"
    amount = "<0.01" if i % 9 == 0 else "保留" if i % 11 == 0 else f"{0.02 + i % 17 / 50:.2f}"
    return f"{x},{('NA', 'A', 'なし')[i % 3]},{amount},{i + i % 3}"


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [line(i) for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return tmp_path / "t.csv"


def check(capsys, *argv):
    assert main(["check", "t.csv", "--json", "--lang", "en", *argv]) == 0
    document = json.loads(capsys.readouterr().out)
    entries = [e for key in ("notes", "repairs", "warnings") for e in document[key]]
    said = {e["code"]: e for e in entries}
    said |= {(e["code"], e["where"].get("column")): e for e in entries}
    return {c["name"]: c for c in document["columns"]}, said


def test_B03_the_header_row_can_be_named_on_the_command_line(table, capsys):
    table.write_text("p,q,r,s\n" + table.read_text("utf-8"), encoding="utf-8")
    assert list(check(capsys, "--header-row", "2")[0]) == HEADER.split(",")


@pytest.mark.parametrize("command", COMMANDS)
def test_B09_every_command_reads_a_table_without_header(table, capsys, command):
    table.write_text("".join(f"{i / 2},{i % 7},{i + i % 3}\n" for i in range(30)))
    argv = [command, "t.csv", "--target", "C", *COMMANDS[command], "--lang", "en"]
    assert main(argv) == 2
    refused = capsys.readouterr()
    assert "--no-header" in refused.err + refused.out
    assert main([*argv, "--no-header"]) == 0


def test_B09_contradicting_options_are_named_as_they_were_typed(capsys):
    argv = ["check", "t.csv", "--no-header", "--header-row", "1", "--lang", "en"]
    assert main(argv) == 2
    assert "--header-row 1 and --no-header contradict each other" in capsys.readouterr().err


def test_B10_merged_cells_are_filled_on_request_and_at_predict_time_too(capsys):
    book = openpyxl.Workbook()
    book.active.append(["lot", "x", "y"])
    for i in range(40):
        book.active.append([f"L{i // 4 % 5}" if i % 4 == 0 else None, i / 3, i % 5 + i])
    for i in range(2, 42, 4):
        book.active.merge_cells(f"A{i}:A{i + 3}")
    book.save("t.xlsx")
    assert main(["check", "t.xlsx", "--lang", "en"]) == 0
    assert "--fill-merged" in capsys.readouterr().out
    argv = ["fit", "t.xlsx", "--target", "y", "--model", "ridge", "--out", "m", "--fill-merged"]
    assert main(argv) == 0
    assert main(["predict", "m", "t.xlsx", "--out", "p.csv", "--lang", "en"]) == 0
    assert "missing" not in "".join(pd.read_csv("p.csv")["note"].dropna())


def test_E01_words_are_kept_and_marks_are_added(capsys):
    columns, said = check(capsys)
    assert (columns["添加剤"]["n_missing"], columns["濃度"]["kind"]) == (14, "category")
    assert "--keep" in said["R108"]["hint"]
    columns, said = check(capsys, "--keep", "NA", "--missing", "保留", "--missing", "typo")
    assert (columns["添加剤"]["n_missing"], columns["濃度"]["kind"]) == (0, "numeric")
    assert "NA (14), なし (13)" in said["I170"]["message"]
    assert "typo" in said["W170"]["message"]


def test_E02_the_limit_is_used_on_request_and_counted(capsys):
    columns, said = check(capsys, "--missing", "保留")
    assert columns["濃度"]["n_missing"] == 8
    assert "--censored limit" in said["W108"]["hint"]
    columns, said = check(capsys, "--missing", "保留", "--censored", "limit")
    assert columns["濃度"]["n_missing"] == 3
    assert (said["R170"]["count"], said["R170"]["old"]) == (5, "<0.01")


@pytest.mark.parametrize("value", ["-9999", "x=-9999"])
def test_E05_a_sentinel_is_removed_on_request(capsys, value):
    columns, said = check(capsys)
    assert columns["x"]["n_missing"] == 0
    assert '--missing -9999, or --missing "x=-9999"' in said["W118"]["hint"]
    columns, said = check(capsys, "--missing", value)
    assert columns["x"]["n_missing"] == 3
    assert ("W118" not in said, said["R108", "x"]["count"]) == (True, 3)


def test_E05_a_number_of_another_column_stays(capsys):
    assert check(capsys, "--missing", "濃度=-9999")[0]["x"]["n_missing"] == 0


OPTIONS = ["--keep", "NA", "--missing", "保留", "--missing", "-9999", "--censored", "limit"]


def test_E01_E02_E05_a_model_reads_new_rows_as_its_training_rows(table):
    assert main(["fit", "t.csv", "--target", "y", "--model", "ridge", "--out", "m", *OPTIONS]) == 0
    table.write_text("\n".join(["memo,,,", "", HEADER, *map(line, range(8))]) + "\n", "utf-8")
    argv = ["predict", "m", "t.csv", "--out", "p.csv", "--header-row", "3", "--lang", "en"]
    assert main(argv) == 0
    notes = pd.read_csv("p.csv")["note"].fillna("").tolist()
    assert notes[0] == ""
    assert "x is missing" in notes[5]
    assert not any("did not occur" in note for note in notes)
    argv = ["explain", "m", "t.csv", "--out", "e.html", "--header-row", "3", "--lang", "en"]
    assert main(argv) == 0


def test_the_options_stand_in_the_record_of_the_run(table):
    argv = ["run", "t.csv", "--target", "y", "-m", "ridge", "--out", "r", *OPTIONS, "--quiet"]
    assert main([*argv, "--header-row", "1"]) == 0
    settings = json.loads((table.parent / "r" / "run.json").read_text("utf-8"))["settings"]
    assert (settings["header_row"], settings["keep"], settings["censored"]) == (1, ["NA"], "limit")
    assert settings["missing"] == ["保留", "-9999"]
    model = (table.parent / "r" / "model" / "model.json").read_text("utf-8")
    assert "-9999" in model


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--keep", "NA", "--missing", "na"], "na is to be kept"),
        (["--missing", " "], "need a word or a number"),
        (["--censored", "half"], "missing"),
        (["--header-row", "0"], "Invalid value for '--header-row'"),
    ],
)
def test_options_that_cannot_be_are_refused(capsys, options, said):
    assert main(["check", "t.csv", *options, "--lang", "en"]) == 2
    assert said in capsys.readouterr().err


def test_B01_a_cover_sheet_is_passed_over_by_check_fit_and_predict(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    book = openpyxl.Workbook()
    book.active.title = "cover"
    for row in (["item", "value"], ["shift", 2], ["line", 4]):
        book.active.append(row)
    data = book.create_sheet("data")
    data.append(["x", "y"])
    for i in range(20):
        data.append([i / 3, i + i % 3])
    book.save("t.xlsx")
    assert main(["check", "t.xlsx", "--target", "y", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["sheet"], document["n_rows"]) == ("data", 20)
    assert main(["fit", "t.xlsx", "--target", "y", "--model", "ridge", "--out", "m"]) == 0
    assert main(["predict", "m", "t.xlsx", "--out", "p.csv", "--lang", "en"]) == 0
    assert pd.read_csv("p.csv")["prediction"].notna().sum() == 20
