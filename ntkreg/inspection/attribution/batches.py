"""A game of columns on a model, and predictions in batches of bounded size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Predict = Callable[[Matrix], NDArray[np.float64]]

# rows predicted at once: more would push a kernel's temporaries out of the cache
BATCH = 4_096


@dataclass(frozen=True)
class Game:
    """A model, the rows to explain, and the rows that stand for absent columns.

    Parameters
    ----------
    predict : callable
        Matrix of shape (n, d) -> predictions of shape (n,).
    rows : ndarray of shape (n_rows, d)
        Rows to explain.
    background : ndarray of shape (n_background, d)
        Background rows.
    owner : ndarray of shape (d,) of int
        Table column, from 0 to `n_columns` - 1, to which each matrix column belongs; -1 where
        rows and background do not differ at all.
    n_columns : int
        Number of table columns, the players.
    """

    predict: Predict
    rows: Matrix
    background: Matrix
    owner: NDArray[np.int64]
    n_columns: int


def batched(predict: Predict, matrix: Matrix) -> NDArray[np.float64]:
    """Predict in batches of bounded size, as float64 of shape (n_rows,)."""
    parts = [
        np.asarray(predict(matrix[start : start + BATCH]), dtype=np.float64).reshape(-1)
        for start in range(0, len(matrix), BATCH)
    ]
    return np.concatenate(parts)
