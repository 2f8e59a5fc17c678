"""What the two estimators share: a stack of members with its record, and how it predicts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ntkreg.ntk.fitted import predict_stack
from ntkreg.ntk.prescription.interpolation import (
    average_duplicates,
    explain_interpolation,
    of_all_rows,
)
from ntkreg.ntk.prescription.members import ExactMember
from ntkreg.ntk.prescription.options import Options
from ntkreg.ntk.prescription.prescribe import Prescribed, Stack
from ntkreg.ntk.results import Interpolation, Prescription
from ntkreg.ntk.validation import TrainingData, validate_rows

Array = NDArray[np.float64]
Positions = NDArray[np.int64]


class StackedRegressor(RegressorMixin, BaseEstimator):
    """A fitted stack: `members_`, and the record of how they were prescribed."""

    def _store(self, prescribed: Prescribed, stack: Stack, position: Positions | None) -> None:
        """Keep the record; `position` says where each row stands among those of the stack."""
        held_out = stack.cv_prediction if position is None else stack.cv_prediction[position]
        self.prescription_: Prescription = stack.prescription
        self.interpolation_: Interpolation | None = None
        leading = prescribed.members[int(np.argmax(stack.shares))]
        if position is not None and isinstance(leading, ExactMember) and leading.interpolation:
            self.interpolation_ = of_all_rows(leading.interpolation, position)
            self.prescription_ = explain_interpolation(stack.prescription, self.interpolation_)
        self.cv_prediction_ = held_out[:, 0] if self._single_target else held_out
        self.cv_error_ = stack.prescription.cv_error

    def _distinct(
        self, data: TrainingData, options: Options
    ) -> tuple[TrainingData, Positions | None]:
        """Average equal rows where the model is to interpolate; see :meth:`_store`."""
        self._single_target = data.single_target
        return (data, None) if options.tolerance is None else average_duplicates(data)

    def predict(self, X: ArrayLike) -> Array:
        """Return predictions in target units, the mean over members and their networks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        check_is_fitted(self)
        rows = validate_rows(self, X)
        predictions = predict_stack(self.members_, rows)
        return predictions[:, 0] if self._single_target else predictions

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
