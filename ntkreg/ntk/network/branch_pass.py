"""Forward and backward pass of one branch of every net, by hand, in buffers that are reused.

With z = w'h of a top unit and slope q = relu(z)^(p-1) (for p = 1 the indicator of z > 0), the unit
is q z and its derivative p q. So only q is kept: the gradient in the top layer is p a times
U = H' diag(signal) q, and that in the readout is w'U, without another pass over rows and units.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ntkreg.ntk.results import Branch

if TYPE_CHECKING:
    import torch

    Tensor = torch.Tensor


def trained_layers(branch: Branch) -> list[int]:
    """Return the positions in W^1, ..., W^L, a of the arrays that are trained."""
    return {
        "all": list(range(branch.depth + 1)),
        "hidden": list(range(branch.depth)),
        "last_hidden": [branch.depth - 1],
        "readout": [branch.depth],
    }[branch.trained]


def _product(left: Tensor, right: Tensor, out: Tensor) -> None:
    import torch

    if left.dtype == out.dtype:
        torch.mm(left, right, out=out)
    else:
        out.copy_(torch.mm(left, right))


class BranchPass:
    """One branch of every net; the nets go one after the other through the same buffers.

    Parameters
    ----------
    branch : Branch
    scale : float
        Factor of the output.
    arrays : list of Tensor
        W^l transposed, of shape (n_nets, inputs, units): the products are fastest so. The readout
        has shape (n_nets, units).
    inputs : Tensor of shape (n, n_inputs)
    products : torch.dtype
        Of the products between hidden layers; the first layer and the readout, where rounding
        would be that of the data, stay in the dtype of the arrays.
    """

    def __init__(
        self,
        branch: Branch,
        scale: float,
        arrays: list[Tensor],
        inputs: Tensor,
        products: torch.dtype,
    ) -> None:
        import torch

        n_nets, n_rows = len(arrays[0]), len(inputs)
        self.power, self.depth, self.factor = branch.power, branch.depth, scale
        self.arrays = arrays
        self.trained = trained_layers(branch)
        self.gradients = {i: torch.zeros_like(arrays[i]) for i in self.trained}
        self.products = products if self.depth > 1 else inputs.dtype
        widths = [array.shape[2] for array in arrays[:-1]]
        empty = partial(torch.empty, device=inputs.device, dtype=self.products)
        self.hidden = [empty(n_nets, n_rows, width) for width in widths[:-1]]
        self.deltas = [empty(n_rows, width) for width in widths]
        self.slopes = empty(n_nets, n_rows, widths[-1])
        self.features: list[Tensor] | None = None
        self.see(inputs)

    def see(self, inputs: Tensor) -> None:
        """Take rows, shape (n, n_inputs), as many as at the beginning."""
        import torch

        self.scale: Tensor | float = self.factor
        if self.power > 1:
            norms = torch.linalg.vector_norm(inputs, dim=1)
            inputs = inputs / norms.masked_fill(norms == 0, 1.0)[:, None]
            self.scale = self.factor * norms
        self.inputs, self.transposed = inputs, inputs.T.contiguous()
        nets = range(len(self.arrays[0]))
        # what no training changes is computed once
        for layer in range(min(self.trained[0], self.depth - 1)):
            for net in nets:
                self._layer(layer, net)
        if self.trained[0] == self.depth:
            self.features = [self._top(net).clone() for net in nets]

    def _weights(self, layer: int, net: int) -> Tensor:
        weights = self.arrays[layer][net]
        return weights.to(self.products) if layer else weights

    def _below(self, layer: int, net: int) -> Tensor:
        return self.hidden[layer - 1][net] if layer else self.inputs

    def _layer(self, layer: int, net: int) -> None:
        out = self.hidden[layer][net]
        _product(self._below(layer, net), self._weights(layer, net), out)
        out.relu_()

    def _top(self, net: int) -> Tensor:
        """Return what the readout of one net sees, shape (n, units), and keep its slope."""
        import torch

        top: Tensor = self.deltas[-1]
        slope, layer = self.slopes[net], self.depth - 1
        first = slope if self.power == 2 else top
        torch.mm(self._below(layer, net), self._weights(layer, net), out=first)
        first.relu_()
        if self.power == 1:
            torch.sign(top, out=slope)
        elif self.power == 2:
            torch.mul(slope, slope, out=top)
        else:
            torch.mul(top, top, out=slope)
            top.mul_(slope)
        return top.to(self.inputs.dtype)

    def forward(self) -> Tensor:
        """Return the outputs, shape (n_nets, n)."""
        import torch

        outputs = self.inputs.new_empty(len(self.arrays[0]), len(self.inputs))
        for net, out in enumerate(outputs):
            for layer in range(self.trained[0], self.depth - 1):
                self._layer(layer, net)
            top = self._top(net) if self.features is None else self.features[net]
            torch.mv(top, self.arrays[-1][net], out=out)
        return outputs * self.scale

    def backward(self, signal: Tensor) -> None:
        """Fill `gradients` with sum over rows and nets of signal times the output's gradient.

        Parameters
        ----------
        signal : Tensor of shape (n_nets, n)
            Derivative of the loss in the outputs; the rows must be those of the last `forward`.
        """
        import torch

        for net, one in enumerate(signal * self.scale):
            if self.features is not None:
                torch.mv(self.features[net].T, one, out=self.gradients[self.depth][net])
                continue
            self._backward_top(one, net)
            for layer in range(self.depth - 2, self.trained[0] - 1, -1):
                self._backward_layer(layer, net)

    def _backward_top(self, signal: Tensor, net: int) -> None:
        import torch

        layer = self.depth - 1
        readout, weights = self.arrays[-1][net], self.arrays[layer][net]
        gradient = self.gradients[layer][net]
        if layer:
            torch.mul(self.slopes[net], signal[:, None], out=self.deltas[layer])
            _product(self.hidden[layer - 1][net].T, self.deltas[layer], gradient)
        else:
            torch.mm(self.transposed * signal, self.slopes[net], out=gradient)
        if self.depth in self.gradients:
            torch.sum(gradient * weights, 0, out=self.gradients[self.depth][net])
        gradient.mul_(readout * self.power)
        if layer > self.trained[0]:
            back = (weights * readout).to(self.products)
            torch.mm(self.deltas[layer], back.T, out=self.deltas[layer - 1])

    def _backward_layer(self, layer: int, net: int) -> None:
        import torch

        delta, hidden = self.deltas[layer], self.hidden[layer][net]
        torch.ops.aten.threshold_backward.grad_input(delta, hidden, 0.0, grad_input=delta)
        if layer:
            _product(self.hidden[layer - 1][net].T, delta, self.gradients[layer][net])
        else:
            torch.mm(self.transposed, delta.to(self.inputs.dtype), out=self.gradients[0][net])
        if layer > self.trained[0]:
            torch.mm(delta, self._weights(layer, net).T, out=self.deltas[layer - 1])
