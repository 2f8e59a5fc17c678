"""The training path on landmark features, from sums over rows.

With (1/n) Phi' H Phi = V diag(s) V', H centring, gradient descent from zero has after t steps the
weights V diag(g_t(s)) V' (1/n) Phi' H y on the features, where g is the filter of
:mod:`ntkreg.ntk.path`, and the s are the eigenvalues of the centred landmark kernel over n. So one
m x m eigendecomposition gives the path for every number of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from ntkreg.ntk.kernel.cross import chunk_rows, expand
from ntkreg.ntk.landmarks.features import Landmarks, features
from ntkreg.ntk.landmarks.sums import Sums, merge, subtract
from ntkreg.ntk.path import Spectrum, gradient_descent_filter, step_grid
from ntkreg.parallel import map_on_threads

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LandmarkSpectrum:
    """Eigendecomposition of (1/n) Phi' H Phi and the target in its eigenbasis.

    Parameters
    ----------
    n : int
        Number of rows behind it.
    values : ndarray of shape (m,)
        Eigenvalues of the (centred) kernel over n, descending, clipped at 0.
    vectors : ndarray of shape (m, m)
        Columns are eigenvectors.
    rotated : ndarray of shape (m, n_targets)
        V' (1/n) Phi' H y.
    mean_features : ndarray of shape (m,)
        Zero without an intercept.
    mean_target, variance : ndarray of shape (n_targets,)
        Mean, and mean square about it; without an intercept zero and the mean square.
    """

    n: int
    values: Array
    vectors: Array
    rotated: Array
    mean_features: Array
    mean_target: Array
    variance: Array


def decompose_sums(sums: Sums, *, fit_intercept: bool = True) -> LandmarkSpectrum:
    """Return the spectrum of the rows behind the sums.

    Parameters
    ----------
    sums : Sums
    fit_intercept : bool, default=True
        Whether features and target are centred: the net with an intercept.
    """
    keep = float(fit_intercept)
    mean_features = keep * sums.features / sums.n
    mean_target = keep * sums.target / sums.n
    products = sums.products / sums.n - np.outer(mean_features, mean_features)
    cross = sums.cross / sums.n - np.outer(mean_features, mean_target)
    values, vectors = scipy.linalg.eigh(products, check_finite=False, driver="evd")
    vectors = np.ascontiguousarray(vectors[:, ::-1])
    return LandmarkSpectrum(
        n=sums.n,
        values=np.maximum(values[::-1], 0.0),
        vectors=vectors,
        rotated=vectors.T @ cross,
        mean_features=mean_features,
        mean_target=mean_target,
        variance=np.maximum(sums.squares / sums.n - mean_target**2, 0.0),
    )


def landmark_coefficients(
    landmarks: Landmarks, spectrum: LandmarkSpectrum, filters: Array
) -> tuple[Array, Array]:
    """Return coefficients of the landmarks' kernel functions, and offsets, for each filter.

    f_t(x) = sum_j k(x, z_j) coefficients[t, j] + offsets[t].

    Parameters
    ----------
    landmarks : Landmarks
    spectrum : LandmarkSpectrum
    filters : ndarray of shape (n_times, m)
        On `spectrum.values`.

    Returns
    -------
    coefficients : ndarray of shape (n_times, m, n_targets)
    offsets : ndarray of shape (n_times, n_targets)
    """
    weights = np.stack([spectrum.vectors @ (filters * b).T for b in spectrum.rotated.T], axis=-1)
    offsets = spectrum.mean_target - np.einsum("j,jtk->tk", spectrum.mean_features, weights)
    dual = scipy.linalg.solve_triangular(
        landmarks.factor, weights.reshape(len(weights), -1), lower=True, trans=1, check_finite=False
    )
    return np.moveaxis(dual.reshape(weights.shape), 1, 0), offsets


def predict_along(
    landmarks: Landmarks, spectrum: LandmarkSpectrum, filters: Array, inputs: Array
) -> Array:
    """Return predictions of other rows for every filter, in the units of the summed target.

    Parameters
    ----------
    landmarks : Landmarks
    spectrum : LandmarkSpectrum
    filters : ndarray of shape (n_times, m)
    inputs : ndarray of shape (n_other, d)

    Returns
    -------
    ndarray of shape (n_times, n_other, n_targets)
    """
    dual, offsets = landmark_coefficients(landmarks, spectrum, filters)
    n_times, m, n_targets = dual.shape
    flat = np.ascontiguousarray(np.moveaxis(dual, 0, 1)).reshape(m, n_times * n_targets)
    values = expand(inputs, landmarks.rows, flat, landmarks.branches)
    path = np.moveaxis(values.reshape(len(inputs), n_times, n_targets), 1, 0)
    path += offsets[:, None, :]
    return path


def held_out_along(
    landmarks: Landmarks,
    sums: Sequence[Sums],
    inputs: Array,
    tests: Sequence[NDArray[np.int64]],
    filters: Callable[[Array], Array],
    *,
    fit_intercept: bool = True,
    n_threads: int = 1,
) -> Array:
    """Predict every row along the path of the rows outside its fold.

    Landmarks and metric are shared by the folds. Landmarks see no target, so the held-out rows may
    be among them; a metric that was learned from all targets makes the errors a little too small.

    Parameters
    ----------
    landmarks : Landmarks
    sums : sequence of Sums
        Of each fold's held-out rows, as :func:`sum_folds` returns them.
    inputs : ndarray of shape (n, d)
    tests : sequence of ndarray of int
    filters : callable
        From the eigenvalues, shape (m,), to the filters, shape (n_times, m).
    fit_intercept : bool, default=True
    n_threads : int, default=1
        Folds at a time.

    Returns
    -------
    ndarray of shape (n_times, n, n_targets)
    """
    total = reduce(merge, sums)

    def path(fold: tuple[Sums, NDArray[np.int64]]) -> Array:
        spectrum = decompose_sums(subtract(total, fold[0]), fit_intercept=fit_intercept)
        return predict_along(landmarks, spectrum, filters(spectrum.values), inputs[fold[1]])

    paths = map_on_threads(path, zip(sums, tests, strict=True), n_threads)
    result = np.empty((len(paths[0]), len(inputs), paths[0].shape[2]))
    for test, own in zip(tests, paths, strict=True):
        result[:, test] = own
    return result


def target_power(spectrum: LandmarkSpectrum) -> Array:
    """Return |u_i'y|^2, summed over targets, for the eigenvectors u_i of the landmark kernel.

    u_i = H Phi v_i / sqrt(n s_i), so u_i'y = sqrt(n / s_i) times the rotated target.
    """
    power = np.square(spectrum.rotated).sum(axis=1) * spectrum.n
    positive = spectrum.values > 0
    result: Array = np.where(positive, power / np.where(positive, spectrum.values, 1.0), 0.0)
    return result


def leading_vectors(
    landmarks: Landmarks, spectrum: LandmarkSpectrum, inputs: Array, count: int
) -> Spectrum:
    """Return the largest eigenvalues and the eigenvectors of the landmark kernel over n.

    Parameters
    ----------
    landmarks : Landmarks
    spectrum : LandmarkSpectrum
    inputs : ndarray of shape (n, d)
        The rows behind the spectrum.
    count : int
        At most this many, and no more than there are positive eigenvalues (but one at least).

    Returns
    -------
    Spectrum
        `vectors` has shape (n, n_vectors): u_i = H Phi v_i / sqrt(n s_i).
    """
    rounding = len(spectrum.values) * np.finfo(float).eps * spectrum.values[0]
    count = max(1, min(count, int(np.count_nonzero(spectrum.values > rounding))))
    values = spectrum.values[:count]
    scale = np.sqrt(spectrum.n * np.where(values > 0, values, 1.0))
    turned = spectrum.vectors[:, :count] / scale
    vectors = np.empty((len(inputs), count))
    size = chunk_rows(len(landmarks.rows))
    for start in range(0, len(inputs), size):
        part = slice(start, start + size)
        np.matmul(features(landmarks, inputs[part]), turned, out=vectors[part])
    vectors -= spectrum.mean_features @ turned
    return Spectrum(values, vectors)


def noise_variance(spectrum: LandmarkSpectrum, learning_rate: float) -> Array:
    """Return the estimated noise variance of each target, in the units of the summed target.

    |y - f_t|^2 / (n - 2 tr H + tr H^2) at the number of steps where tr H is nearest to n/2
    (theory.md 1.4); with few landmarks that is the end of the path.

    Parameters
    ----------
    spectrum : LandmarkSpectrum
    learning_rate : float

    Returns
    -------
    ndarray of shape (n_targets,)
    """
    values = spectrum.values
    filters = gradient_descent_filter(values, learning_rate, step_grid(1e12, 1.5))
    fitted = filters * values
    nearest = int(np.argmin(np.abs(fitted.sum(axis=1) - spectrum.n / 2)))
    share, g = fitted[nearest], filters[nearest]
    # mean |y - f|^2 = variance - sum_i b_i^2 g_i (2 - s_i g_i)
    explained = (g * (2.0 - share)) @ spectrum.rotated**2
    left = spectrum.n - len(values) + float(np.sum((1.0 - share) ** 2))
    variance: Array = np.maximum(spectrum.variance - explained, 0.0) * spectrum.n
    return variance / max(left, 1e-12)
