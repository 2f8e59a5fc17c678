"""The predictor that a page can hold: it is the model, or says how far it is from it."""

import numpy as np
import pytest

from ntkreg.ntk import NTKKernelRegressor
from ntkreg.ntk.kernel.angles import unit_rows
from ntkreg.ntk.kernel.cross import cross_kernel
from ntkreg.ntk.portable import look_up, profile_pieces
from ntkreg.ntk.portable_fit import make_portable, thin_knots
from ntkreg.ntk.results import Branch
from ntkreg.preprocessing.embedding import embed, fit_embedding


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)).round(2)
    X[:, 1] = rng.integers(0, 4, 60)
    X[:, 2] = X[:, 2] > 0.5
    return X


@pytest.fixture(scope="module")
def target(rows):
    noise = np.random.default_rng(1).normal(size=60)
    return np.sin(2 * rows[:, 0]) + 0.5 * rows[:, 1] * rows[:, 2] + 0.1 * noise


@pytest.fixture(scope="module")
def others(rows):
    """Return rows inside, far outside, and equal to training rows."""
    return np.vstack([rows[:5], rows[:20, ::-1], 30.0 * rows[:5] - 7.0])


@pytest.mark.parametrize(
    "branches",
    [
        (Branch("relu", 1),),
        (Branch("relu", 1, 0.3), Branch("relu2", 1, 2.0), Branch("relu3", 1, 0.4)),
        (Branch("relu", 3),),
        (Branch("erf", 1), Branch("linear", 0, 0.5)),
        (Branch("relu", 2, 1.0, "readout"),),
    ],
)
def test_one_table_holds_the_profile_of_every_net(branches):
    rng = np.random.default_rng(0)
    left = unit_rows(rng.normal(size=(30, 5)))[0]
    right = unit_rows(np.vstack([rng.normal(size=(40, 5)), left, left + 1e-7]))[0]
    expected = cross_kernel(left, right, branches)
    np.testing.assert_allclose(look_up(profile_pieces(branches), left, right), expected, atol=2e-13)


def model_of(rows, target, **options):
    return NTKKernelRegressor(n_jobs=1, **options).fit(rows, target)


@pytest.mark.parametrize("options", [{}, {"activation": "relu", "sphere": True, "depth": 2}])
def test_with_all_training_rows_it_is_the_model(rows, target, others, options):
    model = model_of(rows, target, **options)
    found = make_portable(model.members_, rows)
    np.testing.assert_allclose(found.predict(others), model.predict(others), atol=1e-9)
    assert len(found.positions) == 60


def test_few_rows_stand_for_all_with_a_small_error(rows, target):
    model = model_of(rows, target)
    found = make_portable(model.members_, rows, max_rows=40)
    assert len(found.rows) == len(np.unique(found.positions)) == 40
    np.testing.assert_array_equal(found.rows, rows[found.positions])
    gap = found.predict(rows) - model.predict(rows)
    assert np.sqrt(np.mean(gap**2)) < 0.1 * target.std()
    again = make_portable(model.members_, rows, max_rows=40)
    np.testing.assert_array_equal(again.positions, found.positions)


def test_a_linear_model_is_its_weights(rows, target, others):
    model = model_of(rows, target, activation="linear", metric=None)
    found = make_portable(model.members_, rows, max_rows=10)
    np.testing.assert_allclose(found.predict(others), model.predict(others), atol=1e-9)
    assert found.members[0].profile is None


def test_two_targets_are_refused(rows, target):
    members = model_of(rows, np.column_stack([target, -target])).members_
    with pytest.raises(ValueError, match="has one target, the model has 2"):
        make_portable(members, rows)


def test_other_rows_than_those_of_the_fit_are_refused(rows, target):
    with pytest.raises(ValueError, match="must be the 60 training rows"):
        make_portable(model_of(rows, target).members_, rows[::-1])


def test_thinned_scores_stay_close_and_keep_their_ends():
    column = np.random.default_rng(0).standard_cauchy(size=(1500, 1))
    full = fit_embedding(column)
    thin = thin_knots(full, 200)
    assert len(thin.knots[0]) == len(thin.scores[0]) <= 200
    assert thin.knots[0][[0, -1]].tolist() == full.knots[0][[0, -1]].tolist()
    np.testing.assert_allclose(embed(thin, column), embed(full, column), atol=0.05)
    assert thin_knots(thin, 200).knots[0].tolist() == thin.knots[0].tolist()
