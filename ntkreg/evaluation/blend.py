"""A weighted mean of models, weighted by how well each predicts rows held out from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from ntkreg.evaluation.table_model import single_target
from ntkreg.ntk.prescription.stacking import stacking_weights


class BlendRegressor(RegressorMixin, BaseEstimator):
    """Mean of several models with weights found on their out-of-fold predictions.

    Stacking with the weights bound to be non-negative and to sum to one, and drawn towards the
    first models alone, so that on small tables the others have to earn their weight.

    Parameters
    ----------
    models : list of (str, estimator)
        Regressors that offer `cv_prediction_` after `fit`.
    n_twins : int, default=1
        How many of the first models have equal weights. The net and its kernel are twins: both
        foresee the errors of the same kernels, so that these cannot tell them apart.
    prior : float, default=10.0
        How strongly the first models are preferred; 0 is plain stacking. See
        :func:`ntkreg.ntk.prescription.stacking.stacking_weights`.

    Attributes
    ----------
    models_ : list of (str, estimator)
        The fitted models.
    weights_ : ndarray of shape (n_models,)
        Their weights.
    cv_prediction_ : ndarray of shape (n_rows,)
        The same mean of the out-of-fold predictions. Its error is a little optimistic, since the
        weights were found on it.

    References
    ----------
    Breiman (1996). Stacked regressions. Machine Learning 24, 49-64.
    """

    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(
        self, models: list[tuple[str, Any]], *, n_twins: int = 1, prior: float = 10.0
    ) -> None:
        self.models = models
        self.n_twins = n_twins
        self.prior = prior

    def fit(
        self, X: pd.DataFrame | ArrayLike, y: ArrayLike, groups: ArrayLike | None = None
    ) -> BlendRegressor:
        """Fit all models and find their weights.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The table.
        y : array-like of shape (n_rows,)
            Target.
        groups : array-like of shape (n_rows,), optional
            Handed to models whose `fit` takes groups.

        Returns
        -------
        BlendRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If `n_twins` is not in 1 ... number of models, and what the models raise.
        """
        target = single_target(y)
        fitted = []
        for name, model in self.models:
            more = {"groups": groups} if has_fit_parameter(model, "groups") else {}
            fitted.append((name, clone(model).fit(X, target, **more)))
        return self.combine(fitted, target)

    def combine(self, fitted: list[tuple[str, Any]], y: ArrayLike) -> BlendRegressor:
        """Find the weights of models that are fitted already, on the same rows.

        Parameters
        ----------
        fitted : list of (str, estimator)
            As `models`, fitted.
        y : array-like of shape (n_rows,)
            Target they were fitted to.

        Returns
        -------
        BlendRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If `n_twins` is not in 1 ... number of models.
        """
        n = self.n_twins
        if not 1 <= n <= len(fitted):
            raise ValueError(f"n_twins is {n}; allowed: 1 to {len(fitted)}, the number of models")
        each = np.column_stack([model.cv_prediction_ for _, model in fitted])
        held_out = np.column_stack([each[:, :n].mean(axis=1), each[:, n:]])
        first = np.eye(held_out.shape[1])[0]
        weights = stacking_weights(held_out, single_target(y), prior=self.prior, centre=first)
        self.models_ = fitted
        self.weights_ = np.concatenate([np.full(n, weights[0] / n), weights[1:]])
        self.cv_prediction_ = each @ self.weights_
        return self

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Predict the target.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Weighted mean of the models' predictions.
        """
        check_is_fitted(self)
        each = np.column_stack([model.predict(X) for _, model in self.models_])
        prediction: NDArray[np.float64] = each @ self.weights_
        return prediction

    @property
    def n_features_in_(self) -> int:
        """Number of table columns."""
        return int(self.models_[0][1].n_features_in_)

    @property
    def feature_names_in_(self) -> NDArray[np.object_]:
        """Names of the table columns; AttributeError if they had none."""
        names: NDArray[np.object_] = self.models_[0][1].feature_names_in_
        return names

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags
