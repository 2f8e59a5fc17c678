"""Columns that explain the target too well to be honest inputs.

Looked for: a column that is the target, or follows it in a line, a monotone curve, steps or any
smooth curve; a category, or a number with few values, whose level gives the target; columns that
make up the target by arithmetic.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from ntkreg.inspection.association import explained_by_levels
from ntkreg.inspection.leaks.curves import explained_by_neighbours, explained_by_steps
from ntkreg.inspection.leaks.sums import same, sum_suspects
from ntkreg.inspection.results import LeakSuspect
from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.cells.sentinels import find_sentinels
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Sentence

LIMIT = 0.999
MIN_ROWS = 10
_FEW_ROWS = 200
# what gives the target away does so in every part of a long table
_ENOUGH_ROWS = 20_000
_PERMUTATIONS = 1000

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
        Strongest first. At least 10 complete rows are needed for a suspicion; of more than 20,000
        that many are looked at.
    """
    # the squares of 1e308 are no numbers; what is not finite is above no limit
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _suspects(dataset)


def _suspects(dataset: Dataset) -> tuple[LeakSuspect, ...]:
    columns = {c.key: c.name for c in dataset.feature_columns}
    target = dataset.target.name
    # a failed sensor writes -999 into every column at once: no leak of the values themselves
    rows = np.flatnonzero(np.isfinite(_without_sentinels(dataset.y)))
    if len(rows) > _ENOUGH_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, _ENOUGH_ROWS, replace=False))
    features, y = dataset.features.iloc[rows], dataset.y[rows]
    numeric: dict[str, Values] = {}
    suspects: list[LeakSuspect] = []
    for key, name in columns.items():
        if is_numeric(features[key]):
            numeric[name] = _without_sentinels(numbers(features[key]))
            found = _numeric_suspect(name, numeric[name], y, target)
        else:
            found = _level_suspect(name, features[key], y, target)
        if found is not None:
            suspects.append(found)
    accused = {suspect.column for suspect in suspects}
    rest = {name: values for name, values in numeric.items() if name not in accused}
    suspects += sum_suspects(rest, y, target)
    return tuple(sorted(suspects, key=lambda suspect: -suspect.strength))


def _without_sentinels(values: Values) -> Values:
    return np.where(np.isin(values, find_sentinels(values)), np.nan, values)


def _numeric_suspect(
    name: str, values: Values, target_values: Values, target: str
) -> LeakSuspect | None:
    known = np.isfinite(values)
    x, y = values[known], target_values[known]
    if len(x) < MIN_ROWS or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    facts = {"column": name, "target": target}
    if same(y, x):
        return LeakSuspect(name, 1.0, Sentence("W401", facts))
    for code, strength in (
        ("W402", abs(_correlation(x, y))),
        ("W403", abs(_correlation(rankdata(x), rankdata(y)))),
        ("W406", explained_by_steps(x, y)),
        ("W407", max(explained_by_neighbours(x, y), explained_by_neighbours(y, x))),
    ):
        if strength > LIMIT:
            return LeakSuspect(name, strength, Sentence(code, {**facts, "strength": strength}))
    if 2 * len(np.unique(x)) > len(x):
        return None
    return _level_suspect(name, pd.Series(x).map(repr), y, target)


def _level_suspect(name: str, column: pd.Series, y: Values, target: str) -> LeakSuspect | None:
    """Suspect a column when the spread of the target inside its levels is next to nothing."""
    explained = explained_by_levels(column, y)
    if explained <= LIMIT or _may_be_chance(column, y):
        return None
    facts = {"column": name, "target": target, "strength": explained}
    return LeakSuspect(name, explained, Sentence("W404", facts))


def _may_be_chance(column: pd.Series, y: Values) -> bool:
    """Whether levels dealt out at random explain a target of few values as well, now and then."""
    if len(y) > _FEW_ROWS or 2 * len(np.unique(y)) > len(y):
        return False
    rng = np.random.default_rng(0)
    return any(
        explained_by_levels(column, rng.permutation(y)) > LIMIT for _ in range(_PERMUTATIONS)
    )


def _correlation(x: Values, y: Values) -> float:
    return float(np.corrcoef(x, y)[0, 1])
