"""How rows are divided between training and testing: at random, by group, or by time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut, TimeSeriesSplit

from ntkreg.evaluation.results import Fold, SplitPlan
from ntkreg.evaluation.units import duplicate_units, in_order_of_appearance, union_of
from ntkreg.exceptions import InputError
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Sentence

MIN_ROWS = 10
SMALL_TABLE, N_REPEATS = 120, 3
# a fold may lose this share of its training rows to copies of its test rows
MOST_LOST = 0.5

Units = NDArray[np.int64]


def make_plan(dataset: Dataset, *, seed: int = 0, n_splits: int = 5) -> SplitPlan:
    """Decide the folds on which every contender is judged.

    - A time column: the later half of the rows in time order, in `n_splits` parts, each predicted
      from all earlier rows (scikit-learn's `TimeSeriesSplit`, on distinct times, so that rows of
      one moment stay together). If there are groups too, training rows of a group that is in the
      test part are left out.
    - A group column: whole groups are left out (`GroupKFold`, or `LeaveOneGroupOut` where there
      are no more groups than folds).
    - Otherwise rows are left out at random.

    In the last two, near-duplicate rows (see `duplicate_units`) always stay on one side, and
    tables of up to 120 rows are divided three times over, because one division of so few rows is
    a matter of luck. Repeated settings of a designed experiment count as near-duplicates: the
    question is then how well a *new* setting is predicted. Where groups or times divide copies,
    those of the test rows are left out of the training rows, unless a fold would lose more than
    half of them: then the settings repeat as a matter of course, and knowing them is no leak.

    Parameters
    ----------
    dataset : Dataset
        The table.
    seed : int, default=0
        Seed of the random division.
    n_splits : int, default=5
        Number of folds, at least 2.

    Returns
    -------
    SplitPlan
        The folds and why they are so.

    Raises
    ------
    InputError
        E301: the group column has one group only. E302: fewer than 10 rows. E303: times are missing
        or all equal. E304: group and time together leave nothing to train on.
    ValueError
        If `n_splits` is less than 2.
    """
    if n_splits < 2:
        raise ValueError(f"n_splits must be at least 2, got {n_splits}")
    if dataset.n_rows < MIN_ROWS:
        raise InputError("E302", {"file": dataset.source.file}, rows=dataset.n_rows, least=MIN_ROWS)
    copies = duplicate_units(dataset.features)
    if dataset.time is not None:
        plan = _by_time(dataset, copies, n_splits)
    elif dataset.groups is not None:
        plan = _by_group(dataset, copies, seed, n_splits)
    else:
        plan = _at_random(dataset, copies, seed, n_splits)
    if plan.kind != "time":
        check_apart(plan)
    return plan


def _at_random(dataset: Dataset, copies: Units, seed: int, n_splits: int) -> SplitPlan:
    n_units, n_copies = int(copies.max()) + 1, _n_copies(copies)
    if n_units == 1:
        # nothing distinguishes the rows: keeping them together would leave nothing to test
        unit = np.arange(dataset.n_rows)
        folds = _repeated(unit, seed, n_splits)
        return SplitPlan("random", folds, unit, (), n_copies, _say("I304", folds))
    folds = _repeated(copies, seed, n_splits)
    if n_units < n_splits:
        reason = _say("I303", folds, settings=n_units)
    elif n_copies:
        reason = _say("I302", folds, copies=n_copies)
    else:
        reason = _say("I301", folds)
    return SplitPlan("random", folds, copies, (), n_copies, reason)


def _by_group(dataset: Dataset, copies: Units, seed: int, n_splits: int) -> SplitPlan:
    assert dataset.groups is not None
    groups = _codes(dataset.groups)
    n_groups, n_copies = int(groups.max()) + 1, _n_copies(copies)
    if n_groups < 2:
        column = next((c.name for c in dataset.columns if c.role == "group"), "")
        where = {"file": dataset.source.file, "column": column}
        raise InputError("E301", where, column=column, group=str(dataset.groups[0]))
    unit = union_of(groups, copies)
    # lots that share settings may all hang together; then the lot is what the user asked for
    glued = int(unit.max()) + 1 < min(n_splits, n_groups)
    if glued:
        unit = groups
    folds = _repeated(unit, seed, n_splits)
    apart = _without_copies(folds, copies) if glued else folds
    if glued:
        code = "I307" if apart is folds else "I317"
    else:
        code = "I306" if int(unit.max()) + 1 < n_splits else "I305"
    folds = apart
    reason = _say(code, folds, groups=n_groups, copies=n_copies)
    return SplitPlan("group", folds, unit, _group_table(dataset, folds), n_copies, reason)


def _by_time(dataset: Dataset, copies: Units, n_splits: int) -> SplitPlan:
    assert dataset.time is not None
    moments, moment = np.unique(dataset.time, return_inverse=True)
    if len(moments) < 2 or np.isnan(moments).any():
        column = next((c.name for c in dataset.columns if c.role == "time"), "")
        missing = int(np.isnan(dataset.time).sum())
        where = {"file": dataset.source.file, "column": column}
        raise InputError("E303", where, column=column, missing=missing)
    n_parts = min(n_splits, len(moments) - 1)
    splitter = TimeSeriesSplit(n_parts, test_size=max(1, len(moments) // (2 * n_parts)))
    folds = []
    for past, future in splitter.split(moments):
        train = np.flatnonzero(np.isin(moment, past))
        test = np.flatnonzero(np.isin(moment, future))
        if dataset.groups is not None:
            train = train[~np.isin(dataset.groups[train], dataset.groups[test])]
        if len(train) >= 2:
            folds.append(Fold(0, train, test))
    if not folds:
        raise InputError("E304", {"file": dataset.source.file})
    every, n_copies = tuple(folds), _n_copies(copies)
    apart = _without_copies(every, copies)
    # one moment logged twice is a copy even where settings repeat as a matter of course
    unit = copies if apart is not every else _codes(np.column_stack([copies, moment]))
    rest = "" if apart is every else Sentence("I318", {"copies": n_copies})
    if dataset.groups is None:
        return SplitPlan("time", apart, unit, (), n_copies, _say("I308", apart, rest=rest))
    table, reason = _group_table(dataset, apart), _say("I309", apart, rest=rest)
    return SplitPlan("time", apart, _codes(dataset.groups), table, n_copies, reason)


def _without_copies(folds: tuple[Fold, ...], copies: Units) -> tuple[Fold, ...]:
    """Return folds without training rows that repeat a test row; the same ones if all stay."""
    apart = tuple(
        replace(fold, train=fold.train[~np.isin(copies[fold.train], copies[fold.test])])
        for fold in folds
    )
    kept = [len(new.train) / len(old.train) for new, old in zip(apart, folds, strict=True)]
    return apart if 1 - MOST_LOST <= min(kept) < 1 else folds


def _repeated(unit: Units, seed: int, n_splits: int) -> tuple[Fold, ...]:
    n_units = int(unit.max()) + 1
    rows = np.arange(len(unit))
    if n_units <= n_splits:
        return tuple(
            Fold(0, train, test) for train, test in LeaveOneGroupOut().split(rows, groups=unit)
        )
    folds = []
    for repeat in range(N_REPEATS if len(unit) <= SMALL_TABLE else 1):
        options = {"shuffle": True, "random_state": seed + repeat}
        if n_units == len(unit):
            pairs = KFold(n_splits, **options).split(rows)
        else:
            pairs = GroupKFold(n_splits, **options).split(rows, groups=unit)
        folds += [Fold(repeat, train, test) for train, test in pairs]
    return tuple(folds)


def check_apart(plan: SplitPlan) -> None:
    """Check that no unit is on both sides of a fold.

    Raises
    ------
    RuntimeError
        If one is: a fault of ntkreg, never of the table.
    """
    for number, fold in enumerate(plan.folds):
        shared = np.intersect1d(plan.unit[fold.train], plan.unit[fold.test])
        if len(shared):
            raise RuntimeError(f"unit {shared[0]} is on both sides of fold {number}")


def _group_table(
    dataset: Dataset, folds: tuple[Fold, ...]
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    assert dataset.groups is not None
    groups = dataset.groups
    return tuple(
        (str(label), tuple(int((groups[fold.test] == label).sum()) for fold in folds))
        for label in dict.fromkeys(groups.tolist())
    )


def _codes(labels: NDArray[Any]) -> Units:
    _, codes = np.unique(labels, axis=0, return_inverse=True)
    return in_order_of_appearance(codes.ravel())


def _n_copies(copies: Units) -> int:
    return len(copies) - (int(copies.max()) + 1)


def _say(code: str, folds: tuple[Fold, ...], **values: Any) -> Sentence:
    n_repeats = 1 + max(fold.repeat for fold in folds)
    return Sentence(
        code, {"folds": len(folds) // n_repeats, "repeats": n_repeats, "fits": len(folds), **values}
    )
