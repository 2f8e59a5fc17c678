"""Where the explanations of two models say different things about the same column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ntkreg.inspection.results import Explanation
from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.dataset import Dataset

Difference = Literal["direction", "rows", "share"]

NEGLIGIBLE = 0.05
# a rank correlation of Shapley value and column below this is a shape rather than a direction
DIRECTED = 0.5
SAME_ROWS = 0.5
RATIO = 2.0
MIN_ROWS = 10


@dataclass(frozen=True)
class Agreement:
    """What two models say about one column.

    Parameters
    ----------
    index : int
        Position among the feature columns.
    shares : tuple of float
        Share of the column in all effects (mean absolute Shapley values), one a model.
    directions : tuple of int
        1 where the Shapley value rises with the column, -1 where it falls, 0 where it does
        neither on the whole (and for categories).
    correlation : float
        Rank correlation of the Shapley values on the rows that both explain; NaN where a model
        has none that vary.
    matters : bool
        Whether the column is more than negligible in at least one model.
    differences : tuple of {"direction", "rows", "share"}
        The ways in which the models differ, the gravest first; empty where they agree.
    """

    index: int
    shares: tuple[float, float]
    directions: tuple[int, int]
    correlation: float
    matters: bool
    differences: tuple[Difference, ...]


def compare_explanations(
    first: Explanation, second: Explanation, dataset: Dataset
) -> tuple[Agreement, ...]:
    """Compare two explanations column by column.

    Parameters
    ----------
    first, second : Explanation
        Of two models on the rows of the same table.
    dataset : Dataset
        That table.

    Returns
    -------
    tuple of Agreement
        One a feature column, in the order of the table. A column that is negligible in both
        models (below 5 % of all effects, or below half the average share if that is less) is
        never called different. Directions differ when the Shapley values clearly rise with the
        column in one model and clearly fall in the other (rank correlations beyond 0.5), rows
        when the Shapley values of the two have a rank correlation below 0.5 although neither
        is negligible, and shares from a factor of 2 on.
    """
    _, own, other = np.intersect1d(first.rows, second.rows, return_indices=True)
    shares = np.column_stack([_shares(first), _shares(second)])
    negligible = min(NEGLIGIBLE, 0.5 / max(1, len(shares)))
    found = []
    for j, column in enumerate(dataset.feature_columns):
        cells = dataset.features[column.key]
        x = numbers(cells) if is_numeric(cells) else np.full(len(cells), np.nan)
        directions = tuple(_direction(x[e.rows], e.values[:, j]) for e in (first, second))
        correlation = rank_correlation(first.values[own, j], second.values[other, j])
        high, low = shares[j].max(), shares[j].min()
        both = low >= negligible
        said: dict[Difference, bool] = {
            "direction": both and directions[0] * directions[1] < 0,
            # a column that one model leaves out has no rows to differ in
            "rows": both and bool(correlation < SAME_ROWS),
            "share": high >= negligible and high >= RATIO * low,
        }
        differences = tuple(name for name, holds in said.items() if holds)
        found.append(
            Agreement(
                j,
                (float(shares[j, 0]), float(shares[j, 1])),
                (directions[0], directions[1]),
                correlation,
                bool(high >= negligible),
                differences,
            )
        )
    return tuple(found)


def rank_correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation on the rows where both are known.

    Parameters
    ----------
    x, y : ndarray of shape (n_rows,)

    Returns
    -------
    float
        NaN below 10 such rows or where one of the two does not vary.
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < MIN_ROWS or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(spearmanr(x, y).statistic)


def _shares(explanation: Explanation) -> NDArray[np.float64]:
    importance = explanation.importance
    total = float(importance.sum())
    return importance / total if total > 0 else importance


def _direction(x: NDArray[np.float64], values: NDArray[np.float64]) -> int:
    trend = rank_correlation(x, values)
    return int(np.sign(trend)) if abs(trend) >= DIRECTED else 0
