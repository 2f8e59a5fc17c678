"""The factor of the output: nothing in the kernel regime, feature learning below 1."""

from dataclasses import replace

import numpy as np
import pytest

from ntkreg.ntk import NTKRegressor
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.network.accelerated_descent import accelerated_gradient_descent
from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.linearisation import tangent_kernel
from ntkreg.ntk.network.outputs import network_outputs
from ntkreg.ntk.path import decompose
from ntkreg.ntk.results import Branch
from ntkreg.ntk.training.scale_choice import SCALES, choose_scale

SHAPE = Architecture((Branch("relu", 1), Branch("relu2", 1)), 64, 2)


def table(n=40):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 2))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] + 0.1 * rng.normal(size=n)


def trained(scale):
    X, y = table()
    inputs, target = np.column_stack([X, np.ones(len(X))]), ((y - y.mean()) / y.std())[:, None]
    shape = replace(SHAPE, scale=scale)
    spectrum = decompose(gram(inputs, None, shape.branches))
    start = initial_weights(shape, 3, 1, seed=0)
    weights, _ = accelerated_gradient_descent(
        shape, start, inputs, target, spectrum=spectrum, n_steps=10, dtype="float64"
    )
    moved = np.linalg.norm(weights[0] - start[0]) / np.linalg.norm(start[0])
    return network_outputs(shape, weights, inputs), moved


def test_the_tangent_kernel_of_the_training_does_not_depend_on_the_factor():
    X, _ = table()
    weights = initial_weights(SHAPE, 2, 1, seed=0)
    one, three = (tangent_kernel(replace(SHAPE, scale=s), weights, X, 0) for s in (1.0, 3.0))
    np.testing.assert_allclose(one, three)


def test_a_larger_factor_moves_the_weights_less_for_the_same_function():
    outputs, moved = zip(*(trained(scale) for scale in (0.1, 1.0, 10.0, 100.0)), strict=True)
    np.testing.assert_allclose(np.divide(moved[1:-1], moved[2:]), 10.0, rtol=0.2)
    # the net becomes linear in its weights, and what it predicts no longer depends on the factor
    far, near, none = (np.abs(outputs[i] - outputs[3]).max() for i in (0, 1, 2))
    assert none < 0.5 * near < 0.25 * far


@pytest.mark.parametrize(("gain", "expected"), [(0.5, 0.1), (0.0, 1.0)])
def test_another_factor_is_taken_only_if_it_is_clearly_better(gain, expected):
    errors = np.random.default_rng(0).chisquare(1, size=(50, len(SCALES)))
    errors[:] = errors[:, :1]
    errors[:, SCALES.index(0.1)] -= gain + 1e-3 * np.random.default_rng(1).normal(size=50)
    errors[:, SCALES.index(0.1)] += 0.001 * (gain == 0)
    assert choose_scale(errors) == expected


def test_the_factor_is_chosen_in_folds_and_said():
    model = NTKRegressor(width=16, n_networks=1, activation="relu", depth=1, output_scale="auto")
    model.fit(*table(30))
    (reason,) = [r for r in model.prescription_.reasons if r.name == "output_scale"]
    assert reason.value == model.leading_.architecture.scale
    assert reason.origin == "data"
    assert "0.1, 0.3, 1, 3" in reason.sentence.text("en")


def test_a_factor_of_the_users_own_is_said_and_a_wrong_one_refused():
    X, y = table(30)
    model = NTKRegressor(width=16, activation="relu", depth=1, output_scale=0.3).fit(X, y)
    assert model.prescription_.reasons[-1].origin == "user"
    assert model.leading_.architecture.scale == 0.3
    with pytest.raises(ValueError, match="output_scale must be 'auto' or a positive number, got 0"):
        NTKRegressor(output_scale=0).fit(X, y)
    with pytest.raises(ValueError, match=r"scale=-1\.0 must be a positive number"):
        replace(SHAPE, scale=-1.0)
