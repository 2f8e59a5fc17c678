"""What the folds need of a kernel: target and test rows in its eigenbasis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """Target and other rows in the eigenbasis: all that predictions of other rows need.

    Parameters
    ----------
    values : ndarray of shape (r,)
        Eigenvalues of K/n, descending and clipped at 0.
    target : ndarray of shape (r, n_targets)
        U' y / n.
    others : ndarray of shape (n_other, r)
        Kernel between the other rows and the training rows, times U.
    """

    values: Array
    target: Array
    others: Array

    def along(self, filters: Array) -> Array:
        """Return predictions (n_times, n_other, n_targets) for filters of shape (n_times, r)."""
        return np.stack([(filters * part) @ self.others.T for part in self.target.T], -1)


def project(kernel: Array, target: Array, cross: Array) -> Projection:
    """Return the projection of one kernel.

    Parameters
    ----------
    kernel : ndarray of shape (n, n)
        Symmetric, positive semi-definite up to rounding.
    target : ndarray of shape (n, n_targets)
    cross : ndarray of shape (n_other, n)
    """
    values, vectors = np.linalg.eigh(kernel / len(kernel))
    # the eigenvectors stay in ascending order: only what is small is turned round
    return Projection(
        np.maximum(values[::-1], 0.0),
        (vectors.T @ target / len(target))[::-1],
        np.ascontiguousarray((cross @ vectors)[:, ::-1]),
    )


def project_features(features: Array, target: Array, others: Array) -> Projection:
    """Return the projection of the kernel features features', whose rank is small.

    All directions of eigenvalue 0 are one column of zeros.

    Parameters
    ----------
    features : ndarray of shape (n, r)
    target : ndarray of shape (n, n_targets)
    others : ndarray of shape (n_other, r)
        Features of the other rows.
    """
    left, scales, right = np.linalg.svd(features, full_matrices=False)
    return Projection(
        np.append(scales**2 / len(features), 0.0),
        np.vstack([left.T @ target / len(target), np.zeros((1, target.shape[1]))]),
        np.hstack([others @ right.T * scales, np.zeros((len(others), 1))]),
    )
