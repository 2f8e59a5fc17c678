"""How strongly two columns move together, whatever their kinds."""

from __future__ import annotations

from collections.abc import Collection

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


def level_codes(levels: pd.Series) -> NDArray[np.int64]:
    """Return the number of the level in each row, missing being one of the levels."""
    return pd.factorize(levels.fillna("").astype(str))[0].astype(np.int64)


def shared_levels(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Return how closely the levels of two categories go together, between 0 and 1.

    Parameters
    ----------
    first, second : ndarray of shape (n_rows,)
        Numbers of the levels.

    Returns
    -------
    float
        Cramer's V corrected for bias, so that many small levels do not go together by chance
        (Bergsma 2013, Journal of the Korean Statistical Society 42, 323-328). 0 with fewer than
        10 rows or a single level.
    """
    n = len(first)
    if n < MIN_ROWS or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    sizes, other = np.bincount(first), np.bincount(second)
    pairs, counts = np.unique(first * len(other) + second, return_counts=True)
    expected = sizes[pairs // len(other)].astype(np.float64) * other[pairs % len(other)]
    phi2 = float((counts.astype(np.float64) ** 2 / expected).sum()) - 1.0
    r, k = (float((c > 0).sum()) for c in (sizes, other))
    phi2 = max(0.0, phi2 - (r - 1) * (k - 1) / (n - 1))
    smaller = min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1
    return float(min(1.0, np.sqrt(phi2 / smaller))) if smaller > 1e-9 else 0.0


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
        and a category: the square root of :func:`explained_by_levels`. Two categories:
        :func:`shared_levels`. 0 when there are fewer than 10 rows or no variation.
    """
    if not is_numeric(first):
        first, second = second, first
    if not is_numeric(first):
        return shared_levels(level_codes(first), level_codes(second))
    if not is_numeric(second):
        return float(np.sqrt(explained_by_levels(second, numbers(first))))
    pair = pd.DataFrame({"x": numbers(first), "z": numbers(second)}).dropna()
    if len(pair) < MIN_ROWS or (pair.nunique() < 2).any():
        return 0.0
    return max(
        abs(float(np.corrcoef(table.to_numpy(), rowvar=False)[0, 1]))
        for table in (pair, pair.rank())
    )


def correlated_partner(
    column: Column, dataset: Dataset, apart_from: Collection[str] = ()
) -> str | None:
    """Return the name of the feature that moves most closely together with a feature.

    Parameters
    ----------
    column : Column
        A feature.
    dataset : Dataset
        Its table.
    apart_from : collection of str, default=()
        Names of features that do not count.

    Returns
    -------
    str or None
        None when no :func:`association` is above 0.8.
    """
    own = dataset.features[column.key]
    strengths = {
        other.name: association(own, dataset.features[other.key])
        for other in dataset.feature_columns
        if other.key != column.key and other.name not in apart_from
    }
    partner = max(strengths, key=lambda name: strengths[name], default=None)
    return partner if partner is not None and strengths[partner] > CORRELATED else None
