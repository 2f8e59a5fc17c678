"""Tables of many rows: the same models, on landmarks."""

import numpy as np
import pytest

from ntkreg.ntk import NTKKernelRegressor
from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.landmarks.features import make_landmarks
from ntkreg.ntk.landmarks.path import decompose_sums, leading_vectors, target_power
from ntkreg.ntk.landmarks.sums import sum_rows
from ntkreg.ntk.path import decompose
from ntkreg.ntk.prescription import landmark_members
from ntkreg.ntk.prescription import prescribe as module
from ntkreg.ntk.prescription.folds import make_designs
from ntkreg.ntk.prescription.landmark_members import prescribe_many_rows, spanning_rows
from ntkreg.ntk.prescription.members import ExactMember, LandmarkMember
from ntkreg.ntk.prescription.noise import likely_steps, matching_steps
from ntkreg.ntk.prescription.options import STACK, Options
from ntkreg.ntk.prescription.selection import scale_target
from ntkreg.ntk.results import Branch

BRANCHES = (Branch("relu", 1, 0.7), Branch("relu2", 1, 0.4))


def table(n, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.3 * rng.normal(size=n)


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr(module, "MAX_EXACT_ROWS", 150)
    # 60 to 70 landmarks for each model
    monkeypatch.setattr(landmark_members, "OPERATIONS", 2e8)


def as_exact(member, target):
    """Return the same model on the kernel between all rows."""
    kernel = centre(gram(member.inputs, None, member.metric.branches))
    common = {name: getattr(member, name) for name in FIELDS}
    return ExactMember(
        **common, spectrum=decompose(kernel), target=target.values, fit_intercept=True
    )


FIELDS = (
    *("prescription", "embedding", "metric", "inputs"),
    *("held_out", "held_out_accelerated", "choosing", "choosing_accelerated"),
)


def predictions(member, rows):
    found = member.expansion(member.prescription.n_steps)
    kernel = gram(rows, found.support, member.metric.branches)
    return kernel @ found.coefficients + found.offset


def test_with_all_rows_as_landmarks_every_model_is_that_of_the_exact_kernel():
    X, y = table(160)
    y = np.column_stack([y, X[:, 0]])
    target, options = scale_target(y), Options(random_state=1)
    members = prescribe_many_rows(X, y, target, make_designs(X, None, None, 1), options)
    assert [m.prescription.name for m in members] == [c.name for c in STACK]
    for member in members:
        assert isinstance(member, LandmarkMember)
        exact = as_exact(member, target)
        np.testing.assert_allclose(
            predictions(member, member.inputs), predictions(exact, member.inputs), atol=1e-5
        )


def test_a_linear_model_needs_no_more_landmarks_than_its_inputs_have_dimensions():
    X, y = table(300)
    X = np.column_stack([X, X[:, 0] + X[:, 1]])
    target = scale_target(y[:, None])
    options = Options(candidates=STACK[-1:])
    designs = make_designs(X, None, None, 0)
    (member,) = prescribe_many_rows(X, y[:, None], target, designs, options)
    assert len(member.landmarks.rows) == 4  # three columns and the constant
    exact = as_exact(member, target)
    np.testing.assert_allclose(
        predictions(member, member.inputs), predictions(exact, member.inputs), atol=1e-9
    )


def test_spanning_rows_span_rows_that_only_one_row_reaches():
    X = np.zeros((50, 4))
    X[:, 0] = np.linspace(1, 2, 50)
    X[17, 2] = 1e-3
    assert np.linalg.matrix_rank(X[spanning_rows(X, 10)]) == np.linalg.matrix_rank(X) == 2


def test_leading_vectors_and_stops_of_landmarks_are_those_of_the_exact_kernel():
    X, y = table(120)
    inputs = np.hstack([X, np.ones((120, 1))])
    target = scale_target(y[:, None]).values
    landmarks = make_landmarks(inputs, np.arange(120), BRANCHES)
    spectrum = decompose_sums(sum_rows(landmarks, inputs, target))
    exact = decompose(centre(gram(inputs, None, BRANCHES)))
    found = leading_vectors(landmarks, spectrum, inputs, 10)
    np.testing.assert_allclose(found.values, exact.values[:10], rtol=1e-9)
    overlap = np.abs(np.sum(found.vectors * exact.vectors[:, :10], axis=0))
    np.testing.assert_allclose(overlap, 1.0, atol=1e-9)
    fast = np.array([1, 3, 10, 30, 100])
    assert matching_steps(spectrum.values, target_power(spectrum), 120, 0.1, fast) == pytest.approx(
        likely_steps(exact, target, 0.1, fast)
    )


@pytest.mark.usefixtures("small_limit")
def test_beyond_the_limit_the_same_estimator_goes_on_with_landmarks(monkeypatch):
    X, y = table(400)
    others, truth = table(200, seed=1)
    few = NTKKernelRegressor().fit(X, y)
    assert {len(m.support) for m in few.members_} <= set(range(4, 120))
    codes = [reason.sentence.code for reason in few.prescription_.reasons]
    assert "I218" in codes
    assert not {"I201", "I202", "I214"} & set(codes)
    monkeypatch.setattr(module, "MAX_EXACT_ROWS", 400)
    module._last.clear()
    exact = NTKKernelRegressor().fit(X, y)
    assert "I218" not in [reason.sentence.code for reason in exact.prescription_.reasons]

    def error(model):
        return np.sqrt(np.mean((model.predict(others) - truth) ** 2))

    assert error(few) < 1.1 * error(exact)
    assert few.cv_error_ == pytest.approx(exact.cv_error_, rel=0.1)


@pytest.mark.usefixtures("small_limit")
def test_depth_is_chosen_on_landmarks_too():
    X, y = table(300)
    model = NTKKernelRegressor(activation="relu", metric=None).fit(X, y)
    assert [name for name, _ in model.prescription_.candidates] == ["L=1", "L=2", "L=3"]


@pytest.mark.usefixtures("small_limit")
def test_groups_stay_together():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(8), 50)
    X = np.column_stack([groups, rng.normal(size=400)])
    y = (-1.0) ** groups + 0.1 * X[:, 1]
    alone = NTKKernelRegressor().fit(X, y).cv_error_
    together = NTKKernelRegressor().fit(X, y, groups=groups).cv_error_
    assert together > 3 * alone


@pytest.mark.usefixtures("small_limit")
def test_the_number_of_threads_changes_nothing():
    X, y = table(300)
    one, two = (NTKKernelRegressor(n_jobs=jobs).fit(X, y).predict(X) for jobs in (1, 2))
    np.testing.assert_allclose(one, two, atol=1e-9)
