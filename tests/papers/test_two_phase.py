"""Two phases: the rank condition, the last layer's path, and the estimator."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from ntkreg.ntk import NTKRegressor
from ntkreg.papers import TwoPhaseRegressor, expressivity_condition
from ntkreg.papers.hidden_features import layers_of, with_constant
from ntkreg.papers.last_layer import last_layer
from ntkreg.papers.phases import Phases, represent
from ntkreg.papers.plain_network import initial_layers, loss_and_gradients, train

MLP = MLPRegressor(hidden_layer_sizes=(8, 60), activation="tanh")


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5))
    return X, X[:, 0] * X[:, 1] + 0.1 * rng.normal(size=40)


@parametrize_with_checks(
    [
        TwoPhaseRegressor(n_iterations=60, width=32),
        TwoPhaseRegressor(MLP, n_iterations=300, stopping="end"),
    ]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.mark.parametrize("width", [39, 40, 200])
def test_one_wide_layer_behind_narrow_ones_has_full_rank(table, width):
    found = expressivity_condition(table[0], initial_layers(5, (16, width), 0))
    assert found.holds
    assert found.rank == 40
    assert found.analytic
    assert found.smallest > found.tolerance


@pytest.mark.parametrize(
    ("widths", "outcome", "rank"),
    [((16, 38), "too_narrow", 39), ((200, 8), "too_narrow", 9), ((1, 200), "rank_deficient", 40)],
)
def test_a_rank_that_falls_short_is_named(table, widths, outcome, rank):
    found = expressivity_condition(table[0], initial_layers(5, widths, 0))
    assert (found.outcome, found.holds) == (outcome, False)
    assert found.rank <= rank
    assert str(found.rank) in found.sentence.text("ja")


def test_duplicated_rows_are_reported_and_the_fit_goes_on(table):
    X, y = (np.concatenate([a, a[:3]]) for a in table)
    model = TwoPhaseRegressor(n_iterations=60, width=100).fit(X, y)
    assert model.expressivity_.outcome == "duplicated_rows"
    assert model.expressivity_.n_distinct == model.expressivity_.rank == 40
    assert model.expressivity_.sentence.text("en").startswith("Only 40 of 43 rows are different")
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize(
    "base", [None, MLP, NTKRegressor(width=16, depth=1, activation="relu", metric=None)]
)
def test_the_condition_of_a_fitted_model_is_that_of_its_training_rows(table, base):
    model = TwoPhaseRegressor(base, n_iterations=20, n_representation=10, stopping="end")
    model.fit(*table)
    assert expressivity_condition(table[0], model).rank == model.expressivity_.rank
    assert model.expressivity_.analytic == (not isinstance(base, NTKRegressor))


def test_gradients_are_those_of_the_loss(table):
    X, y = table[0], np.column_stack([table[1], -table[1]])
    layers, head = initial_layers(5, (3, 4), 0), np.random.default_rng(1).normal(size=(5, 2))
    arrays = [*layers.weights, *layers.biases, head]
    gradients = loss_and_gradients(layers, head, X, y)[1]
    for array, gradient in zip(arrays, gradients, strict=True):
        losses = []
        for shift in (1e-6, -2e-6):
            array.flat[0] += shift
            losses.append(loss_and_gradients(layers, head, X, y)[0])
        array.flat[0] += 1e-6
        assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(gradient.flat[0], rel=1e-5)


def test_the_path_of_the_last_layer_is_that_of_gradient_descent(table):
    H = with_constant(initial_layers(5, (8, 60), 0).features(table[0]))
    y, theta = table[1][:, None], np.random.default_rng(1).normal(size=(61, 1))
    problem = last_layer(H, y, theta)
    steps = np.array([0, 1, 7, 50])
    path, losses = problem.after(steps), problem.losses(steps)
    for step in range(51):
        if step in steps:
            at = int(np.searchsorted(steps, step))
            np.testing.assert_allclose(path[at], theta, atol=1e-10)
            assert losses[at] == pytest.approx(np.mean((H @ theta - y) ** 2) / 2)
        theta = theta - problem.learning_rate / 40 * H.T @ (H @ theta - y)


def test_the_loss_falls_to_zero_at_least_at_the_rate_of_the_least_singular_value(table):
    H = with_constant(initial_layers(5, (16, 400), 0).features(table[0]))
    problem = last_layer(H, table[1][:, None], np.zeros((401, 1)))
    steps = np.linspace(0, 10 / -np.log(problem.rate), 20).astype(int)
    losses = problem.losses(steps)
    assert (losses <= losses[0] * problem.rate ** (2.0 * steps) * (1 + 1e-9)).all()
    assert problem.losses(np.array([20 * steps[-1]]))[0] < 1e-10 * losses[0]


def test_the_second_phase_leaves_the_hidden_weights_alone_and_keeps_to_the_budget(table):
    given = {"n_representation": 30, "stopping": "end"}
    one, two = (TwoPhaseRegressor(n_iterations=n, **given).fit(*table) for n in (30, 90))
    for a, b in zip(one.layers_.weights, two.layers_.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (two.trace_.n_representation, two.trace_.n_head) == (30, 60)
    assert two.trace_.losses[1] < two.trace_.losses[0] == one.trace_.losses[0]
    assert "(training" not in two.trace_.sentence.text("ja")


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("base", [MLP, NTKRegressor(width=16, activation="relu", metric=None)])
def test_without_noise_and_second_phase_a_base_predicts_as_it_does_alone(table, base):
    y = np.column_stack([table[1], table[0][:, 2] ** 2])
    base = clone(base)
    phases = Phases(base, (), 0.1, 0.0, 3)
    shown = represent(phases, table[0], y, [25])[0]
    name = "n_steps" if isinstance(base, NTKRegressor) else "max_iter"
    alone = base.set_params(**{name: 25, "random_state": 3}).fit(table[0], y)
    found = with_constant(shown.layers.features(table[0])) @ shown.head
    np.testing.assert_allclose(found, alone.predict(table[0]), atol=1e-9)


def test_a_first_phase_that_breaks_down_is_named(table):
    model = TwoPhaseRegressor(n_iterations=40, learning_rate=1e200).fit(*table)
    assert model.trace_.outcome == "diverged"
    assert "smaller learning_rate" in model.trace_.sentence.hint("en")
    assert np.isfinite(model.predict(table[0])).all()
    shots = train(table[0], table[1][:, None], (4, 8), [1, 5], 1e200, 0)
    assert not shots[-1].finite


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_iterations": 1}, "n_iterations must be an integer >= 2, got 1"),
        ({"stopping": "never"}, "stopping must be 'auto' or 'end', got 'never'"),
        ({"n_folds": 1}, "n_folds must be an integer >= 2, got 1"),
        ({"n_representation": 2000}, "from 1 to n_iterations=1000, got 2000"),
        ({"width": 0}, "width must be 'auto' or an integer >= 1, got 0"),
        ({"narrow": (3, 0)}, r"narrow must be integers >= 1, got \(3, 0\)"),
        ({"learning_rate": 0}, "learning_rate must be a positive number, got 0"),
        ({"noise": -1.0}, r"noise must be a number >= 0, got -1\.0"),
        ({"base": LinearRegression()}, "with the parameter n_steps or max_iter, got LinearRegr"),
    ],
)
def test_unusable_parameters_are_named(table, changes, message):
    with pytest.raises(ValueError, match=message):
        TwoPhaseRegressor(**changes).fit(*table)


def test_a_model_without_hidden_layers_is_refused(table):
    with pytest.raises(ValueError, match=r"whose hidden layers can be read.*got LinearRegression"):
        layers_of(LinearRegression().fit(*table))
