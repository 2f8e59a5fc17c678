"""Fitted members of a stack: what is stored, and how it predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.cross import expand
from ntkreg.ntk.metric.scales import Metric, apply_metric
from ntkreg.ntk.network.architecture import Architecture
from ntkreg.ntk.network.outputs import predict_network
from ntkreg.ntk.results import Prescription, TrainingTrace
from ntkreg.parallel import threads_for
from ntkreg.preprocessing.embedding import Embedding, embed

Array = NDArray[np.float64]


@dataclass(frozen=True)
class KernelMember:
    """A kernel model, f(x) = sum_j k(x, z_j) dual_coef_j + offset.

    Parameters
    ----------
    share : float
        Weight of its prediction.
    prescription : Prescription
    embedding : Embedding
    metric : Metric
    support : ndarray of shape (m, n_inputs)
        The z_j, as the kernel sees them.
    dual_coef : ndarray of shape (m, n_targets)
        Target units.
    offset : ndarray of shape (n_targets,)
        Target units.
    """

    share: float
    prescription: Prescription
    embedding: Embedding
    metric: Metric
    support: Array
    dual_coef: Array
    offset: Array

    @property
    def n_terms(self) -> int:
        """Number of terms that a prediction adds up."""
        return len(self.support)

    def predict(self, X: Array) -> Array:
        """Return predictions in target units, shape (n, n_targets)."""
        inputs = apply_metric(self.metric, embed(self.embedding, X))
        branches = self.metric.branches
        values = expand(inputs, self.support, self.dual_coef, branches, threads_for(None))
        result: Array = values + self.offset
        return result


@dataclass(frozen=True)
class NetworkMember:
    """An ensemble of trained nets on the same inputs.

    Parameters
    ----------
    share : float
        Weight of its prediction.
    prescription : Prescription
    embedding : Embedding
    metric : Metric
    architecture : Architecture
    weights : list of ndarray
        Trained, as in :func:`ntkreg.ntk.network.architecture.initial_weights`.
    trace : TrainingTrace
    scale, offset : ndarray of shape (n_targets,)
        From the nets' outputs to target units.
    """

    share: float
    prescription: Prescription
    embedding: Embedding
    metric: Metric
    architecture: Architecture
    weights: list[Array]
    trace: TrainingTrace
    scale: Array
    offset: Array

    @property
    def n_terms(self) -> int:
        """Number of terms that a prediction adds up: hidden units of all nets."""
        shape, depths = self.architecture, (b.depth for b in self.architecture.branches)
        return 2 * shape.n_networks * shape.width * sum(depths)

    def predict(self, X: Array) -> Array:
        """Return predictions in target units, shape (n, n_targets)."""
        inputs = apply_metric(self.metric, embed(self.embedding, X))
        result: Array = predict_network(self.architecture, self.weights, inputs) * self.scale
        return result + self.offset


def predict_stack(members: Sequence[KernelMember | NetworkMember], X: Array) -> Array:
    """Return the members' predictions, weighted by their shares, shape (n, n_targets)."""
    total: Array = np.sum([member.share * member.predict(X) for member in members], axis=0)
    return total
