"""Probabilities out of specification, alarms at a cost, and what is said of too few bad rows."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from ntkreg.decision import judge_specification
from ntkreg.decision.specification import area_under_curve, count, probability_out
from ntkreg.evaluation.results import Fold, SplitPlan
from ntkreg.messages import Sentence

N = 400


def plan_of(n, kind="random"):
    rows = np.arange(n)
    tests = np.array_split(rows, 4) if kind == "time" else [rows[k::4] for k in range(4)]
    folds = tuple(Fold(0, np.setdiff1d(rows, test), test) for test in tests)
    return SplitPlan(kind, folds, rows, (), 0, Sentence("V000", {"text": ""}))


@pytest.fixture
def rows():
    rng = np.random.default_rng(8)
    prediction = rng.normal(size=N)
    return prediction + 0.5 * rng.normal(size=N), prediction


def judge(rows, limits, n=N, kind="random", **more):
    y, prediction = (part[:n] for part in rows)
    return judge_specification(y, prediction, np.ones(n), plan_of(n, kind), limits, **more)


def test_probabilities_are_those_of_the_errors(rows):
    found = judge(rows, (-1.0, 1.5))
    truth = norm.cdf((-1.0 - rows[1]) / 0.5) + norm.sf((1.5 - rows[1]) / 0.5)
    assert np.abs(found.probability - truth).max() < 0.1
    assert [each.out.total for each in found.reliability] == np.histogram(
        found.probability, bins=np.linspace(0, 1, 6)
    )[0].tolist()
    assert all(each.out.low <= each.stated <= each.out.high for each in found.reliability)


def test_one_limit_is_one_tail_and_difficult_rows_are_less_certain():
    scores, zero = np.linspace(-1, 1, 99), np.zeros(1)
    low = probability_out(zero, np.ones(1), (-0.5, None), scores)
    high = probability_out(zero, np.ones(1), (None, 0.5), scores)
    both = probability_out(zero, np.ones(1), (-0.5, 0.5), scores)
    assert low == pytest.approx(high)
    assert both == pytest.approx(low + high)
    assert probability_out(zero, np.full(1, 3.0), (-0.5, 0.5), scores) > both


def test_an_alarm_is_raised_where_it_costs_less_than_silence(rows):
    found = judge(rows, (-1.0, None), cost_ratio=4.0)
    bad, alarm = rows[0] < -1.0, found.probability >= 0.2
    assert found.threshold == 0.2
    assert found.bad_caught == count(alarm[bad])
    assert found.good_alarmed == count(alarm[~bad])
    assert found.alarm_right == count(bad[alarm])
    careful = judge(rows, (-1.0, None), cost_ratio=50.0)
    assert careful.bad_caught.hits > found.bad_caught.hits
    assert careful.good_alarmed.hits > found.good_alarmed.hits


def test_shares_have_exact_binomial_intervals():
    found = count(np.array([True] * 3 + [False] * 9))
    exact = binomtest(3, 12).proportion_ci(0.95, method="exact")
    assert (found.share, found.low, found.high) == (0.25, exact.low, exact.high)
    nothing = count(np.empty(0, dtype=bool))
    assert (nothing.low, nothing.high) == (0.0, 1.0)
    assert np.isnan(nothing.share)


def test_a_ranking_is_only_rated_with_enough_bad_rows(rows):
    many = judge(rows, (-1.0, None))
    assert 0.9 < many.auc_interval[0] < many.auc < many.auc_interval[1] <= 1.0
    fourth = float(np.sort(rows[0])[4])
    few = judge(rows, (fourth, None))
    assert few.n_bad == 4
    assert np.isnan(few.auc)
    assert np.isnan(few.auc_interval).all()
    assert few.bad_caught.total == 4


def test_a_faultless_ranking_of_few_rows_is_not_certain():
    auc, (low, high) = area_under_curve(np.arange(30.0), np.arange(30) >= 20)
    assert (auc, high) == (1.0, 1.0)
    assert low == pytest.approx(0.025**0.1)


def test_along_time_only_earlier_rows_judge(rows):
    found = judge(rows, (-1.0, None), n=40, kind="time")
    assert np.isnan(found.probability[:10]).all()
    assert np.isfinite(found.probability[10:]).all()
