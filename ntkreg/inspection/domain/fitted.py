"""The applicability domain: whether a row is like those that a model was trained on."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from ntkreg.inspection.domain.leverage import Deviations, Leverage, deviations, fit_leverage
from ntkreg.inspection.space import Space, embed, fit_space, is_numeric, known_dimensions, numbers

N_NEIGHBORS = 5
QUANTILE = 0.99
FACTOR = 1.1
MARGIN = 0.05
MAX_POINTS = 5000


@dataclass(frozen=True)
class Domain:
    """What is remembered of the training rows to recognise rows unlike them.

    A row is inside when no number lies beyond its column's training range by more than 5 % of
    that range, no category has an unseen level, and both the mean distance to its nearest training
    rows and its leverage are no larger than what is usual among the training rows themselves.

    Parameters
    ----------
    keys : sequence of str
        Columns of the feature table.
    labels : sequence of str
        Names of the columns as the user knows them.
    levels : sequence of sequence of str
        Levels of each category seen in training; empty for numeric columns.
    centre, scale : ndarray of shape (n_features,)
        Median and standard deviation of the numeric columns.
    lower, upper : ndarray of shape (n_features,)
        Limits of the numeric columns, margin included; infinite for categories.
    points : ndarray of shape (n_points, n_dimensions)
        Distinct training rows in the space of :mod:`ntkreg.inspection.space`.
    n_neighbors : int
        Number of nearest training rows looked at.
    threshold : float
        Largest mean distance that counts as inside; infinite when all rows are the same.
    """

    keys: Sequence[str]
    labels: Sequence[str]
    levels: Sequence[Sequence[str]]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    points: NDArray[np.float64]
    n_neighbors: int
    threshold: float

    def inside(self, features: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which rows lie inside, shape (n_rows,).

        Parameters
        ----------
        features : DataFrame of shape (n_rows, n_features)
            Columns `keys`. A missing cell is never outside by itself.
        """
        usual: NDArray[np.bool_] = self.ratios(features).max(axis=1) <= 1.0
        return usual & ~self.beyond(features).any(axis=1)

    def ratios(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return distance and leverage over their limits, shape (n_rows, 2); inside is up to 1."""
        far = self.distances(features) / self.threshold
        return np.column_stack([far, self.deviations(features).total / self.leverage_limit])

    def beyond(self, features: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which cells lie outside their column, shape (n_rows, n_features)."""
        result = np.zeros((len(features), len(self.keys)), dtype=bool)
        for j, key in enumerate(self.keys):
            column = features[key]
            if is_numeric(column):
                # comparisons with NaN are False: a missing number is not beyond anything
                known = column.to_numpy(dtype=np.float64, na_value=np.nan)
                result[:, j] = (known < self.lower[j]) | (known > self.upper[j])
            else:
                result[:, j] = ~(column.isin(list(self.levels[j])) | column.isna())
        return result

    def distances(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return the mean distance to the nearest training rows, shape (n_rows,).

        One standard deviation of one column, or another level of one category, is 1.
        """
        nearest: NDArray[np.float64] = self.neighbours(features)[0].mean(axis=1)
        return nearest

    def neighbours(self, features: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return distances and positions in `points` of the nearest rows, the nearest first.

        Missing and unseen cells of a row do not count.
        """
        rows, known = embed(features, self.space), known_dimensions(features, self.space)
        distances = np.zeros((len(rows), self.n_neighbors))
        positions = np.zeros((len(rows), self.n_neighbors), dtype=np.int64)
        patterns, which = np.unique(known, axis=0, return_inverse=True)
        for k, pattern in enumerate(patterns):
            if pattern.any():
                own = np.ravel(which) == k
                search = NearestNeighbors(n_neighbors=self.n_neighbors)
                search.fit(self.points[:, pattern])
                distances[own], positions[own] = search.kneighbors(rows[own][:, pattern])
        return distances, positions

    def deviations(self, features: pd.DataFrame) -> Deviations:
        """Return how unusual the combinations of values are; missing cells do not count."""
        rows, known = embed(features, self.space), known_dimensions(features, self.space)
        return deviations(self._leverage, rows, known)

    @property
    def space(self) -> Space:
        """Where rows are placed."""
        return Space(self.keys, self.levels, self.centre, self.scale)

    @property
    def leverage_limit(self) -> float:
        """Largest leverage that counts as inside; infinite when all rows are the same."""
        if len(self.points) < 2:
            return np.inf
        return FACTOR * float(np.quantile(self._leverage.own, QUANTILE))

    @functools.cached_property
    def _leverage(self) -> Leverage:
        return fit_leverage(self.points)


def fit_domain(
    features: pd.DataFrame, labels: Sequence[str] | None = None, *, seed: int = 0
) -> Domain:
    """Learn the domain of a training table.

    The threshold is 1.1 times the 99 % quantile of the training rows' own mean distance to their
    5 nearest other rows; repeated rows count once.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        Training rows: numeric columns with NaN, category columns holding str or None.
    labels : sequence of str, optional
        Names of the columns as the user knows them; default: the names in `features`.
    seed : int, default=0
        Draws the rows that are kept when there are more than 5,000.

    Returns
    -------
    Domain

    Raises
    ------
    ValueError
        If there are no rows or no columns.
    """
    if features.shape[0] == 0 or features.shape[1] == 0:
        raise ValueError(f"a domain needs at least one row and one column, got {features.shape}")
    space = fit_space(features)
    # repeated settings would make every row's nearest neighbour its own copy, at distance zero
    points = np.unique(embed(features, space), axis=0)
    if len(points) > MAX_POINTS:
        rng = np.random.default_rng(seed)
        points = points[np.sort(rng.choice(len(points), MAX_POINTS, replace=False))]
    n_neighbors = max(1, min(N_NEIGHBORS, len(points) - 1))
    threshold = np.inf
    if len(points) > 1:
        search = NearestNeighbors(n_neighbors=n_neighbors).fit(points)
        # without an argument kneighbors leaves each row itself out
        threshold = FACTOR * float(np.quantile(search.kneighbors()[0].mean(axis=1), QUANTILE))
    lower, upper = _limits(features)
    return Domain(
        keys=space.keys,
        labels=list(space.keys if labels is None else labels),
        levels=space.levels,
        centre=space.centre,
        scale=space.scale,
        lower=lower,
        upper=upper,
        points=points,
        n_neighbors=n_neighbors,
        threshold=threshold,
    )


def _limits(features: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lower = np.full(features.shape[1], -np.inf)
    upper = np.full(features.shape[1], np.inf)
    for j, key in enumerate(features.columns):
        if not is_numeric(features[key]):
            continue
        known = numbers(features[key])
        known = known[np.isfinite(known)]
        if len(known):
            # a relative speck for constant columns, whose cells may differ in the last bit
            margin = MARGIN * np.ptp(known) + 1e-9 * np.abs(known).max()
            lower[j], upper[j] = known.min() - margin, known.max() + margin
    return lower, upper
