"""Depth and number of steps of one model from its held-out paths: the choices no theorem makes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Steps = NDArray[np.int64]

_DEPTH_TOLERANCE = 0.02


def squared_errors(path: Array, y: Array, scale: Array) -> Array:
    """Return each row's held-out squared error at every time, shape (n_times, n), unit targets."""
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.mean(((path - y) / scale) ** 2, axis=2)
    return np.where(np.isfinite(errors), errors, np.inf)


def earliest_within_one_standard_error(errors: Array) -> int:
    """Return the first time that is not distinguishably worse than the best one.

    The difference to the best time is taken row by row, and its standard error with it: the rows'
    own difficulty, which both times share, does not count.

    Parameters
    ----------
    errors : ndarray of shape (n_times, n)
        Held-out squared errors.
    """
    means = errors.mean(axis=1)
    best = int(np.argmin(means))
    finite = np.isfinite(means)
    difference = np.where(finite[:, None], errors, 0.0) - errors[best]
    allowance = difference.std(axis=1) / np.sqrt(errors.shape[1])
    return int(np.argmax(finite & (difference.mean(axis=1) <= allowance)))


def choose_time(errors: Array, steps: Steps, likely: float) -> int:
    """Return the position of the number of steps to take.

    It is halfway, in logarithms, between the earliest number within one standard error of the
    least held-out error and the number at which gradient descent has fitted as much as a ridge at
    the noise level of the marginal likelihood. The first trusts few rows too much or too little,
    the second trusts the model: on real tables their mean was better than either.

    Parameters
    ----------
    errors : ndarray of shape (n_times, n)
        Held-out squared errors.
    steps : ndarray of shape (n_times,)
    likely : float
        The second number of steps; NaN where no noise level was learned, and then the first
        stands alone.
    """
    first = earliest_within_one_standard_error(errors)
    if not np.isfinite(likely):
        return first
    target = 0.5 * (np.log(steps[first]) + np.log(np.clip(likely, steps[0], steps[-1])))
    return int(np.argmin(np.abs(np.log(steps) - target)))


def choose_depth(least: dict[int, float]) -> int:
    """Return the smallest depth whose root mean squared error is within 2 % of the best one.

    Deeper nets take longer, and on real tables they differ little once the metric is learned.

    Parameters
    ----------
    least : dict of int to float
        Least held-out mean squared error by depth.
    """
    limit = min(least.values()) * (1.0 + _DEPTH_TOLERANCE) ** 2
    return min(depth for depth, error in least.items() if error <= limit)
