"""How the values of a column are spread: its ends and its middle, from sorting it once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NAN = float("nan")


@dataclass(frozen=True)
class Spread:
    """Order statistics of a column; NaN where it has no value.

    Parameters
    ----------
    n_distinct : int
        Number of different values.
    low, high : float
        Least and greatest value.
    second, last : float
        Least value above `low` and greatest value below `high`.
    median : float
        The middle value, or the mean of the two middle ones.
    """

    n_distinct: int
    low: float = _NAN
    second: float = _NAN
    last: float = _NAN
    high: float = _NAN
    median: float = _NAN


def spread_of(values: NDArray[np.float64]) -> Spread:
    """Return how values are spread, NaN passed over.

    Examples
    --------
    >>> import numpy as np
    >>> spread_of(np.array([3.0, 1.0, np.nan, 1.0, 2.0]))
    Spread(n_distinct=3, low=1.0, second=2.0, last=2.0, high=3.0, median=1.5)
    """
    missing = np.isnan(values)
    ordered = np.sort(values[~missing] if missing.any() else values)
    n = len(ordered)
    if not n:
        return Spread(0)
    low, high = float(ordered[0]), float(ordered[-1])
    n_distinct = 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))
    if n_distinct == 1:
        return Spread(1, low, high=high, median=low)
    second = float(ordered[np.searchsorted(ordered, low, "right")])
    last = float(ordered[np.searchsorted(ordered, high, "left") - 1])
    with np.errstate(over="ignore"):
        median = float(np.mean(ordered[(n - 1) // 2 : n // 2 + 1]))
    return Spread(n_distinct, low, second, last, high, median)
