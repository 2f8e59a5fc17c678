"""From the data to every constant of the training run.

`prescribe` is a pure function of its arrays. The estimators of one fold ask for the same
prescription one after the other, so the last one is kept.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ntkreg.ntk.choice import choose
from ntkreg.ntk.kernel import centre, gram
from ntkreg.ntk.metric import Metric, apply_metric
from ntkreg.ntk.options import Options
from ntkreg.ntk.path import (
    Spectrum,
    decompose,
    degrees_of_freedom,
    gradient_descent_filter,
    n_deflated,
    step_grid,
)
from ntkreg.ntk.reasons import explain_choices
from ntkreg.ntk.results import Prescription
from ntkreg.ntk.selection import (
    Scaled,
    at_depth,
    learn_metric,
    prepare_folds,
    scale_target,
)
from ntkreg.preprocessing.embedding import Embedding, embed, fit_embedding

Array = NDArray[np.float64]

MAX_SINGLE_THREAD_ROWS = 2000


@dataclass(frozen=True)
class Prescribed:
    """A prescription with what it was read off: everything that fitting and predicting need.

    Parameters
    ----------
    prescription : Prescription
    embedding : Embedding
    metric : Metric
        With the branches at the prescribed depth.
    inputs : ndarray of shape (n, n_embedded + 1)
        Embedded and scaled training rows with the constant appended.
    target : Scaled
        Training targets.
    spectrum : Spectrum
        Of the training kernel.
    cv_prediction : ndarray of shape (n, n_targets)
        Held-out predictions at the prescribed number of steps of plain gradient descent.
    cv_prediction_accelerated : ndarray of shape (n, n_targets)
        The same at the prescribed number of accelerated steps.
    """

    prescription: Prescription
    embedding: Embedding
    metric: Metric
    inputs: Array
    target: Scaled
    spectrum: Spectrum
    cv_prediction: Array
    cv_prediction_accelerated: Array

    def transform(self, X: Array) -> Array:
        """Return rows of the table as the kernel and the net see them."""
        return apply_metric(self.metric, embed(self.embedding, X))


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


def _prescribe(
    X: Array, y: Array, groups: NDArray[np.int64] | None, options: Options
) -> Prescribed:
    target = scale_target(y)
    embedding = fit_embedding(X, normal_scores=options.normal_scores)
    rows = embed(embedding, X)
    metric = learn_metric(rows, target.values, options)
    folds = prepare_folds(X, y, groups, metric, embedding.columns, options)
    choice = choose(folds, y, target.scale, options)
    metric = Metric(metric.scales, metric.bias, at_depth(metric, choice.depth), metric.noise)
    inputs = apply_metric(metric, rows)
    kernel = gram(inputs, None, metric.branches)
    spectrum = decompose(centre(kernel) if options.fit_intercept else kernel)
    # without any column the centred kernel is zero, and any step leaves the mean as it is
    rate = 1.0 / float(spectrum.values[0]) if spectrum.values[0] > 0 else 1.0
    at_stop = gradient_descent_filter(spectrum.values, rate, np.array([choice.n_steps]))
    numbers = Prescription(
        branches=metric.branches,
        metric=metric.scales,
        bias=metric.bias,
        learning_rate=rate,
        n_steps=choice.n_steps,
        n_steps_accelerated=choice.n_steps_accelerated,
        n_deflated=n_deflated(spectrum.values),
        top_eigenvalue=float(spectrum.values[0]),
        effective_dimension=float(degrees_of_freedom(spectrum.values, at_stop)[0]),
        noise=noise_level(spectrum, target, rate),
        cv_error=choice.cv_error,
        candidates=choice.candidates,
        reasons=(),
    )
    numbers = explain_choices(numbers, options, len(y))
    return Prescribed(
        numbers,
        embedding,
        metric,
        inputs,
        target,
        spectrum,
        choice.cv_prediction,
        choice.cv_prediction_accelerated,
    )


_last: list[tuple[str, Prescribed]] = []
_lock = threading.Lock()


def _digest(X: Array, y: Array, groups: NDArray[np.int64] | None, options: Options) -> str:
    digest = hashlib.sha256(repr((X.shape, y.shape, options)).encode())
    for array in (X, y) if groups is None else (X, y, groups):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def prescribe(
    X: Array,
    y: Array,
    *,
    groups: NDArray[np.generic] | None = None,
    options: Options | None = None,
) -> Prescribed:
    """Read every constant of the training run off the infinite-width kernel on the data.

    The metric is learned on all rows; depth and numbers of steps are those of least error over
    folds in which embedding and metric are learned anew; the step size is one over the largest
    eigenvalue of K/n.

    Parameters
    ----------
    X : ndarray of shape (n, n_columns)
        Finite.
    y : ndarray of shape (n, n_targets)
    groups : ndarray of shape (n,), optional
        Rows of one group stay in one fold.
    options : Options, optional

    Returns
    -------
    Prescribed
        Treat its arrays as read-only: equal calls in a row return the same object.
    """
    options = options or Options()
    codes = None if groups is None else np.unique(groups, return_inverse=True)[1]
    key = _digest(X, y, codes, options)
    with _lock:
        for known, result in _last:
            if known == key:
                return result
    # on matrices of this size a second BLAS thread was measured to take time, not to save it
    with threadpool_limits(limits=1 if len(X) <= MAX_SINGLE_THREAD_ROWS else None, user_api="blas"):
        result = _prescribe(X, y, codes, options)
    with _lock:
        _last[:] = [(key, result)]
    return result
