"""P1: the finite net follows its kernel ever closer with width, for both mirrored starts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from claims import Claim, Experiment, figures, main, slope
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.network.architecture import (
    Architecture,
    Symmetry,
    implied_branches,
    initial_weights,
    split_by_branch,
)
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.network.linearisation import tangent_kernel, train_linearised
from ntkreg.ntk.network.outputs import network_outputs
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

# all hidden layers trained, the readout fixed
BRANCH = Branch("relu", 2, 1.0, "hidden")
N_ROWS = 30
N_NEW = 100
N_STEPS = 200
# 1/L: at most 1 over the largest value of either kernel
ETA = 0.5
STARTS: tuple[Symmetry, ...] = ("pair", "top")
SPOKEN = {"pair": "mirrored pair", "top": "mirrored top layer"}


@dataclass(frozen=True)
class Sizes:
    """Sizes of one version of the experiment."""

    widths: tuple[int, ...]
    n_seeds: int


FULL = Sizes((64, 128, 256, 512, 1_024, 2_048), 3)
FAST = Sizes((32, 96, 288), 2)
# narrow nets are nearly as far from either kernel
FULL_ONLY = ("pair_other", "top_other")


@dataclass(frozen=True)
class Found:
    """Of nets of one width and start, each the root of a mean square over rows and seeds.

    Parameters
    ----------
    implied, other : float
        Gap to gradient descent on the kernel that the start implies, and on the other one.
    linearised : float
        Gap to the net's own linearisation at its start.
    moved : ndarray of shape (2,)
        Norm of the movement of both layers' weights.
    start : ndarray of shape (2,)
        Norm of the weights themselves at the start.
    """

    implied: float
    other: float
    linearised: float
    moved: Array
    start: Array


def table() -> tuple[Array, Array]:
    """Return rows on the sphere in three dimensions, the training rows first, and their target."""
    rows = np.random.default_rng(0).normal(size=(N_ROWS + N_NEW, 3))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows, np.sin(3 * rows[:, 0]) + rows[:, 1] * rows[:, 2]


def kernel_descent(branches: tuple[Branch, ...], rows: Array, y: Array) -> Array:
    """Return what gradient descent on a kernel makes of all rows, of which the first have a y."""
    kernel = gram(rows, rows[:N_ROWS], branches)
    return train_linearised(kernel, y, learning_rate=ETA, n_steps=N_STEPS)


def squares(symmetry: Symmetry, width: int, seed: int) -> Array:
    """Return the squares of one net behind `Found`, in its order."""
    rows, truth = table()
    y = truth[:N_ROWS]
    shape = Architecture((BRANCH,), width, 1, symmetry)
    start = initial_weights(shape, rows.shape[1], 1, seed)
    weights, _ = gradient_descent(
        shape, start, rows[:N_ROWS], y[:, None], learning_rate=ETA, n_steps=N_STEPS
    )
    output = network_outputs(shape, weights, rows)[0, :, 0]
    own = tangent_kernel(shape, start, rows, 0)[:, :N_ROWS]
    references = [
        kernel_descent(implied_branches(replace(shape, symmetry=kind, width=2)), rows, y)
        for kind in (symmetry, *(s for s in STARTS if s != symmetry))
    ]
    references.append(train_linearised(own, y, learning_rate=ETA, n_steps=N_STEPS))
    gaps = [np.mean((output - reference) ** 2) for reference in references]
    layers = [split_by_branch(shape, arrays)[0][:2] for arrays in (weights, start)]
    pairs = list(zip(*layers, strict=True))
    moved = [np.sum((after - before) ** 2) for after, before in pairs]
    return np.array([*gaps, *moved, *(np.sum(before**2) for _, before in pairs)])


def measure(symmetry: Symmetry, width: int, n_seeds: int) -> Found:
    """Return the gaps and movements at one width."""
    means = np.mean([squares(symmetry, width, seed) for seed in range(n_seeds)], axis=0)
    roots = np.sqrt(means)
    return Found(*map(float, roots[:3]), moved=roots[3:5], start=roots[5:])


def run(fast: bool) -> Experiment:
    """Return the experiment."""
    sizes = FAST if fast else FULL
    found = {s: [measure(s, width, sizes.n_seeds) for width in sizes.widths] for s in STARTS}
    numbers: dict[str, object] = {"widths": sizes.widths}
    for symmetry, all_widths in found.items():
        for name in ("implied", "other", "linearised"):
            numbers[f"{symmetry}_gap_{name}"] = [getattr(one, name) for one in all_widths]
        numbers[f"{symmetry}_moved_by_layer"] = [one.moved for one in all_widths]
        numbers[f"{symmetry}_moved_share_by_layer"] = [o.moved / o.start for o in all_widths]
    return Experiment(
        paper="P1",
        title="Net and kernel, by width",
        setting=(
            f"ReLU nets of two hidden layers, both trained, the readout fixed; {N_ROWS} points on"
            f" the sphere in three dimensions, noise-free, {N_STEPS} steps of plain gradient"
            f" descent of size {ETA}; gaps on these and {N_NEW} new points, root mean square over"
            f" points and {sizes.n_seeds} seeds. 'mirrored pair': two nets that start equal, whose"
            " kernel is that of all hidden layers. 'mirrored top layer': two halves of the top"
            " layer, whose kernel is that of the last hidden layer alone."
        ),
        claims=tuple(
            claim
            for claim in _claims(np.array(sizes.widths, dtype=float), found)
            if not fast or claim.key not in FULL_ONLY
        ),
        figure=_figure(sizes.widths, found),
        numbers=numbers,
        remarks=(
            "Which of the two starts the paper uses is not known here; the set-up is that of Li,"
            " Lei, Guo and Ying (arXiv 2510.02779), who share authors with it and have the mirrored"
            " top layer. The widths that theorems ask for are far beyond these.",
        ),
    )


def _claims(widths: Array, found: dict[Symmetry, list[Found]]) -> tuple[Claim, ...]:
    algebra = "algebra on Lemma 7 of arXiv 2510.02779: no gradient below a mirrored top layer"
    claims = []
    for symmetry, all_widths in found.items():
        spoken, last = SPOKEN[symmetry], all_widths[-1]
        claims += [
            Claim(
                key=f"{symmetry}_gap",
                words=f"With a {spoken} the net's gap to the kernel that this start implies falls"
                " with width (slope of the logarithms).",
                origin="neighbouring theory",
                source="fluctuation of the kernel at the start, exponent -1/2; bar from earlier"
                " runs",
                value=slope(widths, [one.implied for one in all_widths]),
                at_most=-0.35,
            ),
            Claim(
                key=f"{symmetry}_other",
                words=f"With a {spoken} the kernel of the other start is not what the net follows:"
                " at the largest width its gap is at least three times as large.",
                origin="neighbouring theory",
                source=algebra,
                value=last.other / last.implied,
                at_least=3.0,
            ),
            Claim(
                key=f"{symmetry}_linearised",
                words=f"With a {spoken} the net is closer to its own linearisation than to the"
                " infinitely wide net, at every width (largest ratio of the gaps).",
                origin="data",
                source="seen in experiments before",
                value=max(one.linearised / one.implied for one in all_widths),
                at_most=1.0,
            ),
            Claim(
                key=f"{symmetry}_movement",
                words=f"With a {spoken} the last hidden layer moves by about the same at all widths"
                " (largest over smallest norm).",
                origin="neighbouring theory",
                source="kernel regime: the norm of the movement is that of the kernel's function",
                value=_spread([one.moved[1] for one in all_widths]),
                at_most=1.3,
            ),
            Claim(
                key=f"{symmetry}_relative",
                words=f"With a {spoken} that layer's movement relative to its start falls like 1/m"
                " (slope of the logarithms).",
                origin="neighbouring theory",
                source="movement of constant norm in a matrix of m x m normals",
                value=slope(widths, [one.moved[1] / one.start[1] for one in all_widths]),
                at_least=-1.15,
                at_most=-0.85,
            ),
        ]
    top = [one.moved[0] for one in found["top"]]
    claims.append(
        Claim(
            key="top_first_layer",
            words="Below a mirrored top layer the first layer moves less and less with width (slope"
            " of the logarithms).",
            origin="neighbouring theory",
            source=algebra,
            value=slope(widths, top),
            at_most=-0.2,
        )
    )
    return tuple(claims)


def _spread(values: list[float]) -> float:
    return float(max(values) / min(values))


def _figure(widths: tuple[int, ...], found: dict[Symmetry, list[Found]]) -> object:
    names = {
        "implied": "kernel this start implies",
        "other": "kernel of the other start",
        "linearised": "own linearisation",
    }
    panels = [
        figures.lines(
            {
                "width": np.tile(widths, len(names)),
                "RMS gap": [getattr(one, name) for name in names for one in found[symmetry]],
                "gap to": np.repeat(list(names.values()), len(widths)),
            },
            *("width", "RMS gap", "gap to"),
            title=SPOKEN[symmetry],
            points=True,
        )
        for symmetry in STARTS
    ]
    layers = [(s, layer) for s in STARTS for layer in (0, 1)]
    movement = figures.lines(
        {
            "width": np.tile(widths, len(layers)),
            "norm of the movement": [one.moved[layer] for s, layer in layers for one in found[s]],
            "weights": np.repeat([f"{s}, layer {layer + 1}" for s, layer in layers], len(widths)),
        },
        *("width", "norm of the movement", "weights"),
        title="movement of the weights",
        points=True,
    )
    joined = panels[0] | panels[1] | movement
    return joined.resolve_scale(color="independent", strokeDash="independent")


if __name__ == "__main__":
    main(run)
