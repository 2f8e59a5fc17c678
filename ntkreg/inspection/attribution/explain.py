"""Why a model predicts what it predicts: Shapley values by the user's own columns."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.inspection.attribution.background import choose_background
from ntkreg.inspection.attribution.games import make_game
from ntkreg.inspection.attribution.shapley import plan_sampling, shapley_values
from ntkreg.inspection.attribution.trees import tree_game, tree_values
from ntkreg.inspection.results import Explanation
from ntkreg.io.dataset import Dataset

MAX_EVALUATIONS = 620_000
MIN_EVALUATIONS = 80_000
AFFORDABLE_TERMS = 2.4e9


def explain(
    model: Any,
    name: str,
    dataset: Dataset,
    *,
    seed: int = 0,
    max_rows: int = 200,
    n_background: int = 50,
    max_evaluations: int | None = None,
) -> Explanation:
    """Explain a fitted model on the rows of a table.

    Values are interventional for every model, so that models can be compared: columns absent from
    a set are filled from background rows (:mod:`ntkreg.inspection.attribution.background`). Tree
    ensembles on numeric columns are explained by shap's TreeExplainer, everything else by exact
    enumeration or by sampling of column orders, see :func:`plan_sampling`.

    Parameters
    ----------
    model : estimator
        Fitted; `predict` takes DataFrames with the columns of `dataset.features`.
    name : str
        Contender name.
    dataset : Dataset
        Rows to explain, which also provide the background.
    seed : int, default=0
        Draws rows and orders.
    max_rows : int, default=200
        A random sample is explained when there are more rows.
    n_background : int, default=50
        Background rows; fewer are used where `max_evaluations` asks for it.
    max_evaluations : int, optional
        Limit on the number of rows that the model has to predict. By default 620,000, fewer (but
        at least 80,000) for large kernels and wide nets. With very many columns fewer than
        `max_rows` rows are explained.

    Returns
    -------
    Explanation
        `values.sum(axis=1) + base_value` is the prediction, up to rounding.
    """
    start = time.perf_counter()
    features = dataset.features
    n_rows, n_columns = min(max_rows, dataset.n_rows), features.shape[1]
    found = _by_trees(model, dataset, _draw(dataset.n_rows, n_rows, seed), n_background, seed)
    if found is None:
        sampling = plan_sampling(
            n_rows,
            n_columns,
            min(n_background, dataset.n_rows),
            max_evaluations or affordable_evaluations(model),
        )
        rows = _draw(dataset.n_rows, sampling.n_rows, seed)
        background = choose_background(features, sampling.n_background, seed=seed)
        game = make_game(model, features.iloc[rows], features.iloc[background])
        values = shapley_values(game, sampling, seed=seed)
        found = sampling.method, rows, background, values
    method, rows, background, values = found
    return Explanation(
        model=name,
        method=method,
        rows=rows,
        values=values,
        base_value=float(_predict(model, features.iloc[background]).mean()),
        predictions=_predict(model, features.iloc[rows]),
        n_background=len(background),
        seconds=time.perf_counter() - start,
    )


def affordable_evaluations(model: Any) -> int:
    """Return how many rows a model predicts in seconds rather than minutes.

    Parameters
    ----------
    model : estimator
        Fitted. What a kernel or a net (in a pipeline or a blend, too) costs is the number of terms
        that a prediction adds up: support rows or hidden units.

    Returns
    -------
    int
    """
    terms = max(1, _n_terms(model))
    return int(np.clip(AFFORDABLE_TERMS / terms, MIN_EVALUATIONS, MAX_EVALUATIONS))


def _n_terms(model: Any) -> int:
    parts = [part for _, part in getattr(model, "models_", ())]
    parts += [model.regressor_] if hasattr(model, "regressor_") else []
    own: int = sum(member.n_terms for member in getattr(model, "members_", ()))
    return own + sum(_n_terms(part) for part in parts)


Found = tuple[str, NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def _by_trees(
    model: Any, dataset: Dataset, rows: NDArray[np.int64], n_background: int, seed: int
) -> Found | None:
    """Explain by TreeExplainer if it plays our game and adds up, else return None."""
    background = choose_background(dataset.features, n_background, seed=seed)
    found = tree_game(model, dataset.features.iloc[rows], dataset.features.iloc[background])
    if found is None:
        return None
    values = tree_values(*found)
    return None if values is None else ("tree", rows, background, values)


def _draw(n_rows: int, n_wanted: int, seed: int) -> NDArray[np.int64]:
    if n_wanted >= n_rows:
        return np.arange(n_rows)
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(n_rows, n_wanted, replace=False))


def _predict(model: Any, table: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(model.predict(table), dtype=np.float64).reshape(-1)
