"""Angles between rows, exact also where rows are nearly parallel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NEARLY_PARALLEL = 1e-8


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


def unit_rows(rows: Array) -> tuple[Array, Array]:
    """Return the rows at norm one (a zero row stays), and the norms they had."""
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
    unit_left, norm_left = unit_rows(left)
    unit_right, norm_right = (unit_left, norm_left) if right is None else unit_rows(right)
    cosine, angle, sine = angles_of_unit_rows(unit_left, unit_right)
    return Angles(cosine, angle, sine, norm_left, norm_right)


def angles_of_unit_rows(left: Array, right: Array) -> tuple[Array, Array, Array]:
    """Return cosine, angle and sine between rows of norm one, each of shape (n_left, n_right)."""
    cosine = left @ right.T
    np.clip(cosine, -1.0, 1.0, out=cosine)
    angle = np.arccos(cosine)
    sine = 1.0 - cosine
    near = np.flatnonzero(sine.ravel() < _NEARLY_PARALLEL)
    sine *= 1.0 + cosine
    np.sqrt(sine, out=sine)
    if len(near):
        # arccos loses half the digits near 1: there the chord |x - z| = 2 sin(angle / 2) is exact
        rows, columns = np.divmod(near, cosine.shape[1])
        chord = np.linalg.norm(left[rows] - right[columns], axis=1)
        angle[rows, columns] = 2.0 * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))
        sine[rows, columns] = np.sin(angle[rows, columns])
    return cosine, angle, sine
