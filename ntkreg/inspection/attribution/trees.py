"""Shapley values of tree models by shap's TreeExplainer, where it plays the same game as we do.

The interventional TreeExplainer computes exactly the values of
:mod:`ntkreg.inspection.attribution.shapley` for tree ensembles (Lundberg et al. 2020, Nature
Machine Intelligence 2, 56-67). It cannot handle splits on categories: those are explained with
`tree_path_dependent` only, which answers another question (columns absent along the tree's own
training weights), and one-hot columns would be separate players. Values of two models can only be
compared if both mean the same, so tables with categories are explained by sampling instead.

What comes back is checked: shap 0.51 misses the predictions of forests on rounded numbers by up to
a per cent of their spread (found with numbers of one decimal), and such values are not used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from ntkreg.inspection.attribution.batches import Game
from ntkreg.inspection.attribution.games import column_owners
from ntkreg.inspection.space import is_numeric

GAP = 1e-4
ROWS_A_CALL = 10


def tree_values(game: Game, trees: Any) -> NDArray[np.float64] | None:
    """Interventional Shapley values of a tree ensemble.

    Parameters
    ----------
    game : Game
        Rows and background as the trees see them; matrix columns and table columns are the same.
    trees : LightGBM booster or scikit-learn forest
        What TreeExplainer is given.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), or None
        None when values and base miss the predictions by more than 1e-4 of their spread, which
        means that TreeExplainer reads these trees differently than they predict. The rest, from
        shap's single-precision weights, is shared out in proportion to the values.
    """
    import shap

    explainer = shap.TreeExplainer(
        trees, game.background, feature_perturbation="interventional", model_output="raw"
    )
    # a few rows a call: shap's compiled code writes a progress bar to stderr in long calls
    parts = [
        explainer.shap_values(game.rows[i : i + ROWS_A_CALL], check_additivity=False)
        for i in range(0, len(game.rows), ROWS_A_CALL)
    ]
    found = np.concatenate(parts).astype(np.float64)
    predicted = game.predict(game.rows)
    gap = predicted - game.predict(game.background).mean() - found.sum(axis=1)
    if np.abs(gap).max() > GAP * np.ptp(predicted):
        return None
    sizes = np.abs(found)
    totals = sizes.sum(axis=1, keepdims=True)
    found += gap[:, None] * sizes / np.where(totals > 0, totals, 1.0)
    values = np.zeros((len(game.rows), game.n_columns))
    values[:, game.owner[game.owner >= 0]] = found[:, game.owner >= 0]
    return values


def tree_game(model: Any, rows: pd.DataFrame, background: pd.DataFrame) -> tuple[Game, Any] | None:
    """Return game and trees if a model is a tree ensemble on numeric columns, else None.

    Parameters
    ----------
    model : estimator
        With a LightGBM `booster_` fed with the table's columns, or with `encoder_` and
        `regressor_` (a forest, or an estimator with `booster_`).
    rows, background : DataFrame
        Rows to explain and background rows.

    Returns
    -------
    tuple of (Game, object) or None
        The second is the booster or forest. None as well if a category column is among the
        features, or if two encoded columns belong to one table column.
    """
    if not all(is_numeric(rows[key]) for key in rows.columns):
        return None
    encoder, regressor = getattr(model, "encoder_", None), getattr(model, "regressor_", None)
    trees = trees_of(model if regressor is None else regressor)
    if trees is None:
        return None
    if encoder is None:
        matrices = [part.to_numpy(dtype=np.float64) for part in (rows, background)]
        owner: NDArray[np.int64] | None = np.arange(rows.shape[1])
    else:
        matrices = [np.asarray(encoder.transform(part), np.float64) for part in (rows, background)]
        owner = column_owners(encoder, pd.concat([rows, background], ignore_index=True))
    if owner is None or np.bincount(owner[owner >= 0], minlength=1).max() > 1:
        return None
    if isinstance(trees, RandomForestRegressor):
        # forests compare single-precision numbers, TreeExplainer compares what it is given
        matrices = [part.astype(np.float32).astype(np.float64) for part in matrices]
    return Game(trees.predict, matrices[0], matrices[1], owner, rows.shape[1]), trees


def trees_of(regressor: Any) -> Any:
    """Return what TreeExplainer understands of a regressor, or None if it is no tree ensemble."""
    if isinstance(regressor, RandomForestRegressor):
        return regressor
    return getattr(regressor, "booster_", None)
