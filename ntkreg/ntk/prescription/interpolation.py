"""The end of the path: minimum-norm interpolation, and how many steps it takes to get near it.

Gradient descent on a wide net ends at the point nearest to its start that fits the training rows,
and predicts as f(x) = k(x)' K^-1 y (Satpathi and Srikant, arXiv 2105.06569, Theorems 3 and 4 and
Lemma 5; theory.md 5). Equal rows with different targets have no such point: they are averaged.

Of the constants, the number of steps log(|y|/tol) / (eta lambda_min) is the paper's (the residual
of a linear model falls at least by 1 - eta lambda_min a step); the tolerance and the condition
number beyond which a jitter is added are conventions of this project.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence
from ntkreg.ntk.path import Spectrum, accelerated_filter, n_deflated
from ntkreg.ntk.prescription.stops import Stops
from ntkreg.ntk.results import Interpolation, Prescription, Reason

if TYPE_CHECKING:
    from ntkreg.ntk.validation import TrainingData

Array = NDArray[np.float64]

MAX_CONDITION = 1e12
# beyond it the least eigenvalue is the rounding of the largest
_ROUNDING = 1e15
# the accelerated iteration is followed on the eigenvalues up to here
MAX_ACCELERATED = 2_000
_MOST_STEPS = 10**15


def average_duplicates(data: TrainingData) -> tuple[TrainingData, NDArray[np.int64]]:
    """Return the training rows with equal rows as one, at the mean of their targets.

    Parameters
    ----------
    data : TrainingData

    Returns
    -------
    data : TrainingData
        Distinct rows in the order of their first appearance, with the group of the first.
    position : ndarray of shape (n,) of int
        Where each given row stands among them.
    """
    _, first, labels = np.unique(data.rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    position: NDArray[np.int64] = place[labels.ravel()]
    if len(first) == len(data.rows):
        return data, position
    counts = np.bincount(position)
    means = np.column_stack(
        [np.bincount(position, weights=column) / counts for column in data.targets.T]
    )
    kept = first[order]
    groups = None if data.groups is None else data.groups[kept]
    return replace(data, rows=data.rows[kept], targets=means, groups=groups), position


def interpolate(
    spectrum: Spectrum, target: Array, tolerance: float, *, centred: bool
) -> Interpolation:
    """Return what becomes of the interpolation on a kernel.

    Parameters
    ----------
    spectrum : Spectrum
        Of K/n, eigenvalues descending.
    target : ndarray of shape (n, n_targets)
        Centred and scaled.
    tolerance : float
        Root mean squared residual that counts as interpolation, in units of the target.
    centred : bool
        Whether K is centred: the constant direction, in which no target lies, does not count.
    """
    values = spectrum.values[:-1] if centred else spectrum.values
    largest, least = float(values.max(initial=0.0)), float(values.min(initial=np.inf))
    condition = largest / least if 0 < least < np.inf else np.inf
    jitter = largest / MAX_CONDITION if condition > MAX_CONDITION else 0.0
    singular = not condition <= _ROUNDING
    outcome: Literal["interpolated", "regularised", "singular"]
    outcome = "singular" if singular else "regularised" if jitter else "interpolated"
    power = np.square(spectrum.vectors.T @ target).sum(axis=1) / target.size
    left = 1.0 - spectrum.values * interpolation_filter(spectrum.values, jitter, centred=centred)
    size = float(np.sqrt(power.sum()))
    return Interpolation(
        outcome=outcome,
        n_rows=len(target),
        n_distinct=len(target),
        smallest_eigenvalue=0.0 if singular else least,
        condition=float("inf") if singular else condition,
        jitter=jitter,
        residual=float(np.sqrt(np.square(left) @ power)),
        tolerance=tolerance,
        predicted_steps=predicted_steps(size, tolerance, 0.0 if singular else 1.0 / condition),
    )


def interpolation_filter(values: Array, jitter: float, *, centred: bool) -> Array:
    """Return the filter of the interpolation, 1/(s + jitter), for eigenvalues s of K/n.

    Along eigenvectors without an eigenvalue, and that of the intercept, it is 0: the solution of
    minimum norm.
    """
    raised = values + jitter
    filters: Array = np.divide(1.0, raised, out=np.zeros_like(raised), where=raised > 0)
    if centred:
        filters[-1] = 0.0
    return filters


def predicted_steps(size: float, tolerance: float, share: float) -> float:
    """Return log(|y|/tol) / (eta lambda_min), steps of plain gradient descent to a tolerance.

    Parameters
    ----------
    size : float
        Root mean square of the target.
    tolerance : float
        Of the residual, in the same unit.
    share : float
        eta lambda_min, with eta = 1/s_1 the least eigenvalue over the largest.

    Returns
    -------
    float
        Infinite where `share` is 0; 0 where the target is within the tolerance from the start.

    Examples
    --------
    >>> round(predicted_steps(1.0, 1e-3, 0.01), 1)
    690.8
    """
    if size <= tolerance:
        return 0.0
    return float(np.log(size / tolerance) / share) if share > 0 else float("inf")


def interpolating_stops(spectrum: Spectrum, target: Array, found: Interpolation) -> Stops:
    """Return the numbers of steps until the tolerance, plain as predicted, accelerated as followed.

    The accelerated iteration has no such formula: it is followed on the eigenvalues, for 2,000
    steps at most.
    """
    values = spectrum.values
    path = accelerated_filter(values, n_deflated(values), MAX_ACCELERATED)
    power = np.square(spectrum.vectors.T @ target).sum(axis=1) / target.size
    residuals = np.sqrt(np.square(1.0 - values * path) @ power)
    near = np.flatnonzero(residuals <= found.tolerance)
    steps = int(np.ceil(min(found.predicted_steps, _MOST_STEPS)))
    fast = int(near[0]) if len(near) else MAX_ACCELERATED
    return Stops(0, 0, max(steps, 1), max(fast, 1), preconditioned=True, interpolates=True)


def explain_interpolation(numbers: Prescription, found: Interpolation) -> Prescription:
    """Return the prescription with what is said of interpolation instead of early stopping."""
    values = {
        "value": found.predicted_steps,
        "tolerance": found.tolerance,
        "least": found.smallest_eigenvalue,
        "condition": found.condition,
        "jitter": found.jitter,
        "residual": found.residual,
        "n_rows": found.n_rows,
        "n_distinct": found.n_distinct,
        "n_accelerated": numbers.n_steps_accelerated,
    }
    codes = {"interpolated": "I264", "regularised": "W241", "singular": "W242"}
    said = [Reason("n_steps", numbers.n_steps, "theory", Sentence(codes[found.outcome], values))]
    said.append(
        Reason("n_steps_accelerated", numbers.n_steps_accelerated, "data", Sentence("I265", values))
    )
    if found.n_distinct < found.n_rows:
        said.append(Reason("n_distinct", found.n_distinct, "data", Sentence("I266", values)))
    replaced = {reason.name for reason in said}
    kept = [reason for reason in numbers.reasons if reason.name not in replaced]
    return replace(numbers, reasons=(*said, *kept))


def of_all_rows(found: Interpolation, position: Sequence[int] | NDArray[np.int64]) -> Interpolation:
    """Return the record with the number of rows before equal ones were averaged."""
    return replace(found, n_rows=len(position))
