"""Gradient descent on the finite network, preconditioned and with momentum.

The residual passes through M = I + U_k (s_{k+1}/s - 1) U_k', where s and U are the top eigenvalues
and eigenvectors of the kernel matrix K/n, so that in function space no direction is faster than
s_{k+1}; Nesterov's momentum comes on top (network.md 2). On the kernel this is exactly the
iteration of :func:`ntkreg.ntk.path.accelerated_filter`, which prescribes its number of steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.backpropagation import Backpropagation
from ntkreg.ntk.gradient_descent import Dtype, Run, make_engine
from ntkreg.ntk.network import Architecture
from ntkreg.ntk.path import ACCELERATED_SAFETY, Spectrum, accelerated_residuals, n_deflated
from ntkreg.ntk.results import Outcome, TrainingTrace

if TYPE_CHECKING:
    import torch

    Tensor = torch.Tensor

Array = NDArray[np.float64]

MAX_STEPS = 2_000
MAX_CUTS = 8
# the accelerated loss may exceed its lowest value by this share, plus twice the largest rise of
# the same iteration on the kernel (momentum overshoots a little; that is no instability)
RISE_TOLERANCE = 0.1
# rises below this share of the loss at zero output are rounding
RISE_FLOOR = 1e-6


def _edge(values: Array, dtype: Dtype) -> float:
    """Return s_{k+1}, the largest eigenvalue that is left alone."""
    # directions below the rounding of the training must not set the step
    floor = 10.0 * float(np.finfo(dtype).eps) * values[0]
    return float(max(values[n_deflated(values)], floor)) or 1.0


def accelerated_step(values: Array, dtype: Dtype = "float32") -> float:
    """Return the prescribed step 0.9/s_{k+1} for eigenvalues s of K/n, descending."""
    return ACCELERATED_SAFETY / _edge(values, dtype)


class _Deflation:
    """The map M of the residual.

    Parameters
    ----------
    spectrum : Spectrum
        Of K/n.
    dtype : {"float32", "float64"}
    like : Tensor
        Gives dtype and device.
    """

    def __init__(self, spectrum: Spectrum, dtype: Dtype, like: Tensor) -> None:
        import torch

        count = n_deflated(spectrum.values)
        factors = _edge(spectrum.values, dtype) / spectrum.values[:count] - 1.0
        self.vectors = torch.tensor(spectrum.vectors[:, :count]).to(like)
        self.factors = torch.tensor(factors).to(like)

    def __call__(self, residual: Tensor) -> Tensor:
        return residual + ((residual @ self.vectors) * self.factors) @ self.vectors.T


def _kernel_rise(spectrum: Spectrum, target: Array, n_steps: int) -> float:
    """Return the largest rise over its lowest value of the same iteration's loss on the kernel."""
    power = np.square(spectrum.vectors.T @ target).sum(axis=1) / (2 * len(target))
    residuals = accelerated_residuals(spectrum.values, n_deflated(spectrum.values), n_steps)
    momentum = np.maximum(np.arange(n_steps + 1) - 1, 0) / (np.arange(n_steps + 1) + 2)
    # the net's loss is seen where its gradient is taken, at the extrapolated points
    ahead = residuals[:-1] + momentum[1:, None] * np.diff(residuals, axis=0, prepend=1.0)[:-1]
    losses = np.square(np.vstack([ahead, residuals[-1:]])) @ power
    return float(np.max(losses - np.minimum.accumulate(losses)))


class _Momentum:
    """Nesterov's iteration: live parameters are the points where gradients are taken.

    Flow time is counted as eta j^2 / 8 within a stretch of j steps (the small-time expansion of the
    Nesterov filter against that of gradient flow), so that a run whose step was cut ends at the
    time that was prescribed for it.
    """

    def __init__(self, engine: Backpropagation, learning_rate: float, n_steps: int) -> None:
        self.engine = engine
        self.learning_rate = learning_rate
        self.goal = learning_rate * n_steps**2 / 8.0
        self.begin(0.0, n_steps)

    def begin(self, elapsed: float, needed: int) -> None:
        self.start, self.needed, self.step = elapsed, needed, 0
        self.previous = [p.clone() for p in self.engine.parameters()]

    def elapsed(self) -> float:
        return self.start + self.learning_rate * self.step**2 / 8.0

    def restart(self, elapsed: float) -> None:
        """Begin again from the live parameters, at flow time `elapsed`, with half the step."""
        self.learning_rate /= 2.0
        left = max(self.goal - elapsed, 0.0)
        self.begin(elapsed, math.ceil(math.sqrt(8.0 * left / self.learning_rate) - 1e-9))

    def advance(self, last: bool) -> None:
        """Take one step; extrapolate unless it is the last."""
        import torch

        engine = self.engine
        self.step += 1
        live = engine.parameters()
        torch._foreach_add_(live, engine.gradients(), alpha=-self.learning_rate)
        if last:
            return
        # the point of step j + 1 is x_j + j/(j + 3) (x_j - x_{j-1})
        weight = self.step / (self.step + 3.0)
        torch._foreach_mul_(self.previous, -weight)
        torch._foreach_add_(self.previous, live, alpha=1.0 + weight)
        engine.replace(self.previous)
        self.previous = live


def accelerated_gradient_descent(
    architecture: Architecture,
    weights: Sequence[Array],
    inputs: Array,
    target: Array,
    *,
    spectrum: Spectrum,
    n_steps: int,
    learning_rate: float | None = None,
    max_steps: int = MAX_STEPS,
    dtype: Dtype = "float32",
    fit_intercept: bool = False,
) -> tuple[list[Array], TrainingTrace]:
    """Train every net by preconditioned full-batch gradient descent with Nesterov's momentum.

    When the loss exceeds its lowest value so far by a tenth (plus twice what the same iteration
    rises on the kernel), the best iterate is restored, the step halved and the momentum restarted;
    the run then goes on until the flow time of the prescription, eta n_steps^2 / 8, has passed.

    Parameters
    ----------
    architecture : Architecture
    weights : sequence of ndarray
        The start, as from :func:`ntkreg.ntk.network.initial_weights`; left as it is.
    inputs : ndarray of shape (n, n_inputs)
        Embedded rows, constant included.
    target : ndarray of shape (n, n_targets)
        Centred and scaled.
    spectrum : Spectrum
        Eigenvalues, descending, and eigenvectors of K/n on the same rows.
    n_steps : int
        Prescribed number of steps.
    learning_rate : float, optional
        Default: 0.9/s_{k+1}, k eigenvectors being preconditioned.
    max_steps : int, default=2000
        Where a longer run is broken off ("limit").
    dtype : {"float32", "float64"}, default="float32"
        Of the training; the weights come back in float64 either way.
    fit_intercept : bool, default=False
        Whether each net's output is centred on the training rows before it meets the target;
        `spectrum` is then that of the centred kernel.

    Returns
    -------
    weights : list of ndarray
        The last iterate; after more than 8 cuts ("diverged") the one of the lowest loss.
    trace : TrainingTrace
        Losses, summed over targets and averaged over networks, are those of the points where the
        gradients were taken, and of the last iterate.

    Raises
    ------
    ValueError
        If shapes do not match or an option is unknown.
    """
    engine = make_engine(architecture, weights, inputs, target, dtype, fit_intercept)
    run = Run(engine)
    deflation = _Deflation(spectrum, dtype, engine.target)
    rate = accelerated_step(spectrum.values, dtype) if learning_rate is None else learning_rate
    rise = 2.0 * _kernel_rise(spectrum, target, min(n_steps, max_steps))
    rise += RISE_FLOOR * float(np.square(target).sum()) / (2 * len(target))
    momentum = _Momentum(engine, rate, n_steps)
    with engine.threads():
        outcome, cuts = _iterate(run, momentum, deflation, rise, max_steps)
    return engine.weights(), run.trace(outcome, momentum.learning_rate, n_steps, cuts)


def _iterate(
    run: Run, momentum: _Momentum, deflation: _Deflation, rise: float, max_steps: int
) -> tuple[Outcome, int]:
    """Take the steps, cutting them where the loss rises by more than is tolerated."""
    engine = run.engine
    best_time, cuts = 0.0, 0
    while True:
        loss = engine.loss()
        run.losses.append(loss)
        if not loss <= (1.0 + RISE_TOLERANCE) * run.lowest + rise:
            run.restore()
            if cuts == MAX_CUTS:
                return "diverged", cuts
            cuts += 1
            momentum.restart(best_time)
            engine.loss()
        elif run.keep(loss):
            best_time = momentum.elapsed()
        taken = len(run.losses) - 1
        if momentum.step >= momentum.needed or taken >= max_steps:
            break
        engine.differentiate(deflation(engine.residual))
        momentum.advance(momentum.step + 1 >= momentum.needed or taken + 1 >= max_steps)
    if momentum.step < momentum.needed:
        return "limit", cuts
    return ("guarded" if cuts else "reached"), cuts
