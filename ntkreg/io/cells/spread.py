"""How the values of a column are spread: its ends, its middle, how many of them differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NAN = float("nan")
_MANY = 50_000
_SAMPLE = 10_000
_AROUND = 0.025
_PLACES = 1 << 24
_MIX = np.uint64(0x9E3779B97F4A7C15)
_MOST_DECIMALS = 6
_PART = 1 << 14


@dataclass(frozen=True)
class Spread:
    """Ends of a column; NaN where it has no value.

    Parameters
    ----------
    low, high : float
        Least and greatest value.
    second, last : float
        Least and greatest value between them; NaN if there is none.
    """

    low: float = _NAN
    second: float = _NAN
    last: float = _NAN
    high: float = _NAN


def spread_of(values: NDArray[np.float64]) -> Spread:
    """Return how values are spread, NaN passed over.

    Examples
    --------
    >>> import numpy as np
    >>> spread_of(np.array([3.0, 1.0, np.nan, 1.0, 2.0]))
    Spread(low=1.0, second=2.0, last=2.0, high=3.0)
    """
    if not len(values):
        return Spread()
    low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    between = [part[(part > low) & (part < high)] for part in parts(values)]
    ends = [(part.min(), part.max()) for part in between if len(part)]
    if not ends:
        return Spread(low, high=high)
    second, last = min(end for end, _ in ends), max(end for _, end in ends)
    return Spread(low, float(second), float(last), high)


def parts(values: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Give a column in pieces that fit into a processor's own memory, with all made of them."""
    return (values[k : k + _PART] for k in range(0, len(values), _PART))


def whole_numbers(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the positions of whole numbers."""
    whole = [part == np.rint(part) for part in parts(values)]
    return np.flatnonzero(np.concatenate([np.zeros(0, dtype=bool), *whole]))


def median_of(values: NDArray[np.float64]) -> float:
    """Return the median of finite values, as `numpy.median` does, of many in less time.

    The values of a sample show where the middle is, and only what lies there is put in order
    (Floyd and Rivest 1975, Communications of the ACM 18, 165).
    """
    n = len(values)
    if n < _MANY:
        return float(np.median(values))
    low, high = np.quantile(values[:: n // _SAMPLE], (0.5 - _AROUND, 0.5 + _AROUND))
    below = sum(int(np.count_nonzero(part < low)) for part in parts(values))
    middle = np.concatenate([part[(part >= low) & (part <= high)] for part in parts(values)])
    first, last = (n - 1) // 2 - below, n // 2 - below
    if first < 0 or last >= len(middle):
        return float(np.median(values))
    middle.partition([first, last])
    return float(np.mean(middle[first : last + 1]))


def mostly_distinct(values: NDArray[np.float64]) -> bool:
    """Return whether more than half of the values of a column differ from each other.

    NaN is counted among the values, but not among those that differ.
    """
    known = values[~np.isnan(values)] if np.isnan(values).any() else values
    half = len(values) / 2
    if len(known) > _MANY:
        if _on_grid(known, half):
            return False
        # at most a few in a hundred share a place here, and only near the half does that matter
        places = np.zeros(_PLACES, dtype=bool)
        places[_places(known)] = True
        taken = int(np.count_nonzero(places))
        if taken > half or (taken < 0.9 * half and len(known) < _PLACES // 8):
            return taken > half
    return len(np.unique(known)) > half


def _on_grid(values: NDArray[np.float64], most: float) -> bool:
    """Whether all values are written with so few decimals that no more of them can differ."""
    some = values[:: max(len(values) // _SAMPLE, 1)]
    for scale in 10.0 ** np.arange(_MOST_DECIMALS):
        with np.errstate(over="ignore"):
            n_steps = float(values.max()) * scale - float(values.min()) * scale + 2
        if not n_steps <= most:
            return False
        if (np.rint(some * scale) / scale == some).all():
            return all((np.rint(part * scale) / scale == part).all() for part in parts(values))
    return False


def _places(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return a place for each value, the same for equal ones; nought has two signs."""
    places = np.empty(len(values), dtype=np.uint64)
    for first in range(0, len(values), _PART):
        part = (values[first : first + _PART] + 0.0).view(np.uint64)
        part ^= part >> np.uint64(32)
        part *= _MIX
        places[first : first + _PART] = part >> np.uint64(40)
    return places
