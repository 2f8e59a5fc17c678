"""When to stop, and how the members of the stack share."""

import numpy as np
import pytest

from ntkreg.ntk import NTKKernelRegressor
from ntkreg.ntk.path import Spectrum, gradient_descent_filter, step_grid
from ntkreg.ntk.prescription.choice import (
    choose_depth,
    choose_time,
    earliest_within_one_standard_error,
)
from ntkreg.ntk.prescription.noise import likely_steps
from ntkreg.ntk.prescription.stacking import stacking_weights


def test_a_difference_that_all_rows_share_is_seen_and_chance_is_not():
    rng = np.random.default_rng(0)
    base = rng.exponential(size=400)
    errors = np.stack([base + 0.1, base + 0.01 * rng.normal(size=400), base])
    assert earliest_within_one_standard_error(errors) == 1


def test_the_stop_lies_halfway_in_logarithms():
    steps = step_grid(1e8, 1.05)
    errors = np.abs(np.log(steps) - np.log(100.0))[:, None] + np.ones((1, 50))
    chosen = steps[choose_time(errors, steps, 1e6)]
    assert chosen == pytest.approx(1e4, rel=0.05)
    alone = choose_time(errors, steps, float("nan"))
    assert alone == earliest_within_one_standard_error(errors)


def test_the_likely_time_fits_as_much_as_the_ridge():
    values = 2.0 ** -np.arange(12.0)
    spectrum = Spectrum(values, np.eye(12))
    noise = 0.03
    plain, fast = likely_steps(spectrum, np.ones((12, 1)), noise, step_grid(1000, 1.05))
    g = gradient_descent_filter(values, 1.0, np.array([round(plain)]))[0]
    # both are 1/s for large s; at s = noise/n the ridge fits 1/2, the flow 1 - 1/e
    assert np.max(np.abs(g * values - values / (values + noise / 12))) < 0.21
    assert 5 < fast < 100


def test_without_a_noise_level_no_time_is_likely():
    spectrum = Spectrum(np.ones(3), np.eye(3))
    assert np.isnan(likely_steps(spectrum, np.ones((3, 1)), float("nan"), step_grid(10))).all()


def test_the_smallest_depth_within_two_per_cent_is_taken():
    assert choose_depth({1: 1.03, 2: 1.0, 3: 1.0}) == 1
    assert choose_depth({1: 1.05, 2: 1.0, 3: 0.99}) == 2


def test_the_prior_draws_towards_its_centre():
    rng = np.random.default_rng(0)
    y = rng.normal(size=50)
    held_out = np.column_stack([y + 0.1 * rng.normal(size=50), y + rng.normal(size=50)])
    free = stacking_weights(held_out, y, prior=0.0)
    assert free[0] > 0.95
    centre = np.array([0.2, 0.8])
    drawn = stacking_weights(held_out, y, prior=1e9, centre=centre)
    np.testing.assert_allclose(drawn, centre, atol=1e-3)


def test_a_linear_table_has_use_for_the_linear_model_and_a_smooth_one_for_the_smooth():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 10))
    linear = NTKKernelRegressor().fit(X, X.sum(axis=1) + rng.normal(size=40))
    shares = {member.prescription.name: member.share for member in linear.members_}
    assert shares["linear"] > 0.25
    X = rng.normal(size=(100, 3))
    smooth = NTKKernelRegressor().fit(X, np.sin(X[:, 0]) + X[:, 1] * X[:, 2])
    assert smooth.members_[0].prescription.name == "smooth"


def test_shares_add_to_one_and_the_prescription_lists_all_members():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 3))
    model = NTKKernelRegressor().fit(X, X[:, 0] ** 2 + 0.2 * rng.normal(size=60))
    shares = [member.share for member in model.members_]
    assert sum(shares) == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)
    everything = (model.prescription_, *model.prescription_.others)
    assert {p.name for p in everything} == {"relu", "smooth", "gradient", "linear"}
    parts = sum(member.share * member.predict(X)[:, 0] for member in model.members_)
    np.testing.assert_allclose(parts, model.predict(X))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_number_of_threads_does_not_matter(n_jobs):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(70, 3))
    y = X[:, 0] ** 2 + 0.2 * rng.normal(size=70)
    # another target in between: the last prescription is kept
    NTKKernelRegressor().fit(X, y + 1.0)
    one = NTKKernelRegressor(n_jobs=n_jobs).fit(X, y).predict(X)
    NTKKernelRegressor().fit(X, y + 1.0)
    np.testing.assert_allclose(NTKKernelRegressor().fit(X, y).predict(X), one, atol=1e-9)


def test_rows_on_the_sphere_do_not_depend_on_the_norm_of_their_input():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(50, 3))
    model = NTKKernelRegressor(sphere=True).fit(X, X[:, 0] + 0.1 * rng.normal(size=50))
    for member in model.members_:
        np.testing.assert_allclose(np.linalg.norm(member.support, axis=1), 1.0)
