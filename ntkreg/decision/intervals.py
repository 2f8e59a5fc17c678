"""Prediction intervals from held-out residuals, with the coverage they really had.

Conformal prediction: the half width for a new row is the k-th largest absolute residual of the
calibration rows, k = floor((1 - confidence)(n + 1)) (Vovk, Gammerman and Shafer 2005; Papadopoulos
et al. 2002). With cross-validated residuals of models on slightly fewer rows, as here, coverage is
not guaranteed but measured (cross-conformal: Vovk 2015, Annals of Mathematics and Artificial
Intelligence 74, 9-28).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ntkreg.decision.results import IntervalResult
from ntkreg.evaluation.results import SplitPlan

Values = NDArray[np.float64]


def calibrate(
    y: ArrayLike, predictions: ArrayLike, plan: SplitPlan, confidence: float = 0.9
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
        Folds of the predictions. Coverage uses the folds of the first repeat: each fold is judged
        by the residuals of the other folds, so with groups by other groups, with time by other
        periods.
    confidence : float, default=0.9
        Nominal coverage, between 0 and 1.

    Returns
    -------
    IntervalResult
        `half_width` is infinite with fewer than ceil(confidence / (1 - confidence)) residuals (9
        for 90 %). `coverage` counts infinite intervals as covering and is NaN when fewer than two
        folds have residuals.

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
    known = np.isfinite(residuals)
    return IntervalResult(
        confidence=float(confidence),
        residuals=residuals[known],
        coverage=_coverage(residuals, plan, confidence),
        half_width=half_width(residuals[known], confidence),
    )


def mean_over_repeats(predictions: Values) -> Values:
    """Mean held-out prediction of each row, NaN for rows never tested; shape (n_rows,)."""
    known = np.isfinite(predictions)
    counts = known.sum(axis=0)
    sums = np.where(known, predictions, 0.0).sum(axis=0)
    mean: Values = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return mean


def half_width(residuals: Values, confidence: float) -> float:
    """Half width of the conformal interval for a new row.

    Parameters
    ----------
    residuals : ndarray of shape (n_calibration,)
        Held-out residuals.
    confidence : float
        Nominal coverage.

    Returns
    -------
    float
        Infinite when there are too few residuals for the confidence.
    """
    from crepes import ConformalRegressor

    # (1 - 0.9) * 10 is a little less than 1 in floating point and would cost one rank
    confidence -= 1e-9
    if int((1.0 - confidence) * (len(residuals) + 1)) < 1:
        return float("inf")
    regressor = ConformalRegressor().fit(residuals)
    return float(regressor.predict_int(np.zeros(1), confidence=confidence)[0, 1])


def _coverage(residuals: Values, plan: SplitPlan, confidence: float) -> float:
    tested = [fold.test for fold in plan.folds if fold.repeat == plan.folds[0].repeat]
    parts = [rows[np.isfinite(residuals[rows])] for rows in tested]
    parts = [rows for rows in parts if len(rows)]
    if len(parts) < 2:
        return float("nan")
    covered = 0
    for k, rows in enumerate(parts):
        others = np.concatenate(parts[:k] + parts[k + 1 :])
        width = half_width(residuals[others], confidence)
        covered += int((np.abs(residuals[rows]) <= width).sum())
    return covered / sum(len(rows) for rows in parts)
