"""The eigenbasis view agrees with running the iterations (theory.md 1.3; T2, T8, T9)."""

import numpy as np
import pytest

from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.path import (
    accelerated_filter,
    coefficients,
    decompose,
    degrees_of_freedom,
    gradient_descent_filter,
    n_deflated,
    predictions_along,
    step_grid,
)
from ntkreg.ntk.results import Branch

BRANCH = [Branch("relu", 2)]


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    X = np.hstack([rng.normal(size=(30, 3)), np.ones((30, 1))])
    y = np.sin(2 * X[:, :1]) + 0.3 * rng.normal(size=(30, 1))
    return X, y - y.mean(), decompose(gram(X, None, BRANCH))


def run_gradient_descent(kernel, y, rate, steps):
    alpha = np.zeros_like(y)
    for _ in range(steps):
        alpha += rate / len(y) * (y - kernel @ alpha)
    return alpha


@pytest.mark.parametrize("steps", [0, 1, 7, 300])
def test_filter_equals_running_gradient_descent(problem, steps):
    X, y, spectrum = problem
    rate = 1.0 / spectrum.values[0]
    filters = gradient_descent_filter(spectrum.values, rate, np.array([steps]))
    expected = run_gradient_descent(gram(X, None, BRANCH), y, rate, steps)
    np.testing.assert_allclose(
        coefficients(spectrum, y, filters[0]), expected, atol=1e-10 * (1 + steps)
    )


def test_infinite_time_interpolates_and_zero_time_is_zero(problem):
    X, y, spectrum = problem
    rate = 1.0 / spectrum.values[0]
    filters = gradient_descent_filter(spectrum.values, rate, np.array([0, 10**15]))
    kernel = gram(X, None, BRANCH)
    np.testing.assert_allclose(kernel @ coefficients(spectrum, y, filters[1]), y, atol=1e-6)
    np.testing.assert_array_equal(coefficients(spectrum, y, filters[0]), 0.0)


def test_training_residual_never_grows_below_the_step_limit(problem):
    _, y, spectrum = problem
    filters = gradient_descent_filter(spectrum.values, 1.0 / spectrum.values[0], step_grid(1e9))
    residual = np.abs(1.0 - filters * spectrum.values)
    losses = (residual**2) @ ((spectrum.vectors.T @ y)[:, 0] ** 2)
    assert np.all(np.diff(losses) <= 1e-12)


def test_doubling_the_step_and_halving_their_number_is_nearly_the_same(problem):
    X, y, spectrum = problem
    rate = 0.05 / spectrum.values[0]
    slow = gradient_descent_filter(spectrum.values, rate, np.array([4000]))[0]
    fast = gradient_descent_filter(spectrum.values, 2 * rate, np.array([2000]))[0]
    kernel = gram(X, None, BRANCH)
    gap = kernel @ (coefficients(spectrum, y, slow) - coefficients(spectrum, y, fast))
    # first order in eta s_1 = 0.1 on directions that are still moving
    assert np.sqrt(np.mean(gap**2)) < 0.02 * y.std()


def test_noise_makes_late_stopping_worse_and_no_noise_does_not():
    rng = np.random.default_rng(1)
    X = np.hstack([rng.normal(size=(300, 2)), np.ones((300, 1))])
    truth = np.sin(2 * X[:, :1]) + X[:, 1:2]
    cross = gram(X[100:], X[:100], BRANCH)
    spectrum = decompose(gram(X[:100], None, BRANCH))
    filters = gradient_descent_filter(spectrum.values, 1 / spectrum.values[0], step_grid(1e9))

    def risks(y):
        path = predictions_along(spectrum, y, cross, filters)
        return np.mean((path - truth[100:]) ** 2, axis=(1, 2))

    noisy = risks(truth[:100] + 0.7 * rng.normal(size=(100, 1)))
    clean = risks(truth[:100])
    assert noisy[-1] > 1.5 * noisy.min()
    assert clean[-1] < 1.1 * clean.min()


def test_predictions_along_agree_with_coefficients(problem):
    X, y, spectrum = problem
    cross = gram(X[:5] + 0.1, X, BRANCH)
    filters = gradient_descent_filter(spectrum.values, 0.5 / spectrum.values[0], np.array([3, 50]))
    path = predictions_along(spectrum, np.hstack([y, -2 * y]), cross, filters)
    np.testing.assert_allclose(path[1, :, 0], (cross @ coefficients(spectrum, y, filters[1]))[:, 0])
    np.testing.assert_allclose(path[..., 1], -2 * path[..., 0], atol=1e-12)


def test_degrees_of_freedom_grow_from_zero_to_the_rank(problem):
    _, _, spectrum = problem
    filters = gradient_descent_filter(
        spectrum.values, 1 / spectrum.values[0], np.array([0, 10, 1000, 10**15])
    )
    freedom = degrees_of_freedom(spectrum.values, filters)
    assert freedom[0] == 0.0
    assert np.all(np.diff(freedom) > 0)
    assert freedom[-1] == pytest.approx(30, abs=1e-3)


def test_accelerated_filter_equals_running_the_preconditioned_iteration(problem):
    X, y, spectrum = problem
    k = n_deflated(spectrum.values)
    top, edge = spectrum.vectors[:, :k], spectrum.values[k]
    kernel, rate = gram(X, None, BRANCH), 0.9 / edge
    alpha = previous = np.zeros_like(y)
    for step in range(1, 41):
        ahead = alpha + (step - 1) / (step + 2) * (alpha - previous)
        residual = y - kernel @ ahead
        weights = (edge / spectrum.values[:k] - 1.0)[:, None]
        residual = residual + top @ (weights * (top.T @ residual))
        previous, alpha = alpha, ahead + rate / len(y) * residual
    filters = accelerated_filter(spectrum.values, k, 40)[40]
    np.testing.assert_allclose(coefficients(spectrum, y, filters), alpha, atol=1e-9)


def test_accelerated_iteration_needs_far_fewer_steps_than_plain_descent(problem):
    _, y, spectrum = problem
    rotated = (spectrum.vectors.T @ y)[:, 0] ** 2
    plain = gradient_descent_filter(spectrum.values, 1 / spectrum.values[0], np.array([500]))[0]
    loss = ((1 - plain * spectrum.values) ** 2) @ rotated
    filters = accelerated_filter(spectrum.values, n_deflated(spectrum.values), 60)
    residuals = 1.0 - spectrum.values * filters
    assert np.argmax((residuals**2) @ rotated <= loss) in range(1, 51)


def test_rank_deficient_kernels_stay_finite():
    X = np.ones((6, 2))
    spectrum = decompose(gram(X, None, BRANCH))
    filters = accelerated_filter(spectrum.values, n_deflated(spectrum.values), 50)
    assert np.all(np.isfinite(filters))
