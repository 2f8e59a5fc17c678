"""Why a row is outside the domain, in words that name the columns and their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.inspection.domain.fitted import MARGIN, Domain
from ntkreg.inspection.space import dimension_owner, embed, is_numeric, known_dimensions
from ntkreg.messages import Sentence

MAX_NAMED = 3

Array = NDArray[np.float64]


def outside_reasons(domain: Domain, features: pd.DataFrame) -> list[Sentence | None]:
    """Say for each row why it lies outside the domain.

    Parameters
    ----------
    domain : Domain
    features : DataFrame of shape (n_rows, n_features)

    Returns
    -------
    list of Sentence or None
        None for rows inside. Cells beyond their column come first, then a value that breaks what
        the columns have in common, then the distance to the nearest training row.
    """
    reasons: list[Sentence | None] = [None] * len(features)
    outside = np.flatnonzero(~domain.inside(features))
    rows = features[list(domain.keys)].iloc[outside].reset_index(drop=True)
    beyond, ratios = domain.beyond(rows), domain.ratios(rows)
    for k, place in enumerate(outside.tolist()):
        row = rows.iloc[[k]]
        if beyond[k].any():
            reasons[place] = _beyond(domain, row, np.flatnonzero(beyond[k]))
        elif ratios[k, 1] > 1.0:
            reasons[place] = _combination(domain, row, ratios[k])
        else:
            reasons[place] = _far(domain, row, float(ratios[k, 0]))
    return reasons


def _shortened(items: Sequence[Sentence | str]) -> list[Sentence | str]:
    return [*items[:MAX_NAMED], *(["…"] if len(items) > MAX_NAMED else [])]


def _number(value: float) -> str:
    return f"{value:.6g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.2e}"


def _beyond(domain: Domain, row: pd.DataFrame, columns: NDArray[np.int64]) -> Sentence:
    items: list[Sentence | str] = []
    for j in columns.tolist():
        label = domain.labels[j]
        cell: Any = row.iloc[0, j]
        if not is_numeric(row.iloc[:, j]):
            items.append(Sentence("W416", {"column": label, "level": str(cell)}))
            continue
        # the limits hold a margin; the reader knows the range itself
        margin = MARGIN / (1.0 + 2.0 * MARGIN) * (domain.upper[j] - domain.lower[j])
        low, high = domain.lower[j] + margin, domain.upper[j] - margin
        values = {"value": _number(cell), "low": _limit(low, high), "high": _limit(high, low)}
        items.append(Sentence("W415", {"column": label, **values}))
    return Sentence("W411", {"cells": _shortened(items)})


def _limit(limit: float, other: float) -> str:
    """Write a limit without the digits that only rounding put there."""
    scale = max(abs(limit), abs(other))
    return _number(0.0 if abs(limit) < 1e-6 * scale else float(f"{limit:.4g}"))


def _combination(domain: Domain, row: pd.DataFrame, ratios: Array) -> Sentence:
    found, owner = domain.deviations(row), dimension_owner(domain.space)
    parts = np.array([found.parts[0][owner == j].max() for j in range(len(domain.keys))])
    order = np.argsort(-parts, kind="stable")
    worst = int(order[0])
    if found.total[0] - parts[worst] > domain.leverage_limit:
        names: list[Sentence | str] = [domain.labels[j] for j in order[:MAX_NAMED] if parts[j] > 0]
        return Sentence("W412", {"columns": names, "ratio": float(ratios.max())})
    values = {"column": domain.labels[worst], "value": _cell(row, worst)}
    if not is_numeric(row.iloc[:, worst]):
        return Sentence("W417", values)
    dimension = int(np.flatnonzero(owner == worst)[0])
    expected = domain.centre[worst] + domain.scale[worst] * found.expected[0, dimension]
    return Sentence("W418", values | {"expected": f"{expected:.3g}"})


def _far(domain: Domain, row: pd.DataFrame, ratio: float) -> Sentence:
    nearest = domain.points[domain.neighbours(row)[1][0, 0]]
    known = known_dimensions(row, domain.space)[0]
    gaps = np.where(known, (embed(row, domain.space)[0] - nearest) ** 2, 0.0)
    owner = dimension_owner(domain.space)
    by_column = np.bincount(owner, gaps, minlength=len(domain.keys))
    order = [j for j in np.argsort(-by_column, kind="stable").tolist() if by_column[j] > 0]
    items: list[Sentence | str] = []
    # a column that makes up a tenth of the squared distance or less is not what is unusual
    for j in order[:MAX_NAMED]:
        if by_column[j] > 0.1 * by_column.sum():
            there = _training_cell(domain, nearest[owner == j], j)
            what = {"column": domain.labels[j], "value": _cell(row, j), "nearest": there}
            items.append(Sentence("W420", what))
    return Sentence("W419", {"ratio": ratio, "cells": items})


def _training_cell(domain: Domain, block: Array, j: int) -> str:
    if not len(domain.levels[j]):
        return _number(float(f"{domain.centre[j] + domain.scale[j] * block[0]:.6g}"))
    return str(domain.levels[j][int(np.argmax(block))]) if block.any() else "–"


def _cell(row: pd.DataFrame, j: int) -> str:
    cell: Any = row.iloc[0, j]
    if pd.isna(cell):
        return "–"
    return _number(float(cell)) if is_numeric(row.iloc[:, j]) else str(cell)
