"""A plain net of narrow layers and a wide one, trained by full-batch Adam: P5's first phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ntkreg.papers.hidden_features import SHARPNESS, HiddenLayers, softplus, with_constant

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Snapshot:
    """The net after some steps.

    Parameters
    ----------
    n_steps : int
    layers : HiddenLayers
    head : ndarray of shape (width + 1, n_targets)
        On [h, 1].
    finite : bool
        False where training broke down on the way; the net is then the one before it.
    """

    n_steps: int
    layers: HiddenLayers
    head: Array
    finite: bool = True


def initial_layers(n_columns: int, widths: Sequence[int], seed: int) -> HiddenLayers:
    """Draw softplus layers: weights N(0, 2/n_in), biases uniform on [-1, 1] (our defaults).

    The biases spread the bends of the features over the rows, which then have full rank.

    Parameters
    ----------
    n_columns : int
    widths : sequence of int
        Of the hidden layers, first to last.
    seed : int
    """
    rng = np.random.default_rng(seed)
    sizes = [n_columns, *widths]
    pairs = list(pairwise(sizes))
    weights = [rng.normal(scale=np.sqrt(2.0 / a), size=(a, b)) for a, b in pairs]
    biases = [rng.uniform(-1.0, 1.0, size=b) for b in widths]
    return HiddenLayers(weights, biases, "softplus", float(1.0 / np.sqrt(widths[-1])))


def loss_and_gradients(
    layers: HiddenLayers, head: Array, rows: Array, targets: Array
) -> tuple[float, list[Array]]:
    """Return (1/2n) sum |f - y|^2 and its gradients: all weights, all biases, the head.

    Parameters
    ----------
    layers : HiddenLayers
        With the softplus activation.
    head : ndarray of shape (width + 1, n_targets)
    rows : ndarray of shape (n, n_columns)
    targets : ndarray of shape (n, n_targets)
    """
    values = [rows]
    for weight, bias in zip(layers.weights, layers.biases, strict=True):
        values.append(softplus(values[-1] @ weight + bias))
    top = with_constant(layers.scale * values[-1])
    residual = (top @ head - targets) / len(rows)
    by_weight: list[Array] = []
    by_bias: list[Array] = []
    back = layers.scale * (residual @ head[:-1].T)
    for weight, below, above in zip(
        layers.weights[::-1], values[-2::-1], values[:0:-1], strict=True
    ):
        # s'(z) = 1 - exp(-b s(z)) for the softplus
        slope = back * -np.expm1(-SHARPNESS * above)
        by_weight.insert(0, below.T @ slope)
        by_bias.insert(0, slope.sum(axis=0))
        back = slope @ weight.T
    loss = 0.5 * len(rows) * float(np.sum(residual**2))
    return loss, [*by_weight, *by_bias, top.T @ residual]


def train(
    rows: Array,
    targets: Array,
    widths: Sequence[int],
    stops: Sequence[int],
    learning_rate: float,
    seed: int,
) -> list[Snapshot]:
    """Train all layers by full-batch Adam from a zero head; return the net at the given steps.

    Parameters
    ----------
    rows : ndarray of shape (n, n_columns)
        Standardised.
    targets : ndarray of shape (n, n_targets)
    widths : sequence of int
    stops : sequence of int
        Ascending numbers of steps.
    learning_rate : float
    seed : int

    Returns
    -------
    list of Snapshot
        One for each stop. Any first-order method may stand here (arXiv 2104.05785, abstract).
    """
    layers = initial_layers(rows.shape[1], widths, seed)
    head = np.zeros((widths[-1] + 1, targets.shape[1]))
    arrays = [*layers.weights, *layers.biases, head]
    first, second = ([np.zeros_like(a) for a in arrays] for _ in range(2))
    depth, taken = len(widths), list[Snapshot]()
    good = Snapshot(0, layers, head)
    for step in range(max(stops)):
        # an overflow is looked for below, and named in the record
        with np.errstate(over="ignore", invalid="ignore"):
            loss, gradients = loss_and_gradients(layers, arrays[-1], rows, targets)
            arrays = _adam(arrays, gradients, first, second, learning_rate, step + 1)
        layers = HiddenLayers(arrays[:depth], arrays[depth:-1], "softplus", layers.scale)
        if not np.isfinite(loss):
            broken = replace(good, finite=False)
            return taken + [broken] * (len(stops) - len(taken))
        if step + 1 in stops:
            good = Snapshot(step + 1, layers, arrays[-1])
            taken.append(good)
    return taken


def _adam(
    arrays: list[Array],
    gradients: list[Array],
    first: list[Array],
    second: list[Array],
    learning_rate: float,
    step: int,
) -> list[Array]:
    # the usual constants of Adam
    moved = []
    for array, gradient, m, v in zip(arrays, gradients, first, second, strict=True):
        m += 0.1 * (gradient - m)
        v += 0.001 * (gradient**2 - v)
        root = np.sqrt(v / (1.0 - 0.999**step)) + 1e-8
        moved.append(array - learning_rate * (m / (1.0 - 0.9**step)) / root)
    return moved
