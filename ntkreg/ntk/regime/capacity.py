"""What the theory asks of a table, estimated on it: capacity, training time, width.

The theory of gradient descent on a kernel stops at eta t = C n^(1/(2r + gamma)), r being the
target's smoothness and gamma the kernel's capacity (theory.md 1.6). Only the form is theory: gamma
is estimated here, r is assumed, and no theorem gives C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence
from ntkreg.ntk.network.architecture import Architecture
from ntkreg.ntk.results import Prescription, Reason, Solver

Array = NDArray[np.float64]

# the first ranks are the table's own structure, the last ones the sample's
FIRST_RANK = 5
RANK_SHARE = 4
MIN_RANKS = 8
# r = 1/2: the target lies in the kernel's space
SMOOTHNESS = 0.5


@dataclass(frozen=True)
class CapacityFit:
    """Power law s_i = factor * i^(-slope) of the eigenvalues of K/n in a middle range of ranks.

    Parameters
    ----------
    exponent : float
        gamma = 1/slope, at most 1.
    slope, factor : float
    first, last : int
        Range of ranks i, counted from 1.
    """

    exponent: float
    slope: float
    factor: float
    first: int
    last: int


def capacity_exponent(values: Array) -> CapacityFit | None:
    """Estimate the capacity exponent from eigenvalues, on ranks 5 to n/4 in logarithms.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Eigenvalues of K/n, descending.

    Returns
    -------
    CapacityFit or None
        None with fewer than 8 positive eigenvalues in the range, or where they do not fall.

    Examples
    --------
    >>> import numpy as np
    >>> from ntkreg.ntk.regime.capacity import capacity_exponent
    >>> round(capacity_exponent(np.arange(1.0, 101.0) ** -2).exponent, 3)
    0.5
    """
    last = min(len(values) // RANK_SHARE, int(np.count_nonzero(values > 1e-12 * values[0])))
    if last - FIRST_RANK + 1 < MIN_RANKS:
        return None
    ranks = np.arange(FIRST_RANK, last + 1)
    line = np.polyfit(np.log(ranks), np.log(values[FIRST_RANK - 1 : last]), 1)
    slope = -float(line[0])
    if slope <= 0:
        return None
    return CapacityFit(min(1.0 / slope, 1.0), slope, float(np.exp(line[1])), FIRST_RANK, last)


def theory_reasons(
    values: Array, prescription: Prescription, n_rows: int
) -> tuple[CapacityFit | None, tuple[Reason, ...]]:
    """Return the capacity, and number of rows, capacity and training time in words.

    Parameters
    ----------
    values : ndarray
        Eigenvalues of K/n on the training rows, or on a part of them.
    prescription : Prescription
    n_rows : int
        Training rows.
    """
    capacity = capacity_exponent(values)
    # in units of one over the mean of the kernel's diagonal, whose scale is free
    time = prescription.learning_rate * prescription.n_steps * float(values.sum())
    rows = Reason("n_rows", n_rows, "data", Sentence("I220", {"value": n_rows}))
    more: dict[str, object] = {"value": time, "n_rows": n_rows}
    if capacity is None:
        few = Sentence("I222", {"n_rows": n_rows})
        unknown = Reason("capacity", "–", "data", few)
        return None, (rows, unknown, Reason("time", time, "data", Sentence("I223", more)))
    gamma = capacity.exponent
    found = {
        "value": gamma,
        "slope": capacity.slope,
        "first": capacity.first,
        "last": capacity.last,
        "n_values": len(values),
    }
    power = 1.0 / (2.0 * SMOOTHNESS + gamma)
    reference = n_rows**power
    more |= {"gamma": gamma, "power": power}
    more |= {"reference": _rounded(reference), "constant": _rounded(time / reference)}
    long = time > n_rows
    return capacity, (
        rows,
        Reason("capacity", gamma, "data", Sentence("I221", found)),
        Reason("time", time, "data", Sentence("I225" if long else "I224", more)),
    )


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def network_reasons(
    architecture: Architecture, solver: Solver, given: frozenset[str] = frozenset()
) -> tuple[Reason, ...]:
    """Return width, number of networks and solver in words.

    Parameters
    ----------
    architecture : Architecture
    solver : {"accelerated", "gd", "sgd", "flow"}
    given : frozenset of str, default=frozenset()
        Which of "width", "n_networks" and "solver" the user gave.
    """
    described = {
        "width": (architecture.width, "I226"),
        "n_networks": (architecture.n_networks, "I227"),
        "solver": (solver, {"gd": "I229", "sgd": "I230", "flow": "I219"}.get(solver, "I228")),
    }
    return tuple(
        Reason(
            name, value, "user" if name in given else "default", Sentence(code, {"value": value})
        )
        for name, (value, code) in described.items()
    )
