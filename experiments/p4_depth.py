"""P4: training layer by layer on a hierarchical target, against two layers and the kernel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claims import Claim, Experiment, figures, main
from ntkreg.ntk import NTKKernelRegressor
from ntkreg.papers import LayerwiseRegressor, make_hierarchical
from ntkreg.papers.layerwise.first_layer import overlaps, step_sizes
from ntkreg.papers.layerwise.network import train_layerwise
from ntkreg.papers.layerwise.options import make_options

Array = NDArray[np.float64]

POWER = 2.0
NETS = ("layer by layer", "same first layer, ridge head", "two layers, joint", "NTK kernel")
DEEP, SHALLOW, JOINT, KERNEL = NETS
BRIEF = "layer by layer, the paper's T1"
MOST_KERNEL_ROWS = 2_000
PAPER = "Section 4 and Appendix F.4, learning curves over kappa = log n / log d"
BAR = "bar of this project (theory.md 6(g))"


@dataclass(frozen=True)
class Sizes:
    """Sizes of one version of the experiment."""

    d: tuple[int, ...]
    kappas: tuple[float, ...]
    n_seeds: tuple[int, ...]
    n_test: int
    decays: tuple[float, ...]
    epochs: int
    stack: bool
    judged: float


FULL = Sizes(
    (32, 64), (0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0), (10, 5), 4_000, (1.0, 3.0, 5.0), 100, True, 1.8
)
FAST = Sizes((16,), (1.0, 2.2), (1,), 1_000, (3.0,), 50, False, 2.2)


@dataclass(frozen=True)
class Task:
    """Training rows, test rows and what the target is made of."""

    X: Array
    y: Array
    X_test: Array
    y_test: Array
    directions: Array
    hidden: Array


def draw(n: int, d: int, seed: int, n_test: int, parity: bool) -> Task:
    """Return a hierarchical task; the target depends on the seed and d alone."""
    outer, r = ("parity", 3) if parity else ("tanh", 1)
    X, y, target = make_hierarchical(n, d, n_features=r, outer=outer, random_state=seed)
    X_test = np.random.default_rng([seed, n, d, 1]).normal(size=(n_test, d))
    directions = target.directions.reshape(-1, d)
    return Task(X, y, X_test, target(X_test), directions, target.features(X_test)[:, 0])


def joint_two_layers(task: Task, decay: float, epochs: int, seed: int) -> float:
    """Return the test error of a two-layer ReLU net, both layers trained by AdamW in batches."""
    rng = np.random.default_rng([seed, 5])
    (n, d), width, size = task.X.shape, 256, min(128, len(task.X))
    X, y, X_test = (a.astype(np.float32) for a in (task.X, task.y, task.X_test))
    shapes = ((width, d), (width,), (width,), (1,))
    scales = (d**-0.5, d**-0.5, width**-0.5, 0.0)
    weights = [
        rng.uniform(-s, s, size=shape).astype(np.float32)
        for s, shape in zip(scales, shapes, strict=True)
    ]
    state = [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
    rates = step_sizes(epochs * -(-n // size), 0.01)
    for epoch in range(epochs):
        order = rng.permutation(n)
        for k, start in enumerate(range(0, n, size)):
            chosen = order[start : start + size]
            t = epoch * -(-n // size) + k
            for w, g, (mean, square) in zip(
                weights, _gradients(X[chosen], y[chosen], *weights), state, strict=True
            ):
                mean += 0.1 * (g - mean)
                square += 0.001 * (g**2 - square)
                ahead = mean / (1 - 0.9 ** (t + 1))
                ahead /= np.sqrt(square / (1 - 0.999 ** (t + 1))) + 1e-8
                w -= np.float32(rates[t]) * (ahead + np.float32(decay) * w)
    W, b, a, c = weights
    f = np.maximum(X_test @ W.T + b, 0.0) @ a + c
    return float(np.mean((f.astype(float) - task.y_test) ** 2))


def _gradients(X: Array, y: Array, W: Array, b: Array, a: Array, c: Array) -> tuple[Array, ...]:
    z = X @ W.T + b
    h = np.maximum(z, 0.0)
    r = 2 * (h @ a + c - y) / len(y)
    back = (z > 0) * np.outer(r, a)
    return back.T @ X, back.sum(axis=0), h.T @ r, r.sum(keepdims=True)


def kernel_error(task: Task, stack: bool) -> float:
    """Return the test error of the kernel estimator: the better of its default and plain inputs."""
    models = [NTKKernelRegressor(activation="relu", metric=None, n_jobs=1)]
    if stack:
        models.append(NTKKernelRegressor(n_jobs=1))
    return min(mse(model.fit(task.X, task.y), task) for model in models)


def mse(model: Any, task: Task) -> float:
    """Return the mean squared error on the test rows."""
    return float(np.mean((model.predict(task.X_test) - task.y_test) ** 2))


def mse_of_first_layer(deep: LayerwiseRegressor, task: Task) -> float:
    """Return the test error of ridge regression on the first layer of a layer-wise net."""
    standard, d = deep.standard_, task.X.shape[1]
    stages = replace(make_options(deep, d).stages, second="none")
    rows, targets = standard.rows(task.X), standard.targets(task.y[:, None])
    net = train_layerwise(rows, targets, stages, directions=deep.net_.directions)
    predicted = standard.restored(net.predict(standard.rows(task.X_test)))[:, 0]
    return float(np.mean((predicted - task.y_test) ** 2))


def compare(task: Task, sizes: Sizes, seed: int, stack: bool) -> dict[str, float]:
    """Return errors of all models, and overlap and correlation of the layer-wise one."""
    deep = LayerwiseRegressor(power=POWER, random_state=seed).fit(task.X, task.y)
    own = len(task.X) <= MOST_KERNEL_ROWS
    d = task.X.shape[1]
    chance = np.sqrt(len(task.directions) / d)
    # in the coordinates of x, not of the standardised columns
    rows = deep.net_.weights / deep.standard_.scale
    trained = deep.net_.directions / deep.standard_.scale
    as_in_paper = LayerwiseRegressor(power=POWER, random_state=seed, n_steps=int(15 * np.log(d)))
    h2 = deep.hidden(task.X_test)[:, 0]
    return {
        DEEP: mse(deep, task),
        SHALLOW: mse_of_first_layer(deep, task),
        BRIEF: mse(as_in_paper.fit(task.X, task.y), task) if stack else np.nan,
        JOINT: min(joint_two_layers(task, w, sizes.epochs, seed) for w in sizes.decays),
        KERNEL: kernel_error(task, stack) if own else np.nan,
        "overlap": float(overlaps(rows, task.directions).mean() / chance),
        "overlap of trained neurons": float(overlaps(trained, task.directions).mean() / chance),
        "correlation": abs(float(np.corrcoef(h2, task.hidden)[0, 1])),
        "variance": float(task.y_test.var()),
    }


def run(fast: bool) -> Experiment:
    """Return the experiment."""
    sizes = FAST if fast else FULL
    found: dict[int, dict[str, Array]] = {}
    few: dict[int, float] = {}
    for d, n_seeds in zip(sizes.d, sizes.n_seeds, strict=True):
        table = [
            [
                compare(
                    draw(int(d**kappa), d, seed, sizes.n_test, False),
                    sizes,
                    seed,
                    stack=sizes.stack and kappa == sizes.judged,
                )
                for seed in range(n_seeds)
            ]
            for kappa in sizes.kappas
        ]
        found[d] = {
            name: np.array([np.median([row[name] for row in rows]) for rows in table])
            for name in table[0][0]
        }
        first = table[sizes.kappas.index(sizes.judged)][:5]
        few[d] = float(np.median([r[DEEP] for r in first]) / np.median([r[JOINT] for r in first]))
    d = sizes.d[0]
    control = [
        compare(draw(int(d**sizes.judged), d, seed, sizes.n_test, True), sizes, seed, stack=False)
        for seed in range(sizes.n_seeds[-1])
    ]
    parity = {name: float(np.median([row[name] for row in control])) for name in control[0]}
    return _judged(sizes, found, few, parity)


def _judged(
    sizes: Sizes,
    found: dict[int, dict[str, Array]],
    few: dict[int, float],
    parity: dict[str, float],
) -> Experiment:
    ds = " and ".join(map(str, sizes.d))
    return Experiment(
        paper="P4",
        title="Depth on a hierarchical target",
        setting=(
            f"x ~ N(0, I_d), d = {ds}; y = tanh(3 h(x)), h the sum of a cubic polynomial of"
            " sqrt(d) hidden orthonormal directions (SIGHT, eps_1 = 1/2), no noise; n = d^kappa,"
            f" kappa = {', '.join(map(str, sizes.kappas))}; {sizes.n_test:,} test rows, median of"
            f" {' and '.join(map(str, sizes.n_seeds))} seeds. Layer by layer:"
            " LayerwiseRegressor(power=2), everything else as by default (T1 = int(60 log d)"
            " steps). Two layers, joint: 256 ReLU neurons,"
            f" AdamW, weight decay {', '.join(map(str, sizes.decays))}, the best on the test rows"
            " of each seed. NTK kernel: NTKKernelRegressor on plain inputs (depth by its folds),"
            f" at kappa = {sizes.judged} also its default stack, the better on the test rows."
            f" Parity: the product of the signs of three such features, d = {sizes.d[0]},"
            f" n = d^{sizes.judged}."
        ),
        claims=_claims(sizes, found, few, parity),
        figure=_figure(sizes, found),
        numbers={
            "kappa": sizes.kappas,
            "n": {str(d): [int(d**k) for k in sizes.kappas] for d in sizes.d},
            "median": {str(d): found[d] for d in sizes.d},
            "layer-wise over joint, first five seeds": few,
            "parity": parity,
        },
        remarks=(
            "The first layer is trained as in LayerwiseRegressor: neuron-wise relative steps with"
            " decaying weights on the squared loss, and rows drawn anew along what was learned;"
            " the paper's spherical correlation steps with the same rows in all stages find only"
            " about half of the hidden directions at these sizes.",
            "Most of the gain over the jointly trained net comes from the redrawn first layer;"
            f" the row '{SHALLOW}' has it too, and what lies between the two is what the second"
            " layer adds.",
            "Four times the paper's int(15 log d) steps: these still find more directions"
            f" ('{BRIEF}' in the numbers, at kappa = {sizes.judged}).",
            "Both references are chosen on the test rows, in their favour; the layer-wise net is"
            " not. Its constants were chosen on the seeds 100 to 109 of the same target.",
            "The bar was set for the median of five seeds, and the first five decide; more seeds"
            " were added at d = 32 after those had missed it. With all seeds the ratio is"
            f" {', '.join(f'{r:.3f} at d = {d}' for d, r in _of_all(sizes, found).items())}.",
            f"No kernel above {MOST_KERNEL_ROWS:,} rows, for time.",
        ),
    )


def _of_all(sizes: Sizes, found: dict[int, dict[str, Array]]) -> dict[int, float]:
    at = sizes.kappas.index(sizes.judged)
    return {d: float(values[DEEP][at] / values[JOINT][at]) for d, values in found.items()}


def _claims(
    sizes: Sizes,
    found: dict[int, dict[str, Array]],
    few: dict[int, float],
    parity: dict[str, float],
) -> tuple[Claim, ...]:
    kappas = np.array(sizes.kappas)
    claims: list[Claim] = []
    for d in sizes.d:
        at = {name: float(values[kappas == sizes.judged][0]) for name, values in found[d].items()}
        claims += _errors(d, sizes.judged, at, few[d])
        overlap = found[d]["overlap"]
        claims += [
            _claim(
                f"overlap-{d}",
                f"Beyond kappa = 1.5 the first layer's rows lie in the hidden directions clearly"
                f" more than by chance, d = {d} (overlap over the random level, least).",
                float(overlap[kappas > 1.5].min()),
                at_least=1.25,
            ),
            _claim(
                f"chance-{d}",
                f"Below kappa = 1.2 they do not, d = {d} (overlap over the random level, most).",
                float(overlap[kappas < 1.2].max()),
                at_most=1.25,
            ),
            _claim(
                f"growth-{d}",
                "The correlation of the second layer's feature with the hidden one grows with n"
                f" at every step of kappa, d = {d} (least increase).",
                float(np.diff(found[d]["correlation"]).min()),
                at_least=0.0,
            ),
        ]
    others = min(parity[JOINT], parity[SHALLOW], parity[KERNEL], parity["variance"])
    control = _claim(
        "parity",
        "On the parity of three features the layer-wise net gains nothing over the best of the"
        " others and the mean (ratio of the errors).",
        parity[DEEP] / others,
        at_least=0.95,
        origin="neighbouring theory",
        source="the paper's conjecture on compositional information exponents; " + BAR,
    )
    return (*claims, control)


def _errors(d: int, kappa: float, at: dict[str, float], ratio: float) -> list[Claim]:
    where = f"d = {d}, n = d^{kappa}"
    return [
        _claim(
            f"depth-{d}",
            "The error of the net trained layer by layer is below 0.9 times that of the tuned"
            f" two-layer net, {where} (medians of the first five seeds).",
            ratio,
            at_most=0.9,
        ),
        _claim(
            f"kernel-{d}",
            f"That of the two-layer net is below that of the NTK kernel, {where} (ratio).",
            at[JOINT] / at[KERNEL],
            at_most=1.0,
        ),
        _claim(
            f"second-{d}",
            "The second layer alone does it: below 0.9 times the error of ridge regression on the"
            f" same first layer, {where}.",
            at[DEEP] / at[SHALLOW],
            at_most=0.9,
            origin="neighbouring theory",
            source="the paper's argument for depth, at one size and one first layer; " + BAR,
        ),
    ]


def _claim(key: str, words: str, value: float, **rest: Any) -> Claim:
    given = {"origin": "paper", "source": f"{PAPER}; {BAR}", **rest}
    return Claim(key=key, words=words, value=value, **given)


def _figure(sizes: Sizes, found: dict[int, dict[str, Array]]) -> object:
    errors, n_kappas = [], len(sizes.kappas)
    for d in sizes.d:
        mses = np.concatenate([found[d][name] for name in NETS])
        shown = np.isfinite(mses)
        columns = {
            "kappa = log n / log d": np.tile(sizes.kappas, len(NETS))[shown],
            "test error": mses[shown],
            "model": np.repeat(NETS, n_kappas)[shown],
        }
        errors.append(
            figures.lines(columns, *columns, title=f"d = {d}", log="", order=NETS, points=True)
        )
    names = [f"d = {d}" for d in sizes.d]
    panels = []
    for name, title in (
        ("overlap", "overlap / random level"),
        ("correlation", "|corr(h2, h*)|"),
    ):
        columns = {
            "kappa = log n / log d": np.tile(sizes.kappas, len(sizes.d)),
            title: np.concatenate([found[d][name] for d in sizes.d]),
            "columns": np.repeat(names, n_kappas),
        }
        panels.append(figures.lines(columns, *columns, title=title, log="", points=True))
    first = errors[0] if len(errors) == 1 else errors[0] | errors[1]
    rows = first & (panels[0] | panels[1]).resolve_scale(color="shared")
    return rows.resolve_scale(color="independent", strokeDash="independent")


if __name__ == "__main__":
    main(run)
