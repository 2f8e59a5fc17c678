"""P1: how fast the error falls with n on the unit circle, and how the stopping time grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claims import Claim, Experiment, figures, main
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.path import decompose, gradient_descent_filter, predictions_along, step_grid
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

# all hidden layers trained: K(x, x) = 2 on the unit circle, so that eta K <= 1
BRANCHES = (Branch("relu", 2, 1.0, "hidden"),)
ETA = 0.5
NOISE = 0.5
SOURCE = 0.5
N_MODES = 2_000


@dataclass(frozen=True)
class Sizes:
    """Sizes of one version of the experiment."""

    n: tuple[int, ...]
    n_seeds: int
    n_grid: int
    most_steps: float


FULL = Sizes((100, 200, 400, 800, 1_600), 8, 1_024, 1e6)
FAST = Sizes((50, 100, 200, 400), 6, 256, 1e5)


def on_circle(angles: Array) -> Array:
    """Return points of the unit circle, shape (n, 2)."""
    return np.column_stack([np.cos(angles), np.sin(angles)])


def operator_eigenvalues(n_grid: int) -> Array:
    """Return the eigenvalues of the kernel's integral operator for cos(k theta), k = 0, 1, ..."""
    grid = on_circle(2 * np.pi * np.arange(n_grid) / n_grid)
    row = gram(grid[:1], grid, BRANCHES)[0]
    values: Array = np.fft.rfft(row).real / n_grid
    return values


def target(angles: Array, eigenvalues: Array) -> Array:
    """Return f* = sum_k lam_k^r k^-1/2 / log(k + 2) cos(k theta + phase): on the edge of its class.

    L_K^-r f* has the coefficients k^-1/2 / log(k + 2), barely summable in squares.
    """
    k = np.arange(1, N_MODES + 1)
    size = eigenvalues[1 : N_MODES + 1] ** SOURCE / (np.sqrt(k) * np.log(k + 2))
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, N_MODES)
    return np.concatenate(
        [np.cos(np.outer(part, k) + phase) @ size for part in np.array_split(angles, 8)]
    )


def risk_path(n: int, seed: int, grid: Array, truth: Array, steps: Array, values: Array) -> Array:
    """Return the excess risk after each number of steps, on a grid of the circle."""
    rng = np.random.default_rng([seed, n])
    angles = rng.uniform(0, 2 * np.pi, n)
    y = target(angles, values) + NOISE * rng.normal(size=n)
    rows = on_circle(angles)
    spectrum = decompose(gram(rows, None, BRANCHES))
    filters = gradient_descent_filter(spectrum.values, ETA, steps)
    path = predictions_along(spectrum, y[:, None], gram(grid, rows, BRANCHES), filters)[..., 0]
    risks: Array = np.mean((path - truth) ** 2, axis=1)
    return risks


def slope(x: Array, y: Array) -> float:
    """Return the least-squares slope of log y on log x."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def run(fast: bool) -> Experiment:
    """Return the experiment."""
    sizes = FAST if fast else FULL
    values = operator_eigenvalues(16_384)
    steps = step_grid(sizes.most_steps, 1.1)
    angles = 2 * np.pi * (np.arange(sizes.n_grid) + 0.5) / sizes.n_grid
    grid, truth = on_circle(angles), target(angles, values)
    risks = np.array(
        [
            np.mean([risk_path(n, s, grid, truth, steps, values) for s in range(sizes.n_seeds)], 0)
            for n in sizes.n
        ]
    )
    return _judged(sizes, values, steps, risks)


def _judged(sizes: Sizes, values: Array, steps: Array, risks: Array) -> Experiment:
    n = np.array(sizes.n, dtype=float)
    modes = np.arange(10, 1_000)
    decay = slope(modes, values[modes])
    gamma = -1.0 / decay
    rate = 2 * SOURCE / (2 * SOURCE + 0.5)
    best = risks.min(axis=1)
    times = ETA * steps[risks.argmin(axis=1)]
    fixed = np.array(
        [r[np.argmin(abs(ETA * steps - size**rate))] for size, r in zip(n, risks, strict=True)]
    )
    numbers = {
        "n": sizes.n,
        "excess_risk_at_best_time": best,
        "excess_risk_at_n_to_the_2/3": fixed,
        "best_time": times,
        "excess_risk_at_the_end": risks[:, -1],
        "eigenvalue_decay": decay,
        "gamma": gamma,
        "exponent_of_the_rate": -rate,
    }
    return Experiment(
        paper="P1",
        title="Rates on the unit circle",
        setting=(
            "Kernel gradient descent with the tangent kernel of a ReLU net of two hidden layers"
            f" (both trained), step {ETA}, on n = {', '.join(map(str, sizes.n))} points drawn on"
            f" the unit circle, noise of standard deviation {NOISE}. The target sits on the edge"
            " of the class r = 1/2; its eigenvalues are known from one row of the kernel. Excess"
            f" risk on {sizes.n_grid} points of the circle, mean of {sizes.n_seeds} seeds."
        ),
        claims=_claims(n, decay, rate, best, times, fixed, risks[:, -1]),
        figure=_figure(n, best, fixed, times, rate, values),
        numbers=numbers,
        remarks=(
            "The exponents are those of the classical theory of kernel gradient descent, an upper"
            " bound for the worst target of the class; the paper's own constants are not used.",
        ),
    )


def _claims(
    n: Array, decay: float, rate: float, best: Array, times: Array, fixed: Array, end: Array
) -> tuple[Claim, ...]:
    classic = "Caponnetto and De Vito 2007; Yao, Rosasco and Caponnetto 2007"
    seen = "bar of this project, from earlier runs"
    return (
        Claim(
            key="decay",
            words="The kernel's eigenvalues on the circle decay like k^-2, so that gamma = 1/2.",
            origin="neighbouring theory",
            source="spectrum of the ReLU NTK on the sphere, Bietti and Bach",
            value=decay,
            at_least=-2.1,
            at_most=-1.9,
        ),
        Claim(
            key="rate",
            words="At the best stopping time the risk falls at least as fast as n^-2/3 (slope of"
            " the logarithms, with 0.1 for chance).",
            origin="neighbouring theory",
            source=classic + ": n^(-2r/(2r + gamma)), r = 1/2",
            value=slope(n, best),
            at_most=-rate + 0.1,
        ),
        Claim(
            key="edge",
            words="It does not fall much faster, the target being on the edge of its class.",
            origin="data",
            source=seen,
            value=slope(n, best),
            at_least=-rate - 0.25,
        ),
        Claim(
            key="time",
            words="The best stopping time grows with n at an exponent within 0.25 of 2/3.",
            origin="neighbouring theory",
            source=classic + ": eta t = C n^(1/(2r + gamma))",
            value=slope(n, times),
            at_least=rate - 0.25,
            at_most=rate + 0.25,
        ),
        Claim(
            key="rule",
            words="Stopping at eta t = n^2/3 exactly costs at most half as much risk again as the"
            " best time, at every n.",
            origin="data",
            source=seen,
            value=float(np.max(fixed / best)),
            at_most=1.5,
        ),
        Claim(
            key="stopping",
            words="Going on to the end of the path at least doubles the risk, at every n.",
            origin="neighbouring theory",
            source="noisy labels need early stopping, Suh, Ko and Huo 2022",
            value=float(np.min(end / best)),
            at_least=2.0,
        ),
    )


def _figure(
    n: Array, best: Array, fixed: Array, times: Array, rate: float, values: Array
) -> object:
    middle = len(n) // 2
    theory = best[middle] * (n / n[middle]) ** -rate
    times_theory = times[middle] * (n / n[middle]) ** rate
    names = ("best time", "eta t = n^2/3", "slope -2/3")
    risk = figures.lines(
        {
            "rows n": np.tile(n, 3),
            "excess risk": np.concatenate([best, fixed, theory]),
            "stop": np.repeat(names, len(n)),
        },
        *("rows n", "excess risk", "stop"),
        title="Excess risk",
        dashed=names[2:],
        points=True,
    )
    stops = ("best", "slope 2/3")
    time = figures.lines(
        {
            "rows n": np.tile(n, 2),
            "eta t": np.concatenate([times, times_theory]),
            "time": np.repeat(stops, len(n)),
        },
        *("rows n", "eta t", "time"),
        title="Stopping time",
        dashed=stops[1:],
        points=True,
    )
    k = np.unique(np.geomspace(1, 1_000, 60).astype(int))
    decay = figures.lines(
        {"k": k, "eigenvalue": values[k]}, "k", "eigenvalue", title="Eigenvalues of cos k theta"
    )
    return (risk | time | decay).resolve_scale(color="independent", strokeDash="independent")


if __name__ == "__main__":
    main(run)
