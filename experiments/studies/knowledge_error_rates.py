"""How often knowledge verdicts are right, undecided and wrong, on planted effects.

    python experiments/studies/knowledge_error_rates.py [--repeats 20] [--models ridge,ntk-kernel]

Tables of 80 and 200 rows with noise of standard deviation 1 and eight columns, uniform with
standard deviation 1: effects of half the noise (rising, falling, a peak and a valley in the
middle), one of a quarter, and three columns without effect, one of which moves together with the
rising one (r = 0.6). Every column is judged for every effect at 90 % confidence, with held-out
residuals. The output counts, for each model and number of rows, how often what is true was
CONFIRMED, how often it was CONTRADICTED, how often what is false was CONFIRMED, and how often a
column without effect was said to go against an expected effect.
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
}
HALF_WIDTH = np.sqrt(3.0)
Explained = tuple[str, Dataset, Explanation, NDArray[np.float64]]


def make_table(n_rows: int, seed: int) -> Dataset:
    """Make one table with planted effects."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame({name: rng.uniform(-HALF_WIDTH, HALF_WIDTH, size=n_rows) for name in TRUTH})
    x["twin"] = 0.6 * x["rising"] + 0.8 * x["twin"]
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
    """Judge every column for every effect: (column, expected, verdict) is counted."""
    _, dataset, explanation, residuals = explained
    for effect in get_args(Effect):
        expected = [Expectation(name, effect) for name in TRUTH]
        for found in judge_knowledge(expected, explanation, dataset, residuals=residuals):
            counts[found.expectation.column, effect, found.verdict] += 1


def line(title: str, asked: list[tuple[str, str]], counts: Counter[tuple[str, str, str]]) -> str:
    """Return one line of the table: shares of the verdicts over pairs (column, expected)."""
    kinds = ("CONFIRMED", "UNDECIDED", "CONTRADICTED")
    n = [sum(counts[column, effect, kind] for column, effect in asked) for kind in kinds]
    total = max(1, sum(n))
    return f"{title:44s} {total:6d} " + " ".join(f"{100 * k / total:8.1f} %" for k in n)


def report(counts: Counter[tuple[str, str, str]]) -> None:
    """Print the verdicts on what is true, on what is false, and on columns without effect."""
    idle = [name for name, (effect, _) in TRUTH.items() if effect == "none"]
    effects = [effect for effect in get_args(Effect) if effect != "none"]
    for name, (effect, size) in TRUTH.items():
        print(line(f"true: {name} ({size:g}) is {effect}", [(name, effect)], counts))
    for name in idle:
        print(
            line(f"no effect: {name}, expected to have one", [(name, e) for e in effects], counts)
        )
    opposite = [("rising", "decreasing"), ("falling", "increasing")]
    turned = [("top", "valley"), ("bottom", "peak")]
    bent = [(n, e) for n in ("rising", "falling") for e in ("peak", "valley")]
    straight = [(n, e) for n in ("top", "bottom") for e in ("increasing", "decreasing")]
    print(line("false: opposite direction", opposite, counts))
    print(line("false: peak for valley and back", turned, counts))
    print(line("false: peak or valley for a straight line", bent, counts))
    print(line("false: a direction for peak or valley", straight, counts))


def main() -> None:
    """Judge all tables and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--models", default="ridge,ntk-kernel")
    options = parser.parse_args()
    counts: dict[tuple[str, int], Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for n_rows in (80, 200):
        for seed in range(options.repeats):
            for explained in explained_tables(n_rows, seed, tuple(options.models.split(","))):
                count(explained, counts[explained[0], n_rows])
    for (name, n_rows), found in sorted(counts.items()):
        print(f"\n{name}, {n_rows} rows{'judged  CONFIRMED  UNDECIDED CONTRADICTED':>62s}")
        report(found)


if __name__ == "__main__":
    main()
