"""Losses and gradients of an ensemble of nets.

The nets of one branch (seeds, targets, both halves of a pair) are passed one after the other
through the same buffers: in one batch of products every array would go through memory.
The layers' factors sqrt(2/m) are taken together at the output (the ReLU is homogeneous).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.network.architecture import Architecture, output_scale, split_by_branch
from ntkreg.ntk.network.branch_pass import BranchPass
from ntkreg.ntk.network.smooth_pass import SmoothPass
from ntkreg.ntk.network.units import layer_factor
from ntkreg.parallel import map_on_threads

if TYPE_CHECKING:
    import torch

    Tensor = torch.Tensor

Result = TypeVar("Result")

# below this many multiplications in a product a second thread costs more time than it saves
_WORTH_THREADS = 1e8


def _is_small(architecture: Architecture, n_rows: int) -> bool:
    deep = any(branch.depth > 1 for branch in architecture.branches)
    return not deep or n_rows * architecture.width**2 < _WORTH_THREADS


@contextmanager
def one_thread_if_small(architecture: Architecture, n_rows: int) -> Iterator[bool]:
    """Use one thread for each product while products are small, and say whether they are.

    The caller's setting is put back.
    """
    import torch

    before, small = torch.get_num_threads(), _is_small(architecture, n_rows)
    try:
        if small:
            torch.set_num_threads(1)
        yield small
    finally:
        torch.set_num_threads(before)


def train_networks(
    architecture: Architecture, n_rows: int, train: Callable[[int], Result], n_threads: int
) -> list[Result]:
    """Return train(0), train(1), ... of all networks.

    Networks with small products are trained at the same time, the others one after the other with
    all threads on each product.
    """
    import torch

    def on_one_thread(net: int) -> Result:
        # what the calling thread set does not hold for a new one
        torch.set_num_threads(1)
        return train(net)

    nets = range(architecture.n_networks)
    with one_thread_if_small(architecture, n_rows) as small:
        if small:
            return map_on_threads(on_one_thread, nets, min(n_threads, len(nets)))
        return [train(net) for net in nets]


class Backpropagation:
    """Losses and gradients of an ensemble at its current weights.

    Parameters
    ----------
    architecture : Architecture
    weights : sequence of ndarray
        As from :func:`ntkreg.ntk.network.architecture.initial_weights`; copied.
    inputs : ndarray of shape (n, n_inputs)
    target : ndarray of shape (n, n_targets)
    dtype : {"float32", "float64", "bfloat16"}
        Of all products; "bfloat16" is that of the products between hidden ReLU layers only, whose
        weights are kept in float32.
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
        products = getattr(torch, dtype)
        options: dict[str, Any] = {
            "dtype": torch.float32 if products == torch.bfloat16 else products,
            "device": torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        }
        n_networks, n_targets = weights[0].shape[:2]
        self.n_copies = architecture.n_copies
        self.n_networks = n_networks
        self.output_scale = architecture.scale
        n_nets = n_networks * n_targets * self.n_copies
        self.shapes = [array.shape for array in weights]
        rows = torch.tensor(inputs, **options)
        # net by net: (n_networks * n_targets, n), the targets repeated for every network
        self.target = torch.tensor(np.tile(target.T, (n_networks, 1)), **options)
        self.branches: list[BranchPass | SmoothPass] = []
        for branch, arrays in zip(
            architecture.branches, split_by_branch(architecture, weights), strict=True
        ):
            # a copy in any case: `weights` stay as they are
            tensors = [
                torch.tensor(
                    array.reshape(n_nets, -1, array.shape[-1]).swapaxes(1, 2), **options
                ).contiguous()
                for array in arrays[:-1]
            ]
            tensors.append(torch.tensor(arrays[-1].reshape(n_nets, -1), **options))
            scale = output_scale(architecture, branch)
            if branch.smooth:
                factor = layer_factor(branch, architecture.width)
                self.branches.append(SmoothPass(branch, scale, factor, tensors, rows))
            else:
                self.branches.append(BranchPass(branch, scale, tensors, rows, products))
        self.residual = torch.empty_like(self.target)

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
        """Fill the gradients with those of (1/n) sum residual * f/alpha^2, each net on its own."""
        size = residual.shape[1] * self.output_scale**2
        signal = (residual / size).repeat_interleave(self.n_copies, dim=0)
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
        arrays = []
        for branch in self.branches:
            arrays += [layer.transpose(1, 2) for layer in branch.arrays[:-1]]
            arrays.append(branch.arrays[-1])
        return [
            array.double().cpu().numpy().reshape(shape)
            for array, shape in zip(arrays, self.shapes, strict=True)
        ]
