"""One model on all rows, with all that a prediction needs besides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from ntkreg.decision import calibrate, fit_difficulty
from ntkreg.evaluation import build_contender, inner_groups, make_plan, run_benchmark
from ntkreg.evaluation.results import SplitPlan
from ntkreg.inspection import fit_domain
from ntkreg.io import ReadingKeywords, ReadOptions, read_table
from ntkreg.io.dataset import Dataset
from ntkreg.models import MODELS
from ntkreg.ntk.results import Prescription
from ntkreg.persistence import FittedModel
from ntkreg.study.versions import package_versions

CONFIDENCE = 0.9


def fit_model(
    path: str | Path,
    target: str,
    *,
    name: str = "ntk",
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    seed: int = 0,
    confidence: float = CONFIDENCE,
    **reading: Unpack[ReadingKeywords],
) -> tuple[FittedModel, Dataset]:
    """Read a table and fit one model on all of its rows.

    Parameters
    ----------
    path : str or Path
        The table.
    target : str
        Column to predict.
    name : str, default="ntk"
        One of :data:`ntkreg.models.MODEL_NAMES`.
    group, time, drop
        As in :func:`ntkreg.io.read_table`.
    seed : int, default=0
        Of all random choices.
    confidence : float, default=0.9
        Nominal coverage of the intervals.
    **reading
        Reading options, see :class:`ntkreg.io.options.ReadOptions`.

    Returns
    -------
    tuple of (FittedModel, Dataset)
        The model and what was read.

    Raises
    ------
    InputError
        If the table, a column or the model's name is not usable.
    """
    dataset = read_table(path, target=target, group=group, time=time, drop=drop, **reading)
    plan = first_repeat(make_plan(dataset, seed=seed))
    estimator = fit_contender(name, dataset, plan, seed=seed)
    held_out = _held_out(name, estimator, dataset, plan, seed)
    difficulty = fit_difficulty(estimator, dataset.features, plan, seed=seed)
    settings = {"target": target, **ReadOptions.of(reading).settings(), "group": group,
                "time": time, "drop": list(drop), "seed": seed, "model": name,
                "confidence": confidence}  # fmt: skip
    model = FittedModel(
        name=name,
        estimator=estimator,
        columns=dataset.columns,
        interval=calibrate(dataset.y, held_out, plan, confidence, difficulty),
        domain=fit_domain(dataset.features, labels_of(dataset), seed=seed),
        prescription=prescription_of(estimator),
        settings=settings,
        versions=package_versions(),
        data_sha256=dataset.source.sha256,
    )
    return model, dataset


def fit_contender(name: str, dataset: Dataset, plan: SplitPlan, *, seed: int) -> Any:
    """Return a contender fitted on all rows of a dataset, its own folds as the plan wants them."""
    estimator = build_contender(name, dataset.feature_columns, seed=seed)
    return estimator.fit(dataset.features, dataset.y, groups=inner_groups(plan))


def labels_of(dataset: Dataset) -> list[str]:
    """Return the user's names of the feature columns."""
    return [column.name for column in dataset.feature_columns]


def first_repeat(plan: SplitPlan) -> SplitPlan:
    """Return the plan with the folds of its first repeat only."""
    return replace(plan, folds=tuple(fold for fold in plan.folds if fold.repeat == 0))


def find_part(estimator: Any, attribute: str) -> Any:
    """Return a fitted attribute of a contender or of the model inside it, or None."""
    waiting = [estimator]
    while waiting:
        part = waiting.pop()
        if hasattr(part, attribute):
            return getattr(part, attribute)
        waiting += [model for _, model in getattr(part, "models_", ())]
        waiting += [part.regressor_] if hasattr(part, "regressor_") else []
    return None


def prescription_of(estimator: Any) -> Prescription | None:
    """Return the prescription inside a fitted contender, if it has one."""
    found: Prescription | None = find_part(estimator, "prescription_")
    return found


def _held_out(
    name: str, estimator: Any, dataset: Dataset, plan: SplitPlan, seed: int
) -> NDArray[np.float64]:
    """Return held-out predictions of the training rows, shape (1, n_rows)."""
    # folds of its own in which everything is learned anew, but not along time
    own = find_part(estimator, "cv_prediction_") if MODELS[name].own_held_out else None
    if own is not None and plan.kind != "time":
        return np.asarray(own, dtype=np.float64).reshape(1, -1)
    return run_benchmark(dataset, plan, names=(name,), seed=seed).results[0].predictions
