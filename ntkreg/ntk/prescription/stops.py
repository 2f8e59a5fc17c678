"""The two stops of one model: of plain gradient descent, and of the accelerated solver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.prescription.choice import choose_time, squared_errors
from ntkreg.ntk.prescription.options import Options
from ntkreg.ntk.prescription.selection import HeldOut, step_grids

Array = NDArray[np.float64]

# a net that gets to its stop in fewer steps than these leaves the path of its kernel
LEAST_STEPS = 8


@dataclass(frozen=True)
class Stops:
    """Positions in the grids of steps, and the numbers of steps there.

    Parameters
    ----------
    plain : int
        Position in the grid of plain gradient descent.
    accelerated : int
        Position in that of the accelerated solver.
    n_steps, n_steps_accelerated : int
    preconditioned : bool
        Whether the accelerated solver has its preconditioner, or momentum alone.
    interpolates : bool, default=False
        Whether both stops are the end of the path, the interpolation.
    """

    plain: int
    accelerated: int
    n_steps: int
    n_steps_accelerated: int
    preconditioned: bool
    interpolates: bool = False

    def held_out(self, paths: HeldOut) -> Array:
        """Return the held-out predictions at the accelerated stop, shape (n, n_targets)."""
        if self.interpolates:
            end: Array = paths.plain[-1]
            return end
        path = paths.accelerated if self.preconditioned else paths.momentum
        found: Array = path[self.accelerated]
        return found


def _nearest(path: Array, wanted: Array, scale: Array) -> int:
    """Return the position on a path where held-out predictions are nearest to those wanted."""
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.square((path - wanted) / scale).mean(axis=(1, 2))
    return int(np.argmin(np.where(np.isfinite(distance), distance, np.inf)))


def choose_stops(
    paths: HeldOut, likely: tuple[float, float], y: Array, scale: Array, options: Options
) -> Stops:
    """Choose both stops on the held-out paths.

    Each is chosen on its own path (:func:`ntkreg.ntk.prescription.choice.choose_time`). Where
    the accelerated one would come within a few large steps, momentum alone goes there in smaller
    ones, up to the number of steps whose held-out predictions are nearest to those at the plain
    stop.

    Parameters
    ----------
    paths : HeldOut
    likely : tuple of float
        Numbers of steps, plain and accelerated, at the noise level of the marginal likelihood.
    y : ndarray of shape (n, n_targets)
    scale : ndarray of shape (n_targets,)
    options : Options
    """
    steps, fast = step_grids(options)
    plain = choose_time(squared_errors(paths.plain, y, scale), steps, likely[0])
    position = choose_time(squared_errors(paths.accelerated, y, scale), fast, likely[1])
    preconditioned = bool(fast[position] >= LEAST_STEPS)
    if not preconditioned:
        position = _nearest(paths.momentum, paths.plain[plain], scale)
    return Stops(plain, position, int(steps[plain]), int(fast[position]), preconditioned)
