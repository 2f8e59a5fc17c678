"""Where an effect turns: two straight lines that meet, and how sure their directions are.

The broken line (Hudson 1966, JASA 61, 1097-1129) that follows the Shapley values most closely
says which way they bend; the turning point is their extreme, or the knot when the extreme is an
end. Left and right of it the slopes of Shapley value plus residual are resampled as the slope of
a single direction is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.inspection.resampling import Values, resampled_slope

MIN_SIDE = 8
KNOTS = np.linspace(0.1, 0.9, 33)


@dataclass(frozen=True)
class Turning:
    """The broken line of one column.

    Parameters
    ----------
    knot : float
        Turning point, in the column's unit.
    slopes : tuple of float
        Slopes of the Shapley value left and right of the knot, target unit per column unit.
    resampled : ndarray of shape (n_resamples, 2)
        The same of Shapley value plus residual on resampled rows.
    """

    knot: float
    slopes: tuple[float, float]
    resampled: Values

    def sureness(self, left: float, right: float) -> float:
        """Share of the resamples whose two slopes have these signs."""
        return float((np.sign(self.resampled) == (left, right)).all(axis=1).mean())


def find_turning(
    x: Values,
    rows: NDArray[np.int64],
    effects: Values,
    errors: Values,
    draws: NDArray[np.int64],
    units: NDArray[np.int64],
) -> Turning | None:
    """Fit the broken line of one numeric column and resample its slopes.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        The column; NaN where it is missing or out of the range that counts.
    rows : ndarray of shape (n_explained,)
        Explained rows.
    effects : ndarray of shape (n_explained,)
        Their Shapley values.
    errors : ndarray of shape (n_rows,)
        Residuals, NaN where there is none.
    draws : ndarray of shape (n_resamples, n_units)
        How often each unit is drawn.
    units : ndarray of shape (n_rows,)
        Unit of each row.

    Returns
    -------
    Turning or None
        None when no knot has at least 8 explained rows of differing values on either side.
    """
    known = np.isfinite(x[rows])
    rows, effects = rows[known], effects[known]
    knot = _best_knot(x[rows], effects)
    if knot is None:
        return None
    slopes, resampled = [], []
    usable = np.flatnonzero(np.isfinite(x) & np.isfinite(errors))
    for side in (np.less_equal, np.greater_equal):
        own = side(x[rows], knot)
        near = usable[side(x[usable], knot)]
        middle, scale = x[rows][own].mean(), x[rows][own].std()
        z = (x - middle) / scale
        slopes.append(float(z[rows][own] @ effects[own] / own.sum() / scale))
        resampled.append(
            resampled_slope(draws, units[rows[own]], z[rows[own]], effects[own])
            + resampled_slope(draws, units[near], z[near], errors[near])
        )
    return Turning(knot, (slopes[0], slopes[1]), np.column_stack(resampled))


def _best_knot(x: Values, effects: Values) -> float | None:
    found: dict[float, tuple[float, float]] = {}
    for knot in np.unique(np.quantile(x, KNOTS, method="nearest")) if len(x) else ():
        if not _has_sides(x, knot):
            continue
        design = np.column_stack([np.ones(len(x)), x - knot, np.maximum(x - knot, 0.0)])
        coefficients = np.linalg.lstsq(design, effects, rcond=None)[0]
        error = float(((effects - design @ coefficients) ** 2).sum())
        found[float(knot)] = error, float(coefficients[2])
    if not found:
        return None
    knot = min(found, key=lambda knot: found[knot][0])
    # two lines of unequal length meet beside the extreme of a curve: look for it itself
    extreme = _extreme(x, -np.sign(found[knot][1]) * effects)
    return extreme if _has_sides(x, extreme) else knot


def _has_sides(x: Values, knot: float) -> bool:
    sides = x[x <= knot], x[x >= knot]
    return all(len(side) >= MIN_SIDE and np.ptp(side) > 0 for side in sides)


def _extreme(x: Values, effects: Values) -> float:
    """Return where the running mean of the effects, over a tenth of the rows, is largest."""
    order = np.argsort(x, kind="stable")
    width = max(3, len(x) // 10)
    weights = np.full(width, 1 / width)
    means = np.convolve(effects[order], weights, mode="valid")
    places = np.convolve(x[order], weights, mode="valid")
    return float(places[np.argmax(means)])
