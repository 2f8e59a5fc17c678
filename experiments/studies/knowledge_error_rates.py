"""How often knowledge verdicts are right, undecided and wrong, on planted effects.

    python experiments/studies/knowledge_error_rates.py [--repeats 20] [--first-seed 0]
                                                        [--models ridge,ntk-kernel]

Tables of 80 and 200 rows with noise of standard deviation 1 and twelve columns, uniform with
standard deviation 1: effects of half the noise (rising, falling, a peak and a valley in the
middle), one of a quarter, and three columns without effect, one of which is correlated with the
rising one (r = 0.6). Four columns form two clusters: `leader` has an effect and `follower` none
(r = 0.9); `push` and `pull` have opposite effects of a quarter and move against each other
(r = -0.9), so that their effects add up. What is true of a cluster is the direction in which the
target goes when the cluster moves.

Expectations are judged one by one at 90 % confidence, with held-out residuals. The output counts,
for each model and number of rows, how often what is true was CONFIRMED, how often it was
CONTRADICTED, how often what is false was CONFIRMED, and how often a column without effect was
said to go against an expected effect.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.decision import mean_over_repeats
from ntkreg.evaluation import build_contender, make_plan, run_benchmark
from ntkreg.inspection import Expectation, Explanation, explain, judge_knowledge
from ntkreg.inspection.results import Effect
from ntkreg.io import read_table
from ntkreg.io.dataset import Dataset

# name: (true effect, standard deviation of its part of the target)
TRUTH: dict[str, tuple[Effect, float]] = {
    "rising": ("increasing", 0.5),
    "falling": ("decreasing", 0.5),
    "weak": ("increasing", 0.25),
    "top": ("peak", 0.5),
    "bottom": ("valley", 0.5),
    "twin": ("none", 0.0),
    "idle": ("none", 0.0),
    "spare": ("none", 0.0),
    "leader": ("increasing", 0.5),
    "follower": ("none", 0.0),
    "push": ("increasing", 0.25),
    "pull": ("decreasing", 0.25),
}
# second column: with which one, correlation
CORRELATED = {"twin": ("rising", 0.6), "follower": ("leader", 0.9), "pull": ("push", -0.9)}
ALONE = tuple(name for name, (effect, _) in TRUTH.items() if effect == "none")[:3]
EFFECTS: tuple[Effect, ...] = tuple(e for e in get_args(Effect) if e != "none")
Asked = tuple[tuple[str, Effect], ...]
TRUE_PARTS = tuple((name, effect) for name, (effect, _) in TRUTH.items() if name != "follower")
LINES: dict[str, Asked] = {
    **{
        f"true: {name} ({TRUTH[name][1]:g}) is {effect}": ((name, effect),)
        for name, effect in TRUE_PARTS
    },
    "true of the cluster: follower is increasing": (("follower", "increasing"),),
    "cluster: follower expected to have no effect": (("follower", "none"),),
    "any true direction or shape": (
        *((name, effect) for name, effect in TRUE_PARTS if effect != "none"),
        ("follower", "increasing"),
    ),
    **{
        f"no effect: {name}, expected to have one": tuple((name, e) for e in EFFECTS)
        for name in ALONE
    },
    "no effect: the three together": tuple((name, e) for name in ALONE for e in EFFECTS),
    "false: opposite direction": (("rising", "decreasing"), ("falling", "increasing")),
    "false of the cluster: opposite direction": (
        *(("leader", "decreasing"), ("follower", "decreasing")),
        *(("push", "decreasing"), ("pull", "increasing")),
    ),
    "false: no effect": (("rising", "none"), ("falling", "none"), ("leader", "none")),
    "false: peak for valley and back": (("top", "valley"), ("bottom", "peak")),
    "false: peak or valley for a straight line": (
        *(("rising", "peak"), ("rising", "valley")),
        *(("falling", "peak"), ("falling", "valley")),
    ),
    "false: a direction for peak or valley": (
        *(("top", "increasing"), ("top", "decreasing")),
        *(("bottom", "increasing"), ("bottom", "decreasing")),
    ),
}
HALF_WIDTH = np.sqrt(3.0)
Explained = tuple[str, Dataset, Explanation, NDArray[np.float64]]


def make_table(n_rows: int, seed: int) -> Dataset:
    """Make one table with planted effects."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame({name: rng.uniform(-HALF_WIDTH, HALF_WIDTH, size=n_rows) for name in TRUTH})
    for name, (other, r) in CORRELATED.items():
        x[name] = r * x[other] + np.sqrt(1 - r**2) * x[name]
    y = rng.normal(size=n_rows)
    for name, (effect, size) in TRUTH.items():
        y += size * _shape(effect, x[name].to_numpy())
    with TemporaryDirectory() as folder:
        x.assign(y=y).to_csv(Path(folder) / "table.csv", index=False)
        return read_table(Path(folder) / "table.csv", target="y")


def _shape(effect: Effect, x: NDArray[np.float64]) -> NDArray[np.float64]:
    if effect in ("increasing", "none"):
        return x
    if effect == "decreasing":
        return -x
    # x**2 of a uniform column has mean 1 and variance 0.8
    bowl: NDArray[np.float64] = (x**2 - 1) / np.sqrt(0.8)
    return bowl if effect == "valley" else -bowl


def explained_tables(n_rows: int, seed: int, models: tuple[str, ...]) -> Iterator[Explained]:
    """Fit and explain every model on one table; yields what a verdict is drawn from."""
    dataset = make_table(n_rows, seed)
    benchmark = run_benchmark(dataset, make_plan(dataset), names=models)
    for name in models:
        held_out = mean_over_repeats(benchmark.of(name).predictions)
        model = build_contender(name, dataset.columns).fit(dataset.features, dataset.y)
        explanation = explain(model, name, dataset, max_evaluations=60_000)
        yield name, dataset, explanation, dataset.y - held_out


def count(explained: Explained, counts: Counter[tuple[str, str, str]]) -> None:
    """Judge all expectations of the lines: (column, expected, verdict) is counted."""
    _, dataset, explanation, residuals = explained
    # by itself: expectations about one cluster may exclude each other
    for name, effect in dict.fromkeys(pair for asked in LINES.values() for pair in asked):
        expected = [Expectation(name, effect)]
        found = judge_knowledge(expected, explanation, dataset, residuals=residuals)[0]
        counts[name, effect, found.verdict] += 1


def line(title: str, asked: Asked, counts: Counter[tuple[str, str, str]]) -> str:
    """Return one line of the table: shares of the verdicts over pairs (column, expected)."""
    kinds = ("CONFIRMED", "UNDECIDED", "CONTRADICTED")
    n = [sum(counts[column, effect, kind] for column, effect in asked) for kind in kinds]
    total = max(1, sum(n))
    return f"{title:46s} {total:6d} " + " ".join(f"{100 * k / total:8.1f} %" for k in n)


def main() -> None:
    """Judge all tables and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--models", default="ridge,ntk-kernel")
    options = parser.parse_args()
    counts: dict[tuple[str, int], Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for n_rows in (80, 200):
        for seed in range(options.first_seed, options.first_seed + options.repeats):
            for explained in explained_tables(n_rows, seed, tuple(options.models.split(","))):
                count(explained, counts[explained[0], n_rows])
    for (name, n_rows), found in sorted(counts.items()):
        print(f"\n{name}, {n_rows} rows{'judged  CONFIRMED  UNDECIDED CONTRADICTED':>64s}")
        for title, asked in LINES.items():
            print(line(title, asked, found))


if __name__ == "__main__":
    main()
