"""The constants of each model of the stack, on the kernel of its own inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.choice import choose_depth, choose_time, squared_errors
from ntkreg.ntk.folds import Designs
from ntkreg.ntk.kernel import centre, gram
from ntkreg.ntk.members import Member
from ntkreg.ntk.metric import Metric, apply_metric
from ntkreg.ntk.noise import likely_steps, noise_level
from ntkreg.ntk.options import Candidate, Options
from ntkreg.ntk.parallel import map_on_threads, threads_for
from ntkreg.ntk.path import (
    Spectrum,
    decompose,
    degrees_of_freedom,
    gradient_descent_filter,
    n_deflated,
)
from ntkreg.ntk.results import Prescription
from ntkreg.ntk.selection import (
    HeldOut,
    PreparedFold,
    Scaled,
    at_depth,
    held_out_paths,
    learn_metric,
    prepare_fold,
    step_grids,
)
from ntkreg.preprocessing.embedding import Embedding, embed, fit_embedding

Array = NDArray[np.float64]

MAX_DEPTH_ROWS = 400


@dataclass(frozen=True)
class _Start:
    """What one candidate learned from all rows."""

    candidate: Candidate
    embedding: Embedding
    rows: Array
    metric: Metric


def _start(X: Array, target: Scaled, candidate: Candidate, options: Options) -> _Start:
    embedding = fit_embedding(X, kind=candidate.embedding)
    rows = embed(embedding, X)
    return _Start(candidate, embedding, rows, learn_metric(rows, target.values, candidate, options))


def _depth(
    start: _Start, folds: list[PreparedFold], y: Array, scale: Array, options: Options
) -> tuple[int, dict[int, float]]:
    """Return the depth, and the least held-out mean squared errors of those compared."""
    depths = start.candidate.depths
    if len(depths) == 1:
        return depths[0], {}
    # the depths differ by more than what the rows beyond these would change
    part = [
        replace(
            fold,
            inputs=fold.inputs[:MAX_DEPTH_ROWS],
            target=replace(fold.target, values=fold.target.values[:MAX_DEPTH_ROWS]),
        )
        for fold in folds
    ]
    least = {}
    for depth in depths:
        path = held_out_paths(part, depth, y.shape, options).plain
        least[depth] = float(squared_errors(path, y, scale).mean(axis=1).min())
    return choose_depth(least), least


def _spectrum(inputs: Array, metric: Metric, options: Options) -> Spectrum:
    kernel = gram(inputs, None, metric.branches)
    return decompose(centre(kernel) if options.fit_intercept else kernel)


def _stops(
    held_out: HeldOut,
    spectrum: Spectrum,
    noise: float,
    y: Array,
    target: Scaled,
    options: Options,
) -> tuple[int, int]:
    """Return the positions of the plain and the accelerated stop in the grids of steps."""
    steps, fast = step_grids(options)
    likely = likely_steps(spectrum, target.values, noise, fast)
    return (
        choose_time(squared_errors(held_out.plain, y, target.scale), steps, likely[0]),
        choose_time(squared_errors(held_out.accelerated, y, target.scale), fast, likely[1]),
    )


def _numbers(
    start: _Start, metric: Metric, spectrum: Spectrum, target: Scaled, n_steps: int, n_fast: int
) -> Prescription:
    """Return what follows from the spectrum and the stops."""
    top = float(spectrum.values[0])
    # without any column the centred kernel is zero, and any step leaves the mean as it is
    rate = 1.0 / top if top > 0 else 1.0
    at_stop = gradient_descent_filter(spectrum.values, rate, np.array([n_steps]))
    return Prescription(
        name=start.candidate.name,
        share=1.0,
        branches=metric.branches,
        metric=metric.scales,
        bias=metric.bias,
        learning_rate=rate,
        n_steps=n_steps,
        n_steps_accelerated=n_fast,
        n_deflated=n_deflated(spectrum.values),
        top_eigenvalue=top,
        effective_dimension=float(degrees_of_freedom(spectrum.values, at_stop)[0]),
        noise=noise_level(spectrum, target, rate),
        cv_error=float("nan"),
        candidates=(),
        reasons=(),
    )


def _member(
    start: _Start,
    folds: list[list[PreparedFold]],
    y: Array,
    target: Scaled,
    options: Options,
) -> Member:
    """Prescribe depth and stops of one candidate from its folds (judging, choosing)."""
    depth, least = _depth(start, folds[-1], y, target.scale, options)
    judged = held_out_paths(folds[0], depth, y.shape, options)
    chosen = judged if len(folds) == 1 else held_out_paths(folds[1], depth, y.shape, options)
    metric = replace(start.metric, branches=at_depth(start.metric, depth))
    inputs = apply_metric(metric, start.rows)
    spectrum = _spectrum(inputs, metric, options)
    stop, quick = _stops(chosen, spectrum, metric.noise, y, target, options)
    steps, fast = step_grids(options)
    held_out = judged.plain[stop]
    numbers = _numbers(start, metric, spectrum, target, int(steps[stop]), int(fast[quick]))
    unit = float(np.sqrt(np.mean(target.scale**2)))
    numbers = replace(
        numbers,
        cv_error=float(np.sqrt(np.mean((held_out - y) ** 2))),
        candidates=tuple((f"L={d}", float(np.sqrt(e)) * unit) for d, e in least.items()),
    )
    return Member(
        numbers,
        start.embedding,
        metric,
        inputs,
        spectrum,
        held_out,
        judged.accelerated[quick],
        chosen.plain[stop],
        chosen.accelerated[quick],
    )


def prescribe_members(
    X: Array, y: Array, target: Scaled, designs: Designs, options: Options
) -> list[Member]:
    """Prescribe every candidate on its own.

    Parameters
    ----------
    X : ndarray of shape (n, n_columns)
    y : ndarray of shape (n, n_targets)
    target : Scaled
        The same target, centred and scaled.
    designs : Designs
    options : Options

    Returns
    -------
    list of Member
        In the order of `options.candidates`.
    """
    threads = threads_for(options.n_threads)
    starts = map_on_threads(lambda c: _start(X, target, c, options), options.candidates, threads)
    sets = [designs.judging, designs.choosing] if designs.by_series else [designs.judging]
    tasks = [(s, fold) for s in starts for folds in sets for fold in folds]
    prepared = iter(
        map_on_threads(
            lambda task: prepare_fold(
                X,
                y,
                task[1],
                task[0].metric,
                task[0].embedding.columns,
                task[0].candidate,
                options,
            ),
            tasks,
            threads,
        )
    )
    by_candidate = [(s, [[next(prepared) for _ in folds] for folds in sets]) for s in starts]
    return map_on_threads(
        lambda part: _member(part[0], part[1], y, target, options), by_candidate, threads
    )
