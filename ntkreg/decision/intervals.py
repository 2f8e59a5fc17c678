"""Prediction intervals from held-out residuals, with the coverage they really had.

Conformal prediction: the half width for a new row is its difficulty times the k-th largest scaled
residual of the calibration rows, k = floor((1 - confidence)(n + 1)) (Vovk, Gammerman and Shafer
2005; Papadopoulos et al. 2002). With cross-validated residuals of models on slightly fewer rows,
as here, coverage is not guaranteed but measured (cross-conformal: Vovk 2015, Annals of Mathematics
and Artificial Intelligence 74, 9-28). Groups: :mod:`ntkreg.decision.conformal`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ntkreg.decision.conformal import conformal_quantile, effective_number, group_weights
from ntkreg.decision.difficulty import Difficulty
from ntkreg.decision.results import IntervalResult
from ntkreg.evaluation.results import SplitPlan

Values = NDArray[np.float64]


def calibrate(
    y: ArrayLike,
    predictions: ArrayLike,
    plan: SplitPlan,
    confidence: float = 0.9,
    difficulty: tuple[Difficulty, Values] | None = None,
) -> IntervalResult:
    """Calibrate intervals on the held-out predictions of a benchmark.

    A row's residual is taken from the mean of its held-out predictions over the repeats, so that
    each row counts once. (The mean of several fits errs a little less than one fit; the final
    model, which has seen all rows, makes up for that. `coverage` is measured on the same means.)

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Target.
    predictions : array-like of shape (n_repeats, n_rows)
        Held-out predictions; NaN where a row was never tested.
    plan : SplitPlan
        Folds of the predictions; rows of one of its units (a group, repeated settings) together
        count as one group. Coverage uses the folds of the first repeat: each is judged by the
        residuals of the other folds, so with groups by other groups, with time by earlier periods.
    confidence : float, default=0.9
        Nominal coverage, between 0 and 1.
    difficulty : tuple of (Difficulty, ndarray of shape (n_rows,)), optional
        As from :func:`ntkreg.decision.difficulty.fit_difficulty`; without it all rows are
        equally hard.

    Returns
    -------
    IntervalResult
        `half_width` is infinite with fewer than ceil(confidence / (1 - confidence)) independent
        residuals (9 for 90 %). `coverage` counts infinite intervals as covering and is NaN when
        fewer than two folds have residuals.

    Raises
    ------
    ValueError
        If the shapes do not fit or `confidence` is not between 0 and 1.
    """
    actual = np.asarray(y, dtype=np.float64)
    held_out = np.atleast_2d(np.asarray(predictions, dtype=np.float64))
    if actual.ndim != 1 or held_out.shape[1:] != actual.shape:
        raise ValueError(
            "predictions must have shape (n_repeats, n_rows) for y of shape (n_rows,), got "
            f"{held_out.shape} and {actual.shape}"
        )
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    residuals = actual - mean_over_repeats(held_out)
    sigmas = np.ones(len(actual)) if difficulty is None else difficulty[1]
    known = np.isfinite(residuals) & np.isfinite(sigmas)
    scores, unit = np.abs(residuals[known] / sigmas[known]), plan.unit[known]
    weights, n_effective = group_weights(unit), effective_number(scores, unit)
    inside = covered_rows(residuals, sigmas, plan, confidence)
    return IntervalResult(
        confidence=float(confidence),
        residuals=residuals[known],
        coverage=float(np.nanmean(inside)) if np.isfinite(inside).any() else float("nan"),
        half_width=conformal_quantile(scores, confidence, weights, n_effective),
        sigmas=None if difficulty is None else sigmas[known],
        weights=weights,
        n_effective=n_effective,
        difficulty=None if difficulty is None else difficulty[0],
    )


def mean_over_repeats(predictions: Values) -> Values:
    """Mean held-out prediction of each row, NaN for rows never tested; shape (n_rows,)."""
    known = np.isfinite(predictions)
    counts = known.sum(axis=0)
    sums = np.where(known, predictions, 0.0).sum(axis=0)
    mean: Values = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return mean


def folds_with_judges(
    known: NDArray[np.bool_], plan: SplitPlan
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the held-out rows of each fold of the first repeat, and the rows that judge them.

    They are the rows of the other folds; along time, those of the folds before. A fold that nobody
    can judge is left out.
    """
    tested = [fold.test for fold in plan.folds if fold.repeat == plan.folds[0].repeat]
    parts = [rows[known[rows]] for rows in tested]
    for k, rows in enumerate(parts):
        others = parts[:k] + ([] if plan.kind == "time" else parts[k + 1 :])
        judges = np.concatenate(others) if others else np.empty(0, dtype=np.int64)
        if len(rows) and len(judges):
            yield rows, judges


def covered_rows(residuals: Values, sigmas: Values, plan: SplitPlan, confidence: float) -> Values:
    """Return 1 for rows inside the interval that other folds give them, 0 outside, NaN unknown."""
    inside = np.full(len(residuals), np.nan)
    known = np.isfinite(residuals) & np.isfinite(sigmas)
    scores = np.abs(residuals / sigmas)
    for rows, judges in folds_with_judges(known, plan):
        unit = plan.unit[judges]
        width = conformal_quantile(
            scores[judges], confidence, group_weights(unit), effective_number(scores[judges], unit)
        )
        inside[rows] = scores[rows] <= width
    return inside
