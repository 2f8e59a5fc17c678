"""Mini-batch gradient descent on the finite network, for tables of very many rows.

A step costs a few hundred rows instead of all of them. Flow time, the sum of the step sizes, is
what the kernel prescribes, whatever the batch and the schedule
(:mod:`ntkreg.ntk.network.stochastic_schedule`). By default the gradient is preconditioned in the
space of the weights along the images of the kernel's top eigenvectors (Ma, Belkin: Kernel machines
that adapt to GPUs for effective large batch training, MLSys 2019), and towards the end the step
falls to zero, and with it what the choice of the batches adds to the error. Without both it is the
stochastic gradient descent of the theory: a constant step, and the last iterate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.network.architecture import Architecture
from ntkreg.ntk.network.backpropagation import Backpropagation, train_networks
from ntkreg.ntk.network.gradient_descent import DIVERGENCE_FACTOR, Run, make_engine
from ntkreg.ntk.network.mini_batches import Rows, TopDirections
from ntkreg.ntk.network.precision import Dtype
from ntkreg.ntk.network.stochastic_schedule import (
    BATCH_ROWS,
    COOLING,
    flow_time,
    n_preconditioned,
)
from ntkreg.ntk.path import Spectrum
from ntkreg.ntk.results import Outcome, TrainingTrace

Array = NDArray[np.float64]

MAX_STEPS = 100_000
MAX_CUTS = 8
_RISE_TOLERANCE = 0.1
# losses of so many batches at least are averaged before they are compared
_LEAST_WINDOW = 50


class Guard:
    """Flow time passed, the best state so far, and the step, which is halved when losses rise."""

    def __init__(
        self,
        engine: Backpropagation,
        learning_rate: float,
        goal: float,
        cooling: float = COOLING,
    ) -> None:
        self.cooling = cooling
        self.engine, self.learning_rate, self.goal = engine, learning_rate, goal
        self.elapsed, self.lowest, self.cuts = 0.0, math.inf, 0
        self.kept = [p.clone() for p in engine.parameters()]
        self.kept_time = 0.0
        self.window: list[float] = []

    def advance(self) -> float:
        """Return the size of the next step and count it as taken."""
        left = self.goal - self.elapsed
        falling = self.cooling * self.goal
        share = math.sqrt(left / falling) if left < falling else 1.0
        size = min(self.learning_rate * share, left)
        # the last step takes all that is left, whatever rounding says
        self.elapsed = self.goal if size == left else self.elapsed + size
        return size

    def judge(self, length: int) -> bool:
        """At the end of a window of losses, keep a better state; say whether the loss rose."""
        if len(self.window) < length:
            return False
        mean = float(np.mean(self.window))
        error = float(np.std(self.window)) / math.sqrt(length)
        self.window = []
        if mean < self.lowest:
            self.lowest, self.kept_time = mean, self.elapsed
            for kept, live in zip(self.kept, self.engine.parameters(), strict=True):
                kept.copy_(live)
        return not mean <= (1.0 + _RISE_TOLERANCE) * self.lowest + 3.0 * error

    def back(self) -> None:
        """Go back to the best state."""
        for kept, live in zip(self.kept, self.engine.parameters(), strict=True):
            live.copy_(kept)
        self.elapsed, self.window = self.kept_time, []

    def time_of(self, n_steps: int) -> float:
        """Return the flow time of a number of steps."""
        return flow_time(self.learning_rate, n_steps, self.cooling)

    def cut(self, steps_left: int) -> None:
        """Go back to the best state and halve the step; the steps that are left must be enough."""
        self.back()
        self.learning_rate /= 2.0
        self.goal = min(self.goal, self.elapsed + self.time_of(steps_left))
        self.cuts += 1


def stochastic_gradient_descent(  # noqa: PLR0913  (one keyword a constant)
    architecture: Architecture,
    weights: Sequence[Array],
    inputs: Array,
    target: Array,
    *,
    spectrum: Spectrum,
    learning_rate: float,
    n_steps: int,
    batch: int = BATCH_ROWS,
    max_steps: int = MAX_STEPS,
    dtype: Dtype = "float32",
    fit_intercept: bool = False,
    seed: int = 0,
    n_threads: int = 1,
    preconditioned: bool = True,
    cooling: float = COOLING,
) -> tuple[list[Array], TrainingTrace]:
    """Train every net by mini-batch gradient descent, preconditioned or not.

    Rows are drawn without replacement, pass by pass. The step is constant for three quarters of the
    flow time and then falls to zero (`cooling`). When the mean loss of at least 50
    batches (one pass, if that is more) exceeds its lowest value so far by a tenth and three
    standard errors, the best state is restored and the step halved.

    Parameters
    ----------
    architecture : Architecture
    weights : sequence of ndarray
        The start, as from :func:`ntkreg.ntk.network.architecture.initial_weights`; left as it is.
    inputs : ndarray of shape (n, n_inputs)
        Embedded rows, constant included.
    target : ndarray of shape (n, n_targets)
        Centred and scaled.
    spectrum : Spectrum
        The leading eigenvalues, descending, and eigenvectors of K/n on the same rows.
    learning_rate : float
        As from :func:`ntkreg.ntk.network.stochastic_schedule.stochastic_step` or `theory_step`.
    n_steps : int
        Prescribed number of steps, as from `stochastic_steps` beside them.
    batch : int, default=256
        At most n.
    max_steps : int, default=100000
        Where a longer prescription is cut short ("limit"): the step falls to zero there.
    dtype : {"float32", "float64", "bfloat16"}, default="float32"
        As in :func:`ntkreg.ntk.network.gradient_descent.gradient_descent`.
    fit_intercept : bool, default=False
        Whether each net's output is centred on the batch before it meets the target.
    seed : int, default=0
        Of the batches.
    n_threads : int, default=1
        Nets that are trained at the same time.
    preconditioned : bool, default=True
        Whether gradients shrink along the net's top directions.
    cooling : float, default=0.25
        Share of the flow time in which the step falls to zero; 0 is a constant step.

    Returns
    -------
    weights : list of ndarray
        The last iterate; after more than 8 cuts ("diverged") the best state.
    trace : TrainingTrace
        Of the net whose step was cut most often, the first of equals. Losses are those of the
        batches, and at the end of all rows.

    Raises
    ------
    ValueError
        If shapes do not match or an option is unknown.
    """
    shape, size = replace(architecture, n_networks=1), min(batch, len(inputs))
    goal = flow_time(learning_rate, min(n_steps, max_steps), cooling)

    # of the run as prescribed, as the step was
    whole = flow_time(learning_rate, n_steps, cooling)
    count = n_preconditioned(spectrum.values, whole) if preconditioned else 0

    def train_one(net: int) -> tuple[list[Array], TrainingTrace]:
        start = [array[net : net + 1] for array in weights]
        engine = make_engine(shape, start, inputs[:size], target[:size], dtype, fit_intercept)
        run, rows = Run(engine), Rows(engine, inputs, target, size)
        guard = Guard(engine, learning_rate, goal, cooling)
        rng = np.random.default_rng([seed, net])
        directions = None
        if count:
            edge = float(spectrum.values[count])
            directions = TopDirections(rows, spectrum.vectors[:, :count], edge)
        outcome = _iterate(run, rows, guard, directions, max_steps, rng)
        short = guard.goal < (1.0 - 1e-9) * whole
        if outcome != "diverged" and short:
            outcome = "limit"
        run.lowest = run.record(rows.loss())
        return engine.weights(), run.trace(outcome, guard.learning_rate, n_steps, guard.cuts)

    trained = train_networks(architecture, size, train_one, n_threads)
    joined = [np.concatenate(arrays) for arrays in zip(*(w for w, _ in trained), strict=True)]
    return joined, max((trace for _, trace in trained), key=lambda trace: trace.n_cuts)


def _iterate(
    run: Run,
    rows: Rows,
    guard: Guard,
    directions: TopDirections | None,
    max_steps: int,
    rng: np.random.Generator,
) -> Outcome:
    """Take the steps, cutting them where the loss rises by more than is tolerated."""
    import torch

    engine = run.engine
    window = max(_LEAST_WINDOW, rows.n // rows.batch)
    # the first loss is no measure: a batch of one row may start near zero
    tolerated = DIVERGENCE_FACTOR * rows.largest_loss()
    for part in rows.endless(rng):
        if not guard.elapsed < guard.goal:
            break
        loss = rows.see(part)
        run.record(loss)
        guard.window.append(loss)
        if not loss <= tolerated or guard.judge(window):
            if guard.cuts == MAX_CUTS:
                guard.back()
                return "diverged"
            guard.cut(max_steps - len(run.losses))
            continue
        engine.differentiate(engine.residual)
        if directions is not None:
            directions.shrink(engine.gradients())
        torch._foreach_add_(engine.parameters(), engine.gradients(), alpha=-guard.advance())
    return "guarded" if guard.cuts else "reached"
