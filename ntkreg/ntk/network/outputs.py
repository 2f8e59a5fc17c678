"""Predictions of the finite network, in float64, by blocks of rows on all processors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ntkreg.ntk.network.architecture import Architecture, branch_inputs, split_by_branch
from ntkreg.ntk.network.units import unit_values
from ntkreg.ntk.results import Branch
from ntkreg.parallel import map_on_threads, threads_for

Array = NDArray[np.float64]

# rows are predicted in blocks of about this many hidden values (1 MB): they stay in the cache
_BLOCK_VALUES = 2**17


def _hidden(branch: Branch, rows: Array, layers: Sequence[Array], width: int) -> Array:
    for layer in layers:
        rows = rows @ layer.T
        rows = unit_values(branch, rows, width, out=rows)
    return rows


def _branch_output(branch: Branch, arrays: Sequence[Array], inputs: Array, width: int) -> Array:
    # both halves of the mirror are computed by the same calls on arrays of the same shapes, so
    # that at the start they are equal to the last bit and cancel to an exact zero
    *layers, readout = arrays
    shared = [layer[0] for layer in layers if len(layer) == 1]
    mirrored = [layer for layer in layers if len(layer) == 2]
    below = _hidden(branch, inputs, shared, width)
    halves = []
    for half in range(2):
        top = _hidden(branch, below, [layer[half] for layer in mirrored], width)
        halves.append(top @ readout[half])
    result: Array = halves[0] + halves[1]
    return result


def network_outputs(architecture: Architecture, weights: Sequence[Array], inputs: Array) -> Array:
    """Return the output of every net, in float64.

    Parameters
    ----------
    architecture : Architecture
    weights : sequence of ndarray
        As from :func:`initial_weights`.
    inputs : ndarray of shape (n, n_inputs)
        Embedded rows.

    Returns
    -------
    ndarray of shape (n_networks, n, n_targets)
    """
    by_branch = split_by_branch(architecture, weights)
    n_networks, n_targets = by_branch[0][0].shape[:2]
    inputs = np.ascontiguousarray(inputs, dtype=np.float64)
    outputs = np.zeros((n_networks, len(inputs), n_targets))
    block = max(1, _BLOCK_VALUES // architecture.width)

    def fill(start: int) -> None:
        part = slice(start, start + block)
        for branch, arrays in zip(architecture.branches, by_branch, strict=True):
            entry, factor = branch_inputs(architecture, branch, inputs[part])
            for net, target in np.ndindex(n_networks, n_targets):
                one = [array[net, target] for array in arrays]
                outputs[net, part, target] += factor * _branch_output(
                    branch, one, entry, architecture.width
                )

    starts = range(0, len(inputs), block)
    # threads of BLAS would wait for each other at products of this size
    with threadpool_limits(limits=1, user_api="blas"):
        map_on_threads(fill, starts, threads_for(None) if len(starts) > 1 else 1)
    return outputs


def predict_network(architecture: Architecture, weights: Sequence[Array], inputs: Array) -> Array:
    """Return the mean of :func:`network_outputs` over the nets, shape (n, n_targets)."""
    mean: Array = network_outputs(architecture, weights, inputs).mean(axis=0)
    return mean
