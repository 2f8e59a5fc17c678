"""The whole study as one call, and the folder it writes."""

import json
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from ntkreg.exceptions import InputError
from ntkreg.persistence import load_model
from ntkreg.study import (
    compare_models,
    decisions_in_words,
    explain_file,
    fit_model,
    predict_file,
    run_study,
    write_run,
)

NAMES = ("lightgbm-default", "ridge", "mean")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Return a small table with lots, a category, holes and a header that needs care."""
    rng = np.random.default_rng(0)
    n = 48
    frame = pd.DataFrame({"温度[℃]": rng.normal(200, 10, n).round(1), "圧力": rng.normal(5, 1, n)})
    frame["材料"] = np.array(["A", "B"])[rng.integers(2, size=n)]
    frame["ロット"] = np.repeat([f"L{i}" for i in range(12)], 4)
    frame["強度"] = frame["温度[℃]"] / 10 + (frame["材料"] == "A") + rng.normal(0, 0.1, n)
    frame.loc[5, "圧力"] = np.nan
    path = tmp_path_factory.mktemp("data") / "データ.csv"
    frame.to_csv(path, index=False, encoding="cp932")
    return path


@pytest.fixture(scope="module")
def study(table):
    return run_study(table, "強度", group="ロット", lsl=19.0, usl=21.0, names=NAMES)


def test_the_content_is_complete(study):
    content = study.content
    assert content.benchmark.chosen == "ridge"
    assert content.benchmark.plan.kind == "group"
    assert [e.model for e in content.explanations] == ["ridge"]
    assert content.specification == (19.0, 21.0)
    assert content.prescription.n_steps > 0
    assert content.in_domain.mean() > 0.9
    later = {"learning", "fit", "explain", "pairs", "knowledge", "regime", "profiler"}
    assert set(study.seconds) == {"read", "compare", "declined"} | later


def test_the_folder_of_a_run_holds_what_was_promised(study, tmp_path):
    report = write_run(study, tmp_path / "run", language="ja")
    names = {f.name for f in (tmp_path / "run").iterdir()}
    assert names == {
        *("report.html", "results.xlsx", "run.json", "ledger.csv", "predictions.csv", "model")
    }
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    run = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert run["seed"] == 0
    assert set(run["verdict"]) == {"ja", "en"}
    assert run["data_sha256"] == study.content.dataset.source.sha256
    assert str(tmp_path) not in json.dumps(run)


def test_the_model_of_a_run_predicts_as_the_study_did(study, tmp_path):
    write_run(study, tmp_path / "run", language="en")
    model = load_model(tmp_path / "run" / "model")
    features = study.content.dataset.features
    np.testing.assert_allclose(
        model.estimator.predict(features), study.model.estimator.predict(features), atol=1e-12
    )


def test_the_same_seed_gives_the_same_study(study, table):
    again = run_study(table, "強度", group="ロット", names=NAMES)
    for name in NAMES:
        first, second = (s.content.benchmark.of(name).overall for s in (study, again))
        assert first == second


def test_an_interruption_between_folds_passes_through(table):
    def interrupt(done, _total, _text):
        if done == 2:
            raise KeyboardInterrupt("stop")

    with pytest.raises(KeyboardInterrupt, match="stop"):
        run_study(table, "強度", names=NAMES, progress=interrupt)


@pytest.mark.parametrize(("lsl", "usl"), [(2.0, 1.0), (1.0, 1.0), (float("nan"), None)])
def test_limits_that_make_no_sense_are_refused_before_the_work(lsl, usl):
    with pytest.raises(InputError, match="E524"):
        run_study("no-such-file.csv", "y", lsl=lsl, usl=usl)


def test_a_missed_row_must_cost_something(table):
    with pytest.raises(InputError, match=r"bad row is -1\.0.*E528"):
        run_study(table, "強度", names=["mean"], lsl=19.0, cost_ratio=-1.0)


def test_intervals_and_alarms_are_told_in_both_languages(study):
    content = study.content
    held, alarms = decisions_in_words(content.intervals, content.decisions)
    covered, caught = content.decisions.covered, content.decisions.specification.bad_caught
    assert f"({covered.hits} of {covered.total})" in held.text("en")
    assert f"規格外 {caught.total} 行のうち {caught.hits} 行を検出" in alarms.text("ja")
    assert decisions_in_words(content.intervals, None) == ()


def test_limits_of_the_run_hold_for_a_prediction_unless_others_are_given(study, table):
    name = "probability out of specification"
    own = predict_file(study.model, table).table[name]
    assert own.equals(predict_file(study.model, table, lsl=19.0, usl=21.0).table[name])
    wider = predict_file(study.model, table, lsl=18.0, usl=22.0).table[name]
    assert (wider <= own).all()
    assert (wider < own).any()
    with pytest.raises(InputError, match="E524"):
        predict_file(study.model, table, lsl=3.0, usl=2.0)


def test_progress_reaches_its_end(table):
    told = []
    run_study(table, "強度", names=["mean"], progress=lambda *step: told.append(step))
    assert all(done <= total for done, total, _ in told)
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][0] == told[-1][1] == told[-2][0] + 1


@pytest.mark.parametrize("name", ["ntk-kernel", "ridge"])
def test_a_fit_has_intervals_from_held_out_rows(name, table):
    model, dataset = fit_model(table, "強度", name=name)
    assert len(model.interval.residuals) == dataset.n_rows
    assert 0 < model.interval.half_width < 2
    assert (model.prescription is not None) == (name == "ntk-kernel")


def test_every_row_of_a_file_gets_a_row(study, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("材料,温度[℃],圧力,prediction\nA,200,5,x\n,,,y\nC,900,5,-3\n", encoding="utf-8")
    predictions = predict_file(study.model, path, language="ja")
    assert list(predictions.table.columns[:4]) == ["材料", "温度[℃]", "圧力", "prediction (input)"]
    assert list(predictions.table.columns[4:]) == [
        *("prediction", "lower", "upper", "in_domain", "note"),
        "probability out of specification",
    ]
    assert np.isfinite(predictions.table["prediction"]).tolist() == [True, False, True]
    assert predictions.table["in_domain"].tolist() == [True, False, False]
    assert predictions.table["note"].astype(bool).tolist()[1:] == [True, True]
    assert predictions.scores is None


def test_a_known_target_is_scored(study, table):
    predictions = predict_file(study.model, table)
    assert predictions.scores is not None
    assert predictions.scores.r2 > 0.9


def test_an_explanation_of_a_file_adds_up(study, table):
    explanation, dataset = explain_file(study.model, table)
    total = explanation.values.sum(axis=1) + explanation.base_value
    np.testing.assert_allclose(total, explanation.predictions, atol=1e-6)
    assert dataset.n_rows == 48


def test_a_leaderboard_is_sorted(table):
    benchmark, _ = compare_models(table, "強度", names=NAMES)
    errors = [result.overall.rmse for result in benchmark.results]
    assert errors == sorted(errors)


def test_the_samples_are_where_the_demo_looks_for_them():
    from ntkreg_sample_data import TABLES

    for sample in TABLES.values():
        assert (files("ntkreg_sample_data") / sample.file).is_file()
        assert (files("ntkreg_sample_data") / sample.knowledge).is_file()
