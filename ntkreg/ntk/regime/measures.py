"""Whether trained nets stayed in their kernel regime on their own table: what is measured.

Gaps to the net's twins (:mod:`ntkreg.ntk.regime.gaps`), movement of the weights, drift of the net's
own tangent kernel (theory.md 2f, 2g).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.matrices import centre
from ntkreg.ntk.network.architecture import split_by_branch
from ntkreg.ntk.network.branch_pass import trained_layers
from ntkreg.ntk.network.linearisation import tangent_kernel
from ntkreg.ntk.regime.gaps import Gaps, TrainedNets, measure_gaps, twin_filter
from ntkreg.ntk.results import Activation

Array = NDArray[np.float64]

MAX_DRIFT_ROWS = 200
# so large a gap adds 2 % to an error of the size of the noise
CLOSE = 0.2
# where the estimated noise is smaller, this share of the target's deviation stands in for it
MIN_NOISE = 0.01


@dataclass(frozen=True)
class LayerMovement:
    """How far one layer's weights moved, |W_T - W_0|/|W_0|; layer L + 1 is the readout."""

    activation: Activation
    layer: int
    relative: float


@dataclass(frozen=True)
class Regime:
    """What was measured on the training rows of trained nets.

    Parameters
    ----------
    gaps : Gaps
    movements : tuple of LayerMovement
    kernel_drift : float
        |K_T - K_0|/|K_0| of the nets' own (centred) tangent kernels, Frobenius norm, mean over
        nets, on `n_drift_rows` rows.
    n_drift_rows : int
    prediction_error : float
        Noise level times the root of tr(H H')/n: standard error of the kernel's fitted values.
    """

    gaps: Gaps
    movements: tuple[LayerMovement, ...]
    kernel_drift: float
    n_drift_rows: int
    prediction_error: float


def gap_unit(noise: float, deviation: float) -> float:
    """Return what gaps are measured against: the noise level, at least 1 % of y's deviation."""
    return max(noise, MIN_NOISE * deviation)


def relative(gap: float, unit: float) -> float:
    """Return gap / unit, where no gap is 0 even against a unit of 0 (a constant target)."""
    return gap / unit if unit > 0 else (0.0 if gap == 0 else float("inf"))


def weight_movements(nets: TrainedNets) -> tuple[LayerMovement, ...]:
    """Return how far every trained layer moved, all nets together."""
    architecture = nets.architecture
    found = []
    parts = zip(
        architecture.branches,
        split_by_branch(architecture, nets.start),
        split_by_branch(architecture, nets.weights),
        strict=True,
    )
    for branch, before, after in parts:
        for layer in trained_layers(branch):
            moved = np.linalg.norm(after[layer] - before[layer]) / np.linalg.norm(before[layer])
            found.append(LayerMovement(branch.activation, layer + 1, float(moved)))
    return tuple(found)


def kernel_drift(nets: TrainedNets, max_rows: int = MAX_DRIFT_ROWS) -> float:
    """Return |K_T - K_0|/|K_0| of the nets' own kernels on at most `max_rows` rows."""
    rows = nets.inputs
    if len(rows) > max_rows:
        rows = rows[np.random.default_rng(0).choice(len(rows), max_rows, replace=False)]
    drifts = []
    for net, target in np.ndindex(nets.architecture.n_networks, nets.target.shape[1]):
        before, after = (
            tangent_kernel(nets.architecture, weights, rows, net, target)
            for weights in (nets.start, nets.weights)
        )
        if nets.fit_intercept:
            before, after = centre(before), centre(after)
        drifts.append(float(np.linalg.norm(after - before) / (np.linalg.norm(before) or 1.0)))
    return float(np.mean(drifts))


def measure_regime(nets: TrainedNets, noise: float) -> Regime:
    """Measure trained nets on their own training rows.

    Parameters
    ----------
    nets : TrainedNets
    noise : float
        Noise level of the prescription, target units.
    """
    fitted = nets.spectrum.values * twin_filter(nets)
    return Regime(
        gaps=measure_gaps(nets)[0],
        movements=weight_movements(nets),
        kernel_drift=kernel_drift(nets),
        n_drift_rows=min(len(nets.inputs), MAX_DRIFT_ROWS),
        prediction_error=noise * float(np.sqrt(np.mean(np.square(fitted)))),
    )
