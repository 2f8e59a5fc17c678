"""What is added to a prediction so that somebody can act on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class IntervalResult:
    """Conformal intervals calibrated on held-out residuals.

    Parameters
    ----------
    confidence : float
        Nominal coverage, for example 0.9.
    residuals : ndarray of shape (n_calibration,)
        Held-out residuals (actual minus predicted), the calibration set, target unit.
    coverage : float
        Coverage measured on the held-out rows, each judged by the residuals of the other folds.
    half_width : float
        Half width of the interval for a new row; infinite when there are too few residuals.
    """

    confidence: float
    residuals: NDArray[np.float64]
    coverage: float
    half_width: float


@dataclass(frozen=True)
class RowPredictions:
    """Predictions for the rows of a file, in the file's order.

    Parameters
    ----------
    prediction, lower, upper : ndarray of shape (n_rows,)
        Target unit; NaN where a row cannot be predicted (the note says why).
    in_domain : ndarray of shape (n_rows,) of bool
        Whether the row lies within what the model was trained on.
    notes : tuple of str
        Per-row remarks in the chosen language, empty where there is nothing to say.
    """

    prediction: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    in_domain: NDArray[np.bool_]
    notes: tuple[str, ...]
