"""Landmarks: a few rows whose kernel functions stand for those of all rows (Nystroem).

With landmarks Z, K_ZZ = L L' and phi(x) = L^-1 k_Z(x), the kernel is replaced by phi(x)'phi(z). It
is the kernel of f's projection on the span of the landmarks' kernel functions: equal to the true
one wherever x or z is a landmark, and everywhere when all rows are landmarks.

References
----------
Chen, Epperly, Tropp, Webber: Randomly pivoted Cholesky, arXiv 2207.06503, and Epperly, Tropp,
Webber: Embrace rejection, arXiv 2410.03969 (its accelerated form, which is used here).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from ntkreg.ntk.cross_kernel import cross_kernel
from ntkreg.ntk.kernel import gram, profile_at_one
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

_DEPENDENT = 1e-12
_POOL_ROWS = 10_000
_ROUNDS = 20


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


def n_landmarks(n: int, *, n_folds: int = 5, operations: float = 1e12, memory: float = 1e9) -> int:
    """Return how many landmarks a budget of time and memory allows, at most n.

    The path with all its folds takes about 2 n m^2 operations for the sums and 10 m^3 for each of
    the n_folds + 1 eigendecompositions; one core does 2e10 to 5e10 a second. Memory is
    8 (n_folds + 5) m^2 bytes beside the rows and one chunk of features.

    Parameters
    ----------
    n : int
        Number of rows.
    n_folds : int, default=5
    operations : float, default=1e12
        Floating-point operations: half a minute to a minute on one core.
    memory : float, default=1e9
        Bytes.

    Returns
    -------
    int
    """
    by_memory = int(np.sqrt(memory / (8 * (n_folds + 5))))
    candidates = np.arange(1, min(n, by_memory) + 1, dtype=float)
    cost = 2.0 * n * candidates**2 + 10.0 * (n_folds + 1) * candidates**3
    return max(1, int(np.count_nonzero(cost <= operations)))


def _pick_without_dependence(kernel: Array, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return which proposals to accept: each with its residual share after those before it."""
    kernel = kernel.copy()
    proposed = np.diag(kernel).copy()
    chance = rng.random(len(kernel))
    accepted = []
    for i in range(len(kernel)):
        if chance[i] * proposed[i] < kernel[i, i]:
            accepted.append(i)
            column = kernel[i:, i] / np.sqrt(kernel[i, i])
            kernel[i:, i:] -= np.outer(column, column)
    return np.asarray(accepted, dtype=np.int64)


def choose_landmarks(
    inputs: Array,
    n_landmarks: int,
    branches: Sequence[Branch],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Choose landmarks by randomly pivoted Cholesky: each in proportion to its own residual.

    Parameters
    ----------
    inputs : ndarray of shape (n, d)
        Rows scaled by the metric with the constant appended.
    n_landmarks : int
    branches : sequence of Branch
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (m,) of int
        Positions, ascending; m is less than `n_landmarks` where the rows' kernel functions span
        fewer dimensions.
    """
    if n_landmarks >= len(inputs):
        return np.arange(len(inputs), dtype=np.int64)
    pool_size = min(len(inputs), max(_POOL_ROWS, 2 * n_landmarks))
    pool = np.sort(rng.choice(len(inputs), pool_size, replace=False))
    rows = inputs[pool]
    at_one = sum(branch.weight * profile_at_one(branch) for branch in branches)
    residual = at_one * np.einsum("ij,ij->i", rows, rows)
    floor = _DEPENDENT * residual.max()
    factor = np.empty((pool_size, n_landmarks))
    chosen: list[int] = []
    block = max(1, -(-n_landmarks // _ROUNDS))
    while len(chosen) < n_landmarks and residual.max() > floor:
        size = min(block, n_landmarks - len(chosen))
        done = factor[:, : len(chosen)]
        proposals = rng.choice(pool_size, size, p=residual / residual.sum())
        remaining = gram(rows[proposals], None, branches) - done[proposals] @ done[proposals].T
        picked = proposals[_pick_without_dependence(remaining, rng)]
        columns = cross_kernel(rows, rows[picked], branches) - done @ done[picked].T
        lower = np.linalg.cholesky(columns[picked] + floor * np.eye(len(picked)))
        new = scipy.linalg.solve_triangular(lower, columns.T, lower=True, check_finite=False).T
        factor[:, len(chosen) : len(chosen) + len(picked)] = new
        residual = np.maximum(residual - np.einsum("ij,ij->i", new, new), 0.0)
        residual[residual < floor] = 0.0
        residual[picked] = 0.0
        chosen.extend(picked.tolist())
    return np.sort(pool[chosen])


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
