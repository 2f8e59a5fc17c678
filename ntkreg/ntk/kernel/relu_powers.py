"""Nets with one hidden layer of a power of the ReLU: their kernels from three polynomials.

The arc-cosine functions are (Cho and Saul 2009), with s the sine of the angle,

    k0 = 1 - angle/pi                   k2 = k0 (1 + 2 c^2)/3 + s c/pi
    k1 = k0 c + s/pi                    k3 = k0 c (3 + 2 c^2)/5 + s (4 + 11 c^2)/(15 pi)

so the profile of such a net, and of any weighted sum of them, is

    k(c) = k0 A(c) + s B(c) + C(c),     k'(c) = k0 A'(c) + s E(c) + C'(c) + R(c)/s

with polynomials in the cosine, where C is there for the linear net, and the kink of the ReLU at
angle 0 is what is left of A/pi - c B after division by 1 - c^2 = s^2 (E = B' + the quotient).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import NDArray

from ntkreg.ntk.kernel.angles import Angles
from ntkreg.ntk.results import Activation, Branch, Trained

Array = NDArray[np.float64]

POWERS = {"relu": 1, "relu2": 2, "relu3": 3}
_N_COEFFICIENTS = 4
# r' is this times the arc-cosine function of the next lower degree, r the one of the power
_SLOPE = {1: 1.0, 2: 4.0 / 3.0, 3: 9.0 / 5.0}
# rows: what multiplies k0, and what multiplies the sine
_ARC_COSINE = {
    0: np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]),
    1: np.array([[0.0, 1.0, 0.0, 0.0], [1.0 / np.pi, 0.0, 0.0, 0.0]]),
    2: np.array([[1.0 / 3.0, 0.0, 2.0 / 3.0, 0.0], [0.0, 1.0 / np.pi, 0.0, 0.0]]),
    3: np.array([[0.0, 0.6, 0.0, 0.4], [4.0 / 15.0 / np.pi, 0.0, 11.0 / 15.0 / np.pi, 0.0]]),
}


@dataclass(frozen=True)
class ClosedForm:
    """The polynomials of a sum of such nets, coefficients ascending, zeros behind.

    Parameters
    ----------
    value : ndarray of shape (3, 4)
        A, B and C.
    slope : ndarray of shape (4, 4)
        A', E, C' and R.
    """

    value: Array
    slope: Array


def _value(activation: Activation, trained: Trained) -> Array:
    result = np.zeros((3, _N_COEFFICIENTS))
    if activation == "linear":
        result[2, 1] = 1.0
        return result
    power = POWERS[activation]
    readout = _ARC_COSINE[power]
    hidden = _SLOPE[power] * np.roll(_ARC_COSINE[power - 1], 1, axis=1)
    parts = {"readout": readout, "all": readout + hidden}
    result[:2] = parts.get(trained, hidden)
    return result


def _slope(value: Array) -> Array:
    angular, sine, plain = value
    kink = polynomial.polysub(angular / np.pi, polynomial.polymulx(sine))
    quotient, rest = polynomial.polydiv(kink, [1.0, 0.0, -1.0])
    rest[np.abs(rest) < 1e-14 * np.abs(value).max()] = 0.0
    result = np.zeros((4, _N_COEFFICIENTS))
    parts = (
        polynomial.polyder(angular),
        polynomial.polyadd(polynomial.polyder(sine), quotient),
        polynomial.polyder(plain),
        rest,
    )
    for row, part in zip(result, parts, strict=True):
        row[: len(part)] = part
    return result


@lru_cache(maxsize=32)
def _polynomials(activation: Activation, trained: Trained) -> ClosedForm:
    value = _value(activation, trained)
    return ClosedForm(value, _slope(value))


def has_closed_form(branch: Branch) -> bool:
    """Whether a branch is linear or has one hidden layer of a power of the ReLU."""
    shallow = branch.activation in POWERS and branch.depth == 1
    return shallow or (branch.activation == "linear" and branch.depth == 0)


def closed_form(branches: Sequence[Branch], weights: Sequence[float] | Array) -> ClosedForm:
    """Return the polynomials of sum_b weight_b k_b.

    Parameters
    ----------
    branches : sequence of Branch
        All with :func:`has_closed_form`; their own weights are not used.
    weights : sequence of float
    """
    parts = [_polynomials(branch.activation, branch.trained) for branch in branches]
    return ClosedForm(
        np.tensordot(weights, [part.value for part in parts], axes=1),
        np.tensordot(weights, [part.slope for part in parts], axes=1),
    )


def _times(factor: Array, coefficients: Array, cosine: Array) -> Array | None:
    """Return factor * polynomial(cosine) as a new array, None where the polynomial is zero."""
    used = np.flatnonzero(coefficients)
    if len(used) == 0:
        return None
    top = int(used[-1])
    if top == 0:
        return np.asarray(coefficients[0] * factor)
    result: Array = coefficients[top] * cosine
    for coefficient in coefficients[top - 1 : 0 : -1]:
        if coefficient != 0:
            result += coefficient
        result *= cosine
    if coefficients[0] != 0:
        result += coefficients[0]
    result *= factor
    return result


def _sum(terms: Sequence[Array | None], shape: tuple[int, ...]) -> Array:
    total: Array | None = None
    for term in terms:
        if term is None:
            continue
        if total is None:
            total = term
        else:
            total += term
    return np.zeros(shape) if total is None else total


def evaluate(form: ClosedForm, cosine: Array, k0: Array, sine: Array) -> Array:
    """Return k(c) as a new array.

    Parameters
    ----------
    form : ClosedForm
    cosine, k0, sine : ndarray
        Of one shape.
    """
    factors = (k0, sine, np.broadcast_to(1.0, cosine.shape))
    terms = [_times(f, p, cosine) for f, p in zip(factors, form.value, strict=True)]
    return _sum(terms, cosine.shape)


def evaluate_slope(form: ClosedForm, pairs: Angles, k0: Array) -> Array:
    """Return k'(c) as a new array, its pole at angle 0 set to 0."""
    cosine = pairs.cosine
    factors = (k0, pairs.sine, np.broadcast_to(1.0, cosine.shape))
    terms = [_times(f, p, cosine) for f, p in zip(factors, form.slope[:3], strict=True)]
    kink = form.slope[3]
    if np.any(kink):
        with np.errstate(divide="ignore"):
            pole = 1.0 / pairs.sine
        pole[np.isinf(pole)] = 0.0
        terms.append(_times(pole, kink, cosine))
    return _sum(terms, cosine.shape)
