"""The hidden part of a trained net as a function of rows: what the last layer reads out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ntkreg.ntk.fitted import NetworkMember
from ntkreg.ntk.metric.scales import apply_metric
from ntkreg.ntk.network.architecture import branch_inputs, split_by_branch
from ntkreg.preprocessing.embedding import embed

Array = NDArray[np.float64]

# of softplus_b(z) = log(1 + exp(b z)) / b: our default, near enough to a ReLU for well-conditioned
# features, and analytic
SHARPNESS = 5.0
ANALYTIC = ("softplus", "tanh", "logistic", "identity")


def softplus(z: Array) -> Array:
    """Return log(1 + exp(b z)) / b, b = `SHARPNESS`."""
    # absolute accuracy is what counts: log(1 + e) instead of the much slower log1p
    result: Array = np.maximum(z, 0.0) + np.log(1.0 + np.exp(-SHARPNESS * np.abs(z))) / SHARPNESS
    return result


_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "softplus": softplus,
    "tanh": np.tanh,
    "logistic": expit,
    "relu": lambda z: np.maximum(z, 0.0),
    "identity": lambda z: z,
}


@dataclass(frozen=True)
class HiddenLayers:
    """Fully connected hidden layers, h^l = s(h^{l-1} W^l + b^l), the last times `scale`.

    Parameters
    ----------
    weights : list of ndarray of shape (n_in, n_out)
    biases : list of ndarray of shape (n_out,)
    activation : {"softplus", "tanh", "logistic", "relu", "identity"}
    scale : float, default=1.0
    """

    weights: list[Array]
    biases: list[Array]
    activation: str
    scale: float = 1.0

    @property
    def analytic(self) -> bool:
        """Whether the features are real analytic functions of the weights."""
        return self.activation in ANALYTIC

    def features(self, rows: Array) -> Array:
        """Return the last hidden features, shape (n, width)."""
        for weight, bias in zip(self.weights, self.biases, strict=True):
            rows = _ACTIVATIONS[self.activation](rows @ weight + bias)
        return self.scale * rows

    def with_noise(self, size: float, seed: int) -> HiddenLayers:
        """Return the layers with Gaussian noise of `size` times the RMS of each array of weights.

        A little noise leaves the null set of weights on which an analytic net may lose rank.
        """
        rng = np.random.default_rng(seed)
        return replace(self, weights=[_noisy(weight, size, rng) for weight in self.weights])


@dataclass(frozen=True)
class KernelNetLayers:
    """Hidden layers of the nets of an :class:`~ntkreg.ntk.NTKRegressor`: powers of the ReLU.

    Parameters
    ----------
    member : NetworkMember
    """

    member: NetworkMember

    @property
    def analytic(self) -> bool:
        """Never: a ReLU has a kink."""
        return False

    def features(self, rows: Array) -> Array:
        """Return the last hidden features of all nets and mirrored halves, side by side."""
        member = self.member
        inputs = apply_metric(member.metric, embed(member.embedding, rows))
        blocks = []
        for branch, arrays in self._branches():
            entry, factor = branch_inputs(member.architecture, branch, inputs)
            column = np.broadcast_to(factor, len(inputs))[:, None]
            for place in np.ndindex(*arrays[-1].shape[:3]):
                hidden = entry
                for layer in arrays[:-1]:
                    net = layer[place[:2]]
                    hidden = np.maximum(hidden @ net[place[2] % len(net)].T, 0.0)
                blocks.append(column * hidden**branch.power)
        return np.hstack(blocks)

    def readout(self, target_scale: Array) -> Array:
        """Return the nets' last layer in the order of the features, shape (width, n_targets)."""
        n_nets, blocks = self.member.architecture.n_networks, []
        for _, arrays in self._branches():
            for place in np.ndindex(*arrays[-1].shape[:3]):
                block = np.zeros((arrays[-1].shape[3], len(target_scale)))
                block[:, place[1]] = arrays[-1][place] * target_scale[place[1]] / n_nets
                blocks.append(block)
        return np.vstack(blocks)

    def with_noise(self, size: float, seed: int) -> KernelNetLayers:
        """Return the nets with Gaussian noise of `size` times the RMS of each hidden array."""
        rng = np.random.default_rng(seed)
        weights = [
            array if array is arrays[-1] else _noisy(array, size, rng)
            for _, arrays in self._branches()
            for array in arrays
        ]
        return KernelNetLayers(replace(self.member, weights=weights))

    def _branches(self) -> Any:
        shape = self.member.architecture
        return zip(shape.branches, split_by_branch(shape, self.member.weights), strict=True)


Layers = HiddenLayers | KernelNetLayers


def _noisy(array: Array, size: float, rng: np.random.Generator) -> Array:
    spread = size * float(np.sqrt(np.mean(array**2)))
    result: Array = array + spread * rng.normal(size=array.shape)
    return result


def with_constant(features: Array) -> Array:
    """Return [h, 1], shape (n, width + 1)."""
    return np.column_stack([features, np.ones(len(features))])


def layers_of(fitted: Any) -> tuple[Layers, Array]:
    """Return the hidden layers of a fitted regressor, and its last layer on [h, 1].

    Parameters
    ----------
    fitted : NTKRegressor or MLPRegressor
        Fitted. Of an NTKRegressor the nets with the largest share.

    Returns
    -------
    layers : HiddenLayers or KernelNetLayers
    head : ndarray of shape (width + 1, n_targets)

    Raises
    ------
    ValueError
        If the regressor has no hidden layer that can be read.
    """
    if hasattr(fitted, "coefs_") and len(fitted.coefs_) > 1:
        layers = HiddenLayers(
            [np.asarray(w, dtype=np.float64) for w in fitted.coefs_[:-1]],
            [np.asarray(b, dtype=np.float64) for b in fitted.intercepts_[:-1]],
            fitted.activation,
        )
        return layers, np.vstack([fitted.coefs_[-1], fitted.intercepts_[-1][None, :]])
    nets = [m for m in getattr(fitted, "members_", ()) if isinstance(m, NetworkMember)]
    if not nets:
        raise ValueError(
            "base must be None or a network whose hidden layers can be read: MLPRegressor with at"
            f" least one hidden layer, or NTKRegressor; got {type(fitted).__name__}"
        )
    nets_layers = KernelNetLayers(nets[0])
    readout = nets_layers.readout(nets[0].scale)
    return nets_layers, np.vstack([readout, nets[0].offset[None, :]])
