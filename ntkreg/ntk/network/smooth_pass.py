"""Forward and backward pass of one smooth branch of every net, by hand.

As :mod:`ntkreg.ntk.network.branch_pass`, for h^l = sqrt(c/m) s(W^l h^{l-1}): a smooth slope is not
to be had from the unit's value, so that of every layer is kept.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ntkreg.ntk.network.branch_pass import trained_layers
from ntkreg.ntk.results import Activation, Branch

if TYPE_CHECKING:
    import torch

    Tensor = torch.Tensor


def _value_and_slope(activation: Activation, z: Tensor) -> tuple[Tensor, Tensor]:
    import torch

    if activation == "erf":
        return torch.erf(2.0 * z), torch.exp(-4.0 * z * z).mul_(4.0 / math.sqrt(math.pi))
    if activation == "softplus":
        return torch.logaddexp(z, torch.zeros_like(z)), torch.sigmoid(z)
    below = torch.special.ndtr(z)
    density = torch.exp(-0.5 * z * z).mul_(z / math.sqrt(2.0 * math.pi))
    return z * below, below + density


class SmoothPass:
    """One smooth branch of every net.

    Parameters
    ----------
    branch : Branch
    scale : float
        Factor of the output.
    layer_factor : float
        sqrt(c/m).
    arrays : list of Tensor
        W^l transposed, of shape (n_nets, inputs, units), and the readout (n_nets, units).
    inputs : Tensor of shape (n, n_inputs)
    """

    def __init__(
        self,
        branch: Branch,
        scale: float,
        layer_factor: float,
        arrays: list[Tensor],
        inputs: Tensor,
    ) -> None:
        import torch

        self.activation, self.depth, self.factor = branch.activation, branch.depth, scale
        self.layer_factor = layer_factor
        self.arrays = arrays
        self.trained = trained_layers(branch)
        self.gradients = {i: torch.zeros_like(arrays[i]) for i in self.trained}
        # by net and layer
        self.values: list[list[Tensor]] = []
        self.slopes: list[list[Tensor]] = []
        self.see(inputs)

    def see(self, inputs: Tensor) -> None:
        """Take rows, shape (n, n_inputs)."""
        import torch

        norms = torch.linalg.vector_norm(inputs, dim=1)
        self.inputs = inputs / norms.masked_fill(norms == 0, 1.0)[:, None]
        self.scale = self.factor * norms

    def forward(self) -> Tensor:
        """Return the outputs, shape (n_nets, n)."""
        import torch

        outputs: Tensor = self.inputs.new_empty(len(self.arrays[0]), len(self.inputs))
        self.values, self.slopes = [], []
        for net, out in enumerate(outputs):
            values, slopes = [self.inputs], []
            for layer in self.arrays[:-1]:
                value, slope = _value_and_slope(self.activation, values[-1] @ layer[net])
                values.append(value.mul_(self.layer_factor))
                slopes.append(slope.mul_(self.layer_factor))
            torch.mv(values[-1], self.arrays[-1][net], out=out)
            self.values.append(values)
            self.slopes.append(slopes)
        outputs *= self.scale
        return outputs

    def backward(self, signal: Tensor) -> None:
        """Fill `gradients` with sum over rows and nets of signal times the output's gradient.

        Parameters
        ----------
        signal : Tensor of shape (n_nets, n)
            Derivative of the loss in the outputs; the rows must be those of the last `forward`.
        """
        import torch

        lowest = self.trained[0]
        for net, one in enumerate(signal * self.scale):
            values, slopes = self.values[net], self.slopes[net]
            if self.depth in self.gradients:
                torch.mv(values[-1].T, one, out=self.gradients[self.depth][net])
            delta = torch.outer(one, self.arrays[-1][net])
            for layer in range(self.depth - 1, lowest - 1, -1):
                delta = delta * slopes[layer]
                torch.mm(values[layer].T, delta, out=self.gradients[layer][net])
                if layer > lowest:
                    delta = delta @ self.arrays[layer][net].T
