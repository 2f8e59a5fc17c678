"""Background rows: a few distinct rows that, weighted equally, stand for the whole table.

Shapley values replace absent columns by those of background rows, each used equally often. Cluster
centres or medoids would have to be weighted by cluster size; unweighted they give outliers, which
form clusters of their own, far too much say. Support points are made for equal weights: they
minimise the energy distance to the table.

Source: Mak and Joseph (2018), Support points, Annals of Statistics 46(6A), 2562-2592; chosen here
greedily, as in Chen, Welling and Smola (2010), Super-samples from kernel herding, UAI.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from ntkreg.inspection.space import embed, fit_space

MAX_CANDIDATES = 2000


def support_rows(points: NDArray[np.float64], n_chosen: int) -> NDArray[np.int64]:
    """Choose distinct rows whose equal-weight distribution is close to that of all rows.

    Each step takes the row that reduces most the energy distance
    2 E|C - X| - E|C - C'| - E|X - X'| between the chosen rows C and all rows X.

    Parameters
    ----------
    points : ndarray of shape (n_rows, n_dimensions)
        Rows in comparable units.
    n_chosen : int
        Number of rows wanted, at most n_rows.

    Returns
    -------
    ndarray of shape (n_chosen,) of int
        Row positions in increasing order.
    """
    distances = cdist(points, points)
    mean_distance = distances.mean(axis=1)
    to_chosen = np.zeros(len(points))
    free = np.ones(len(points), dtype=bool)
    chosen = np.empty(n_chosen, dtype=np.int64)
    for step in range(n_chosen):
        gain = to_chosen / (step + 1) - mean_distance
        chosen[step] = int(np.argmax(np.where(free, gain, -np.inf)))
        free[chosen[step]] = False
        to_chosen += distances[chosen[step]]
    return np.sort(chosen)


def choose_background(
    features: pd.DataFrame, n_background: int = 50, *, seed: int = 0
) -> NDArray[np.int64]:
    """Choose the background rows of a feature table.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        Numeric columns with NaN, category columns holding str or None.
    n_background : int, default=50
        Number of rows; all rows when the table has fewer.
    seed : int, default=0
        Draws the candidates in tables of more than 2,000 rows.

    Returns
    -------
    ndarray of shape (min(n_background, n_rows),) of int
        Distinct row positions in increasing order.
    """
    candidates = np.arange(len(features))
    if len(candidates) > MAX_CANDIDATES:
        rng = np.random.default_rng(seed)
        candidates = np.sort(rng.choice(candidates, MAX_CANDIDATES, replace=False))
    table = features.iloc[candidates]
    points = embed(table, fit_space(table))
    return candidates[support_rows(points, min(n_background, len(candidates)))]
