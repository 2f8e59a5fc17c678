"""How hard a row is to predict, by the posterior spread of a kernel.

The interval of a row is scaled by sigma(x), 1 for a typical row. It comes from the variance of a
Gaussian process given the training rows, v(x) = k(x, x) - k(x, X) (K + r I)^-1 k(X, x), over the
noise r: rows far from all others are hard. A quarter of sigma^2 is constant, so that no interval
is narrower than half the typical one. docs/performance.md has what this is worth.

A model of the NTK family lends its own kernel, with the metric that it has learned, and r =
n/(eta t), the ridge that stops where its gradient descent stops. Other models get exp(-distance)
on standardised columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.spatial.distance import cdist

from ntkreg.evaluation.results import SplitPlan
from ntkreg.inspection.space import Space, embed, fit_space
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.metric.scales import Metric, apply_metric
from ntkreg.preprocessing.embedding import Embedding
from ntkreg.preprocessing.embedding import embed as embed_columns

MAX_SUPPORT = 1000
CONSTANT_SHARE = 0.25
PLAIN_RIDGE = 0.1
# an intercept that the data decide on, as a constant part of the kernel
_INTERCEPT = 10.0
_LEAST_RIDGE = 1e-9

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NetKernel:
    """Kernel of a fitted model's largest part, on the table's columns.

    Parameters
    ----------
    encoder : TableEncoder
    embedding : Embedding
    metric : Metric
    """

    encoder: Any
    embedding: Embedding
    metric: Metric

    def place(self, features: pd.DataFrame) -> Array:
        """Return rows as the kernel sees them."""
        inputs = embed_columns(self.embedding, self.encoder.transform(features))
        placed: Array = apply_metric(self.metric, inputs)
        return placed

    def between(self, left: Array, right: Array) -> Array:
        """Return the kernel matrix."""
        return gram(left, right, self.metric.branches)

    def own(self, rows: Array) -> Array:
        """Return the kernel of each row with itself."""
        one = gram(rows[:1], None, self.metric.branches)[0, 0] / float(rows[0] @ rows[0])
        values: Array = one * np.einsum("ij,ij->i", rows, rows)
        return values


@dataclass(frozen=True)
class PlainKernel:
    """exp(-distance / length) on standardised columns.

    Parameters
    ----------
    space : Space
    length : float
        Median distance of two training rows.
    """

    space: Space
    length: float

    def place(self, features: pd.DataFrame) -> Array:
        """Return rows as the kernel sees them."""
        return embed(features, self.space)

    def between(self, left: Array, right: Array) -> Array:
        """Return the kernel matrix."""
        values: Array = np.exp(-cdist(left, right) / self.length)
        return values

    def own(self, rows: Array) -> Array:
        """Return the kernel of each row with itself."""
        return np.ones(len(rows))


@dataclass(frozen=True)
class Difficulty:
    """What gives sigma(x) of new rows.

    Parameters
    ----------
    kernel : NetKernel or PlainKernel
    support : ndarray of shape (m, d)
        Training rows as the kernel sees them, at most 1,000 of them.
    ridge : float
        Noise in units of the kernel.
    typical : float
        Spread that counts as 1: the median of held-out rows.
    """

    kernel: NetKernel | PlainKernel
    support: Array
    ridge: float
    typical: float

    def of(self, features: pd.DataFrame) -> Array:
        """Return sigma of rows, shape (n_rows,)."""
        if len(features) == 0:
            return np.zeros(0)
        spread = posterior_spread(
            self.kernel, self.support, self.kernel.place(features), self.ridge
        )
        return sigma_of(spread, self.typical)


def sigma_of(spread: Array, typical: float) -> Array:
    """Return sigma from spread, a quarter of its square constant."""
    sigma: Array = np.sqrt(CONSTANT_SHARE + (1.0 - CONSTANT_SHARE) * (spread / typical) ** 2)
    return sigma


def posterior_spread(
    kernel: NetKernel | PlainKernel, support: Array, rows: Array, ridge: float
) -> Array:
    """Return sqrt(1 + v(x) / ridge), the standard deviation of a new value over the noise's."""
    gram_matrix = kernel.between(support, support)
    constant = _INTERCEPT * float(np.abs(gram_matrix).mean())
    gram_matrix += constant
    gram_matrix[np.diag_indices_from(gram_matrix)] = kernel.own(support) + constant + ridge
    root = cholesky(gram_matrix, lower=True)
    spread = np.empty(len(rows))
    step = max(1, 4_000_000 // max(len(support), 1))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        explained = solve_triangular(root, (kernel.between(part, support) + constant).T, lower=True)
        left = kernel.own(part) + constant - (explained**2).sum(axis=0)
        spread[start : start + step] = np.sqrt(1.0 + np.maximum(left, 0.0) / ridge)
    return spread


def fit_difficulty(
    estimator: Any, features: pd.DataFrame, plan: SplitPlan, *, seed: int = 0
) -> tuple[Difficulty, Array]:
    """Learn the difficulty of rows, and say how hard each training row was when it was held out.

    Parameters
    ----------
    estimator : estimator
        Fitted on all rows; one of the NTK family (or a blend with one) lends its kernel.
    features : DataFrame of shape (n_rows, n_features)
        Training rows.
    plan : SplitPlan
        In the first repeat a held-out row is seen from the training rows of its fold.
    seed : int, default=0
        Draws the rows that are kept when there are more than 1,000.

    Returns
    -------
    tuple of (Difficulty, ndarray of shape (n_rows,))
        The second is NaN for rows that are never tested.
    """
    kernel, ridge = _kernel_of(estimator, len(features)) or _plain(features)
    placed = kernel.place(features)
    n_rows = len(placed)
    chosen = np.arange(n_rows)
    if n_rows > MAX_SUPPORT:
        chosen = np.sort(np.random.default_rng(seed).choice(n_rows, MAX_SUPPORT, replace=False))
    if isinstance(kernel, NetKernel):
        mean = float(np.abs(kernel.between(placed[chosen], placed[chosen])).mean())
        ridge = max(ridge, _LEAST_RIDGE * len(chosen) * mean)
    spread = np.full(n_rows, np.nan)
    for fold in plan.folds:
        if fold.repeat == plan.folds[0].repeat:
            seen = placed[np.intersect1d(fold.train, chosen)]
            if len(seen):
                spread[fold.test] = posterior_spread(kernel, seen, placed[fold.test], ridge)
    typical = float(np.nanmedian(spread))
    return Difficulty(kernel, placed[chosen], ridge, typical), sigma_of(spread, typical)


def _kernel_of(estimator: Any, n_rows: int) -> tuple[NetKernel | PlainKernel, float] | None:
    for model in (estimator, *(part for _, part in getattr(estimator, "models_", ()))):
        members = getattr(getattr(model, "regressor_", None), "members_", None)
        if members:
            largest = members[0]
            numbers = largest.prescription
            time = numbers.learning_rate * numbers.n_steps
            ridge = n_rows / time if time > 0 else np.inf
            if np.isfinite(ridge):
                return NetKernel(model.encoder_, largest.embedding, largest.metric), float(ridge)
    return None


def _plain(features: pd.DataFrame) -> tuple[NetKernel | PlainKernel, float]:
    space = fit_space(features)
    rows = embed(features, space)
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), MAX_SUPPORT)).astype(int)]
    length = float(np.median(cdist(some, some)))
    return PlainKernel(space, length or 1.0), PLAIN_RIDGE
