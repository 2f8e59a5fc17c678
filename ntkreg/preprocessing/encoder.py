"""From a table with categories and holes to a complete numeric matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

MIN_LEVEL_COUNT = 2


class TableEncoder(TransformerMixin, BaseEstimator):
    """Encode a table as a float64 matrix without missing values.

    Numeric columns have their missing cells filled with the median of the training rows. Every
    level of a category that was seen at least twice in training becomes a column of zeros and
    ones; rarer levels, levels unknown at training time and missing cells are all zeros. Columns
    that do not vary in training (after filling) are dropped.

    Nothing is scaled: trees do not need it, and the kernels have their own embedding.

    Attributes
    ----------
    medians_ : ndarray of shape (n_features_in_,)
        What fills missing cells; NaN for categories and for columns without any number.
    levels_ : list of (str or None), of length n_features_out
        Level that each output column marks; None for numeric columns.
    feature_index_ : ndarray of shape (n_features_out,) of int
        Input column from which each output column was made.
    n_features_in_ : int
        Number of input columns.
    feature_names_in_ : ndarray of shape (n_features_in_,) of object
        Names of the input columns; only when fitted on a DataFrame with text names.

    Examples
    --------
    >>> import pandas as pd
    >>> from ntkreg.preprocessing import TableEncoder
    >>> table = pd.DataFrame({"t": [1.0, None, 3.0, 2.0], "mat": ["a", "b", "a", None]})
    >>> TableEncoder().fit_transform(table)
    array([[1., 1.],
           [2., 0.],
           [3., 1.],
           [2., 0.]])
    """

    def fit(self, X: pd.DataFrame | ArrayLike, y: object = None) -> TableEncoder:  # noqa: ARG002
        """Learn medians and levels.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            DataFrames may hold numeric and text (`object`, `str`, `category`) columns; arrays are
            numeric. Missing cells are NaN or None.
        y : ignored
            Only there because scikit-learn passes it.

        Returns
        -------
        TableEncoder
            The fitted encoder.

        Raises
        ------
        ValueError
            If a cell is infinite, a column holds dates, or there are no rows.
        """
        table = validate_table(self, X, reset=True)
        if len(table) == 0:
            raise ValueError("Found a table with 0 rows while a minimum of 1 is required.")
        self.medians_ = np.full(table.shape[1], np.nan)
        self.levels_: list[str | None] = []
        index: list[int] = []
        for j in range(table.shape[1]):
            levels = self._fit_column(j, table.iloc[:, j])
            self.levels_ += levels
            index += [j] * len(levels)
        self.feature_index_ = np.array(index, dtype=np.int64)
        return self

    def _fit_column(self, j: int, column: pd.Series[Any]) -> list[str | None]:
        if not is_category(column):
            values = numbers_of(column)
            known = values[~np.isnan(values)]
            if len(known):
                self.medians_[j] = np.median(known)
            varies = len(known) > 0 and known.min() < known.max()
            return [None] if varies else []
        counts = pd.Series(levels_of(column)).value_counts()
        often = counts[(counts >= MIN_LEVEL_COUNT) & (counts < len(column))]
        return sorted(str(level) for level in often.index)  # type: ignore[return-value]

    def transform(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Encode a table.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`, in the same order.

        Returns
        -------
        ndarray of shape (n_rows, n_features_out)
            float64, no NaN.

        Raises
        ------
        ValueError
            If columns differ from those of `fit`, or a numeric column holds text.
        """
        check_is_fitted(self)
        table = validate_table(self, X, reset=False)
        encoded = np.zeros((len(table), len(self.levels_)))
        texts: dict[int, NDArray[np.object_]] = {}
        for k, (j, level) in enumerate(zip(self.feature_index_, self.levels_, strict=True)):
            if level is None:
                values = numbers_of(table.iloc[:, j])
                encoded[:, k] = np.where(np.isnan(values), self.medians_[j], values)
            else:
                if j not in texts:
                    texts[j] = levels_of(table.iloc[:, j])
                encoded[:, k] = texts[j] == level
        return encoded

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Return a name for each output column, `column` or `column=level`.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the input columns where `fit` saw none; otherwise they must be those of `fit`.

        Returns
        -------
        ndarray of shape (n_features_out,) of object
            Names.

        Raises
        ------
        ValueError
            If `input_features` is not what `fit` saw.
        """
        check_is_fitted(self)
        known = getattr(self, "feature_names_in_", None)
        if input_features is None:
            names = known if known is not None else [f"x{j}" for j in range(self.n_features_in_)]
        else:
            names = np.asarray(input_features, dtype=object)
            if known is not None and not np.array_equal(known, names):
                raise ValueError("input_features is not equal to feature_names_in_")
            if len(names) != self.n_features_in_:
                raise ValueError(
                    "input_features should have length equal to number of features "
                    f"({self.n_features_in_}), got {len(names)}"
                )
        return np.array(
            [
                str(names[j]) if level is None else f"{names[j]}={level}"
                for j, level in zip(self.feature_index_, self.levels_, strict=True)
            ],
            dtype=object,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags


def validate_table(estimator: Any, X: pd.DataFrame | ArrayLike, *, reset: bool) -> pd.DataFrame:
    """Check the input of an estimator that takes tables, and return it as a DataFrame.

    Parameters
    ----------
    estimator : estimator
        Learns `n_features_in_` and `feature_names_in_` if `reset`, is compared with them if not.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Arrays are made float64; DataFrames are returned as they are.
    reset : bool
        Whether this is `fit`.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        The table.

    Raises
    ------
    ValueError
        If columns differ from those of `fit`, or an array is not two-dimensional and numeric.
    """
    if isinstance(X, pd.DataFrame):
        validate_data(estimator, X, skip_check_array=True, reset=reset)
        return X
    array = validate_data(
        estimator, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=reset
    )
    return pd.DataFrame(array)


def is_category(column: pd.Series[Any]) -> bool:
    """Return whether a column holds levels (text) rather than numbers.

    Raises
    ------
    ValueError
        If the column holds dates: only the user knows what about a date could matter.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        raise ValueError(
            f"column {column.name!r} holds dates; pass a number made from it (for example the "
            "days since a start) or leave it out"
        )
    if isinstance(column.dtype, pd.CategoricalDtype):
        return True
    return not pd.api.types.is_numeric_dtype(column)


def numbers_of(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return a column as float64 with NaN for missing cells.

    Raises
    ------
    ValueError
        If a cell is text that is no number, or infinite.
    """
    values: NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0])
        raise ValueError(f"column {column.name!r} contains infinity (row {row} counted from 0)")
    return values


def levels_of(column: pd.Series[Any]) -> NDArray[np.object_]:
    """Return a column as an object array of str, None for missing cells."""
    cells = column.astype(object)
    levels: NDArray[np.object_] = np.array(
        [None if missing else str(cell) for cell, missing in zip(cells, cells.isna(), strict=True)],
        dtype=object,
    )
    return levels
