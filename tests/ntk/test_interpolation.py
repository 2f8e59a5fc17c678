"""stopping="interpolate": the end of the path, its number of steps, and what has no end."""

import numpy as np
import pytest

from ntkreg.ntk import NTKKernelRegressor, NTKRegressor
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.path import decompose, gradient_descent_filter
from ntkreg.ntk.prescription.interpolation import average_duplicates, interpolate
from ntkreg.ntk.results import Branch
from ntkreg.ntk.validation import TrainingData

PLAIN = {"activation": "relu", "metric": None, "normal_scores": False, "depth": 1}


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    return X, X[:, 0] ** 2 + np.sin(2.0 * X[:, 1])


def test_the_kernel_model_solves_for_the_kernel(table):
    X, y = table
    model = NTKKernelRegressor(stopping="interpolate", fit_intercept=False, **PLAIN).fit(X, y)
    (member,) = model.members_
    kernel = gram(member.support, None, member.metric.branches)
    np.testing.assert_allclose(kernel @ member.dual_coef[:, 0], y - y.mean(), atol=1e-10)
    np.testing.assert_allclose(model.predict(X), y, atol=1e-10)
    assert model.interpolation_.outcome == "interpolated"


def test_a_stack_of_interpolations_interpolates_and_says_so(table):
    X, y = table
    model = NTKKernelRegressor(stopping="interpolate").fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, atol=1e-6)
    assert "linear" not in {member.prescription.name for member in model.members_}
    assert "minimum-norm interpolation of 40 rows" in model.prescription_.reasons[0].sentence.text(
        "en"
    )
    # held-out predictions are those of interpolations, not of the training rows
    assert 0.01 < model.cv_error_ < y.std()


def test_equal_rows_are_averaged_first_and_that_is_said(table):
    X, y = table
    model = NTKKernelRegressor(stopping="interpolate", **PLAIN)
    model.fit(np.vstack([X, X[:5]]), np.concatenate([y, y[:5] + 0.2]))
    np.testing.assert_allclose(model.predict(X[:5]), y[:5] + 0.1, atol=1e-9)
    np.testing.assert_allclose(model.predict(X[5:]), y[5:], atol=1e-9)
    assert (model.interpolation_.n_rows, model.interpolation_.n_distinct) == (45, 40)
    assert model.cv_prediction_.shape == (45,)
    said = [reason.sentence.text("en") for reason in model.prescription_.reasons]
    assert any("45 rows hold 40 different settings" in text for text in said)


def test_distinct_rows_keep_their_order_and_their_groups():
    data = TrainingData(
        np.array([[2.0], [1.0], [2.0]]), np.array([[1.0], [5.0], [3.0]]), np.array([7, 8, 9]), True
    )
    found, position = average_duplicates(data)
    np.testing.assert_array_equal(found.rows, [[2.0], [1.0]])
    np.testing.assert_array_equal(found.targets, [[2.0], [5.0]])
    np.testing.assert_array_equal(found.groups, [7, 8])
    np.testing.assert_array_equal(position, [0, 1, 0])


def test_the_residual_is_within_the_bound_and_the_predicted_steps_reach_the_tolerance(table):
    X, y = table
    rows, target = np.column_stack([X, np.ones(40)]), ((y - y.mean()) / y.std())[:, None]
    spectrum = decompose(gram(rows, None, (Branch("relu", 1),)))
    found = interpolate(spectrum, target, 1e-3, centred=False)
    rate, steps = 1.0 / spectrum.values[0], np.array([1, 100, int(np.ceil(found.predicted_steps))])
    left = 1.0 - spectrum.values * gradient_descent_filter(spectrum.values, rate, steps)
    residuals = np.sqrt(np.mean((left * (spectrum.vectors.T @ target)[:, 0]) ** 2, axis=1))
    assert (residuals <= (1.0 - rate * found.smallest_eigenvalue) ** steps + 1e-12).all()
    assert residuals[-1] <= 1e-3


def test_parallel_rows_have_a_name_and_no_number_of_steps(table):
    rows = np.vstack([table[0], 2.0 * table[0][:1]])
    target = np.random.default_rng(1).normal(size=(41, 1))
    # without a constant a ReLU net is homogeneous: it cannot tell the ray's two points apart
    spectrum = decompose(gram(rows, None, (Branch("relu", 1),)))
    found = interpolate(spectrum, target, 1e-3, centred=False)
    assert found.outcome == "singular"
    assert found.predicted_steps == np.inf
    assert found.smallest_eigenvalue == 0.0
    assert found.residual > 0.01


def test_a_column_that_tells_rows_apart_too_little_is_regularised_and_said():
    x = np.linspace(-1.0, 1.0, 30)
    X = np.concatenate([x, x + 1e-11])[:, None]
    model = NTKKernelRegressor(stopping="interpolate", **PLAIN)
    model.fit(X, np.concatenate([x**2, x**2 + 0.1]))
    assert model.interpolation_.outcome == "regularised"
    assert model.interpolation_.jitter > 0
    assert model.prescription_.reasons[0].sentence.code == "W241"
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.slow
def test_interpolating_nets_come_closer_to_their_kernel_with_width(table):
    X, y = table
    new = np.random.default_rng(2).normal(size=(100, 3))
    kernel = NTKKernelRegressor(stopping="interpolate", **PLAIN).fit(X, y).predict(new)
    gaps = []
    for width in (32, 512):
        net = NTKRegressor(stopping="interpolate", width=width, n_networks=4, **PLAIN).fit(X, y)
        gaps.append(np.sqrt(np.mean((net.predict(new) - kernel) ** 2)))
    # theory: m^-1/2, so a factor of 4; chance may take half of it
    assert gaps[1] < gaps[0] / 2


def test_plain_descent_ends_at_the_tolerance_before_the_predicted_number(table):
    X, y = table
    net = NTKRegressor(
        stopping="interpolate", tol=0.05, solver="gd", width=256, n_networks=1, **PLAIN
    ).fit(X, y)
    trace = net.leading_.trace
    assert trace.outcome == "reached"
    assert trace.sentence.code == "I253"
    assert trace.n_steps < net.interpolation_.predicted_steps
    assert np.sqrt(2.0 * trace.losses[-1]) <= 0.05 < np.sqrt(2.0 * trace.losses[-2])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stopping": "late"}, "stopping must be one of .* got 'late'"),
        ({"tol": 0.0}, "tol must be a number between 0 and 1, got 0.0"),
        ({"n_steps": 5}, "n_steps must be 'auto' with stopping='interpolate'.* got 5"),
        ({"activation": "linear"}, "needs a hidden layer, got activation='linear'"),
        ({"solver": "sgd"}, "needs solver='gd' or 'accelerated', got 'sgd'"),
    ],
)
def test_what_cannot_be_interpolated_is_refused(table, changes, words):
    with pytest.raises(ValueError, match=words):
        NTKRegressor(**{"stopping": "interpolate"} | changes).fit(*table)


def test_too_many_rows_are_refused():
    X = np.arange(2_501.0)[:, None]
    with pytest.raises(ValueError, match="at most 2500 distinct rows, got 2501"):
        NTKKernelRegressor(stopping="interpolate", **PLAIN).fit(X, X[:, 0])
