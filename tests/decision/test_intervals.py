"""Conformal half widths are the right order statistic and cover what they promise."""

import numpy as np
import pytest

from ntkreg.decision import calibrate
from ntkreg.decision.conformal import conformal_quantile as half_width
from ntkreg.decision.intervals import mean_over_repeats
from ntkreg.evaluation.results import Fold, SplitPlan
from ntkreg.messages import Sentence


def plan_of(*tests, n, repeats=1):
    folds = tuple(
        Fold(repeat, np.setdiff1d(np.arange(n), rows), np.asarray(rows))
        for repeat in range(repeats)
        for rows in tests
    )
    return SplitPlan("random", folds, np.arange(n), (), 0, Sentence("V000", {"text": ""}))


def five_folds(n, repeats=1):
    return plan_of(*(np.arange(k, n, 5) for k in range(5)), n=n, repeats=repeats)


@pytest.mark.parametrize(
    ("n", "confidence", "rank"),
    [(9, 0.9, 1), (19, 0.9, 2), (99, 0.9, 10), (19, 0.95, 1), (99, 0.99, 1), (10, 0.9, 1)],
)
def test_the_half_width_is_the_right_order_statistic(n, confidence, rank):
    residuals = np.arange(1.0, n + 1) * np.where(np.arange(n) % 2, 1, -1)
    assert half_width(np.abs(residuals), confidence) == n + 1 - rank


@pytest.mark.parametrize(("n", "confidence"), [(0, 0.9), (8, 0.9), (18, 0.95), (98, 0.99)])
def test_too_few_residuals_give_no_finite_interval(n, confidence):
    assert half_width(np.ones(n), confidence) == np.inf


def test_coverage_over_many_tables_is_what_was_promised():
    """Least squares with four columns on 60 rows; held-out residuals in closed form by fold."""
    rng = np.random.default_rng(0)
    plan, inside, measured = five_folds(60), [], []
    for _ in range(200):
        x = np.column_stack([np.ones(100), rng.normal(size=(100, 4))])
        y = x @ rng.normal(size=5) + rng.standard_t(4, size=100)
        held_out = np.full(60, np.nan)
        for fold in plan.folds:
            beta = np.linalg.lstsq(x[fold.train], y[fold.train], rcond=None)[0]
            held_out[fold.test] = x[fold.test] @ beta
        result = calibrate(y[:60], held_out[None], plan)
        beta = np.linalg.lstsq(x[:60], y[:60], rcond=None)[0]
        inside.append(np.mean(np.abs(y[60:] - x[60:] @ beta) <= result.half_width))
        measured.append(result.coverage)
    assert 0.87 <= np.mean(inside) <= 0.93
    assert 0.87 <= np.mean(measured) <= 0.93


def test_each_fold_is_judged_by_the_residuals_of_the_others():
    # two groups of rows: errors of 1 in one, of 10 in the other
    y = np.r_[np.ones(20), np.full(20, 10.0)]
    plan = plan_of(np.arange(20), np.arange(20, 40), n=40)
    result = calibrate(y, np.zeros((1, 40)), plan)
    assert result.coverage == 0.5
    assert result.half_width == 10.0


def test_repeats_are_averaged_and_untested_rows_left_out():
    y = np.arange(12.0)
    predictions = np.stack([y + 1, y + 3])
    predictions[:, 0] = np.nan
    predictions[0, 1] = np.nan
    result = calibrate(y, predictions, five_folds(12, repeats=2))
    assert result.residuals.tolist() == [-3.0] + [-2.0] * 10
    assert np.isnan(mean_over_repeats(predictions)[0])


def test_a_single_fold_has_no_measured_coverage():
    result = calibrate(np.ones(30), np.zeros((1, 30)), plan_of(np.arange(30), n=30))
    assert np.isnan(result.coverage)
    assert result.half_width == 1.0


def test_wrong_shapes_and_confidences_are_refused():
    plan = five_folds(10)
    with pytest.raises(ValueError, match=r"got \(1, 9\) and \(10,\)"):
        calibrate(np.ones(10), np.ones((1, 9)), plan)
    with pytest.raises(ValueError, match=r"between 0 and 1, got 90"):
        calibrate(np.ones(10), np.ones((1, 10)), plan, confidence=90)
