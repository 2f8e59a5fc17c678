"""Input metrics: one scale for each embedded column.

`plain_metric` is the papers' setting; `gradient_metric` is the diagonal average gradient outer
product of a kernel fit; the marginal-likelihood metric stands in :mod:`ntkreg.ntk.evidence`.
Learned metrics look at y: whoever judges them must learn them anew inside each fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from ntkreg.ntk.angles import angles_between
from ntkreg.ntk.kernel import gram
from ntkreg.ntk.profiles import profile_and_slope
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]


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
    values, vectors = scipy.linalg.eigh(kernel, check_finite=False)
    rotated = vectors.T @ target
    best, chosen = float("inf"), np.zeros_like(target)
    for ridge in values[-1] * np.geomspace(10**-7.5, 10**0.5, 25):
        inverse = 1.0 / (np.maximum(values, 0.0) + ridge)
        alpha = vectors @ (inverse[:, None] * rotated)
        leverage = np.einsum("ij,j,ij->i", vectors, inverse, vectors)
        error = float(np.mean((alpha / leverage[:, None]) ** 2))
        if error < best:
            best, chosen = error, alpha
    return chosen


def _mean_squared_gradient(inputs: Array, alpha: Array, metric: Metric, rows: Array) -> Array:
    """Return the mean over rows and targets of the squared gradient, shape (n_inputs,)."""
    pairs = angles_between(inputs)
    value, slope = np.zeros_like(pairs.cosine), np.zeros_like(pairs.cosine)
    for branch in metric.branches:
        k, dk = profile_and_slope(pairs, branch)
        value += branch.weight * k
        slope += branch.weight * dk
    np.fill_diagonal(slope, 0.0)
    norms = np.where(pairs.left > 0, pairs.left, 1.0)
    unit = inputs / norms[:, None]
    weighted = (value - pairs.cosine * slope) * norms
    before = onto_sphere(apply_metric(replace(metric, sphere=False), rows))[1]
    total = np.zeros(inputs.shape[1])
    for column in alpha.T:
        gradient = slope @ (column[:, None] * inputs) + (weighted @ column)[:, None] * unit
        if metric.sphere:
            gradient = through_sphere(gradient, unit, before)
        total += np.mean(gradient**2, axis=0)
    mean: Array = total / alpha.shape[1]
    return mean
