"""Smooth activations: kernel and net mean the same function (theory.md 3(f))."""

import numpy as np
import pytest

from ntkreg.ntk import NTKKernelRegressor
from ntkreg.ntk.kernel.angles import angles_between
from ntkreg.ntk.kernel.cross import cross_kernel
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.kernel.profiles import profile
from ntkreg.ntk.kernel.smooth import (
    activate,
    activation_slope,
    normal_mean,
    readout_profile,
    second_moment,
)
from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.network.linearisation import linearised_outputs, tangent_kernel, train_linearised
from ntkreg.ntk.network.outputs import network_outputs
from ntkreg.ntk.path import decompose, gradient_descent_filter
from ntkreg.ntk.results import SMOOTH, Branch

SERIES = ("softplus", "gelu")
COSINES = np.linspace(-1.0, 1.0, 9)


def rows(n, seed=0):
    X = np.random.default_rng(seed).normal(size=(n, 3))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


@pytest.mark.parametrize("activation", SMOOTH)
def test_the_slope_of_an_activation_is_its_derivative(activation):
    z = np.linspace(-6.0, 6.0, 25)
    numeric = (activate(activation, z + 1e-6) - activate(activation, z - 1e-6)) / 2e-6
    np.testing.assert_allclose(activation_slope(activation, z), numeric, atol=1e-8)


@pytest.mark.parametrize("activation", SERIES)
def test_the_series_is_the_mean_over_two_normals(activation):
    # in two dimensions the quadrature needs no expansion; fewer nodes are enough here
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    both = np.outer(weights, weights) / weights.sum() ** 2
    for c in COSINES:
        second = c * nodes[:, None] + np.sqrt(1 - c * c) * nodes[None, :]
        for function, position in ((activate, 0), (activation_slope, 1)):
            product = function(activation, nodes)[:, None] * function(activation, second)
            mean = np.sum(both * product) / second_moment(activation)
            value = readout_profile(activation, np.array(c))[position]
            assert value == pytest.approx(mean, abs=1e-7)


@pytest.mark.parametrize("activation", SMOOTH)
def test_the_quadrature_has_the_second_moment(activation):
    g = np.random.default_rng(0).normal(size=400_000)
    assert second_moment(activation) == pytest.approx(np.mean(activate(activation, g) ** 2), 0.01)
    assert readout_profile(activation, np.ones(1))[0] == pytest.approx(1.0, abs=1e-14)
    assert normal_mean(lambda z: z**4) == pytest.approx(3.0)


@pytest.mark.parametrize("activation", SERIES)
def test_the_kernel_is_the_mean_over_random_units(activation):
    pair = rows(2)
    z = np.random.default_rng(5).normal(size=(400_000, 3)) @ pair.T
    unit = np.mean(activate(activation, z) ** 2)
    readout = np.mean(activate(activation, z).prod(axis=1)) / unit
    slope = np.mean(activation_slope(activation, z).prod(axis=1)) / unit
    for trained, value in {"readout": readout, "hidden": pair[0] @ pair[1] * slope}.items():
        kernel = gram(pair, None, [Branch(activation, 1, 1.0, trained)])
        assert kernel[0, 1] == pytest.approx(value, abs=0.01)


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("depth", [1, 3])
def test_the_polynomial_in_the_angle_is_exact_for_smooth_kernels(activation, depth):
    branch, X = Branch(activation, depth), rows(30)
    known = profile(angles_between(X), branch)
    np.testing.assert_allclose(cross_kernel(X, X, [branch]), known, atol=1e-10 * known.max())


@pytest.mark.parametrize("symmetry", ["pair", "top"])
@pytest.mark.parametrize("branch", [Branch("gelu", 2), Branch("softplus", 1), Branch("erf", 2)])
def test_the_linearised_net_has_the_tangent_kernel(branch, symmetry):
    shape = Architecture((branch,), 8, 1, symmetry)
    X = 2.0 * rows(5)
    start = initial_weights(shape, 3, 1, 0)
    rng = np.random.default_rng(1)
    moved = [w + 1e-5 * rng.normal(size=w.shape) for w in start]
    expansion = linearised_outputs(shape, start, moved, X)
    change = network_outputs(shape, moved, X)
    np.testing.assert_allclose(expansion, change, atol=1e-3 * np.abs(change).max())
    # one step of gradient descent moves the outputs by the tangent kernel
    y = rng.normal(size=(5, 1))
    weights, _ = gradient_descent(
        shape, start, X, y, learning_rate=1e-5, n_steps=1, dtype="float64"
    )
    step = network_outputs(shape, weights, X)[0, :, 0]
    kernel = tangent_kernel(shape, start, X, 0)
    np.testing.assert_allclose(step, 1e-5 * kernel @ y[:, 0] / 5, rtol=1e-3, atol=1e-9)


def test_a_wide_smooth_net_follows_its_kernel():
    branch, X = Branch("gelu", 1), rows(30)
    y = np.sin(3 * X[:, :1])
    spectrum = decompose(gram(X, None, [branch]))
    rate = 1.0 / spectrum.values[0]
    kept = spectrum.values * gradient_descent_filter(spectrum.values, rate, np.array([100]))[0]
    kernel = spectrum.vectors @ (kept[:, None] * (spectrum.vectors.T @ y))
    shape = Architecture((branch,), 2048, 1)
    start = initial_weights(shape, 3, 1, 0)
    weights, _ = gradient_descent(shape, start, X, y, learning_rate=rate, n_steps=100)
    outputs = network_outputs(shape, weights, X)[0]
    assert np.sqrt(np.mean((outputs - kernel) ** 2)) < 0.02
    linear = train_linearised(
        tangent_kernel(shape, start, X, 0), y[:, 0], learning_rate=rate, n_steps=100
    )
    # the net follows its own linearisation much more closely than the infinitely wide net
    assert np.sqrt(np.mean((outputs[:, 0] - linear) ** 2)) < 0.005


@pytest.mark.parametrize("activation", SERIES)
def test_the_kernel_regressor_takes_smooth_activations(activation):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = np.sin(2 * X[:, 0])
    model = NTKKernelRegressor(activation=activation, metric=None).fit(X, y)
    assert np.sqrt(np.mean((model.predict(X) - y) ** 2)) < 0.3 * y.std()


def test_a_linear_branch_still_has_no_net():
    with pytest.raises(ValueError, match=r"'linear' has a kernel but no finite net.*'gelu'"):
        Architecture((Branch("linear", 0),))
