"""Infinite-width kernels of deep ReLU nets: functions of the cosine between two rows.

All kernels here are homogeneous of degree one in each row, K(u, v) = |u| |v| k(c) with
c = cos(u, v), so one scalar function k, the profile, says everything. For the ReLU net in NTK
parameterisation with He scaling the arc-cosine recursion (theory.md 1.1) reads, on unit rows,

    S^0 = c,  D^l = k0(S^{l-1}),  S^l = k1(S^{l-1}),  Theta^l = D^l (S^{l-1} + Theta^{l-1}),

and gives Theta^L + S^L ("all": the tangent kernel of the whole net, k(1) = L + 1), Theta^L
("hidden", k(1) = L), D^L S^{L-1} ("last_hidden", k(1) = 1: what a mirrored top layer implies) and
S^L ("readout": random features). "relu2" squares the ReLU on the unit row, one hidden layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

# blocks that stay in the second-level cache are three times as fast as whole matrices
_BLOCK_ENTRIES = 100_000
_NEARLY_PARALLEL = 1e-8
_SMALL_ANGLE = 1e-4


@dataclass(frozen=True)
class Angles:
    """Cosine, angle and sine between all pairs of rows, with the rows' norms.

    Parameters
    ----------
    cosine, angle, sine : ndarray of shape (n_left, n_right)
        Angles in radians, [0, pi].
    left, right : ndarray of shape (n_left,) and (n_right,)
        Norms of the rows.
    """

    cosine: Array
    angle: Array
    sine: Array
    left: Array
    right: Array


def _unit(rows: Array) -> tuple[Array, Array]:
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return rows / np.where(norms > 0, norms, 1.0)[:, None], norms


def angles_between(left: Array, right: Array | None = None) -> Angles:
    """Return the angles between the rows of `left` and of `right` (default: `left` itself).

    Parameters
    ----------
    left : ndarray of shape (n_left, d)
    right : ndarray of shape (n_right, d), optional

    Returns
    -------
    Angles
    """
    unit_left, norm_left = _unit(left)
    unit_right, norm_right = (unit_left, norm_left) if right is None else _unit(right)
    cosine = np.clip(unit_left @ unit_right.T, -1.0, 1.0)
    if right is None:
        np.fill_diagonal(cosine, 1.0)
    angle = np.arccos(cosine)
    # arccos loses half the digits near 1: there the chord |x - z| = 2 sin(angle / 2) is exact
    rows, columns = np.nonzero(cosine > 1.0 - _NEARLY_PARALLEL)
    if len(rows):
        chord = np.linalg.norm(unit_left[rows] - unit_right[columns], axis=1)
        angle[rows, columns] = 2.0 * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))
    sine = np.sqrt((1.0 - cosine) * (1.0 + cosine))
    sine[rows, columns] = np.sin(angle[rows, columns])
    return Angles(cosine, angle, sine, norm_left, norm_right)


def arc_cosine(angle: Array, cosine: Array, sine: Array) -> tuple[Array, Array]:
    """Return k0 and k1, the arc-cosine functions of degree 0 and 1, both 1 at angle 0."""
    k0 = 1.0 - angle / np.pi
    return k0, sine / np.pi + k0 * cosine


def _next_angle(angle: Array, k1: Array) -> Array:
    # for small angles 1 - k1 = angle^2/2 - angle^3/(3 pi) cancels: use the expansion instead
    return np.where(
        angle < _SMALL_ANGLE,
        angle * np.sqrt(1.0 - 2.0 * angle / (3.0 * np.pi)),
        np.arccos(np.clip(k1, -1.0, 1.0)),
    )


def _relu_profile(pairs: Angles, branch: Branch, slope: bool) -> tuple[Array, Array | None]:
    cosine, angle, sine = pairs.cosine, pairs.angle, pairs.sine
    tangent = np.zeros_like(cosine)
    d_tangent = np.zeros_like(cosine) if slope else None
    # derivative of the current layer's cosine in the cosine of the inputs
    d_cosine = np.ones_like(cosine) if slope else None
    for layer in range(1, branch.depth + 1):
        k0, k1 = arc_cosine(angle, cosine, sine)
        before = cosine if branch.trained == "last_hidden" else cosine + tangent
        if slope and d_cosine is not None and d_tangent is not None:
            with np.errstate(divide="ignore"):
                d_k0 = np.where(sine > 0, 1.0 / (np.pi * sine), 0.0) * d_cosine
            d_before = d_cosine if branch.trained == "last_hidden" else d_cosine + d_tangent
            d_tangent = d_k0 * before + k0 * d_before
            d_cosine = k0 * d_cosine
        tangent = k0 * before
        if layer < branch.depth:
            angle = _next_angle(angle, k1)
            sine = np.sin(angle)
        cosine = k1
    if branch.trained == "readout":
        return cosine, d_cosine
    if branch.trained == "all":
        total = None if d_tangent is None or d_cosine is None else d_tangent + d_cosine
        return tangent + cosine, total
    return tangent, d_tangent


def _relu2_profile(pairs: Angles, branch: Branch, slope: bool) -> tuple[Array, Array | None]:
    if branch.depth != 1:
        raise ValueError(f"a relu2 branch has depth 1, not {branch.depth}")
    c = pairs.cosine
    k0, k1 = arc_cosine(pairs.angle, c, pairs.sine)
    readout = pairs.sine * c / np.pi + k0 * (1.0 + 2.0 * c * c) / 3.0
    hidden = (4.0 / 3.0) * c * k1
    d_readout = (4.0 / 3.0) * k1 if slope else None
    d_hidden = (4.0 / 3.0) * (k1 + c * k0) if slope else None
    if branch.trained == "readout":
        return readout, d_readout
    if branch.trained == "all":
        total = None if d_readout is None or d_hidden is None else d_readout + d_hidden
        return readout + hidden, total
    return hidden, d_hidden


def profile(pairs: Angles, branch: Branch) -> Array:
    """Return the profile k(c) of one branch, without its weight.

    Parameters
    ----------
    pairs : Angles
    branch : Branch

    Returns
    -------
    ndarray of shape (n_left, n_right)

    Raises
    ------
    ValueError
        For a relu2 branch of a depth other than 1.
    """
    compute = _relu_profile if branch.activation == "relu" else _relu2_profile
    return compute(pairs, branch, False)[0]


def profile_and_slope(pairs: Angles, branch: Branch) -> tuple[Array, Array]:
    """Return the profile k(c) of one branch and its derivative in c.

    The derivative is set to 0 where the angle is 0: k0 has a pole there, which every use
    multiplies by a vanishing difference of rows.

    Parameters
    ----------
    pairs : Angles
    branch : Branch

    Returns
    -------
    value, slope : ndarray of shape (n_left, n_right)
    """
    compute = _relu_profile if branch.activation == "relu" else _relu2_profile
    value, slope = compute(pairs, branch, True)
    assert slope is not None
    return value, slope


def profile_at_one(branch: Branch) -> float:
    """Return k(1): the kernel of a unit row with itself."""
    if branch.activation == "relu2":
        return {"all": 7 / 3, "readout": 1.0}.get(branch.trained, 4 / 3)
    depth = branch.depth
    return {"all": depth + 1.0, "hidden": float(depth)}.get(branch.trained, 1.0)


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
    others = left if right is None else right
    result = np.empty((len(left), len(others)))
    rows = max(1, _BLOCK_ENTRIES // max(len(others), 1))
    for start in range(0, len(left), rows):
        pairs = angles_between(left[start : start + rows], others)
        block = result[start : start + rows]
        block[:] = sum(branch.weight * profile(pairs, branch) for branch in branches)
        block *= pairs.left[:, None]
        block *= pairs.right[None, :]
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
    return centred
