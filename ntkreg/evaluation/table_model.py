"""An encoder and a regressor as one estimator on tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils import check_array, column_or_1d, get_tags
from sklearn.utils.validation import check_is_fitted, has_fit_parameter


class TableModel(RegressorMixin, BaseEstimator):
    """Encode a table, then regress; groups are handed on to the regressor.

    A scikit-learn `Pipeline` hands `groups` on only if every step is told to; here it is the rule
    for a regressor whose `fit` takes them, with metadata routing on or off.

    Parameters
    ----------
    encoder : transformer
        Table to numeric matrix, for example :class:`~ntkreg.preprocessing.TableEncoder`.
    regressor : regressor
        Works on that matrix.

    Attributes
    ----------
    encoder_, regressor_
        The fitted parts.
    n_features_in_ : int
        Number of table columns.
    feature_names_in_ : ndarray of shape (n_features_in_,) of object
        Names of the table columns, where they had any.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LinearRegression
    >>> from ntkreg.evaluation import TableModel
    >>> from ntkreg.preprocessing import TableEncoder
    >>> table = pd.DataFrame({"t": [1.0, 2.0, None, 4.0], "m": ["a", "b", "a", "b"]})
    >>> model = TableModel(TableEncoder(), LinearRegression()).fit(table, [1.0, 7.0, 2.0, 9.0])
    >>> model.predict(table).round(6)
    array([1., 7., 2., 9.])
    """

    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(self, encoder: Any, regressor: Any) -> None:
        self.encoder = encoder
        self.regressor = regressor

    def fit(
        self, X: pd.DataFrame | ArrayLike, y: ArrayLike, groups: ArrayLike | None = None
    ) -> TableModel:
        """Fit encoder and regressor.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The table.
        y : array-like of shape (n_rows,)
            Target.
        groups : array-like of shape (n_rows,), optional
            Handed to regressors whose `fit` takes groups.

        Returns
        -------
        TableModel
            The fitted estimator.

        Raises
        ------
        ValueError
            If there are fewer than 2 rows, no column varies, y is not finite, and what encoder and
            regressor raise.
        """
        self.encoder_ = clone(self.encoder)
        regressor = clone(self.regressor)
        encoded = self.encoder_.fit_transform(X)
        target = single_target(y)
        # what does not look at its input (the mean) can do without columns
        if encoded.shape[1] == 0 and not get_tags(regressor).no_validation:
            raise ValueError(f"no column varies in the {len(target)} training rows")
        more = {"groups": groups} if has_fit_parameter(regressor, "groups") else {}
        self.regressor_ = regressor.fit(encoded, target, **more)
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
            Predictions, float64.
        """
        check_is_fitted(self, "regressor_")
        prediction = self.regressor_.predict(self.encoder_.transform(X))
        return np.asarray(prediction, dtype=np.float64)

    @property
    def cv_prediction_(self) -> NDArray[np.float64]:
        """Held-out predictions of the training rows; AttributeError if the regressor has none."""
        held_out: NDArray[np.float64] = self.regressor_.cv_prediction_
        return held_out

    @property
    def n_features_in_(self) -> int:
        """Number of table columns."""
        return int(self.encoder_.n_features_in_)

    @property
    def feature_names_in_(self) -> NDArray[np.object_]:
        """Names of the table columns; AttributeError if they had none."""
        names: NDArray[np.object_] = self.encoder_.feature_names_in_
        return names

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags


def single_target(y: ArrayLike) -> NDArray[np.float64]:
    """Return a target as a float64 array of shape (n_rows,).

    Raises
    ------
    ValueError
        If it is None, has several columns, holds NaN or infinity, or has fewer than 2 rows.
    """
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    target: NDArray[np.float64] = column_or_1d(
        check_array(y, ensure_2d=False, dtype=np.float64), warn=True
    )
    if len(target) < 2:
        raise ValueError(f"at least 2 rows are needed, got n_samples = {len(target)}")
    return target
