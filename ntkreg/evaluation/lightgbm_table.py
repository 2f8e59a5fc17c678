"""LightGBM as scikit-learn regressors on tables: set up for small ones, and as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from ntkreg.evaluation.level_codes import table_categories, table_matrix
from ntkreg.evaluation.lightgbm_tuning import (
    REPRODUCIBLE,
    SETTINGS,
    inner_folds,
    make_problem,
    train,
    tune,
)
from ntkreg.evaluation.table_model import single_target
from ntkreg.preprocessing.encoder import validate_table

if TYPE_CHECKING:
    import lightgbm

MAX_SEED = 2**31 - 1
LARGE_TABLE = 2000


class _TableBooster(RegressorMixin, BaseEstimator):
    """What both estimators share: a table becomes numbers, a booster predicts."""

    booster_: lightgbm.Booster
    categories_: dict[int, list[str]]
    n_jobs: int | None

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[np.float64]:
        """Predict the target.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The columns of `fit`; levels unknown to it count as missing.

        Returns
        -------
        ndarray of shape (n_rows,)
            Predictions.
        """
        check_is_fitted(self)
        matrix = table_matrix(validate_table(self, X, reset=False), self.categories_)
        prediction = self.booster_.predict(matrix, num_threads=self.n_jobs or 1)
        return np.asarray(prediction, dtype=np.float64)

    def _start(
        self, X: pd.DataFrame | ArrayLike, y: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        table = validate_table(self, X, reset=True)
        target = single_target(y)
        check_consistent_length(table, target)
        self.categories_ = table_categories(table)
        return table_matrix(table, self.categories_), target

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags


class SmallTableLightGBM(_TableBooster):
    """LightGBM set up and tuned for tables of some tens to some thousands of rows.

    The settings of `ntkreg.evaluation.lightgbm_tuning.SETTINGS` (3 to 31 leaves, 2 to 10 rows a
    leaf, with and without sampling and penalty) are compared in the same inner folds at learning
    rate 0.15; the best is run again at 0.05. The number of trees is where the error over the folds
    is least. The whole budget is 10 settings x 4 folds + 4 + 1 trainings, and 5 settings x 4 folds
    + 4 + 1 for more than 2,000 rows.

    Parameters
    ----------
    n_folds : int, default=4
        Inner folds; of whole groups when `groups` are given to `fit`.
    max_rounds : int, default=1000
        Most trees at rate 0.05; a half (up to 400 rows) or a quarter of that in the comparison.
    random_state : int, RandomState instance or None, default=0
        Decides folds and sampling.
    n_jobs : int or None, default=None
        Threads; None is 1, which is fastest on small tables. The result does not depend on it.

    Attributes
    ----------
    booster_ : lightgbm.Booster
        The model; its columns are called f0, f1, ... whatever the table calls them.
    categories_ : dict of int to list of str
        Levels of the text columns by position.
    best_params_ : dict
        The chosen setting with its number of trees (`num_iterations`).
    cv_prediction_ : ndarray of shape (n_rows,)
        Out-of-fold prediction of each training row under the chosen setting. The setting was chosen
        in the same folds, so that its error is a little optimistic.
    cv_error_ : float
        Root mean squared error of `cv_prediction_`.
    n_features_in_, feature_names_in_
        As in scikit-learn.
    """

    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        *,
        n_folds: int = 4,
        max_rounds: int = 1000,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_folds = n_folds
        self.max_rounds = max_rounds
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self, X: pd.DataFrame | ArrayLike, y: ArrayLike, groups: ArrayLike | None = None
    ) -> SmallTableLightGBM:
        """Tune and train.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Numeric and text columns; missing cells are allowed.
        y : array-like of shape (n_rows,)
            Target.
        groups : array-like of shape (n_rows,), optional
            Rows of one group stay together in the inner folds. Ignored if there is only one.

        Returns
        -------
        SmallTableLightGBM
            The fitted estimator.

        Raises
        ------
        ValueError
            If lengths differ, y is not finite, or there are fewer than 2 rows.
        """
        matrix, target = self._start(X, y)
        seed = int(check_random_state(self.random_state).randint(MAX_SEED))
        problem = make_problem(
            matrix,
            target,
            tuple(self.categories_),
            inner_folds(len(target), groups, self.n_folds, seed),
            SETTINGS if len(target) <= LARGE_TABLE else SETTINGS[:5],
            self.max_rounds,
            seed=seed,
            n_threads=self.n_jobs or 1,
        )
        tuned = tune(problem)
        params = {**problem.fixed, **tuned.params}
        self.best_params_ = {**tuned.params, "num_iterations": tuned.rounds}
        self.cv_prediction_ = tuned.cv_prediction.copy()
        self.cv_error_ = float(np.sqrt(np.mean((tuned.cv_prediction - target) ** 2)))
        self.booster_ = train(params, matrix, target, problem.categorical, tuned.rounds)
        return self


class DefaultLightGBM(_TableBooster):
    """LightGBM with its own defaults: 100 trees of 31 leaves with at least 20 rows a leaf.

    Kept beside :class:`SmallTableLightGBM` because it is what most people run. On 40 rows and
    fewer it predicts one constant (lightgbm-org/LightGBM#380).

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=0
        Seed handed to LightGBM (its defaults draw nothing).
    n_jobs : int or None, default=None
        Threads; None is 1. The result does not depend on it.

    Attributes
    ----------
    booster_ : lightgbm.Booster
        The model; its columns are called f0, f1, ... whatever the table calls them.
    categories_ : dict of int to list of str
        Levels of the text columns by position.
    n_features_in_, feature_names_in_
        As in scikit-learn.
    """

    def __init__(self, *, random_state: Any = 0, n_jobs: int | None = None) -> None:
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        X: pd.DataFrame | ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,  # noqa: ARG002
    ) -> DefaultLightGBM:
        """Train.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Numeric and text columns; missing cells are allowed.
        y : array-like of shape (n_rows,)
            Target.

        groups : ignored
            Nothing is tuned.

        Returns
        -------
        DefaultLightGBM
            The fitted estimator.

        Raises
        ------
        ValueError
            If lengths differ, y is not finite, or there are fewer than 2 rows.
        """
        matrix, target = self._start(X, y)
        seed = int(check_random_state(self.random_state).randint(MAX_SEED))
        params = {**REPRODUCIBLE, "seed": seed, "num_threads": self.n_jobs or 1}
        self.booster_ = train(params, matrix, target, tuple(self.categories_), rounds=100)
        return self
