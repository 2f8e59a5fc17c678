"""From a fitted kernel model to a predictor on at most 500 rows.

Up to 500 training rows nothing is lost: the predictor is the model. With more, 500 of them become
landmarks, and each member is projected onto their kernel functions: the least squares of the
difference, with a ridge, on rows that the caller chooses. The same landmarks serve all members, so
that a page holds the rows once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.fitted import KernelMember
from ntkreg.ntk.landmarks.features import choose_landmarks, make_landmarks
from ntkreg.ntk.landmarks.path import decompose_sums, landmark_coefficients
from ntkreg.ntk.landmarks.sums import sum_rows
from ntkreg.ntk.metric.scales import apply_metric
from ntkreg.ntk.portable import Portable, PortableMember, is_linear, profile_pieces
from ntkreg.preprocessing.embedding import Embedding, embed

Array = NDArray[np.float64]

MAX_ROWS = 500
# of a column's normal scores: as fine as a curve on a page can show
MAX_KNOTS = 256
# of the largest eigenvalue: what is left out is below what the members differ by between folds
_RIDGE = 1e-9


def make_portable(
    members: Sequence[KernelMember],
    X: Array,
    points: Array | None = None,
    *,
    max_rows: int = MAX_ROWS,
    seed: int = 0,
) -> Portable:
    """Return the predictor of a fitted kernel model.

    Parameters
    ----------
    members : sequence of KernelMember
        Of one target.
    X : ndarray of shape (n, n_columns)
        The training rows, in the order of the fit.
    points : ndarray of shape (n_points, n_columns), optional
        Rows on which a projection is to be good; `X` if not given.
    max_rows : int, default=500
    seed : int, default=0
        Of the landmarks.

    Returns
    -------
    Portable

    Raises
    ------
    ValueError
        If there is more than one target, or X is not what the members were fitted to.
    """
    n_targets = members[0].dual_coef.shape[1]
    if n_targets != 1:
        raise ValueError(f"a portable predictor has one target, the model has {n_targets}")
    if len(X) <= max_rows:
        positions = np.arange(len(X))
        parts = [(_exact(member, X), float(member.offset[0])) for member in members]
    else:
        positions = _landmark_positions(members, X, max_rows, seed)
        where = X if points is None else points
        parts = [_projected(member, X[positions], where) for member in members]
    return Portable(
        rows=X[positions],
        positions=positions,
        members=tuple(
            replace(part, coefficients=member.share * part.coefficients)
            for member, (part, _) in zip(members, parts, strict=True)
        ),
        offset=sum(m.share * offset for m, (_, offset) in zip(members, parts, strict=True)),
    )


def _inputs(member: KernelMember, X: Array) -> Array:
    return apply_metric(member.metric, embed(member.embedding, X))


def _linear(member: KernelMember) -> PortableMember:
    weight = sum(branch.weight for branch in member.metric.branches)
    primal = weight * (member.support.T @ member.dual_coef[:, 0])
    return PortableMember(member.embedding, member.metric, None, primal)


def _exact(member: KernelMember, X: Array) -> PortableMember:
    if is_linear(member.metric.branches):
        return _linear(member)
    if member.support.shape[0] != len(X) or not np.allclose(member.support, _inputs(member, X)):
        raise ValueError(
            f"X must be the {len(member.support)} training rows of the model in their order; "
            f"got {len(X)} rows"
        )
    pieces = profile_pieces(member.metric.branches)
    return PortableMember(member.embedding, member.metric, pieces, member.dual_coef[:, 0])


def _landmark_positions(
    members: Sequence[KernelMember], X: Array, count: int, seed: int
) -> NDArray[np.int64]:
    """Choose rows that are spread out as the first model with a hidden layer sees them."""
    curved = [m for m in members if not is_linear(m.metric.branches)]
    inputs = _inputs((curved or list(members))[0], X)
    return choose_landmarks(inputs, count, np.random.default_rng(seed))


def thin_knots(embedding: Embedding, most: int = MAX_KNOTS) -> Embedding:
    """Return an embedding whose normal scores have at most so many knots a column.

    The first and the last stay, and the others are spread evenly over the scores, so that the
    tails, where neighbouring knots are far apart, keep theirs.
    """
    kept = []
    for scores in embedding.scores:
        if len(scores) <= most:
            kept.append(np.arange(len(scores)))
        else:
            even = np.linspace(scores[0], scores[-1], most)
            kept.append(np.unique([*np.searchsorted(scores, even[:-1]).tolist(), len(scores) - 1]))
    return replace(
        embedding,
        knots=tuple(k[i] for k, i in zip(embedding.knots, kept, strict=True)),
        scores=tuple(s[i] for s, i in zip(embedding.scores, kept, strict=True)),
    )


def _projected(member: KernelMember, rows: Array, points: Array) -> tuple[PortableMember, float]:
    """Return the member on the kernel functions of a few rows, and its offset."""
    if is_linear(member.metric.branches):
        return _linear(member), float(member.offset[0])
    target = member.predict(points)
    middle, spread = target.mean(), max(float(target.std()), np.finfo(float).tiny)
    thinned = thin_knots(member.embedding)
    inputs = apply_metric(member.metric, embed(thinned, np.vstack([rows, points])))
    landmarks = make_landmarks(inputs[: len(rows)], np.arange(len(rows)), member.metric.branches)
    sums = sum_rows(landmarks, inputs[len(rows) :], (target - middle) / spread)
    spectrum = decompose_sums(sums)
    filters = 1.0 / (spectrum.values + _RIDGE * spectrum.values[0])
    dual, offsets = landmark_coefficients(landmarks, spectrum, filters[None, :])
    coefficients = np.zeros(len(rows))
    coefficients[landmarks.positions] = dual[0, :, 0] * spread
    pieces = profile_pieces(member.metric.branches)
    part = PortableMember(thinned, member.metric, pieces, coefficients)
    return part, float(middle + offsets[0, 0] * spread)
