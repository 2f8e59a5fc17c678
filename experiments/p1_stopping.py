"""P1: with noise the risk falls and rises again over time, on kernel and net; without, it falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from p1_circle_rates import BRANCHES, ETA, NOISE, on_circle, operator_eigenvalues, target

from claims import Claim, Experiment, figures, main, slope
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.network.outputs import network_outputs
from ntkreg.ntk.path import decompose, gradient_descent_filter, predictions_along, step_grid

Array = NDArray[np.float64]

NOISES = {"with noise": NOISE, "without noise": 0.0}
# step sizes for the comparison at equal time, in shares of the largest
HALVINGS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Sizes:
    """Sizes of one version of the experiment."""

    n: int
    n_grid: int
    n_seeds: int
    most_steps: float
    width: int
    n_nets: int
    net_steps: int


FULL = Sizes(200, 1_024, 8, 1e7, 256, 2, 2_000)
FAST = Sizes(50, 128, 4, 1e5, 64, 1, 800)


@dataclass(frozen=True)
class Sample:
    """Rows on the circle, their target without noise, the noise, and the grid of the risk."""

    rows: Array
    signal: Array
    noise: Array
    grid: Array
    truth: Array

    def risks(self, path: Array) -> Array:
        """Return the mean squared distance to the target on the grid, path by path."""
        risks: Array = np.mean((path - self.truth) ** 2, axis=-1)
        return risks


def draw(sizes: Sizes, seed: int, values: Array) -> Sample:
    """Return a sample; its noise is of standard deviation one."""
    rng = np.random.default_rng([seed, sizes.n])
    angles = rng.uniform(0, 2 * np.pi, sizes.n)
    grid = 2 * np.pi * (np.arange(sizes.n_grid) + 0.5) / sizes.n_grid
    return Sample(
        on_circle(angles),
        target(angles, values),
        rng.normal(size=sizes.n),
        on_circle(grid),
        target(grid, values),
    )


def kernel_paths(sample: Sample, y: Array, eta: float, steps: Array) -> Array:
    """Return the kernel's predictions on the grid after each number of steps."""
    spectrum = decompose(gram(sample.rows, None, BRANCHES))
    filters = gradient_descent_filter(spectrum.values, eta, steps)
    across = gram(sample.grid, sample.rows, BRANCHES)
    return predictions_along(spectrum, y[:, None], across, filters)[..., 0]


def kernel_risks(sizes: Sizes, values: Array, steps: Array) -> dict[str, Array]:
    """Return the excess risk of the kernel over time, mean of the seeds."""
    samples = [draw(sizes, seed, values) for seed in range(sizes.n_seeds)]
    return {
        name: np.mean(
            [s.risks(kernel_paths(s, s.signal + size * s.noise, ETA, steps)) for s in samples], 0
        )
        for name, size in NOISES.items()
    }


def net_risks(sizes: Sizes, values: Array, steps: Array) -> dict[str, Array]:
    """Return the excess risk of the mean of the nets over time, for the first seed."""
    sample, found = draw(sizes, 0, values), {}
    shape = Architecture(BRANCHES, sizes.width, sizes.n_nets)
    for name, size in NOISES.items():
        y = (sample.signal + size * sample.noise)[:, None]
        weights = initial_weights(shape, 2, 1, 0)
        path = []
        # plain gradient descent has no memory: the run goes on where it was left
        for more in np.diff(steps, prepend=0):
            weights, _ = gradient_descent(
                shape, weights, sample.rows, y, learning_rate=ETA, n_steps=int(more)
            )
            path.append(network_outputs(shape, weights, sample.grid).mean(axis=0)[:, 0])
        found[name] = sample.risks(np.array(path))
    return found


def step_differences(sizes: Sizes, values: Array) -> Array:
    """Return how far paths of step ETA / h are from the one of a tiny step, at equal time."""
    sample = draw(sizes, 0, values)
    y = sample.signal + NOISE * sample.noise
    count = round(sizes.n ** (2 / 3))

    def at(halving: int) -> Array:
        return kernel_paths(sample, y, ETA / halving, np.array([count * halving]))[0]

    limit = at(4_096)
    return np.array([np.sqrt(np.mean((at(h) - limit) ** 2)) for h in HALVINGS]) / np.std(limit)


def run(fast: bool) -> Experiment:
    """Return the experiment."""
    sizes = FAST if fast else FULL
    values = operator_eigenvalues(16_384)
    steps, net_steps = step_grid(sizes.most_steps, 1.2), step_grid(sizes.net_steps, 1.25)
    kernel = kernel_risks(sizes, values, steps)
    net = net_risks(sizes, values, net_steps)
    differences = step_differences(sizes, values)
    return Experiment(
        paper="P1",
        title="The risk over time, with noise and without",
        setting=(
            f"The circle and target of p1_circle_rates, n = {sizes.n}, noise of standard deviation"
            f" {NOISE} or none. Kernel gradient descent up to {sizes.most_steps:.0e} steps of size"
            f" {ETA}, mean of {sizes.n_seeds} seeds; nets of two hidden layers of width"
            f" {sizes.width}, mirrored pairs, mean of {sizes.n_nets}, on the first seed, up to"
            f" {sizes.net_steps} steps."
        ),
        claims=_claims(kernel, net, differences),
        figure=_figure(steps, kernel, net_steps, net),
        numbers={
            "steps": steps,
            "kernel_risk": kernel,
            "net_steps": net_steps,
            "net_risk": net,
            "halvings_of_the_step": HALVINGS,
            "share_off_the_flow": differences,
        },
    )


def _claims(
    kernel: dict[str, Array], net: dict[str, Array], differences: Array
) -> tuple[Claim, ...]:
    needed = "noisy labels need early stopping, Suh, Ko and Huo 2022"
    classic = "spectral filters: without noise there is bias alone, which falls with time"
    claims = []
    for spoken, risks in (("kernel", kernel), ("net", net)):
        noisy, clean = (risks[name] for name in NOISES)
        claims += [
            Claim(
                key=f"{spoken}_falls",
                words=f"With noise the risk of the {spoken} first falls: the best is at most half"
                " of that after one step.",
                origin="neighbouring theory",
                source=needed,
                value=float(noisy.min() / noisy[0]),
                at_most=0.5,
            ),
            Claim(
                key=f"{spoken}_rises",
                words=f"Then it rises again: at the end the risk of the {spoken} is at least double"
                " the best.",
                origin="neighbouring theory",
                source=needed,
                value=float(noisy[-1] / noisy.min()),
                at_least=2.0,
            ),
            Claim(
                key=f"{spoken}_clean",
                words=f"Without noise the risk of the {spoken} at the end is the best of all times"
                " (ratio, with 5 % for chance).",
                origin="neighbouring theory",
                source=classic,
                value=float(clean[-1] / clean.min()),
                at_most=1.05,
            ),
        ]
    claims.append(
        Claim(
            key="time",
            words="Only the sum of the steps counts: at equal time the difference to tiny steps"
            " is of the order of the step (exponent).",
            origin="neighbouring theory",
            source="gradient descent as the explicit Euler method of gradient flow",
            value=slope(1.0 / np.array(HALVINGS), differences),
            at_least=0.8,
            at_most=1.3,
        )
    )
    return tuple(claims)


def _figure(
    steps: Array, kernel: dict[str, Array], net_steps: Array, net: dict[str, Array]
) -> object:
    def panel(title: str, times: Array, risks: dict[str, Array]) -> object:
        table = {
            "eta t": np.tile(ETA * times, len(risks)),
            "excess risk": np.concatenate(list(risks.values())),
            "data": np.repeat(list(risks), len(times)),
        }
        return figures.lines(table, "eta t", "excess risk", "data", title=title)

    return panel("Kernel", steps, kernel) | panel("Nets", net_steps, net)  # type: ignore[operator]


if __name__ == "__main__":
    main(run)
