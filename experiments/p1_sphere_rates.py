"""P1: rates and stopping times on the sphere in four dimensions, whose eigenvalues are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claims import Claim, Experiment, figures, main, slope
from ntkreg.ntk.kernel.angles import Angles
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.kernel.profiles import profile
from ntkreg.ntk.path import decompose, gradient_descent_filter, predictions_along, step_grid
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

# all hidden layers trained: K(x, x) = 2 on the sphere, so that eta K <= 1
BRANCH = Branch("relu", 2, 1.0, "hidden")
ETA = 0.5
NOISE = 0.5
SOURCE = 0.5
GAMMA = 0.75
RATE = 2 * SOURCE / (2 * SOURCE + GAMMA)
N_DEGREES = 200
# below 400 points one degree or the next is learned, and exponents are not to be seen
FULL_ONLY = ("edge", "time")
N_POLES = 40


@dataclass(frozen=True)
class Sizes:
    """Sizes of one version of the experiment."""

    n: tuple[int, ...]
    n_seeds: int
    n_new: int
    most_steps: float


FULL = Sizes((200, 400, 800, 1_600), 8, 3_000, 1e6)
FAST = Sizes((100, 200, 400), 8, 500, 1e4)


def operator_eigenvalues(n_degrees: int, n_nodes: int = 20_000) -> Array:
    """Return the eigenvalues of the kernel's integral operator for degrees 0, 1, ...

    On the sphere in four dimensions the zonal harmonic of degree k is
    U_k(cos t) = sin((k + 1) t) / sin t, of norm 1, and its eigenvalue (Funk and Hecke) is
    2/(pi (k + 1)) times the integral of kappa(cos t) sin((k + 1) t) sin t over [0, pi]; the degree
    has (k + 1)^2 harmonics.
    """
    angle = np.pi * (np.arange(n_nodes) + 0.5) / n_nodes
    pairs = Angles(np.cos(angle), angle, np.sin(angle), np.ones(1), np.ones(n_nodes))
    weighted = profile(pairs, BRANCH) * np.sin(angle)
    order = np.arange(1, n_degrees + 1)
    values: Array = np.array([np.mean(weighted * np.sin(k * angle)) for k in order]) * 2 / order
    return values


def zonal(cosine: Array, weights: Array) -> Array:
    """Return sum_k weights_k U_k(cosine), weights of shape (n_degrees, ...)."""
    before, now = np.zeros_like(cosine), np.ones_like(cosine)
    total = weights[0] * now
    for one in weights[1:]:
        before, now = now, 2 * cosine * now - before
        total += one * now
    return total


class Target:
    """f* = sum_k lam_k^r c_k Y_k with c_k = k^-1/2 / log(k + 2): on the edge of its class.

    Each Y_k is a random harmonic of degree k and norm one, a sum of zonal ones at random poles.
    L_K^-r f* has the coefficients c_k, barely summable in squares.

    Parameters
    ----------
    eigenvalues : ndarray of shape (n_degrees,)
    """

    def __init__(self, eigenvalues: Array) -> None:
        rng = np.random.default_rng(0)
        self.poles = on_sphere(N_POLES, rng)
        degrees = np.arange(1, len(eigenvalues))
        self.coefficients = np.zeros(len(eigenvalues))
        self.coefficients[1:] = eigenvalues[1:] ** SOURCE / np.sqrt(degrees) / np.log(degrees + 2)
        self.mixture = rng.normal(size=(len(eigenvalues), N_POLES))
        for k, own in enumerate(self.mixture):
            # <U_k(x.z), U_k(x.w)> = U_k(z.w) / (k + 1)
            one = np.zeros((k + 1, 1, 1))
            one[k] = 1.0 / (k + 1)
            products = zonal(np.clip(self.poles @ self.poles.T, -1, 1), one)
            own /= np.sqrt(own @ products @ own)

    def __call__(self, rows: Array) -> Array:
        """Return f* of rows of norm one."""
        weights = self.coefficients[:, None, None] * self.mixture[:, None, :]
        return np.concatenate(
            [zonal(part @ self.poles.T, weights).sum(axis=1) for part in np.array_split(rows, 8)]
        )


def on_sphere(n: int, rng: np.random.Generator) -> Array:
    """Return points uniform on the unit sphere, shape (n, 4)."""
    rows = rng.normal(size=(n, 4))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def risk_path(n: int, seed: int, new: Array, truth: Array, steps: Array, target: Target) -> Array:
    """Return the excess risk after each number of steps, on new points."""
    rng = np.random.default_rng([seed, n])
    rows = on_sphere(n, rng)
    y = target(rows) + NOISE * rng.normal(size=n)
    spectrum = decompose(gram(rows, None, (BRANCH,)))
    filters = gradient_descent_filter(spectrum.values, ETA, steps)
    path = predictions_along(spectrum, y[:, None], gram(new, rows, (BRANCH,)), filters)[..., 0]
    risks: Array = np.mean((path - truth) ** 2, axis=1)
    return risks


def ideal_risk(n: int, values: Array, target: Target, steps: Array) -> Array:
    """Return bias and variance of the path with the operator's eigenvalues in the place of K/n's.

    sum_k ((1 - p_k)^2 |f*_k|^2 + p_k^2 multiplicity_k noise^2/n), p_k = 1 - (1 - eta lam_k)^t.
    """
    kept = gradient_descent_filter(values, ETA, steps) * values
    many = (np.arange(len(values)) + 1.0) ** 2
    bias = (1 - kept) ** 2 @ target.coefficients**2
    risk: Array = bias + kept**2 @ many * NOISE**2 / n
    return risk


def run(fast: bool) -> Experiment:
    """Return the experiment."""
    sizes = FAST if fast else FULL
    values = operator_eigenvalues(N_DEGREES)
    target = Target(values)
    steps = step_grid(sizes.most_steps, 1.1)
    new = on_sphere(sizes.n_new, np.random.default_rng(1))
    truth = target(new)
    risks = np.array(
        [
            np.mean([risk_path(n, s, new, truth, steps, target) for s in range(sizes.n_seeds)], 0)
            for n in sizes.n
        ]
    )
    ideal = np.array([ideal_risk(n, values, target, steps) for n in sizes.n])
    return _judged(sizes, values, steps, risks, ideal)


def _judged(sizes: Sizes, values: Array, steps: Array, risks: Array, ideal: Array) -> Experiment:
    n = np.array(sizes.n, dtype=float)
    degrees = np.arange(5, 100)
    numbers = {
        "n": sizes.n,
        "excess_risk_at_best_time": risks.min(axis=1),
        "excess_risk_by_eigenvalues": ideal.min(axis=1),
        "best_time": ETA * steps[risks.argmin(axis=1)],
        "best_time_by_eigenvalues": ETA * steps[ideal.argmin(axis=1)],
        "excess_risk_at_n_to_the_4/7": np.array(
            [r[np.argmin(abs(ETA * steps - m**RATE))] for m, r in zip(n, risks, strict=True)]
        ),
        "excess_risk_at_the_end": risks[:, -1],
        "eigenvalue_decay_in_the_degree": slope(degrees + 1, values[degrees]),
        "eigenvalues": values[:12],
        "exponent_of_the_rate": -RATE,
    }
    return Experiment(
        paper="P1",
        title="Rates on the sphere in four dimensions",
        setting=(
            "Kernel gradient descent with the tangent kernel of a ReLU net of two hidden layers"
            f" (both trained), step {ETA}, on n = {', '.join(map(str, sizes.n))} points uniform on"
            f" the unit sphere of R^4, noise of standard deviation {NOISE}. The target is a sum of"
            " one random harmonic of each degree with the coefficients of the edge of the class"
            f" r = 1/2. Excess risk on {sizes.n_new} new points, mean of {sizes.n_seeds} seeds."
        ),
        claims=tuple(c for c in _claims(n, numbers) if sizes is FULL or c.key not in FULL_ONLY),
        figure=_figure(n, numbers, values),
        numbers=numbers,
        remarks=(
            "The exponents are those of the classical theory of kernel gradient descent, an upper"
            " bound for the worst target of the class; the paper's own constants are not used. The"
            " dashed curves put the operator's known eigenvalues in the place of those of K/n: what"
            " the theory predicts at these very n, before its exponents are reached.",
        ),
    )


def _claims(n: Array, numbers: dict[str, object]) -> tuple[Claim, ...]:
    classic = "Caponnetto and De Vito 2007; Yao, Rosasco and Caponnetto 2007"
    best, ideal, times, fixed, end = (
        np.asarray(numbers[name], dtype=float)
        for name in (
            *("excess_risk_at_best_time", "excess_risk_by_eigenvalues", "best_time"),
            *("excess_risk_at_n_to_the_4/7", "excess_risk_at_the_end"),
        )
    )
    return (
        Claim(
            key="decay",
            words="The kernel's eigenvalues on the sphere fall with the degree k like (k + 1)^-4,"
            " so that gamma = 3/4.",
            origin="neighbouring theory",
            source="spectrum of the ReLU NTK on the sphere, Bietti and Bach",
            value=float(np.asarray(numbers["eigenvalue_decay_in_the_degree"])),
            at_least=-4.2,
            at_most=-3.8,
        ),
        Claim(
            key="rate",
            words="At the best stopping time the risk falls at least as fast as n^-4/7 (slope of"
            " the logarithms, with 0.1 for chance).",
            origin="neighbouring theory",
            source=classic + ": n^(-2r/(2r + gamma)), r = 1/2",
            value=slope(n, best),
            at_most=-RATE + 0.1,
        ),
        Claim(
            key="edge",
            words="It does not fall much faster, the target being on the edge of its class.",
            origin="data",
            source="bar of theory for the circle, taken over",
            value=slope(n, best),
            at_least=-RATE - 0.25,
        ),
        Claim(
            key="time",
            words="The best stopping time grows with n at an exponent within 0.25 of 4/7.",
            origin="neighbouring theory",
            source=classic + ": eta t = C n^(1/(2r + gamma))",
            value=slope(n, times),
            at_least=RATE - 0.25,
            at_most=RATE + 0.25,
        ),
        Claim(
            key="eigenvalues",
            words="The risk at the best time agrees with bias plus variance from the known"
            " eigenvalues (largest ratio of the two, either way).",
            origin="neighbouring theory",
            source="spectral filters; exact for the operator in the place of K/n",
            value=float(np.exp(np.max(np.abs(np.log(best / ideal))))),
            at_most=1.5,
        ),
        Claim(
            key="rule",
            words="Stopping at eta t = n^4/7 exactly costs at most half as much risk again as the"
            " best time, at every n.",
            origin="data",
            source="bar of this project, as on the circle",
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


def _figure(n: Array, numbers: dict[str, object], values: Array) -> object:
    middle = len(n) // 2

    def panel(title: str, unit: str, shown: dict[str, object], exponent: float) -> object:
        curves = [np.asarray(numbers[str(key)], dtype=float) for key in shown.values()]
        curves.append(curves[0][middle] * (n / n[middle]) ** exponent)
        names = [*shown, "exponent of the theory"]
        table = {
            "rows n": np.tile(n, len(names)),
            unit: np.concatenate(curves),
            title: np.repeat(names, len(n)),
        }
        dashed = names[1:] if len(names) == 3 and "time" in title else names[-2:]
        return figures.lines(table, "rows n", unit, title, title=title, dashed=dashed, points=True)

    risk = panel(
        *("Excess risk", "excess risk"),
        {
            "best time": "excess_risk_at_best_time",
            "eta t = n^4/7": "excess_risk_at_n_to_the_4/7",
            "by eigenvalues": "excess_risk_by_eigenvalues",
        },
        -RATE,
    )
    time = panel(
        *("Stopping time", "eta t"),
        {"best": "best_time", "by eigenvalues": "best_time_by_eigenvalues"},
        RATE,
    )
    degrees = np.arange(1, 100)
    decay = figures.lines(
        {"degree + 1": degrees + 1, "eigenvalue": values[degrees]},
        *("degree + 1", "eigenvalue"),
        title="Eigenvalues by degree",
    )
    joined = risk | time | decay  # type: ignore[operator]
    return joined.resolve_scale(color="independent", strokeDash="independent")


if __name__ == "__main__":
    main(run)
