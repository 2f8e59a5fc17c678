"""Kernel matrices of parallel infinitely wide nets.

Every branch is homogeneous of degree one in each row, K(u, v) = |u| |v| k(cos(u, v)) with the
profile k of :mod:`ntkreg.ntk.kernel.profiles`; the kernel of nets whose outputs are summed is the
sum of their kernels. Rows of norm one give the kernel on the sphere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.cross import cross_kernel
from ntkreg.ntk.kernel.profiles import profile_at_one
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]


def gram(left: Array, right: Array | None, branches: Sequence[Branch]) -> Array:
    """Return the kernel matrix of parallel nets, sum_b weight_b |u| |v| k_b(cos(u, v)).

    Parameters
    ----------
    left : ndarray of shape (n_left, d)
        Rows with the constant appended.
    right : ndarray of shape (n_right, d) or None
        None: `left` with itself, and the diagonal is exact.
    branches : sequence of Branch

    Returns
    -------
    ndarray of shape (n_left, n_right)
    """
    result = cross_kernel(left, left if right is None else right, branches)
    if right is None:
        at_one = sum(branch.weight * profile_at_one(branch) for branch in branches)
        np.fill_diagonal(result, at_one * np.einsum("ij,ij->i", left, left))
    return result


def centre(kernel: Array) -> Array:
    """Return H K H, H = I - 11'/n: the tangent kernel of f(x) - mean_i f(x_i).

    This is a net with an intercept that is always at its least-squares value.

    Parameters
    ----------
    kernel : ndarray of shape (n, n)
    """
    means = kernel.mean(axis=0)
    centred: Array = kernel - means[None, :] - means[:, None] + means.mean()
    # rows that are all alike leave rounding errors, which a step of 1/s_1 would magnify
    if np.abs(centred).max() <= len(kernel) * np.finfo(float).eps * np.abs(kernel).max():
        centred[:] = 0.0
    return centred
