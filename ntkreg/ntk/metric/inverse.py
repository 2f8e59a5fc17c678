"""Cholesky factor and inverse of a positive definite matrix, other threads running meanwhile.

SciPy's wrappers of LAPACK hold the interpreter's lock, and so would make folds on several threads
wait for each other; numpy's products release it. So matrices are halved until LAPACK's part is
small, and the rest is products (Higham 2002, Accuracy and Stability of Numerical Algorithms, 13).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

Array = NDArray[np.float64]

# about a tenth of a millisecond of LAPACK
_BASE = 112


def invert_factor(matrix: Array, factor: Array) -> float:
    """Return half the log determinant, and the inverse of the Cholesky factor in `factor`.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        Symmetric, positive definite; only its upper triangle is read. Overwritten.
    factor : ndarray of shape (n, n)
        Zero above the diagonal; its lower triangle becomes L^-1 for matrix = L L'.

    Returns
    -------
    float
        The sum of log L_ii.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the matrix is not positive definite.
    """
    n = len(matrix)
    if n <= _BASE:
        lower, info = lapack.dpotrf(matrix.T, lower=1, clean=1)
        if info == 0:
            factor[:], info = lapack.dtrtri(lower, lower=1)
        if info != 0:
            raise np.linalg.LinAlgError("the matrix is not positive definite")
        return float(np.log(np.diag(lower)).sum())
    half = n // 2
    first, last = slice(0, half), slice(half, n)
    total = invert_factor(matrix[first, first], factor[first, first])
    above = factor[first, first] @ matrix[first, last]
    matrix[last, last] -= above.T @ above
    total += invert_factor(matrix[last, last], factor[last, last])
    corner = factor[last, first]
    np.matmul(factor[last, last], above.T @ factor[first, first], out=corner)
    np.negative(corner, out=corner)
    return total


def inverse_from(factor: Array, out: Array) -> None:
    """Write the inverse L^-T L^-1 to `out`, in half the work of the whole product.

    Parameters
    ----------
    factor : ndarray of shape (n, n)
        L^-1, zero above the diagonal.
    out : ndarray of shape (n, n)
    """
    half = len(factor) // 2
    first, last = slice(0, half), slice(half, len(factor))
    corner, end = factor[last, first], factor[last, last]
    np.matmul(factor[first, first].T, factor[first, first], out=out[first, first])
    out[first, first] += corner.T @ corner
    np.matmul(corner.T, end, out=out[first, last])
    out[last, first] = out[first, last].T
    np.matmul(end.T, end, out=out[last, last])
