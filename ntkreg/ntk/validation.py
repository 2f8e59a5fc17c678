"""What both estimators check before they work, in scikit-learn's way and words."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, validate_data

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TrainingData:
    """Checked training arrays.

    Parameters
    ----------
    rows : ndarray of shape (n, n_columns)
    targets : ndarray of shape (n, n_targets)
    groups : ndarray of shape (n,) or None
    single_target : bool
        Whether y was one-dimensional.
    """

    rows: Array
    targets: Array
    groups: NDArray[Any] | None
    single_target: bool


def validate_training(
    estimator: BaseEstimator, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None
) -> TrainingData:
    """Return the training arrays as float64, checked as scikit-learn does.

    Raises
    ------
    ValueError
        For arrays that are not finite, too short or of unequal length.
    """
    checked: Any = validate_data(
        estimator, X, y, multi_output=True, y_numeric=True, dtype=np.float64, ensure_min_samples=2
    )
    rows, targets = checked[0], np.asarray(checked[1], dtype=np.float64)
    labels = None
    if groups is not None:
        labels = np.asarray(check_array(groups, ensure_2d=False, dtype=None))
        if labels.shape != (len(rows),):
            raise ValueError(f"groups must have shape ({len(rows)},), got {labels.shape}")
    return TrainingData(rows, targets.reshape(len(targets), -1), labels, targets.ndim == 1)


def validate_rows(estimator: BaseEstimator, X: ArrayLike) -> Array:
    """Return rows to predict, checked against what the estimator was fitted on."""
    checked: Any = validate_data(estimator, X, reset=False, dtype=np.float64)
    rows: Array = checked
    return rows


def resolve_steps(n_steps: Any, prescribed: int) -> int:
    """Return the number of steps to take.

    Raises
    ------
    ValueError
        Unless `n_steps` is "auto" or an integer of at least 0.
    """
    if isinstance(n_steps, str) and n_steps == "auto":
        return prescribed
    if not isinstance(n_steps, Integral) or isinstance(n_steps, bool) or n_steps < 0:
        raise ValueError(f"n_steps must be 'auto' or an integer >= 0, got {n_steps!r}")
    return int(n_steps)
