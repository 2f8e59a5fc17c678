"""Kernel of one table with its derivatives in the rows and the branches' weights, in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.angles import Angles, angles_of_unit_rows
from ntkreg.ntk.kernel.profiles import profile_at_one, weighted_profiles
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

# larger blocks leave the second-level cache, smaller ones are all overhead
_BLOCK_ENTRIES = 64_000


@dataclass(frozen=True)
class Workspace:
    """Matrices of one table, used anew in every evaluation: fresh memory is slow at first touch.

    Of the symmetric ones only the upper triangle is filled, of `factor` the lower. `own` are the
    branches' profiles where there are several, `value` their weighted sum, `slope` its derivative,
    and `bent` is k(c) - c k'(c), what is left of the gradient in a row's norm.
    """

    kernel: Array
    factor: Array
    own: tuple[Array, ...]
    value: Array
    slope: Array
    bent: Array

    @property
    def blocks(self) -> list[tuple[slice, slice]]:
        """Rows and columns of the blocks that cover the upper triangle, diagonal squares first."""
        n = len(self.kernel)
        height = max(1, _BLOCK_ENTRIES // n)
        return [(slice(i, min(i + height, n)), slice(i, n)) for i in range(0, n, height)]


def make_workspace(n: int, n_branches: int) -> Workspace:
    """Return memory for a table of n rows."""
    own = tuple(np.empty((n, n)) for _ in range(n_branches if n_branches > 1 else 0))
    kernel, value, slope, bent = np.empty((4, n, n))
    return Workspace(kernel, np.zeros((n, n)), own, value, slope, bent)


def fill_kernel(
    unit: Array,
    norms: Array,
    branches: Sequence[Branch],
    weights: Array,
    offset: float,
    work: Workspace,
) -> None:
    """Fill the workspace with the profiles, and the kernel of the rows norms * unit plus `offset`.

    Parameters
    ----------
    unit : ndarray of shape (n, d)
        Rows of norm one.
    norms : ndarray of shape (n,)
    branches : sequence of Branch
        Their own weights are not used.
    weights : ndarray of shape (n_branches,)
    offset : float
    work : Workspace
    """
    for part, rest in work.blocks:
        pairs = Angles(*angles_of_unit_rows(unit[part], unit[rest]), norms[part], norms[rest])
        values, value, slope = weighted_profiles(pairs, branches, weights)
        for store, own in zip(work.own, values, strict=False):
            store[part, rest] = own
        work.value[part, rest] = value
        work.slope[part, rest] = slope
        slope *= pairs.cosine
        np.subtract(value, slope, out=work.bent[part, rest])
        value *= norms[part, None]
        value *= norms[rest]
        np.add(value, offset, out=work.kernel[part, rest])
    at_one = float(sum(w * profile_at_one(b) for w, b in zip(weights, branches, strict=True)))
    np.fill_diagonal(work.kernel, at_one * norms**2 + offset)
    np.fill_diagonal(work.value, at_one)


def kernel_gradients(
    inverse: Array, alpha: Array, inputs: Array, norms: Array, work: Workspace
) -> tuple[Array, Array]:
    """Return derivatives of sum(P * K), P = inverse - alpha alpha' / n_targets.

    K_ij = |u_i| |u_j| k(c_ij) has dK_ij/du_i = k'(c) u_j + (k(c) - c k'(c)) |u_j| u_i/|u_i| off
    the diagonal, and 2 k(1) u_i on it.

    Parameters
    ----------
    inverse : ndarray of shape (n, n)
    alpha : ndarray of shape (n, n_targets)
    inputs : ndarray of shape (n, d)
        The rows u_i.
    norms : ndarray of shape (n,)
    work : Workspace
        From :func:`fill_kernel`.

    Returns
    -------
    inputs : ndarray of shape (n, d)
        In the rows.
    weights : ndarray of shape (n_branches,)
        In the weight of each branch; of a single one, times that weight.
    """
    pull, radial = np.zeros_like(inputs), np.zeros(len(inputs))
    stores = work.own or (work.value,)
    d_weights = np.zeros(len(stores))
    for part, rest in work.blocks:
        height = part.stop - part.start
        beyond = slice(part.stop, rest.stop)
        P = inverse[part, rest] - alpha[part] @ alpha[rest].T / alpha.shape[1]
        # what lies beyond the diagonal square stands for its mirror image too
        twice = np.where(np.arange(P.shape[1]) < height, 1.0, 2.0) * norms[rest]
        for j, store in enumerate(stores):
            d_weights[j] += norms[part] @ ((P * store[part, rest]) @ twice)
        radial[part] += np.diag(P) * np.diag(work.value[part, part]) * norms[part]
        np.fill_diagonal(P, 0.0)
        W, Q = P * work.slope[part, rest], P * work.bent[part, rest]
        pull[part] += W @ inputs[rest]
        pull[beyond] += W[:, height:].T @ inputs[part]
        radial[part] += Q @ norms[rest]
        radial[beyond] += norms[part] @ Q[:, height:]
    radial /= np.where(norms > 0, norms, 1.0)
    return 2.0 * (pull + inputs * radial[:, None]), d_weights
