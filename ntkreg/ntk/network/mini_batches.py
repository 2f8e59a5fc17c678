"""Mini-batches of rows for an ensemble's engine, and the directions that its gradients share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.network.backpropagation import Backpropagation

if TYPE_CHECKING:
    import torch

    Tensor = torch.Tensor

Array = NDArray[np.float64]

# as many rows are enough for the sums behind a few directions
_DIRECTION_ROWS = 10_000


class Rows:
    """All rows in the engine's dtype, of which it sees one batch at a time."""

    def __init__(self, engine: Backpropagation, inputs: Array, target: Array, batch: int) -> None:
        import torch

        like = engine.target
        self.engine, self.batch, self.n = engine, batch, len(inputs)
        self.inputs = torch.tensor(inputs).to(like)
        self.target = torch.tensor(np.ascontiguousarray(target.T)).to(like)

    def see(self, positions: NDArray[np.int64]) -> float:
        """Show some rows to the engine and return their loss."""
        import torch

        chosen = torch.from_numpy(positions).to(self.inputs.device)
        self.engine.target = self.target[:, chosen]
        rows = self.inputs[chosen]
        for branch in self.engine.branches:
            branch.see(rows)
        return self.engine.loss()

    def batches(self, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Yield the batches of one pass; the rows of an incomplete last one wait for the next."""
        order = rng.permutation(self.n)
        for start in range(0, self.n - self.batch + 1, self.batch):
            yield order[start : start + self.batch]

    def endless(self, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Yield batches, pass after pass."""
        while True:
            yield from self.batches(rng)

    def largest_loss(self) -> float:
        """Return the largest loss that a batch can have at zero output."""
        by_row = self.target.double().square().sum(dim=0) / 2
        return float(by_row.topk(self.batch).values.mean())

    def loss(self) -> float:
        """Return the mean loss over one pass."""
        return float(np.mean([self.see(part) for part in self.batches(np.random.default_rng(0))]))


class TopDirections:
    """The net's own top directions in the space of its weights, along which gradients shrink.

    With the kernel's eigenvectors u_i and the net's tangent features J, the rows J'u_i / sqrt(n)
    span them; Ritz values and orthonormal directions follow from their Gram matrix.

    Parameters
    ----------
    rows : Rows
    vectors : ndarray of shape (n, k)
    edge : float
        s_{k+1}.
    """

    def __init__(self, rows: Rows, vectors: Array, edge: float) -> None:
        import torch

        engine = rows.engine
        scaled = torch.tensor(vectors.T * math.sqrt(rows.n)).to(engine.target)
        self.n_targets = len(engine.target)
        sums = [
            torch.zeros(self.n_targets, len(scaled), p.numel() // self.n_targets).to(p)
            for p in engine.parameters()
        ]
        parts = list(rows.batches(np.random.default_rng(1)))[: _DIRECTION_ROWS // rows.batch + 1]
        for part in parts:
            rows.see(part)
            for i, vector in enumerate(scaled[:, torch.from_numpy(part).to(scaled.device)]):
                engine.differentiate(vector.expand(self.n_targets, -1))
                for total, gradient in zip(sums, engine.gradients(), strict=True):
                    total[:, i] += gradient.view(self.n_targets, -1) * (
                        engine.output_scale / len(parts)
                    )
        gram_matrix = sum(total @ total.transpose(1, 2) for total in sums)
        values, turns = torch.linalg.eigh(gram_matrix.double())  # type: ignore[union-attr]
        scale = values.clamp_min(torch.finfo(torch.float64).tiny)
        turned = (turns / scale.sqrt()[:, None, :]).transpose(1, 2).to(engine.target)
        self.directions = [turned @ total for total in sums]
        self.shares = (1.0 - edge / scale).clamp_min(0.0)[:, :, None].to(engine.target)

    def shrink(self, gradients: Sequence[Tensor]) -> None:
        """Multiply the gradients' parts along the directions by edge / value, in place."""
        flat = [g.view(self.n_targets, -1, 1) for g in gradients]
        along = sum(v @ g for v, g in zip(self.directions, flat, strict=True))
        taken = along * self.shares
        for v, g in zip(self.directions, flat, strict=True):
            g.baddbmm_(v.transpose(1, 2), taken, alpha=-1.0)
