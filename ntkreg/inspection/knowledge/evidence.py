"""What the Shapley values and the residuals together say about one column or cluster.

The direction of a column is the least-squares slope of its Shapley values on the column (of a
cluster: of their sums on its principal direction). A model
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
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ntkreg.inspection.knowledge.joint import Joint, adjusted
from ntkreg.inspection.knowledge.turning import Turning, find_turning
from ntkreg.inspection.resampling import (
    resampled_slope,
    resampled_sums,
    resampling_units,
)
from ntkreg.inspection.results import Expectation, Explanation
from ntkreg.io.dataset import Dataset

N_RESAMPLES = 1000
MIN_ROWS = 10

TINY = float(np.finfo(np.float64).tiny)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What is known about one column, or about the cluster it belongs to.

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
    n_members : int
        Number of columns whose Shapley values are summed.
    turning : Turning or None
        For an expected peak or valley: the two lines of its sides, None with too few rows.
    """

    slope: float
    resampled_slopes: Values
    monotone: float
    share: float
    shares: Values
    sizes: Values
    chance: float
    negligible_share: float
    n_members: int
    turning: Turning | None


def gather_evidence(
    expectation: Expectation,
    joint: Joint,
    explanation: Explanation,
    dataset: Dataset,
    rng: np.random.Generator,
    residuals: Values | None,
) -> Evidence:
    """Gather what is known about one column or cluster within the range of an expectation."""
    errors = _errors(explanation, dataset, residuals)
    units = resampling_units(dataset, rng)
    n_units = int(units.max()) + 1
    draws = rng.multinomial(n_units, np.full(n_units, 1 / n_units), N_RESAMPLES)
    x, n_members = joint.x, len(joint.members)
    used = np.ones(len(explanation.rows), dtype=bool)
    if x is not None and expectation.has_range:
        used = np.isfinite(x[explanation.rows])
    rows, effects, absolute = _attributions(joint, explanation, used, expectation.has_range)
    counts, sizes, totals = resampled_sums(draws, units[rows], np.ones(len(rows)), *absolute.T)
    total = max(float(absolute[:, 1].sum()), TINY)
    known = np.isfinite(errors)
    chance = float(errors[known].std() / np.sqrt(dataset.n_rows))
    slope, slopes, monotone, turning = np.nan, np.zeros(N_RESAMPLES), 1.0, None
    if x is not None:
        slope, slopes, noise, monotone = _slopes(joint, x, rows, effects, errors, draws, units)
        chance = float(noise.std()) if len(noise) else chance
        slopes = slopes + noise
        if expectation.effect in ("peak", "valley"):
            turning = find_turning(x, rows, effects, errors, draws, units)
    return Evidence(
        slope=slope,
        resampled_slopes=slopes,
        monotone=monotone,
        share=float(absolute[:, 0].sum()) / total,
        shares=sizes / np.maximum(totals, TINY),
        sizes=sizes / np.maximum(counts, TINY),
        # never zero: rounding must not turn a column that is not used into one that is
        chance=max(chance, 1e-9 * float(explanation.importance.sum()), TINY),
        negligible_share=min(0.05, 0.5 * n_members / len(dataset.feature_columns)),
        n_members=n_members,
        turning=turning,
    )


def _attributions(
    joint: Joint, explanation: Explanation, used: NDArray[np.bool_], centred: bool
) -> tuple[NDArray[np.int64], Values, Values]:
    """Explained rows that count, joint Shapley values, and their size beside that of all."""
    values = explanation.values[used]
    own = values[:, list(joint.members)]
    effects: Values = own.sum(axis=1)
    rest = np.abs(values).sum(axis=1) - np.abs(own).sum(axis=1)
    total = np.abs(effects) + rest
    if centred and len(effects):
        # what counts within a range is how the effect changes there, not its level
        effects = effects - effects.mean()
    return explanation.rows[used], effects, np.column_stack([np.abs(effects), total])


def _errors(explanation: Explanation, dataset: Dataset, residuals: Values | None) -> Values:
    """Residuals on all rows, NaN where there is none, shape (n_rows,)."""
    if residuals is not None:
        return np.asarray(residuals, dtype=np.float64)
    errors = np.full(dataset.n_rows, np.nan)
    own = dataset.y[explanation.rows] - explanation.predictions
    # what was learned from all rows is surer than what the explained rows alone could tell
    errors[explanation.rows] = own * np.sqrt(len(own) / dataset.n_rows)
    return errors


def _slopes(
    joint: Joint,
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
    left = adjusted(z[usable] - z[usable].mean(), joint.outside[usable])
    return (
        slope,
        resampled_slope(draws, units[rows], z[rows], effects),
        resampled_slope(draws, units[usable], left, errors[usable]),
        float(monotone),
    )
