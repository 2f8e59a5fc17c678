"""Input metrics: one scale for each embedded column.

`plain_metric` is the papers' setting; `gradient_metric` is the diagonal average gradient outer
product of a kernel fit; the marginal-likelihood metric stands in :mod:`ntkreg.ntk.metric.evidence`.
Learned metrics look at y: whoever judges them must learn them anew inside each fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.angles import Angles, angles_of_unit_rows, unit_rows
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.kernel.profiles import weighted_profiles
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

# pairs of rows at once: their angles and profiles stay in the second-level cache
_BLOCK_ENTRIES = 64_000


@dataclass(frozen=True)
class Metric:
    """Scales of the embedded columns with what was learned beside them.

    Parameters
    ----------
    scales : ndarray of shape (n_embedded,)
    bias : float
        Constant appended to every row.
    branches : tuple of Branch
        With their learned weights.
    noise : float
        Noise variance in units of the target's variance; NaN where it was not learned.
    sphere : bool, default=False
        Whether the scaled rows are put on the unit sphere.
    """

    scales: Array
    bias: float
    branches: tuple[Branch, ...]
    noise: float
    sphere: bool = False


def plain_metric(
    n_embedded: int, branches: Sequence[Branch], bias: float = 1.0, sphere: bool = False
) -> Metric:
    """Return the metric of the papers: all scales one."""
    return Metric(np.ones(n_embedded), bias, tuple(branches), float("nan"), sphere)


def onto_sphere(rows: Array) -> tuple[Array, Array]:
    """Return the rows at norm one, and the norms they had, shape (n, 1); a zero row stays."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    norms[norms == 0] = 1.0
    return rows / norms, norms


def through_sphere(gradient: Array, unit: Array, norms: Array) -> Array:
    """Return the gradient in the rows from the one in the unit rows."""
    radial = np.einsum("ij,ij->i", gradient, unit)[:, None]
    before: Array = (gradient - radial * unit) / norms
    return before


def apply_metric(metric: Metric, rows: Array) -> Array:
    """Return the rows scaled by the metric, with the constant appended, on the sphere if asked."""
    constant = np.full((len(rows), 1), metric.bias)
    scaled = np.hstack([rows * metric.scales, constant])
    return onto_sphere(scaled)[0] if metric.sphere else scaled


def gradient_metric(
    rows: Array,
    target: Array,
    branches: Sequence[Branch],
    *,
    bias: float = 1.0,
    sphere: bool = False,
    rounds: int = 2,
    power: float = 0.25,
) -> Metric:
    """Learn scales by the diagonal average gradient outer product of a ridge fit.

    In each round the kernel is fitted with the ridge of least exact leave-one-out error, and a
    column's scale becomes its mean squared gradient to the given power, at norm sqrt(n_embedded).

    Parameters
    ----------
    rows : ndarray of shape (n, n_embedded)
    target : ndarray of shape (n, n_targets)
        Mean 0, standard deviation 1.
    branches : sequence of Branch
    bias : float, default=1.0
    sphere : bool, default=False
    rounds : int, default=2
    power : float, default=0.25
        Of the mean squared gradient.

    Returns
    -------
    Metric
    """
    metric = plain_metric(rows.shape[1], branches, bias, sphere)
    for _ in range(rounds):
        inputs = apply_metric(metric, rows)
        alpha = _leave_one_out_ridge(gram(inputs, None, branches), target)
        # the chain rule: the gradient in an embedded column is that in its scaled copy, times scale
        squared = _mean_squared_gradient(inputs, alpha, metric, rows)[:-1] * metric.scales**2
        if not squared.max(initial=0.0) > 0:
            break
        scales = (squared / squared.max()) ** power
        metric = replace(metric, scales=scales * np.sqrt(len(scales)) / np.linalg.norm(scales))
    return metric


def _leave_one_out_ridge(kernel: Array, target: Array) -> Array:
    """Return coefficients at the ridge whose exact leave-one-out error is least."""
    values, vectors = np.linalg.eigh(kernel)
    ridges = values[-1] * np.geomspace(10**-7.5, 10**0.5, 25)
    inverses = 1.0 / (np.maximum(values, 0.0) + ridges[:, None])
    leverages = vectors**2 @ inverses.T
    rotated = vectors.T @ target
    # one column a ridge, one matrix a target
    alphas = [vectors @ (inverses * part).T for part in rotated.T]
    errors = sum(np.mean((alpha / leverages) ** 2, axis=0) for alpha in alphas)
    best = int(np.argmin(errors))
    return np.column_stack([alpha[:, best] for alpha in alphas])


def _mean_squared_gradient(inputs: Array, alpha: Array, metric: Metric, rows: Array) -> Array:
    """Return the mean over rows and targets of the squared gradient, shape (n_inputs,)."""
    unit, norms = unit_rows(inputs)
    weights = [branch.weight for branch in metric.branches]
    before = onto_sphere(apply_metric(replace(metric, sphere=False), rows))[1]
    total = np.zeros(inputs.shape[1])
    height = max(1, _BLOCK_ENTRIES // len(inputs))
    for start in range(0, len(inputs), height):
        part = slice(start, start + height)
        pairs = Angles(*angles_of_unit_rows(unit[part], unit), norms[part], norms)
        _, value, slope = weighted_profiles(pairs, metric.branches, weights)
        np.fill_diagonal(slope[:, start:], 0.0)
        bent = value - pairs.cosine * slope
        for column in alpha.T:
            radial = (bent @ (norms * column))[:, None]
            gradient = slope @ (column[:, None] * inputs) + radial * unit[part]
            if metric.sphere:
                gradient = through_sphere(gradient, unit[part], before[part])
            total += np.sum(gradient**2, axis=0)
    mean: Array = total / alpha.size
    return mean
