"""Gradient descent on the finite network, preconditioned and with momentum.

The residual passes through M = I + U_k (s_{k+1}/s - 1) U_k', where s and U are the top eigenvalues
and eigenvectors of the kernel matrix K/n, so that in function space no direction is faster than
s_{k+1}; Nesterov's momentum comes on top (network.md 2). On the kernel this is exactly the
iteration of :func:`ntkreg.ntk.path.accelerated_filter`, which prescribes its number of steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.network.architecture import Architecture
from ntkreg.ntk.network.backpropagation import train_networks
from ntkreg.ntk.network.gradient_descent import Run, make_engine, tolerated_loss
from ntkreg.ntk.network.momentum import Momentum
from ntkreg.ntk.network.precision import Dtype, master
from ntkreg.ntk.path import ACCELERATED_SAFETY, Spectrum, accelerated_filter, n_deflated
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


def accelerated_step(
    values: Array, dtype: Dtype = "float32", *, preconditioned: bool = True
) -> float:
    """Return the prescribed step 0.9/s_{k+1} for eigenvalues s of K/n, descending."""
    # directions below the rounding of the training must not set the step
    floor = 10.0 * float(np.finfo(master(dtype)).eps) * values[0]
    edge = float(max(values[n_deflated(values) if preconditioned else 0], floor)) or 1.0
    return ACCELERATED_SAFETY / edge


class _Deflation:
    """The map M of the residual.

    Parameters
    ----------
    spectrum : Spectrum
        Of K/n.
    count : int
        k, the number of preconditioned eigenvectors.
    step : float
        Prescribed step size, 0.9/s_{k+1}.
    like : Tensor
        Gives dtype and device.
    """

    def __init__(self, spectrum: Spectrum, count: int, step: float, like: Tensor) -> None:
        import torch

        factors = ACCELERATED_SAFETY / step / spectrum.values[:count] - 1.0
        self.vectors = torch.tensor(spectrum.vectors[:, :count]).to(like)
        self.factors = torch.tensor(factors).to(like)

    def __call__(self, residual: Tensor) -> Tensor:
        return residual + ((residual @ self.vectors) * self.factors) @ self.vectors.T


def _kernel_rise(
    spectrum: Spectrum, target: Array, count: int, n_steps: int, learning_rate: float
) -> float:
    """Return the largest rise over its lowest value of the same iteration's loss on the kernel."""
    power = np.square(spectrum.vectors.T @ target).sum(axis=1) / (2 * len(target))
    filters = accelerated_filter(spectrum.values, count, n_steps, learning_rate)
    residuals = 1.0 - spectrum.values * filters
    momentum = np.maximum(np.arange(n_steps + 1) - 1, 0) / (np.arange(n_steps + 1) + 2)
    # the net's loss is seen where its gradient is taken, at the extrapolated points
    ahead = residuals[:-1] + momentum[1:, None] * np.diff(residuals, axis=0, prepend=1.0)[:-1]
    losses = np.square(np.vstack([ahead, residuals[-1:]])) @ power
    return float(np.max(losses - np.minimum.accumulate(losses)))


def accelerated_gradient_descent(  # noqa: PLR0913  (the problem, and one constant each)
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
    preconditioned: bool = True,
    n_threads: int = 1,
    tolerance: float | None = None,
) -> tuple[list[Array], TrainingTrace]:
    """Train every net by full-batch gradient descent, preconditioned and with Nesterov's momentum.

    When a net's loss exceeds its lowest value so far by a tenth (plus twice what the same iteration
    rises on the kernel), its best iterate is restored and the step halved; the run then goes on
    until the flow time of the prescription, eta n_steps^2 / 8, has passed.

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
        Eigenvalues, descending, and eigenvectors of K/n on the same rows.
    n_steps : int
        Prescribed number of steps.
    learning_rate : float, optional
        Default: 0.9/s_{k+1}, k eigenvectors being preconditioned.
    max_steps : int, default=2000
        Where a longer run is broken off ("limit").
    dtype : {"float32", "float64", "bfloat16"}, default="float32"
        Of the training, or of the products between hidden layers alone ("bfloat16"); the weights
        come back in float64.
    fit_intercept : bool, default=False
        Whether each net's output is centred on the training rows before it meets the target;
        `spectrum` is then that of the centred kernel.
    preconditioned : bool, default=True
        Whether there is a preconditioner at all, or momentum alone (k = 0).
    n_threads : int, default=1
        Nets that are trained at the same time, unless their products are large enough to keep all
        processors busy.
    tolerance : float, optional
        Root mean squared residual, averaged over targets, at which the run ends.

    Returns
    -------
    weights : list of ndarray
        The last iterate; after more than 8 cuts ("diverged") the one of the lowest loss.
    trace : TrainingTrace
        Of the net whose step was cut most often, the first of equals. Losses, summed over targets,
        are those of the points where the gradients were taken, and of the last iterate.

    Raises
    ------
    ValueError
        If shapes do not match or an option is unknown.
    """
    own = accelerated_step(spectrum.values, dtype, preconditioned=preconditioned)
    rate = own if learning_rate is None else learning_rate
    count = n_deflated(spectrum.values) if preconditioned else 0
    # a step that is too large for the kernel itself is no measure of what is harmless
    rise = 2.0 * _kernel_rise(spectrum, target, count, min(n_steps, max_steps), min(rate, own))
    rise += RISE_FLOOR * float(np.square(target).sum()) / (2 * len(target))
    shape = replace(architecture, n_networks=1)

    def train_one(net: int) -> tuple[list[Array], TrainingTrace]:
        start = [array[net : net + 1] for array in weights]
        engine = make_engine(shape, start, inputs, target, dtype, fit_intercept)
        run = Run(engine, tolerated_loss(target, tolerance))
        momentum = Momentum(engine, rate, n_steps)
        deflation = _Deflation(spectrum, count, own, engine.target)
        outcome, cuts = _iterate(run, momentum, deflation, rise, max_steps)
        return engine.weights(), run.trace(outcome, momentum.learning_rate, n_steps, cuts)

    trained = train_networks(architecture, len(inputs), train_one, n_threads)
    joined = [np.concatenate(arrays) for arrays in zip(*(w for w, _ in trained), strict=True)]
    return joined, max((trace for _, trace in trained), key=lambda trace: trace.n_cuts)


def _iterate(
    run: Run, momentum: Momentum, deflation: _Deflation, rise: float, max_steps: int
) -> tuple[Outcome, int]:
    """Take the steps, cutting them where the loss rises by more than is tolerated."""
    engine, cuts = run.engine, 0
    while True:
        loss = engine.loss()
        lowest = run.record(loss)
        if not loss <= (1.0 + RISE_TOLERANCE) * lowest + rise:
            if cuts == MAX_CUTS:
                momentum.back()
                return "diverged", cuts
            cuts += 1
            momentum.cut()
            engine.loss()
        elif loss <= lowest:
            momentum.keep()
        if run.near:
            return ("guarded" if cuts else "reached"), cuts
        taken = len(run.losses) - 1
        if not momentum.left() or taken >= max_steps:
            break
        engine.differentiate(deflation(engine.residual))
        momentum.advance(momentum.left() == 1 or taken + 1 >= max_steps)
    if momentum.left():
        return "limit", cuts
    return ("guarded" if cuts else "reached"), cuts
