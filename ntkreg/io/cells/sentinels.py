"""Numbers that stand for "not measured": 9999, -999, 1E+30 and their kin."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.cells.spread import Spread, spread_of

_NINES = re.compile(r"-?9{2,}(\.9+)?|9\.91e\+37|-?1e\+(2\d|3\d)|-?9\.9+e\+\d+")
_MIN_REPEATS = 3
_LARGEST = 1e300
_WIDE = 1000
_LEAST_GAP = 0.1
_MIN_DISTINCT = 5
# nothing is a value like any other, unless all others are alike and far from it
_ZERO_GAP = 5.0


def find_sentinels(values: NDArray[np.float64], spread: Spread | None = None) -> tuple[float, ...]:
    """Return all values of a column that look like marks for missing cells, one after the other.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        A column; NaN is passed over.
    spread : Spread, optional
        That of the values, if it is known.

    Examples
    --------
    >>> import numpy as np
    >>> find_sentinels(np.array([1.0, 2, 3, 4, 5, 6, -9999, 9999]))
    (-9999.0, 9999.0)
    """
    if not _ends_apart(spread or spread_of(values)):
        return ()
    found: list[float] = []
    while (sentinel := find_sentinel(values)) is not None:
        found.append(sentinel)
        values = values[values != sentinel]
    others = [value for value in found if not _in_nines(value)]
    # a chain of them is a column of many orders of magnitude, not of many marks
    return tuple(v for v in found if len(others) == 1 or v not in others)


def find_sentinel(values: NDArray[np.float64]) -> float | None:
    """Return a value that looks like a mark for missing cells, or None.

    It is the least or the greatest value and stands apart from the others: by half their range if
    it is written in nines or is 1E+30, by a tenth if it is the only negative number of the column,
    by twice their range otherwise. It occurs at least three times, or, written in nines and twice
    the range of the others away, at least once.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        A column; NaN is passed over.

    Examples
    --------
    >>> import numpy as np
    >>> find_sentinel(np.array([1.0, 2, 3, 4, 5, 6, -999, -999, -999]))
    -999.0
    """
    # above this a difference of two values may be no finite number
    finite = values[np.abs(values) < _LARGEST]
    if not len(finite):
        return None
    distinct, counts = np.unique(finite, return_counts=True)
    if len(distinct) <= _MIN_DISTINCT:
        return None
    for extreme, rest, gap in (
        (0, distinct[1:], distinct[1] - distinct[0]),
        (-1, distinct[:-1], distinct[-1] - distinct[-2]),
    ):
        value = float(distinct[extreme])
        # a mark at the other end must not pass for the range of the values
        other = -1 - extreme
        if _in_nines(float(rest[other])):
            rest = rest[:-1] if other else rest[1:]
        if gap > _required_gap(value, rest, int(counts[extreme])) * (rest[-1] - rest[0]):
            return value
    return None


def _ends_apart(spread: Spread) -> bool:
    """Whether an end of a column may stand apart at all; spares nearly all the sorting."""
    low, second, last, high = spread.low, spread.second, spread.last, spread.high
    if np.isnan(second):
        return False
    # above this a difference of two values may be no finite number
    if max(-low, high) >= _LARGEST or _in_nines(low) or _in_nines(high):
        return True
    return second - low > _LEAST_GAP * (high - second) or high - last > _LEAST_GAP * (last - low)


def _required_gap(value: float, rest: NDArray[np.float64], count: int) -> float:
    if _in_nines(value):
        return 0.5 if count >= _MIN_REPEATS else 2.0
    orders = rest[0] > 0 and rest[-1] > _WIDE * rest[0]
    if count < _MIN_REPEATS or orders:
        return np.inf
    if value == 0:
        return _ZERO_GAP
    return _LEAST_GAP if value < 0 <= rest[0] and value == round(value) else 2.0


def _in_nines(value: float) -> bool:
    """Whether a value is written as marks are: 9999, -999.9, 1E+30."""
    texts = (f"{value:g}", repr(value).removesuffix(".0"))
    return any(_NINES.fullmatch(text) is not None for text in texts)
