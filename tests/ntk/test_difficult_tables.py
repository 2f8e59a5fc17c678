"""One table of cases: inputs that break numerics give finite, sensible models or a clear error."""

import numpy as np
import pytest

from ntkreg.ntk import NTKKernelRegressor, NTKRegressor

KERNEL, NET = NTKKernelRegressor, NTKRegressor


def noisy(X, seed=1):
    rng = np.random.default_rng(seed)
    return X[:, 0] + 0.5 * np.sin(2 * X[:, -1]) + 0.2 * rng.normal(size=len(X))


def normal(n=60, p=4):
    return np.random.default_rng(0).normal(size=(n, p))


def with_constant_columns():
    X = np.hstack([normal(), np.full((60, 2), 3.0)])
    return X, noisy(X[:, :4])


def duplicate_rows():
    X = np.repeat(normal(20), 3, axis=0)
    return X, noisy(X)


def contradicting_duplicates():
    X = np.repeat(normal(6), 10, axis=0)
    return X, noisy(X)


def more_columns_than_rows():
    X = normal(100, 500)
    return X, noisy(X[:, :2])


def six_hundred_indicators():
    level = np.random.default_rng(0).integers(0, 600, 300)
    X = np.hstack([np.eye(600)[level], normal(300, 2)])
    return X, noisy(X[:, -2:])


def ten_rows():
    X = normal(10, 3)
    return X, noisy(X)


def an_outlier_of_a_million():
    X = normal()
    y = noisy(X)
    y[7] = 1e6
    return X, y


def nearly_equal_columns():
    X = normal(60, 2)
    return np.hstack([X, X + 1e-9 * normal(60, 2)]), noisy(X)


def nearly_equal_rows():
    X = normal(30)
    X = np.vstack([X, X + 1e-9])
    return X, noisy(X)


def a_tiny_and_a_huge_column():
    X = normal()
    return X * [1e-12, 1.0, 1e12, 1.0], noisy(X)


def a_huge_offset():
    X = normal()
    return X + 1e7, noisy(X)


def no_noise():
    X = normal(80, 2)
    return X, np.sin(X[:, 0]) * X[:, 1]


def only_two_levels():
    X = np.random.default_rng(0).integers(0, 2, (40, 3)).astype(float)
    return X, noisy(X)


CASES = [
    with_constant_columns,
    duplicate_rows,
    contradicting_duplicates,
    more_columns_than_rows,
    six_hundred_indicators,
    ten_rows,
    an_outlier_of_a_million,
    nearly_equal_columns,
    nearly_equal_rows,
    a_tiny_and_a_huge_column,
    a_huge_offset,
    no_noise,
    only_two_levels,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize("estimator", [KERNEL, NET], ids=["kernel", "net"])
def test_difficult_tables_give_finite_and_sensible_models(estimator, case):
    X, y = case()
    options = {} if estimator is KERNEL else {"width": 64, "n_networks": 2}
    model = estimator(**options).fit(X, y)
    span = y.max() - y.min()
    rng = np.random.default_rng(5)
    between = 0.5 * (X[rng.permutation(len(X))] + X)
    for rows in (X, between, X + 10 * X.std(axis=0)):
        predicted = model.predict(rows)
        assert np.isfinite(predicted).all()
        assert np.abs(predicted - y.mean()).max() < 3 * span
    assert np.isfinite(model.cv_error_)
    # held out, it is at most a little worse than the mean (which sees all rows here)
    assert model.cv_error_ < 1.25 * y.std()


def test_a_column_that_says_nothing_gives_the_mean():
    model = NTKKernelRegressor().fit(np.ones((20, 2)), np.arange(20.0))
    np.testing.assert_allclose(model.predict(np.ones((2, 2))), 9.5)


@pytest.mark.parametrize("estimator", [KERNEL, NET])
def test_values_that_are_not_finite_are_refused(estimator):
    X, y = ten_rows()
    X[3, 1] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        estimator().fit(X, y)


def test_a_step_that_is_too_large_ends_with_a_named_outcome():
    X = normal()
    y = noisy(X)
    model = NTKRegressor(
        solver="gd", activation="relu", metric=None, learning_rate=100.0, n_steps=200, width=64
    ).fit(X, y)
    assert model.leading_.trace.outcome == "diverged"
    assert np.isfinite(model.predict(X)).all()
