"""From an estimator that takes tables to a game on matrices, in which mixing rows is cheap.

Shapley values need hundreds of thousands of mixtures of two rows. Building a DataFrame for each
batch and encoding it again costs more than many a model. Two ways out:

- An estimator with `encoder_` and `regressor_` encodes each column by itself, so a mixture of
  rows is encoded as the mixture of the encoded rows: rows are encoded once, and the regressor is
  called on mixed matrices. Which encoded columns belong to which table column is found by
  changing one column after the other, and checked on some mixtures.
- Any other estimator gets DataFrames, made from a matrix that holds numbers and level codes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.inspection.attribution.batches import Game, Matrix
from ntkreg.inspection.space import is_numeric


def make_game(model: Any, rows: pd.DataFrame, background: pd.DataFrame) -> Game:
    """Build the game of an estimator.

    Parameters
    ----------
    model : estimator
        Fitted; `predict` takes DataFrames with the columns of `rows`. `encoder_` (a transformer,
        DataFrame to matrix) and `regressor_` (its `predict` takes that matrix) are used if there.
    rows, background : DataFrame of shape (n_rows, n_features), (n_background, n_features)
        Rows to explain and background rows.

    Returns
    -------
    Game
        Players are the columns of `rows`.
    """
    by_table = _table_game(model, rows, background)
    encoder, regressor = getattr(model, "encoder_", None), getattr(model, "regressor_", None)
    if encoder is None or regressor is None:
        return by_table
    owner = column_owners(encoder, pd.concat([rows, background], ignore_index=True))
    if owner is None:
        return by_table
    encoded = [np.asarray(encoder.transform(part), np.float64) for part in (rows, background)]
    game = Game(regressor.predict, encoded[0], encoded[1], owner, rows.shape[1])
    return game if _same_game(game, by_table) else by_table


def _same_game(game: Game, other: Game) -> bool:
    """Whether two games give the same predictions on some mixtures of rows."""
    rng = np.random.default_rng(0)
    members = rng.random((len(game.background), game.n_columns)) < 0.5
    i = rng.integers(len(game.rows), size=len(members))
    mixed = [
        np.where(members[:, g.owner], g.rows[i], g.background).astype(np.float64)
        for g in (game, other)
    ]
    ours, theirs = (np.ravel(g.predict(m)) for g, m in zip((game, other), mixed, strict=True))
    return bool(np.allclose(ours, theirs, rtol=1e-9, atol=1e-9 * np.abs(theirs).max()))


def column_owners(encoder: Any, table: pd.DataFrame) -> NDArray[np.int64] | None:
    """Find the table column on which each encoded column depends.

    Parameters
    ----------
    encoder : transformer
        DataFrame -> matrix, row by row.
    table : DataFrame of shape (n_rows, n_features)
        All rows that will be encoded.

    Returns
    -------
    ndarray of shape (n_encoded,) of int, or None
        Position of the table column, -1 for encoded columns that never change on `table`; None
        when an encoded column depends on several columns.
    """
    first = table.iloc[[0]]
    base = np.asarray(encoder.transform(first))[0]
    owner = np.full(len(base), -1, dtype=np.int64)
    for j, key in enumerate(table.columns):
        distinct = table[key].drop_duplicates().reset_index(drop=True)
        changed = pd.concat([first] * len(distinct), ignore_index=True)
        changed[key] = distinct
        moved = (np.asarray(encoder.transform(changed)) != base).any(axis=0)
        if (owner[moved] >= 0).any():
            return None
        owner[moved] = j
    return owner


def _table_game(model: Any, rows: pd.DataFrame, background: pd.DataFrame) -> Game:
    """Game of an estimator that is called on DataFrames."""
    both = pd.concat([rows, background], ignore_index=True)
    columns: list[NDArray[np.float64]] = []
    levels: list[NDArray[np.object_] | None] = []
    for key in both.columns:
        if is_numeric(both[key]):
            columns.append(both[key].to_numpy(dtype=np.float64, na_value=np.nan))
            levels.append(None)
            continue
        codes, found = pd.factorize(both[key])
        columns.append(codes.astype(np.float64))
        # code -1 (missing) picks the last entry
        levels.append(np.array([*found, None], dtype=object))
    matrix = np.column_stack(columns)

    def predict(mixed: Matrix) -> NDArray[np.float64]:
        frame = pd.DataFrame(
            {
                key: mixed[:, j] if known is None else _texts(known, mixed[:, j])
                for j, (key, known) in enumerate(zip(both.columns, levels, strict=True))
            }
        )
        return np.asarray(model.predict(frame), dtype=np.float64)

    n_rows, n_columns = rows.shape
    return Game(predict, matrix[:n_rows], matrix[n_rows:], np.arange(n_columns), n_columns)


def _texts(levels: NDArray[np.object_], codes: NDArray[np.float64]) -> pd.Series:
    # dtype given: pandas 3 would turn an object array of texts into its `str` dtype
    return pd.Series(levels[codes.astype(np.int64)], dtype=object)
