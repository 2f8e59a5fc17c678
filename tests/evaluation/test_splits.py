import numpy as np
import pandas as pd
import pytest

from ntkreg.evaluation import inner_groups
from ntkreg.evaluation.results import Fold, SplitPlan
from ntkreg.evaluation.splits import check_apart, make_plan
from ntkreg.evaluation.units import duplicate_units, union_of
from ntkreg.exceptions import InputError
from ntkreg.messages import Sentence


def _numbers(n, p=2, seed=0):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(n, p)), columns=list("abcde")[:p])


def _tested(plan, n):
    counts = np.zeros((1 + max(f.repeat for f in plan.folds), n), dtype=int)
    for fold in plan.folds:
        counts[fold.repeat, fold.test] += 1
    return counts


@pytest.mark.parametrize(("n", "repeats"), [(10, 3), (120, 3), (121, 1)])
def test_every_row_is_tested_once_a_repeat(make_dataset, n, repeats):
    plan = make_plan(make_dataset(_numbers(n), np.arange(n)))
    assert plan.kind == "random"
    assert np.array_equal(_tested(plan, n), np.ones((repeats, n)))


def test_train_and_test_parts_are_the_whole_table(make_dataset):
    for fold in make_plan(make_dataset(_numbers(37), np.arange(37))).folds:
        assert sorted([*fold.train, *fold.test]) == list(range(37))


def test_repeats_differ_and_the_seed_decides(make_dataset):
    dataset = make_dataset(_numbers(30), np.arange(30))
    first, second = make_plan(dataset, seed=3), make_plan(dataset, seed=3)
    assert all(
        np.array_equal(a.test, b.test) for a, b in zip(first.folds, second.folds, strict=True)
    )
    assert not np.array_equal(first.folds[0].test, first.folds[5].test)
    assert not np.array_equal(first.folds[0].test, make_plan(dataset, seed=4).folds[0].test)


def test_near_duplicates_share_a_unit_and_a_missing_cell_is_no_number():
    X = pd.DataFrame(
        {"x": [1.0, 1.0 + 1e-9, 5.0, np.nan, 0.0, np.nan], "m": ["a", "a", "a", "b", "b", "b"]}
    )
    assert duplicate_units(X).tolist() == [0, 0, 1, 2, 3, 2]


def test_rows_that_differ_in_text_only_are_no_duplicates():
    X = pd.DataFrame({"x": [1.0, 1.0, 1.0], "m": ["a", "b", None]})
    assert duplicate_units(X).tolist() == [0, 1, 2]


def test_closeness_across_a_rounding_edge_still_counts():
    x = np.array([0.5e-6 - 1e-9, 0.5e-6 + 1e-9, 1.0, -1.0])
    assert duplicate_units(pd.DataFrame({"x": x})).tolist() == [0, 0, 1, 2]


def test_union_joins_through_either_relation():
    assert union_of(np.array([0, 0, 1, 2, 3]), np.array([0, 1, 1, 2, 3])).tolist() == [
        0, 0, 0, 1, 2,
    ]  # fmt: skip


def test_copies_never_sit_on_both_sides(make_dataset):
    X = _numbers(40)
    X = pd.concat([X, X.iloc[:15]], ignore_index=True)
    plan = make_plan(make_dataset(X, np.arange(55)))
    assert plan.n_duplicates == 15
    assert plan.reason.values["copies"] == 15
    for fold in plan.folds:
        assert not set(plan.unit[fold.train]) & set(plan.unit[fold.test])
        assert not set(fold.train) & set(fold.test)


def test_replicates_of_few_settings_leave_one_setting_out(make_dataset):
    X = pd.DataFrame({"t": np.repeat([1.0, 2.0, 3.0], 6)})
    plan = make_plan(make_dataset(X, np.arange(18)))
    assert [len(f.test) for f in plan.folds] == [6, 6, 6]
    assert plan.reason.values["settings"] == 3


def test_rows_without_any_difference_are_still_divided(make_dataset):
    plan = make_plan(make_dataset(pd.DataFrame({"t": np.ones(12)}), np.arange(12)))
    assert plan.reason.code == "I304"
    assert np.array_equal(_tested(plan, 12), np.ones((3, 12)))


def test_no_group_is_on_both_sides_and_the_table_proves_it(make_dataset):
    groups = np.repeat([f"lot{i}" for i in range(8)], 5)
    plan = make_plan(make_dataset(_numbers(40), np.arange(40), groups=groups))
    assert plan.kind == "group"
    assert [label for label, _ in plan.group_table] == [f"lot{i}" for i in range(8)]
    for _, counts in plan.group_table:
        assert sorted(counts) == [0] * 12 + [5] * 3


def test_fewer_groups_than_folds_are_left_out_one_at_a_time(make_dataset):
    groups = ["a"] * 7 + ["b"] * 5 + ["c"] * 4
    plan = make_plan(make_dataset(_numbers(16), np.arange(16), groups=groups))
    assert [len(f.test) for f in plan.folds] == [7, 5, 4]


def test_a_copy_in_another_group_joins_the_two_groups(make_dataset):
    X = _numbers(48)
    X.iloc[47] = X.iloc[0]
    groups = np.repeat([f"lot{i}" for i in range(8)], 6)
    plan = make_plan(make_dataset(X, np.arange(48), groups=groups))
    assert plan.unit[0] == plan.unit[47] == plan.unit[42]
    assert plan.unit.max() == 6


def test_groups_that_share_all_settings_stay_groups(make_dataset):
    X = pd.DataFrame({"t": np.tile([1.0, 2.0, 3.0], 6)})
    groups = np.repeat([f"lot{i}" for i in range(6)], 3)
    plan = make_plan(make_dataset(X, np.arange(18), groups=groups))
    assert plan.reason.code == "I307"
    assert plan.unit.max() == 5


def test_one_group_is_refused(make_dataset):
    with pytest.raises(InputError, match="only one group"):
        make_plan(make_dataset(_numbers(12), np.arange(12), groups=["a"] * 12))


def test_nine_rows_are_refused(make_dataset):
    with pytest.raises(InputError, match="9 usable rows; at least 10"):
        make_plan(make_dataset(_numbers(9), np.arange(9)))


def test_one_fold_is_refused(make_dataset):
    with pytest.raises(ValueError, match="at least 2, got 1"):
        make_plan(make_dataset(_numbers(12), np.arange(12)), n_splits=1)


def test_time_plan_trains_on_the_past_only(make_dataset):
    time = np.random.default_rng(0).permutation(60) // 2
    plan = make_plan(make_dataset(_numbers(60), np.arange(60), time=time))
    assert plan.kind == "time"
    assert len(plan.folds) == 5
    for fold in plan.folds:
        assert time[fold.train].max() < time[fold.test].min()
        assert len(fold.train) >= 30


def test_time_plan_leaves_out_groups_of_the_test_part(make_dataset):
    time, groups = np.arange(40), np.repeat([f"lot{i}" for i in range(10)], 4)
    plan = make_plan(make_dataset(_numbers(40), np.arange(40), time=time, groups=groups))
    for fold in plan.folds:
        assert not set(groups[fold.train]) & set(groups[fold.test])


def test_time_and_group_that_contradict_are_refused(make_dataset):
    dataset = make_dataset(_numbers(20), np.arange(20), time=np.arange(20), groups=["a"] * 20)
    with pytest.raises(InputError, match="Give only one of the two"):
        make_plan(dataset)


def test_equal_times_are_refused(make_dataset):
    with pytest.raises(InputError, match="cannot put the rows in order"):
        make_plan(make_dataset(_numbers(12), np.arange(12), time=np.zeros(12)))


def test_a_broken_plan_is_noticed():
    fold = Fold(0, np.array([0, 1]), np.array([2]))
    plan = SplitPlan("group", (fold,), np.array([0, 1, 1]), (), 0, Sentence("I301"))
    with pytest.raises(RuntimeError, match="unit 1 is on both sides of fold 0"):
        check_apart(plan)


def _apart(plan, rows):
    """Whether no fold has two rows of `rows` on different sides."""
    return all(
        not (set(rows) & set(fold.train.tolist()) and set(rows) & set(fold.test.tolist()))
        for fold in plan.folds
    )


COPIES = [(3, 40), (7, 41), (3, 42)]


@pytest.fixture
def copied():
    """43 rows of which the last three are copies of earlier ones."""
    rows = np.arange(43)
    for first, second in COPIES:
        rows[second] = first
    return rows


@pytest.mark.parametrize("options", [{}, {"groups": 6}, {"time": 1}, {"groups": 6, "time": 1}])
def test_e11_a_row_logged_twice_is_never_on_both_sides(make_dataset, copied, options):
    order = {"groups": copied % 6, "time": copied}
    given = {name: order[name] for name in options}
    plan = make_plan(make_dataset(_numbers(43).iloc[copied], copied * 1.0, **given))
    assert all(_apart(plan, pair) for pair in COPIES)
    inner = inner_groups(plan)
    assert all(inner[first] == inner[second] for first, second in COPIES)


@pytest.mark.parametrize("name", ["groups", "time"])
def test_e11_copies_in_other_lots_or_later_are_not_trained_on(make_dataset, copied, name):
    order = {"groups": np.arange(43) % 2, "time": np.arange(43)}
    X = _numbers(43).iloc[copied]
    plan = make_plan(make_dataset(X, copied * 1.0, **{name: order[name]}))
    assert all(_apart(plan, pair) for pair in COPIES)
    assert "settings" in plan.reason.text("en")


def test_e11_settings_that_repeat_as_a_matter_of_course_stay_in_the_past(make_dataset):
    X = _numbers(6).iloc[np.arange(60) % 6]
    plan = make_plan(make_dataset(X, np.arange(60.0), time=np.arange(60)))
    assert [len(fold.train) for fold in plan.folds] == [30, 36, 42, 48, 54]
    assert inner_groups(plan) is None
