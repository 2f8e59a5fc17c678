"""Sums over rows of landmark features: all that the training path depends on.

Sums of parts of the table add up, so the parts may be worked on one after the other or on several
machines, and a fold of the cross-validation is the total minus its own. Memory is that of one
chunk of features and of one m x m matrix, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.cross import chunk_rows
from ntkreg.ntk.landmarks.features import Landmarks, features
from ntkreg.parallel import map_on_threads

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """Sums over rows of everything the path depends on, float64.

    Parameters
    ----------
    n : int
        Number of rows.
    features : ndarray of shape (m,)
        sum phi.
    products : ndarray of shape (m, m)
        sum phi phi'.
    cross : ndarray of shape (m, n_targets)
        sum phi y'.
    target, squares : ndarray of shape (n_targets,)
        sum y and sum y^2.
    """

    n: int
    features: Array
    products: Array
    cross: Array
    target: Array
    squares: Array


def accumulate(landmarks: Landmarks, inputs: Array, target: Array) -> Sums:
    """Return the sums over one chunk of rows.

    Parameters
    ----------
    landmarks : Landmarks
    inputs : ndarray of shape (n, d)
        Rows scaled by the metric with the constant appended.
    target : ndarray of shape (n, n_targets)
        Best centred and scaled, as everywhere here: squares of large numbers lose digits.
    """
    phi = features(landmarks, inputs)
    return Sums(
        n=len(inputs),
        features=phi.sum(axis=0),
        products=phi.T @ phi,
        cross=phi.T @ target,
        target=target.sum(axis=0),
        squares=np.einsum("ij,ij->j", target, target),
    )


def merge(left: Sums, right: Sums) -> Sums:
    """Return the sums over the rows of both."""
    return Sums(
        left.n + right.n,
        left.features + right.features,
        left.products + right.products,
        left.cross + right.cross,
        left.target + right.target,
        left.squares + right.squares,
    )


def subtract(total: Sums, part: Sums) -> Sums:
    """Return the sums over the rows of `total` that are not among those of `part`."""
    return Sums(
        total.n - part.n,
        total.features - part.features,
        total.products - part.products,
        total.cross - part.cross,
        total.target - part.target,
        total.squares - part.squares,
    )


def sum_rows(landmarks: Landmarks, inputs: Array, target: Array) -> Sums:
    """Return the sums over many rows, chunk by chunk in memory that does not grow with n."""
    size = chunk_rows(len(landmarks.rows))
    starts = range(0, max(len(inputs), 1), size)
    chunks = (accumulate(landmarks, inputs[i : i + size], target[i : i + size]) for i in starts)
    return reduce(merge, chunks)


def sum_folds(
    landmarks: Landmarks,
    inputs: Array,
    target: Array,
    tests: Sequence[NDArray[np.int64]],
    n_threads: int = 1,
) -> list[Sums]:
    """Return the sums of each fold's own (held-out) rows.

    Parameters
    ----------
    landmarks : Landmarks
    inputs : ndarray of shape (n, d)
    target : ndarray of shape (n, n_targets)
    tests : sequence of ndarray of int
        Positions of the rows that each fold holds out; together every row once.
    n_threads : int, default=1
        Folds at a time.
    """
    return map_on_threads(
        lambda test: sum_rows(landmarks, inputs[test], target[test]), tests, n_threads
    )
