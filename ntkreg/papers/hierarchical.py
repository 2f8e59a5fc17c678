"""Targets that are functions of few features, each a function of few directions (P4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Outer = Literal["tanh", "parity"]

OUTER: tuple[Outer, ...] = ("tanh", "parity")


@dataclass(frozen=True)
class HierarchicalTarget:
    """One hierarchical function: directions, features of them, and the outer function.

    Parameters
    ----------
    directions : ndarray of shape (n_features, n_directions, d)
        W*: orthonormal rows, also across features.
    signs : ndarray of shape (n_features, n_directions)
        a*, of -1 and 1.
    outer : {"tanh", "parity"}
        g*.
    """

    directions: Array
    signs: Array
    outer: Outer

    def features(self, X: Array) -> Array:
        """Return h*(x) = a*^T P_3(W* x) / sqrt(n_directions), shape (n, n_features)."""
        projected = np.einsum("nd,rkd->nrk", X, self.directions, optimize=True)
        scale = np.sqrt(self.signs.shape[1])
        result: Array = (cubic(projected) * self.signs).sum(axis=2) / scale
        return result

    def __call__(self, X: Array) -> Array:
        """Return f*(x) = g*(h*(x)), shape (n,)."""
        return _OUTER[self.outer](self.features(X))


def cubic(z: Array) -> Array:
    """Return P_3(z) = (z^2 - 1)/2 + (z^3 - 3 z)/6: information exponent 2, no linear part.

    The polynomial and its normalisation are from the paper's code (theory.md 6(e)).
    """
    result: Array = (z**2 - 1) / 2 + (z**3 - 3 * z) / 6
    return result


def _mean_tanh(h: Array) -> Array:
    result: Array = np.tanh(3 * h).sum(axis=1) / np.sqrt(h.shape[1])
    return result


def _parity(h: Array) -> Array:
    result: Array = np.where(h < 0, -1.0, 1.0).prod(axis=1)
    return result


_OUTER: dict[str, Callable[[Array], Array]] = {"tanh": _mean_tanh, "parity": _parity}


def make_target(
    d: int,
    *,
    n_features: int = 1,
    n_directions: int | None = None,
    outer: Outer = "tanh",
    random_state: int = 0,
) -> HierarchicalTarget:
    """Draw a hierarchical target: SIGHT for one feature, MIGHT for several (P4, theory.md 6(a)).

    Parameters
    ----------
    d : int
        Number of columns.
    n_features : int, default=1
        r, the features under the outer function, on directions of their own.
    n_directions : int, optional
        Directions of each feature; sqrt(d), rounded, by default (eps_1 = 1/2, from the paper).
    outer : {"tanh", "parity"}, default="tanh"
        "tanh" is sum_m tanh(3 h_m)/sqrt(r): the paper's target for one feature, and ours for
        several. "parity" is the product of the signs of the features: with two or more of them no
        feature correlates with the target by itself, a negative control (theory.md 6(g)).
    random_state : int, default=0

    Raises
    ------
    ValueError
        For an unknown outer function, or more directions than columns.
    """
    k = round(d**0.5) if n_directions is None else n_directions
    if outer not in OUTER:
        raise ValueError(f"outer must be one of {OUTER}, got {outer!r}")
    if min(n_features, k) < 1 or n_features * k > d:
        raise ValueError(
            "n_features * n_directions orthonormal rows need 1 to d columns, got"
            f" n_features={n_features}, n_directions={k}, d={d}"
        )
    rng = np.random.default_rng([random_state, d])
    rows = np.linalg.qr(rng.normal(size=(d, n_features * k)))[0].T
    signs = rng.choice([-1.0, 1.0], size=(n_features, k))
    return HierarchicalTarget(rows.reshape(n_features, k, d), signs, outer)


def make_hierarchical(
    n: int,
    d: int,
    *,
    n_features: int = 1,
    n_directions: int | None = None,
    outer: Outer = "tanh",
    noise: float = 0.0,
    random_state: int = 0,
) -> tuple[Array, Array, HierarchicalTarget]:
    """Draw Gaussian rows and a hierarchical target of them (P4, theory.md 6(a) and (e)).

    Parameters
    ----------
    n, d : int
        Rows and columns; x ~ N(0, I_d).
    n_features, n_directions, outer
        As in :func:`make_target`; the target depends on `random_state` and `d`, not on `n`.
    noise : float, default=0.0
        Standard deviation of what is added to y; the paper has none.
    random_state : int, default=0

    Returns
    -------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
    target : HierarchicalTarget

    Examples
    --------
    >>> from ntkreg.papers import make_hierarchical
    >>> X, y, target = make_hierarchical(5, 16)
    >>> X.shape, y.shape, target.directions.shape
    ((5, 16), (5,), (1, 4, 16))
    >>> bool((target(X) == y).all())
    True
    """
    target = make_target(
        d,
        n_features=n_features,
        n_directions=n_directions,
        outer=outer,
        random_state=random_state,
    )
    rng = np.random.default_rng([random_state, d, n])
    X = rng.normal(size=(n, d))
    return X, target(X) + noise * rng.normal(size=n), target
