"""The marginal-likelihood metric: scales, branch weights, bias and noise learned together.

The evidence of a Gaussian process whose covariance is the tangent kernel of the parallel nets is
maximised with its analytic gradient (recipe.md 1.5 and 7: A5). It is a way to choose constants
from data; no theorem of the papers asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from ntkreg.ntk.kernel.angles import unit_rows
from ntkreg.ntk.metric.inverse import inverse_from, invert_factor
from ntkreg.ntk.metric.kernel_gradients import (
    Workspace,
    fill_kernel,
    kernel_gradients,
    make_workspace,
)
from ntkreg.ntk.metric.scales import Metric, onto_sphere, through_sphere
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

_OFFSET_VARIANCE = 4.0
_JITTER = 1e-7
_PRIOR = 0.05
_BOUNDS = {"metric": (-6.0, 4.0), "bias": (-3.0, 3.0), "weight": (-9.0, 8.0), "noise": (-16.0, 3.0)}


def _unpack(theta: Array, n_columns: int, n_branches: int) -> tuple[Array, float, Array, float]:
    scales = np.exp(theta[:n_columns])
    bias = float(np.exp(theta[n_columns]))
    weights = np.exp(theta[n_columns + 1 : n_columns + 1 + n_branches])
    return scales, bias, weights, float(np.exp(theta[-1]))


def negative_log_evidence(
    theta: Array,
    rows: Array,
    target: Array,
    branches: Sequence[Branch],
    sphere: bool = False,
    work: Workspace | None = None,
) -> tuple[float, Array]:
    """Return the penalised negative log marginal likelihood per row, and its gradient.

    The model is y ~ N(0, sum_b w_b K_b + 4 + (noise + 1e-7) I) on the metric-scaled rows with the
    constant appended; the penalty is 0.05 sum (log scale)^2 (recipe.md 1.5).

    Parameters
    ----------
    theta : ndarray of shape (n_embedded + 2 + n_branches,)
        Logarithms of scales, bias, branch weights and noise variance.
    rows : ndarray of shape (n, n_embedded)
    target : ndarray of shape (n, n_targets)
        Mean 0, standard deviation 1; several targets are averaged.
    branches : sequence of Branch
        Their own weights are not used.
    sphere : bool, default=False
        Whether the scaled rows are put on the unit sphere.
    work : Workspace, optional
        Memory to use again.

    Returns
    -------
    value : float
        Infinite where the kernel matrix is not positive definite.
    gradient : ndarray, same shape as `theta`
    """
    n, n_columns = rows.shape
    scales, bias, weights, noise = _unpack(theta, n_columns, len(branches))
    inputs = np.hstack([rows * scales, np.full((n, 1), bias)])
    if sphere:
        inputs, before = onto_sphere(inputs)
    work = work or make_workspace(n, len(branches))
    unit, norms = unit_rows(inputs)
    fill_kernel(unit, norms, branches, weights, _OFFSET_VARIANCE, work)
    work.kernel[np.diag_indices(n)] += noise + _JITTER
    try:
        half_log_determinant = invert_factor(work.kernel, work.factor)
    except np.linalg.LinAlgError:
        return float("inf"), np.zeros_like(theta)
    # the kernel is no longer needed: its memory takes the inverse
    inverse = work.kernel
    inverse_from(work.factor, inverse)
    alpha = work.factor.T @ (work.factor @ target)
    fit, n_targets = float(np.sum(target * alpha)), target.shape[1]
    log_scales = theta[:n_columns]
    value = 0.5 * fit / n_targets + half_log_determinant + _PRIOR * float(log_scales @ log_scales)
    d_inputs, d_weights = kernel_gradients(inverse, alpha, inputs, norms, work)
    if sphere:
        d_inputs = through_sphere(d_inputs, inputs, before)
    # of one branch the weighted sum is stored, weight included
    shares = weights if work.own else np.ones(1)
    trace = float(np.trace(inverse)) - float(np.sum(alpha**2)) / n_targets
    gradient = 0.5 * np.concatenate(
        [
            np.einsum("ij,ij->j", d_inputs[:, :-1], rows) * scales + 4.0 * _PRIOR * log_scales,
            [d_inputs[:, -1].sum() * bias],
            shares * d_weights,
            [trace * noise],
        ]
    )
    return value / n, gradient / n


def _start(metric: Metric | None, n_columns: int, n_branches: int) -> Array:
    if metric is None or not np.isfinite(metric.noise):
        return np.concatenate(
            [np.zeros(n_columns + 1), np.full(n_branches, -np.log(n_branches)), [np.log(0.05)]]
        )
    weights = [branch.weight for branch in metric.branches]
    logs: Array = np.log(np.concatenate([metric.scales, [metric.bias], weights, [metric.noise]]))
    return logs


def likelihood_metric(
    rows: Array,
    target: Array,
    branches: Sequence[Branch],
    *,
    sphere: bool = False,
    start: Metric | None = None,
    max_iterations: int = 30,
) -> Metric:
    """Learn scales, bias, branch weights and noise by marginal likelihood (L-BFGS).

    Parameters
    ----------
    rows : ndarray of shape (n, n_embedded)
    target : ndarray of shape (n, n_targets)
        Mean 0, standard deviation 1.
    branches : sequence of Branch
    sphere : bool, default=False
    start : Metric, optional
        Where to begin (a fold begins at the optimum of all rows).
    max_iterations : int, default=30

    Returns
    -------
    Metric
    """
    n_columns, n_branches = rows.shape[1], len(branches)
    bounds = (
        [_BOUNDS["metric"]] * n_columns
        + [_BOUNDS["bias"]]
        + [_BOUNDS["weight"]] * n_branches
        + [_BOUNDS["noise"]]
    )
    low, high = np.transpose(bounds)
    found = scipy.optimize.minimize(
        negative_log_evidence,
        np.clip(_start(start, n_columns, n_branches), low, high),
        args=(rows, target, branches, sphere, make_workspace(len(rows), n_branches)),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": max_iterations},
    )
    scales, bias, weights, noise = _unpack(found.x, n_columns, n_branches)
    learned = tuple(
        replace(branch, weight=float(w)) for branch, w in zip(branches, weights, strict=True)
    )
    return Metric(scales, bias, learned, noise, sphere)
