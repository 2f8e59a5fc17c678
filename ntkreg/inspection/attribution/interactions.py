"""Which pairs of columns a model does not simply add up, and what such a pair looks like.

The joint effect of two columns at a row is the mean prediction when both take the row's values and
all others those of background rows. What is left of it after both single effects is the
interaction; its mean square over rows, as a share of that of the joint effect, is the H statistic
of Friedman and Popescu (2008), Annals of Applied Statistics 2, 916-954, equation 44. H alone is
large for pairs whose joint effect is tiny, so pairs are ranked by the size of the interaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.inspection.association import association
from ntkreg.inspection.attribution.background import choose_background
from ntkreg.inspection.attribution.explain import affordable_evaluations
from ntkreg.inspection.attribution.games import make_game
from ntkreg.inspection.attribution.shapley import worth
from ntkreg.inspection.results import Explanation
from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.dataset import Dataset

N_COLUMNS = 5
MIN_ROWS, MAX_ROWS = 20, 60
# of what the Shapley values of the same model may cost
BUDGET = 0.1
N_STEPS = 15
MAX_LEVELS = 6
MIN_NEAR = 8
QUARTERS = (0.15, 0.5, 0.85)


@dataclass(frozen=True)
class Curve:
    """Mean prediction over one column while another one is held.

    Parameters
    ----------
    held : float or str
        Value of the other column.
    x : tuple of float or str
        Values of the column, inside the data near `held`.
    y : tuple of float
        Mean predictions, all other columns as in the background rows.
    """

    held: float | str
    x: tuple[float | str, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Interaction:
    """How much two columns act together in one model.

    Parameters
    ----------
    model : str
        Contender name.
    moved, held : int
        Positions of the two among the feature columns: the one on the axis of the curves and the
        one that differs between curves.
    size : float
        Root mean square of the interaction over the rows, target unit.
    relative : float
        The same as a share of the standard deviation of the predictions.
    share : float
        H squared: share of the interaction in the mean square of the joint effect.
    together : float
        How strongly the two columns move together in the table, 0 to 1.
    curves : tuple of Curve
        Three at most; none where there are too few rows for one.
    """

    model: str
    moved: int
    held: int
    size: float
    relative: float
    share: float
    together: float
    curves: tuple[Curve, ...]


def find_interactions(
    model: Any, explanation: Explanation, columns: Sequence[int], dataset: Dataset, *, seed: int = 0
) -> tuple[Interaction, ...]:
    """Measure the interactions of all pairs of a few columns.

    Parameters
    ----------
    model : estimator
        Fitted; `predict` takes DataFrames with the columns of `dataset.features`.
    explanation : Explanation
        Of this model on this table: its name and its rows.
    columns : sequence of int
        Positions of the feature columns to pair, see :func:`leading_columns`.
    dataset : Dataset
    seed : int, default=0
        Of the background rows in large tables.

    Returns
    -------
    tuple of Interaction
        One a pair, the largest first; empty below two columns. A tenth of the evaluations of the
        Shapley values are spent, which is the limit on time that gives the same numbers twice.
    """
    pairs = list(combinations(sorted(columns), 2))
    if not pairs:
        return ()
    features = dataset.features
    n_sets = 1 + len(columns) + len(pairs)
    n_rows = int(np.sqrt(BUDGET * affordable_evaluations(model) / n_sets))
    n_rows = min(int(np.clip(n_rows, MIN_ROWS, MAX_ROWS)), len(explanation.rows))
    rows = explanation.rows[np.linspace(0, len(explanation.rows) - 1, n_rows).astype(int)]
    background = choose_background(features, n_rows, seed=seed)
    left = _parts(model, features.iloc[rows], features.iloc[background], pairs)
    spread = float(explanation.predictions.std()) or 1.0
    found = []
    for (j, k), (joint, own) in left.items():
        moved, held = _axes(dataset, j, k)
        keys = dataset.feature_columns[moved].key, dataset.feature_columns[held].key
        size, total = (float(np.sqrt((part**2).mean())) for part in (own, joint))
        found.append(
            Interaction(
                model=explanation.model,
                moved=moved,
                held=held,
                size=size,
                relative=size / spread,
                share=(size / total) ** 2 if total > 1e-9 * spread else 0.0,
                together=association(features[keys[0]], features[keys[1]]),
                curves=_curves(model, features, features.iloc[background], keys),
            )
        )
    return tuple(sorted(found, key=lambda pair: -pair.size))


def leading_columns(explanation: Explanation, n_columns: int = N_COLUMNS) -> tuple[int, ...]:
    """Return the positions of the columns with the largest effects, without unused ones.

    Parameters
    ----------
    explanation : Explanation
    n_columns : int, default=5
    """
    importance = explanation.importance
    order = np.argsort(-importance, kind="stable")[:n_columns]
    return tuple(int(j) for j in order if importance[j] > 0)


Pair = tuple[int, int]
Effects = NDArray[np.float64]


def _parts(
    model: Any, rows: pd.DataFrame, background: pd.DataFrame, pairs: list[Pair]
) -> dict[Pair, tuple[Effects, Effects]]:
    """Joint effect and interaction of every pair at every row, both centred."""
    game = make_game(model, rows, background)
    sets: list[tuple[int, ...]] = [(j,) for j in sorted({j for pair in pairs for j in pair})]
    sets += pairs
    members = np.array([np.isin(np.arange(game.n_columns), chosen) for chosen in sets])
    values = worth(game, members)
    effect = dict(zip(sets, (values - values.mean(axis=0)).T, strict=True))
    return {(j, k): (effect[j, k], effect[j, k] - effect[j,] - effect[k,]) for j, k in pairs}


def _axes(dataset: Dataset, j: int, k: int) -> Pair:
    """Put a number on the axis where there is one, and the one with fewer values on the curves."""
    columns = dataset.feature_columns
    cells = [dataset.features[columns[i].key] for i in (j, k)]
    numeric = [is_numeric(c) for c in cells]
    if numeric[0] != numeric[1]:
        return (j, k) if numeric[0] else (k, j)
    return (j, k) if cells[0].nunique() >= cells[1].nunique() else (k, j)


def _curves(
    model: Any, features: pd.DataFrame, background: pd.DataFrame, keys: tuple[str, str]
) -> tuple[Curve, ...]:
    grids = _grids(features[keys[0]], features[keys[1]])
    if not grids:
        return ()
    n_steps = sum(len(grid) for _, grid in grids)
    table = pd.concat([background] * n_steps, ignore_index=True)
    for key, values in zip(
        keys,
        ([x for _, grid in grids for x in grid], [held for held, grid in grids for _ in grid]),
        strict=True,
    ):
        # the dtype of the table's own column: models know a category by it
        table[key] = pd.Series(values).repeat(len(background)).array
        table[key] = table[key].astype(features[key].dtype)
    mean = np.ravel(model.predict(table)).reshape(n_steps, len(background)).mean(axis=1)
    ends = np.cumsum([len(grid) for _, grid in grids])[:-1]
    return tuple(
        Curve(held, tuple(grid), tuple(map(float, part)))
        for (held, grid), part in zip(grids, np.split(mean, ends), strict=True)
    )


Grid = list[float] | list[str]


def _grids(moved: pd.Series, held: pd.Series) -> list[tuple[float | str, Grid]]:
    """Return the values of the held column, each with the moved column's values near it."""
    found: list[tuple[float | str, Grid]] = []
    for value, near in _slices(held):
        cells = moved[near].dropna()
        if not is_numeric(moved):
            frequent = cells.astype(str).value_counts().index[:MAX_LEVELS]
            found.append((value, sorted(frequent)))
            continue
        x = numbers(cells)
        x = x[np.isfinite(x)]
        low, high = np.quantile(x, [0.05, 0.95]) if len(x) >= MIN_NEAR else (0.0, 0.0)
        if high > low:
            found.append((value, [float(v) for v in np.linspace(low, high, N_STEPS)]))
    return found


def _slices(held: pd.Series) -> list[tuple[float | str, NDArray[np.bool_]]]:
    """Return a low, a middle and a high value with the third of the rows around each."""
    if not is_numeric(held):
        texts = held.astype(str).where(held.notna(), None)
        frequent = [str(level) for level in texts.value_counts().index[: len(QUARTERS)]]
        return [(level, (texts == level).to_numpy(dtype=bool)) for level in sorted(frequent)]
    x = numbers(held)
    known = x[np.isfinite(x)]
    if len(known) == 0:
        return []
    # values that were really set, so that a column of few steps is held at one of them
    middles = np.unique(np.quantile(known, QUARTERS, method="nearest"))
    edges = np.quantile(known, [0.0, 1 / 3, 2 / 3, 1.0])
    found: list[tuple[float | str, NDArray[np.bool_]]] = []
    for value in middles:
        k = int(np.clip(np.searchsorted(edges, value, side="right") - 1, 0, 2))
        found.append((float(value), (x >= edges[k]) & (x <= edges[k + 1])))
    return found
