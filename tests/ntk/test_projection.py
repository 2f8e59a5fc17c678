"""What is fast agrees with what is plain: inverse, projections, kernels in blocks."""

import numpy as np
import pytest

from ntkreg.ntk.kernel.cross import cross_kernel, expand, profile_polynomials
from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.metric.inverse import inverse_from, invert_factor
from ntkreg.ntk.path import decompose, gradient_descent_filter, predictions_along
from ntkreg.ntk.prescription.projection import project, project_features
from ntkreg.ntk.results import Branch

STEPS = np.array([1, 30, 10_000])


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("n", [1, 50, 113, 300])
def test_factor_and_log_determinant_agree_with_lapack(rng, n):
    rows = rng.normal(size=(n, n + 5))
    matrix = rows @ rows.T
    factor = np.zeros((n, n))
    # what lies below the diagonal is not read
    half = invert_factor(np.triu(matrix) + np.tril(np.full((n, n), np.nan), -1), factor)
    assert half == pytest.approx(0.5 * np.linalg.slogdet(matrix)[1], rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(factor @ matrix @ factor.T, np.eye(n), atol=1e-8)
    inverse = np.empty((n, n))
    inverse_from(factor, inverse)
    np.testing.assert_allclose(inverse @ matrix, np.eye(n), atol=1e-8)


@pytest.mark.parametrize("n", [20, 200])
def test_an_indefinite_matrix_has_no_factor(n):
    matrix = np.eye(n)
    matrix[-1, -1] = -1.0
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        invert_factor(matrix, np.zeros((n, n)))


def test_projection_predicts_as_the_eigenbasis_does(rng):
    rows, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    kernel = gram(rows, None, [Branch("relu", 1)])
    cross = gram(rng.normal(size=(7, 3)), rows, [Branch("relu", 1)])
    spectrum = decompose(kernel)
    filters = gradient_descent_filter(spectrum.values, 1 / spectrum.values[0], STEPS)
    expected = predictions_along(spectrum, y, cross, filters)
    np.testing.assert_allclose(project(kernel, y, cross).along(filters), expected, atol=1e-10)


def test_few_columns_give_the_predictions_of_their_linear_kernel(rng):
    rows, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 1))
    y -= y.mean()
    others = rng.normal(size=(7, 3))
    linear = [Branch("linear", 0)]
    kernel = gram(rows, None, linear)
    spectrum = decompose(centre(kernel))
    rate = 1 / spectrum.values[0]
    expected = predictions_along(
        spectrum,
        y,
        gram(others, rows, linear) - kernel.mean(axis=0),
        gradient_descent_filter(spectrum.values, rate, STEPS),
    )
    middle = rows.mean(axis=0)
    small = project_features(rows - middle, y, others - middle)
    found = small.along(gradient_descent_filter(small.values, rate, STEPS))
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("activations", [("relu",), ("relu", "relu2", "relu3"), ("relu", "linear")])
def test_closed_form_and_polynomials_in_the_angle_are_the_same_kernel(rng, activations):
    branches = [Branch(a, 0 if a == "linear" else 1, 0.7) for a in activations]
    rows = rng.normal(size=(30, 3))
    rows[1] = 2.0 * rows[0]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    angle = np.arccos(np.clip(unit @ unit.T, -1.0, 1.0))
    x = 2.0 * angle / np.pi - 1.0
    even, odd = (np.polynomial.Polynomial(p) for p in profile_polynomials(branches))
    u = 2.0 * x * x - 1.0
    norms = np.linalg.norm(rows, axis=1)
    expected = (even(u) + x * odd(u)) * norms[:, None] * norms
    np.testing.assert_allclose(cross_kernel(rows, rows, branches), expected, atol=1e-6)
    far = np.abs(unit @ unit.T) < 0.999
    np.testing.assert_allclose(cross_kernel(rows, rows, branches)[far], expected[far], atol=1e-12)


def test_a_linear_expansion_needs_no_kernel_matrix(rng):
    inputs, support = rng.normal(size=(9, 3)), rng.normal(size=(20, 3))
    coefficients = rng.normal(size=(20, 2))
    linear = [Branch("linear", 0, 0.4)]
    np.testing.assert_allclose(
        expand(inputs, support, coefficients, linear),
        cross_kernel(inputs, support, linear) @ coefficients,
        atol=1e-12,
    )
