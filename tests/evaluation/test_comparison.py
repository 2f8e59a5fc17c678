import numpy as np
import pytest
from scipy.stats import t as student

from ntkreg.evaluation.comparison import compare, compare_all, corrected_t, rmse_interval
from ntkreg.evaluation.results import ContenderResult, Fold, Scores, SplitPlan
from ntkreg.messages import Sentence


def _plan(n_folds=5, n_test=2):
    rows = np.arange(n_folds * n_test)
    folds = tuple(Fold(0, np.setdiff1d(rows, part), part) for part in np.array_split(rows, n_folds))
    return SplitPlan("random", folds, rows, (), 0, Sentence("I301"))


def _result(name, rmse):
    each = tuple(Scores(0.5, float(value), 0.0) for value in rmse)
    overall = Scores(0.5, float(np.mean(rmse)), 0.0)
    return ContenderResult(name, np.zeros((1, 10)), each, overall, (0.0, 1.0), 0.0)


def test_corrected_interval_by_hand():
    # mean 2, s = 1, J = 3, n_test/n_train = 1/4: error = sqrt(1/3 + 1/4), t_2(0.975) = 4.3027
    found = corrected_t([1.0, 2.0, 3.0], 0.25)
    assert found.mean == 2.0
    assert found.upper - 2.0 == pytest.approx(4.302653 * np.sqrt(7 / 12), rel=1e-6)
    assert found.p_value == pytest.approx(2 * student.sf(2 / np.sqrt(7 / 12), 2))


def test_without_overlap_it_is_the_plain_t_interval():
    values = np.array([0.3, 1.0, -0.2, 0.9])
    low, high = student.interval(0.95, 3, values.mean(), values.std(ddof=1) / 2)
    found = corrected_t(values, 0.0)
    assert (found.lower, found.upper) == pytest.approx((low, high))


def test_p_is_below_five_per_cent_exactly_when_the_interval_leaves_out_zero():
    for shift in np.linspace(0, 3, 31):
        found = corrected_t(np.array([-0.5, 0.1, 0.4]) + shift, 0.25)
        assert (found.p_value < 0.05) == (found.lower > 0)


def test_one_fold_says_nothing_about_scatter():
    found = corrected_t([1.0], 0.25)
    assert (found.lower, found.upper, found.p_value) == (-np.inf, np.inf, 1.0)


def test_equal_differences_have_no_scatter():
    assert corrected_t([0.0, 0.0], 0.25).p_value == 1.0
    assert corrected_t([1.0, 1.0], 0.25).p_value == 0.0


def test_swapping_the_two_mirrors_the_comparison():
    a, b = _result("ntk", [1, 2, 3, 4, 5]), _result("mean", [2, 2, 5, 4, 7])
    there, back = compare(a, b, _plan()), compare(b, a, _plan())
    assert there.difference == -back.difference == pytest.approx(-1.0)
    assert (there.lower, there.upper) == pytest.approx((-back.upper, -back.lower))
    assert there.p_value == back.p_value


def test_everybody_is_compared_with_the_reference_but_itself():
    results = [_result(name, [1, 2, 3, 4, k]) for k, name in enumerate(("ntk", "ridge", "mean"))]
    found = compare_all(results, "ridge", _plan())
    assert [(c.name, c.reference) for c in found] == [("ntk", "ridge"), ("mean", "ridge")]


def test_interval_of_an_error_does_not_go_below_zero():
    low, high = rmse_interval([0.1, 5.0, 0.1, 4.0, 0.2], _plan())
    assert low == 0.0
    assert high > 1.88
