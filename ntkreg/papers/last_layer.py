"""Gradient descent on the last layer alone, for all numbers of steps at once (P5, as recalled)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.path import gradient_descent_filter

Array = NDArray[np.float64]
Steps = NDArray[np.int64]


@dataclass(frozen=True)
class LastLayer:
    """The least-squares problem of the last layer on [h, 1] = U diag(sigma) V'.

    Parameters
    ----------
    left : ndarray of shape (n, k)
    values : ndarray of shape (k,)
        sigma, descending.
    right : ndarray of shape (k, width + 1)
        V'.
    start : ndarray of shape (width + 1, n_targets)
        Last layer at the end of the first phase.
    residual : ndarray of shape (n, n_targets)
        y - [h, 1] start.
    """

    left: Array
    values: Array
    right: Array
    start: Array
    residual: Array

    @property
    def learning_rate(self) -> float:
        """1 / s_1, s_1 = sigma_1^2 / n: the largest step at which no part of the loss rises."""
        largest = float(self.values[0])
        return len(self.left) / largest**2 if largest > 0 else 1.0

    @property
    def rate(self) -> float:
        """1 - eta sigma_min^2 / n: bound on the factor of the residual in one step.

        It follows from squared loss and full rank (algebra, not a statement of the paper); 1 where
        the rank falls short of n.
        """
        if len(self.values) < len(self.left):
            return 1.0
        return float(1.0 - self.learning_rate * self.values[-1] ** 2 / len(self.left))

    def after(self, n_steps: Steps) -> Array:
        """Return the last layer after numbers of steps, shape (n_grid, width + 1, n_targets).

        theta_t = theta_0 + (1/n) H' U g_t(s) U' r_0, the path of plain gradient descent
        (theory of linear iterations; nothing is approximated).
        """
        parts = self.left.T @ self.residual
        n = len(self.left)
        filters = gradient_descent_filter(self.values**2 / n, self.learning_rate, n_steps)
        moved = (filters * self.values / n)[:, :, None] * parts
        path: Array = self.start + np.einsum("kp,tkq->tpq", self.right, moved)
        return path

    def losses(self, n_steps: Steps) -> Array:
        """Return (1/2n) sum |f - y|^2 after numbers of steps, shape (n_grid,)."""
        parts = self.left.T @ self.residual
        outside = np.sum((self.residual - self.left @ parts) ** 2)
        shrunk = 1.0 - self.learning_rate * self.values**2 / len(self.left)
        powers = np.maximum(shrunk, 0.0)[None, :] ** (2.0 * n_steps[:, None])
        result: Array = (powers @ np.sum(parts**2, axis=1) + outside) / (2 * len(self.left))
        return result


def last_layer(features: Array, targets: Array, start: Array) -> LastLayer:
    """Return the problem of the last layer.

    Parameters
    ----------
    features : ndarray of shape (n, width + 1)
        [h, 1].
    targets : ndarray of shape (n, n_targets)
    start : ndarray of shape (width + 1, n_targets)
    """
    left, values, right = np.linalg.svd(features, full_matrices=False)
    return LastLayer(left, values, right, start, targets - features @ start)
