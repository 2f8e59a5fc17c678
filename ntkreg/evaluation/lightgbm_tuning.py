"""How LightGBM is set up and tuned for small tables: free functions on arrays.

References
----------
Ke et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NIPS 30.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import GroupKFold, KFold
from sklearn.utils import check_consistent_length

if TYPE_CHECKING:
    import lightgbm

Folds = tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]
Setting = Mapping[str, float]

# silent, and the same arithmetic on every run and for every number of threads
REPRODUCIBLE = {"verbosity": -1, "deterministic": True, "force_row_wise": True}
# LightGBM's defaults want 3 rows a bin and 100 rows a category level: too many for 50 rows
SMALL_TABLE = {
    "objective": "regression",
    "feature_pre_filter": False,
    "min_data_in_bin": 1,
    "max_cat_to_onehot": 16,
    "min_data_per_group": 5,
    "cat_smooth": 2.0,
    "cat_l2": 2.0,
    "bagging_freq": 1,
}
SEARCH_RATE, FINAL_RATE = 0.15, 0.05
SMALL = 400  # rows up to which the comparison may use half of the trees; a quarter beyond
SETTINGS: tuple[Setting, ...] = (
    {"num_leaves": 15, "min_data_in_leaf": 5},
    {"num_leaves": 31, "min_data_in_leaf": 5},
    {"num_leaves": 6, "min_data_in_leaf": 5},
    {"num_leaves": 3, "min_data_in_leaf": 3},
    {"num_leaves": 8, "min_data_in_leaf": 2, "lambda_l2": 1.0},
    {"num_leaves": 15, "min_data_in_leaf": 2, "feature_fraction": 0.7, "bagging_fraction": 0.8},
    {"num_leaves": 31, "min_data_in_leaf": 10, "feature_fraction": 0.7, "bagging_fraction": 0.9},
    {"num_leaves": 31, "min_data_in_leaf": 2, "extra_trees": True},
    {"num_leaves": 8, "min_data_in_leaf": 2, "extra_trees": True},
    {"num_leaves": 31, "min_data_in_leaf": 3, "feature_fraction": 0.5, "bagging_fraction": 0.7},
)


@dataclass(frozen=True)
class Problem:
    """One tuning task.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_columns)
        Numbers; level codes in the categorical columns; NaN where missing.
    y : ndarray of shape (n_rows,)
        Target.
    categorical : tuple of int
        Positions of the categorical columns.
    folds : tuple of (train, test)
        Row positions of the inner folds.
    settings : tuple of mapping
        What is compared.
    max_rounds : int
        Most trees at the final rate.
    fixed : mapping
        LightGBM parameters that all settings share.
    """

    matrix: NDArray[np.float64]
    y: NDArray[np.float64]
    categorical: tuple[int, ...]
    folds: Folds
    settings: tuple[Setting, ...]
    max_rounds: int
    fixed: Mapping[str, Any]


@dataclass(frozen=True)
class Tuned:
    """The chosen LightGBM parameters, the number of trees, and out-of-fold predictions."""

    params: Mapping[str, Any]
    rounds: int
    cv_prediction: NDArray[np.float64]
    candidates: tuple[tuple[Setting, float], ...]


def make_problem(
    matrix: NDArray[np.float64],
    y: NDArray[np.float64],
    categorical: tuple[int, ...],
    folds: Folds,
    settings: tuple[Setting, ...],
    max_rounds: int,
    *,
    seed: int,
    n_threads: int,
) -> Problem:
    """Return a tuning task (parameters as in :class:`Problem`)."""
    fixed = {**REPRODUCIBLE, **SMALL_TABLE, "seed": seed, "num_threads": n_threads}
    return Problem(matrix, y, categorical, folds, settings, max_rounds, fixed)


def tune(problem: Problem) -> Tuned:
    """Compare the settings in the inner folds and take the best.

    The settings are compared at learning rate 0.15; the best is run again at 0.05 for its number
    of trees and its out-of-fold predictions.

    Parameters
    ----------
    problem : Problem
        The task.

    Returns
    -------
    Tuned
        The answer; do not change its arrays.
    """
    search_rounds = max(1, problem.max_rounds // (2 if len(problem.y) <= SMALL else 4))
    candidates = []
    for setting in problem.settings:
        params = {**problem.fixed, **setting, "learning_rate": SEARCH_RATE}
        curve, _ = _cross_validate(problem, params, search_rounds, patience=25)
        candidates.append((setting, float(np.sqrt(curve.min()))))
    best = min(candidates, key=lambda candidate: candidate[1])[0]
    params = {**problem.fixed, **best, "learning_rate": FINAL_RATE}
    curve, boosters = _cross_validate(problem, params, problem.max_rounds, patience=50)
    rounds = int(np.argmin(curve)) + 1
    prediction = np.empty(len(problem.y))
    for booster, (_, test) in zip(boosters, problem.folds, strict=True):
        prediction[test] = booster.predict(problem.matrix[test], num_iteration=rounds)
    return Tuned({**best, "learning_rate": FINAL_RATE}, rounds, prediction, tuple(candidates))


def _cross_validate(
    problem: Problem, params: dict[str, Any], max_rounds: int, *, patience: int
) -> tuple[NDArray[np.float64], list[lightgbm.Booster]]:
    import lightgbm

    history = lightgbm.cv(
        params,
        _pack(problem.matrix, problem.y, problem.categorical, params),
        num_boost_round=max_rounds,
        folds=problem.folds,
        callbacks=[lightgbm.early_stopping(patience, verbose=False)],
        return_cvbooster=True,
    )
    packed: Any = history["cvbooster"]
    return np.array(history["valid l2-mean"]), packed.boosters


def train(
    params: Mapping[str, Any],
    matrix: NDArray[np.float64],
    y: NDArray[np.float64],
    categorical: tuple[int, ...],
    rounds: int,
) -> lightgbm.Booster:
    """Train one booster.

    Parameters
    ----------
    params : mapping
        LightGBM parameters.
    matrix : ndarray of shape (n_rows, n_columns)
        Numbers; level codes in the categorical columns; NaN where missing.
    y : ndarray of shape (n_rows,)
        Target.
    categorical : tuple of int
        Positions of the categorical columns.
    rounds : int
        Number of trees.

    Returns
    -------
    lightgbm.Booster
        The model, its columns called f0, f1, ...
    """
    import lightgbm

    data = _pack(matrix, y, categorical, params)
    return lightgbm.train(dict(params), data, num_boost_round=rounds)


def _pack(
    matrix: NDArray[np.float64],
    y: NDArray[np.float64],
    categorical: tuple[int, ...],
    params: Mapping[str, Any],
) -> lightgbm.Dataset:
    import lightgbm

    return lightgbm.Dataset(
        matrix,
        y,
        feature_name=[f"f{j}" for j in range(matrix.shape[1])],
        categorical_feature=list(categorical),
        params=dict(params),
    )


def inner_folds(n_rows: int, groups: ArrayLike | None, n_folds: int, seed: int) -> Folds:
    """Return inner folds: whole groups where there are at least two, shuffled rows otherwise."""
    rows = np.arange(n_rows)
    if groups is not None:
        labels = np.asarray(groups)
        check_consistent_length(rows, labels)
        n_groups = len(np.unique(labels))
        if n_groups >= 2:
            return tuple(GroupKFold(min(n_folds, n_groups)).split(rows, groups=labels))
    splitter = KFold(min(n_folds, n_rows), shuffle=True, random_state=seed)
    return tuple(splitter.split(rows))
