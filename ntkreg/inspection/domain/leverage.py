"""How unusual the combination of a row's values is, given how columns move together.

The leverage of a row under a linear model, h = z' (Z'Z + 0.01 n I)^-1 z with z centred and in
standard deviations. Where columns are correlated, a row may lie within the range of every column
and near other rows as the crow flies, and still break what the columns have in common. The ridge
says that deviations below a tenth of a standard deviation are not unusual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RIDGE = 0.01

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Leverage:
    """What is remembered of the training rows: their mean and their sums of products.

    Parameters
    ----------
    mean : ndarray of shape (n_dimensions,)
    products : ndarray of shape (n_dimensions, n_dimensions)
        Z'Z + 0.01 n I of the centred rows.
    own : ndarray of shape (n_rows,)
        Leverage of each training row against all others.
    """

    mean: Array
    products: Array
    own: Array


@dataclass(frozen=True)
class Deviations:
    """Leverage of rows, and how far each value is from what the others suggest.

    Parameters
    ----------
    total : ndarray of shape (n_rows,)
        The leverage.
    parts : ndarray of shape (n_rows, n_dimensions)
        How much smaller it would be without one of the values; 0 where the value is not known.
    expected : ndarray of shape (n_rows, n_dimensions)
        What the other values of the row suggest (linear regression on the training rows).
    """

    total: Array
    parts: Array
    expected: Array


def fit_leverage(points: Array) -> Leverage:
    """Learn the sums of products of training rows, shape (n_rows, n_dimensions)."""
    mean = points.mean(axis=0)
    rows = points - mean
    products = rows.T @ rows + RIDGE * len(points) * np.eye(points.shape[1])
    hat = np.einsum("ij,ij->i", rows @ np.linalg.inv(products), rows)
    # a row's leverage against the sums without it (Sherman and Morrison)
    return Leverage(mean, products, hat / (1.0 - hat))


def deviations(model: Leverage, rows: Array, known: NDArray[np.bool_]) -> Deviations:
    """Return how unusual rows are; values that are not known do not count.

    Parameters
    ----------
    model : Leverage
    rows : ndarray of shape (n_rows, n_dimensions)
        In the space of the training rows.
    known : ndarray of shape (n_rows, n_dimensions) of bool

    Returns
    -------
    Deviations
    """
    total = np.zeros(len(rows))
    parts, expected = np.zeros_like(rows), np.tile(model.mean, (len(rows), 1))
    patterns, which = np.unique(known, axis=0, return_inverse=True)
    for k, pattern in enumerate(patterns):
        if not pattern.any():
            continue
        place = np.ix_(np.ravel(which) == k, pattern)
        inverse = np.linalg.inv(model.products[np.ix_(pattern, pattern)])
        centred = rows[place] - model.mean[pattern]
        pull, diagonal = centred @ inverse, np.diag(inverse)
        total[place[0].ravel()] = np.einsum("ij,ij->i", pull, centred)
        parts[place] = pull**2 / diagonal
        expected[place] = rows[place] - pull / diagonal
    return Deviations(total, parts, expected)
