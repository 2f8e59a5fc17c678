"""Scores of predictions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from ntkreg.evaluation.results import Scores


def scores(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> Scores:
    """Score predictions.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Actual values.
    prediction : ndarray of shape (n_rows,)
        Predicted values.

    Returns
    -------
    Scores
        R2 is NaN where it has no meaning: for one row, and for a constant `y`.

    Raises
    ------
    ValueError
        If lengths differ, a value is not finite, or there are no rows.

    Examples
    --------
    >>> import numpy as np
    >>> from ntkreg.evaluation import scores
    >>> scores(np.array([1.0, 3.0]), np.array([1.0, 2.0]))
    Scores(r2=0.5, rmse=0.707..., mae=0.5)
    """
    varies = len(y) > 1 and bool(np.ptp(y) > 0)
    return Scores(
        r2=float(r2_score(y, prediction)) if varies else float("nan"),
        rmse=float(root_mean_squared_error(y, prediction)),
        mae=float(mean_absolute_error(y, prediction)),
    )


def overall_scores(y: NDArray[np.float64], predictions: NDArray[np.float64]) -> Scores:
    """Score the held-out predictions of all folds together, averaged over repeats.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Actual values.
    predictions : ndarray of shape (n_repeats, n_rows)
        Held-out predictions; NaN where a row was never tested.

    Returns
    -------
    Scores
        Mean of the scores of each repeat.
    """
    each = []
    for prediction in predictions:
        tested = ~np.isnan(prediction)
        each.append(scores(y[tested], prediction[tested]))
    return Scores(
        r2=float(np.mean([s.r2 for s in each])),
        rmse=float(np.mean([s.rmse for s in each])),
        mae=float(np.mean([s.mae for s in each])),
    )
