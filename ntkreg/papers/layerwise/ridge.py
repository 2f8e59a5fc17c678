"""Ridge regression on features with exact leave-out predictions for a whole grid of penalties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

# of the mean squared length of a centred row; half decades
PENALTIES = 10.0 ** np.arange(-8.0, 2.1, 0.5)
_RANK_TOLERANCE = 1e-13
_SMALLEST_FREE = 1e-10


@dataclass(frozen=True)
class RidgeFit:
    """Ridge regression of each target with the penalty of least leave-out error.

    Parameters
    ----------
    mean : ndarray of shape (p,)
        Of the features.
    coefficients : ndarray of shape (p, n_targets)
    intercept : ndarray of shape (n_targets,)
    left_out : ndarray of shape (n, n_targets)
        Predictions of each row by the fit without it (and the rows of its unit).
    left_out_contrasts : ndarray of shape (n, n_targets)
        The same less the mean target of the fit: what it says of the row's features alone. The
        mean without a row falls as the row's own target rises, which a second regression on
        left-out predictions would take for a law.
    penalties : ndarray of shape (n_targets,)
    errors : ndarray of shape (n_targets,)
        Mean squared leave-out errors.
    """

    mean: Array
    coefficients: Array
    intercept: Array
    left_out: Array
    left_out_contrasts: Array
    penalties: Array
    errors: Array

    def predict(self, Z: Array) -> Array:
        """Return predictions of shape (n, n_targets)."""
        result: Array = self.intercept + (Z - self.mean) @ self.coefficients
        return result


def fit_ridge(Z: Array, y: Array, units: Labels | None = None) -> RidgeFit:
    """Fit ridge regression with a free intercept; leave-out errors choose each penalty.

    Stage three of P4 (theory.md 6(b)(iii)); the paper sweeps the penalty, here the exact formula
    r_U = (I - H_UU)^-1 (y - H y)_U of each unit U chooses it.

    Parameters
    ----------
    Z : ndarray of shape (n, p)
    y : ndarray of shape (n, n_targets)
    units : ndarray of shape (n,) of int, optional
        Rows of one unit are left out together; every row by itself by default.

    Returns
    -------
    RidgeFit
    """
    centre, level = Z.mean(axis=0), y.mean(axis=0)
    rows = Z - centre
    left, squares = _left_vectors(rows)
    size = max(float(squares.sum()) / len(Z), np.finfo(float).tiny)
    projected = left.T @ (y - level)
    shrink = squares[:, None] / (squares[:, None] + PENALTIES * size * len(Z))
    found = _left_out_residuals(left, shrink, y - level, projected, units)
    errors = np.mean(np.square(found), axis=1)
    # of equal penalties the largest
    chosen = len(PENALTIES) - 1 - np.argmin(errors[::-1], axis=0)
    targets = np.arange(y.shape[1])
    filters = 1.0 / (squares[:, None] + PENALTIES[chosen] * size * len(Z))
    left_out = y - found[chosen, :, targets].T
    return RidgeFit(
        mean=centre,
        coefficients=rows.T @ (left @ (filters * projected)),
        intercept=level,
        left_out=left_out,
        left_out_contrasts=left_out - _means_without(y, units),
        penalties=PENALTIES[chosen],
        errors=errors[chosen, targets],
    )


def _left_vectors(rows: Array) -> tuple[Array, Array]:
    """Return left singular vectors and squared singular values, from the smaller Gram matrix."""
    wide = rows.shape[1] >= len(rows)
    squares, vectors = eigh(rows @ rows.T if wide else rows.T @ rows)
    kept = squares > _RANK_TOLERANCE * max(squares[-1], np.finfo(float).tiny)
    squares, vectors = squares[kept], vectors[:, kept]
    return (vectors if wide else rows @ vectors / np.sqrt(squares)), squares


def _means_without(y: Array, units: Labels | None) -> Array:
    """Return the mean of all other rows, those of the same unit left out, shape of `y`."""
    labels = np.arange(len(y)) if units is None else np.unique(units, return_inverse=True)[1]
    sums = np.zeros((labels.max() + 1, y.shape[1]))
    np.add.at(sums, labels, y)
    others = len(y) - np.bincount(labels)
    means = (y.sum(axis=0) - sums) / np.maximum(others, 1)[:, None]
    result: Array = means[labels]
    return result


def _left_out_residuals(
    left: Array, shrink: Array, y: Array, projected: Array, units: Labels | None
) -> Array:
    """Return the residuals of rows left out, shape (n_penalties, n, n_targets); y is centred."""
    n = len(left)
    found = np.stack([y - left @ (factors[:, None] * projected) for factors in shrink.T])
    if units is None or len(np.unique(units)) < 2:
        free = 1.0 - 1.0 / n - np.square(left) @ shrink
        # a row that alone carries the mean or its own direction is predicted by nothing
        plain: Array = found / np.maximum(free.T, _SMALLEST_FREE)[:, :, None]
        return plain
    order = np.argsort(units, kind="stable")
    for unit in np.split(order, np.flatnonzero(np.diff(units[order])) + 1):
        free = np.eye(len(unit)) * (1.0 + _SMALLEST_FREE) - 1.0 / n
        for k, factors in enumerate(shrink.T):
            hat = (left[unit] * factors) @ left[unit].T
            found[k, unit] = np.linalg.solve(free - hat, found[k, unit])
    return found
