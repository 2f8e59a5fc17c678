"""A kernel predictor as plain arrays, small enough for a page, and its evaluation by the book.

Every kernel here is K(x, z) = |x| |z| k(c) with a profile k of the cosine c alone
(:mod:`ntkreg.ntk.kernel.profiles`), so a table of k serves all activations and depths. With

    t = sqrt(1 - c) for c >= 0        t = sqrt(1 + c) for c < 0

k is analytic in t on [0, 1] on either side (the angle is 2 arcsin(t / sqrt 2), or pi less that),
also where it has a kink as a function of c. Polynomials of degree 5 on 128 pieces a side give it to
rounding: one square root and five products a pair of rows, whatever the net.

The page's script does the same in the same order; this module is what it is tested against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from ntkreg.ntk.kernel.angles import Angles, unit_rows
from ntkreg.ntk.kernel.profiles import profile
from ntkreg.ntk.metric.scales import Metric, apply_metric
from ntkreg.ntk.results import Branch
from ntkreg.preprocessing.embedding import Embedding, embed

Array = NDArray[np.float64]

N_PIECES = 128
DEGREE = 5
# below it 1 - c has lost half its digits, and the chord between the unit rows is taken instead
NEARLY_PARALLEL = 1e-8


@dataclass(frozen=True)
class PortableMember:
    """One kernel model of the sum.

    Parameters
    ----------
    embedding : Embedding
    metric : Metric
    profile : ndarray of shape (2, N_PIECES, DEGREE + 1) or None
        Coefficients, ascending, in the place within the piece (-1/2 to 1/2), for c >= 0 and for
        c < 0; None for a linear kernel.
    coefficients : ndarray
        Of the kernel functions of the rows, shape (m,); of a linear kernel, of its inputs (the
        constant last). With the model's share, in target units.
    """

    embedding: Embedding
    metric: Metric
    profile: Array | None
    coefficients: Array


@dataclass(frozen=True)
class Portable:
    """A predictor f(x) = offset + sum of the members.

    Parameters
    ----------
    rows : ndarray of shape (m, n_columns)
        The points of the kernel functions, before any embedding; the same for all members.
    positions : ndarray of shape (m,) of int
        Where they stand among the training rows.
    members : tuple of PortableMember
    offset : float
        Target units.
    """

    rows: Array
    positions: NDArray[np.int64]
    members: tuple[PortableMember, ...]
    offset: float

    def predict(self, X: Array) -> Array:
        """Return predictions in target units, shape (n,)."""
        total = np.full(len(X), self.offset)
        for member in self.members:
            total += evaluate(member, self.rows, X)
        return total


def is_linear(branches: Sequence[Branch]) -> bool:
    """Return whether the kernel is that of a linear model."""
    return all(branch.activation == "linear" for branch in branches)


def _powers(series: Array) -> Array:
    """Return a Chebyshev series in 2 v as coefficients of v^0, v^1, ..."""
    powers = np.zeros(DEGREE + 1)
    found = chebyshev.cheb2poly(series)
    powers[: len(found)] = found
    doubled: Array = powers * 2.0 ** np.arange(DEGREE + 1)
    return doubled


def profile_pieces(branches: Sequence[Branch]) -> Array:
    """Return the weighted sum of the profiles as polynomials on pieces.

    Parameters
    ----------
    branches : sequence of Branch

    Returns
    -------
    ndarray of shape (2, N_PIECES, DEGREE + 1)
    """
    nodes = chebyshev.chebpts1(DEGREE + 1)
    t = (np.arange(N_PIECES)[:, None] + (nodes + 1.0) / 2.0) / N_PIECES
    half = 2.0 * np.arcsin(t / np.sqrt(2.0))
    cosine = 1.0 - t**2
    sine = t * np.sqrt(2.0 - t**2)
    # as many nodes as coefficients: the fit is the interpolation
    basis = np.stack([_powers(row) for row in np.linalg.inv(chebyshev.chebvander(nodes, DEGREE)).T])
    sides = []
    for c, angle in ((cosine, half), (-cosine, np.pi - half)):
        pairs = Angles(c, angle, sine, np.ones(len(t)), np.ones(DEGREE + 1))
        values = sum((b.weight * profile(pairs, b) for b in branches), np.zeros(t.shape))
        sides.append(values @ basis)
    return np.stack(sides)


def evaluate(member: PortableMember, rows: Array, X: Array) -> Array:
    """Return one member's part of the predictions, shape (n,)."""
    inputs = apply_metric(member.metric, embed(member.embedding, X))
    result: Array
    if member.profile is None:
        result = inputs @ member.coefficients
        return result
    left, norms = unit_rows(inputs)
    right, sizes = unit_rows(apply_metric(member.metric, embed(member.embedding, rows)))
    result = norms * (look_up(member.profile, left, right) @ (sizes * member.coefficients))
    return result


def look_up(pieces: Array, left: Array, right: Array) -> Array:
    """Return the profile between unit rows, shape (n_left, n_right)."""
    cosine = left @ right.T
    t = np.sqrt(np.maximum(1.0 - np.abs(cosine), 0.0))
    near = np.flatnonzero((1.0 - cosine).ravel() < NEARLY_PARALLEL)
    i, j = np.divmod(near, cosine.shape[1])
    t[i, j] = np.linalg.norm(left[i] - right[j], axis=1) / np.sqrt(2.0)
    place = t * N_PIECES
    piece = np.minimum(place.astype(np.int64), N_PIECES - 1)
    place -= piece + 0.5
    found = pieces[(cosine < 0).astype(np.int64), piece]
    value: Array = found[..., DEGREE].copy()
    for k in range(DEGREE - 1, -1, -1):
        value *= place
        value += found[..., k]
    return value
