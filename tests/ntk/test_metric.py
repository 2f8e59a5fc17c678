import numpy as np
import pytest
from scipy.optimize import approx_fprime

from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.metric.evidence import likelihood_metric, negative_log_evidence
from ntkreg.ntk.metric.scales import (
    _mean_squared_gradient,
    apply_metric,
    gradient_metric,
    plain_metric,
)
from ntkreg.ntk.prescription.selection import at_depth
from ntkreg.ntk.results import Branch

BRANCHES = (Branch("relu", 1), Branch("relu2", 1))


@pytest.fixture
def problem():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(60, 4)) / 2.0
    y = (np.sin(4 * rows[:, :1]) + 0.05 * rng.normal(size=(60, 1))) * np.array([[1.0, -0.5]])
    return rows, (y - y.mean(axis=0)) / y.std(axis=0)


@pytest.mark.parametrize("depth", [1, 2])
def test_evidence_gradient_agrees_with_differences(problem, depth):
    rows, target = problem
    branches = (Branch("relu", depth), Branch("relu2", 1))
    theta = np.random.default_rng(0).normal(scale=0.3, size=4 + 4)
    numeric = approx_fprime(
        theta, lambda t: negative_log_evidence(t, rows, target, branches)[0], 1e-6
    )
    exact = negative_log_evidence(theta, rows, target, branches)[1]
    np.testing.assert_allclose(exact, numeric, atol=2e-6)


@pytest.mark.parametrize("learn", [likelihood_metric, gradient_metric])
def test_the_column_that_matters_gets_the_largest_scale(problem, learn):
    rows, target = problem
    metric = learn(rows, target, BRANCHES)
    assert np.argmax(metric.scales) == 0
    assert metric.scales[0] > 2 * metric.scales[1:].max()


def test_likelihood_finds_the_noise_level(problem):
    rows, target = problem
    metric = likelihood_metric(rows, target, BRANCHES)
    # noise 0.05 against a signal of standard deviation about 0.7: variance share 0.005
    assert 0.001 < metric.noise < 0.02


def test_mean_squared_gradient_agrees_with_differences(problem):
    rows, _ = problem
    metric = plain_metric(4, BRANCHES)
    inputs = apply_metric(metric, rows)
    alpha = np.random.default_rng(1).normal(size=(60, 1))
    # kinks of the kernel at the training rows themselves: move off them by less than the step
    step = 1e-5
    numeric = []
    for j in range(5):
        shift = np.zeros(5)
        shift[j] = step
        ahead = gram(inputs + shift, inputs, BRANCHES) @ alpha
        behind = gram(inputs - shift, inputs, BRANCHES) @ alpha
        numeric.append(np.mean(((ahead - behind) / (2 * step)) ** 2))
    exact = _mean_squared_gradient(inputs, alpha, metric, rows)
    np.testing.assert_allclose(exact, numeric, rtol=1e-3)


def test_another_depth_keeps_the_branches_in_proportion():
    metric = plain_metric(3, BRANCHES)
    rows = np.array([[1.0, 0.0]])
    values = [gram(rows, None, [at_depth(metric, depth)[0]])[0, 0] for depth in (1, 2, 3)]
    np.testing.assert_allclose(values, values[0])
