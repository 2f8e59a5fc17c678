"""What the Shapley values and the residuals together say about one column.

The direction of a column is the least-squares slope of its Shapley values on the column. A model
follows its own noise with great regularity, so the slope of the Shapley values alone is nearly
always "certain". What is resampled is therefore the Shapley value plus the residual of the row
(the component-plus-residual plot: Larsen and McCleary 1972, Technometrics 14, 781-790): a
direction counts as sure only if the rows' own errors leave no doubt about it.

Rows of one lot share what is special about the lot, and rows near in time share slow disturbances.
Whole lots, or whole stretches of time, are resampled where the table has them (cluster and block
bootstrap: Davison and Hinkley 1997, Bootstrap Methods and their Application, sections 3.8, 8.2.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ntkreg.inspection.association import correlated_partner
from ntkreg.inspection.results import Explanation
from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.dataset import Column, Dataset

N_RESAMPLES = 1000
MIN_ROWS = 10
MIN_GROUPS = 5
MAX_UNITS = 2000

TINY = float(np.finfo(np.float64).tiny)

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
        What a column without effect reaches as mean |Shapley value|, about: the spread of the
        resampled slopes of the residuals, which is spread / sqrt(n) for independent rows.
    negligible_share : float
        Below this share a column counts as negligible: 5 %, or half the average share if less.
    partner : str or None
        Other column that moves together with this one.
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
    errors = _errors(explanation, dataset, residuals)
    units = resampling_units(dataset, rng)
    n_units = int(units.max()) + 1
    draws = rng.multinomial(n_units, np.full(n_units, 1 / n_units), N_RESAMPLES)
    absolute = np.column_stack([np.abs(effects), np.abs(explanation.values).sum(axis=1)])
    counts, sizes, totals = _resampled_sums(draws, units[rows], np.ones(len(rows)), *absolute.T)
    total = max(float(explanation.importance.sum()), TINY)
    known = np.isfinite(errors)
    chance = float(errors[known].std() / np.sqrt(dataset.n_rows))
    slope, slopes, monotone = np.nan, np.zeros(N_RESAMPLES), 1.0
    values = dataset.features[column.key]
    if is_numeric(values):
        x = numbers(values)
        slope, slopes, noise, monotone = _slopes(x, rows, effects, errors, draws, units)
        chance = float(noise.std()) if len(noise) else chance
        slopes = slopes + noise
    return Evidence(
        slope=slope,
        resampled_slopes=slopes,
        monotone=monotone,
        share=float(explanation.importance[j]) / total,
        shares=sizes / np.maximum(totals, TINY),
        sizes=sizes / np.maximum(counts, TINY),
        # never zero: rounding must not turn a column that is not used into one that is
        chance=max(chance, 1e-9 * total),
        negligible_share=min(0.05, 0.5 / len(dataset.feature_columns)),
        partner=correlated_partner(column, dataset),
    )


def resampling_units(dataset: Dataset, rng: np.random.Generator) -> NDArray[np.int64]:
    """Give each row the number of the unit that is resampled as a whole, shape (n_rows,).

    Groups where there are at least 5; else sqrt(n) stretches of time where there is a time; else
    single rows (random sets of rows in tables of more than 2,000).
    """
    n_rows = dataset.n_rows
    if dataset.groups is not None:
        codes = pd.factorize(dataset.groups)[0]
        if codes.max() + 1 >= MIN_GROUPS:
            return codes.astype(np.int64)
    if dataset.time is not None:
        rank = np.argsort(np.argsort(dataset.time, kind="stable"), kind="stable")
        return rank * int(np.ceil(np.sqrt(n_rows))) // n_rows
    return rng.permutation(n_rows) % min(n_rows, MAX_UNITS)


def _errors(explanation: Explanation, dataset: Dataset, residuals: Values | None) -> Values:
    """Residuals on all rows, NaN where there is none, shape (n_rows,)."""
    if residuals is not None:
        return np.asarray(residuals, dtype=np.float64)
    errors = np.full(dataset.n_rows, np.nan)
    own = dataset.y[explanation.rows] - explanation.predictions
    # what was learned from all rows is surer than what the explained rows alone could tell
    errors[explanation.rows] = own * np.sqrt(len(own) / dataset.n_rows)
    return errors


def _resampled_sums(
    draws: NDArray[np.int64], units: NDArray[np.int64], *columns: Values
) -> tuple[Values, ...]:
    """Sum each column over the rows of every resample, each of shape (n_resamples,)."""
    n_units = draws.shape[1]
    sums = np.column_stack([np.bincount(units, c, minlength=n_units) for c in columns])
    return tuple((draws.astype(np.float64) @ sums).T)


def _slopes(
    x: Values,
    rows: NDArray[np.int64],
    effects: Values,
    errors: Values,
    draws: NDArray[np.int64],
    units: NDArray[np.int64],
) -> tuple[float, Values, Values, float]:
    """Slope, resampled slopes of effects and of errors, |Spearman correlation|.

    The resampled ones are empty when the column does not vary on enough explained rows.
    """
    known = np.isfinite(x[rows])
    rows, effects = rows[known], effects[known]
    if len(rows) < MIN_ROWS or np.ptp(x[rows]) == 0:
        return np.nan, np.zeros(0), np.zeros(0), 0.0
    z = (x - x[rows].mean()) / x[rows].std()
    slope = float(z[rows] @ effects / len(rows))
    monotone = 0.0 if np.ptp(effects) == 0 else abs(spearmanr(x[rows], effects).statistic)
    usable = np.flatnonzero(np.isfinite(x) & np.isfinite(errors))
    return (
        slope,
        _resampled_slope(draws, units[rows], z[rows], effects),
        _resampled_slope(draws, units[usable], z[usable], errors[usable]),
        float(monotone),
    )


def _resampled_slope(
    draws: NDArray[np.int64], units: NDArray[np.int64], z: Values, values: Values
) -> Values:
    n, sum_z, sum_v, sum_zz, sum_zv = _resampled_sums(
        draws, units, np.ones(len(z)), z, values, z * z, z * values
    )
    n = np.maximum(n, 1)
    variance = sum_zz / n - (sum_z / n) ** 2
    covariance = sum_zv / n - (sum_z / n) * (sum_v / n)
    slopes: Values = covariance / np.where(variance > 1e-12, variance, np.inf)
    return slopes
