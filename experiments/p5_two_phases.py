"""P5: one wide layer gives full rank, and the last layer alone then fits every row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPRegressor

from claims import Claim, Experiment, figures, main
from ntkreg.papers import TwoPhaseRegressor, expressivity_condition
from ntkreg.papers.hidden_features import HiddenLayers, with_constant
from ntkreg.papers.last_layer import last_layer
from ntkreg.papers.phases import Phases, represent
from ntkreg.papers.plain_network import initial_layers

Array = NDArray[np.float64]

N_COLUMNS = 10
NARROW = 16
LEARNING_RATE = 0.003
NOISE = 0.1


@dataclass(frozen=True)
class Sizes:
    """Sizes of one version of the experiment."""

    n: int
    wide: int
    n_first: int
    most_steps: int
    n_draws: int
    n_tables: int
    n_held: int
    n_starts: int
    n_iterations: tuple[int, ...]


FULL = Sizes(40, 400, 500, 300_000, 20, 6, 200, 4, (200, 1_000))
FAST = Sizes(20, 400, 100, 30_000, 3, 1, 50, 3, (100,))


def made_table(n: int, seed: int) -> tuple[Array, Array]:
    """Return Gaussian rows and y = x_1 x_2 + sin(2 x_3) + noise, standardised."""
    rng = np.random.default_rng([seed, n])
    X = rng.normal(size=(n, N_COLUMNS))
    y = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + NOISE * rng.normal(size=n)
    return X, (y - y.mean()) / y.std()


def ranks(sizes: Sizes) -> dict[str, Array]:
    """Return rank / n over draws of rows and weights, by width of the wide layer."""
    n = sizes.n
    widths = (n // 4, n // 2, n - 2, n - 1, n, 2 * n, 10 * n)
    found = {"distinct rows": [], "two rows equal": [], "narrow layer last": []}
    for width in widths:
        for kind, kept in found.items():
            hidden = (width, NARROW) if kind == "narrow layer last" else (NARROW, width)
            kept.append([one_rank(n, hidden, kind, seed) for seed in range(sizes.n_draws)])
    return {"widths": np.array(widths)} | {k: np.array(v) for k, v in found.items()}


def one_rank(n: int, hidden: tuple[int, ...], kind: str, seed: int) -> float:
    """Return rank [h(X), 1] / n for one draw."""
    X = np.random.default_rng([seed, n, 1]).normal(size=(n, N_COLUMNS))
    if kind == "two rows equal":
        X[-1] = X[0]
    return expressivity_condition(X, initial_layers(N_COLUMNS, hidden, seed)).rank / n


def second_phase(layers: HiddenLayers, head: Array, X: Array, y: Array, steps: Array) -> Array:
    """Take explicit steps of gradient descent on the last layer; return the loss at `steps`."""
    H, n = with_constant(layers.features(X)), len(y)
    eta = n / np.linalg.norm(H, 2) ** 2
    wanted, losses, theta = set(steps.tolist()), [], head[:, 0].copy()
    for step in range(int(steps[-1]) + 1):
        residual = H @ theta - y
        if step in wanted:
            losses.append(float(residual @ residual) / (2 * n))
        theta -= eta / n * (residual @ H)
    return np.array(losses)


def geometric(sizes: Sizes) -> dict[str, Array | float]:
    """Return the training loss of the second phase against its bound, and what moved."""
    X, y = made_table(sizes.n, 0)
    phases = Phases(None, (NARROW, sizes.wide), LEARNING_RATE, 1e-4, 0)
    shown = represent(phases, X, y[:, None], [sizes.n_first])[0]
    # half-trained, so that the second phase has something to do: its start is a zero last layer
    problem = last_layer(
        with_constant(shown.layers.features(X)), y[:, None], np.zeros_like(shown.head)
    )
    needed = int(np.ceil(np.log(1e-11) / np.log(problem.rate) / 2))
    grid = np.unique(np.linspace(0, min(needed, sizes.most_steps), 60).astype(int))
    losses = second_phase(shown.layers, problem.start, X, y, grid)
    late = losses.size // 2
    measured = np.log(losses[-1] / losses[late]) / (grid[-1] - grid[late])
    return {
        "steps": grid,
        "losses": losses,
        "bound": losses[0] * problem.rate ** (2.0 * grid),
        "rate": problem.rate,
        "speed_ratio": float(measured / (2 * np.log(problem.rate))),
        "moved": hidden_change(sizes, X, y),
        "last_loss": float(2 * losses[-1]),
    }


def hidden_change(sizes: Sizes, X: Array, y: Array) -> float:
    """Return the largest difference of hidden weights with and without a second phase."""
    first, more = (
        TwoPhaseRegressor(
            n_iterations=sizes.n_first + n_head,
            n_representation=sizes.n_first,
            stopping="end",
            width=sizes.wide,
            learning_rate=LEARNING_RATE,
        ).fit(X, y)
        for n_head in (0, 200)
    )
    pairs = zip(
        (*first.layers_.weights, *first.layers_.biases),
        (*more.layers_.weights, *more.layers_.biases),
        strict=True,
    )
    return max(float(np.abs(a - b).max()) for a, b in pairs)


def held_out(sizes: Sizes, total: int) -> dict[str, Array]:
    """Return held-out RMSE of the base alone and in two phases, by table and start."""
    half = total // 2
    errors: dict[str, list[list[float]]] = {}
    for table in range(sizes.n_tables):
        X, y = made_table(sizes.n_held + 1_000, table + 1)
        rows, targets, new, truth = (*(a[: sizes.n_held] for a in (X, y)), X[sizes.n_held :],
                                     y[sizes.n_held :])  # fmt: skip
        for name, base in bases(sizes).items():
            for kind, first in (("alone", total), ("two phases", half)):
                found = []
                for seed in range(sizes.n_starts):
                    model = TwoPhaseRegressor(
                        base,
                        n_iterations=total,
                        n_representation=first,
                        stopping="end",
                        # no noise where there is no second phase: the base as it is
                        noise=1e-4 if first < total else 0.0,
                        random_state=seed,
                    ).fit(rows, targets)
                    found.append(float(np.sqrt(np.mean((model.predict(new) - truth) ** 2))))
                errors.setdefault(f"{name}, {kind}", []).append(found)
    return {name: np.array(values) for name, values in errors.items()}


def bases(sizes: Sizes) -> dict[str, MLPRegressor | None]:
    """Return the two bases: the softplus net, and scikit-learn's with tanh and minibatches."""
    wide = (NARROW, sizes.n_held)
    # no stop of its own, so that equal numbers of epochs are compared
    tanh = MLPRegressor(
        hidden_layer_sizes=wide, activation="tanh", tol=0.0, n_iter_no_change=100_000
    )
    return {"softplus": None, "tanh": tanh}


def gap(errors: dict[str, Array], name: str) -> float:
    """Return |mean change of the error| over the base's spread between starts."""
    alone, two = errors[f"{name}, alone"], errors[f"{name}, two phases"]
    spread = np.sqrt(np.mean(alone.var(axis=1, ddof=1)))
    return float(abs(np.mean(two - alone)) / spread)


def run(fast: bool) -> Experiment:
    """Return the experiment."""
    sizes = FAST if fast else FULL
    rank, fall = ranks(sizes), geometric(sizes)
    errors = {total: held_out(sizes, total) for total in sizes.n_iterations}
    return Experiment(
        paper="P5",
        title="Two phases: representation, then the last layer",
        setting=(
            f"Rank: {sizes.n} Gaussian rows in {N_COLUMNS} columns, a softplus net of {NARROW} and"
            f" then `width` hidden units, {sizes.n_draws} draws. Fall of the loss: {sizes.n} rows,"
            f" y = x1 x2 + sin(2 x3) + noise, {NARROW} and {sizes.wide} units,"
            f" {sizes.n_first} full-batch Adam steps on all layers, noise of 1e-4, then a last"
            " layer from zero by plain gradient descent at step 1/s_1, iteration by iteration."
            f" Held-out error: {sizes.n_tables} tables of {sizes.n_held} such rows with 1,000 new"
            f" ones, {sizes.n_starts} starts, {' and '.join(map(str, errors))} iterations in all"
            " (epochs of MLPRegressor), half of them in each phase."
        ),
        claims=_claims(sizes, rank, fall, errors),
        figure=_figure(sizes, rank, fall, errors),
        numbers={"rank_over_n": rank, "second_phase": fall, "held_out_rmse": errors},
        remarks=(
            "The operational form of the condition, the noise and a second phase of the last layer"
            " alone are recalled, not read in the paper; the tables are made, the paper has"
            " images.",
            "Held-out error is compared at the end of both phases, without the early stop that"
            " TwoPhaseRegressor takes by default. After 1,000 iterations the base has nearly"
            " converged at half of them, so that little is left to differ; at 200 it has not.",
        ),
    )


def _claims(
    sizes: Sizes,
    rank: dict[str, Array],
    fall: dict[str, Array | float],
    errors: dict[int, dict[str, Array]],
) -> tuple[Claim, ...]:
    enough = rank["widths"] >= sizes.n - 1
    algebra = "squared loss and full rank: the residual shrinks by 1 - eta sigma_min^2/n"
    claims = [
        Claim(
            key="rank",
            words="Narrow layers and one wide last one, of n - 1 units or more, give full rank"
            " (share of draws).",
            origin="paper",
            source="abstract: the condition holds for nets with one wide layer; its rank form is"
            " recalled",
            value=float(np.mean(rank["distinct rows"][enough] == 1.0)),
            at_least=1.0,
        ),
        Claim(
            key="narrow",
            words="With fewer than n - 1 units, or a narrow layer behind the wide one, no draw has"
            " full rank (share of draws).",
            origin="neighbouring theory",
            source="rank of a matrix of too few columns",
            value=float(
                np.mean(
                    np.concatenate([rank["distinct rows"][~enough], rank["narrow layer last"]])
                    == 1.0
                )
            ),
            at_most=0.0,
        ),
        Claim(
            key="duplicates",
            words="With two equal rows no draw has full rank, at any width (share of draws).",
            origin="neighbouring theory",
            source="equal rows have equal features",
            value=float(np.mean(rank["two rows equal"] == 1.0)),
            at_most=0.0,
        ),
        Claim(
            key="zero",
            words="The second phase brings the training loss below 1e-10 of the target's variance.",
            origin="neighbouring theory",
            source=algebra,
            value=float(fall["last_loss"]),
            at_most=1e-10,
        ),
        Claim(
            key="rate",
            words="It falls geometrically, in its later half at the speed that sigma_min predicts"
            " (measured over predicted).",
            origin="neighbouring theory",
            source=algebra,
            value=float(fall["speed_ratio"]),
            at_least=0.98,
            at_most=1.1,
        ),
        Claim(
            key="untouched",
            words="The second phase leaves the hidden weights untouched (largest change).",
            origin="neighbouring theory",
            source="recalled: the second phase trains the last layer only",
            value=float(fall["moved"]),
            at_most=0.0,
        ),
    ]
    claims += [
        Claim(
            key=f"held_out_{name}_{total}",
            words=f"With the {name} net as base, the held-out error after {total} iterations in all"
            " is that of the base, within the spread of its starts (mean change over spread).",
            origin="paper",
            source="abstract: comparable test accuracy with equal total iterations, on images",
            value=gap(found, name),
            at_most=1.0,
        )
        for total, found in errors.items()
        for name in bases(sizes)
    ]
    return tuple(claims)


def _figure(
    sizes: Sizes,
    rank: dict[str, Array],
    fall: dict[str, Array | float],
    errors: dict[int, dict[str, Array]],
) -> object:
    kinds = [name for name in rank if name != "widths"]
    ranked = figures.lines(
        {
            "width of the wide layer": np.tile(rank["widths"], len(kinds)),
            "rank / n": np.concatenate([rank[name].mean(axis=1) for name in kinds]),
            "net and rows": np.repeat(kinds, len(rank["widths"])),
        },
        *("width of the wide layer", "rank / n", "net and rows"),
        title=f"rank of [h(X), 1], n = {sizes.n}",
        log="x",
        points=True,
    )
    fallen = figures.lines(
        {
            "step of phase two": np.tile(fall["steps"], 2),
            "training loss": np.concatenate([fall["losses"], fall["bound"]]),
            "curve": np.repeat(["gradient descent", "bound by sigma_min"], len(fall["steps"])),
        },
        *("step of phase two", "training loss", "curve"),
        title="the last layer alone",
        log="y",
        dashed=["bound by sigma_min"],
    )
    n_tables, shown = sizes.n_tables, errors[sizes.n_iterations[0]]
    judged = figures.lines(
        {
            "table": np.tile(np.arange(1, n_tables + 1), len(shown)),
            "held-out RMSE": np.concatenate([e.mean(axis=1) for e in shown.values()]),
            "net": np.repeat(list(shown), n_tables),
        },
        *("table", "held-out RMSE", "net"),
        title=f"{sizes.n_iterations[0]} iterations in all",
        log="",
        points=True,
        dashed=[name for name in shown if name.endswith("alone")],
    )
    return (ranked | fallen | judged).resolve_scale(color="independent", strokeDash="independent")


if __name__ == "__main__":
    main(run)
