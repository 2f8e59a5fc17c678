"""The profiler's predictor of a study: the NTK kernel, whatever model is recommended.

The nets are far too large for a page, trees and blends are no kernels, and a model distilled from
them would have no held-out error of its own. The NTK kernel has one, on the same folds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.decision import calibrate
from ntkreg.decision.what_if import WhatIf, factors_of, vary
from ntkreg.evaluation import run_benchmark
from ntkreg.evaluation.results import BenchmarkResult
from ntkreg.io.dataset import Dataset
from ntkreg.ntk.portable_fit import make_portable
from ntkreg.study.fitting import CONFIDENCE, fit_contender
from ntkreg.study.stages import Stages

MODEL = "ntk-kernel"
# of training rows and of settings made from them, on which a projection is fitted and judged
MAX_POINTS = 4_000


def make_what_if(
    fitted: Mapping[str, Any],
    dataset: Dataset,
    benchmark: BenchmarkResult,
    stages: Stages,
    *,
    seed: int,
) -> WhatIf:
    """Return what the profiler of the report needs.

    Parameters
    ----------
    fitted : mapping of str to estimator
        Contenders fitted on all rows, the recommended one among them.
    dataset : Dataset
    benchmark : BenchmarkResult
    stages : Stages
        Times the work as the stage "profiler".
    seed : int
        Of the kernel's fit, if none is there, and of landmarks and settings.

    Returns
    -------
    WhatIf
    """
    with stages.stage("profiler"):
        return _make(fitted, dataset, benchmark, seed)


def _make(
    fitted: Mapping[str, Any], dataset: Dataset, benchmark: BenchmarkResult, seed: int
) -> WhatIf:
    model = _kernel(fitted) or fit_contender(MODEL, dataset, benchmark.plan, seed=seed)
    rows = model.encoder_.transform(dataset.features)
    factors = factors_of(model.encoder_, dataset)
    few = np.random.default_rng(seed).permutation(len(rows))[:MAX_POINTS]
    points = np.vstack([rows[few], vary(rows, factors, MAX_POINTS, seed)])
    predictor = make_portable(model.regressor_.members_, rows, points, seed=seed)
    # settings that the projection has not seen
    unseen = vary(rows, factors, MAX_POINTS, seed + 1)
    held_out = _held_out(model, dataset, benchmark, seed)
    interval = calibrate(dataset.y, held_out, benchmark.plan, confidence=CONFIDENCE)
    chosen = fitted[benchmark.chosen].predict(dataset.features)
    return WhatIf(
        predictor=predictor,
        factors=factors,
        row_numbers=dataset.row_numbers[predictor.positions],
        model=MODEL,
        n_training=dataset.n_rows,
        half_width=interval.half_width,
        confidence=interval.confidence,
        projection_error=_distance(predictor.predict(unseen), model.regressor_.predict(unseen)),
        chosen_difference=_distance(predictor.predict(rows), chosen),
    )


def _kernel(fitted: Mapping[str, Any]) -> Any:
    """Return the kernel fitted on all rows, alone or in a blend, or None."""
    parts = dict(getattr(fitted.get("blend"), "models_", ()))
    return fitted.get(MODEL) or parts.get(MODEL)


def _held_out(
    model: Any, dataset: Dataset, benchmark: BenchmarkResult, seed: int
) -> NDArray[np.float64]:
    """Return held-out predictions of the kernel, shape (n_repeats, n_rows)."""
    if MODEL in {result.name for result in benchmark.results}:
        return benchmark.of(MODEL).predictions
    # its own folds do not go along time
    if benchmark.plan.kind == "time":
        return (
            run_benchmark(dataset, benchmark.plan, names=(MODEL,), seed=seed).of(MODEL).predictions
        )
    return np.asarray(model.cv_prediction_, dtype=np.float64).reshape(1, -1)


def _distance(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean((left - right) ** 2)))
