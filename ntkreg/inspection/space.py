"""Where the rows of a table lie: numeric columns in standard deviations, categories as corners.

Two rows that differ by one standard deviation in one numeric column, or by the level of one
category, are at distance 1. A missing number lies at the column's median, a missing or unseen
level at the origin of its corners.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Space:
    """What must be remembered of the training rows to place other rows.

    Parameters
    ----------
    keys : sequence of str
        Column keys.
    levels : sequence of sequence of str
        Levels of each category; empty for numeric columns.
    centre, scale : ndarray of shape (n_features,)
        Median and standard deviation of the numeric columns (0 and 1 for categories).
    """

    keys: Sequence[str]
    levels: Sequence[Sequence[str]]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]


def is_numeric(column: pd.Series) -> bool:
    """Whether a feature column holds numbers (text columns are `object` or `str`)."""
    return bool(pd.api.types.is_numeric_dtype(column.dtype))


def numbers(column: pd.Series) -> NDArray[np.float64]:
    """Return a numeric column as float64 with NaN where a cell is missing or infinite."""
    values = column.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    values[~np.isfinite(values)] = np.nan
    return values


def fit_space(features: pd.DataFrame) -> Space:
    """Learn the scales and levels of a feature table.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        Numeric columns with NaN, category columns holding str or None.

    Returns
    -------
    Space
    """
    n_features = features.shape[1]
    centre, scale = np.zeros(n_features), np.ones(n_features)
    levels: list[list[str]] = []
    for j, key in enumerate(features.columns):
        column = features[key]
        if not is_numeric(column):
            levels.append([str(level) for level in pd.unique(column.dropna())])
            continue
        levels.append([])
        known = numbers(column)
        known = known[np.isfinite(known)]
        if len(known):
            centre[j] = np.median(known)
            scale[j] = known.std() or 1.0
    return Space([str(key) for key in features.columns], levels, centre, scale)


def embed(features: pd.DataFrame, space: Space) -> NDArray[np.float64]:
    """Place rows in the space.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        Columns `space.keys`.
    space : Space
        Learned on the training rows.

    Returns
    -------
    ndarray of shape (n_rows, n_dimensions)
        One dimension for a numeric column, one for each level of a category.
    """
    blocks = []
    for j, key in enumerate(space.keys):
        column = features[key]
        if len(space.levels[j]):
            # corners at 1/sqrt(2), so that two different levels are at distance 1
            wanted = np.asarray(space.levels[j], dtype=object)
            block = (column.to_numpy(dtype=object)[:, None] == wanted) / np.sqrt(2.0)
        elif is_numeric(column):
            known = (numbers(column) - space.centre[j]) / space.scale[j]
            block = np.where(np.isnan(known), 0.0, known)[:, None]
        else:
            block = np.zeros((len(features), 1))
        blocks.append(np.asarray(block, dtype=np.float64))
    return np.hstack(blocks) if blocks else np.zeros((len(features), 0))


def known_dimensions(features: pd.DataFrame, space: Space) -> NDArray[np.bool_]:
    """Return which dimensions of `embed` say something: not those of missing or unseen cells.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        Columns `space.keys`.
    space : Space

    Returns
    -------
    ndarray of shape (n_rows, n_dimensions) of bool
    """
    blocks = []
    for j, key in enumerate(space.keys):
        column, width = features[key], max(len(space.levels[j]), 1)
        if is_numeric(column):
            known = np.isfinite(numbers(column))
        else:
            known = column.isin(list(space.levels[j])).to_numpy(dtype=bool)
        blocks.append(np.repeat(known[:, None], width, axis=1))
    return np.hstack(blocks) if blocks else np.zeros((len(features), 0), dtype=bool)


def dimension_owner(space: Space) -> NDArray[np.int64]:
    """Return for each dimension of `embed` the number of its column."""
    widths = [max(len(levels), 1) for levels in space.levels]
    return np.repeat(np.arange(len(widths)), widths)
