"""The constants of each model of the stack, on the kernel of its own inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.metric.scales import Metric, apply_metric
from ntkreg.ntk.path import (
    Spectrum,
    decompose,
    degrees_of_freedom,
    gradient_descent_filter,
    n_deflated,
)
from ntkreg.ntk.prescription.choice import choose_depth, squared_errors
from ntkreg.ntk.prescription.folds import Designs
from ntkreg.ntk.prescription.interpolation import interpolate, interpolating_stops
from ntkreg.ntk.prescription.members import ExactMember, Member
from ntkreg.ntk.prescription.noise import likely_steps, noise_level
from ntkreg.ntk.prescription.options import Candidate, Options
from ntkreg.ntk.prescription.selection import (
    PreparedFold,
    Scaled,
    at_depth,
    held_out_paths,
    learn_metric,
    prepare_fold,
    step_grids,
)
from ntkreg.ntk.prescription.stops import Stops, choose_stops
from ntkreg.ntk.results import Prescription
from ntkreg.parallel import map_on_threads, threads_for
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


def numbers_at(
    name: str, metric: Metric, values: Array, noise: float, stops: Stops
) -> Prescription:
    """Return what follows from the eigenvalues and the stops.

    Parameters
    ----------
    name : str
        Of the candidate.
    metric : Metric
    values : ndarray of shape (n_values,)
        Eigenvalues of K/n, descending.
    noise : float
        Standard deviation, target units.
    stops : Stops
    """
    rate = plain_step(values)
    at_stop = gradient_descent_filter(values, rate, np.array([stops.n_steps]))
    return Prescription(
        name=name,
        share=1.0,
        branches=metric.branches,
        metric=metric.scales,
        bias=metric.bias,
        learning_rate=rate,
        n_steps=stops.n_steps,
        n_steps_accelerated=stops.n_steps_accelerated,
        n_deflated=n_deflated(values) if stops.preconditioned else 0,
        top_eigenvalue=float(values[0]),
        effective_dimension=float(degrees_of_freedom(values, at_stop)[0]),
        noise=noise,
        cv_error=float("nan"),
        candidates=(),
        reasons=(),
    )


def plain_step(values: Array) -> float:
    """Return 1/s_1, the step of plain gradient descent for eigenvalues of K/n, descending."""
    # without any column the centred kernel is zero, and any step leaves the mean as it is
    return 1.0 / float(values[0]) if values[0] > 0 else 1.0


def scored(
    numbers: Prescription, held_out: Array, y: Array, scale: Array, least: dict[int, float]
) -> Prescription:
    """Return the prescription with its held-out error and those of the depths compared.

    Parameters
    ----------
    numbers : Prescription
    held_out, y : ndarray of shape (n, n_targets)
        Target units.
    scale : ndarray of shape (n_targets,)
    least : dict of int to float
        Least held-out mean squared error by depth, in units of the scaled target.
    """
    unit = float(np.sqrt(np.mean(scale**2)))
    return replace(
        numbers,
        cv_error=float(np.sqrt(np.mean((held_out - y) ** 2))),
        candidates=tuple((f"L={d}", float(np.sqrt(e)) * unit) for d, e in least.items()),
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
    likely = likely_steps(spectrum, target.values, metric.noise, step_grids(options)[1])
    found = None
    if options.tolerance is None:
        stops = choose_stops(chosen, likely, y, target.scale, options)
    else:
        centred = options.fit_intercept
        found = interpolate(spectrum, target.values, options.tolerance, centred=centred)
        stops = interpolating_stops(spectrum, target.values, found)
    held_out = judged.plain[stops.plain]
    noise = noise_level(spectrum, target, plain_step(spectrum.values))
    name = start.candidate.name
    numbers = numbers_at(name, metric, spectrum.values, noise, stops)
    return ExactMember(
        prescription=scored(numbers, held_out, y, target.scale, least),
        embedding=start.embedding,
        metric=metric,
        inputs=inputs,
        held_out=held_out,
        held_out_accelerated=stops.held_out(judged),
        choosing=chosen.plain[stops.plain],
        choosing_accelerated=stops.held_out(chosen),
        spectrum=spectrum,
        target=target.values,
        fit_intercept=options.fit_intercept,
        interpolation=found,
    )


def prescribe_members(
    X: Array, y: Array, target: Scaled, designs: Designs, options: Options
) -> Sequence[Member]:
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
    sequence of Member
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
