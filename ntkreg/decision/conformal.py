"""Quantiles and probabilities from held-out residuals, with groups that count as one.

Rows of a group (a lot, repeated settings) err together, so that they are worth fewer independent
rows than they are. Each group has the same weight, and the n of the conformal quantile, the
floor((1 - confidence)(n + 1))-th largest of n scores, is the effective number

    n_eff = G^2 / sum_g [(1 + (m_g - 1) rho) / m_g],

m_g the size of group g and rho the intraclass correlation of the absolute scores (Kish 1965,
Survey Sampling, ch. 5; Donner 1986). At rho = 1 it is the number of groups, as in the hierarchical
conformal prediction of Lee, Barber and Willett (arXiv 2306.06342), at rho = 0 and equal sizes the
number of rows. Pooled rows covered a new group too rarely, weights with n = G far too often
(docs/performance.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# (1 - 0.9) * 10 is a little less than 1 in floating point and would cost one rank
_SPECK = 1e-9


def group_weights(unit: NDArray[np.int64]) -> Array:
    """Return weights of the rows, the same sum for each group, total 1."""
    _, place, sizes = np.unique(unit, return_inverse=True, return_counts=True)
    weights: Array = 1.0 / (sizes[place] * len(sizes))
    return weights


def effective_number(scores: Array, unit: NDArray[np.int64]) -> float:
    """Return how many independent rows the rows of groups are worth.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
        Absolute residuals.
    unit : ndarray of shape (n_rows,) of int
        Group of each row.

    Returns
    -------
    float
        Between the number of groups and the number of rows; 1 for a single group.
    """
    _, place, sizes = np.unique(unit, return_inverse=True, return_counts=True)
    n_groups = len(sizes)
    if n_groups <= 1:
        return float(n_groups)
    rho = intraclass_correlation(scores, place, sizes)
    return float(n_groups**2 / np.sum((1.0 + (sizes - 1.0) * rho) / sizes))


def intraclass_correlation(
    scores: Array, place: NDArray[np.int64], sizes: NDArray[np.int64]
) -> float:
    """Return the share of the variance that lies between groups (one-way ANOVA), 0 to 1."""
    n_rows, n_groups = len(scores), len(sizes)
    if n_rows == n_groups:
        return 0.0
    means = np.bincount(place, scores) / sizes
    between = float((sizes * (means - scores.mean()) ** 2).sum()) / (n_groups - 1)
    within = float(((scores - means[place]) ** 2).sum()) / (n_rows - n_groups)
    typical_size = (n_rows - float((sizes**2).sum()) / n_rows) / (n_groups - 1)
    shared = (between - within) / typical_size
    return min(max(shared, 0.0) / (max(shared, 0.0) + within), 1.0) if between > 0 else 0.0


def conformal_quantile(
    scores: Array, confidence: float, weights: Array | None = None, n_effective: float | None = None
) -> float:
    """Return what the score of a new row exceeds with probability 1 - confidence at most.

    Parameters
    ----------
    scores : ndarray of shape (n_calibration,)
        Absolute residuals, over their difficulty.
    confidence : float
        Nominal coverage.
    weights : ndarray of shape (n_calibration,), optional
        Default: equal.
    n_effective : float, optional
        Default: the number of scores.

    Returns
    -------
    float
        Infinite when there are too few (effective) scores for the confidence.
    """
    n = len(scores) if n_effective is None else n_effective
    if n <= 0 or confidence * (n + 1) > n + _SPECK:
        return float("inf")
    order = np.argsort(scores, kind="stable")
    shares = np.ones(len(scores)) if weights is None else weights[order]
    cumulated = np.cumsum(shares) / shares.sum()
    rank = int(np.searchsorted(cumulated, confidence * (1.0 + 1.0 / n) - _SPECK))
    return float(scores[order[min(rank, len(scores) - 1)]])


def probability_below(
    limits: Array, scores: Array, weights: Array | None = None, n_effective: float | None = None
) -> Array:
    """Return the probability that the score of a new row is below a limit.

    The conformal predictive system (Vovk et al. 2017): the place of the limit among n + 1 scores,
    the new one's own among them; ties and its own place count half.

    Parameters
    ----------
    limits : ndarray of shape (n_rows,)
    scores : ndarray of shape (n_calibration,)
        Signed residuals, over their difficulty.
    weights, n_effective
        As in :func:`conformal_quantile`.

    Returns
    -------
    ndarray of shape (n_rows,)
        Strictly between 0 and 1; NaN where the limit is NaN or there are no scores.
    """
    n = len(scores) if n_effective is None else n_effective
    if len(scores) == 0:
        return np.full(len(limits), np.nan)
    order = np.argsort(scores, kind="stable")
    shares = np.ones(len(scores)) if weights is None else weights[order]
    cumulated = np.concatenate([[0.0], np.cumsum(shares) / shares.sum()])
    ranked = scores[order]
    below = cumulated[np.searchsorted(ranked, limits, side="left")]
    up_to = cumulated[np.searchsorted(ranked, limits, side="right")]
    result: Array = (n * (below + up_to) / 2.0 + 0.5) / (n + 1.0)
    return np.where(np.isnan(limits), np.nan, result)
