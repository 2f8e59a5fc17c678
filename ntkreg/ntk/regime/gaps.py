"""How far trained nets are from three twins that had the same training time.

The infinitely wide net; each net's own linearisation, whose kernel is the one that the net drew at
its start; and, without training, the first-order expansion at the weights that the net reached
(theory.md 1.2). Far from the first but close to the second is a net of finite width; far from the
second is a net that learned features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.network.accelerated_descent import accelerated_step
from ntkreg.ntk.network.architecture import Architecture, implied_branches
from ntkreg.ntk.network.linearisation import (
    linearised_outputs,
    momentum_filter,
    preconditioner_root,
    tangent_kernel,
    train_linearised,
)
from ntkreg.ntk.network.outputs import network_outputs
from ntkreg.ntk.path import (
    ACCELERATED_SAFETY,
    Spectrum,
    gradient_descent_filter,
    n_deflated,
    predictions_along,
)
from ntkreg.ntk.results import Solver

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TrainedNets:
    """Trained nets with what they were trained on and how.

    Parameters
    ----------
    architecture : Architecture
    start, weights : list of ndarray
        Before and after training, as from :func:`ntkreg.ntk.network.architecture.initial_weights`.
    inputs : ndarray of shape (n, n_inputs)
        Embedded training rows.
    target : ndarray of shape (n, n_targets)
        Centred and scaled.
    scale : ndarray of shape (n_targets,)
        What a unit of the scaled target is in target units.
    spectrum : Spectrum
        Of K/n on the training rows, K being the (centred) kernel of the infinitely wide net.
    solver : {"accelerated", "gd"}
    learning_rate : float
        First step size.
    n_steps : int
        Steps of that size for which the training was meant to go on.
    fit_intercept : bool
        Whether outputs are centred on the training rows.
    preconditioned : bool, default=True
        Whether the accelerated solver had its preconditioner, or momentum alone.
    """

    architecture: Architecture
    start: list[Array]
    weights: list[Array]
    inputs: Array
    target: Array
    scale: Array
    spectrum: Spectrum
    solver: Solver
    learning_rate: float
    n_steps: int
    fit_intercept: bool
    preconditioned: bool = True


@dataclass(frozen=True)
class Gaps:
    """Root mean squared gaps on one set of rows, target units.

    Parameters
    ----------
    n_rows : int
    kernel, kernel_single : float
        To the infinitely wide net at the same time: of the nets' mean, and of single nets.
    linearisation, linearisation_single : float
        To each net's own linearisation, trained alike: of the nets' mean, and of single nets.
    expansion : float
        Of single nets to their first-order expansion at the weights they reached.
    seed_spread : float
        Of single nets around their mean, with divisor one less than their number; NaN for one.
    standard_error : float
        Of the nets' mean, seed_spread over the root of their number.
    """

    n_rows: int
    kernel: float
    kernel_single: float
    linearisation: float
    linearisation_single: float
    expansion: float
    seed_spread: float
    standard_error: float


def twin_filter(nets: TrainedNets) -> Array:
    """Return the filter of the infinitely wide net at the nets' training time, shape (n,)."""
    values = nets.spectrum.values
    if nets.solver == "gd":
        steps = np.array([nets.n_steps])
        plain: Array = gradient_descent_filter(values, nets.learning_rate, steps)[0]
        return plain
    deflated = n_deflated(values) if nets.preconditioned else 0
    # the descent takes no smaller eigenvalue than this for the edge of what it preconditions
    values = values.copy()
    values[deflated] = max(values[deflated], ACCELERATED_SAFETY / _own_step(nets))
    return momentum_filter(values, deflated, nets.n_steps, nets.learning_rate)


def _own_step(nets: TrainedNets) -> float:
    return accelerated_step(nets.spectrum.values, preconditioned=nets.preconditioned)


def _twin(nets: TrainedNets, others: Array) -> Array:
    """Return the infinitely wide net on training rows and others, shape (n_rows, n_targets)."""
    spectrum, filters = nets.spectrum, twin_filter(nets)
    rotated = spectrum.vectors.T @ nets.target
    fitted: Array = spectrum.vectors @ ((spectrum.values * filters)[:, None] * rotated)
    if not len(others):
        return fitted
    branches = implied_branches(nets.architecture)
    cross = gram(others, nets.inputs, branches)
    if nets.fit_intercept:
        cross -= gram(nets.inputs, None, branches).mean(axis=0)
    predicted = predictions_along(spectrum, nets.target, cross, filters[None])[0]
    return np.vstack([fitted, predicted])


def _linearised(nets: TrainedNets, rows: Array) -> Array:
    """Return each net's own linearisation, trained alike, shape (n_networks, n_rows, n_targets)."""
    root = None
    if nets.solver == "accelerated":
        root = preconditioner_root(nets.spectrum, preconditioned=nets.preconditioned)
    n, n_targets = nets.target.shape
    result = np.empty((nets.architecture.n_networks, len(rows), n_targets))
    for net in range(len(result)):
        # the nets of all targets start alike
        kernel = tangent_kernel(nets.architecture, nets.start, rows, net)[:, :n]
        for target in range(n_targets):
            result[net, :, target] = train_linearised(
                kernel,
                nets.target[:, target],
                learning_rate=nets.learning_rate,
                n_steps=nets.n_steps,
                root=root,
                fit_intercept=nets.fit_intercept,
            )
    return result


def _rms(difference: Array, scale: Array) -> float:
    return float(np.sqrt(np.mean(np.square(difference * scale))))


def measure_gaps(nets: TrainedNets, others: Array | None = None) -> tuple[Gaps, Gaps | None]:
    """Return the gaps on the training rows, and on other embedded rows where they are given."""
    n = len(nets.inputs)
    others = nets.inputs[:0] if others is None else others
    rows = np.vstack([nets.inputs, others])
    outputs = network_outputs(nets.architecture, nets.weights, rows)
    expansion = linearised_outputs(nets.architecture, nets.start, nets.weights, rows)
    if nets.fit_intercept:
        outputs -= outputs[:, :n].mean(axis=1, keepdims=True)
        expansion -= expansion[:, :n].mean(axis=1, keepdims=True)
    twins = _twin(nets, others), _linearised(nets, rows), expansion

    def gaps_on(part: slice) -> Gaps:
        net, kernel, own, first = (a[..., part, :] for a in (outputs, *twins))
        count, mean = len(net), net.mean(axis=0)
        bessel = np.sqrt(count / (count - 1)) if count > 1 else np.nan
        spread = float(_rms(net - mean, nets.scale) * bessel)
        return Gaps(
            n_rows=net.shape[1],
            kernel=_rms(mean - kernel, nets.scale),
            kernel_single=_rms(net - kernel, nets.scale),
            linearisation=_rms(mean - own.mean(axis=0), nets.scale),
            linearisation_single=_rms(net - own, nets.scale),
            expansion=_rms(net - first, nets.scale),
            seed_spread=spread,
            standard_error=spread / float(np.sqrt(count)),
        )

    return gaps_on(slice(0, n)), gaps_on(slice(n, None)) if len(others) else None
