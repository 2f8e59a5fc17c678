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
# with as many weights as columns, only what no measurement repeats is no chance
_EXACT = 1e-6
_SHOWN = 5

_SYMMETRIC: Mapping[str, Callable[[Values, Values], Values]] = {
    "+": np.add,
    "×": np.multiply,
}
_ORDERED: Mapping[str, Callable[[Values, Values], Values]] = {
    "−": np.subtract,
    "÷": np.divide,
}


_SCALED = (np.multiply, np.divide)


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
                code = _makes(y, columns[first], columns[second], operation)
                if code is not None:
                    facts = {"column": first, "other": second, "operation": symbol}
                    yield LeakSuspect(first, 1.0, Sentence(code, {**facts, "target": target}))


def _makes(
    y: Values, first: Values, second: Values, operation: Callable[[Values, Values], Values]
) -> str | None:
    """Code of what two columns make: the target itself, or a constant part of it."""
    if len(y) > 4 * _FIRST_ROWS:
        # thousands of pairs of long columns: the first rows refute nearly all of them
        some = operation(first[:_FIRST_ROWS], second[:_FIRST_ROWS])
        if operation in _SCALED:
            some = _scaled(some, y[:_FIRST_ROWS])
        error = (y[:_FIRST_ROWS] - some) ** 2
        known = np.isfinite(error)
        if known.sum() >= MIN_ROWS and np.median(error[known]) > SAME * y.var():
            return None
    made = operation(first, second)
    if same(y, made):
        return "W405"
    return "W410" if operation in _SCALED and same(y, _scaled(made, y)) else None


def _scaled(made: Values, y: Values) -> Values:
    """Return values times the factor that brings them to the target: kW are V × A ÷ 1000."""
    known = np.isfinite(made) & np.isfinite(y)
    size = float((made[known] ** 2).sum())
    return made * float((made[known] * y[known]).sum()) / size if size > 0 else made


def _longer_sum(columns: Columns, y: Values, target: str) -> list[LeakSuspect]:
    """Suspect columns whose sum, difference, mean or noiseless weighted sum is the target."""
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
    code = _kind_of_sum(x[:, parts], aim, weights[parts]) if parts.sum() > 1 else None
    if code is None:
        return []
    used = [name for name, part in zip(names, parts, strict=True) if part]
    shown = used[:_SHOWN] + ["…"] * (len(used) > _SHOWN)
    message = Sentence(code, {"columns": shown, "target": target})
    return [LeakSuspect(used[0], 1.0, message)]


def _kind_of_sum(x: Values, aim: Values, weights: Values) -> str | None:
    """Code of a plain sum, or of a weighted one that nothing measured could follow so closely."""
    size = np.median(np.abs(weights))
    alike = np.abs(np.abs(weights) - size) <= _ALIKE * size
    if alike.all() and same(aim, x @ (size * np.sign(weights))):
        return "W408"
    exact = ((aim - x @ weights) ** 2).mean() < _EXACT * aim.var()
    return "W409" if exact else None


def _rough_correlation(values: Values, y: Values) -> float:
    known = np.isfinite(values)
    if known.sum() < MIN_ROWS or np.ptp(values[known]) == 0 or np.ptp(y[known]) == 0:
        return 0.0
    return abs(float(np.corrcoef(values[known], y[known])[0, 1]))
