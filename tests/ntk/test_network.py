import numpy as np
import pytest

from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.network.architecture import Architecture, implied_branches, initial_weights
from ntkreg.ntk.network.backpropagation import Backpropagation
from ntkreg.ntk.network.outputs import network_outputs, predict_network
from ntkreg.ntk.results import Branch

SHAPES = [
    (Branch("relu", 1), 16),
    (Branch("relu", 2, 0.3), 17),
    (Branch("relu", 3, 2.0, "hidden"), 33),
    (Branch("relu", 2, 1.0, "last_hidden"), 20),
    (Branch("relu", 2, 1.0, "readout"), 9),
    (Branch("relu2", 1, 5.0), 50),
    (Branch("relu2", 1, 1.0, "hidden"), 7),
    (Branch("erf", 1), 12),
    (Branch("softplus", 2, 1.0, "hidden"), 10),
    (Branch("gelu", 3, 0.5), 8),
]


def rows(n, d=4, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(size=(n, d)), np.ones(n)])


@pytest.mark.parametrize("symmetry", ["pair", "top"])
@pytest.mark.parametrize(("branch", "width"), SHAPES)
@pytest.mark.parametrize("n", [1, 3, 50, 257])
def test_the_output_at_the_start_is_exactly_zero_for_any_row(branch, width, symmetry, n):
    width += width % 2 if symmetry == "top" else 0
    shape = Architecture((branch, Branch("relu2", 1)), width, 3, symmetry)
    weights = initial_weights(shape, 5, 2, seed=1)
    assert not network_outputs(shape, weights, 1e3 * rows(n)).any()


@pytest.mark.parametrize("symmetry", ["pair", "top"])
@pytest.mark.parametrize(("branch", "width"), SHAPES)
def test_gradients_are_those_of_the_output_by_central_differences(branch, width, symmetry):
    width += width % 2 if symmetry == "top" else 0
    shape = Architecture((branch,), width, 2, symmetry)
    rng = np.random.default_rng(0)
    start = [w + 0.3 * rng.normal(size=w.shape) for w in initial_weights(shape, 5, 2, seed=0)]
    inputs, target = rows(6), rng.normal(size=(6, 2))
    engine = Backpropagation(shape, start, inputs, target, "float64")
    engine.loss()
    engine.differentiate(engine.residual)
    positions = {"all": None, "hidden": slice(0, -1), "last_hidden": slice(-2, -1)}
    trained = start[positions.get(branch.trained, slice(-1, None)) or slice(None)]

    def loss():
        outputs = network_outputs(shape, start, inputs)
        return float(np.sum((outputs - target) ** 2) / (2 * len(target)))

    for array, gradient in zip(trained, engine.gradients(), strict=True):
        where = tuple(rng.integers(size) for size in array.shape)
        derivative = 0.0
        for sign in (1.0, -1.0):
            array[where] += sign * 1e-6
            derivative += sign * loss() / 2e-6
            array[where] -= sign * 1e-6
        flat = np.ravel_multi_index(where, array.shape)
        # the engine keeps its layers transposed
        known = gradient.transpose(1, 2) if gradient.ndim == 3 else gradient
        assert known.numpy().ravel()[flat] == pytest.approx(derivative, abs=1e-7)


def tangent_kernel(shape, inputs, seed):
    """Gram matrix of the output's gradients at the start, one row's gradient at a time."""
    weights = initial_weights(shape, inputs.shape[1], 1, seed)
    gradients = []
    for row in inputs:
        # with f = 0 and y = -1 the derivative of the loss in f is 1
        engine = Backpropagation(shape, weights, row[None], -np.ones((1, 1)), "float64")
        engine.loss()
        engine.differentiate(engine.residual)
        gradients.append(np.concatenate([g.numpy().ravel() for g in engine.gradients()]))
    return np.array(gradients) @ np.array(gradients).T


@pytest.mark.parametrize("symmetry", ["pair", "top"])
@pytest.mark.parametrize(
    "branches",
    [
        (Branch("relu", 1),),
        (Branch("relu", 2),),
        (Branch("relu", 2, 1.0, "hidden"),),
        (Branch("relu", 3, 1.0, "last_hidden"),),
        (Branch("relu", 2, 1.0, "readout"),),
        (Branch("relu2", 1),),
        (Branch("relu2", 1, 1.0, "hidden"),),
        (Branch("relu", 2, 0.5), Branch("relu2", 1, 2.0)),
        (Branch("erf", 1),),
        (Branch("softplus", 2),),
        (Branch("gelu", 2, 1.0, "hidden"),),
    ],
)
def test_the_closed_form_kernel_is_the_gram_matrix_of_the_gradients(branches, symmetry):
    inputs, depth, width, draws = rows(4), branches[0].depth, 64, 60
    shape = Architecture(branches, width, 1, symmetry)
    mean = np.mean([tangent_kernel(shape, inputs, seed) for seed in range(draws)], axis=0)
    exact = gram(inputs, None, implied_branches(shape))
    size = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    # the variance per neuron and layer, measured: 5 to 12; a mirrored layer has half the neurons
    neurons = draws * (width // 2 if symmetry == "top" else width)
    assert np.max(np.abs(mean - exact) / size) < 3 * np.sqrt(12 * depth / neurons)


def test_a_mirrored_top_layer_has_no_gradient_below_it_at_the_start():
    shape = Architecture((Branch("relu", 3),), 32, 1, "top")
    weights = initial_weights(shape, 5, 1, seed=0)
    engine = Backpropagation(shape, weights, rows(20), np.ones((20, 1)), "float64")
    engine.loss()
    engine.differentiate(engine.residual)
    first, second, last, _ = (float(g.abs().max()) for g in engine.gradients())
    assert max(first, second) < 1e-12 * last


def test_more_networks_or_targets_do_not_change_those_already_there():
    branches = (Branch("relu", 2), Branch("relu2", 1))
    few = initial_weights(Architecture(branches, 16, 2), 5, 1, seed=4)
    many = initial_weights(Architecture(branches, 16, 3), 5, 2, seed=4)
    for small, large in zip(few, many, strict=True):
        np.testing.assert_array_equal(large[:2, 1:], small)


def test_the_prediction_is_the_mean_of_the_networks_and_does_not_depend_on_its_blocks(monkeypatch):
    shape = Architecture((Branch("relu", 2), Branch("relu2", 1)), 16, 3)
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=w.shape) for w in initial_weights(shape, 5, 2, seed=0)]
    inputs = rows(40)
    whole = predict_network(shape, weights, inputs)
    np.testing.assert_allclose(whole, network_outputs(shape, weights, inputs).mean(axis=0))
    monkeypatch.setattr("ntkreg.ntk.network.outputs._BLOCK_VALUES", 16 * 7)
    np.testing.assert_allclose(predict_network(shape, weights, inputs), whole, rtol=1e-12)


def test_the_output_is_homogeneous_in_the_row_and_zero_for_a_row_of_zeros():
    shape = Architecture((Branch("relu", 2), Branch("relu2", 1)), 16, 1)
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=w.shape) for w in initial_weights(shape, 5, 1, seed=0)]
    inputs = rows(10)
    once = predict_network(shape, weights, inputs)
    np.testing.assert_allclose(predict_network(shape, weights, 7 * inputs), 7 * once, rtol=1e-12)
    assert not predict_network(shape, weights, 0 * inputs).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"branches": ()}, "branches is empty"),
        ({"width": 0}, "width=0 and n_networks=4 must be at least 1"),
        ({"n_networks": 0}, "n_networks=0 must be at least 1"),
        ({"symmetry": "both"}, "symmetry='both' must be 'pair' or 'top'"),
        ({"symmetry": "top", "width": 33}, "width=33 must be even for symmetry='top'"),
        ({"branches": (Branch("relu2", 2),)}, "depth=2 is not possible for a relu2 branch"),
    ],
)
def test_an_impossible_shape_is_an_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        Architecture(**({"branches": (Branch("relu", 1),)} | arguments))
