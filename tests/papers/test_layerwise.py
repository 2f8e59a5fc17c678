import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from ntkreg.papers import LayerwiseRegressor, make_hierarchical
from ntkreg.papers.layerwise.first_layer import overlaps, rows_along
from ntkreg.papers.layerwise.ridge import PENALTIES, fit_ridge
from ntkreg.papers.layerwise.second_layer import long_descent, preconditioned_step

SMALL = {"width": 60, "first_units": 16, "second_width": 20, "n_folds": 2}


@parametrize_with_checks(
    [
        LayerwiseRegressor(**SMALL),
        LayerwiseRegressor(**SMALL, second_layer="long", second_steps=20, whiten=True),
    ]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 3))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + 0.05 * rng.normal(size=60)


def refitted(Z, y, out, penalty, size):
    """Leave rows out and solve the normal equations."""
    kept = np.setdiff1d(np.arange(len(Z)), out)
    rows, level = Z[kept], y[kept].mean()
    centre = rows.mean(axis=0)
    gram = (rows - centre).T @ (rows - centre) + penalty * size * len(Z) * np.eye(Z.shape[1])
    return level + (Z[out] - centre) @ np.linalg.solve(gram, (rows - centre).T @ (y[kept] - level))


@pytest.mark.parametrize("n_columns", [5, 50])
def test_leave_out_predictions_are_those_of_refits(n_columns):
    rng = np.random.default_rng(0)
    Z, units = rng.normal(size=(24, n_columns)), np.arange(24) // 3
    y = Z[:, 0] + 0.5 * rng.normal(size=24)
    size = np.square(Z - Z.mean(axis=0)).sum() / 24
    for labels, parts in ((None, np.arange(24)[:, None]), (units, np.arange(24).reshape(8, 3))):
        fit = fit_ridge(Z, y[:, None], labels)
        expected = np.concatenate([refitted(Z, y, p, fit.penalties[0], size) for p in parts])
        np.testing.assert_allclose(fit.left_out[:, 0], expected, atol=1e-8)
        assert fit.errors[0] == pytest.approx(np.mean((y - expected) ** 2))


def test_a_target_of_pure_noise_gets_the_largest_penalty_and_the_mean():
    rng = np.random.default_rng(1)
    fit = fit_ridge(rng.normal(size=(100, 80)), rng.normal(size=(100, 1)))
    assert fit.penalties[0] >= PENALTIES[-4]


def test_the_preconditioned_step_is_the_gradient_step_times_the_inverse_covariance():
    rng = np.random.default_rng(2)
    Z, y = rng.normal(size=(40, 6)), rng.normal(size=(40, 1))
    ridge = fit_ridge(Z, y)
    layer = preconditioned_step(ridge, 7, seed=0)
    rows = Z - Z.mean(axis=0)
    penalty = ridge.penalties[0] * np.square(rows).sum() / 40
    for j in range(7):
        # d/dW2_j of -mean(f y) at W2 = 0, up to the size of the step
        gradient = layer.outer[0, j] * rows.T @ (y - y.mean()) / 40
        step = np.linalg.solve(rows.T @ rows / 40 + penalty * np.eye(6), gradient)
        ours = (layer.inner @ layer.outer)[:, j]
        np.testing.assert_allclose(ours, step[:, 0] / ridge.left_out_contrasts.std(), rtol=1e-8)


def test_long_descent_lowers_the_loss_and_says_how_it_ended():
    rng = np.random.default_rng(4)
    Z = rng.normal(size=(80, 10))
    y = np.abs(Z[:, :1]) - 0.8
    few, many = (long_descent(Z, y, n_units=30, n_steps=k, batch=0.7, seed=0) for k in (3, 300))
    assert many.outcome in ("reached", "guarded")
    assert many.n_steps == 300
    assert fit_ridge(many.training, y).errors < 0.5 * fit_ridge(few.training, y).errors


def test_rows_along_learned_directions_lie_there():
    W = np.zeros((20, 10))
    W[:, :2] = np.random.default_rng(0).normal(size=(20, 2))
    directions = np.eye(10)[:2]
    np.testing.assert_allclose(overlaps(rows_along(W, 50, 1.0, 0), directions), 1.0)
    anywhere = overlaps(rows_along(W, 2000, 0.0, 0), directions)
    assert np.sqrt(np.mean(anywhere**2)) == pytest.approx(np.sqrt(0.2), rel=0.1)


def test_stage_one_finds_the_hidden_directions():
    X, y, target = make_hierarchical(600, 16, random_state=1)
    model = LayerwiseRegressor(power=2.0, width=300).fit(X, y)
    found = overlaps(model.net_.weights, target.directions[0]).mean()
    assert found > 0.85
    X_new, y_new, _ = make_hierarchical(500, 16, random_state=1)
    shallow = LayerwiseRegressor(power=2.0, width=300, second_layer="none").fit(X, y)
    assert model.score(X_new, y_new) > max(0.75, shallow.score(X_new, y_new))


def test_order_of_rows_and_threads_do_not_matter(table):
    X, y = table
    order = np.random.default_rng(0).permutation(len(X))
    expected = LayerwiseRegressor(**SMALL).fit(X, y).predict(X)
    shuffled = LayerwiseRegressor(**SMALL).fit(X[order], y[order]).predict(X)
    np.testing.assert_allclose(shuffled, expected, atol=1e-6)
    with threadpool_limits(1):
        np.testing.assert_allclose(
            LayerwiseRegressor(**SMALL).fit(X, y).predict(X), expected, atol=1e-6
        )


def test_several_targets_and_groups(table):
    X, y = table
    both = LayerwiseRegressor(**SMALL).fit(X, np.column_stack([y, -y]), groups=np.arange(60) // 4)
    assert both.predict(X).shape == (60, 2)
    assert both.net_.left_out_errors.shape == (2,)
    assert [power for power, _ in both.candidates_] == [0.0, 1.0, 2.0]


def test_a_constant_target_is_predicted_and_copies_are_left_out_together():
    X = np.repeat(np.random.default_rng(0).normal(size=(10, 2)), 3, axis=0)
    model = LayerwiseRegressor(**SMALL).fit(X, np.full(30, 7.0))
    np.testing.assert_allclose(model.predict(X), 7.0)
    noise = np.repeat(np.random.default_rng(1).normal(size=10), 3)
    copies = LayerwiseRegressor(**SMALL, power=0.0).fit(X, noise)
    assert copies.net_.left_out_errors[0] > 0.7


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"power": "high"}, "power must be 'auto' or a number from 0 to 8, got 'high'"),
        ({"n_steps": -1}, "n_steps must be 'auto' or an integer >= 0, got -1"),
        ({"batch": 1.5}, "batch must be a number from 0.01 to 1, got 1.5"),
        ({"second_layer": "deep"}, "second_layer must be one of .* got 'deep'"),
        ({"weight_decay": 10.0}, r"learning_rate \* weight_decay must be below 1.* got 0.1 \* 10"),
    ],
)
def test_unusable_parameters_are_named(table, parameters, words):
    with pytest.raises(ValueError, match=words):
        LayerwiseRegressor(**parameters).fit(*table)


def test_hierarchical_targets_have_the_stated_structure():
    X, y, target = make_hierarchical(4000, 36, n_features=2, n_directions=3, random_state=5)
    rows = target.directions.reshape(6, 36)
    np.testing.assert_allclose(rows @ rows.T, np.eye(6), atol=1e-12)
    np.testing.assert_array_equal(target(X), y)
    h = target.features(X)
    # He_2 and He_3, normalised: variance 1/2 + 1/6, no mean and no linear part
    np.testing.assert_allclose(h.var(axis=0), 2 / 3, rtol=0.15)
    assert np.abs((X @ rows.T).T @ h / 4000).max() < 0.1
    parity = make_hierarchical(50, 36, n_features=3, outer="parity")[1]
    assert set(parity) == {-1.0, 1.0}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"outer": "sum"}, "outer must be one of .* got 'sum'"),
        ({"n_features": 5}, "need 1 to d columns, got n_features=5, n_directions=4, d=16"),
    ],
)
def test_impossible_targets_are_refused(parameters, words):
    with pytest.raises(ValueError, match=words):
        make_hierarchical(10, 16, **parameters)
