"""Fitting the contenders fold by fold, in this process or shared by several."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, cpu_count, delayed, parallel_config
from numpy.typing import NDArray
from sklearn.base import clone

from ntkreg.evaluation.blend import BlendRegressor
from ntkreg.evaluation.results import SplitPlan
from ntkreg.io.dataset import Dataset

Progress = Callable[[int, int, str], None]

WORTH_WORKERS = 500


@dataclass(frozen=True)
class Outcome:
    """Held-out predictions of one contender in one fold, or why there are none."""

    prediction: NDArray[np.float64]
    seconds: float
    error: str = ""


def fold_outcomes(
    dataset: Dataset,
    plan: SplitPlan,
    models: Mapping[str, Any],
    n_workers: int | None,
    tell: Progress,
) -> Iterator[dict[str, Outcome]]:
    """Yield the outcomes of each fold, in the order of the folds.

    Parameters
    ----------
    dataset : Dataset
    plan : SplitPlan
    models : mapping of str to estimator
        Unfitted contenders, in the order in which they are fitted.
    n_workers : int or None
        Processes; None is one for each core from 500 rows on, else 1. Folds beyond whole rounds of
        them are fitted in this process.
    tell : callable
        Called as `tell(done, total, name)`.

    Yields
    ------
    dict of str to Outcome
    """
    if n_workers is None:
        n_workers = cpu_count() if dataset.n_rows >= WORTH_WORKERS else 1
    n_folds, total = len(plan.folds), len(plan.folds) * len(models)
    n_workers = min(n_workers, n_folds)
    # whole rounds only: a last one would leave processors idle, a fit here uses all of them
    n_shared = n_folds - n_folds % n_workers if n_workers > 1 else 0
    if n_shared:
        tell(0, total, next(iter(models)))
        # one BLAS thread a process: more would only wait for each other
        with parallel_config("loky", inner_max_num_threads=1):
            pool = Parallel(n_jobs=n_workers, return_as="generator")
            shared = pool(delayed(_fit_fold)(dataset, plan, k, models) for k in range(n_shared))
            for k, outcomes in enumerate(shared):
                yield outcomes
                tell((k + 1) * len(models), total, next(iter(models)))
    for k in range(n_shared, n_folds):

        def before(i: int, name: str, k: int = k) -> None:
            tell(k * len(models) + i, total, name)

        yield _fit_fold(dataset, plan, k, models, before)


def _fit_fold(
    dataset: Dataset,
    plan: SplitPlan,
    k: int,
    models: Mapping[str, Any],
    before: Callable[[int, str], None] | None = None,
) -> dict[str, Outcome]:
    """Fit every contender on one fold; calls `before(position, name)` ahead of each."""
    outcomes = {}
    fitted: dict[str, Any] = {}
    for i, (name, model) in enumerate(models.items()):
        if before:
            before(i, name)
        start = time.perf_counter()
        try:
            fitted[name] = _fit_one(dataset, plan, k, clone(model), fitted)
            seconds = time.perf_counter() - start
            outcomes[name] = Outcome(_predict(dataset, plan, k, fitted[name]), seconds)
        except _failure_types() as error:
            text = f"{type(error).__name__}: {error}"
            outcomes[name] = Outcome(np.empty(0), time.perf_counter() - start, text)
    return outcomes


def _fit_one(
    dataset: Dataset, plan: SplitPlan, k: int, model: Any, fitted: Mapping[str, Any]
) -> Any:
    """Return a model fitted on one fold; a blend takes over what is fitted there already."""
    train, groups = plan.folds[k].train, inner_groups(plan)
    if isinstance(model, BlendRegressor) and all(name in fitted for name, _ in model.models):
        return model.combine([(name, fitted[name]) for name, _ in model.models], dataset.y[train])
    return model.fit(
        dataset.features.iloc[train].reset_index(drop=True),
        dataset.y[train],
        groups=None if groups is None else groups[train],
    )


def _predict(dataset: Dataset, plan: SplitPlan, k: int, model: Any) -> NDArray[np.float64]:
    rows = dataset.features.iloc[plan.folds[k].test].reset_index(drop=True)
    prediction = np.asarray(model.predict(rows))
    n_bad = int((~np.isfinite(prediction)).sum())
    if n_bad:
        raise ValueError(f"{n_bad} predictions of fold {k + 1} are not finite numbers")
    return prediction


def inner_groups(plan: SplitPlan) -> NDArray[np.int64] | None:
    """Return what must stay together when a model chooses something in folds of its own.

    Parameters
    ----------
    plan : SplitPlan
        The outer folds.

    Returns
    -------
    ndarray of shape (n_rows,) of int, or None
        The plan's units; None if each row is one of its own.
    """
    return plan.unit if len(np.unique(plan.unit)) < len(plan.unit) else None


def _failure_types() -> tuple[type[Exception], ...]:
    from lightgbm.basic import LightGBMError

    return (ValueError, ArithmeticError, np.linalg.LinAlgError, MemoryError, LightGBMError)
