"""The flow is the limit of gradient descent with small steps, and exact where the net is linear."""

from functools import cache

import numpy as np
import pytest

from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.network.gradient_flow import gradient_flow
from ntkreg.ntk.network.linearisation import tangent_kernel
from ntkreg.ntk.network.outputs import network_outputs
from ntkreg.ntk.results import Branch

N = 25
# without the ReLU's kink the flow is smooth, and few steps reach a small error
SHAPE = Architecture((Branch("relu2", 1), Branch("relu3", 1, 0.5)), width=32, n_networks=2)


@cache
def problem():
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.normal(size=(N + 20, 3)), np.ones(N + 20)])
    y = np.sin(2 * rows[:N, :1]) + 0.3 * rng.normal(size=(N, 1))
    return rows[:N], rows[N:], (y - y.mean()) / y.std()


def flow_outputs(shape=SHAPE, duration=2.0, **options):
    inputs, others, y = problem()
    start = initial_weights(shape, 4, 1, seed=0)
    weights, flow = gradient_flow(shape, start, inputs, y, duration=duration, **options)
    return network_outputs(shape, weights, others), flow


def rms(array):
    return float(np.sqrt(np.mean(np.square(array))))


def test_gradient_descent_approaches_the_flow_in_proportion_to_its_step():
    inputs, others, y = problem()
    start = initial_weights(SHAPE, 4, 1, seed=0)
    exact, flow = flow_outputs(tolerance=1e-5)
    assert flow.finished
    gaps = []
    for n_steps in (200, 400, 800):
        weights, _ = gradient_descent(
            SHAPE, start, inputs, y, learning_rate=2.0 / n_steps, n_steps=n_steps, dtype="float64"
        )
        gaps.append(rms(network_outputs(SHAPE, weights, others) - exact))
    assert gaps[0] < 0.05
    # first order: halving the step halves the gap
    np.testing.assert_allclose(np.divide(gaps[:-1], gaps[1:]), 2.0, rtol=0.2)


def test_a_smaller_tolerance_gives_a_smaller_error():
    exact, _ = flow_outputs(tolerance=1e-8)
    gaps = [rms(flow_outputs(tolerance=t)[0] - exact) for t in (1e-2, 1e-5)]
    assert gaps[1] < 0.1 * gaps[0]


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_a_net_that_is_linear_in_its_weights_is_integrated_exactly(fit_intercept):
    shape = Architecture((Branch("relu", 1, 1.0, "readout"),), width=64, n_networks=1)
    inputs, others, y = problem()
    start = initial_weights(shape, 4, 1, seed=0)
    kernel = tangent_kernel(shape, start, np.vstack([inputs, others]), 0)
    centring = np.eye(N) - fit_intercept / N
    values, vectors = np.linalg.eigh(centring @ kernel[:N, :N] @ centring / N)
    share = -np.expm1(-5.0 * values) / np.where(values > 1e-12, values, 1.0)
    share[values <= 1e-12] = 5.0
    alpha = centring @ vectors @ (share * (vectors.T @ y[:, 0])) / N
    found, flow = flow_outputs(shape, 5.0, fit_intercept=fit_intercept)
    np.testing.assert_allclose(found[0, :, 0], kernel[N:, :N] @ alpha, atol=1e-9)
    assert flow.n_rejected == 0


def test_the_loss_of_a_flow_never_rises():
    shape = Architecture((Branch("relu", 2),), width=32, n_networks=1)
    _, flow = flow_outputs(shape, duration=50.0)
    assert flow.times[-1] == 50.0
    assert np.all(np.diff(flow.losses) < 0)


def test_a_flow_that_is_broken_off_says_so():
    _, flow = flow_outputs(duration=50.0, max_steps=2)
    assert not flow.finished
    assert flow.times[-1] < 50.0


def test_no_time_leaves_the_net_as_it_is():
    found, flow = flow_outputs(duration=0.0)
    assert flow.finished
    np.testing.assert_array_equal(found, 0.0)


def test_a_negative_time_is_refused():
    with pytest.raises(ValueError, match=r"duration=-1\.0 must not be negative"):
        flow_outputs(duration=-1.0)
