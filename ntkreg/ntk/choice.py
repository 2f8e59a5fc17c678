"""Depth and number of steps from the held-out error over folds: the choices no theorem makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.options import Options
from ntkreg.ntk.selection import MAX_DEPTH_ROWS, PreparedFold, held_out_paths

Array = NDArray[np.float64]

_DEPTH_TOLERANCE = 0.02


@dataclass(frozen=True)
class Choice:
    """What the folds prescribe, with their held-out predictions at the two stops.

    Parameters
    ----------
    depth, n_steps, n_steps_accelerated : int
    cv_error : float
        Held-out RMSE at `n_steps`, target units.
    cv_prediction, cv_prediction_accelerated : ndarray of shape (n, n_targets)
    candidates : tuple of (str, float)
        Depths that were compared, with their least held-out RMSE.
    """

    depth: int
    n_steps: int
    n_steps_accelerated: int
    cv_error: float
    cv_prediction: Array
    cv_prediction_accelerated: Array
    candidates: tuple[tuple[str, float], ...]


def _squared_errors(path: Array, y: Array, scale: Array) -> Array:
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


def _choose_depth(
    folds: list[PreparedFold], y: Array, scale: Array, options: Options
) -> tuple[int, dict[int, float]]:
    """Return the depth, and the least held-out mean squared error by depth.

    It is the smallest depth whose root mean squared error is within 2 % of the best one: deeper
    nets take longer, and on real tables they differ little once the metric is learned.
    """
    if len(options.depths) == 1:
        return options.depths[0], {}
    least = {}
    for depth in options.depths:
        paths = held_out_paths(folds, depth, y.shape, options, MAX_DEPTH_ROWS)
        least[depth] = float(_squared_errors(paths.plain, y, scale).mean(axis=1).min())
    limit = min(least.values()) * (1.0 + _DEPTH_TOLERANCE) ** 2
    return min(depth for depth, error in least.items() if error <= limit), least


def choose(folds: list[PreparedFold], y: Array, scale: Array, options: Options) -> Choice:
    """Prescribe depth and numbers of steps from folds.

    Parameters
    ----------
    folds : list of PreparedFold
    y : ndarray of shape (n, n_targets)
    scale : ndarray of shape (n_targets,)
        Standard deviations of the targets.
    options : Options
    """
    depth, least = _choose_depth(folds, y, scale, options)
    paths = held_out_paths(folds, depth, y.shape, options)
    time = earliest_within_one_standard_error(_squared_errors(paths.plain, y, scale))
    fast = earliest_within_one_standard_error(_squared_errors(paths.accelerated, y, scale))
    unit = float(np.sqrt(np.mean(scale**2)))
    return Choice(
        depth=depth,
        n_steps=int(paths.steps[time]),
        n_steps_accelerated=int(paths.accelerated_steps[fast]),
        cv_error=float(np.sqrt(np.mean((paths.plain[time] - y) ** 2))),
        cv_prediction=paths.plain[time],
        cv_prediction_accelerated=paths.accelerated[fast],
        candidates=tuple((f"L={d}", float(np.sqrt(e)) * unit) for d, e in least.items()),
    )
