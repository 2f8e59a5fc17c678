"""Columns with roles on the usable rows: ranges, levels and the values of the features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.cells.spread import median_of, spread_of
from ntkreg.io.cells.values import Status
from ntkreg.io.columns.column import RawColumn
from ntkreg.io.dataset import Column, Role
from ntkreg.parallel import WORTH_THREADS, map_on_threads, threads_for

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
    asked: list[Role] = [roles.get(position, "feature") for position in range(len(raw))]

    def describe(position: int) -> tuple[Column, Values]:
        return _describe(raw[position], asked[position], rows)

    n_threads = threads_for(None) if len(rows) >= WORTH_THREADS else 1
    found = map_on_threads(describe, range(len(raw)), n_threads)
    for position, (role, (described, values)) in enumerate(zip(asked, found, strict=True)):
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
        return _numeric(Column(*common, column.kind, role), column, rows)
    if column.kind == "date":
        seconds = column.seconds()[rows]
        return Column(*common, "date", role, int(np.isnan(seconds).sum())), seconds
    codes, levels = column.coded
    codes = codes if len(rows) == len(codes) else codes[rows]
    described = Column(*common, column.kind, role, int(np.count_nonzero(codes < 0)))
    if column.kind == "category":
        found = pd.unique(codes)
        described = replace(described, levels=tuple(levels[found[found >= 0]]))
        if len(described.levels) <= 1:
            described = replace(described, kind="constant", levels=())
    return described, np.array([*levels, None], dtype=object)[codes]


def _numeric(
    column: Column, raw: RawColumn, rows: NDArray[np.int64]
) -> tuple[Column, NDArray[np.float64]]:
    numbers = raw.numbers()
    whole = len(rows) == len(numbers)
    values = numbers if whole else numbers[rows]
    spread = raw.readings.spread if whole else spread_of(values)
    missing = np.isnan(values)
    n_missing = int(np.count_nonzero(missing))
    described = replace(column, n_missing=n_missing)
    if np.isnan(spread.low) or spread.low == spread.high:
        return replace(described, kind="constant"), values
    median = median_of(values[~missing] if n_missing else values)
    return replace(described, minimum=spread.low, maximum=spread.high, median=median), values
