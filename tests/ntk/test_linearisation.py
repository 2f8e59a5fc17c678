"""The net's tangent: derivatives, Gram matrices, and training in closed form."""

from functools import cache

import numpy as np
import pytest

from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.network.accelerated_descent import accelerated_gradient_descent, accelerated_step
from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.backpropagation import Backpropagation
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.network.linearisation import (
    linearised_outputs,
    preconditioner_root,
    tangent_kernel,
    train_linearised,
)
from ntkreg.ntk.network.outputs import network_outputs
from ntkreg.ntk.path import decompose, gradient_descent_filter
from ntkreg.ntk.results import Branch

BRANCHES = (Branch("relu", 2), Branch("relu2", 1, 0.5))
SHAPES = [
    Architecture((Branch("relu", 1), Branch("relu2", 1, 2.0)), 8, 2),
    Architecture((Branch("relu", 3, 0.3, "hidden"),), 6, 1),
    Architecture((Branch("relu", 2, 1.0, "last_hidden"),), 6, 1),
    Architecture((Branch("relu2", 1, 1.0, "readout"),), 6, 1),
    Architecture((Branch("relu", 3),), 8, 1, "top"),
]


def rows(n, d=4, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(size=(n, d)), np.ones(n)])


def rms(array):
    return float(np.sqrt(np.mean(np.square(array))))


def moved(shape, start, size=1.0):
    """Weights in which what is trained has moved in a random direction."""
    rng = np.random.default_rng(7)
    engine = Backpropagation(shape, start, rows(2), np.zeros((2, start[0].shape[1])), "float64")
    for parameter in engine.parameters():
        parameter += size * parameter.new_tensor(rng.normal(size=parameter.shape))
    return engine.weights()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_expansion_is_the_derivative_along_the_displacement(shape):
    start = initial_weights(shape, 5, 2, seed=0)
    there = moved(shape, start)
    step = 1e-6
    little = [a + step * (b - a) for a, b in zip(start, there, strict=True)]
    derivative = network_outputs(shape, little, rows(9)) / step
    np.testing.assert_allclose(
        linearised_outputs(shape, start, there, rows(9)), derivative, atol=1e-4
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_no_displacement_gives_exactly_nothing(shape):
    start = initial_weights(shape, 5, 1, seed=0)
    assert not linearised_outputs(shape, start, start, rows(9)).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_tangent_kernel_is_the_gram_matrix_of_the_gradients(shape):
    weights = moved(shape, initial_weights(shape, 5, 2, seed=0), 0.3)
    net, target = shape.n_networks - 1, 1
    gradients = []
    for row in rows(5):
        outputs = network_outputs(shape, weights, row[None])[:, 0, :]
        signal = np.zeros_like(outputs)
        signal[net, target] = 1.0
        engine = Backpropagation(shape, weights, row[None], np.zeros((1, 2)), "float64")
        engine.loss()
        engine.differentiate(engine.residual.new_tensor(signal.reshape(-1, 1)))
        gradients.append(np.concatenate([g.numpy().ravel() for g in engine.gradients()]))
    exact = np.array(gradients) @ np.array(gradients).T
    np.testing.assert_allclose(tangent_kernel(shape, weights, rows(5), net, target), exact)


@cache
def problem():
    inputs = rows(40, seed=1)
    y = np.sin(2 * inputs[:, 0]) + inputs[:, 1]
    spectrum = decompose(centre(gram(inputs, None, BRANCHES)))
    return inputs, (y - y.mean()) / y.std(), spectrum


@pytest.mark.parametrize("solver", ["gd", "accelerated"])
def test_the_net_approaches_its_own_linearisation_as_the_width_grows(solver):
    inputs, y, spectrum = problem()
    widths, gaps = (64, 256, 1024), []
    for width in widths:
        shape = Architecture(BRANCHES, width, 1)
        start = initial_weights(shape, 5, 1, seed=0)
        options = {"n_steps": 8, "dtype": "float64", "fit_intercept": True}
        if solver == "gd":
            rate, root = 1 / spectrum.values[0], None
            trained, _ = gradient_descent(
                shape, start, inputs, y[:, None], learning_rate=rate, **options
            )
        else:
            rate, root = accelerated_step(spectrum.values), preconditioner_root(spectrum)
            trained, _ = accelerated_gradient_descent(
                shape, start, inputs, y[:, None], spectrum=spectrum, **options
            )
        others = np.vstack([inputs, rows(20, seed=2)])
        kernel = tangent_kernel(shape, start, others, 0)[:, : len(y)]
        own = train_linearised(
            kernel, y, learning_rate=rate, n_steps=8, root=root, fit_intercept=True
        )
        outputs = network_outputs(shape, trained, others)[0, :, 0]
        gaps.append(rms(outputs - outputs[: len(y)].mean() - own))
    assert gaps[-1] < 0.05
    assert np.polyfit(np.log(widths), np.log(gaps), 1)[0] <= -0.35


def test_a_linearised_net_with_the_infinite_kernel_follows_the_kernels_own_path():
    inputs, y, _ = problem()
    kernel = gram(inputs, None, BRANCHES)
    spectrum = decompose(kernel)
    rate = 1 / spectrum.values[0]
    filters = gradient_descent_filter(spectrum.values, rate, np.array([50]))[0]
    exact = spectrum.vectors @ (spectrum.values * filters * (spectrum.vectors.T @ y))
    own = train_linearised(kernel, y, learning_rate=rate, n_steps=50)
    np.testing.assert_allclose(own, exact, atol=1e-10)


def test_no_step_leaves_the_linearised_net_at_zero():
    inputs, y, spectrum = problem()
    kernel = gram(inputs, None, BRANCHES)
    for root in (None, preconditioner_root(spectrum)):
        own = train_linearised(kernel, y, learning_rate=0.1, n_steps=0, root=root)
        assert not own.any()
