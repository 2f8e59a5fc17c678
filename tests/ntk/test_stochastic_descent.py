"""Mini-batches: the same flow time as full batches, in steps that stay stable."""

import numpy as np
import pytest

from ntkreg.ntk import NTKKernelRegressor, NTKRegressor
from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.gradient_descent import gradient_descent, make_engine
from ntkreg.ntk.network.mini_batches import Rows, TopDirections
from ntkreg.ntk.network.outputs import predict_network
from ntkreg.ntk.network.stochastic_descent import Guard, stochastic_gradient_descent
from ntkreg.ntk.network.stochastic_schedule import (
    flow_time,
    n_preconditioned,
    stochastic_step,
    stochastic_steps,
    theory_step,
)
from ntkreg.ntk.path import Spectrum, decompose, n_deflated
from ntkreg.ntk.results import Branch
from ntkreg.ntk.training import options as module

BRANCHES = (Branch("relu", 1, 0.7), Branch("relu2", 1, 0.4))
SHAPE = Architecture(BRANCHES, 64, 2)


def problem(n=300, n_targets=1, seed=0):
    rng = np.random.default_rng(seed)
    X = np.hstack([rng.normal(size=(n, 3)), np.ones((n, 1))])
    y = np.stack([np.sin(2 * X[:, 0]), X[:, 1] * X[:, 2]], axis=1)[:, :n_targets]
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    return X, y, decompose(centre(gram(X, None, BRANCHES)))


def train(X, y, spectrum, **options):
    start = initial_weights(SHAPE, X.shape[1], y.shape[1], 0)
    defaults = {"learning_rate": 1.0, "n_steps": 10, "fit_intercept": True, "dtype": "float64"}
    options = defaults | {"spectrum": spectrum} | options
    return stochastic_gradient_descent(SHAPE, start, X, y, **options)


def centred(weights, X):
    fitted = predict_network(SHAPE, weights, X)
    return fitted - fitted.mean(axis=0)


def test_steps_and_flow_time_are_each_others_inverse():
    assert flow_time(0.1, stochastic_steps(7.0, 0.1)) == pytest.approx(7.0, abs=0.1)


def test_the_step_falls_to_zero_and_the_steps_take_the_flow_time_that_was_meant():
    X, y, _ = problem(20)
    engine = make_engine(SHAPE, initial_weights(SHAPE, 4, 1, 0), X, y, "float64", True)
    guard, steps = Guard(engine, 0.1, flow_time(0.1, 1000)), []
    while guard.elapsed < guard.goal:
        steps.append(guard.advance())
    assert len(steps) == pytest.approx(1000, abs=5)
    assert sum(steps) == pytest.approx(flow_time(0.1, 1000))
    assert steps[0] == 0.1
    assert steps[-2] < 0.01


def test_a_batch_of_all_rows_without_preconditioner_is_gradient_descent_at_that_flow_time():
    X, y, _ = problem()
    flat = Spectrum(np.ones(2), np.zeros((len(X), 2)))  # no direction to shrink
    rate, steps = 0.02, 500
    weights, trace = train(X, y, flat, learning_rate=rate, n_steps=steps, batch=300)
    start = initial_weights(SHAPE, 4, 1, 0)
    count = round(flow_time(rate, steps) / rate)
    expected, _ = gradient_descent(
        *(SHAPE, start, X, y),
        learning_rate=rate,
        n_steps=count,
        dtype="float64",
        fit_intercept=True,
    )
    assert trace.outcome == "reached"
    np.testing.assert_allclose(centred(weights, X), centred(expected, X), atol=0.01)


@pytest.mark.parametrize("batch", [60, 8, 1])
def test_the_theory_s_table_ends_where_full_batches_do(batch):
    X, y, spectrum = problem(60)
    rate, time = 0.05, 2.0
    own = theory_step(rate, len(X), batch)
    steps = stochastic_steps(time, own, cooling=0.0)
    assert steps == np.ceil(len(X) / batch * time / rate - 1e-6)
    options = {"batch": batch, "preconditioned": False, "cooling": 0.0, "fit_intercept": False}
    weights, trace = train(X, y, spectrum, learning_rate=own, n_steps=steps, **options)
    start = initial_weights(SHAPE, 4, 1, 0)
    count = round(time / rate)
    options = {"learning_rate": rate, "n_steps": count, "dtype": "float64"}
    expected, _ = gradient_descent(SHAPE, start, X, y, **options)
    assert (trace.outcome, trace.learning_rate) == ("reached", own)
    gap = predict_network(SHAPE, weights, X) - predict_network(SHAPE, expected, X)
    assert np.sqrt(np.mean(gap**2)) < (1e-9 if batch == 60 else 0.02)


def test_directions_that_would_not_come_to_their_end_are_left_alone():
    values = np.array([1.0, 0.5, 0.09, 0.01])
    assert n_preconditioned(values, np.inf) == 2
    assert [n_preconditioned(values, 4.0 / s) for s in (0.09, 0.1, 0.5, 0.6, 2.0)] == [
        2,
        1,
        1,
        0,
        0,
    ]


def test_short_runs_follow_the_full_batch_path_too():
    X, y, spectrum = problem(400)
    time = 10.0 / spectrum.values[0]
    rate = stochastic_step(spectrum, X, BRANCHES, time=time, batch=100)
    options = {"learning_rate": rate, "n_steps": stochastic_steps(time, rate), "batch": 100}
    shape = Architecture(BRANCHES, 512, 2)
    start = initial_weights(shape, 4, 1, 0)
    options |= {"spectrum": spectrum, "fit_intercept": True}
    weights, _ = stochastic_gradient_descent(shape, start, X, y, **options)
    expected = spectrum.vectors @ (
        -np.expm1(-time * spectrum.values)[:, None] * (spectrum.vectors.T @ y)
    )
    fitted = predict_network(shape, weights, X)
    gap = np.sqrt(np.mean((fitted - fitted.mean(axis=0) - expected) ** 2))
    assert gap < 0.15 * np.sqrt(np.mean(expected**2))


def test_preconditioned_batches_reach_the_kernel_at_equal_flow_time():
    X, y, spectrum = problem(600, n_targets=2)
    rate = stochastic_step(spectrum, X, BRANCHES, batch=100)
    time = 300.0 / spectrum.values[0]
    steps = stochastic_steps(time, rate)
    assert steps < 150  # plain gradient descent takes 300 on all rows
    shape = Architecture(BRANCHES, 1024, 2)
    weights, trace = stochastic_gradient_descent(
        shape,
        initial_weights(shape, 4, 2, 0),
        X,
        y,
        spectrum=spectrum,
        learning_rate=rate,
        n_steps=steps,
        batch=100,
        fit_intercept=True,
    )
    kept = 1.0 - np.exp(-time * spectrum.values)
    kernel = spectrum.vectors @ (kept[:, None] * (spectrum.vectors.T @ y))
    fitted = predict_network(shape, weights, X)
    gap = np.sqrt(np.mean((fitted - fitted.mean(axis=0) - kernel) ** 2))
    assert trace.outcome == "reached"
    assert gap < 0.1


def test_top_directions_are_orthonormal_and_shrink_their_own_part_alone():
    X, y, spectrum = problem(200, n_targets=2)
    count = n_deflated(spectrum.values)
    shape = Architecture(BRANCHES, 512, 1)
    start = initial_weights(shape, 4, 2, 0)
    engine = make_engine(shape, start, X, y, "float64", True)
    edge = float(spectrum.values[count])
    rows = Rows(engine, X, y, 200)
    directions = TopDirections(rows, spectrum.vectors[:, :count], edge)
    flat = np.concatenate([d.numpy() for d in directions.directions], axis=2)
    for own in flat:
        np.testing.assert_allclose(own @ own.T, np.eye(count), atol=1e-9)
    # Ritz values of a wide net are the kernel's eigenvalues
    ritz = edge / (1.0 - directions.shares.numpy()[0, ::-1, 0])
    np.testing.assert_allclose(ritz, spectrum.values[:count], rtol=0.3)
    rows.see(np.arange(200))
    engine.differentiate(engine.residual)
    before = [g.clone() for g in engine.gradients()]
    directions.shrink(engine.gradients())
    change = np.concatenate(
        [(b - g).reshape(2, -1).numpy() for b, g in zip(before, engine.gradients(), strict=True)],
        axis=1,
    )
    for own, moved in zip(flat, change, strict=True):
        np.testing.assert_allclose(own.T @ (own @ moved), moved, atol=1e-9)


def test_too_large_a_step_is_cut_and_named():
    X, y, spectrum = problem()
    rate = stochastic_step(spectrum, X, BRANCHES, batch=100)
    _, trace = train(X, y, spectrum, learning_rate=16 * rate, n_steps=200, batch=100)
    assert trace.outcome == "guarded"
    assert 0 < trace.n_cuts <= 8
    assert trace.losses[-1] < trace.losses[0]


def test_a_hopeless_step_diverges_and_gives_the_best_state_back():
    X, y, spectrum = problem()
    weights, trace = train(X, y, spectrum, learning_rate=1e6, n_steps=50, batch=100)
    assert trace.outcome == "diverged"
    assert np.all(np.isfinite(predict_network(SHAPE, weights, X)))


def test_a_prescription_beyond_the_limit_is_cut_short():
    X, y, spectrum = problem()
    rate = stochastic_step(spectrum, X, BRANCHES, batch=100)
    options = {"learning_rate": rate, "n_steps": 1000, "max_steps": 60, "batch": 100}
    _, trace = train(X, y, spectrum, **options)
    assert (trace.outcome, trace.sentence.code) == ("limit", "W250")
    assert trace.n_steps == pytest.approx(60, abs=3)


def test_networks_do_not_depend_on_threads():
    X, y, spectrum = problem()
    one, two = (train(X, y, spectrum, n_threads=k, batch=64, n_steps=30)[0] for k in (1, 2))
    for left, right in zip(one, two, strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_estimator_trains_by_batches_close_to_its_kernel():
    rng = np.random.default_rng(3)
    X, others = rng.normal(size=(400, 3)), rng.normal(size=(100, 3))
    y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + 0.3 * rng.normal(size=400)
    one = {"activation": "relu", "depth": 1, "metric": None}
    model = NTKRegressor(solver="sgd", **one).fit(X, y)
    kernel = NTKKernelRegressor(**one).fit(X, y)
    assert model.solver_ == "sgd"
    assert model.cv_error_ == kernel.cv_error_
    gap = model.predict(others) - kernel.predict(others)
    assert np.sqrt(np.mean(gap**2)) < 0.2 * y.std()


def test_batches_are_chosen_beyond_the_limit(monkeypatch):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 2))
    monkeypatch.setattr(module, "MAX_FULL_BATCH_ROWS", 59)
    model = NTKRegressor(activation="relu", depth=1, metric=None, n_steps=3).fit(X, X[:, 0])
    assert (model.solver_, model.n_iter_) == ("sgd", 3)
