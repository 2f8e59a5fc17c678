"""What would be predicted at other settings: one stated kernel model, and what may be set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.dataset import Dataset
from ntkreg.ntk.portable import Portable
from ntkreg.preprocessing import TableEncoder

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """One feature column of the table as something to set.

    Parameters
    ----------
    positions : tuple of int
        Its columns in the encoded rows: one for numbers, one a level for categories; none where
        the column does not vary.
    levels : tuple of str, or None
        What the columns of a category mark, in their order; None for numbers. Any other level, and
        a missing cell, are all zeros to the model.
    low, high : float
        Training range of numbers; NaN for a category and where no number varies.
    start : float
        Median of numbers; of a category the place of its most frequent level, or -1 for none.
    """

    positions: tuple[int, ...]
    levels: tuple[str, ...] | None
    low: float
    high: float
    start: float


@dataclass(frozen=True)
class WhatIf:
    """The predictor of the profiler with what must be said of it.

    Parameters
    ----------
    predictor : Portable
        On encoded rows.
    factors : tuple of Factor
        In the order of the table's features.
    row_numbers : ndarray of shape (m,) of int
        Row of the file (from 1) of each of the predictor's points.
    model : str
        Contender that the predictor is, or is a projection of.
    n_training : int
        Rows that the contender was fitted to.
    half_width : float
        Of the interval around the contender's predictions, from its own held-out residuals;
        infinite when there are too few.
    confidence : float
        Of the interval.
    projection_error : float
        Root mean squared difference between predictor and contender on settings of the kind that
        the profiler shows, target units.
    chosen_difference : float
        Root mean squared difference between predictor and recommended model on the training rows.
    """

    predictor: Portable
    factors: tuple[Factor, ...]
    row_numbers: NDArray[np.int64]
    model: str
    n_training: int
    half_width: float
    confidence: float
    projection_error: float
    chosen_difference: float

    @property
    def is_exact(self) -> bool:
        """Whether the predictor has all training rows."""
        return len(self.row_numbers) == self.n_training


def factors_of(encoder: TableEncoder, dataset: Dataset) -> tuple[Factor, ...]:
    """Return what may be set, from the encoder that was fitted to the table.

    Parameters
    ----------
    encoder : TableEncoder
    dataset : Dataset

    Returns
    -------
    tuple of Factor
        One a feature column.
    """
    encoded = encoder.transform(dataset.features)
    factors = []
    for j, column in enumerate(dataset.feature_columns):
        positions = tuple(np.flatnonzero(encoder.feature_index_ == j).tolist())
        own = encoded[:, list(positions)]
        if column.kind == "numeric":
            low, high = (own.min(), own.max()) if positions else (np.nan, np.nan)
            start = float(encoder.medians_[j])
            factors.append(Factor(positions, None, float(low), float(high), start))
        else:
            levels = tuple(str(encoder.levels_[k]) for k in positions)
            start = float(np.argmax(own.sum(axis=0))) if positions else -1.0
            factors.append(Factor(positions, levels, np.nan, np.nan, start))
    return tuple(factors)


def vary(rows: Array, factors: tuple[Factor, ...], n: int, seed: int) -> Array:
    """Return rows in which one factor was set to its value in another row.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_encoded)
    factors : tuple of Factor
    n : int
        Number of rows to make.
    seed : int

    Returns
    -------
    ndarray of shape (n, n_encoded)
    """
    rng = np.random.default_rng(seed)
    made = rows[rng.integers(len(rows), size=n)].copy()
    donors = rng.integers(len(rows), size=n)
    which = rng.integers(len(factors), size=n)
    for k, factor in enumerate(factors):
        changed = np.flatnonzero(which == k)
        columns = np.asarray(factor.positions, dtype=np.int64)
        made[np.ix_(changed, columns)] = rows[np.ix_(donors[changed], columns)]
    return made
