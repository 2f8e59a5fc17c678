"""Columns that explain the target too well to be honest inputs.

Looked for: a column that is the target, or follows it in a line or a monotone curve; a category
whose level gives the target; two columns that make up the target by one arithmetic operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations, permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from ntkreg.inspection.association import explained_by_levels
from ntkreg.inspection.results import LeakSuspect
from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Sentence

LIMIT = 0.999
MIN_ROWS = 10
# rounding of three columns to one decimal of their spread leaves about this share of variance
SAME = 1e-4
MAX_PAIRED_COLUMNS = 60

Values = NDArray[np.float64]


def audit_leaks(dataset: Dataset) -> tuple[LeakSuspect, ...]:
    """Look for columns that give the target away.

    Parameters
    ----------
    dataset : Dataset
        Features and target; groups and dropped columns are not looked at.

    Returns
    -------
    tuple of LeakSuspect
        Strongest first. At least 10 complete rows are needed for a suspicion.
    """
    columns = {c.key: c.name for c in dataset.feature_columns}
    numeric: dict[str, Values] = {}
    suspects: list[LeakSuspect] = []
    for key, name in columns.items():
        if is_numeric(dataset.features[key]):
            numeric[name] = numbers(dataset.features[key])
            found = _numeric_suspect(name, numeric[name], dataset)
        else:
            found = _category_suspect(name, dataset.features[key], dataset)
        if found is not None:
            suspects.append(found)
    accused = {suspect.column for suspect in suspects}
    rest = {name: values for name, values in numeric.items() if name not in accused}
    suspects += _pair_suspects(rest, dataset)
    return tuple(sorted(suspects, key=lambda suspect: -suspect.strength))


def _numeric_suspect(name: str, values: Values, dataset: Dataset) -> LeakSuspect | None:
    known = np.isfinite(values)
    x, y = values[known], dataset.y[known]
    if len(x) < MIN_ROWS or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    target = dataset.target.name
    facts = {"column": name, "target": target}
    if _same(y, x):
        return LeakSuspect(name, 1.0, Sentence("W401", facts))
    linear = abs(_correlation(x, y))
    if linear > LIMIT:
        return LeakSuspect(name, linear, Sentence("W402", {**facts, "strength": linear}))
    ranked = abs(_correlation(rankdata(x), rankdata(y)))
    if ranked > LIMIT:
        return LeakSuspect(name, ranked, Sentence("W403", {**facts, "strength": ranked}))
    return None


def _category_suspect(name: str, column: pd.Series, dataset: Dataset) -> LeakSuspect | None:
    """Suspect a category when the spread of the target inside its levels is next to nothing."""
    explained = explained_by_levels(column, dataset.y)
    if explained <= LIMIT:
        return None
    facts = {"column": name, "target": dataset.target.name, "strength": explained}
    return LeakSuspect(name, explained, Sentence("W404", facts))


_SYMMETRIC: Mapping[str, Callable[[Values, Values], Values]] = {
    "+": np.add,
    "×": np.multiply,
}
_ORDERED: Mapping[str, Callable[[Values, Values], Values]] = {
    "−": np.subtract,
    "÷": np.divide,
}


def _pair_suspects(columns: Mapping[str, Values], dataset: Dataset) -> list[LeakSuspect]:
    """Suspect pairs of columns that make up the target.

    In wide tables only the columns that follow the target most closely are paired.
    """
    strength = {name: _rough_correlation(values, dataset.y) for name, values in columns.items()}
    strongest = sorted(columns, key=lambda name: -strength[name])[:MAX_PAIRED_COLUMNS]
    names = [name for name in columns if name in strongest]
    suspects = []
    for operations, pairs in (
        (_SYMMETRIC, combinations(names, 2)),
        (_ORDERED, permutations(names, 2)),
    ):
        for first, second in pairs:
            for symbol, operation in operations.items():
                with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                    made = operation(columns[first], columns[second])
                if _same(dataset.y, made):
                    facts = {"column": first, "other": second, "operation": symbol}
                    message = Sentence("W405", {**facts, "target": dataset.target.name})
                    suspects.append(LeakSuspect(first, 1.0, message))
    return suspects


def _same(y: Values, made: Values) -> bool:
    """Whether `made` is the target up to rounding, on enough rows."""
    known = np.isfinite(made)
    if known.sum() < MIN_ROWS:
        return False
    spread = y[known].var()
    return bool(spread > 0 and ((y[known] - made[known]) ** 2).mean() < SAME * spread)


def _rough_correlation(values: Values, y: Values) -> float:
    known = np.isfinite(values)
    if known.sum() < MIN_ROWS or np.ptp(values[known]) == 0 or np.ptp(y[known]) == 0:
        return 0.0
    return abs(_correlation(values[known], y[known]))


def _correlation(x: Values, y: Values) -> float:
    return float(np.corrcoef(x, y)[0, 1])
