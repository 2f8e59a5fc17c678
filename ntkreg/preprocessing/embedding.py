"""From a numeric matrix to the columns that the kernels see: standardised values and normal scores.

A column appears as it is (centred, unit standard deviation, not clipped) and, beside it, as the
normal score of its rank, which long-tailed columns need; a two-valued column appears once. The
values may be softly clipped, so that a far value cannot pull a whole model, and a column of few
levels (a machine setting, a code) may appear once more as one indicator a level. All is divided by
the square root of the number of embedded columns, so that a typical row has norm one.

New rows are taken back to one range beyond the training range: how a model goes on further out
is its form, not what it learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]
EmbeddingKind = Literal["values", "values+scores", "clipped+scores", "values+levels"]

# in standard deviations: where clipping begins to tell, and what no value exceeds
_CLIP = 3.0
# new values count up to this share of the training range outside it
_MARGIN = 1.0
_LEVELS = (3, 8)
_ROWS_A_LEVEL = 10


@dataclass(frozen=True)
class Embedding:
    """A fitted embedding; apply it with :func:`embed`.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_columns,)
        Of the training rows; `scale` is 0 for a constant column, which is left out.
    knots, scores : tuple of ndarray
        For each column with normal scores its distinct training values (ascending) and their
        scores at unit standard deviation; empty arrays for the others.
    levels : tuple of ndarray
        For each column with indicators its distinct training values; empty arrays for the others.
    lower, upper : ndarray of shape (n_columns,)
        What values are limited to.
    clipped : bool, default=False
        Whether a standardised value z becomes z/sqrt(1 + (z/3)^2).
    """

    mean: Array
    scale: Array
    knots: tuple[Array, ...]
    scores: tuple[Array, ...]
    levels: tuple[Array, ...]
    lower: Array
    upper: Array
    clipped: bool = False

    @property
    def columns(self) -> NDArray[np.int64]:
        """Input column of every embedded column, shape (n_embedded,)."""
        raw = np.flatnonzero(self.scale > 0)
        ranked = np.array([j for j, knots in enumerate(self.knots) if len(knots)], dtype=np.int64)
        coded = np.repeat(np.arange(len(self.levels)), [len(values) for values in self.levels])
        return np.concatenate([raw, ranked, coded]).astype(np.int64)


def _normal_scores(column: Array) -> tuple[Array, Array]:
    values, counts = np.unique(column, return_counts=True)
    if len(values) <= 2:
        return np.empty(0), np.empty(0)
    mid_rank = np.cumsum(counts) - (counts - 1) / 2.0
    scores = ndtri((mid_rank - 0.5) / len(column))
    mean = np.average(scores, weights=counts)
    spread = np.sqrt(np.average((scores - mean) ** 2, weights=counts))
    return values, (scores - mean) / spread


def _few_levels(column: Array) -> Array:
    """Return the values of a column with 3 to 8 of them, each 10 rows or more on average."""
    values = np.unique(column)
    few = _LEVELS[0] <= len(values) <= _LEVELS[1] and len(column) >= _ROWS_A_LEVEL * len(values)
    return values if few else np.empty(0)


def fit_embedding(X: Array, *, kind: EmbeddingKind = "values+scores") -> Embedding:
    """Learn the embedding from training rows.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Finite.
    kind : {"values", "values+scores", "clipped+scores", "values+levels"}, default="values+scores"
        Standardised values, with normal scores beside them, and then clipped or not; or with
        indicators of the columns of 3 to 8 levels.

    Returns
    -------
    Embedding
    """
    mean = X.mean(axis=0)
    # a column of constants may show a spread of rounding size: relative to its magnitude
    spread = (X - mean).std(axis=0)
    magnitude = np.abs(X).max(axis=0, initial=0.0)
    scale = np.where(spread > 1e-12 * magnitude, spread, 0.0)
    empty: tuple[Array, Array] = (np.empty(0), np.empty(0))
    pairs = [
        _normal_scores(X[:, j]) if kind.endswith("scores") and scale[j] > 0 else empty
        for j in range(X.shape[1])
    ]
    levels = [
        _few_levels(X[:, j]) if kind == "values+levels" and scale[j] > 0 else np.empty(0)
        for j in range(X.shape[1])
    ]
    low, high = X.min(axis=0, initial=np.inf), X.max(axis=0, initial=-np.inf)
    margin = _MARGIN * (high - low)
    return Embedding(
        mean,
        scale,
        tuple(p[0] for p in pairs),
        tuple(p[1] for p in pairs),
        tuple(levels),
        low - margin,
        high + margin,
        kind.startswith("clipped"),
    )


def embed(embedding: Embedding, X: Array) -> Array:
    """Return the embedded rows, shape (n_samples, n_embedded).

    Scores are interpolated linearly between training values and held constant outside them.

    Parameters
    ----------
    embedding : Embedding
    X : ndarray of shape (n_samples, n_columns)
    """
    used = embedding.scale > 0
    X = np.clip(X, embedding.lower, embedding.upper)
    values = (X[:, used] - embedding.mean[used]) / embedding.scale[used]
    if embedding.clipped:
        values /= np.sqrt(1.0 + (values / _CLIP) ** 2)
    blocks = [values]
    blocks += [
        np.interp(X[:, j], knots, scores)[:, None]
        for j, (knots, scores) in enumerate(zip(embedding.knots, embedding.scores, strict=True))
        if len(knots)
    ]
    blocks += [
        (X[:, [j]] == values) - 1.0 / len(values)
        for j, values in enumerate(embedding.levels)
        if len(values)
    ]
    rows = np.hstack(blocks)
    scaled: Array = rows / np.sqrt(max(rows.shape[1], 1))
    return scaled
