"""Number formats: as many decimals as the target and its error are worth."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ntkreg.reporting.text import decimals
from ntkreg.reporting.view import View

SHARE = "0.0%"
# of a column whose numbers have nothing in common
EACH = "each"
_MOST_DECIMALS = 6


def fixed_format(places: int) -> str:
    """Return the format of a number with some decimals and separated thousands."""
    return "#,##0." + "0" * places if places else "#,##0"


def score_format(view: View) -> str:
    """Return the format of errors and effects: the chosen model's RMSE to four digits."""
    scale = view.chosen.overall.rmse
    return fixed_format(decimals(scale)) if _ordinary(scale) else "0.000E+00"


def value_format(view: View) -> str:
    """Return the format of target values: the decimals measured, two digits of the RMSE at least.

    Never more than show the RMSE to four digits.
    """
    scale = view.chosen.overall.rmse
    if not _ordinary(scale):
        return "General"
    most = decimals(scale)
    return fixed_format(min(most, max(decimals_of(view.content.dataset.y), most - 2)))


def decimals_of(values: NDArray[np.float64]) -> int:
    """Return how many decimals the values were written with, 6 at most.

    Examples
    --------
    >>> decimals_of(np.array([12.5, 3.25])), decimals_of(np.array([100.0, np.nan]))
    (2, 0)
    """
    known = values[np.isfinite(values)]
    size = float(np.abs(known).max(initial=0.0))
    for places in range(_MOST_DECIMALS):
        if np.allclose(np.round(known, places), known, rtol=0.0, atol=1e-12 * max(size, 1e-3)):
            return places
    return _MOST_DECIMALS


def _ordinary(scale: float) -> bool:
    return math.isfinite(scale) and 1e-4 <= scale < 1e7
