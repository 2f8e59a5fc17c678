"""The net's own linearisation: its tangent at given weights, as outputs and as a kernel.

Around the start w_0 the net is f(x; w) = J_0(x) (w - w_0) plus what is of higher order, J_0 being
the gradient in the trained weights. As long as training stays where the rest is small, the net is
a kernel machine whose kernel is K_0 = J_0 J_0' (theory.md 1.2, 2d).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.matrices import centre
from ntkreg.ntk.network.accelerated_descent import accelerated_step
from ntkreg.ntk.network.architecture import Architecture, branch_inputs, split_by_branch
from ntkreg.ntk.network.branch_pass import trained_layers
from ntkreg.ntk.network.units import unit_slopes, unit_values
from ntkreg.ntk.path import (
    ACCELERATED_SAFETY,
    Spectrum,
    accelerated_filter,
    decompose,
    gradient_descent_filter,
    n_deflated,
)
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]
LinearMap = Callable[[Array], Array]


def _halves(arrays: Sequence[Array], net: int, target: int) -> Iterator[tuple[list[Array], Array]]:
    """Yield the layers and the readout of both mirrored halves of one net of one branch."""
    *layers, readout = (array[net, target] for array in arrays)
    for half in range(2):
        # a layer that both halves share has one copy only
        yield [layer[half % len(layer)] for layer in layers], readout[half]


def linearised_outputs(
    architecture: Architecture, start: Sequence[Array], weights: Sequence[Array], inputs: Array
) -> Array:
    """Return J_0(x) (w - w_0), the first-order expansion of every net around its start.

    Parameters
    ----------
    architecture : Architecture
    start, weights : sequence of ndarray
        w_0 and w, as from :func:`ntkreg.ntk.network.architecture.initial_weights`.
    inputs : ndarray of shape (n, n_inputs)
        Embedded rows.

    Returns
    -------
    ndarray of shape (n_networks, n, n_targets)
    """
    n_networks, n_targets = start[0].shape[:2]
    outputs = np.zeros((n_networks, len(inputs), n_targets))
    parts = zip(
        architecture.branches,
        split_by_branch(architecture, start),
        split_by_branch(architecture, weights),
        strict=True,
    )
    for branch, before, after in parts:
        entry, factor = branch_inputs(architecture, branch, inputs)
        for net, target in np.ndindex(n_networks, n_targets):
            for old, new in zip(
                _halves(before, net, target), _halves(after, net, target), strict=True
            ):
                outputs[net, :, target] += factor * _directional(
                    branch, architecture.width, entry, old, new
                )
    return outputs


def _directional(
    branch: Branch,
    width: int,
    entry: Array,
    old: tuple[list[Array], Array],
    new: tuple[list[Array], Array],
) -> Array:
    """Return the derivative of one half's output along new - old, in one forward pass."""
    hidden, tangent = entry, np.zeros_like(entry)
    for layer, moved in zip(old[0], new[0], strict=True):
        pre = hidden @ layer.T
        tangent = unit_slopes(branch, pre, width) * (tangent @ layer.T + hidden @ (moved - layer).T)
        hidden = unit_values(branch, pre, width)
    result: Array = tangent @ old[1] + hidden @ (new[1] - old[1])
    return result


def tangent_kernel(
    architecture: Architecture, weights: Sequence[Array], inputs: Array, net: int, target: int = 0
) -> Array:
    """Return the tangent kernel of one net at given weights, J J'/alpha^2 over trained weights.

    Layer by layer it is the product of two Gram matrices, that of what the layer sees and that of
    what comes back to it; no gradient is stored.

    Parameters
    ----------
    architecture : Architecture
    weights : sequence of ndarray
        As from :func:`ntkreg.ntk.network.architecture.initial_weights`.
    inputs : ndarray of shape (n, n_inputs)
        Embedded rows.
    net, target : int
        Which net.

    Returns
    -------
    ndarray of shape (n, n)
    """
    kernel = np.zeros((len(inputs), len(inputs)))
    by_branch = split_by_branch(architecture, weights)
    for branch, arrays in zip(architecture.branches, by_branch, strict=True):
        entry, factor = branch_inputs(architecture, branch, inputs)
        seen_and_back = _seen_and_back(
            branch, architecture.width, entry, list(_halves(arrays, net, target))
        )
        part = np.zeros_like(kernel)
        for layer in trained_layers(branch):
            copies = seen_and_back[layer]
            if layer < branch.depth and arrays[layer].shape[2] == 1:
                # both halves see the same rows and send back to the same weights
                copies = [(copies[0][0], copies[0][1] + copies[1][1])]
            for seen, back in copies:
                part += (seen @ seen.T) * (back @ back.T)
        rows = np.broadcast_to(factor, len(inputs))
        kernel += part * rows[:, None] * rows[None, :]
    return kernel / architecture.scale**2


def _seen_and_back(
    branch: Branch, width: int, entry: Array, halves: Sequence[tuple[list[Array], Array]]
) -> list[list[tuple[Array, Array]]]:
    """Return for W^1, ..., W^L, a and both halves the layer's input and the output's derivative."""
    found: list[list[tuple[Array, Array]]] = [[] for _ in range(branch.depth + 1)]
    for layers, readout in halves:
        hidden, slopes = [entry], []
        for layer in layers:
            pre = hidden[-1] @ layer.T
            slopes.append(unit_slopes(branch, pre, width))
            hidden.append(unit_values(branch, pre, width))
        found[-1].append((hidden[-1], np.ones((len(entry), 1))))
        back = slopes[-1] * readout
        for position in range(branch.depth - 1, -1, -1):
            found[position].append((hidden[position], back))
            if position:
                back = (back @ layers[position]) * slopes[position - 1]
    return found


def preconditioner_root(spectrum: Spectrum, *, preconditioned: bool = True) -> LinearMap:
    """Return the product with the square root of the accelerated solver's preconditioner M.

    M = I + U_k (s_{k+1}/s - 1) U_k', as in :mod:`ntkreg.ntk.network.accelerated_descent`.
    """
    values = spectrum.values
    deflated = n_deflated(values) if preconditioned else 0
    edge = ACCELERATED_SAFETY / accelerated_step(values, preconditioned=preconditioned)
    top = spectrum.vectors[:, :deflated]
    factors = np.sqrt(edge / values[:deflated])[:, None] - 1.0

    def times(matrix: Array) -> Array:
        product: Array = matrix + top @ (factors * (top.T @ matrix))
        return product

    return times


def momentum_filter(values: Array, deflated: int, n_steps: int, learning_rate: float) -> Array:
    """Return the filter of the accelerated iteration after `n_steps` steps of a given size.

    Where the iteration would blow up, a smaller step is taken for the same flow time
    eta n_steps^2, as the guard does with the net.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        filters: Array = accelerated_filter(values, deflated, n_steps, learning_rate)[-1]
        if np.max(np.abs(1.0 - values * filters)) <= 1.0 + 1e-9:
            return filters
    ratio = learning_rate * float(values[deflated]) / ACCELERATED_SAFETY
    steps = math.ceil(n_steps * math.sqrt(ratio))
    slower: Array = accelerated_filter(values, deflated, steps)[-1]
    return slower


def train_linearised(
    rows: Array,
    target: Array,
    *,
    learning_rate: float,
    n_steps: int,
    root: LinearMap | None = None,
    fit_intercept: bool = False,
) -> Array:
    """Return the outputs of a linearised net after the training that the net itself had.

    In closed form, in the eigenbasis of the linearised net's own kernel.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n)
        Tangent kernel of all rows with the training rows, which come first.
    target : ndarray of shape (n,)
        Centred if `fit_intercept`.
    learning_rate : float
        eta.
    n_steps : int
    root : callable, optional
        Of the accelerated solver, from :func:`preconditioner_root`; None is plain gradient
        descent.
    fit_intercept : bool, default=False
        Whether outputs are centred on the training rows.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    n = len(target)
    kernel = rows[:n]
    if fit_intercept:
        rows, kernel = rows - kernel.mean(axis=0), centre(kernel)
    spectrum = decompose(kernel if root is None else root(root(kernel).T))
    values, vectors = spectrum.values, spectrum.vectors
    if root is None:
        filters = gradient_descent_filter(values, learning_rate, np.array([n_steps]))[0]
    else:
        filters = momentum_filter(values, 0, n_steps, learning_rate)
        vectors = root(vectors)
    alpha = vectors @ (filters * (vectors.T @ target)) / n
    if fit_intercept:
        alpha -= alpha.mean()
    outputs: Array = rows @ alpha
    return outputs
