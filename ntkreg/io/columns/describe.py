"""Columns with roles on the usable rows: ranges, levels and the values of the features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.cells.values import Status
from ntkreg.io.columns.column import RawColumn
from ntkreg.io.dataset import Column, Role

_MANY_ROWS = 100_000

Values = NDArray[np.float64] | NDArray[np.object_]


def describe_columns(
    raw: Sequence[RawColumn], roles: Mapping[int, Role], rows: NDArray[np.int64]
) -> tuple[tuple[Column, ...], dict[str, Values]]:
    """Return all columns with their roles, and the feature values by safe name.

    Parameters
    ----------
    raw : sequence of RawColumn
        All columns of the file.
    roles : mapping of int to str
        Role asked for, by position. Other columns become features, or are dropped where their
        kind, or their values on these rows, cannot serve.
    rows : ndarray of int
        Usable rows.
    """
    columns = []
    features: dict[str, Values] = {}
    for position, column in enumerate(raw):
        role: Role = roles.get(position, "feature")
        described, values = _describe(column, role, rows)
        if role == "feature" and described.kind in ("numeric", "category"):
            key = f"f{len(features)}"
            features[key] = values
        elif role in ("feature", "dropped"):
            role, key = "dropped", f"x{position}"
        else:
            key = role
        columns.append(replace(described, key=key, role=role))
    return tuple(columns), features


def to_frame(features: Mapping[str, Values], n_rows: int) -> pd.DataFrame:
    """Return features as a DataFrame with a RangeIndex, words as `object`.

    Without the explicit type pandas 3 turns words to its `str` and None to NaN.
    """
    series = {key: pd.Series(values, dtype=values.dtype) for key, values in features.items()}
    # put together in one block, a large table would be in memory twice
    return pd.DataFrame(series, index=pd.RangeIndex(n_rows), copy=n_rows < _MANY_ROWS)


def _describe(column: RawColumn, role: Role, rows: NDArray[np.int64]) -> tuple[Column, Values]:
    common = ("", column.name, column.original, column.unit)
    numbers = column.readings.count(Status.NUMBER, Status.TIME) > 0
    as_number = column.kind == "numeric" or (
        role in ("target", "time") and column.kind != "date" and numbers
    )
    if as_number:
        return _numeric(Column(*common, column.kind, role), column.numbers()[rows])
    if column.kind == "date":
        seconds = column.seconds()[rows]
        return Column(*common, "date", role, int(np.isnan(seconds).sum())), seconds
    labels = column.labels()[rows]
    missing = labels.tolist().count(None)
    described = Column(*common, column.kind, role, missing)
    if column.kind == "category":
        levels = levels_of(labels)
        described = replace(described, levels=levels)
        if len(levels) <= 1:
            described = replace(described, kind="constant", levels=())
    return described, labels


def _numeric(column: Column, values: NDArray[np.float64]) -> tuple[Column, Values]:
    finite = values[np.isfinite(values)]
    described = replace(column, n_missing=len(values) - len(finite))
    if not len(finite) or finite.min() == finite.max():
        return replace(described, kind="constant"), values
    described = replace(
        described,
        minimum=float(finite.min()),
        maximum=float(finite.max()),
        median=float(np.median(finite)),
    )
    return described, values


def levels_of(labels: Iterable[Any]) -> tuple[str, ...]:
    """Return the distinct labels in order of first appearance."""
    cells = labels if isinstance(labels, np.ndarray) else np.array([*labels], dtype=object)
    distinct = pd.unique(cells)
    return tuple(label for label in distinct if label is not None)
