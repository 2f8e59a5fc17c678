"""P1b: nets with smooth activations follow their kernels with cleaner slopes in the width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from p1_circle_rates import on_circle
from p1_width_gap import N_NEW, N_ROWS, table

from claims import Claim, Experiment, figures, main, slope
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.kernel.profiles import profile_at_one
from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.network.linearisation import tangent_kernel, train_linearised
from ntkreg.ntk.network.outputs import network_outputs
from ntkreg.ntk.results import SMOOTH, Branch

Array = NDArray[np.float64]

ACTIVATIONS = ("relu", *SMOOTH)
DEPTH = 2
# between which the decay of the spectrum is taken; odd, since erf is
DEGREES = (7, 15)


@dataclass(frozen=True)
class Sizes:
    """Sizes of one version of the experiment."""

    activations: tuple[str, ...]
    widths: tuple[int, ...]
    n_seeds: int
    n_steps: int


FULL = Sizes(ACTIVATIONS, (64, 128, 256, 512, 1_024), 8, 100)
FAST = Sizes(("relu", "gelu"), (32, 96, 288), 3, 50)
# draws behind the kernel at the start, which needs no training
N_STARTS = 12
GAPS = ("kernel", "linearised", "start")


def trained_squares(branch: Branch, width: int, seed: int, n_steps: int) -> Array:
    """Return one trained net's mean square gap to the infinitely wide net, and to its own tangent.

    Both references are gradient descent on a kernel, the latter on that of the net at its start.
    """
    rows, truth = table()
    y, eta = truth[:N_ROWS], 1.0 / profile_at_one(branch)
    shape = Architecture((branch,), width, 1)
    start = initial_weights(shape, rows.shape[1], 1, seed)
    weights, _ = gradient_descent(
        shape, start, rows[:N_ROWS], y[:, None], learning_rate=eta, n_steps=n_steps
    )
    output = network_outputs(shape, weights, rows)[0, :, 0]
    own = tangent_kernel(shape, start, rows, 0)[:, :N_ROWS]
    wide = gram(rows, rows[:N_ROWS], (branch,))
    gaps = [
        output - train_linearised(kernel, y, learning_rate=eta, n_steps=n_steps)
        for kernel in (wide, own)
    ]
    return np.array([np.mean(gap**2) for gap in gaps])


def start_square(branch: Branch, width: int, seed: int) -> float:
    """Return the mean square of the kernel at the start less its limit, K(x, x) being 1."""
    rows = table()[0][:N_ROWS]
    shape = Architecture((branch,), width, 1)
    own = tangent_kernel(shape, initial_weights(shape, rows.shape[1], 1, seed), rows, 0)
    gap = (own - gram(rows, None, (branch,))) / profile_at_one(branch)
    return float(np.mean(gap**2))


def gaps_by_width(branch: Branch, sizes: Sizes) -> Array:
    """Return the root mean squares over the seeds, shape (widths, gaps)."""
    found = []
    for width in sizes.widths:
        trained = [
            trained_squares(branch, width, seed, sizes.n_steps) for seed in range(sizes.n_seeds)
        ]
        starts = [start_square(branch, width, seed) for seed in range(N_STARTS)]
        found.append([*np.mean(trained, axis=0), np.mean(starts)])
    return np.sqrt(found)


def spectrum_decay(branch: Branch) -> float:
    """Return the slope of the kernel's eigenvalues on the circle between two degrees."""
    grid = on_circle(2 * np.pi * np.arange(1_024) / 1_024)
    values = np.fft.rfft(gram(grid[:1], grid, (branch,))[0]).real
    return slope(DEGREES, values[list(DEGREES)])


def run(fast: bool) -> Experiment:
    """Return the experiment."""
    sizes = FAST if fast else FULL
    branches = {name: Branch(name, DEPTH) for name in sizes.activations}  # type: ignore[arg-type]
    gaps = {name: gaps_by_width(branch, sizes) for name, branch in branches.items()}
    decays = {name: spectrum_decay(branch) for name, branch in branches.items()}
    widths = np.array(sizes.widths, dtype=float)
    slopes = {
        name: {gap: slope(widths, one[:, k]) for k, gap in enumerate(GAPS)}
        for name, one in gaps.items()
    }
    return Experiment(
        paper="P1b",
        title="Smooth activations: net and kernel, by width",
        setting=(
            f"Nets of {DEPTH} hidden layers, all layers trained, mirrored pairs, with the ReLU and"
            f" with {', '.join(n for n in sizes.activations if n != 'relu')}; the table of"
            f" p1_width_gap ({N_ROWS} training points and {N_NEW} new ones on the sphere),"
            f" {sizes.n_steps} steps of plain gradient descent of size 1/K(x, x); root mean square"
            f" over points and {sizes.n_seeds} seeds ({N_STARTS} for the kernels at the start)."
        ),
        claims=_claims(slopes, decays),
        figure=_figure(sizes.widths, gaps),
        numbers={
            "widths": sizes.widths,
            "gaps_to_kernel_and_linearisation_and_of_the_kernels_at_the_start": gaps,
            "slopes": slopes,
            f"spectrum_decay_between_degrees_{DEGREES[0]}_and_{DEGREES[1]}": decays,
        },
        remarks=(
            "Of the paper only the abstract is known here: smooth activations, and iterates that"
            " follow the kernel's. The slopes are those of general arguments: the kernel at the"
            " start is a mean over the units, and in a mirrored pair the second-order terms of the"
            " two nets cancel, so that a smooth net leaves its linearisation at order 1/m.",
            "A slope of means over so few seeds is uncertain by about 0.1; with 4 seeds and 200"
            " steps those to the infinitely wide net were -0.40 (relu), -0.48 (erf), -0.35"
            " (softplus) and -0.40 (gelu), those to the own linearisation -0.69, -1.31, -0.97 and"
            " -1.09. erf(2 z) is the steepest of the three and still settling at these widths.",
        ),
    )


def _claims(slopes: dict[str, dict[str, float]], decays: dict[str, float]) -> tuple[Claim, ...]:
    claims = []
    for name in (n for n in slopes if n != "relu"):
        own = slopes[name]
        claims += [
            Claim(
                key=f"{name}_start",
                words=f"{name}: the net's tangent kernel at its start approaches the one by"
                " quadrature or closed form like m^-1/2 (slope of the logarithms).",
                origin="neighbouring theory",
                source="Monte Carlo: the kernel at the start is a mean over random units",
                value=own["start"],
                at_least=-0.65,
                at_most=-0.35,
            ),
            Claim(
                key=f"{name}_kernel",
                words=f"{name}: the trained net approaches the infinitely wide one like m^-1/2"
                " (slope of the logarithms).",
                origin="neighbouring theory",
                source="fluctuation of the kernel at the start",
                value=own["kernel"],
                at_least=-0.65,
                at_most=-0.35,
            ),
            Claim(
                key=f"{name}_linearised",
                words=f"{name}: it approaches its own linearisation like 1/m (slope of the"
                " logarithms).",
                origin="neighbouring theory",
                source="expansion in the weights' movement; second order cancels in a pair",
                value=own["linearised"],
                at_least=-1.15,
                at_most=-0.85,
            ),
            Claim(
                key=f"{name}_cleaner",
                words=f"{name}: that slope is steeper than the ReLU's by at least 0.1 (difference"
                " of the slopes).",
                origin="neighbouring theory",
                source="units of a ReLU net that switch have no expansion",
                value=own["linearised"] - slopes["relu"]["linearised"],
                at_most=-0.1,
            ),
            Claim(
                key=f"{name}_spectrum",
                words=f"{name}: the kernel's eigenvalues on the circle fall at least with the power"
                f" 4 between degrees {DEGREES[0]} and {DEGREES[1]}, twice the ReLU's power.",
                origin="neighbouring theory",
                source="a kernel that is analytic on the circle decays faster than any power",
                value=decays[name],
                at_most=-4.0,
            ),
        ]
    return tuple(claims)


def _figure(widths: tuple[int, ...], gaps: dict[str, Array]) -> object:
    titles = ("to the infinitely wide net", "to the own linearisation", "of the kernels at start")
    panels = [
        figures.lines(
            {
                "width": np.tile(widths, len(gaps)),
                "RMS gap": np.concatenate([one[:, k] for one in gaps.values()]),
                "activation": np.repeat(list(gaps), len(widths)),
            },
            *("width", "RMS gap", "activation"),
            title="gap " + title,
            points=True,
        )
        for k, title in enumerate(titles)
    ]
    return panels[0] | panels[1] | panels[2]


if __name__ == "__main__":
    main(run)
