"""Kernels of infinitely wide nets as functions of the cosine between two rows.

All kernels here are homogeneous of degree one in each row, K(u, v) = |u| |v| k(c) with
c = cos(u, v), so one scalar function k, the profile, says everything.

One hidden layer with activation s on the unit row, its output times the row's norm: with the
readout profile r(c) = E s(g) s(h) / E s(g)^2 for unit normals g, h of correlation c,

    "readout"             r(c)             random features, k(1) = 1
    "hidden"              c r'(c)          the weights below the readout
    "all"                 r(c) + c r'(c)   the tangent kernel of the whole net

since d/dc E s(g) s(h) = E s'(g) s'(h). The activations are

    "relu"    r' = k0,         r = k1      the arc-cosine functions (Cho and Saul 2009)
    "relu2"   r' = (4/3) k1,   r = k2      squared
    "relu3"   r' = (9/5) k2,   r = k3      cubed
    "erf"     r = arcsin(a c) / arcsin(a)  erf(2 z), a = 8/9 (Williams 1997)
    "softplus", "gelu"                     by quadrature, :mod:`ntkreg.ntk.kernel.smooth`

Deeper ReLU nets are in NTK parameterisation with He scaling (theory.md 1.1): on unit rows

    S^0 = c,  D^l = k0(S^{l-1}),  S^l = k1(S^{l-1}),  Theta^l = D^l (S^{l-1} + Theta^{l-1}),

and Theta^L + S^L is "all" (k(1) = L + 1), Theta^L "hidden" (k(1) = L), D^L S^{L-1} "last_hidden"
(k(1) = 1: what a mirrored top layer implies), S^L "readout". The last three activations of the list
have such a recursion of their own. "linear" has no hidden layer: k = c.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.angles import Angles
from ntkreg.ntk.kernel.relu_powers import closed_form, evaluate, evaluate_slope, has_closed_form
from ntkreg.ntk.kernel.smooth import smooth_profile
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

_SMALL_ANGLE = 1e-4
# r'(1) of the readout profile
_READOUT_SLOPE_AT_ONE = {"relu": 1.0, "relu2": 4.0 / 3.0, "relu3": 9.0 / 5.0}


def arc_cosine(angle: Array, cosine: Array, sine: Array) -> tuple[Array, Array]:
    """Return k0 and k1, the arc-cosine functions of degree 0 and 1, both 1 at angle 0."""
    k0 = 1.0 - angle / np.pi
    return k0, sine / np.pi + k0 * cosine


def _pole(sine: Array) -> Array:
    """Return the derivative of k0 in the cosine, 1/(pi sin), and 0 at its pole."""
    with np.errstate(divide="ignore"):
        return np.where(sine > 0, 1.0 / (np.pi * sine), 0.0)


def _shallow(pairs: Angles, branch: Branch) -> tuple[Array, Array]:
    form = closed_form([branch], [1.0])
    k0 = 1.0 - pairs.angle / np.pi
    return evaluate(form, pairs.cosine, k0, pairs.sine), evaluate_slope(form, pairs, k0)


def _next_angle(angle: Array, k1: Array) -> Array:
    # for small angles 1 - k1 = angle^2/2 - angle^3/(3 pi) cancels: use the expansion instead
    return np.where(
        angle < _SMALL_ANGLE,
        angle * np.sqrt(1.0 - 2.0 * angle / (3.0 * np.pi)),
        np.arccos(np.clip(k1, -1.0, 1.0)),
    )


def _deep(pairs: Angles, branch: Branch) -> tuple[Array, Array]:
    cosine, angle, sine = pairs.cosine, pairs.angle, pairs.sine
    tangent, d_tangent = np.zeros_like(cosine), np.zeros_like(cosine)
    # derivative of the current layer's cosine in the cosine of the inputs
    d_cosine = np.ones_like(cosine)
    last = branch.trained == "last_hidden"
    for layer in range(1, branch.depth + 1):
        k0, k1 = arc_cosine(angle, cosine, sine)
        before = cosine if last else cosine + tangent
        d_before = d_cosine if last else d_cosine + d_tangent
        d_tangent = _pole(sine) * d_cosine * before + k0 * d_before
        tangent = k0 * before
        d_cosine = k0 * d_cosine
        if layer < branch.depth:
            angle = _next_angle(angle, k1)
            sine = np.sin(angle)
        cosine = k1
    if branch.trained == "readout":
        return cosine, d_cosine
    if branch.trained == "all":
        return tangent + cosine, d_tangent + d_cosine
    return tangent, d_tangent


def check_depth(branch: Branch) -> None:
    """Refuse depths that an activation does not have.

    Raises
    ------
    ValueError
        A linear branch has depth 0, a squared or cubed ReLU 1, all others at least 1.
    """
    shallow = branch.activation in ("relu2", "relu3")
    allowed = branch.depth == 1 if shallow else branch.depth >= 1
    if not (branch.depth == 0 if branch.activation == "linear" else allowed):
        raise ValueError(f"depth={branch.depth} is not possible for a {branch.activation} branch")


def profile_and_slope(pairs: Angles, branch: Branch) -> tuple[Array, Array]:
    """Return the profile k(c) of one branch, without its weight, and its derivative in c.

    The derivative is set to 0 where the angle is 0: k0 has a pole there, which every use
    multiplies by a vanishing difference of rows.

    Parameters
    ----------
    pairs : Angles
    branch : Branch

    Returns
    -------
    value, slope : ndarray of shape (n_left, n_right)

    Raises
    ------
    ValueError
        For a depth that the activation does not have.
    """
    check_depth(branch)
    if branch.smooth:
        return smooth_profile(pairs.cosine, branch)
    return (_deep if branch.depth > 1 else _shallow)(pairs, branch)


def weighted_profiles(
    pairs: Angles, branches: Sequence[Branch], weights: Sequence[float] | Array
) -> tuple[list[Array], Array, Array]:
    """Return each profile, their weighted sum and its derivative in c.

    See :func:`profile_and_slope`; what powers of the ReLU have in common is evaluated once.

    Parameters
    ----------
    pairs : Angles
    branches : sequence of Branch
        At least one; their own weights are not used.
    weights : sequence of float

    Returns
    -------
    values : list of ndarray of shape (n_left, n_right)
    value, slope : ndarray of shape (n_left, n_right)
    """
    slope: Array
    if all(has_closed_form(branch) for branch in branches):
        k0 = pairs.angle * (-1.0 / np.pi)
        k0 += 1.0
        values = [
            evaluate(closed_form([branch], [1.0]), pairs.cosine, k0, pairs.sine)
            for branch in branches
        ]
        slope = evaluate_slope(closed_form(branches, weights), pairs, k0)
    else:
        values, slopes = map(
            list, zip(*(profile_and_slope(pairs, branch) for branch in branches), strict=True)
        )
        slope = sum(w * d for w, d in zip(weights, slopes, strict=True))
    value: Array = weights[0] * values[0]
    for weight, own in zip(weights[1:], values[1:], strict=True):
        value += weight * own
    return values, value, slope


def profile(pairs: Angles, branch: Branch) -> Array:
    """Return the profile k(c) of one branch, without its weight.

    See :func:`profile_and_slope`.
    """
    return profile_and_slope(pairs, branch)[0]


def profile_at_one(branch: Branch) -> float:
    """Return k(1): the kernel of a unit row with itself."""
    if branch.activation == "linear" or branch.trained == "readout":
        return 1.0
    if branch.smooth:
        return float(smooth_profile(np.ones(1), branch)[0][0])
    if branch.depth > 1:
        return {"all": branch.depth + 1.0, "hidden": float(branch.depth)}.get(branch.trained, 1.0)
    return float(_READOUT_SLOPE_AT_ONE[branch.activation]) + (branch.trained == "all")
