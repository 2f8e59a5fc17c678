"""Full-batch gradient descent on the finite network: arrays in, arrays out.

The loss of every net is R = (1/2n) sum_i (f(u_i) - y_i)^2, on its own target, and the step is
constant: the iteration of the theory (theory.md 2).
:mod:`ntkreg.ntk.network.accelerated_descent` reaches the same place in fewer steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence
from ntkreg.ntk.network.architecture import Architecture
from ntkreg.ntk.network.backpropagation import Backpropagation, one_thread_if_small
from ntkreg.ntk.network.precision import DTYPES, Dtype
from ntkreg.ntk.results import Outcome, TrainingTrace

Array = NDArray[np.float64]

MAX_STEPS = 20_000
# plain gradient descent is given up when the loss passes this multiple of its start
DIVERGENCE_FACTOR = 10.0

_CODES: dict[Outcome, str] = {
    "reached": "I250",
    "limit": "W250",
    "diverged": "W251",
    "guarded": "I251",
}


class Run:
    """Losses of a run so far, and the loss at which it may end."""

    def __init__(self, engine: Backpropagation, enough: float = -math.inf) -> None:
        self.engine = engine
        self.enough = enough
        self.losses: list[float] = []
        self.lowest = math.inf

    def record(self, loss: float) -> float:
        """Add a loss and return the lowest so far, NaN not being one."""
        self.losses.append(loss)
        if loss < self.lowest:
            self.lowest = loss
        return self.lowest

    @property
    def near(self) -> bool:
        """Whether the last loss is small enough to end the run."""
        return self.losses[-1] <= self.enough

    def trace(
        self, outcome: Outcome, learning_rate: float, n_steps: int, cuts: int
    ) -> TrainingTrace:
        """Return how the run went; `n_steps` is the number that was prescribed."""
        taken = len(self.losses) - 1
        values = {
            "n_steps": taken,
            "prescribed": n_steps,
            "n_cuts": cuts,
            "learning_rate": learning_rate,
            "first": self.losses[0],
            "last": self.lowest if outcome == "diverged" else self.losses[-1],
        }
        code = "I253" if outcome == "reached" and self.near else _CODES[outcome]
        sentence = Sentence(code, values)
        losses = np.array(self.losses)
        return TrainingTrace(outcome, losses, learning_rate, taken, cuts, sentence)


def tolerated_loss(target: Array, tolerance: float | None) -> float:
    """Return the loss, summed over targets, of a root mean squared residual; None is none."""
    return -math.inf if tolerance is None else target.shape[1] * tolerance**2 / 2


def make_engine(
    architecture: Architecture,
    weights: Sequence[Array],
    inputs: Array,
    target: Array,
    dtype: Dtype,
    fit_intercept: bool,
) -> Backpropagation:
    """Check the arrays and return the engine that computes losses and gradients.

    Raises
    ------
    ValueError
        If shapes do not match or `dtype` is unknown.
    """
    if dtype not in DTYPES:
        raise ValueError(f"dtype={dtype!r} must be one of {DTYPES}")
    if target.ndim != 2 or len(target) != len(inputs):
        raise ValueError(
            f"target has shape {target.shape}, expected ({len(inputs)}, n_targets)"
            f" for {len(inputs)} input rows"
        )
    return Backpropagation(architecture, weights, inputs, target, dtype, fit_intercept)


def gradient_descent(
    architecture: Architecture,
    weights: Sequence[Array],
    inputs: Array,
    target: Array,
    *,
    learning_rate: float,
    n_steps: int,
    max_steps: int = MAX_STEPS,
    dtype: Dtype = "float32",
    fit_intercept: bool = False,
    tolerance: float | None = None,
) -> tuple[list[Array], TrainingTrace]:
    """Train every net by plain full-batch gradient descent with a constant step.

    Parameters
    ----------
    architecture : Architecture
    weights : sequence of ndarray
        The start, as from :func:`ntkreg.ntk.network.architecture.initial_weights`; left as it is.
    inputs : ndarray of shape (n, n_inputs)
        Embedded rows, constant included.
    target : ndarray of shape (n, n_targets)
        Centred and scaled.
    learning_rate : float
        eta. The theory wants eta <= 1/s_1; from 2/s_1 on the iteration is unstable.
    n_steps : int
        Prescribed number of steps.
    max_steps : int, default=20000
        Where a longer prescription is broken off ("limit").
    dtype : {"float32", "float64", "bfloat16"}, default="float32"
        Of the training, or of the products between hidden layers alone ("bfloat16"); the weights
        come back in float64.
    fit_intercept : bool, default=False
        Whether each net's output is centred on the training rows before it meets the target.
    tolerance : float, optional
        Root mean squared residual, averaged over targets, at which the run ends.

    Returns
    -------
    weights : list of ndarray
        The last iterate; if the loss became non-finite or passed 10 times its start ("diverged"),
        the iterate of the lowest loss.
    trace : TrainingTrace
        Losses are summed over targets and averaged over networks.

    Raises
    ------
    ValueError
        If shapes do not match or an option is unknown.
    """
    engine = make_engine(architecture, weights, inputs, target, dtype, fit_intercept)
    run = Run(engine, tolerated_loss(target, tolerance))
    outcome: Outcome = "reached" if n_steps <= max_steps else "limit"
    best = engine.parameters()
    spare = [p.clone() for p in best]
    with one_thread_if_small(architecture, len(inputs)):
        for step in range(min(n_steps, max_steps) + 1):
            loss = engine.loss()
            lowest = run.record(loss)
            if not loss <= DIVERGENCE_FACTOR * run.losses[0]:
                outcome = "diverged"
                engine.replace(best)
                break
            if run.near:
                outcome = "reached"
                break
            if loss <= lowest and (live := engine.parameters())[0] is not best[0]:
                best, spare = live, best
            if step < min(n_steps, max_steps):
                engine.differentiate(engine.residual)
                _descend(engine, spare, learning_rate)
    return engine.weights(), run.trace(outcome, learning_rate, n_steps, 0)


def _descend(engine: Backpropagation, target: Sequence[Any], learning_rate: float) -> None:
    """Take one step from the engine's parameters into other tensors, and make these its own."""
    import torch

    for point, gradient, out in zip(engine.parameters(), engine.gradients(), target, strict=True):
        torch.add(point, gradient, alpha=-learning_rate, out=out)
    engine.replace(target)
