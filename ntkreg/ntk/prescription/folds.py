"""Which rows stay together in the folds that judge everything learned from the target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
Folds = list[tuple[Labels, Labels]]

MANY_FOLDS_ROWS = 200
MAX_SERIES_ROWS = 500
_MIN_SERIES = 5


@dataclass(frozen=True)
class Designs:
    """The folds of a table.

    Parameters
    ----------
    judging : list of (train, test)
        Their held-out error is the one that is reported.
    choosing : list of (train, test)
        Stops and weights are chosen in them: the same folds, or coarser ones that keep series of
        rows together.
    """

    judging: Folds
    choosing: Folds

    @property
    def by_series(self) -> bool:
        """Whether the choices are made on whole series of rows."""
        return self.choosing is not self.judging


def _labels(rows: Array) -> Labels:
    """Return the same number for equal rows, by two sums that differ for different rows."""
    codes = np.column_stack([np.unique(column, return_inverse=True)[1] for column in rows.T])
    mix = np.random.default_rng(0).integers(2**31 - 1, size=(codes.shape[1], 2), dtype=np.int64)
    keys = codes @ mix
    labels: Labels = np.unique(keys, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    return labels


def duplicate_groups(X: Array) -> Labels | None:
    """Return a number for each distinct row, or None where all rows are distinct."""
    if X.shape[1] == 0:
        return None
    labels = _labels(X)
    return labels if labels.max(initial=-1) + 1 < len(X) else None


def series_groups(X: Array) -> Labels | None:
    """Find rows that differ in one column only: one specimen measured at several settings.

    The column is the one without which the rows fall into the fewest groups. There must be at
    least five groups of at least two distinct rows on average, and two other columns.

    Parameters
    ----------
    X : ndarray of shape (n, n_columns)

    Returns
    -------
    ndarray of shape (n,) of int, or None
    """
    if X.shape[1] < 3:
        return None
    varying = [j for j in range(X.shape[1]) if len(np.unique(X[:, j])) > 2]
    # equal rows are no series: the column must tell the rows of a group apart
    n_distinct = int(_labels(X).max()) + 1
    best: Labels | None = None
    for j in varying:
        labels = _labels(np.delete(X, j, axis=1))
        count = int(labels.max()) + 1
        fewer = best is None or count < best.max() + 1
        if _MIN_SERIES <= count <= n_distinct / 2 and fewer:
            best = labels
    return best


def make_folds(n: int, groups: Labels | None, n_folds: int | None, seed: int) -> Folds:
    """Return shuffled folds, of whole groups where there are at least two.

    Parameters
    ----------
    n : int
        Number of rows.
    groups : ndarray of shape (n,) of int, or None
    n_folds : int or None
        None: 10 up to 200 rows, else 5.
    seed : int
    """
    k = n_folds or (10 if n <= MANY_FOLDS_ROWS else 5)
    if groups is not None and len(np.unique(groups)) >= 2:
        count = min(k, len(np.unique(groups)))
        splitter = GroupKFold(count, shuffle=True, random_state=seed)
        return list(splitter.split(np.zeros((n, 1)), groups=groups))
    return list(KFold(min(k, n), shuffle=True, random_state=seed).split(np.zeros((n, 1))))


def make_designs(X: Array, groups: Labels | None, n_folds: int | None, seed: int) -> Designs:
    """Return the folds of a table: by the user's groups, else with equal rows together.

    Without groups, tables of up to 500 rows in which rows differ in one column only are judged as
    any other, but stops and weights are chosen on whole series: a choice that also holds for a
    new specimen costs next to nothing on rows of known ones.

    Parameters
    ----------
    X : ndarray of shape (n, n_columns)
    groups : ndarray of shape (n,) of int, or None
    n_folds : int or None
    seed : int
    """
    if groups is not None and len(np.unique(groups)) >= 2:
        folds = make_folds(len(X), groups, n_folds, seed)
        return Designs(folds, folds)
    folds = make_folds(len(X), duplicate_groups(X), n_folds, seed)
    series = series_groups(X) if len(X) <= MAX_SERIES_ROWS else None
    if series is None:
        return Designs(folds, folds)
    return Designs(folds, make_folds(len(X), series, n_folds, seed))
