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
