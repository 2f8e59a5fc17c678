from functools import cache

import numpy as np
import pytest
import torch
from sklearn.utils import check_random_state

from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.network.accelerated_descent import accelerated_gradient_descent, accelerated_step
from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.network.outputs import network_outputs, predict_network
from ntkreg.ntk.path import (
    accelerated_filter,
    decompose,
    n_deflated,
    predictions_along,
)
from ntkreg.ntk.results import Branch

N, N_STEPS = 60, 8
BRANCHES = (Branch("relu", 2), Branch("relu2", 1, 0.5))


@cache
def problem():
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.normal(size=(N + 40, 4)), np.ones(N + 40)])
    y = np.sin(2 * rows[:N, :1]) + rows[:N, 1:2] + 0.3 * rng.normal(size=(N, 1))
    spectrum = decompose(gram(rows[:N], None, BRANCHES))
    return rows[:N], rows[N:], (y - y.mean()) / y.std(), spectrum


def train(width, n_networks=2, n_steps=N_STEPS, target=None, branches=BRANCHES, **options):
    inputs, _, y, spectrum = problem()
    shape = Architecture(branches, width, n_networks)
    target = y if target is None else target
    start = initial_weights(shape, 5, target.shape[1], seed=0)
    weights, trace = accelerated_gradient_descent(
        shape, start, inputs, target, spectrum=spectrum, n_steps=n_steps, **options
    )
    return shape, weights, trace


def rms(array):
    return float(np.sqrt(np.mean(np.square(array))))


@pytest.mark.parametrize("preconditioned", [True, False])
def test_the_net_approaches_its_own_filter_on_the_kernel_as_the_width_grows(preconditioned):
    inputs, others, y, spectrum = problem()
    deflated = n_deflated(spectrum.values) if preconditioned else 0
    filters = accelerated_filter(spectrum.values, deflated, N_STEPS)[-1:]
    twin = predictions_along(spectrum, y, gram(others, inputs, BRANCHES), filters)[0]
    widths, gaps = (64, 256, 1024), []
    for width in widths:
        shape, weights, trace = train(width, dtype="float64", preconditioned=preconditioned)
        assert trace.outcome == "reached"
        gaps.append(rms(network_outputs(shape, weights, others) - twin))
    assert np.polyfit(np.log(widths), np.log(gaps), 1)[0] <= -0.35


def test_the_loss_along_the_way_is_that_of_the_kernels_iteration():
    _, _, y, spectrum = problem()
    _, _, trace = train(1024, n_networks=1)
    filters = accelerated_filter(spectrum.values, n_deflated(spectrum.values), N_STEPS)
    residuals = 1.0 - spectrum.values * filters
    last = float(np.sum((residuals[-1][:, None] * (spectrum.vectors.T @ y)) ** 2)) / (2 * N)
    assert trace.losses[0] == pytest.approx(0.5)
    assert trace.losses[-1] == pytest.approx(last, rel=0.15)


def test_it_needs_far_fewer_steps_than_plain_gradient_descent_for_the_same_loss():
    inputs, _, y, spectrum = problem()
    shape, _, trace = train(256, n_networks=1)
    start = initial_weights(shape, 5, 1, seed=0)
    _, plain = gradient_descent(
        shape, start, inputs, y, learning_rate=1 / spectrum.values[0], n_steps=10 * N_STEPS
    )
    assert plain.losses[-1] > trace.losses[-1]


def test_a_step_too_large_is_cut_and_the_prescribed_time_is_still_reached():
    _, _, y, spectrum = problem()
    rate = accelerated_step(spectrum.values)
    shape, weights, trace = train(256, learning_rate=8 * rate)
    _, _, calm = train(256, learning_rate=trace.learning_rate, n_steps=trace.n_steps)
    assert trace.outcome == "guarded"
    assert trace.n_cuts >= 1
    assert trace.learning_rate == 8 * rate / 2**trace.n_cuts
    assert trace.losses[-1] <= 1.1 * trace.losses.min()
    assert "上がった" in trace.sentence.text("ja")
    assert calm.n_cuts == 0
    assert np.isfinite(network_outputs(shape, weights, problem()[1])).all()
    assert trace.losses[-1] < 0.2 * float(np.sum(y**2)) / (2 * N)


def test_a_hopeless_step_ends_as_diverged_with_the_best_iterate():
    inputs, _, y, spectrum = problem()
    rate = 1e6 * accelerated_step(spectrum.values)
    shape, weights, trace = train(32, learning_rate=rate)
    outputs = network_outputs(shape, weights, inputs)
    loss = np.mean(np.sum((outputs - y) ** 2, axis=1)) / (2 * N)
    assert trace.outcome == "diverged"
    assert loss == pytest.approx(np.nanmin(trace.losses), rel=1e-5)
    assert "diverge" not in trace.sentence.text("en")
    assert "lowest loss" in trace.sentence.text("en")


def test_the_step_limit_is_kept_and_said():
    _, _, trace = train(16, n_steps=30, max_steps=5)
    assert (trace.outcome, trace.n_steps, len(trace.losses)) == ("limit", 5, 6)


def test_no_steps_give_the_zero_function():
    shape, weights, trace = train(16, n_steps=0)
    assert (trace.outcome, trace.n_steps) == ("reached", 0)
    assert not network_outputs(shape, weights, problem()[1]).any()


def test_momentum_that_overshoots_on_the_kernel_itself_is_no_reason_to_cut():
    spectrum = problem()[3]
    # a target on one middle eigenvector overshoots zero and comes back: the loss rises harmlessly
    target = spectrum.vectors[:, [n_deflated(spectrum.values) + 8]] * np.sqrt(N)
    _, _, trace = train(1024, n_networks=1, n_steps=40, target=target)
    assert np.diff(trace.losses).max() > 0
    assert (trace.outcome, trace.n_cuts) == ("reached", 0)


def test_a_constant_target_is_fitted_by_the_zero_function():
    shape, weights, trace = train(16, target=np.zeros((N, 1)))
    assert trace.outcome == "reached"
    assert not network_outputs(shape, weights, problem()[1]).any()


def test_a_kernel_of_rank_one_trains_without_blowing_up():
    inputs = np.ones((10, 2))
    branches = (Branch("relu", 1),)
    shape = Architecture(branches, 64, 2)
    spectrum = decompose(gram(inputs, None, branches))
    y = np.linspace(-1, 1, 10)[:, None]
    start = initial_weights(shape, 2, 1, seed=0)
    weights, trace = accelerated_gradient_descent(
        shape, start, inputs, y + 0.5, spectrum=spectrum, n_steps=50
    )
    assert trace.outcome in ("reached", "guarded")
    np.testing.assert_allclose(predict_network(shape, weights, inputs), 0.5, atol=0.02)


def test_products_in_bfloat16_change_predictions_by_less_than_their_rounding_times_a_few():
    others = problem()[1]
    predictions = [
        predict_network(*train(256, dtype=dtype, branches=(Branch("relu", 3),))[:2], others)
        for dtype in ("float32", "bfloat16")
    ]
    # 8 bits: 0.4 % for one product
    assert 0 < rms(np.subtract(*predictions)) < 0.012 * rms(predictions[0])


def test_networks_trained_at_the_same_time_are_those_trained_one_after_the_other():
    one, two = (train(32, n_networks=3, n_threads=threads)[1] for threads in (1, 2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_net_is_trained_alike_whatever_others_there_are():
    alone, among = (train(32, n_networks=count)[1] for count in (1, 3))
    for first, second in zip(alone, among, strict=True):
        np.testing.assert_array_equal(first, second[:1])


def test_one_and_two_threads_give_the_same_answer(monkeypatch):
    monkeypatch.setattr("ntkreg.ntk.network.backpropagation._WORTH_THREADS", 0.0)
    before = torch.get_num_threads()
    predictions = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            shape, weights, _ = train(96)
            predictions.append(predict_network(shape, weights, problem()[1]))
    finally:
        torch.set_num_threads(before)
    np.testing.assert_allclose(*predictions, rtol=1e-6, atol=1e-6)


def test_training_touches_neither_the_start_nor_the_global_seeds():
    generator = check_random_state(None)
    torch_state, numpy_state = torch.get_rng_state(), generator.get_state()[1].copy()
    threads = torch.get_num_threads()
    inputs, _, y, spectrum = problem()
    shape = Architecture(BRANCHES, 16, 1)
    start = initial_weights(shape, 5, 1, seed=0)
    kept = [array.copy() for array in start]
    for dtype in ("float32", "float64"):
        accelerated_gradient_descent(
            shape, start, inputs, y, spectrum=spectrum, n_steps=5, dtype=dtype
        )
    for array, copy in zip(start, kept, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert torch.equal(torch.get_rng_state(), torch_state)
    np.testing.assert_array_equal(generator.get_state()[1], numpy_state)
    assert torch.get_num_threads() == threads
