"""Error against the number of training rows, which says whether more rows would help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.evaluation.benchmark import run_benchmark
from ntkreg.evaluation.contenders import LABELS, STAND_INS
from ntkreg.evaluation.metrics import scores
from ntkreg.evaluation.results import BenchmarkResult, Fold, LearningCurve, SplitPlan
from ntkreg.exceptions import InputError
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Sentence

SHARES = (0.25, 0.5)
MIN_TRAINING_ROWS = 10
MAX_ROWS = 3_000
# from this gain of the last doubling on, another one is worth its rows
WORTHWHILE = 0.05


def learning_curve(
    dataset: Dataset, benchmark: BenchmarkResult, *, seed: int = 0
) -> LearningCurve | None:
    """Judge the chosen model with a quarter and with half of the training rows.

    The test rows are those of the benchmark's first repeat. Groups and copies are taken or left as
    a whole; along time the latest rows are taken. The kernel stands in for the network and the
    blend.

    Parameters
    ----------
    dataset : Dataset
        The table.
    benchmark : BenchmarkResult
        How it was judged.
    seed : int, default=0
        Draws the rows.

    Returns
    -------
    LearningCurve or None
        None where the mean is chosen, beyond 3,000 rows, and where half of the rows are too few.
    """
    name = STAND_INS.get(benchmark.chosen, benchmark.chosen)
    if name == "mean" or dataset.n_rows > MAX_ROWS:
        return None
    folds = tuple(fold for fold in benchmark.plan.folds if fold.repeat == 0)
    whole = replace(benchmark.plan, folds=folds)
    points = []
    for share in SHARES:
        plan = replace(whole, folds=tuple(_fewer(dataset, whole, f, share, seed) for f in folds))
        if min(len(fold.train) for fold in plan.folds) >= MIN_TRAINING_ROWS:
            points.append(_point(dataset, plan, _judged(dataset, plan, name, seed)))
    if name in [result.name for result in benchmark.results]:
        points.append(_point(dataset, whole, benchmark.of(name).predictions[0]))
    else:
        points.append(_point(dataset, whole, _judged(dataset, whole, name, seed)))
    known = [point for point in points if point is not None]
    if len(known) < 2 or points[-1] is None:
        return None
    sizes, errors = zip(*known, strict=True)
    return LearningCurve(name, sizes, errors, _in_words(name, sizes, errors))


def _fewer(dataset: Dataset, plan: SplitPlan, fold: Fold, share: float, seed: int) -> Fold:
    """Return a fold with a share of its training rows; the smaller share is part of the larger."""
    wanted = share * len(fold.train)
    if plan.kind == "time" and dataset.time is not None:
        latest = np.argsort(dataset.time[fold.train], kind="stable")[-int(np.ceil(wanted)) :]
        return replace(fold, train=np.sort(fold.train[latest]))
    units = plan.unit[fold.train]
    order = np.random.default_rng(seed).permutation(np.unique(units))
    counts = np.cumsum([np.count_nonzero(units == unit) for unit in order])
    taken = order[: int(np.searchsorted(counts, wanted)) + 1]
    return replace(fold, train=fold.train[np.isin(units, taken)])


def _judged(dataset: Dataset, plan: SplitPlan, name: str, seed: int) -> NDArray[np.float64]:
    """Held-out predictions; none where the model cannot be fitted to so few rows."""
    try:
        benchmark = run_benchmark(dataset, plan, names=(name,), seed=seed)
    except InputError as error:
        if error.code != "E306":
            raise
        return np.full(dataset.n_rows, np.nan)
    held_out: NDArray[np.float64] = benchmark.of(name).predictions[0]
    return held_out


def _point(
    dataset: Dataset, plan: SplitPlan, prediction: NDArray[np.float64]
) -> tuple[int, float] | None:
    tested = np.concatenate([fold.test for fold in plan.folds])
    if not np.isfinite(prediction[tested]).all():
        return None
    size = round(float(np.mean([len(fold.train) for fold in plan.folds])))
    return size, scores(dataset.y[tested], prediction[tested]).rmse


def _in_words(name: str, sizes: tuple[int, ...], errors: tuple[float, ...]) -> Sentence:
    gain = 1.0 - errors[-1] / errors[-2] if errors[-2] > 0 else 0.0
    values = {
        "model": LABELS[name],
        "few": sizes[-2],
        "many": sizes[-1],
        "before": errors[-2],
        "after": errors[-1],
        "percent": 100 * gain,
    }
    code = "V530" if gain >= WORTHWHILE else "V531" if gain > -WORTHWHILE else "V532"
    return Sentence(code, values)
