"""Do several columns make up the target by arithmetic? Pairs first, then sums and means of more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from ntkreg.inspection.results import LeakSuspect
from ntkreg.messages import Sentence

Values = NDArray[np.float64]
Columns = Mapping[str, Values]

MIN_ROWS = 10
# rounding of three columns to one decimal of their spread leaves about this share of variance
SAME = 1e-4
MAX_COLUMNS = 60
_FIRST_ROWS = 64
_ALIKE = 0.02
_SHOWN = 5

_SYMMETRIC: Mapping[str, Callable[[Values, Values], Values]] = {
    "+": np.add,
    "×": np.multiply,
}
_ORDERED: Mapping[str, Callable[[Values, Values], Values]] = {
    "−": np.subtract,
    "÷": np.divide,
}


def same(y: Values, made: Values) -> bool:
    """Return whether `made` is the target up to rounding, on enough rows."""
    known = np.isfinite(made)
    if known.sum() < MIN_ROWS:
        return False
    spread = y[known].var()
    return bool(spread > 0 and ((y[known] - made[known]) ** 2).mean() < SAME * spread)


def sum_suspects(columns: Columns, y: Values, target: str) -> list[LeakSuspect]:
    """Suspect columns that make up the target together.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_rows,)
        Numeric columns by name. In wide tables only the 60 that follow the target most closely
        are looked at.
    y : ndarray of shape (n_rows,)
        Target.
    target : str
        Its name.
    """
    strength = {name: _rough_correlation(values, y) for name, values in columns.items()}
    strongest = set(sorted(columns, key=lambda name: -strength[name])[:MAX_COLUMNS])
    kept = {name: values for name, values in columns.items() if name in strongest}
    pairs = list(_pairs(kept, y, target))
    return pairs or _longer_sum(kept, y, target)


def _pairs(columns: Columns, y: Values, target: str) -> Iterator[LeakSuspect]:
    for operations, pairs in (
        (_SYMMETRIC, combinations(columns, 2)),
        (_ORDERED, permutations(columns, 2)),
    ):
        for first, second in pairs:
            for symbol, operation in operations.items():
                if _makes(y, columns[first], columns[second], operation):
                    facts = {"column": first, "other": second, "operation": symbol}
                    yield LeakSuspect(first, 1.0, Sentence("W405", {**facts, "target": target}))


def _makes(
    y: Values, first: Values, second: Values, operation: Callable[[Values, Values], Values]
) -> bool:
    if len(y) > 4 * _FIRST_ROWS:
        # thousands of pairs of long columns: the first rows refute nearly all of them
        some = operation(first[:_FIRST_ROWS], second[:_FIRST_ROWS])
        error = (y[:_FIRST_ROWS] - some) ** 2
        known = np.isfinite(error)
        if known.sum() >= MIN_ROWS and np.median(error[known]) > SAME * y.var():
            return False
    return same(y, operation(first, second))


def _longer_sum(columns: Columns, y: Values, target: str) -> list[LeakSuspect]:
    """Suspect columns whose sum, difference or mean is the target."""
    names = list(columns)
    table = np.column_stack([columns[name] for name in names]) if names else np.empty((len(y), 0))
    known = np.isfinite(table).all(axis=1)
    if len(names) < 2 or known.sum() < max(2 * MIN_ROWS, 2 * len(names) + MIN_ROWS):
        return []
    x, aim = table[known] - table[known].mean(axis=0), y[known] - y[known].mean()
    if not aim.any() or not np.isfinite(x).all():
        return []
    weights = np.linalg.lstsq(x, aim, rcond=None)[0]
    parts = np.abs(weights) * x.std(axis=0) > SAME**0.5 * aim.std()
    size = np.median(np.abs(weights[parts])) if parts.any() else 0.0
    alike = np.abs(np.abs(weights[parts]) - size) <= _ALIKE * size
    if parts.sum() < 2 or not alike.all():
        return []
    if not same(aim, x[:, parts] @ (size * np.sign(weights[parts]))):
        return []
    used = [name for name, part in zip(names, parts, strict=True) if part]
    shown = used[:_SHOWN] + ["…"] * (len(used) > _SHOWN)
    message = Sentence("W408", {"columns": shown, "target": target})
    return [LeakSuspect(used[0], 1.0, message)]


def _rough_correlation(values: Values, y: Values) -> float:
    known = np.isfinite(values)
    if known.sum() < MIN_ROWS or np.ptp(values[known]) == 0 or np.ptp(y[known]) == 0:
        return 0.0
    return abs(float(np.corrcoef(values[known], y[known])[0, 1]))
