"""Columns that move together: how strongly every two do, and the clusters they form.

Complete linkage (Kaufman and Rousseeuw 1990, Finding Groups in Data, chapter 5) on the distance
1 - strength, cut so that every two columns of a cluster are above the limit. A chain of columns
of which the first and the last have little to do with each other is therefore no cluster.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.sparse import csr_array
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from ntkreg.inspection.association import CORRELATED, MIN_ROWS, level_codes, shared_levels
from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.dataset import Dataset

MAX_ROWS = 5000

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Clusters:
    """Feature columns that move together.

    Parameters
    ----------
    strengths : ndarray of shape (n_features, n_features)
        How strongly two columns move together. Two numbers: Spearman's rank correlation, with
        its sign. A number and a category: the root of the adjusted correlation ratio of the
        ranks. Two categories: Cramer's V, corrected for bias. 0 where it cannot be told.
    members : tuple of tuple of int
        The clusters of at least two columns, positions in the order of the table.
    """

    strengths: Values
    members: tuple[tuple[int, ...], ...]

    def of(self, column: int) -> tuple[int, ...]:
        """Return the cluster that holds a column, or the column alone."""
        return next((found for found in self.members if column in found), (column,))


def find_clusters(dataset: Dataset, limit: float = CORRELATED) -> Clusters:
    """Find the clusters of the feature columns of a table.

    Parameters
    ----------
    dataset : Dataset
        Table; of more than 5,000 rows that many are looked at.
    limit : float, default=0.8
        Every two columns of a cluster are more strongly associated than this.

    Returns
    -------
    Clusters
    """
    strengths = association_matrix(dataset)
    if len(strengths) < 2:
        return Clusters(strengths, ())
    labels = fcluster(_tree(strengths), np.nextafter(1.0 - limit, 0.0), criterion="distance")
    found = [tuple(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)]
    return Clusters(strengths, tuple(sorted(group for group in found if len(group) > 1)))


def leaf_order(strengths: Values) -> list[int]:
    """Return the columns in an order in which those that move together are neighbours."""
    if len(strengths) < 3:
        return list(range(len(strengths)))
    return [int(k) for k in leaves_list(_tree(strengths, optimal_ordering=True))]


def _tree(strengths: Values, *, optimal_ordering: bool = False) -> Values:
    distance = 1.0 - np.abs(strengths)
    np.fill_diagonal(distance, 0.0)
    condensed = squareform((distance + distance.T) / 2, checks=False)
    tree: Values = linkage(condensed, "complete", optimal_ordering=optimal_ordering)
    return tree


def association_matrix(dataset: Dataset) -> Values:
    """Return how strongly every two feature columns move together (see :class:`Clusters`)."""
    features = dataset.features
    if len(features) > MAX_ROWS:
        # the same rows every time: no seed of the user's changes what belongs together
        rows = np.random.default_rng(0).choice(len(features), MAX_ROWS, replace=False)
        features = features.iloc[np.sort(rows)]
    keys = [column.key for column in dataset.feature_columns]
    numeric = np.array([is_numeric(features[key]) for key in keys], dtype=bool)
    places, others = np.flatnonzero(numeric), np.flatnonzero(~numeric)
    matrix = np.eye(len(keys))
    ranks = np.full((len(features), len(places)), np.nan)
    for k, place in enumerate(places):
        values = numbers(features[keys[place]])
        ranks[:, k] = rankdata(values, nan_policy="omit")
    matrix[np.ix_(places, places)] = _rank_correlations(ranks)
    codes = [level_codes(features[keys[place]]) for place in others]
    for k, place in enumerate(others):
        matrix[place, places] = matrix[places, place] = np.sqrt(_explained(codes[k], ranks))
        for h in range(k):
            both = shared_levels(codes[k], codes[h])
            matrix[place, others[h]] = matrix[others[h], place] = both
    return matrix


def _rank_correlations(ranks: Values) -> Values:
    """Correlations of ranked columns on the rows where both are known; 0 below 10 such rows."""
    known = np.isfinite(ranks).astype(np.float64)
    x = np.where(known > 0, ranks - len(ranks) / 2, 0.0)
    n = np.maximum(known.T @ known, 1.0)
    sums, squares = x.T @ known, (x * x).T @ known
    covariance = x.T @ x - sums * sums.T / n
    variance = squares - sums**2 / n
    scale = np.sqrt(np.maximum(variance * variance.T, 0.0))
    # what is left of a constant after rounding is no variation
    usable = (n >= MIN_ROWS) & (scale > 1e-9 * len(ranks) ** 2)
    matrix: Values = np.clip(covariance / np.where(usable, scale, np.inf), -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def _explained(codes: NDArray[np.int64], ranks: Values) -> Values:
    """`explained_by_levels` of every column of ranks at once, shape (n_columns,)."""
    n_rows = len(codes)
    known = np.isfinite(ranks)
    x = np.where(known, ranks - n_rows / 2, 0.0)
    rows = np.arange(n_rows)
    member = csr_array((np.ones(n_rows), (codes, rows)), shape=(int(codes.max()) + 1, n_rows))
    counts = member @ known.astype(np.float64)
    repeated = counts >= 2
    counts = np.where(repeated, counts, 0.0)
    sums, squares = (np.where(repeated, member @ power, 0.0) for power in (x, x * x))
    n, levels = counts.sum(axis=0), repeated.sum(axis=0)
    total = squares.sum(axis=0) - sums.sum(axis=0) ** 2 / np.maximum(n, 1)
    within = (squares - sums**2 / np.maximum(counts, 1)).sum(axis=0)
    usable = (n >= np.maximum(MIN_ROWS, levels + 2)) & (levels >= 2) & (total > 1e-9 * n_rows**2)
    ratio = within / np.maximum(n - levels, 1) * (n - 1) / np.where(usable, total, np.inf)
    return np.where(usable, np.clip(1.0 - ratio, 0.0, 1.0), 0.0)
