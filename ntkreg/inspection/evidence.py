"""What the Shapley values and the residuals together say about one column.

The direction of a column is the least-squares slope of its Shapley values on the column. A model
follows its own noise with great regularity, so the slope of the Shapley values alone is nearly
always "certain". What is resampled is therefore the Shapley value plus the residual of the row
(the component-plus-residual plot: Larsen and McCleary 1972, Technometrics 14, 781-790): a
direction counts as sure only if the rows' own errors leave no doubt about it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ntkreg.inspection.results import Explanation
from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.dataset import Column, Dataset

N_RESAMPLES = 1000
MIN_ROWS = 10
CORRELATED = 0.8

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What is known about one column.

    Parameters
    ----------
    slope : float
        Least-squares slope of the Shapley value, target units per standard deviation of the
        column; NaN for categories.
    resampled_slopes : ndarray of shape (n_resamples,)
        Slopes of Shapley value plus residual on resampled rows; empty when the column does not
        vary on at least 10 of them.
    monotone : float
        |Spearman correlation| between column and Shapley value.
    share : float
        Share of the column in the total importance.
    shares, sizes : ndarray of shape (n_resamples,)
        Resampled share, and resampled mean |Shapley value|.
    chance : float
        What a column without effect reaches as mean |Shapley value|, about: spread of the
        residuals / sqrt(rows of the table).
    negligible_share : float
        Below this share a column counts as negligible: 5 %, or half the average share if less.
    partner : str or None
        Most correlated other column.
    """

    slope: float
    resampled_slopes: Values
    monotone: float
    share: float
    shares: Values
    sizes: Values
    chance: float
    negligible_share: float
    partner: str | None


def gather_evidence(
    column: Column,
    explanation: Explanation,
    dataset: Dataset,
    rng: np.random.Generator,
    residuals: Values | None,
) -> Evidence:
    """Gather what is known about one feature column; parameters as in `judge_knowledge`."""
    j = [c.key for c in dataset.feature_columns].index(column.key)
    rows, effects = explanation.rows, explanation.values[:, j]
    errors = dataset.y[rows] - explanation.predictions if residuals is None else residuals
    spread = float(np.nanstd(errors))
    # a slope learned from all rows is surer than one from the explained rows alone
    shrink = np.sqrt(len(rows) / dataset.n_rows)
    own_errors = errors if residuals is None else residuals[rows]
    own_errors = np.where(np.isfinite(own_errors), own_errors, 0.0) * shrink
    weights = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), N_RESAMPLES)
    sizes = weights @ np.abs(effects) / len(rows)
    totals = weights @ np.abs(explanation.values).sum(axis=1) / len(rows)
    total = max(float(explanation.importance.sum()), np.finfo(float).tiny)
    values = dataset.features[column.key]
    slope, slopes, monotone = np.nan, np.zeros(N_RESAMPLES), 1.0
    if is_numeric(values):
        x = numbers(values)[rows]
        slope, slopes, monotone = _slopes(x, effects, own_errors, weights)
    return Evidence(
        slope=slope,
        resampled_slopes=slopes,
        monotone=monotone,
        share=float(explanation.importance[j]) / total,
        shares=sizes / np.maximum(totals, np.finfo(float).tiny),
        sizes=sizes,
        # never zero: rounding must not turn a column that is not used into one that is
        chance=max(spread / np.sqrt(dataset.n_rows), 1e-9 * total),
        negligible_share=min(0.05, 0.5 / len(dataset.feature_columns)),
        partner=correlated_partner(column, dataset) if is_numeric(values) else None,
    )


def _slopes(
    x: Values, effects: Values, errors: Values, weights: NDArray[np.int64]
) -> tuple[float, Values, float]:
    """Slope, resampled slopes (none if the rows do not allow it) and |Spearman correlation|."""
    known = np.isfinite(x)
    x, effects, errors, weights = x[known], effects[known], errors[known], weights[:, known]
    if len(x) < MIN_ROWS or np.ptp(x) == 0:
        return np.nan, np.zeros(0), 0.0
    z = (x - x.mean()) / x.std()
    slope = float(z @ effects / len(z))
    if np.ptp(effects) == 0:
        return slope, np.zeros(len(weights)), 0.0
    noisy = effects + errors
    n = np.maximum(weights.sum(axis=1), 1)
    mean_z, mean_noisy = weights @ z / n, weights @ noisy / n
    variance = weights @ z**2 / n - mean_z**2
    covariance = weights @ (z * noisy) / n - mean_z * mean_noisy
    slopes = covariance / np.where(variance > 0, variance, np.inf)
    return slope, slopes, float(abs(spearmanr(x, effects).statistic))


def correlated_partner(column: Column, dataset: Dataset) -> str | None:
    """Return the name of the column most correlated with a numeric column, if |r| > 0.8.

    Parameters
    ----------
    column : Column
        A numeric feature.
    dataset : Dataset
        Its table.

    Returns
    -------
    str or None
        |r| is the larger of |Pearson| and |Spearman| on rows where both are known.
    """
    best, partner = CORRELATED, None
    own = pd.Series(numbers(dataset.features[column.key]))
    for other in dataset.feature_columns:
        if other.key == column.key or not is_numeric(dataset.features[other.key]):
            continue
        their = pd.Series(numbers(dataset.features[other.key]))
        known = own.notna() & their.notna()
        x, z = own[known], their[known]
        if len(x) < MIN_ROWS or x.nunique() < 2 or z.nunique() < 2:
            continue
        r = max(abs(x.corr(z)), abs(x.rank().corr(z.rank())))
        if r > best:
            best, partner = r, other.name
    return partner
