"""Quantiles and probabilities agree with crepes where rows are alone, and cover new groups."""

import numpy as np
import pytest
from crepes import ConformalPredictiveSystem, ConformalRegressor

from ntkreg.decision.conformal import (
    conformal_quantile,
    effective_number,
    group_weights,
    probability_below,
)


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.mark.parametrize("n", [9, 20, 137])
def test_the_quantile_of_single_rows_is_that_of_crepes(n, rng):
    residuals = rng.normal(size=n)
    theirs = ConformalRegressor().fit(residuals).predict_int(np.zeros(1), confidence=0.9 - 1e-9)
    assert conformal_quantile(np.abs(residuals), 0.9) == theirs[0, 1]
    weighted = conformal_quantile(np.abs(residuals), 0.9, np.full(n, 1 / n), float(n))
    assert weighted == theirs[0, 1]


def test_probabilities_of_single_rows_are_those_of_crepes_with_half_ties(rng):
    residuals, limits = rng.normal(size=50), rng.normal(size=30)
    system = ConformalPredictiveSystem().fit(residuals)
    theirs = system.predict_p(np.zeros(30), limits, smoothing=False)
    ours = probability_below(limits, residuals)
    assert np.abs(ours - theirs).max() <= 1 / 51
    assert probability_below(np.array([residuals[0]]), residuals[:1]).tolist() == [0.5]


def test_probabilities_rise_and_never_reach_certainty(rng):
    ours = probability_below(np.linspace(-9, 9, 40), rng.normal(size=30))
    assert (np.diff(ours) >= 0).all()
    assert 0 < ours[0] < 0.02 < 0.98 < ours[-1] < 1
    assert np.isnan(probability_below(np.array([np.nan]), np.ones(3)))
    assert np.isnan(probability_below(np.zeros(2), np.empty(0))).all()


def test_every_group_has_the_same_weight():
    weights = group_weights(np.array([7, 7, 7, 2, 5, 5]))
    np.testing.assert_allclose(weights, [1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 6, 1 / 6])


def test_rows_that_err_alike_are_worth_their_groups_and_unrelated_ones_themselves(rng):
    unit = np.repeat(np.arange(30), 10)
    alike = rng.normal(size=30)[unit]
    assert effective_number(alike, unit) == pytest.approx(30)
    assert effective_number(rng.normal(size=300), unit) > 200
    assert effective_number(alike, np.arange(300)) == 300
    assert effective_number(np.ones(12), np.repeat(np.arange(3), 4)) == pytest.approx(12)
    assert effective_number(alike, np.zeros(300, dtype=int)) == 1


def test_few_groups_that_err_alike_give_no_finite_interval(rng):
    unit = np.repeat(np.arange(6), 20)
    scores = np.abs(rng.normal(size=6)[unit] + 0.01 * rng.normal(size=120))
    assert conformal_quantile(scores, 0.9, group_weights(unit), effective_number(scores, unit)) > 9


@pytest.mark.parametrize("shared", [0.0, 0.7])
def test_a_row_of_a_new_group_is_covered_as_promised(shared, rng):
    inside = []
    for _ in range(300):
        sizes = rng.integers(2, 20, size=15)
        unit = np.repeat(np.arange(15), sizes)
        errors = np.sqrt(shared) * rng.normal(size=15)[unit]
        scores = np.abs(errors + np.sqrt(1 - shared) * rng.normal(size=len(unit)))
        width = conformal_quantile(scores, 0.9, group_weights(unit), effective_number(scores, unit))
        inside.append(np.mean(np.abs(rng.normal(size=400)) <= width))
    assert 0.88 <= np.mean(inside) <= 0.93
