"""Error against the number of training rows."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ntkreg.evaluation import learning_curve, make_plan, run_benchmark
from ntkreg.evaluation.learning_curves import _fewer

CHOSEN = ("ridge", "mean")


def judged(dataset, names=CHOSEN):
    plan = make_plan(dataset, seed=0)
    return run_benchmark(dataset, plan, names=names)


@pytest.fixture
def wide(make_dataset):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 12))
    table = pd.DataFrame({f"x{j}": X[:, j] for j in range(12)})
    return make_dataset(table, X @ np.linspace(1, 2, 12) + rng.normal(size=80))


def test_few_rows_for_many_columns_say_that_more_would_help(wide):
    curve = learning_curve(wide, judged(wide))
    assert curve.n_rows == (16, 32, 64)
    assert curve.rmse[0] > curve.rmse[1] > curve.rmse[2]
    assert curve.sentence.code == "V530"
    first = judged(wide).of("ridge").predictions[0]
    assert curve.rmse[-1] == pytest.approx(np.sqrt(np.mean((first - wide.y) ** 2)), rel=1e-12)


def test_what_one_column_says_is_learned_from_few_rows(make_dataset):
    rng = np.random.default_rng(1)
    x = rng.normal(size=400)
    dataset = make_dataset(pd.DataFrame({"x": x}), x + rng.normal(size=400))
    assert learning_curve(dataset, judged(dataset)).sentence.code == "V531"


def test_groups_are_taken_as_a_whole_and_the_smaller_share_is_part_of_the_larger(make_dataset):
    rng = np.random.default_rng(2)
    lots = np.repeat(np.arange(12), 6)
    dataset = make_dataset(
        pd.DataFrame({"x": rng.normal(size=72)}), rng.normal(size=72), groups=lots
    )
    plan = make_plan(dataset)
    fold = plan.folds[0]
    small, large = (set(_fewer(dataset, plan, fold, s, 0).train) for s in (0.25, 0.5))
    assert small < large < set(fold.train)
    for part in (small, large):
        assert all((np.count_nonzero(lots[sorted(part)] == lot) == 6) for lot in lots[sorted(part)])


def test_along_time_the_latest_rows_are_taken(make_dataset):
    dataset = make_dataset(
        pd.DataFrame({"x": np.arange(60.0)}), np.arange(60.0) % 7, time=np.arange(60.0)[::-1]
    )
    plan = make_plan(dataset)
    fold = plan.folds[-1]
    taken = _fewer(dataset, plan, fold, 0.5, 0).train
    assert (
        dataset.time[taken].min()
        > np.delete(dataset.time[fold.train], np.searchsorted(fold.train, taken)).max()
    )


def test_there_is_no_curve_of_the_mean_of_few_rows_or_of_very_many(wide, monkeypatch):
    benchmark = judged(wide)
    assert learning_curve(wide, dataclasses.replace(benchmark, chosen="mean")) is None
    monkeypatch.setattr("ntkreg.evaluation.learning_curves.MAX_ROWS", 79)
    assert learning_curve(wide, benchmark) is None
    monkeypatch.setattr("ntkreg.evaluation.learning_curves.MAX_ROWS", 80)
    monkeypatch.setattr("ntkreg.evaluation.learning_curves.MIN_TRAINING_ROWS", 40)
    assert learning_curve(wide, benchmark) is None
