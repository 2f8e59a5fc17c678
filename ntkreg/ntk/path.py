"""Linear iterations on the training loss, seen in the eigenbasis of the kernel.

With K/n = U diag(s) U' and f_0 = 0, every iteration here gives fitted values U diag(s g) U' y and
coefficients U diag(g) U' y / n, where the filter g(s) depends on the iteration and the number of
steps only (theory.md 1.3). So one eigendecomposition gives the path for every number of steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DEFLATION_RATIO = 10.0
ACCELERATED_SAFETY = 0.9


@dataclass(frozen=True)
class Spectrum:
    """Eigendecomposition of K/n, eigenvalues descending and clipped at 0.

    Parameters
    ----------
    values : ndarray of shape (n,)
    vectors : ndarray of shape (n, n)
        Columns are eigenvectors.
    """

    values: Array
    vectors: Array


def decompose(kernel: Array) -> Spectrum:
    """Return the eigendecomposition of kernel / n.

    Parameters
    ----------
    kernel : ndarray of shape (n, n)
        Symmetric, positive semi-definite up to rounding.
    """
    # numpy's call of LAPACK lets other threads run meanwhile, SciPy's holds the interpreter's lock
    values, vectors = np.linalg.eigh(kernel / len(kernel))
    return Spectrum(np.maximum(values[::-1], 0.0), np.ascontiguousarray(vectors[:, ::-1]))


def gradient_descent_filter(
    values: Array, learning_rate: float, n_steps: NDArray[np.int64]
) -> Array:
    """Return g_t(s) = (1 - (1 - eta s)^t) / s of plain gradient descent (theory.md 1.3).

    Parameters
    ----------
    values : ndarray of shape (n,)
        Eigenvalues s of K/n.
    learning_rate : float
        eta; `eta * s` above 1 is treated as 1 (only folds, whose top eigenvalue may be a little
        larger than that of all rows, come there).
    n_steps : ndarray of shape (n_times,)

    Returns
    -------
    ndarray of shape (n_times, n)
    """
    # just below 1, so that no step at all is 0 and not 0 times minus infinity
    scaled = np.minimum(learning_rate * values, 1.0 - np.finfo(float).epsneg)[None, :]
    steps = np.asarray(n_steps, dtype=float)[:, None]
    fitted = -np.expm1(steps * np.log1p(-scaled))
    small = scaled * steps < 1e-12
    safe = np.where(small, 1.0, scaled)
    result: Array = np.where(small, learning_rate * steps, learning_rate * fitted / safe)
    return result


def n_deflated(values: Array, ratio: float = DEFLATION_RATIO) -> int:
    """Return how many top eigenvalues exceed s_1 / ratio, at least one eigenvalue is left out."""
    return min(int(np.count_nonzero(values > values[0] / ratio)), len(values) - 1)


def accelerated_filter(
    values: Array, deflated: int, n_steps: int, learning_rate: float | None = None
) -> Array:
    """Return the filter of the preconditioned Nesterov iteration at each of its steps.

    The residual is multiplied by s_{k+1}/s_i along the top k eigenvectors, so that all of them act
    as s_{k+1}; the step is 0.9/s_{k+1} and the momentum (j - 1)/(j + 2) at step j (network.md 2).

    Parameters
    ----------
    values : ndarray of shape (n,)
        Eigenvalues of K/n, descending.
    deflated : int
        k, the number of preconditioned eigenvectors.
    n_steps : int
    learning_rate : float, optional
        Another step.

    Returns
    -------
    ndarray of shape (n_steps + 1, n)
        g after 0, 1, ..., n_steps steps; s g is the fitted share.
    """
    edge = _edge(values, deflated)
    damping = np.ones_like(values)
    damping[:deflated] = edge / values[:deflated]
    rate = ACCELERATED_SAFETY / edge if learning_rate is None else learning_rate
    path = np.zeros((n_steps + 1, len(values)))
    previous = path[0]
    for step in range(1, n_steps + 1):
        ahead = path[step - 1] + (step - 1) / (step + 2) * (path[step - 1] - previous)
        previous = path[step - 1]
        path[step] = ahead + rate * damping * (1.0 - values * ahead)
    return path


def _edge(values: Array, deflated: int) -> float:
    """Return the largest eigenvalue that is left alone, or the least that is not zero."""
    edge = float(values[deflated])
    return edge if edge > 0 else float(values[values > 0].min(initial=1.0))


def _momentum_path(shares: Array, steps: NDArray[np.int64]) -> Array:
    """Return Nesterov's iterates for x q = 1 at the given numbers of steps, x in `shares`."""
    path = np.zeros((len(steps), len(shares)))
    before = now = np.zeros_like(shares)
    wanted = {int(step): position for position, step in enumerate(steps)}
    for step in range(1, int(steps[-1]) + 1):
        ahead = now + ((step - 1) / (step + 2)) * (now - before)
        before, now = now, ahead + ACCELERATED_SAFETY * (1.0 - shares * ahead)
        if step in wanted:
            path[wanted[step]] = now
    return path


def accelerated_filters(
    spectra: Sequence[Array], steps: NDArray[np.int64], *, preconditioned: bool = True
) -> list[Array]:
    """Return :func:`accelerated_filter` of several spectra at some numbers of steps.

    The filter depends on s/s_{k+1} alone, so one recursion does for all spectra.

    Parameters
    ----------
    spectra : sequence of ndarray of shape (n,)
        Eigenvalues of K/n, descending.
    steps : ndarray of shape (n_times,)
        Ascending.
    preconditioned : bool, default=True
        False is momentum alone (k = 0).

    Returns
    -------
    list of ndarray of shape (n_times, n)
    """
    edges = [_edge(values, n_deflated(values) if preconditioned else 0) for values in spectra]
    shares = [np.minimum(v / e, 1.0) for v, e in zip(spectra, edges, strict=True)]
    path = _momentum_path(np.concatenate(shares), steps)
    ends = np.cumsum([len(values) for values in spectra])[:-1]
    return [
        part / np.maximum(values, edge)
        for part, values, edge in zip(np.split(path, ends, axis=1), spectra, edges, strict=True)
    ]


def coefficients(spectrum: Spectrum, target: Array, filters: Array) -> Array:
    """Return the kernel coefficients alpha = U diag(g) U' y / n of one filter.

    Parameters
    ----------
    spectrum : Spectrum
    target : ndarray of shape (n, n_targets)
    filters : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n, n_targets)
    """
    rotated = spectrum.vectors.T @ target
    result: Array = spectrum.vectors @ (filters[:, None] * rotated) / len(target)
    return result


def predictions_along(
    spectrum: Spectrum, target: Array, cross: Array, filters: Array
) -> NDArray[np.float64]:
    """Return predictions of other rows for every filter at once.

    Parameters
    ----------
    spectrum : Spectrum
        Of the training kernel.
    target : ndarray of shape (n, n_targets)
    cross : ndarray of shape (n_other, n)
        Kernel between the other rows and the training rows.
    filters : ndarray of shape (n_times, n)

    Returns
    -------
    ndarray of shape (n_times, n_other, n_targets)
    """
    rotated = spectrum.vectors.T @ target / len(target)
    projected = cross @ spectrum.vectors
    return np.stack([(filters * rotated[:, k]) @ projected.T for k in range(target.shape[1])], -1)


def degrees_of_freedom(values: Array, filters: Array) -> Array:
    """Return tr H = sum s g for each filter, shape (n_times,)."""
    result: Array = filters @ values
    return result


def step_grid(largest: float, ratio: float = 1.25) -> NDArray[np.int64]:
    """Return whole numbers of steps from 1 to about `largest` on a geometric grid."""
    count = int(np.ceil(np.log(largest) / np.log(ratio))) + 1
    return np.unique(np.round(np.geomspace(1.0, largest, count)).astype(np.int64))
