"""Lot and time columns that were proposed and not taken: both errors are said."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from ntkreg.evaluation import make_plan, run_benchmark
from ntkreg.io import read_table
from ntkreg.study.declined import judge_declined
from ntkreg_cli.main import main


def write(tmp_path, effect=3.0, **columns):
    """Write 80 rows of eight moulds, each with an effect of its own that x gives away."""
    rng = np.random.default_rng(0)
    lot = np.repeat(np.arange(8), 10)
    shift = rng.permutation(8)[lot] * 1.0
    frame = pd.DataFrame({"金型No": [f"M{k}" for k in lot], "x": rng.normal(size=80).round(3)})
    frame = frame.assign(**columns)
    frame["y"] = (frame["x"] + effect * shift + 0.1 * rng.normal(size=80)).round(3)
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def judge(file, **given):
    read = partial(read_table, file, target="y")
    data = read(**given)
    benchmark = run_benchmark(data, make_plan(data), names=("ridge", "mean"))
    return benchmark.of("ridge").overall.rmse, judge_declined(data, benchmark, read, **given)


def test_D07_lots_that_matter_are_told_with_both_errors(tmp_path):
    file = write(tmp_path)
    as_run, (said,) = judge(file)
    asked, nothing = judge(file, group="金型No")
    found = said.values
    assert (said.code, found["column"], nothing) == ("V520", "金型No", ())
    assert (found["rmse"], found["rmse_as_run"]) == pytest.approx((asked, as_run))
    assert asked > 3 * as_run


def test_D07_lots_without_effect_are_told_as_such(tmp_path):
    _, (said,) = judge(write(tmp_path, effect=0.0))
    assert said.code == "V521"
    assert said.values["rmse"] == pytest.approx(said.values["rmse_as_run"], rel=0.1)


def test_D07_a_date_column_is_judged_as_time_on_the_same_rows(tmp_path):
    day = pd.date_range("2024-01-01", periods=80).strftime("%Y-%m-%d")
    _, (said,) = judge(write(tmp_path, 日付=day), group="金型No")
    assert (said.values["column"], said.values["role"]) == ("日付", "time")
    assert said.values["n_rows"] == 40


def test_a_large_table_is_not_judged_again_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("ntkreg.study.declined.MAX_ROWS", 50)
    _, (said,) = judge(write(tmp_path))
    assert "more than 50 rows (80)" in said.text("en")


def test_what_cannot_be_judged_is_said_with_the_reason(tmp_path):
    frame = pd.read_csv(write(tmp_path)).drop(columns="x")
    frame.to_csv(tmp_path / "t.csv", index=False)
    _, (said,) = judge(tmp_path / "t.csv")
    assert (said.code, "No column of t.csv is left" in said.text("en")) == ("V525", True)


def test_the_kernel_stands_in_for_the_network(tmp_path, monkeypatch):
    judged = []

    def run(dataset, plan, *, names, seed):
        judged.append(names)
        return run_benchmark(dataset, plan, names=("ridge", "mean"), seed=seed)

    monkeypatch.setattr("ntkreg.study.declined.run_benchmark", run)
    read = partial(read_table, write(tmp_path), target="y")
    benchmark = run_benchmark(read(), make_plan(read()), names=("ridge", "mean"))
    with pytest.raises(KeyError, match="ntk-kernel"):
        judge_declined(read(), replace(benchmark, chosen="ntk"), read)
    assert judged == [("ntk-kernel", "mean"), ("ntk-kernel",)]


def test_the_finding_stands_on_console_report_and_record(tmp_path, capsys):
    folder = tmp_path / "r"
    argv = ["run", str(write(tmp_path)), "--target", "y", "-m", "ridge", "-m", "mean"]
    assert main([*argv, "--out", str(folder), "--quiet", "--lang", "en"]) == 0
    said = "With whole lots of 金型No left out, the error of ridge regression is"
    assert said in capsys.readouterr().out
    assert said in (folder / "report.html").read_text("utf-8")
    (found,) = json.loads((folder / "run.json").read_text("utf-8"))["declined"]
    assert said in found["text"]["en"]
    assert found["rmse"] > found["rmse_as_run"]
