"""A weighted mean of models, weighted by how well each predicts rows held out from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from ntkreg.evaluation.table_model import single_target


class BlendRegressor(RegressorMixin, BaseEstimator):
    """Mean of several models with weights found on their out-of-fold predictions.

    Stacking with the weights bound to be non-negative and to sum to one, and drawn towards equal
    weights, so that on small tables chance does not decide.

    Parameters
    ----------
    models : list of (str, estimator)
        Regressors that offer `cv_prediction_` after `fit`.
    prior : float, default=10.0
        How strongly equal weights are preferred; 0 is plain stacking. See :func:`blend_weights`.

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

    def __init__(self, models: list[tuple[str, Any]], *, prior: float = 10.0) -> None:
        self.models = models
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
            What the models raise.
        """
        target = single_target(y)
        self.models_ = []
        for name, model in self.models:
            more = {"groups": groups} if has_fit_parameter(model, "groups") else {}
            self.models_.append((name, clone(model).fit(X, target, **more)))
        held_out = np.column_stack([model.cv_prediction_ for _, model in self.models_])
        self.weights_ = blend_weights(held_out, target, prior=self.prior)
        self.cv_prediction_ = held_out @ self.weights_
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


def blend_weights(
    held_out: NDArray[np.float64], y: NDArray[np.float64], *, prior: float = 10.0
) -> NDArray[np.float64]:
    """Return weights w >= 0 with sum 1 that minimise |y - P w|^2 + prior mse_best |w - 1/k|^2.

    mse_best, the least mean squared error of one model, makes `prior` free of units: it counts
    like that many rows.

    Parameters
    ----------
    held_out : ndarray of shape (n_rows, k)
        P, out-of-fold predictions of k models.
    y : ndarray of shape (n_rows,)
        Target.
    prior : float, default=10.0
        Strength of the preference for equal weights.

    Returns
    -------
    ndarray of shape (k,)
        The weights.

    Examples
    --------
    >>> import numpy as np
    >>> from ntkreg.evaluation.blend import blend_weights
    >>> y = np.array([1.0, 2.0, 3.0])
    >>> blend_weights(np.column_stack([y + 1, y - 1]), y)
    array([0.5, 0.5])
    """
    k = held_out.shape[1]
    # with sum(w) = 1 the residual is a weighted mean of the models' residuals
    residuals = held_out - y[:, None]
    scale = float(np.abs(residuals).max())
    if scale == 0:
        return np.full(k, 1 / k)
    residuals = residuals / scale
    best = float((residuals**2).mean(axis=0).min())
    pull = np.sqrt(prior * best)
    # a row that outweighs all others holds the sum at one
    firm = 1e4 * (np.sqrt(len(y)) + pull)
    left = np.vstack([residuals, pull * np.eye(k), np.full((1, k), firm)])
    right = np.concatenate([np.zeros(len(y)), np.full(k, pull / k), [firm]])
    weights, _ = nnls(left, right)
    normalised: NDArray[np.float64] = weights / weights.sum()
    return normalised
