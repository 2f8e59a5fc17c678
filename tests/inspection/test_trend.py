"""The trend behind a verdict follows the effect, and its band the errors."""

import numpy as np
import pytest

from ntkreg.inspection import explain
from ntkreg.inspection.knowledge.trend import effect_trend


def trend_of(make_dataset, rng, formula, noise, n=80):
    x = rng.uniform(-1, 1, size=n)
    dataset = make_dataset({"温度": x, "材質": np.full(n, "a", dtype=object)}, x**2)
    explanation = explain(formula(lambda t: t["f0"].to_numpy() ** 2), "ntk", dataset)
    residuals = noise * rng.normal(size=n)
    return [effect_trend(c, explanation, dataset, residuals) for c in dataset.feature_columns]


def test_the_trend_of_a_parabola_is_a_parabola(make_dataset, rng, formula):
    trend, _ = trend_of(make_dataset, rng, formula, 0.1)
    wanted = trend.x**2
    assert trend.middle - trend.middle[20] == pytest.approx(wanted - wanted[20], abs=0.05)
    assert np.all(trend.lower < trend.upper)


def test_larger_errors_widen_the_band(make_dataset, rng, formula):
    small, large = (trend_of(make_dataset, rng, formula, noise)[0] for noise in (0.1, 1.0))
    assert np.mean(large.upper - large.lower) > 5 * np.mean(small.upper - small.lower)


def test_there_is_no_trend_of_a_category_or_of_few_rows(make_dataset, rng, formula):
    assert trend_of(make_dataset, rng, formula, 0.1)[1] is None
    assert trend_of(make_dataset, rng, formula, 0.1, n=15)[0] is None
