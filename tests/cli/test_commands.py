"""Each command from arguments to files; what is computed is tested elsewhere."""

import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from ntkreg_cli.main import main

FAST = ["--models", "ridge", "--model", "mean"]


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Return a small table in an otherwise empty working folder."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(40, 2)).round(3), columns=["a", "b[mm]"])
    frame["y"] = frame["a"] * 2 + frame["b[mm]"] + 0.1 * rng.normal(size=40)
    monkeypatch.chdir(tmp_path)
    frame.to_csv("t.csv", index=False)
    return tmp_path / "t.csv"


def test_run_writes_a_folder_once(table, capsys):
    argv = ["run", "t.csv", "--target", "y", *FAST, "--quiet", "--lang", "en"]
    assert main(argv) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1].replace("\\", "/") == "ntkreg_runs/t_y/report.html"
    assert captured.err == ""
    assert main(argv) == 2
    assert "E520" in capsys.readouterr().err
    report = table.parent / "ntkreg_runs" / "t_y" / "report.html"
    assert "profiler-data" in report.read_text(encoding="utf-8")
    assert main([*argv, "--force", "--no-profiler"]) == 0
    assert "<script" not in report.read_text(encoding="utf-8")
    assert [f.name for f in (table.parent / "ntkreg_runs").iterdir()] == ["t_y"]


def test_a_failed_gate_ends_with_one_after_everything_is_written(table, capsys):
    frame = pd.read_csv(table)
    frame.assign(copy=frame["y"] * 2).to_csv(table, index=False)
    (table.parent / "k.toml").write_text(
        '[[expectation]]\ncolumn = "copy"\neffect = "decreasing"\n', encoding="utf-8"
    )
    argv = ["run", "t.csv", "--target", "y", *FAST, "--knowledge", "k.toml", "--lang", "en"]
    gates = ["--fail-on", "leak", "--fail-on", "contradiction", "--fail-on", "not-better"]
    assert main([*argv, "--out", "r", *gates]) == 1
    told = capsys.readouterr().err
    assert "W652" in told
    assert "y rises with copy" in told
    assert "against expectation" in told
    assert "W654" not in told
    assert (table.parent / "r" / "report.html").is_file()


def test_gates_that_hold_change_nothing(table):
    assert table.is_file()
    argv = ["run", "t.csv", "--target", "y", *FAST, "--out", "r", "--quiet"]
    assert main([*argv, "--fail-on", "leak", "--fail-on", "not-better"]) == 0


def test_an_interrupted_run_leaves_nothing(table, capsys, monkeypatch):
    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("ntkreg.study.output.save_model", interrupt)
    assert main(["run", "t.csv", "--target", "y", *FAST, "--out", "r"]) == 130
    assert capsys.readouterr().err.count("E650") == 1
    assert [f.name for f in table.parent.iterdir()] == ["t.csv"]


def test_progress_goes_to_stderr_in_few_lines(table, capsys):
    assert main(["benchmark", "t.csv", "--target", "y", *FAST, "--out", "b"]) == 0
    captured = capsys.readouterr()
    assert 5 < captured.err.count("[") < 60
    assert "ridge" in captured.out
    assert {f.name for f in (table.parent / "b").iterdir()} == {
        "leaderboard.csv",
        "leaderboard.json",
    }


def test_fit_then_predict(table, capsys):
    assert main(["fit", "t.csv", "--target", "y", "--model", "ntk-kernel", "--out", "m"]) == 0
    assert main(["predict", "m", "t.csv", "--out", "p.csv", "--lang", "en"]) == 0
    captured = capsys.readouterr()
    assert captured.out.split() == ["m", "p.csv"]
    assert "RMSE" in captured.err
    frame = pd.read_csv(table.parent / "p.csv")
    assert list(frame.columns) == ["a", "b[mm]", "y", *ADDED]
    assert len(frame) == 40
    assert (frame["lower"] < frame["prediction"]).all()


ADDED = ["prediction", "lower", "upper", "in_domain", "note"]


def test_predictions_go_into_a_workbook_too(table):
    assert main(["fit", "t.csv", "--target", "y", "--model", "mean", "--out", "m"]) == 0
    assert main(["predict", "m", "t.csv", "--out", "p.xlsx"]) == 0
    frame = pd.read_excel(table.parent / "p.xlsx", engine="openpyxl")
    assert frame["a"].dtype == np.float64
    assert frame["prediction"].nunique() == 1


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["predict", "m", "t.csv", "--out", "p.txt"], "E526"),
        (["predict", "m", "t.csv", "--out", "t.csv", "--force"], "E521"),
        (["predict", "m", "t.csv", "--out", "p.csv"], "E501"),
        (["run", "t.csv", "--target", "no"], "E1"),
        (["run", "none.csv", "--target", "y"], "E1"),
    ],
)
def test_mistakes_are_told_by_code_before_the_work(argv, code, table, capsys):
    assert main(argv) in (2, 3)
    assert f"({code}" in capsys.readouterr().err
    assert [f.name for f in table.parent.iterdir()] == ["t.csv"]


def test_check_is_one_document(table, capsys):
    assert main(["check", str(table), "--target", "y", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"schema_version", "file", "kind", "encoding", "delimiter", "sheet"} <= set(document)
    assert document["n_rows"] == 40
    assert document["n_columns"] == 3
    assert [c["role"] for c in document["columns"]] == ["feature", "feature", "target"]
    assert document["columns"][1]["unit"] == "mm"


def test_check_needs_no_target(table, capsys):
    assert main(["check", str(table), "--lang", "ja"]) == 0
    captured = capsys.readouterr()
    assert "40 行 × 3 列" in captured.out
    assert captured.err == ""


def test_check_of_a_missing_file_is_an_error_document(tmp_path, capsys):
    assert main(["check", str(tmp_path / "no.csv"), "--json"]) == 3
    assert set(json.loads(capsys.readouterr().out)) == {"code", "message", "hint", "where"}


def test_explain_writes_one_page_without_links(table):
    assert main(["fit", "t.csv", "--target", "y", "--model", "ridge", "--out", "m"]) == 0
    assert main(["explain", "m", "t.csv", "--out", "e.html", "--lang", "ja"]) == 0
    page = (table.parent / "e.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "b[mm]" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert str(table.parent) not in page


def test_demo_runs_the_sample(tmp_path, capsys):
    argv = ["demo", "--table", "heat_treatment", "--models", "mean", "--out", str(tmp_path / "d")]
    assert main([*argv, "--quiet"]) == 0
    assert str(tmp_path / "d") in capsys.readouterr().out
    assert (tmp_path / "d" / "report.html").is_file()


def test_init_writes_a_sheet_that_run_takes(table, capsys):
    argv = ["init", "t.csv", "--target", "y", "--lang", "en"]
    assert main(argv) == 0
    assert capsys.readouterr().out.split() == ["knowledge.xlsx"]
    assert main(argv) == 2
    assert "E520" in capsys.readouterr().err
    assert main([*argv, "--force"]) == 0
    assert main([*argv, "--out", "k.toml"]) == 2
    assert "E418" in capsys.readouterr().err
    book = openpyxl.load_workbook("knowledge.xlsx")
    book.active["E7"] = "increasing"
    book.save("knowledge.xlsx")
    run = ["run", "t.csv", "--target", "y", *FAST, "--knowledge", "knowledge.xlsx", "--out", "r"]
    assert main([*run, "--quiet", "--no-profiler"]) == 0
    written = json.loads((table.parent / "r" / "run.json").read_text(encoding="utf-8"))
    assert {k["verdict"] for k in written["knowledge"] if k["model"] == "ridge"} == {"CONFIRMED"}
