"""Nets with smooth activations: their kernels from what the activation makes of a correlation.

For unit normals g, h of correlation c the readout profile is a power series in c with coefficients
that are not negative (Mehler's formula, He_k the Hermite polynomials of the unit normal),

    r(c) = E s(g) s(h) / E s(g)^2 = sum_k share_k c^k,  share_k ~ (E s(g) He_k(g))^2 / k!,

and E s'(g) s'(h) is r'(c) E s(g)^2. The means over g are taken by Gauss-Hermite quadrature; erf has
a closed form. A unit row stays one from layer to layer, each being divided by E s(g)^2, so that
(theory.md 3(f))

    S^0 = c,  D^l = r'(S^{l-1}),  S^l = r(S^{l-1}),  Theta^l = D^l (S^{l-1} + Theta^{l-1}).

The activations see the unit row, and the output is multiplied by the row's norm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import NDArray

from ntkreg.ntk.results import Activation, Branch

Array = NDArray[np.float64]

# 2 w^2/(1 + 2 w^2) for erf(w z), w = 2
ERF_SHARE = 8.0 / 9.0
# the shares fall like 2^-k for gelu and like exp(-2 pi sqrt(k)) for softplus: those left out are
# below rounding
_N_SHARES = 80
_N_NODES = 200
_NEGLIGIBLE = 1e-18


def _erf(z: Array) -> Array:
    from scipy.special import erf

    return np.asarray(erf(2.0 * z))


def _erf_slope(z: Array) -> Array:
    return np.asarray(4.0 / np.sqrt(np.pi) * np.exp(-4.0 * z**2))


def _softplus(z: Array) -> Array:
    return np.logaddexp(0.0, z)


def _softplus_slope(z: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(z))


def _gelu(z: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(z * ndtr(z))


def _gelu_slope(z: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(z) + z * np.exp(-(z**2) / 2.0) / np.sqrt(2.0 * np.pi))


_FUNCTIONS: Mapping[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "erf": (_erf, _erf_slope),
    "softplus": (_softplus, _softplus_slope),
    "gelu": (_gelu, _gelu_slope),
}


def activate(activation: Activation, z: Array) -> Array:
    """Return s(z): erf(2 z), log(1 + e^z) or z Phi(z), Phi the normal distribution function."""
    return _FUNCTIONS[activation][0](z)


def activation_slope(activation: Activation, z: Array) -> Array:
    """Return s'(z)."""
    return _FUNCTIONS[activation][1](z)


def normal_mean(values: Callable[[Array], Array]) -> Array:
    """Return E values(g), g a unit normal, over the last axis by Gauss-Hermite quadrature.

    Parameters
    ----------
    values : callable
        Takes nodes of shape (n_nodes,), returns an array whose last axis is as long.
    """
    nodes, weights = _quadrature()
    means: Array = values(nodes) @ weights
    return means


@lru_cache(maxsize=1)
def _quadrature() -> tuple[Array, Array]:
    from scipy.special import roots_hermitenorm

    nodes, weights = roots_hermitenorm(_N_NODES)
    return nodes, weights / weights.sum()


def _hermite(z: Array) -> Array:
    """Return He_k(z)/sqrt(k!), k = 0, 1, ..., of norm one under the normal distribution."""
    found = [np.ones_like(z), z]
    for k in range(1, _N_SHARES - 1):
        found.append((z * found[k] - np.sqrt(k) * found[k - 1]) / np.sqrt(k + 1.0))
    return np.array(found)


@lru_cache(maxsize=8)
def second_moment(activation: Activation) -> float:
    """Return E s(g)^2 of a unit normal g."""
    if activation == "erf":
        return float(2.0 / np.pi * np.arcsin(ERF_SHARE))
    return float(normal_mean(lambda z: activate(activation, z) ** 2))


@lru_cache(maxsize=8)
def _series(activation: Activation) -> tuple[Array, Array, Array]:
    """Return the power series of r, r' and r''."""
    shares = normal_mean(lambda z: _hermite(z) * activate(activation, z)) ** 2
    shares /= shares.sum()
    value = shares[: np.flatnonzero(shares > _NEGLIGIBLE)[-1] + 1]
    first, second = (np.asarray(polynomial.polyder(value, m), dtype=np.float64) for m in (1, 2))
    return value, first, second


def readout_profile(activation: Activation, cosine: Array) -> tuple[Array, Array, Array]:
    """Return r(c), r'(c) and r''(c).

    Parameters
    ----------
    activation : {"erf", "softplus", "gelu"}
    cosine : ndarray
    """
    if activation == "erf":
        a = ERF_SHARE
        root: Array = np.sqrt(1.0 - (a * cosine) ** 2)
        size = float(np.arcsin(a))
        bent: Array = cosine / root**3
        return np.arcsin(a * cosine) / size, a / size / root, a**3 / size * bent
    value, first, second = (
        np.asarray(polynomial.polyval(cosine, series), dtype=np.float64)
        for series in _series(activation)
    )
    return value, first, second


def smooth_profile(cosine: Array, branch: Branch) -> tuple[Array, Array]:
    """Return the profile k(c) of a smooth branch, without its weight, and its derivative in c.

    Parameters
    ----------
    cosine : ndarray
    branch : Branch
        With :attr:`~ntkreg.ntk.results.Branch.smooth`.
    """
    last = branch.trained == "last_hidden"
    tangent, d_tangent = np.zeros_like(cosine), np.zeros_like(cosine)
    # derivative of the current layer's cosine in the cosine of the inputs
    d_cosine = np.ones_like(cosine)
    for _ in range(branch.depth):
        r, d_r, d2_r = readout_profile(branch.activation, cosine)
        before = cosine if last else cosine + tangent
        d_before = d_cosine if last else d_cosine + d_tangent
        tangent, d_tangent = d_r * before, d2_r * d_cosine * before + d_r * d_before
        cosine, d_cosine = r, d_r * d_cosine
    if branch.trained == "readout":
        return cosine, d_cosine
    if branch.trained == "all":
        return tangent + cosine, d_tangent + d_cosine
    return tangent, d_tangent
