"""The constants of each model of the stack on tables too long for a kernel between all rows.

The kernel is represented by landmarks, and everything is read off sums over chunks of rows
(:mod:`ntkreg.ntk.landmarks.sums`). A fold is the total minus its own rows. Embedding, metric and
landmarks are those of all rows and are shared by the folds: the metric has a few dozen constants,
which a fifth of so many rows does not decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from ntkreg.ntk.landmarks.features import Landmarks, choose_landmarks, make_landmarks, n_landmarks
from ntkreg.ntk.landmarks.path import (
    LandmarkSpectrum,
    decompose_sums,
    held_out_along,
    noise_variance,
    target_power,
)
from ntkreg.ntk.landmarks.sums import merge, sum_folds
from ntkreg.ntk.metric.evidence import likelihood_metric
from ntkreg.ntk.metric.scales import Metric, apply_metric, gradient_metric
from ntkreg.ntk.prescription.choice import choose_depth, squared_errors
from ntkreg.ntk.prescription.exact_members import numbers_at, plain_step, scored
from ntkreg.ntk.prescription.folds import Designs
from ntkreg.ntk.prescription.members import LandmarkMember, Member
from ntkreg.ntk.prescription.noise import matching_steps
from ntkreg.ntk.prescription.options import Candidate, Options
from ntkreg.ntk.prescription.selection import (
    HeldOut,
    Scaled,
    at_depth,
    learn_metric,
    path_filters,
    step_grids,
)
from ntkreg.ntk.prescription.stops import choose_stops
from ntkreg.parallel import map_on_threads, threads_for
from ntkreg.preprocessing.embedding import Embedding, embed, fit_embedding

Array = NDArray[np.float64]
Steps = NDArray[np.int64]

# from here on the kernel between all rows takes longer than landmarks that give the same errors
MAX_EXACT_ROWS = 2_500
# the likelihood goes on from its optimum on 400 rows: what the noise level gains from them
MAX_METRIC_ROWS = 1_000
_MORE_ITERATIONS = 8
# of the whole stack: a minute or two on two cores
OPERATIONS = 2e12
_DEPTH_LANDMARKS = 400


@dataclass(frozen=True)
class _Start:
    """What one candidate learned from all rows."""

    candidate: Candidate
    embedding: Embedding
    metric: Metric
    inputs: Array


def learn_shared_metric(
    rows: Array, target: Array, candidate: Candidate, options: Options
) -> Metric:
    """Learn the metric on at most 1,000 rows; the likelihood's first on 400 of them.

    Parameters
    ----------
    rows : ndarray of shape (n, n_embedded)
    target : ndarray of shape (n, n_targets)
        Centred and scaled.
    candidate : Candidate
    options : Options
    """
    chosen = np.random.default_rng(options.random_state).permutation(len(rows))[:MAX_METRIC_ROWS]
    rows, target = rows[chosen], target[chosen]
    branches = candidate.branches(min(candidate.depths), options.trained)
    if candidate.metric == "gradient" and rows.shape[1]:
        return gradient_metric(rows, target, branches, bias=options.bias, sphere=options.sphere)
    metric = learn_metric(rows, target, candidate, options)
    if candidate.metric is None or not np.isfinite(metric.noise):
        return metric
    return likelihood_metric(
        rows,
        target,
        branches,
        sphere=options.sphere,
        start=metric,
        max_iterations=_MORE_ITERATIONS,
    )


def _start(X: Array, target: Scaled, candidate: Candidate, options: Options) -> _Start:
    embedding = fit_embedding(X, kind=candidate.embedding)
    rows = embed(embedding, X)
    metric = learn_shared_metric(rows, target.values, candidate, options)
    return _Start(candidate, embedding, metric, apply_metric(metric, rows))


def is_linear(candidate: Candidate) -> bool:
    """Return whether a candidate has no hidden layer: as many landmarks as inputs are exact."""
    return set(candidate.activations) == {"linear"}


def spanning_rows(inputs: Array, count: int) -> Steps:
    """Return the positions of rows that span all others, at most `count`, by pivoted QR."""
    pivots = scipy.linalg.qr(inputs.T, mode="r", pivoting=True, check_finite=False)[1]
    found: Steps = np.asarray(pivots[: min(count, *inputs.shape)], dtype=np.int64)
    return found


def _landmarks(start: _Start, metric: Metric, count: int, seed: int) -> Landmarks:
    if is_linear(start.candidate):
        positions = spanning_rows(start.inputs, count)
    else:
        positions = choose_landmarks(start.inputs, count, np.random.default_rng(seed))
    return make_landmarks(start.inputs, positions, metric.branches)


def _filters(plain: Steps, fast: Steps) -> Callable[[Array], Array]:
    """Return the filters of the held-out paths, one below the other, for eigenvalues."""
    return lambda values: path_filters([values], plain, fast)[0]


def _path(
    landmarks: Landmarks, inputs: Array, target: Scaled, designs: Designs, options: Options
) -> tuple[LandmarkSpectrum, HeldOut]:
    """Return the spectrum of all rows, and the held-out predictions along both paths."""
    steps, fast = step_grids(options)
    tests = [test for _, test in designs.judging]
    threads = threads_for(options.n_threads)
    sums = sum_folds(landmarks, inputs, target.values, tests, threads)
    intercept = options.fit_intercept
    path = held_out_along(
        *(landmarks, sums, inputs, tests, _filters(steps, fast)),
        fit_intercept=intercept,
        n_threads=threads,
    )
    path *= target.scale
    path += target.mean
    spectrum = decompose_sums(reduce(merge, sums), fit_intercept=intercept)
    return spectrum, HeldOut(*np.split(path, [len(steps), len(steps) + len(fast)]))


def _depth(
    start: _Start, y: Array, target: Scaled, designs: Designs, count: int, options: Options
) -> tuple[int, dict[int, float]]:
    """Return the depth, and the least held-out mean squared errors of those compared."""
    depths = start.candidate.depths
    if len(depths) == 1:
        return depths[0], {}
    least = {}
    for depth in depths:
        metric = replace(start.metric, branches=at_depth(start.metric, depth))
        # the depths differ by more than what landmarks beyond these would change
        few = _landmarks(start, metric, min(count, _DEPTH_LANDMARKS), options.random_state)
        path = _path(few, start.inputs, target, designs, options)[1].plain
        least[depth] = float(squared_errors(path, y, target.scale).mean(axis=1).min())
    return choose_depth(least), least


def _member(
    start: _Start, y: Array, target: Scaled, designs: Designs, count: int, options: Options
) -> LandmarkMember:
    """Prescribe depth and stops of one candidate."""
    depth, least = _depth(start, y, target, designs, count, options)
    metric = replace(start.metric, branches=at_depth(start.metric, depth))
    landmarks = _landmarks(start, metric, count, options.random_state)
    spectrum, held_out = _path(landmarks, start.inputs, target, designs, options)
    variance = noise_variance(spectrum, plain_step(spectrum.values))
    fast = step_grids(options)[1]
    # the rows behind the likelihood are few: its noise level is estimated again, on all of them
    noise = float(variance.mean()) if np.isfinite(metric.noise) else float("nan")
    likely = matching_steps(spectrum.values, target_power(spectrum), spectrum.n, noise, fast)
    stops = choose_stops(held_out, likely, y, target.scale, options)
    level = float(np.sqrt(np.mean(variance * target.scale**2)))
    name = start.candidate.name
    numbers = numbers_at(name, metric, spectrum.values, level, stops)
    # copies: the paths themselves are not to be kept
    plain, accelerated = held_out.plain[stops.plain].copy(), stops.held_out(held_out).copy()
    return LandmarkMember(
        prescription=scored(numbers, plain, y, target.scale, least),
        embedding=start.embedding,
        metric=metric,
        inputs=start.inputs,
        held_out=plain,
        held_out_accelerated=accelerated,
        choosing=plain,
        choosing_accelerated=accelerated,
        landmarks=landmarks,
        spectrum=spectrum,
    )


def prescribe_many_rows(
    X: Array, y: Array, target: Scaled, designs: Designs, options: Options
) -> Sequence[Member]:
    """Prescribe every candidate on landmarks.

    Parameters
    ----------
    X : ndarray of shape (n, n_columns)
    y : ndarray of shape (n, n_targets)
    target : Scaled
        The same target, centred and scaled.
    designs : Designs
        Whose choosing folds are the judging ones, as they are on so many rows.
    options : Options

    Returns
    -------
    sequence of Member
        In the order of `options.candidates`.
    """
    threads = threads_for(options.n_threads)
    starts = map_on_threads(lambda c: _start(X, target, c, options), options.candidates, threads)
    curved = sum(not is_linear(candidate) for candidate in options.candidates)
    budget = OPERATIONS / max(curved, 1)
    folds = len(designs.judging)
    # one after the other, each on all threads: the sums of several would not fit into memory
    return [
        _member(
            *(start, y, target, designs),
            n_landmarks(*start.inputs.shape, n_folds=folds, operations=budget),
            options,
        )
        for start in starts
    ]
