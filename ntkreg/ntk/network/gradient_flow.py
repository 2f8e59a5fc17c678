"""Gradient flow on the finite network: the reference that all solvers are compared with.

Flow is gradient descent with an infinitely small step, dw/dt = -grad R(w). The fitted values
follow dr/dt = -K_w r/n with the tangent kernel K_w of the weights of the moment. With that kernel
held fixed for a time h the flow is known in closed form: the weights move by
-J' (1 - exp(-h K/n)) K^{-1} r. Such exponential Euler steps bear any stiffness; one of length h and
two of h/2 give the error and, extrapolated, second order (Hochbruck and Ostermann 2010,
Exponential integrators, Acta Numerica 19, 209-286). Every step decomposes two n x n kernels for
each net: for small tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence
from ntkreg.ntk.kernel.matrices import centre
from ntkreg.ntk.network.architecture import Architecture
from ntkreg.ntk.network.backpropagation import Backpropagation, one_thread_if_small
from ntkreg.ntk.network.gradient_descent import make_engine
from ntkreg.ntk.network.linearisation import tangent_kernel
from ntkreg.ntk.path import Spectrum, decompose
from ntkreg.ntk.results import Outcome, TrainingTrace

if TYPE_CHECKING:
    import torch

    Tensor = torch.Tensor

Array = NDArray[np.float64]

MAX_STEPS = 10_000
_GROWTH = (0.2, 4.0)
_SAFETY = 0.9


@dataclass(frozen=True)
class Flow:
    """How an integration went.

    Parameters
    ----------
    finished : bool
        Whether the whole time was integrated.
    times : ndarray of shape (n_steps + 1,)
        0 and the times after each accepted step.
    losses : ndarray of shape (n_steps + 1,)
        (1/2n) sum (f - y)^2 at these times, summed over targets and averaged over networks.
    n_rejected : int
        Steps that were repeated because their error was too large.
    """

    finished: bool
    times: Array
    losses: Array
    n_rejected: int

    def trace(self, duration: float) -> TrainingTrace:
        """Return how it went in the solvers' common form; the step size is the mean one."""
        taken, time = len(self.times) - 1, float(self.times[-1])
        values = {
            "n_steps": taken,
            "time": time,
            "duration": duration,
            "first": float(self.losses[0]),
            "last": float(self.losses[-1]),
        }
        sentence = Sentence("I252" if self.finished else "W252", values)
        outcome: Outcome = "reached" if self.finished else "limit"
        return TrainingTrace(outcome, self.losses, time / max(taken, 1), taken, 0, sentence)


def gradient_flow(
    architecture: Architecture,
    weights: Sequence[Array],
    inputs: Array,
    target: Array,
    *,
    duration: float,
    tolerance: float = 1e-3,
    max_steps: int = MAX_STEPS,
    fit_intercept: bool = False,
) -> tuple[list[Array], Flow]:
    """Follow the gradient flow of every net's loss (1/2n) sum_i (f(u_i) - y_i)^2, in float64.

    Parameters
    ----------
    architecture : Architecture
    weights : sequence of ndarray
        The start, as from :func:`ntkreg.ntk.network.architecture.initial_weights`; left as it is.
    inputs : ndarray of shape (n, n_inputs)
        Embedded rows, constant included.
    target : ndarray of shape (n, n_targets)
        Centred and scaled.
    duration : float
        Flow time: learning rate times number of steps of plain gradient descent.
    tolerance : float, default=1e-3
        Largest error of a step, as a root mean square over rows of the worst net, in units of the
        target's.
    max_steps : int, default=10000
        Steps, rejected ones included, after which the integration is broken off.
    fit_intercept : bool, default=False
        Whether each net's output is centred on the training rows before it meets the target.

    Returns
    -------
    weights : list of ndarray
        At the end of the time that was integrated.
    flow : Flow

    Raises
    ------
    ValueError
        If shapes do not match, duration is negative or tolerance not positive.
    """
    if not duration >= 0 or not tolerance > 0:
        raise ValueError(
            f"duration={duration} must not be negative, tolerance={tolerance} positive"
        )
    engine = make_engine(architecture, weights, inputs, target, "float64", fit_intercept)
    scale = float(np.sqrt(np.mean(np.square(target)))) or 1.0
    times, rejected = [0.0], 0
    with one_thread_if_small(architecture, len(inputs)):
        losses = [engine.loss()]
        spectra = _spectra(engine, architecture, inputs)
        step = 1.0 / max(1.0, *(float(s.values[0]) for s in spectra))
        while times[-1] < duration and len(losses) + rejected <= max_steps:
            # a remainder of rounding size would be a step of its own
            left = duration - times[-1]
            step = left if step > (1.0 - 1e-9) * left else step
            before = engine.parameters()
            error = _step(engine, architecture, inputs, spectra, step) / scale
            if error <= tolerance:
                times.append(duration if step == left else times[-1] + step)
                losses.append(engine.loss())
                spectra = _spectra(engine, architecture, inputs)
            else:
                rejected += 1
                engine.replace(before)
                engine.loss()
            step *= float(np.clip(_SAFETY * np.sqrt(tolerance / max(error, 1e-300)), *_GROWTH))
    flow = Flow(times[-1] >= duration, np.array(times), np.array(losses), rejected)
    return engine.weights(), flow


def _spectra(engine: Backpropagation, architecture: Architecture, inputs: Array) -> list[Spectrum]:
    """Return the spectrum of each net's tangent kernel at the engine's weights."""
    weights = engine.weights()
    kernels = (
        tangent_kernel(architecture, weights, inputs, net, target)
        for net, target in np.ndindex(weights[0].shape[:2])
    )
    return [decompose(centre(k) if engine.fit_intercept else k) for k in kernels]


def _moved(engine: Backpropagation, spectra: list[Spectrum], step: float) -> list[Tensor]:
    """Return the parameters after a time with gradients and kernels held fixed."""
    import torch

    residual = engine.residual.double().cpu().numpy()
    pulled = np.empty_like(residual)
    for row, spectrum, out in zip(residual, spectra, pulled, strict=True):
        decay = step * spectrum.values
        # (1 - exp(-x))/x, which is 1 at 0
        share = np.divide(-np.expm1(-decay), decay, out=np.ones_like(decay), where=decay > 1e-12)
        out[:] = spectrum.vectors @ (step * share * (row @ spectrum.vectors))
    engine.differentiate(torch.from_numpy(pulled).to(engine.residual))
    return [p - g for p, g in zip(engine.parameters(), engine.gradients(), strict=True)]


def _step(
    engine: Backpropagation,
    architecture: Architecture,
    inputs: Array,
    spectra: list[Spectrum],
    step: float,
) -> float:
    """Leave the engine after one extrapolated step, and return the error of the fitted values."""
    whole, half = _moved(engine, spectra, step), _moved(engine, spectra, step / 2)
    engine.replace(whole)
    engine.loss()
    coarse = engine.residual
    engine.replace(half)
    engine.loss()
    twice = _moved(engine, _spectra(engine, architecture, inputs), step / 2)
    engine.replace(twice)
    engine.loss()
    error = float((engine.residual - coarse).square().mean(dim=1).max().sqrt())
    engine.replace([2.0 * fine - rough for fine, rough in zip(twice, whole, strict=True)])
    return error if np.isfinite(error) else float("inf")
