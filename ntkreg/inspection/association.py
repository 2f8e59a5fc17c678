"""How strongly two columns move together, whatever their kinds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.dataset import Column, Dataset

MIN_ROWS = 10
CORRELATED = 0.8


def explained_by_levels(levels: pd.Series, values: NDArray[np.float64]) -> float:
    """Return the share of the variance of numbers that the levels of a category explain.

    Parameters
    ----------
    levels : Series of shape (n_rows,)
        Category; missing counts as a level.
    values : ndarray of shape (n_rows,)
        Numbers.

    Returns
    -------
    float
        Adjusted correlation ratio, 1 - (mean square within) / (mean square in total), on the rows
        whose level occurs at least twice and whose number is known, so that many small levels do
        not explain anything by themselves. 0 when there are fewer than 10 such rows.
    """
    known = np.isfinite(values)
    texts = levels[known].fillna("").astype(str)
    repeated = texts.map(texts.value_counts()).to_numpy() >= 2
    y, codes = values[known][repeated], pd.factorize(texts[repeated])[0]
    n_levels = len(np.unique(codes))
    if len(y) < max(MIN_ROWS, n_levels + 2) or n_levels < 2 or np.ptp(y) == 0:
        return 0.0
    means = np.bincount(codes, weights=y) / np.bincount(codes)
    within = ((y - means[codes]) ** 2).sum() / (len(y) - n_levels)
    return float(np.clip(1.0 - within / y.var(ddof=1), 0.0, 1.0))


def association(first: pd.Series, second: pd.Series) -> float:
    """Return how strongly two columns move together, between 0 and 1.

    Parameters
    ----------
    first, second : Series of shape (n_rows,)
        Numbers, or texts and None.

    Returns
    -------
    float
        Two numbers: the larger of |Pearson| and |Spearman| on rows where both are known. A number
        and a category: the square root of :func:`explained_by_levels`. Two categories: 0, not
        measured. 0 as well when there are fewer than 10 rows or no variation.
    """
    if not is_numeric(first):
        first, second = second, first
    if not is_numeric(first):
        return 0.0
    if not is_numeric(second):
        return float(np.sqrt(explained_by_levels(second, numbers(first))))
    pair = pd.DataFrame({"x": numbers(first), "z": numbers(second)}).dropna()
    if len(pair) < MIN_ROWS or (pair.nunique() < 2).any():
        return 0.0
    return max(
        abs(float(np.corrcoef(table.to_numpy(), rowvar=False)[0, 1]))
        for table in (pair, pair.rank())
    )


def correlated_partner(column: Column, dataset: Dataset) -> str | None:
    """Return the name of the feature that moves most closely together with a feature.

    Parameters
    ----------
    column : Column
        A feature.
    dataset : Dataset
        Its table.

    Returns
    -------
    str or None
        None when no :func:`association` is above 0.8.
    """
    own = dataset.features[column.key]
    strengths = {
        other.name: association(own, dataset.features[other.key])
        for other in dataset.feature_columns
        if other.key != column.key
    }
    partner = max(strengths, key=lambda name: strengths[name], default=None)
    return partner if partner is not None and strengths[partner] > CORRELATED else None
