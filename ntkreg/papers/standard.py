"""Columns and target to mean 0 and spread 1 on the training rows, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Standard:
    """Means and spreads of the training rows; a spread of zero counts as 1.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_columns,)
    target_mean, target_scale : ndarray of shape (n_targets,)

    Examples
    --------
    >>> import numpy as np
    >>> from ntkreg.papers.standard import Standard
    >>> standard = Standard.of(np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[10.0], [30.0]]))
    >>> standard.rows(np.array([[3.0, 5.0]]))
    array([[1., 0.]])
    >>> standard.restored(standard.targets(np.array([[30.0]])))
    array([[30.]])
    """

    mean: Array
    scale: Array
    target_mean: Array
    target_scale: Array

    @classmethod
    def of(cls, X: Array, y: Array) -> Standard:
        """Return the means and spreads of rows (n, n_columns) and targets (n, n_targets)."""
        return cls(*_moments(X), *_moments(y))

    def rows(self, X: Array) -> Array:
        """Return standardised rows."""
        result: Array = (X - self.mean) / self.scale
        return result

    def targets(self, y: Array) -> Array:
        """Return standardised targets, shape (n, n_targets)."""
        result: Array = (y - self.target_mean) / self.target_scale
        return result

    def restored(self, f: Array) -> Array:
        """Return outputs of shape (n, n_targets) in target units."""
        result: Array = self.target_mean + f * self.target_scale
        return result


def _moments(values: Array) -> tuple[Array, Array]:
    spread = values.std(axis=0)
    # what is constant up to rounding has no spread
    flat = spread <= 1e-12 * np.abs(values).max(axis=0, initial=0.0)
    return values.mean(axis=0), np.where(flat, 1.0, spread)
