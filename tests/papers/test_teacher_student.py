"""Students: gradients, both phases, and the estimator."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from ntkreg.papers import TeacherStudentRegressor
from ntkreg.papers.noisy_descent import Schedule, descend, explore
from ntkreg.papers.student import (
    BOUND,
    Student,
    bounded,
    curvature,
    draw_students,
    hidden,
    loss_and_gradients,
    outputs,
    unit_outer,
)


@pytest.fixture(scope="module")
def taught():
    """Rows, a noiseless target of two orthogonal neurons, and equal weights of the rows."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(80, 4))
    return rows, np.maximum(rows[:, 0], 0) - np.maximum(rows[:, 1], 0), np.full((6, 80), 1 / 80)


@parametrize_with_checks([TeacherStudentRegressor(n_noisy=30, n_plain=20, n_restarts=2, width=2)])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def test_gradients_are_those_of_the_loss(taught):
    rows, target, share = taught
    start = draw_students(6, 3, 4, 0)
    _, by_inner, by_outer = loss_and_gradients(start.inner, start.outer, rows, target, share)

    def loss(inner, outer):
        return loss_and_gradients(inner, outer, rows, target, share)[0][4]

    for array, gradient in ((start.inner[4], by_inner[4]), (start.outer[4], by_outer[4])):
        array.flat[1] += 1e-6
        above = loss(start.inner, start.outer)
        array.flat[1] -= 2e-6
        below = loss(start.inner, start.outer)
        array.flat[1] += 1e-6
        assert (above - below) / 2e-6 == pytest.approx(gradient.flat[1], rel=1e-5)


def test_outer_weights_are_bounded_and_made_units_without_changing_the_function(taught):
    start = draw_students(6, 3, 4, 0)
    raw = Student(start.inner, 100 * start.outer)
    assert np.abs(bounded(raw.outer)).max() <= BOUND
    same = unit_outer(raw)
    assert set(np.unique(same.outer)) == {-1.0, 1.0}
    before = outputs(Student(raw.inner, bounded(raw.outer)), taught[0])
    np.testing.assert_allclose(outputs(same, taught[0]), before, atol=1e-12)


def test_curvature_is_the_largest_eigenvalue_of_the_gauss_newton_matrix(taught):
    rows, _, share = taught
    start = draw_students(6, 3, 4, 0)
    jacobian = (hidden(start.inner, rows)[2] > 0)[:, :, None] * rows * start.outer[2][:, None, None]
    flat = jacobian.transpose(1, 0, 2).reshape(80, -1)
    largest = np.linalg.norm(flat, 2) ** 2 / 80
    assert curvature(start, rows, share)[2] == pytest.approx(largest, rel=1e-2)


def test_more_chains_do_not_change_the_starts_already_there():
    few, many = draw_students(2, 3, 4, 7), draw_students(5, 3, 4, 7)
    np.testing.assert_array_equal(few.inner, many.inner[:2])


def test_both_phases_find_the_teacher_and_the_second_never_rises(taught):
    rows, target, share = taught
    schedule = Schedule(600, 0.003, 1e-4, np.full(6, 3e-4))
    found = explore(draw_students(6, 2, 4, 0), rows, target, share, schedule, 0)
    path = descend(found.student, rows, target, share, [0, 400])
    assert (np.diff(path.losses, axis=0) <= 1e-12 * path.losses[0] + 1e-30).all()
    np.testing.assert_array_equal(path.inner[0], found.student.inner)
    order = np.argsort(-found.student.outer, axis=1)[:, :, None]
    gaps = np.take_along_axis(path.inner[1], order, axis=1) - np.eye(4)[:2]
    assert np.mean(np.abs(gaps).max(axis=(1, 2)) < 1e-3) > 0.5


def test_rows_without_weight_do_not_matter(taught):
    rows, target, share = taught
    masked = share.copy()
    masked[:, :20] = 0.0
    masked *= 80 / 60
    schedule = Schedule(50, 0.003, 1e-4, np.full(6, 1e-3))
    start, changed = draw_students(6, 2, 4, 0), target.copy()
    changed[:20] = 99.0
    one = explore(start, rows, target, masked, schedule, 0)
    two = explore(start, rows, changed, masked, schedule, 0)
    np.testing.assert_array_equal(one.student.inner, two.student.inner)


@pytest.mark.parametrize(
    ("temperature", "outcome"), [(1e-3, "reached"), (0.5, "cut"), (1e8, "diverged")]
)
def test_the_end_of_the_noisy_phase_is_named(taught, temperature, outcome):
    given = {"width": 2, "ridge": 1e-3, "n_plain": 5, "n_restarts": 1}
    model = TeacherStudentRegressor(temperature=temperature, n_noisy=100, **given)
    trace = model.fit(*taught[:2]).traces_[0]
    assert trace.outcome == outcome
    assert model.cv_error_ is None
    assert np.isfinite(model.predict(taught[0])).all()
    assert trace.sentence.text("en")
    assert trace.losses[2] <= trace.losses[1] <= trace.losses[0]


def test_width_ridge_and_stop_are_chosen_by_folds_and_groups_are_kept(taught):
    rows, target, _ = taught
    y = np.column_stack([target, 5 * target])
    model = TeacherStudentRegressor(n_noisy=100, n_plain=100, n_restarts=3)
    model.fit(rows, y, groups=np.repeat(np.arange(8), 10))
    assert model.traces_[0].width >= 2
    np.testing.assert_allclose(model.predict(rows)[:, 1], 5 * model.predict(rows)[:, 0], atol=1e-9)
    assert 0 < model.cv_error_ < 0.5 * y.std()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 0}, "width must be 'auto' or an integer >= 1, got 0"),
        ({"n_noisy": -1}, "n_noisy must be an integer >= 0, got -1"),
        ({"n_plain": 1.5}, r"n_plain must be 'auto' or an integer >= 0, got 1\.5"),
        ({"temperature": 0}, "temperature must be a positive number, got 0"),
        ({"ridge": -1}, "ridge must be 'auto' or a number >= 0, got -1"),
        ({"n_restarts": 0}, "n_restarts must be an integer >= 1, got 0"),
        ({"n_folds": 1}, "n_folds must be an integer >= 2, got 1"),
    ],
)
def test_unusable_parameters_are_named(taught, changes, message):
    with pytest.raises(ValueError, match=message):
        TeacherStudentRegressor(**changes).fit(*taught[:2])
