from functools import cache

import numpy as np
import pytest

from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.network.architecture import Architecture, implied_branches, initial_weights
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.network.outputs import network_outputs, predict_network
from ntkreg.ntk.path import coefficients, decompose, gradient_descent_filter, predictions_along
from ntkreg.ntk.results import Branch

N, N_INPUTS, N_STEPS = 30, 5, 100


@cache
def problem():
    rng = np.random.default_rng(0)
    unit = rng.normal(size=(N + 40, N_INPUTS))
    unit[:, -1] = 1.0
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    y = np.sin(3 * unit[:N, :1]) + 0.2 * rng.normal(size=(N, 1))
    return unit[:N], unit[N:], (y - y.mean()) / y.std()


@cache
def spectrum_of(branches):
    return decompose(gram(problem()[0], None, branches))


def kernel_prediction(branches, learning_rate, n_steps):
    inputs, others, y = problem()
    spectrum = spectrum_of(branches)
    filters = gradient_descent_filter(spectrum.values, learning_rate, np.array([n_steps]))
    return predictions_along(spectrum, y, gram(others, inputs, branches), filters)[0]


@cache
def trained(shape, rate_factor=1.0, n_steps=N_STEPS, dtype="float64", seed=0):
    """Step size `rate_factor` / s_1 of the kernel that the shape implies."""
    inputs, _, y = problem()
    start = initial_weights(shape, N_INPUTS, 1, seed)
    rate = rate_factor / spectrum_of(implied_branches(shape)).values[0]
    weights, trace = gradient_descent(
        shape, start, inputs, y, learning_rate=rate, n_steps=n_steps, dtype=dtype
    )
    return start, weights, trace, rate


def rms(array):
    return float(np.sqrt(np.mean(np.square(array))))


def slope(widths, values):
    return float(np.polyfit(np.log(widths), np.log(values), 1)[0])


def gaps_to_kernel(branches, symmetry, kernel_branches, widths, n_networks=2):
    gaps = []
    for width in widths:
        shape = Architecture(branches, width, n_networks, symmetry)
        _, weights, _, rate = trained(shape)
        outputs = network_outputs(shape, weights, problem()[1])
        gaps.append(rms(outputs - kernel_prediction(kernel_branches, rate, N_STEPS)))
    return gaps


@pytest.mark.parametrize("branch", [Branch("relu", 2), Branch("relu", 1), Branch("relu2", 1)])
def test_the_loss_never_rises_at_the_prescribed_step(branch):
    _, _, trace, _ = trained(Architecture((branch,), 256, 2))
    assert trace.outcome == "reached"
    assert trace.n_steps == N_STEPS == len(trace.losses) - 1
    assert trace.losses[0] == pytest.approx(0.5)
    assert (np.diff(trace.losses) <= 0).all()


def test_a_step_far_above_the_limit_diverges_and_the_best_iterate_is_returned():
    shape = Architecture((Branch("relu", 2),), 64, 2)
    _, weights, trace, _ = trained(shape, rate_factor=30.0)
    inputs, _, y = problem()
    loss = np.mean(np.sum((network_outputs(shape, weights, inputs) - y) ** 2, axis=1)) / (2 * N)
    assert trace.outcome == "diverged"
    assert trace.n_steps < N_STEPS
    assert loss == pytest.approx(trace.losses.min())
    assert "発散" in trace.sentence.text("ja")


def test_a_prescription_beyond_the_limit_is_broken_off_and_said():
    shape = Architecture((Branch("relu", 1),), 16, 1)
    inputs, _, y = problem()
    start = initial_weights(shape, N_INPUTS, 1, 0)
    _, trace = gradient_descent(shape, start, inputs, y, learning_rate=0.1, n_steps=50, max_steps=7)
    assert (trace.outcome, trace.n_steps, len(trace.losses)) == ("limit", 7, 8)
    assert "limit of 7 steps, before the prescribed time (50 steps" in trace.sentence.text("en")


def test_the_net_approaches_its_kernel_as_the_width_grows():
    widths, branches = (128, 512, 2048), (Branch("relu", 1), Branch("relu2", 1, 0.5))
    gaps = gaps_to_kernel(branches, "pair", branches, widths, n_networks=3)
    assert slope(widths, gaps) <= -0.35
    assert gaps[-1] < 0.04


def test_the_deep_net_approaches_its_kernel_as_the_width_grows():
    widths, branches = (32, 128, 512), (Branch("relu", 2),)
    gaps = gaps_to_kernel(branches, "pair", branches, widths, n_networks=4)
    assert slope(widths, gaps) <= -0.35


def test_a_mirrored_top_layer_follows_the_last_layers_kernel_and_not_the_hidden_one():
    net, last = (Branch("relu", 2, 1.0, "hidden"),), (Branch("relu", 2, 1.0, "last_hidden"),)
    widths = (32, 128, 512)
    assert slope(widths, gaps_to_kernel(net, "top", last, widths, 4)) <= -0.35
    shape = Architecture(net, widths[-1], 16, "top")
    _, weights, _, rate = trained(shape)
    mean = predict_network(shape, weights, problem()[1])
    far, near = (rms(mean - kernel_prediction(b, rate, N_STEPS)) for b in (net, last))
    assert far > 2 * near


def movement(shape):
    start, weights, _, _ = trained(shape)
    moved = [np.sum((b - a) ** 2, axis=(1, 2, 3)) for a, b in _flat(start, weights)]
    return np.sum(moved, axis=0)


def _flat(start, weights):
    return [
        (a.reshape(*a.shape[:3], -1), b.reshape(*b.shape[:3], -1))
        for a, b in zip(start, weights, strict=True)
    ]


def test_the_weights_move_by_the_rkhs_norm_of_the_solution_at_any_width():
    branches = (Branch("relu", 2),)
    spectrum, y = spectrum_of(branches), problem()[2]
    filters = gradient_descent_filter(spectrum.values, 1 / spectrum.values[0], np.array([N_STEPS]))[
        0
    ]
    alpha = coefficients(spectrum, y, filters)
    norm = float((alpha.T @ gram(problem()[0], None, branches) @ alpha)[0, 0])
    for width, tolerance in ((64, 0.3), (512, 0.12)):
        squared = movement(Architecture(branches, width, 4))
        assert squared.mean() == pytest.approx(norm, rel=tolerance)


def test_only_the_product_of_step_size_and_step_count_matters():
    shape = Architecture((Branch("relu", 2),), 128, 2)
    predictions = [
        predict_network(shape, trained(shape, factor, steps)[1], problem()[1])
        for factor, steps in ((0.25, 400), (0.5, 200), (1.0, 100))
    ]
    coarse = rms(predictions[2] - predictions[1])
    fine = rms(predictions[1] - predictions[0])
    assert coarse < 0.02
    assert fine < 0.7 * coarse


def test_single_precision_training_agrees_with_double():
    shape = Architecture((Branch("relu", 2), Branch("relu2", 1)), 64, 2)
    single, double = (
        predict_network(shape, trained(shape, dtype=d)[1], problem()[1])
        for d in ("float32", "float64")
    )
    assert rms(single - double) < 1e-5


def test_every_target_is_trained_on_its_own():
    shape = Architecture((Branch("relu", 2),), 32, 2)
    inputs, others, y = problem()
    both = np.column_stack([y, np.roll(y, 1)])
    options = {"learning_rate": 0.3, "n_steps": 20, "dtype": "float64"}
    start = initial_weights(shape, N_INPUTS, 2, 0)
    together, trace = gradient_descent(shape, start, inputs, both, **options)
    losses = np.zeros(21)
    for column in range(2):
        start = initial_weights(shape, N_INPUTS, 1, 0)
        alone, part = gradient_descent(shape, start, inputs, both[:, [column]], **options)
        losses += part.losses
        np.testing.assert_allclose(
            predict_network(shape, together, others)[:, [column]],
            predict_network(shape, alone, others),
            atol=1e-12,
        )
    np.testing.assert_allclose(trace.losses, losses)


@pytest.mark.parametrize("trained_layers", ["hidden", "last_hidden", "readout"])
def test_layers_that_are_not_trained_stay_as_they_are(trained_layers):
    shape = Architecture((Branch("relu", 2, 1.0, trained_layers),), 16, 1)
    start, weights, _, _ = trained(shape)
    changed = [not np.array_equal(a, b) for a, b in zip(start, weights, strict=True)]
    expected = {
        "hidden": [True, True, False],
        "last_hidden": [False, True, False],
        "readout": [False, False, True],
    }
    assert changed == expected[trained_layers]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"dtype": "float16"},
            r"dtype='float16' must be one of \('float32', 'float64', 'bfloat16'\)",
        ),
        ({"target": np.zeros(N)}, r"target has shape \(30,\), expected \(30, n_targets\)"),
    ],
)
def test_wrong_arguments_are_named(changes, message):
    shape = Architecture((Branch("relu", 1),), 8, 1)
    start = initial_weights(shape, N_INPUTS, 1, 0)
    arguments = {"target": problem()[2], "learning_rate": 0.1, "n_steps": 1} | changes
    with pytest.raises(ValueError, match=message):
        gradient_descent(shape, start, problem()[0], **arguments)


def test_with_an_intercept_a_shift_of_the_target_changes_nothing():
    shape = Architecture((Branch("relu", 2), Branch("relu2", 1)), 32, 2)
    inputs, _, y = problem()
    start = initial_weights(shape, N_INPUTS, 1, 0)
    options = {"learning_rate": 0.3, "n_steps": 20, "dtype": "float64", "fit_intercept": True}
    runs = [gradient_descent(shape, start, inputs, y + shift, **options) for shift in (0.0, 5.0)]
    for one, other in zip(runs[0][0], runs[1][0], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    np.testing.assert_allclose(runs[0][1].losses, runs[1][1].losses, rtol=1e-10)
