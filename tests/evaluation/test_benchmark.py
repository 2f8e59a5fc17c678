import dataclasses

import numpy as np
import pandas as pd
import pytest

from ntkreg.evaluation import (
    CONTENDER_NAMES,
    build_contender,
    folds,
    inner_groups,
    make_plan,
    overall_scores,
    run_benchmark,
    scores,
)
from ntkreg.evaluation import benchmark as module
from ntkreg.exceptions import InputError

FAST = ("ridge", "mean", "lightgbm-default")


def _first_repeat(plan):
    return dataclasses.replace(plan, folds=tuple(f for f in plan.folds if f.repeat == 0))


class _Stand:
    """Stands in for a contender: calls `on_fit` with the groups and predicts one value."""

    def __init__(self, on_fit=lambda _: None, value=0.0):
        self.on_fit = on_fit
        self.value = value

    def fit(self, _X, _y, groups=None):
        self.on_fit(groups)
        return self

    def predict(self, X):
        return np.full(len(X), self.value)


def _fails(_):
    raise np.linalg.LinAlgError("the matrix is singular")


def _interrupts(_):
    raise KeyboardInterrupt


def _replace(monkeypatch, name, model):
    def build(asked, columns, **options):
        return model if asked == name else build_contender(asked, columns, **options)

    monkeypatch.setattr(module, "build_contender", build)
    monkeypatch.setattr(folds, "clone", lambda estimator: estimator)


@pytest.fixture(scope="module")
def benchmark(smooth_dataset):
    return run_benchmark(smooth_dataset, make_plan(smooth_dataset), names=FAST)


def test_scores_can_be_computed_again_from_the_stored_predictions(smooth_dataset, benchmark):
    y, folds = smooth_dataset.y, benchmark.plan.folds
    for result in benchmark.results:
        assert result.overall == overall_scores(y, result.predictions)
        again = tuple(scores(y[f.test], result.predictions[f.repeat, f.test]) for f in folds)
        assert result.fold_scores == again


def test_every_row_is_predicted_in_every_repeat_by_everybody(benchmark):
    assert {result.predictions.shape for result in benchmark.results} == {(3, 60)}
    assert all(np.isfinite(result.predictions).all() for result in benchmark.results)


def test_the_mean_is_the_mean_of_the_training_rows_of_each_fold(smooth_dataset, benchmark):
    for fold in benchmark.plan.folds:
        predicted = benchmark.of("mean").predictions[fold.repeat, fold.test]
        assert predicted == pytest.approx(smooth_dataset.y[fold.train].mean())


def test_best_comes_first_and_the_chosen_is_compared_with_all_others(benchmark):
    errors = [result.overall.rmse for result in benchmark.results]
    assert errors == sorted(errors)
    assert {c.name for c in benchmark.comparisons} == set(FAST) - {benchmark.chosen}
    assert {c.reference for c in benchmark.comparisons} == {benchmark.chosen}


def test_order_of_the_names_and_repetition_change_nothing(smooth_dataset, benchmark):
    again = run_benchmark(smooth_dataset, benchmark.plan, names=FAST[::-1])
    for result in benchmark.results:
        assert np.array_equal(again.of(result.name).predictions, result.predictions)
    assert (again.chosen, again.verdict) == (benchmark.chosen, benchmark.verdict)


@pytest.mark.slow
def test_sharing_the_folds_between_processes_changes_no_number(smooth_dataset):
    plan = make_plan(smooth_dataset, seed=0)
    names = ("ntk-kernel", "ridge")
    told = []
    alone = run_benchmark(smooth_dataset, plan, names=names, n_workers=1)
    shared = run_benchmark(
        smooth_dataset, plan, names=names, n_workers=2, progress=lambda *step: told.append(step)
    )
    for name in names:
        np.testing.assert_allclose(
            shared.of(name).predictions, alone.of(name).predictions, rtol=1e-9
        )
    assert told[-1][0] == told[-1][1]


def test_all_contenders_run_and_company_changes_no_prediction(smooth_dataset):
    plan = make_plan(smooth_dataset)
    plan = dataclasses.replace(plan, folds=plan.folds[:2])
    together = run_benchmark(smooth_dataset, plan)
    assert {result.name for result in together.results} == set(CONTENDER_NAMES)
    for name in ("blend", "ntk"):
        alone = run_benchmark(smooth_dataset, plan, names=(name,)).of(name)
        assert np.array_equal(alone.predictions, together.of(name).predictions, equal_nan=True)
    assert together.of("ntk").overall.r2 > 0.95


def test_a_lot_effect_flatters_random_folds(make_dataset):
    rng = np.random.default_rng(0)
    lots = np.repeat(np.arange(12), 6)
    X = pd.DataFrame({"x": rng.normal(size=72), "lot mark": rng.normal(size=12)[lots]})
    y = rng.normal(size=12)[lots] * 3 + 0.1 * X["x"]
    flattered, honest = (
        run_benchmark(d, _first_repeat(make_plan(d)), names=("random-forest",)).of("random-forest")
        for d in (make_dataset(X, y), make_dataset(X, y, groups=lots))
    )
    assert flattered.overall.r2 > 0.8
    assert honest.overall.r2 < 0.2


def test_time_plan_predicts_the_later_half_only(make_dataset):
    X = pd.DataFrame({"x": np.arange(40.0)})
    dataset = make_dataset(X, np.arange(40.0), time=np.arange(40))
    result = run_benchmark(dataset, make_plan(dataset), names=("mean",)).results[0]
    assert np.isnan(result.predictions[0, :20]).all()
    assert np.isfinite(result.predictions[0, 20:]).all()


def test_inner_folds_get_units_for_groups_and_copies_only(make_dataset):
    X = pd.DataFrame({"x": np.arange(20.0)})
    copies = pd.DataFrame({"x": np.repeat(np.arange(10.0), 2)})
    lots = np.repeat(np.arange(5), 4)
    assert inner_groups(make_plan(make_dataset(X, X["x"]))) is None
    assert inner_groups(make_plan(make_dataset(X, X["x"], time=X["x"]))) is None
    for dataset in (make_dataset(copies, X["x"]), make_dataset(X, X["x"], groups=lots)):
        plan = make_plan(dataset)
        assert inner_groups(plan) is plan.unit


def test_groups_of_the_training_rows_reach_every_fit(monkeypatch, make_dataset):
    seen = []
    _replace(monkeypatch, "ridge", _Stand(seen.append))
    dataset = make_dataset(
        pd.DataFrame({"x": np.arange(20.0)}), np.arange(20.0), groups=np.repeat(np.arange(5), 4)
    )
    plan = make_plan(dataset)
    run_benchmark(dataset, plan, names=("ridge",))
    assert len(seen) == len(plan.folds)
    for groups, fold in zip(seen, plan.folds, strict=True):
        assert np.array_equal(groups, plan.unit[fold.train])


def test_a_failure_is_kept_with_its_text_and_the_others_go_on(monkeypatch, smooth_dataset):
    _replace(monkeypatch, "random-forest", _Stand(_fails))
    found = run_benchmark(
        smooth_dataset, make_plan(smooth_dataset), names=("random-forest", "ridge")
    )
    assert found.failures == (("random-forest", "LinAlgError: the matrix is singular"),)
    assert [result.name for result in found.results] == ["ridge"]
    assert found.verdict[-1].code == "V311"
    with pytest.raises(KeyError, match="random-forest"):
        found.of("random-forest")


def test_predictions_that_are_no_numbers_are_a_failure(monkeypatch, smooth_dataset):
    _replace(monkeypatch, "ridge", _Stand(value=np.nan))
    found = run_benchmark(smooth_dataset, make_plan(smooth_dataset), names=("ridge", "mean"))
    assert "not finite numbers" in found.failures[0][1]


def test_all_failing_is_an_error_that_names_the_first(monkeypatch, smooth_dataset):
    _replace(monkeypatch, "ridge", _Stand(_fails))
    with pytest.raises(InputError, match="of ridge regression: LinAlgError: the matrix is sing"):
        run_benchmark(smooth_dataset, make_plan(smooth_dataset), names=("ridge",))


def test_interrupting_stops(monkeypatch, smooth_dataset):
    _replace(monkeypatch, "ridge", _Stand(_interrupts))
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(smooth_dataset, make_plan(smooth_dataset), names=("ridge",))


def test_progress_counts_up_to_the_total(smooth_dataset):
    calls = []
    plan = _first_repeat(make_plan(smooth_dataset))
    run_benchmark(
        smooth_dataset, plan, names=("mean", "ridge"), progress=lambda *call: calls.append(call)
    )
    assert [done for done, _, _ in calls] == list(range(11))
    assert {total for _, total, _ in calls} == {10}


@pytest.mark.parametrize("names", [("xgboost",), ()])
def test_unknown_names_are_refused_with_the_known_ones(smooth_dataset, names):
    with pytest.raises(InputError, match="The models are: ntk, ntk-kernel, lightgbm"):
        run_benchmark(smooth_dataset, make_plan(smooth_dataset), names=names)


def test_a_table_without_features_is_refused(smooth_dataset):
    with pytest.raises(InputError, match="no column to predict from"):
        build_contender("ridge", (smooth_dataset.target,))


def test_bracketed_headers_never_reach_lightgbm(smooth_dataset):
    for name in ("lightgbm", "lightgbm-default"):
        model = build_contender(name, smooth_dataset.feature_columns)
        if name == "lightgbm":
            model.set_params(max_rounds=10)
        model.fit(smooth_dataset.X, smooth_dataset.y)
        assert model.booster_.feature_name() == ["f0", "f1", "f2"]


def test_constant_target_is_scored_without_r2(make_dataset):
    dataset = make_dataset(pd.DataFrame({"x": np.arange(20.0)}), np.ones(20))
    found = run_benchmark(dataset, make_plan(dataset), names=("mean", "ridge"))
    assert np.isnan(found.of("mean").overall.r2)
    assert found.of("mean").overall.rmse == 0.0
