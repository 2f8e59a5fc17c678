"""Weights of a stack: non-negative, summing to one, drawn towards a prior."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Array = NDArray[np.float64]


def stacking_weights(
    held_out: Array, y: Array, *, prior: float = 10.0, centre: Array | None = None
) -> Array:
    """Return weights w >= 0 with sum 1 that minimise |y - P w|^2 + prior mse_best |w - centre|^2.

    mse_best, the least mean squared error of one model, makes `prior` free of units: it counts
    like that many rows (recipe.md 1.8).

    Parameters
    ----------
    held_out : ndarray of shape (n_rows, k)
        P, out-of-fold predictions of k models.
    y : ndarray of shape (n_rows,)
        Target.
    prior : float, default=10.0
        Strength of the preference for `centre`; 0 is plain stacking.
    centre : ndarray of shape (k,), optional
        Non-negative, sum 1; equal weights if not given.

    Returns
    -------
    ndarray of shape (k,)
        The weights.

    References
    ----------
    Breiman (1996). Stacked regressions. Machine Learning 24, 49-64.

    Examples
    --------
    >>> import numpy as np
    >>> from ntkreg.ntk.prescription.stacking import stacking_weights
    >>> y = np.array([1.0, 2.0, 3.0])
    >>> stacking_weights(np.column_stack([y + 1, y - 1]), y)
    array([0.5, 0.5])
    """
    k = held_out.shape[1]
    centre = np.full(k, 1.0 / k) if centre is None else centre
    # with sum(w) = 1 the residual is a weighted mean of the models' residuals
    residuals = held_out - y[:, None]
    scale = float(np.abs(residuals).max())
    if scale == 0:
        return centre.copy()
    residuals = residuals / scale
    best = float((residuals**2).mean(axis=0).min())
    pull = np.sqrt(prior * best)
    # a row that outweighs all others holds the sum at one
    firm = 1e4 * (np.sqrt(len(y)) + pull)
    left = np.vstack([residuals, pull * np.eye(k), np.full((1, k), firm)])
    right = np.concatenate([np.zeros(len(y)), pull * centre, [firm]])
    weights, _ = nnls(left, right)
    normalised: Array = weights / weights.sum()
    return normalised
