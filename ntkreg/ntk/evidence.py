"""The marginal-likelihood metric: scales, branch weights, bias and noise learned together.

The evidence of a Gaussian process whose covariance is the tangent kernel of the parallel nets is
maximised with its analytic gradient (recipe.md 1.5 and 7: A5). It is a way to choose constants
from data; no theorem of the papers asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
import scipy.optimize
from numpy.typing import NDArray

from ntkreg.ntk.angles import angles_between
from ntkreg.ntk.metric import Metric, onto_sphere, through_sphere
from ntkreg.ntk.profiles import profile_and_slope, profile_at_one
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

# blocks that stay in the second-level cache are three times as fast as whole matrices
_BLOCK_ENTRIES = 16_000
_OFFSET_VARIANCE = 4.0
_JITTER = 1e-7
_PRIOR = 0.05
_BOUNDS = {"metric": (-6.0, 4.0), "bias": (-3.0, 3.0), "weight": (-9.0, 8.0), "noise": (-16.0, 3.0)}


def _unpack(theta: Array, n_columns: int, n_branches: int) -> tuple[Array, float, Array, float]:
    scales = np.exp(theta[:n_columns])
    bias = float(np.exp(theta[n_columns]))
    weights = np.exp(theta[n_columns + 1 : n_columns + 1 + n_branches])
    return scales, bias, weights, float(np.exp(theta[-1]))


@dataclass(frozen=True)
class _Evaluated:
    """Profiles of all branches between one set of rows, their weighted sum, and its slope.

    `bent` is k(c) - c k'(c), what is left of the gradient in a row's norm.
    """

    norms: Array
    values: tuple[Array, ...]
    value: Array
    slope: Array
    bent: Array
    at_one: float


def _evaluate(inputs: Array, weights: Array, branches: Sequence[Branch]) -> _Evaluated:
    n = len(inputs)
    values = tuple(np.empty((n, n)) for _ in branches)
    value, slope, bent = np.empty((n, n)), np.empty((n, n)), np.empty((n, n))
    height = max(1, _BLOCK_ENTRIES // n)
    for start in range(0, n, height):
        part = slice(start, start + height)
        pairs = angles_between(inputs[part], inputs)
        total, d_total = np.zeros_like(pairs.cosine), np.zeros_like(pairs.cosine)
        for weight, branch, own in zip(weights, branches, values, strict=True):
            k, dk = profile_and_slope(pairs, branch)
            own[part] = k
            total += weight * k
            d_total += weight * dk
        value[part], slope[part] = total, d_total
        bent[part] = total - pairs.cosine * d_total
    at_one = float(sum(w * profile_at_one(b) for w, b in zip(weights, branches, strict=True)))
    return _Evaluated(np.linalg.norm(inputs, axis=1), values, value, slope, bent, at_one)


def _input_gradient(P: Array, inputs: Array, state: _Evaluated) -> Array:
    """Return the gradient of sum(P * K) in the rows, for K_ij = |u_i| |u_j| k(c_ij).

    dK_ij/du_i = k'(c) u_j + (k(c) - c k'(c)) |u_j| u_i/|u_i| off the diagonal, 2 k(1) u_i on it.
    """
    norms = state.norms
    W = P * state.slope
    Q = P * state.bent
    np.fill_diagonal(W, 0.0)
    np.fill_diagonal(Q, 0.0)
    radial = (Q @ norms) / np.where(norms > 0, norms, 1.0) + state.at_one * np.diag(P)
    gradient: Array = 2.0 * (W @ inputs + inputs * radial[:, None])
    return gradient


def _inverse(factor: Array) -> Array:
    """Return the inverse of the matrix whose lower Cholesky factor is given."""
    inverse, _ = scipy.linalg.lapack.dpotri(factor, lower=1)
    lower = np.tril(inverse)
    whole: Array = lower + np.tril(inverse, -1).T
    return whole


def negative_log_evidence(
    theta: Array,
    rows: Array,
    target: Array,
    branches: Sequence[Branch],
    sphere: bool = False,
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
        inputs, norms = onto_sphere(inputs)
    state = _evaluate(inputs, weights, branches)
    outer = state.norms[:, None] * state.norms
    kernel = state.value * outer + _OFFSET_VARIANCE
    kernel[np.diag_indices(n)] = state.at_one * state.norms**2 + _OFFSET_VARIANCE + noise + _JITTER
    try:
        factor = scipy.linalg.cho_factor(kernel, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return float("inf"), np.zeros_like(theta)
    n_targets = target.shape[1]
    alpha = scipy.linalg.cho_solve(factor, target, check_finite=False)
    inverse = _inverse(factor[0])
    log_scales = theta[:n_columns]
    value = (
        0.5 * float(np.sum(target * alpha)) / n_targets
        + float(np.log(np.diag(factor[0])).sum())
        + _PRIOR * float(log_scales @ log_scales)
    )
    P = 0.5 * (inverse - alpha @ alpha.T / n_targets)
    d_inputs = _input_gradient(P, inputs, state)
    if sphere:
        d_inputs = through_sphere(d_inputs, inputs, norms)
    weighted = P * outer
    gradient = np.concatenate(
        [
            np.einsum("ij,ij->j", d_inputs[:, :-1], rows) * scales + 2.0 * _PRIOR * log_scales,
            [d_inputs[:, -1].sum() * bias],
            [w * float(np.vdot(weighted, v)) for w, v in zip(weights, state.values, strict=True)],
            [float(np.trace(P)) * noise],
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
        args=(rows, target, branches, sphere),
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
