"""Landmarks: a few rows whose kernel functions stand for those of all rows (Nystroem).

With landmarks Z, K_ZZ = L L' and phi(x) = L^-1 k_Z(x), the kernel K(x, x') is replaced by
phi(x)'phi(x'). That is the kernel of functions sum_j a_j k(x, z_j): equal to K wherever one of the
two rows is a landmark, and everywhere when all rows are landmarks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from sklearn.cluster import kmeans_plusplus

from ntkreg.ntk.kernel.cross import cross_kernel
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

_DEPENDENT = 1e-12
_POOL_ROWS = 20_000


@dataclass(frozen=True)
class Landmarks:
    """Landmarks with what turns kernel values into features.

    Parameters
    ----------
    rows : ndarray of shape (m, d)
        As the kernel sees them: scaled by the metric, the constant appended.
    positions : ndarray of shape (m,) of int
        Where they stand among the rows they were taken from.
    factor : ndarray of shape (m, m)
        Lower triangular L with K_ZZ = L L'.
    branches : tuple of Branch
    """

    rows: Array
    positions: NDArray[np.int64]
    factor: Array
    branches: tuple[Branch, ...]


def n_landmarks(
    n: int, d: int, *, n_folds: int = 5, operations: float = 1e12, memory: float = 1e9
) -> int:
    """Return how many landmarks a budget of time and memory allows, at most n.

    The path with all its folds takes about 2 n m^2 operations for the sums, (1500 + 4 d) n m for
    the kernel and the predictions, and 10 m^3 for each of the n_folds + 1 eigendecompositions; one
    core does 2e10 to 5e10 a second. Memory is 8 (n_folds + 5) m^2 bytes beside the rows and one
    chunk of features. Budgets are numbers and not measured times, so that the same table has the
    same landmarks on every machine.

    Parameters
    ----------
    n : int
        Number of rows.
    d : int
        Number of inputs of the kernel.
    n_folds : int, default=5
    operations : float, default=1e12
        Floating-point operations: half a minute to a minute on one core. It allows 2,530 landmarks
        for 5,000 rows of 20 inputs, 2,080 for 45,000 and 1,310 for 200,000.
    memory : float, default=1e9
        Bytes.

    Returns
    -------
    int
    """
    by_memory = int(np.sqrt(memory / (8 * (n_folds + 5))))
    m = np.arange(1, min(n, by_memory) + 1, dtype=float)
    cost = 2.0 * n * m**2 + (1500.0 + 4.0 * d) * n * m + 10.0 * (n_folds + 1) * m**3
    return max(1, int(np.count_nonzero(cost <= operations)))


def choose_landmarks(
    inputs: Array, n_landmarks: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Choose landmarks by greedy k-means++ on the rows as the kernel sees them.

    Each landmark is drawn with probability in proportion to its squared distance from the nearest
    one before it. On every table tried their kernel was nearer to the exact one than that of rows
    drawn uniformly, which took two to four times as many where rows lie in clusters or have long
    tails; randomly pivoted Cholesky (arXiv 2207.06503) did as well in twice the time. No target is
    looked at.

    Parameters
    ----------
    inputs : ndarray of shape (n, d)
        Rows scaled by the metric with the constant appended.
    n_landmarks : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (min(n, n_landmarks),) of int
        Positions, ascending. Beyond 20,000 rows and ten rows a landmark they are drawn from a
        random subset of so many rows.
    """
    if n_landmarks >= len(inputs):
        return np.arange(len(inputs), dtype=np.int64)
    size = min(len(inputs), max(_POOL_ROWS, 10 * n_landmarks))
    pool = np.sort(rng.choice(len(inputs), size, replace=False))
    seed = int(rng.integers(2**31 - 1))
    _, chosen = kmeans_plusplus(inputs[pool], n_landmarks, random_state=seed)
    # once every distance is zero, the same row is drawn over and over
    return np.unique(pool[chosen])


def make_landmarks(
    inputs: Array, positions: NDArray[np.int64], branches: Sequence[Branch]
) -> Landmarks:
    """Factorise the kernel of the landmarks and leave out those that depend on the others.

    The Cholesky factorisation is pivoted and ends where every remaining residual is below 1e-12 of
    the largest kernel value: duplicates and rows in the others' span drop out exactly. Adding a
    jitter would keep them, and would bend every eigenvalue; truncating the eigenvalues would cost
    ten times as much.

    Parameters
    ----------
    inputs : ndarray of shape (n, d)
    positions : ndarray of shape (m,) of int
    branches : sequence of Branch

    Returns
    -------
    Landmarks
        In the order of the pivots.
    """
    kernel = gram(inputs[positions], None, branches)
    tolerance = _DEPENDENT * float(np.diag(kernel).max())
    factor, pivots, rank, _ = scipy.linalg.lapack.dpstrf(kernel, tol=tolerance, lower=1)
    # a kernel that is zero everywhere: one landmark whose feature is zero
    rank = max(int(rank), 1)
    kept = positions[pivots[:rank] - 1]
    lower = np.ascontiguousarray(np.tril(factor[:rank, :rank]))
    if not lower[0, 0] > 0:
        lower[0, 0] = 1.0
    return Landmarks(inputs[kept], kept, lower, tuple(branches))


def features(landmarks: Landmarks, inputs: Array) -> Array:
    """Return phi(x) = L^-1 k_Z(x) of each row, shape (n, m)."""
    kernel = cross_kernel(inputs, landmarks.rows, landmarks.branches)
    # the transposed view is what LAPACK calls column-major: nothing is copied
    solved: Array = scipy.linalg.solve_triangular(
        landmarks.factor, kernel.T, lower=True, overwrite_b=True, check_finite=False
    ).T
    return solved
