"""Forward and backward pass of an ensemble of nets, by hand, in buffers that are reused.

The nets of one branch (seeds, targets, both halves of a pair) are passed one after the other
through the same buffers: in one batch of products every array would go through memory.
The layers' factors sqrt(2/m) are taken together at the output (the ReLU is homogeneous).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.network import Architecture, output_scale, split_by_branch
from ntkreg.ntk.results import Branch

if TYPE_CHECKING:
    import torch

    Tensor = torch.Tensor

# below this many multiplications in a product a second thread costs more time than it saves
_WORTH_THREADS = 1e8
# the first layer's gradient is four times as fast with rows padded (by zeros) to a multiple of this
_ALIGNMENT = 16


def trained_layers(branch: Branch) -> list[int]:
    """Return the positions in W^1, ..., W^L, a of the arrays that are trained."""
    return {
        "all": list(range(branch.depth + 1)),
        "hidden": list(range(branch.depth)),
        "last_hidden": [branch.depth - 1],
        "readout": [branch.depth],
    }[branch.trained]


class _BranchPass:
    """One branch of every net.

    Parameters
    ----------
    branch : Branch
    scale : float
        Factor of the output.
    arrays : list of Tensor
        W^l of shape (n_nets, rows, columns), a of shape (n_nets, rows, 1).
    inputs : Tensor of shape (n, n_inputs)
    """

    def __init__(self, branch: Branch, scale: float, arrays: list[Tensor], inputs: Tensor) -> None:
        import torch

        n_nets, n_rows = len(arrays[0]), len(inputs)
        self.power = branch.power
        self.scale: Tensor | float = scale
        if self.power > 1:
            norms = torch.linalg.vector_norm(inputs, dim=1)
            inputs = inputs / norms.masked_fill(norms == 0, 1.0)[:, None]
            self.scale = scale * norms
        self.arrays = arrays
        self.trained = trained_layers(branch)
        self.gradients = {i: torch.zeros_like(arrays[i]) for i in self.trained}
        self.inputs = inputs
        widths = [array.shape[1] for array in arrays[:-1]]
        # hidden[l] is the output of layer l; what no training changes is computed once, here
        self.hidden = [inputs.new_empty(n_nets, n_rows, width) for width in widths]
        # one net after the other through the same buffers, which so stay in the cache
        self.deltas = [inputs.new_empty(n_rows, width) for width in widths]
        for layer in range(self.trained[0]):
            for net in range(n_nets):
                self._layer(layer, net)

    def _below(self, layer: int, net: int) -> Tensor:
        return self.hidden[layer - 1][net] if layer else self.inputs

    def _layer(self, layer: int, net: int) -> None:
        import torch

        out = self.hidden[layer][net]
        torch.mm(self._below(layer, net), self.arrays[layer][net].T, out=out)
        out.clamp_(min=0.0)

    def _top(self, net: int) -> Tensor:
        """Return what the readout of one net sees, shape (n, width)."""
        import torch

        top = self.hidden[-1][net]
        return torch.pow(top, self.power, out=self.deltas[-1]) if self.power > 1 else top

    def forward(self) -> Tensor:
        """Return the outputs, shape (n_nets, n)."""
        import torch

        outputs = self.inputs.new_empty(len(self.arrays[0]), len(self.inputs))
        for net, out in enumerate(outputs):
            for layer in range(self.trained[0], len(self.arrays) - 1):
                self._layer(layer, net)
            torch.mv(self._top(net), self.arrays[-1][net, :, 0], out=out)
        return outputs * self.scale

    def backward(self, signal: Tensor) -> None:
        """Fill `gradients` with sum over rows and nets of signal times the output's gradient.

        Parameters
        ----------
        signal : Tensor of shape (n_nets, n)
            Derivative of the loss in the outputs; the rows must be those of the last `forward`.
        """
        for net, one in enumerate(signal * self.scale):
            self._backward(one, net)

    def _backward(self, signal: Tensor, net: int) -> None:
        import torch

        top = len(self.arrays) - 1
        if top in self.gradients:
            torch.mv(self._top(net).T, signal, out=self.gradients[top][net, :, 0])
        if self.trained[0] == top:
            return
        torch.outer(signal, self.arrays[-1][net, :, 0], out=self.deltas[-1])
        for layer in range(top - 1, self.trained[0] - 1, -1):
            delta, hidden = self.deltas[layer], self.hidden[layer][net]
            if self.power > 1:
                # the derivative p relu(z)^(p-1) is zero where the unit is off: no threshold
                delta.mul_(torch.pow(hidden, self.power - 1)).mul_(float(self.power))
            else:
                torch.ops.aten.threshold_backward.grad_input(delta, hidden, 0.0, grad_input=delta)
            torch.mm(delta.T, self._below(layer, net), out=self.gradients[layer][net])
            if layer > self.trained[0]:
                torch.mm(delta, self.arrays[layer][net], out=self.deltas[layer - 1])


class Backpropagation:
    """Losses and gradients of an ensemble at its current weights.

    Parameters
    ----------
    architecture : Architecture
    weights : sequence of ndarray
        As from :func:`ntkreg.ntk.network.initial_weights`; copied.
    inputs : ndarray of shape (n, n_inputs)
    target : ndarray of shape (n, n_targets)
    dtype : {"float32", "float64"}
        Of all products.
    fit_intercept : bool, default=False
        Whether each net's output is centred on the rows before it meets the target.
    """

    def __init__(
        self,
        architecture: Architecture,
        weights: Sequence[NDArray[np.float64]],
        inputs: NDArray[np.float64],
        target: NDArray[np.float64],
        dtype: str,
        fit_intercept: bool = False,
    ) -> None:
        import torch

        self.fit_intercept = fit_intercept
        options: dict[str, Any] = {
            "dtype": getattr(torch, dtype),
            "device": torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        }
        n_networks, n_targets = weights[0].shape[:2]
        self.n_copies = architecture.n_copies
        self.n_networks = n_networks
        n_nets = n_networks * n_targets * self.n_copies
        self.shapes = [array.shape for array in weights]
        self.n_inputs = inputs.shape[1]
        padding = -self.n_inputs % _ALIGNMENT
        rows = torch.tensor(np.pad(inputs, ((0, 0), (0, padding))), **options)
        # net by net: (n_networks * n_targets, n), the targets repeated for every network
        self.target = torch.tensor(np.tile(target.T, (n_networks, 1)), **options)
        self.branches = []
        for branch, arrays in zip(
            architecture.branches, split_by_branch(architecture, weights), strict=True
        ):
            # a copy in any case: `weights` stay as they are
            columns = [*(array.shape[-1] for array in arrays[:-1]), 1]
            tensors = [
                torch.tensor(array.reshape(n_nets, -1, width), **options)
                for array, width in zip(arrays, columns, strict=True)
            ]
            tensors[0] = torch.nn.functional.pad(tensors[0], (0, padding))
            scale = output_scale(architecture, branch)
            self.branches.append(_BranchPass(branch, scale, tensors, rows))
        self.residual = torch.empty_like(self.target)

    @contextmanager
    def threads(self) -> Iterator[None]:
        """Use one thread while the work is small; the caller's setting is put back."""
        import torch

        work = max(len(b.inputs) * a[0].numel() for b in self.branches for a in b.arrays)
        before = torch.get_num_threads()
        try:
            if work < _WORTH_THREADS:
                torch.set_num_threads(1)
            yield
        finally:
            torch.set_num_threads(before)

    def loss(self) -> float:
        """Return (1/2n) sum (f - y)^2, summed over targets and averaged over networks."""
        outputs = sum(branch.forward() for branch in self.branches)
        n_rows = self.target.shape[1]
        outputs = outputs.view(-1, self.n_copies, n_rows).sum(dim=1)  # type: ignore[union-attr]
        self.residual = outputs - self.target
        if self.fit_intercept:
            # H f - y with a centred y; its own gradient in f, since H is a projection
            self.residual -= self.residual.mean(dim=1, keepdim=True)
        total = self.residual.double().square().sum() / (2 * n_rows * self.n_networks)
        return float(total)

    def differentiate(self, residual: Tensor) -> None:
        """Fill the gradients with those of (1/n) sum residual * f, each net on its own."""
        signal = (residual / residual.shape[1]).repeat_interleave(self.n_copies, dim=0)
        for branch in self.branches:
            branch.backward(signal)

    def parameters(self) -> list[Tensor]:
        """Return the trained tensors, live."""
        return [branch.arrays[i] for branch in self.branches for i in branch.trained]

    def gradients(self) -> list[Tensor]:
        """Return the gradient buffers, in the order of `parameters`."""
        return [branch.gradients[i] for branch in self.branches for i in branch.trained]

    def replace(self, parameters: Sequence[Tensor]) -> None:
        """Make the given tensors the trained ones (no copy)."""
        given = iter(parameters)
        for branch in self.branches:
            for i in branch.trained:
                branch.arrays[i] = next(given)

    def weights(self) -> list[NDArray[np.float64]]:
        """Return all weights in float64, shaped as they came."""
        tensors = []
        for branch in self.branches:
            tensors += [branch.arrays[0][:, :, : self.n_inputs], *branch.arrays[1:]]
        return [
            tensor.double().cpu().numpy().reshape(shape)
            for tensor, shape in zip(tensors, self.shapes, strict=True)
        ]
