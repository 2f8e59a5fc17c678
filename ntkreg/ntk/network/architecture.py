"""The finite network: its shape and its mirrored start.

A net is a sum of parallel branches, f(u) = sum_b sqrt(weight_b) f_b(u), in NTK parameterisation
(theory.md 1.1). A ReLU branch is

    h^0 = u,  z^l = W^l h^{l-1},  h^l = sqrt(2/m) relu(z^l),  f = a' h^L,

with W entries N(0, 1) and a entries +-1 at the start; a branch with a power p of the ReLU is
f = |u| sqrt(c/m) a' relu(W u/|u|)^p, c = 2/3 for p = 2 and 2/15 for p = 3. Their tangent kernels
in the wide limit are those of :mod:`ntkreg.ntk.kernel.profiles`. A smooth branch is
f = |u| a'h^L with h^l = sqrt(c/m) s(W^l h^{l-1}), h^0 = u/|u| and c = 1/E s(g)^2. Mirroring
makes f = 0 at the start, exactly (theory.md 1.2):

"pair"  two nets that start equal and are both trained, f = (f_theta - f_theta')/sqrt(2): the
        kernel of one net is kept.
"top"   one net whose top layer has two equal halves read out with opposite signs: the layers
        below have no gradient at the start, so the kernel loses their part.

Both are one case in the code: every mirrored array has an axis of length two, and the readout of
the second half starts as minus that of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.profiles import check_depth
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]
Symmetry = Literal["pair", "top"]


@dataclass(frozen=True)
class Architecture:
    """Shape of an ensemble of finite nets.

    Parameters
    ----------
    branches : tuple of Branch
        The parallel nets that are summed.
    width : int, default=256
        Hidden units m of every hidden layer of every branch; even if `symmetry` is "top".
    n_networks : int, default=4
        Independent nets (seeds), whose predictions are averaged.
    symmetry : {"pair", "top"}, default="pair"
        How the zero output at the start is made.
    scale : float, default=1.0
        Factor alpha of the output. Gradients are divided by alpha^2, so that the kernel and the
        training in the kernel regime are those of alpha = 1; weights move by 1/alpha as far.

    Raises
    ------
    ValueError
        If a number is out of range, or an activation has no finite net or not this depth.
    """

    branches: tuple[Branch, ...]
    width: int = 256
    n_networks: int = 4
    symmetry: Symmetry = "pair"
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not self.branches:
            raise ValueError("branches is empty: a network needs at least one branch")
        if self.width < 1 or self.n_networks < 1:
            raise ValueError(
                f"width={self.width} and n_networks={self.n_networks} must be at least 1"
            )
        if not 0.0 < self.scale < np.inf:
            raise ValueError(f"scale={self.scale} must be a positive number")
        if self.symmetry not in ("pair", "top"):
            raise ValueError(f"symmetry={self.symmetry!r} must be 'pair' or 'top'")
        if self.symmetry == "top" and self.width % 2:
            raise ValueError(f"width={self.width} must be even for symmetry='top'")
        for branch in self.branches:
            if not branch.smooth:
                # refuses what is no power of the ReLU
                _ = branch.power
            check_depth(branch)

    @property
    def n_copies(self) -> int:
        """Complete nets behind one output: 2 for a pair, else 1."""
        return 2 if self.symmetry == "pair" else 1


def output_scale(architecture: Architecture, branch: Branch) -> float:
    """Return the factor between a' relu(W^L ... relu(W^1 u)) and the branch's output.

    The ReLU is homogeneous, so the layers' factors sqrt(2/m) may all be taken at the end; smooth
    layers carry their own (:mod:`ntkreg.ntk.network.units`).
    """
    width = architecture.width
    if branch.smooth:
        return float(architecture.scale * np.sqrt(branch.weight / architecture.n_copies))
    # E relu(g)^(2 p) of a unit normal is (2 p - 1)!! / 2
    moments = {1: 1.0, 2: 3.0, 3: 15.0}
    squared = (2.0 / width) ** branch.depth / moments[branch.power]
    return float(architecture.scale * np.sqrt(branch.weight * squared / architecture.n_copies))


def branch_inputs(
    architecture: Architecture, branch: Branch, inputs: Array
) -> tuple[Array, Array | float]:
    """Return the rows that a branch's first layer sees, and the factor of its output, row by row.

    A branch with a higher power of the ReLU or a smooth activation sees unit rows, and its output
    is multiplied by their norms.
    """
    scale = output_scale(architecture, branch)
    if branch.activation == "relu":
        return inputs, scale
    norms = np.linalg.norm(inputs, axis=1)
    return inputs / np.where(norms > 0, norms, 1.0)[:, None], scale * norms


def implied_branches(architecture: Architecture) -> tuple[Branch, ...]:
    """Return the branches whose infinite-width kernels sum to that of the finite net at the start.

    A mirrored top layer cancels the gradient of all layers below it (theory.md 1.2, variant A):
    "hidden" becomes "last_hidden", and "all" becomes "last_hidden" plus "readout".
    """
    if architecture.symmetry == "pair":
        return architecture.branches
    implied: list[Branch] = []
    for branch in architecture.branches:
        if branch.trained == "readout" or branch.depth == 1:
            implied.append(branch)
            continue
        implied.append(replace(branch, trained="last_hidden"))
        if branch.trained == "all":
            implied.append(replace(branch, trained="readout"))
    return tuple(implied)


def split_by_branch(architecture: Architecture, weights: Sequence[Array]) -> list[list[Array]]:
    """Return, for each branch, its arrays W^1, ..., W^L, a."""
    arrays = iter(weights)
    return [[next(arrays) for _ in range(branch.depth + 1)] for branch in architecture.branches]


def initial_weights(
    architecture: Architecture, n_inputs: int, n_targets: int, seed: int
) -> list[Array]:
    """Draw the mirrored start.

    Every network has a random stream of its own, and the nets of all targets start alike: neither
    more networks nor more targets change the numbers of those already there.

    Parameters
    ----------
    architecture : Architecture
    n_inputs : int
        Length of an embedded row, constant included.
    n_targets : int
    seed : int

    Returns
    -------
    list of ndarray
        For each branch W^1, ..., W^L of shape (n_networks, n_targets, n_mirror, rows, columns)
        and a of shape (n_networks, n_targets, 2, rows of W^L). `n_mirror` is 2 in mirrored
        layers (all of a pair; the top one otherwise, with rows = width / 2) and 1 in others.
    """
    streams = [
        np.random.default_rng(s)
        for s in np.random.SeedSequence(seed).spawn(architecture.n_networks)
    ]
    weights: list[Array] = []
    for branch in architecture.branches:
        columns = n_inputs
        for layer in range(1, branch.depth + 1):
            mirrored = architecture.symmetry == "pair" or layer == branch.depth
            halved = architecture.symmetry == "top" and layer == branch.depth
            rows = architecture.width // 2 if halved else architecture.width
            draw = np.stack([stream.standard_normal((rows, columns)) for stream in streams])
            copies = (architecture.n_networks, n_targets, 2 if mirrored else 1, rows, columns)
            weights.append(np.broadcast_to(draw[:, None, None], copies).copy())
            columns = architecture.width
        signs = np.stack([stream.choice([-1.0, 1.0], size=rows) for stream in streams])
        readout = np.stack([signs, -signs], axis=1)[:, None]
        shape = (architecture.n_networks, n_targets, 2, rows)
        weights.append(np.broadcast_to(readout, shape).copy())
    return weights
