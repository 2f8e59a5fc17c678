"""Nets of several widths, trained by one prescription: how the gaps to their kernel close.

The theory is about wide nets and gives no usable width (theory.md 2d), so the width is looked at on
the user's own rows: a part of them is trained on and the rest is predicted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.network.accelerated_descent import (
    MAX_STEPS,
    accelerated_gradient_descent,
    accelerated_step,
)
from ntkreg.ntk.network.architecture import Architecture, implied_branches, initial_weights
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.path import decompose
from ntkreg.ntk.regime.gaps import Gaps, TrainedNets, measure_gaps
from ntkreg.ntk.regime.measures import kernel_drift
from ntkreg.ntk.results import Outcome

Array = NDArray[np.float64]

WIDTHS = (64, 128, 256, 512, 1024)
ROW_LIMITS = (300, 200, 100)
MIN_ROWS = 10
MIN_WIDTHS = 3
N_NETWORKS = 2
# multiplications of all trainings together; about two seconds on one thread
WORK_LIMIT = 6e10
# what a hidden value costs beside the products, in multiplications (measured)
_ELEMENTWISE = 150.0


@dataclass(frozen=True)
class WidthPoint:
    """Nets of one width.

    Parameters
    ----------
    width, n_networks : int
    gaps : Gaps
        On the rows that were not trained on.
    kernel_drift : float
        As in :class:`ntkreg.ntk.regime.measures.Regime`.
    outcome : {"reached", "limit", "diverged", "guarded"}
        How the training ended.
    """

    width: int
    n_networks: int
    gaps: Gaps
    kernel_drift: float
    outcome: Outcome


@dataclass(frozen=True)
class WidthStudy:
    """Gaps over width on one random division of the rows.

    Parameters
    ----------
    points : tuple of WidthPoint
        In ascending order of width.
    n_rows, n_other : int
        Rows that were trained on, and rows that were predicted.
    kernel_slope, linearisation_slope : float
        Slope of the logarithm of single nets' gap over that of the width; NaN below three widths.
    """

    points: tuple[WidthPoint, ...]
    n_rows: int
    n_other: int
    kernel_slope: float
    linearisation_slope: float

    def at(self, width: int) -> WidthPoint | None:
        """Return the point of one width, if it is there."""
        return next((point for point in self.points if point.width == width), None)


def training_work(architecture: Architecture, n_rows: int, n_inputs: int, n_steps: int) -> float:
    """Return about how many multiplications the training of an ensemble takes."""
    width, work = architecture.width, 0.0
    for branch in architecture.branches:
        for layer in range(branch.depth):
            fan_in = width if layer else n_inputs
            # forward, gradient, and what goes back to the layer below
            work += n_rows * width * ((3 if layer else 2) * fan_in + _ELEMENTWISE)
    return work * architecture.n_copies * architecture.n_networks * n_steps


def affordable_widths(
    nets: TrainedNets, widths: Sequence[int], n_rows: int, limit: float = WORK_LIMIT
) -> list[int]:
    """Return the smallest widths whose trainings together stay within the limit."""
    total, chosen = 0.0, []
    for width in sorted(set(widths)):
        shape = _ensemble(nets, width)
        total += training_work(shape, n_rows, nets.inputs.shape[1], nets.n_steps)
        if total > limit:
            break
        chosen.append(width)
    return chosen


def _ensemble(nets: TrainedNets, width: int) -> Architecture:
    """Return the ensemble of one width: all nets at the width of `nets`, two elsewhere."""
    count = nets.architecture.n_networks
    own = width == nets.architecture.width
    return replace(nets.architecture, width=width, n_networks=count if own else N_NETWORKS)


def regime_over_width(
    nets: TrainedNets,
    *,
    seed: int,
    widths: Sequence[int] = WIDTHS,
    work_limit: float = WORK_LIMIT,
) -> WidthStudy | None:
    """Train nets of several widths on a part of the rows and measure their gaps on the rest.

    At most 300 rows are trained on (four fifths, if there are fewer than 375), for the training
    time of `nets`; the largest widths are left out when they would take too long, and fewer rows
    are taken when fewer than three widths would be left.

    Parameters
    ----------
    nets : TrainedNets
    seed : int
        Of the initial weights and of the division of rows.
    widths : sequence of int, default=(64, 128, 256, 512, 1024)
        That of `nets` is added.
    work_limit : float, default=6e10
        Multiplications.

    Returns
    -------
    WidthStudy or None
        None below 10 rows, or when even one width would take too long.
    """
    n = len(nets.inputs)
    if n < MIN_ROWS:
        return None
    for limit in ROW_LIMITS:
        n_rows = min(limit, int(0.8 * n))
        chosen = affordable_widths(nets, [*widths, nets.architecture.width], n_rows, work_limit)
        if len(chosen) >= MIN_WIDTHS:
            break
    if not chosen:
        return None
    order = np.random.default_rng(seed).permutation(n)
    part, others = order[:n_rows], order[n_rows : n_rows + ROW_LIMITS[0]]
    problem = _restricted(nets, part)
    points = tuple(_point(problem, nets.inputs[others], width, seed) for width in chosen)
    return WidthStudy(
        points,
        n_rows,
        len(others),
        _slope(points, [p.gaps.kernel_single for p in points]),
        _slope(points, [p.gaps.linearisation_single for p in points]),
    )


def _restricted(nets: TrainedNets, part: NDArray[np.int64]) -> TrainedNets:
    """Return the training problem on a part of the rows, for the same training time."""
    inputs, target = nets.inputs[part], nets.target[part]
    kernel = gram(inputs, None, implied_branches(nets.architecture))
    if nets.fit_intercept:
        kernel, target = centre(kernel), target - target.mean(axis=0)
    spectrum = decompose(kernel)
    top = float(spectrum.values[0]) or 1.0
    if nets.solver == "gd":
        rate = 1.0 / top
        ratio = nets.learning_rate / rate
    else:
        rate = accelerated_step(spectrum.values, preconditioned=nets.preconditioned)
        ratio = math.sqrt(nets.learning_rate / rate)
    steps = min(max(round(nets.n_steps * ratio), min(nets.n_steps, 1)), 10 * MAX_STEPS)
    return replace(
        nets, inputs=inputs, target=target, spectrum=spectrum, learning_rate=rate, n_steps=steps
    )


def _point(problem: TrainedNets, others: Array, width: int, seed: int) -> WidthPoint:
    shape = _ensemble(problem, width)
    start = initial_weights(shape, problem.inputs.shape[1], problem.target.shape[1], seed)
    rows = shape, start, problem.inputs, problem.target
    steps, intercept = problem.n_steps, problem.fit_intercept
    if problem.solver == "gd":
        weights, trace = gradient_descent(
            *rows, learning_rate=problem.learning_rate, n_steps=steps, fit_intercept=intercept
        )
    else:
        weights, trace = accelerated_gradient_descent(
            *rows,
            spectrum=problem.spectrum,
            n_steps=steps,
            fit_intercept=intercept,
            preconditioned=problem.preconditioned,
        )
    trained = replace(problem, architecture=shape, start=start, weights=weights)
    gaps = measure_gaps(trained, others)[1]
    assert gaps is not None
    return WidthPoint(width, shape.n_networks, gaps, kernel_drift(trained), trace.outcome)


def _slope(points: Sequence[WidthPoint], gaps: Sequence[float]) -> float:
    if len(points) < 3 or min(gaps) <= 0:
        return math.nan
    return float(np.polyfit(np.log([p.width for p in points]), np.log(gaps), 1)[0])
