"""Kernel between many rows and a few: the profile as a polynomial in the angle.

As a function of the angle, the profile of every depth, activation and set of trained layers is
analytic on [0, pi], also where it has a kink as a function of the cosine. So one polynomial stands
for the whole sum of branches, and a deep kernel costs little more than a shallow one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from ntkreg.ntk.kernel.angles import Angles, angles_of_unit_rows, unit_rows
from ntkreg.ntk.kernel.profiles import profile
from ntkreg.ntk.kernel.relu_powers import closed_form, evaluate, has_closed_form
from ntkreg.ntk.results import Branch
from ntkreg.parallel import map_on_threads

Array = NDArray[np.float64]

# with this degree in the squared angle the interpolation error is below rounding for every branch
_DEGREE = 28
_NEGLIGIBLE = 1e-15
# angles and values of one block stay in the second-level cache
_BLOCK_ENTRIES = 32_000
_NEARLY_PARALLEL = 1e-8
_CHUNK_ENTRIES = 8_000_000


def _powers(series: Array, negligible: float) -> Array:
    trimmed = chebyshev.chebtrim(series, negligible)
    return np.asarray(chebyshev.cheb2poly(trimmed), dtype=np.float64)


def profile_polynomials(branches: Sequence[Branch]) -> tuple[Array, Array]:
    """Return the weighted sum of the profiles as even(u) + x odd(u), two polynomials in u.

    Here x = 2 angle/pi - 1 and u = 2 x^2 - 1, both in [-1, 1]. In u, unlike in x, the powers of
    both polynomials are well conditioned; erf and linear have an odd part only. Chebyshev
    coefficients below 1e-15 of the largest are left out: 20 are left for ReLU and squared ReLU, 30
    for three layers.

    Parameters
    ----------
    branches : sequence of Branch

    Returns
    -------
    even, odd : ndarray of shape (n_coefficients,)
        Coefficients of u^0, u^1, ...
    """
    u = chebyshev.chebpts1(_DEGREE + 1)
    x = np.sqrt((1.0 + u) / 2.0)
    angle = (np.concatenate([x, -x])[None, :] + 1.0) * (np.pi / 2.0)
    pairs = Angles(np.cos(angle), angle, np.sin(angle), np.ones(1), np.ones(angle.size))
    values = sum((b.weight * profile(pairs, b)[0] for b in branches), np.zeros(angle.size))
    right, left = np.split(values, 2)
    # as many nodes as coefficients: the fit is the interpolation
    even = chebyshev.chebfit(u, (right + left) / 2.0, _DEGREE)
    odd = chebyshev.chebfit(u, (right - left) / (2.0 * x), _DEGREE)
    negligible = _NEGLIGIBLE * max(np.abs(even).max(), np.abs(odd).max())
    return _powers(even, negligible), _powers(odd, negligible)


def _evaluate(polynomial: Array, u: Array, out: Array) -> None:
    out.fill(polynomial[-1])
    for coefficient in polynomial[-2::-1]:
        out *= u
        out += coefficient


def _cosines_to_angles(block: Array, left: Array, right: Array) -> None:
    """Replace cosines by angles in place; `left` and `right` are the unit rows."""
    near = np.flatnonzero(block.ravel() > 1.0 - _NEARLY_PARALLEL)
    np.clip(block, -1.0, 1.0, out=block)
    np.arccos(block, out=block)
    if len(near):
        # arccos loses half the digits near 1: there the chord 2 sin(angle / 2) is exact
        rows, columns = np.divmod(near, block.shape[1])
        chord = np.linalg.norm(left[rows] - right[columns], axis=1)
        block[rows, columns] = 2.0 * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))


def cross_kernel(left: Array, right: Array, branches: Sequence[Branch]) -> Array:
    """Return the kernel between two sets of rows, as :func:`ntkreg.ntk.kernel.matrices.gram` does.

    The values agree to rounding: 1e-15 of the largest at depth 1, 1e-12 at depth 5. On one core an
    entry took 13 ns for a ReLU and a squared ReLU branch (35 in `gram`) and 16 ns with three ReLU
    layers (90).

    Parameters
    ----------
    left : ndarray of shape (n_left, d)
        Rows with the constant appended.
    right : ndarray of shape (n_right, d)
    branches : sequence of Branch

    Returns
    -------
    ndarray of shape (n_left, n_right)

    Raises
    ------
    ValueError
        For a relu2 branch of a depth other than 1.
    """
    if all(branch.activation == "linear" for branch in branches):
        return float(sum(branch.weight for branch in branches)) * (left @ right.T)
    unit_left, norm_left = unit_rows(left)
    unit_right, norm_right = unit_rows(right)
    result = np.empty((len(left), len(right)))
    evaluator = _shallow_evaluator if all(map(has_closed_form, branches)) else _evaluator
    fill = evaluator(branches, unit_right)
    height = max(1, _BLOCK_ENTRIES // max(len(right), 1))
    for start in range(0, len(left), height):
        block = result[start : start + height]
        fill(unit_left[start : start + height], block)
        block *= norm_left[start : start + height, None]
        block *= norm_right
    return result


def _shallow_evaluator(branches: Sequence[Branch], right: Array) -> Callable[[Array, Array], None]:
    """Return what fills a block with profiles of nets with one hidden layer, unit rows given."""
    form = closed_form(branches, [branch.weight for branch in branches])

    def fill(left: Array, block: Array) -> None:
        cosine, angle, sine = angles_of_unit_rows(left, right)
        angle *= -1.0 / np.pi
        angle += 1.0
        block[:] = evaluate(form, cosine, angle, sine)

    return fill


def _evaluator(branches: Sequence[Branch], right: Array) -> Callable[[Array, Array], None]:
    """Return what fills a block with profiles by polynomials in the angle, unit rows given."""
    even, odd = profile_polynomials(branches)

    def fill(left: Array, block: Array) -> None:
        x, u, product = np.empty((3, *block.shape))
        np.matmul(left, right.T, out=x)
        _cosines_to_angles(x, left, right)
        x *= 2.0 / np.pi
        x -= 1.0
        np.multiply(x, x, out=u)
        u *= 2.0
        u -= 1.0
        _evaluate(odd, u, product)
        product *= x
        _evaluate(even, u, block)
        block += product

    return fill


def chunk_rows(n_columns: int) -> int:
    """Return how many rows of kernel values to hold at once: 64 MB of them."""
    return max(1, _CHUNK_ENTRIES // max(n_columns, 1))


def expand(
    inputs: Array,
    support: Array,
    coefficients: Array,
    branches: Sequence[Branch],
    n_threads: int = 1,
) -> Array:
    """Return sum_j k(x, z_j) coefficients_j of each row x, chunk by chunk.

    Parameters
    ----------
    inputs : ndarray of shape (n, d)
    support : ndarray of shape (m, d)
        The z_j.
    coefficients : ndarray of shape (m, n_outputs)
    branches : sequence of Branch
    n_threads : int, default=1
        Chunks at a time.

    Returns
    -------
    ndarray of shape (n, n_outputs)
    """
    result = np.empty((len(inputs), coefficients.shape[1]))
    size = chunk_rows(len(support))

    def fill(start: int) -> None:
        part = slice(start, start + size)
        kernel = cross_kernel(inputs[part], support, branches)
        np.matmul(kernel, coefficients, out=result[part])

    starts = range(0, len(inputs), size)
    map_on_threads(fill, starts, n_threads if len(starts) > 1 else 1)
    return result
