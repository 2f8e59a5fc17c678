"""The noise level of a table, and the training time that goes with one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.path import Spectrum, accelerated_filters, gradient_descent_filter, step_grid
from ntkreg.ntk.prescription.selection import Scaled

Array = NDArray[np.float64]

_JITTER = 1e-7


def noise_level(spectrum: Spectrum, target: Scaled, learning_rate: float) -> float:
    """Return the estimated noise standard deviation, target units, averaged over targets.

    |y - f_t|^2 / (n - 2 tr H + tr H^2) at the number of steps where tr H is nearest to n/2
    (theory.md 1.4).
    """
    n = len(spectrum.values)
    filters = gradient_descent_filter(spectrum.values, learning_rate, step_grid(1e12, 1.5))
    fitted = filters * spectrum.values
    nearest = int(np.argmin(np.abs(fitted.sum(axis=1) - n / 2)))
    residual = (1.0 - fitted[nearest])[:, None] * (spectrum.vectors.T @ target.values)
    left = float(np.sum((1.0 - fitted[nearest]) ** 2))
    variance = np.sum(residual**2, axis=0) / max(left, 1e-12)
    return float(np.sqrt(np.mean(variance * target.scale**2)))


def likely_steps(
    spectrum: Spectrum, target: Array, noise: float, fast: NDArray[np.int64]
) -> tuple[float, float]:
    """Return the numbers of steps, plain and accelerated, that fit as much as a ridge.

    The ridge is the noise variance of the marginal likelihood. For plain gradient descent
    eta t = n / ridge (both filters are 1/s for large eigenvalues s and the same constant for small
    ones); the accelerated iteration is compared with the ridge on the target itself.

    Parameters
    ----------
    spectrum : Spectrum
    target : ndarray of shape (n, n_targets)
        Centred and scaled.
    noise : float
        Variance, in units of the target's; NaN where it was not learned.
    fast : ndarray of shape (n_accelerated,)
        Numbers of accelerated steps to choose from.
    """
    power = np.square(spectrum.vectors.T @ target).sum(axis=1)
    return matching_steps(spectrum.values, power, len(target), noise, fast)


def matching_steps(
    values: Array, power: Array, n: int, noise: float, fast: NDArray[np.int64]
) -> tuple[float, float]:
    """Return :func:`likely_steps` from the target's power along each eigenvector.

    Parameters
    ----------
    values : ndarray of shape (m,)
        Eigenvalues of K/n, descending.
    power : ndarray of shape (m,)
        |u_i'y|^2, summed over targets.
    n : int
        Number of rows.
    noise : float
    fast : ndarray of shape (n_accelerated,)
    """
    if not np.isfinite(noise) or not values[0] > 0:
        return float("nan"), float("nan")
    ridge = (noise + _JITTER) / n
    path = values * accelerated_filters([values], fast)[0]
    distance = np.square(path - values / (values + ridge)) @ power
    return float(values[0] / ridge), float(fast[np.argmin(distance)])
