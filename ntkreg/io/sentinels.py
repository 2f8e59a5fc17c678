"""Numbers that stand for "not measured": 9999, -999, 1E+30 and their kin."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_NINES = re.compile(r"-?9{2,}(\.9+)?|-?1e\+(2\d|3\d)|-?9\.9+e\+\d+")
_MIN_REPEATS = 3
_MIN_DISTINCT = 5


def find_sentinel(values: NDArray[np.float64]) -> float | None:
    """Return a value that looks like a mark for missing cells, or None.

    It is the least or the greatest value, occurs at least three times, and stands apart from the
    others: by half their range if it is written in nines or is 1E+30, by a tenth if it is the only
    negative number of the column, by twice their range otherwise.

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
    finite = values[np.isfinite(values)]
    distinct, counts = np.unique(finite, return_counts=True)
    if len(distinct) <= _MIN_DISTINCT:
        return None
    for extreme, rest, gap in (
        (0, distinct[1:], distinct[1] - distinct[0]),
        (-1, distinct[:-1], distinct[-1] - distinct[-2]),
    ):
        value = float(distinct[extreme])
        if counts[extreme] < _MIN_REPEATS or value == 0:
            continue
        if gap > _required_gap(value, rest) * (rest[-1] - rest[0]):
            return value
    return None


def _required_gap(value: float, rest: NDArray[np.float64]) -> float:
    if _NINES.fullmatch(f"{value:g}") or _NINES.fullmatch(repr(value).removesuffix(".0")):
        return 0.5
    return 0.1 if value < 0 <= rest[0] and value == round(value) else 2.0
