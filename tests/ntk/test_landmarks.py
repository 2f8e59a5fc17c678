"""Landmarks: with all rows they are the exact kernel, and their sums add and subtract."""

from dataclasses import fields

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from ntkreg.ntk.kernel import cross as module
from ntkreg.ntk.kernel.cross import cross_kernel
from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.landmarks.features import choose_landmarks, features, make_landmarks, n_landmarks
from ntkreg.ntk.landmarks.path import (
    decompose_sums,
    held_out_along,
    landmark_coefficients,
    noise_variance,
    predict_along,
)
from ntkreg.ntk.landmarks.sums import accumulate, merge, subtract, sum_folds, sum_rows
from ntkreg.ntk.path import decompose, gradient_descent_filter, predictions_along, step_grid
from ntkreg.ntk.prescription.noise import noise_level
from ntkreg.ntk.prescription.selection import Scaled
from ntkreg.ntk.results import Branch

BRANCHES = (Branch("relu", 1, 0.7), Branch("relu2", 1, 0.4))
STEPS = step_grid(1e4)


def rows(n, n_columns=4, seed=0):
    rng = np.random.default_rng(seed)
    return np.hstack([rng.normal(size=(n, n_columns)), np.ones((n, 1))])


def targets(inputs, seed=1):
    rng = np.random.default_rng(seed)
    y = np.stack([np.sin(2 * inputs[:, 0]), inputs[:, 1] * inputs[:, 2]], axis=1)
    y += 0.2 * rng.normal(size=y.shape)
    return y - y.mean(axis=0)


def descent(values):
    return gradient_descent_filter(values, 1.0 / values[0], STEPS)


def dense_path(inputs, y, others, fit_intercept=True):
    kernel, cross = gram(inputs, None, BRANCHES), gram(others, inputs, BRANCHES)
    mean = y.mean(axis=0) * fit_intercept
    if fit_intercept:
        cross, kernel = cross - kernel.mean(axis=0), centre(kernel)
    spectrum = decompose(kernel)
    return predictions_along(spectrum, y - mean, cross, descent(spectrum.values)) + mean


def assert_same_sums(left, right, rtol=1e-10):
    for field in fields(left):
        a, b = getattr(left, field.name), getattr(right, field.name)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.abs(a).max(), err_msg=field.name)


@pytest.mark.parametrize(
    "branches",
    [
        BRANCHES,
        [Branch("relu", 5)],
        [Branch("relu", 3, 1.0, "hidden"), Branch("relu2", 1, 2.0, "readout")],
        [Branch("relu", 2, 1.0, "last_hidden")],
    ],
)
def test_the_polynomial_in_the_angle_is_the_kernel(branches):
    left, right = rows(60), rows(40, seed=2)
    right[:5], right[5:10], right[10] = left[:5], -left[:5], 0.0
    expected = gram(left, right, branches)
    np.testing.assert_allclose(
        cross_kernel(left, right, branches), expected, atol=3e-12 * np.abs(expected).max()
    )


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_with_all_rows_as_landmarks_the_path_is_that_of_the_exact_kernel(fit_intercept):
    X, others = rows(120), rows(30, seed=3)
    y = targets(X) + 0.5
    landmarks = make_landmarks(X, np.arange(120), BRANCHES)
    spectrum = decompose_sums(sum_rows(landmarks, X, y), fit_intercept=fit_intercept)
    path = predict_along(landmarks, spectrum, descent(spectrum.values), others)
    np.testing.assert_allclose(path, dense_path(X, y, others, fit_intercept), atol=1e-8)


def test_with_all_rows_as_landmarks_the_noise_is_that_of_the_exact_kernel():
    X = rows(120)
    y = targets(X)
    landmarks = make_landmarks(X, np.arange(120), BRANCHES)
    spectrum = decompose_sums(sum_rows(landmarks, X, y))
    exact = decompose(centre(gram(X, None, BRANCHES)))
    expected = noise_level(exact, Scaled(y, np.zeros(2), np.ones(2)), 1.0 / exact.values[0])
    found = np.sqrt(noise_variance(spectrum, 1.0 / spectrum.values[0]).mean())
    assert found == pytest.approx(expected, rel=1e-6)


def test_landmark_features_reproduce_the_kernel_at_the_landmarks():
    X = rows(80)
    landmarks = make_landmarks(X, np.arange(0, 80, 4), BRANCHES)
    product = features(landmarks, X) @ features(landmarks, landmarks.rows).T
    np.testing.assert_allclose(product, gram(X, landmarks.rows, BRANCHES), atol=1e-10)


def test_sums_of_two_parts_add_up_and_come_apart_again():
    X = rows(90)
    y, landmarks = targets(X) + 0.3, make_landmarks(X, np.arange(20), BRANCHES)
    first, second = (accumulate(landmarks, X[part], y[part]) for part in (slice(50), slice(50, 90)))
    whole = accumulate(landmarks, X, y)
    assert_same_sums(merge(first, second), whole)
    assert_same_sums(subtract(whole, second), first)


def test_sums_do_not_depend_on_the_chunks(monkeypatch):
    X = rows(90)
    y, landmarks = targets(X) + 0.3, make_landmarks(X, np.arange(20), BRANCHES)
    whole = sum_rows(landmarks, X, y)
    monkeypatch.setattr(module, "_CHUNK_ENTRIES", 140)
    assert_same_sums(sum_rows(landmarks, X, y), whole)


def test_centring_the_sums_is_centring_the_features():
    X = rows(90) * 3.0
    y, landmarks = targets(X) + 7.0, make_landmarks(X, np.arange(20), BRANCHES)
    phi = features(landmarks, X)
    centred = phi - phi.mean(axis=0)
    spectrum = decompose_sums(sum_rows(landmarks, X, y))
    product = spectrum.vectors @ np.diag(spectrum.values) @ spectrum.vectors.T
    np.testing.assert_allclose(product, centred.T @ centred / 90, atol=1e-11)
    np.testing.assert_allclose(spectrum.vectors @ spectrum.rotated, centred.T @ y / 90, atol=1e-11)
    np.testing.assert_allclose(spectrum.variance, y.var(axis=0))


def test_with_an_intercept_the_mean_prediction_of_the_rows_is_their_mean_target():
    X = rows(90)
    y, landmarks = targets(X) + 7.0, make_landmarks(X, np.arange(20), BRANCHES)
    spectrum = decompose_sums(sum_rows(landmarks, X, y))
    path = predict_along(landmarks, spectrum, descent(spectrum.values), X)
    np.testing.assert_allclose(path.mean(axis=1), np.broadcast_to(y.mean(axis=0), (len(STEPS), 2)))


def test_a_fold_from_the_sums_is_a_fit_without_its_rows():
    X = rows(100)
    y = targets(X)
    landmarks = make_landmarks(X, np.arange(0, 100, 3), BRANCHES)
    tests = np.array_split(np.random.default_rng(0).permutation(100), 4)
    path = held_out_along(landmarks, sum_folds(landmarks, X, y, tests), X, tests, descent)
    kept = np.setdiff1d(np.arange(100), tests[2])
    spectrum = decompose_sums(sum_rows(landmarks, X[kept], y[kept]))
    alone = predict_along(landmarks, spectrum, descent(spectrum.values), X[tests[2]])
    np.testing.assert_allclose(path[:, tests[2]], alone, atol=1e-8)


def test_coefficients_and_offsets_give_the_predictions():
    X, others = rows(90), rows(10, seed=4)
    landmarks = make_landmarks(X, np.arange(20), BRANCHES)
    spectrum = decompose_sums(sum_rows(landmarks, X, targets(X)))
    filters = descent(spectrum.values)[[5, 20]]
    dual, offsets = landmark_coefficients(landmarks, spectrum, filters)
    expected = predict_along(landmarks, spectrum, filters, others)
    np.testing.assert_allclose(
        gram(others, landmarks.rows, BRANCHES) @ dual[1] + offsets[1], expected[1], atol=1e-9
    )


def test_duplicate_landmarks_drop_out_and_change_nothing():
    X = rows(60)
    y = targets(X)
    once = make_landmarks(X, np.arange(20), BRANCHES)
    twice = make_landmarks(np.vstack([X, X]), np.r_[np.arange(20), 60 + np.arange(20)], BRANCHES)
    assert len(twice.rows) == 20
    paths = []
    for landmarks in (once, twice):
        spectrum = decompose_sums(sum_rows(landmarks, X, y))
        paths.append(predict_along(landmarks, spectrum, descent(spectrum.values), X))
    np.testing.assert_allclose(paths[0], paths[1], atol=1e-9)


def test_constant_columns_alone_give_the_mean():
    X = np.ones((50, 3))
    y = np.arange(50.0)[:, None]
    landmarks = make_landmarks(X, choose_landmarks(X, 10, np.random.default_rng(0)), BRANCHES)
    assert len(landmarks.rows) == 1
    spectrum = decompose_sums(sum_rows(landmarks, X, y))
    path = predict_along(landmarks, spectrum, np.full((1, 1), 1.0), X)
    np.testing.assert_allclose(path, 24.5, atol=1e-9)


def test_a_kernel_that_is_zero_everywhere_gives_the_mean():
    X = np.zeros((20, 3))
    landmarks = make_landmarks(X, np.arange(5), BRANCHES)
    spectrum = decompose_sums(sum_rows(landmarks, X, np.arange(20.0)[:, None]))
    assert spectrum.values[0] == 0.0
    np.testing.assert_allclose(predict_along(landmarks, spectrum, np.ones((1, 1)), X), 9.5)


def test_chosen_landmarks_are_distinct_reproducible_and_spread_over_rare_rows():
    # two hundred rows in one spot and twenty far apart from it and from each other
    X = np.vstack([rows(200) * np.array([1e-3] * 4 + [1.0]), rows(20, seed=5) * 3.0])
    first, again = (choose_landmarks(X, 30, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first)) == 30
    assert np.count_nonzero(first >= 200) >= 18


def test_more_landmarks_than_rows_are_all_rows():
    X = rows(15)
    chosen = choose_landmarks(X, 20, np.random.default_rng(0))
    np.testing.assert_array_equal(chosen, np.arange(15))


def test_the_residual_of_the_kernel_falls_as_landmarks_are_added():
    X = rows(300)
    left = []
    for m in (10, 40, 160):
        chosen = choose_landmarks(X, m, np.random.default_rng(0))
        phi = features(make_landmarks(X, chosen, BRANCHES), X)
        left.append(np.trace(gram(X, None, BRANCHES)) - np.sum(phi**2))
    assert left[0] > 2 * left[1] > 4 * left[2] > 0


def test_one_and_two_threads_agree():
    X = rows(600)
    y, paths = targets(X), []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            chosen = choose_landmarks(X, 200, np.random.default_rng(0))
            landmarks = make_landmarks(X, chosen, BRANCHES)
            spectrum = decompose_sums(sum_rows(landmarks, X, y))
            paths.append(predict_along(landmarks, spectrum, descent(spectrum.values), X[:50]))
    np.testing.assert_allclose(paths[0], paths[1], atol=1e-6)


def test_late_times_of_a_smooth_kernel_do_not_blow_up():
    # its eigenvalues fall below rounding: path.py is off by 8e-3 at these 1e10 steps
    rng = np.random.default_rng(0)
    X = np.hstack([rng.uniform(-1, 1, size=(60, 1)), np.ones((60, 1))])
    landmarks = make_landmarks(X, np.arange(60), [Branch("relu2", 1, 1.0, "readout")])
    assert len(landmarks.rows) < 60
    spectrum = decompose_sums(sum_rows(landmarks, X, np.sin(3 * X[:, :1])))
    filters = gradient_descent_filter(spectrum.values, 1 / spectrum.values[0], step_grid(1e10))
    path = predict_along(landmarks, spectrum, filters, X)
    np.testing.assert_allclose(path[-1], np.sin(3 * X[:, :1]), atol=1e-4)


def test_the_number_of_landmarks_keeps_to_the_budget():
    assert n_landmarks(300, 10) == 300
    assert n_landmarks(10**6, 10) < n_landmarks(45_000, 10) < 45_000
    assert n_landmarks(45_000, 1000) < n_landmarks(45_000, 10)
    assert n_landmarks(45_000, 10, operations=1e11) < n_landmarks(45_000, 10)
    m = n_landmarks(45_000, 10, memory=1e8)
    assert 8 * 10 * m**2 <= 1e8 < 8 * 10 * (m + 1) ** 2
