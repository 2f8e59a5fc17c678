"""Rows against specification limits: probabilities, alarms at a cost, and how right they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm

from ntkreg.decision.conformal import effective_number, group_weights, probability_below
from ntkreg.decision.intervals import folds_with_judges
from ntkreg.decision.results import Count, ReliabilityBin, SpecificationResult
from ntkreg.evaluation.results import SplitPlan

# a missed bad row is worth ten false alarms unless the user says otherwise
COST_RATIO = 10.0
MIN_FOR_AUC = 5
N_BINS = 5

Array = NDArray[np.float64]


def probability_out(
    prediction: Array,
    sigmas: Array,
    limits: tuple[float | None, float | None],
    scores: Array,
    weights: Array | None = None,
    n_effective: float | None = None,
) -> Array:
    """Return the probability that the true value of each row is below or above the limits.

    Parameters
    ----------
    prediction, sigmas : ndarray of shape (n_rows,)
        Predictions and their difficulty.
    limits : tuple of float or None
        Lower and upper; values on a limit are within specification.
    scores : ndarray of shape (n_calibration,)
        Held-out residuals over their difficulty.
    weights, n_effective
        As in :func:`ntkreg.decision.conformal.conformal_quantile`.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    lower, upper = limits
    total = np.zeros(len(prediction))
    if lower is not None:
        total += probability_below((lower - prediction) / sigmas, scores, weights, n_effective)
    if upper is not None:
        # by symmetry, so that both tails are treated alike
        total += probability_below((prediction - upper) / sigmas, -scores, weights, n_effective)
    return np.minimum(total, 1.0)


def judge_specification(
    y: Array,
    prediction: Array,
    sigmas: Array,
    plan: SplitPlan,
    limits: tuple[float | None, float | None],
    cost_ratio: float = COST_RATIO,
) -> SpecificationResult:
    """Judge held-out rows, each by the residuals of the other folds (of earlier folds along time).

    Parameters
    ----------
    y, prediction, sigmas : ndarray of shape (n_rows,)
        Target, mean held-out prediction and difficulty; NaN where never tested.
    plan : SplitPlan
    limits : tuple of float or None
    cost_ratio : float, default=10.0
        How many false alarms one missed bad row is worth. An alarm is raised where it costs less
        than silence, from the probability 1 / (1 + cost_ratio) on.

    Returns
    -------
    SpecificationResult
    """
    probability = np.full(len(y), np.nan)
    residuals = (y - prediction) / sigmas
    for rows, judges in folds_with_judges(np.isfinite(residuals), plan):
        unit, scores = plan.unit[judges], residuals[judges]
        probability[rows] = probability_out(
            prediction[rows],
            sigmas[rows],
            limits,
            scores,
            group_weights(unit),
            effective_number(np.abs(scores), unit),
        )
    judged = np.isfinite(probability)
    stated, bad = probability[judged], out_of(y[judged], limits)
    threshold = 1.0 / (1.0 + cost_ratio)
    alarm = stated >= threshold
    auc, auc_interval = area_under_curve(stated, bad)
    return SpecificationResult(
        lower=limits[0],
        upper=limits[1],
        probability=probability,
        cost_ratio=cost_ratio,
        threshold=threshold,
        bad_caught=count(alarm[bad]),
        good_alarmed=count(alarm[~bad]),
        alarm_right=count(bad[alarm]),
        auc=auc,
        auc_interval=auc_interval,
        reliability=reliability(stated, bad),
    )


def out_of(values: Array, limits: tuple[float | None, float | None]) -> NDArray[np.bool_]:
    """Return which values lie below the lower or above the upper limit."""
    lower, upper = limits
    below = values < (-np.inf if lower is None else lower)
    result: NDArray[np.bool_] = below | (values > (np.inf if upper is None else upper))
    return result


def count(hits: NDArray[np.bool_]) -> Count:
    """Count, with the exact 95 % interval of the share; (0, 1) where there is nothing to count."""
    n_hits, total = int(hits.sum()), len(hits)
    if total == 0:
        return Count(0, 0, 0.0, 1.0)
    interval = binomtest(n_hits, total).proportion_ci(0.95, method="exact")
    return Count(n_hits, total, float(interval.low), float(interval.high))


def area_under_curve(stated: Array, bad: NDArray[np.bool_]) -> tuple[float, tuple[float, float]]:
    """Return the area under the ROC curve with its 95 % interval.

    NaN with fewer than 5 bad or 5 good rows: one row more or less would change it too much.
    """
    from sklearn.metrics import roc_auc_score

    n_bad, n_good = int(bad.sum()), int((~bad).sum())
    if min(n_bad, n_good) < MIN_FOR_AUC:
        return float("nan"), (float("nan"), float("nan"))
    auc = float(roc_auc_score(bad, stated))
    if auc in (0.0, 1.0):
        # the formula gives no width here: as sure as of so many successes in a row
        sure = count(np.full(min(n_bad, n_good), auc == 1.0))
        return auc, (sure.low, sure.high)
    # Hanley and McNeil 1982, Radiology 143, 29-36
    q1, q2 = auc / (2.0 - auc), 2.0 * auc**2 / (1.0 + auc)
    variance = auc * (1.0 - auc) + (n_bad - 1) * (q1 - auc**2) + (n_good - 1) * (q2 - auc**2)
    margin = float(norm.ppf(0.975)) * np.sqrt(max(variance, 0.0) / (n_bad * n_good))
    return auc, (float(max(auc - margin, 0.0)), float(min(auc + margin, 1.0)))


def reliability(stated: Array, bad: NDArray[np.bool_]) -> tuple[ReliabilityBin, ...]:
    """Return the bins of 20 % of stated probability that hold rows."""
    place = np.minimum((stated * N_BINS).astype(np.int64), N_BINS - 1)
    return tuple(
        ReliabilityBin(float(stated[place == k].mean()), count(bad[place == k]))
        for k in np.unique(place)
    )
