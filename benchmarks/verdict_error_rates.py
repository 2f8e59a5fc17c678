"""How often knowledge verdicts are right, undecided and wrong, on planted effects.

    python benchmarks/verdict_error_rates.py [--repeats 4]

Tables of 80 and 250 rows, noise of 0.3 and 1.0, ten independent columns of which five have an
effect (1.0, -0.7, 0.5, 0.3, 0.15 a standard deviation, and one interaction) and five have none.
Each column is judged for its true direction and for "none", with held-out residuals and with the
model's own. A row of the output is one model, one kind of residuals and one effect size.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from ntkreg.decision import mean_over_repeats
from ntkreg.evaluation import build_contender, make_plan, run_benchmark
from ntkreg.inspection import Expectation, explain, judge_knowledge
from ntkreg.inspection.results import Effect
from ntkreg.io import read_table
from ntkreg.io.dataset import Dataset

EFFECTS = (1.0, -0.7, 0.5, 0.3, 0.15, 0.0, 0.0, 0.0, 0.0, 0.0)
NAMES = ("ntk-kernel", "lightgbm-default", "random-forest", "ridge")


def make_table(n_rows: int, noise: float, seed: int) -> Dataset:
    """Make one table with planted effects."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_rows, len(EFFECTS)))
    y = x @ np.array(EFFECTS) + 0.4 * x[:, 0] * x[:, 1] + noise * rng.normal(size=n_rows)
    table = pd.DataFrame({f"c{j}": x[:, j] for j in range(len(EFFECTS))}).assign(y=y)
    with TemporaryDirectory() as folder:
        table.to_csv(Path(folder) / "table.csv", index=False)
        return read_table(Path(folder) / "table.csv", target="y")


def judge_table(dataset: Dataset, counts: dict[Any, Counter[str]]) -> None:
    """Judge every column of one table for its direction and for none, by every model."""
    plan = make_plan(dataset)
    benchmark = run_benchmark(dataset, plan, names=NAMES)
    for name in NAMES:
        held_out = mean_over_repeats(benchmark.of(name).predictions)
        model = build_contender(name, dataset.columns).fit(dataset.features, dataset.y)
        explanation = explain(model, name, dataset, max_evaluations=60_000)
        for kind, residuals in (("held-out", dataset.y - held_out), ("own", None)):
            for j, effect in enumerate(EFFECTS):
                direction: Effect = "decreasing" if effect < 0 else "increasing"
                expected = [Expectation(f"c{j}", direction), Expectation(f"c{j}", "none")]
                for verdict in judge_knowledge(expected, explanation, dataset, residuals=residuals):
                    asked = "none" if verdict.expectation.effect == "none" else "direction"
                    counts[kind, name, abs(effect), asked][verdict.verdict] += 1


def main() -> None:
    """Judge all tables and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=4)
    counts: dict[Any, Counter[str]] = defaultdict(Counter)
    for repeat in range(parser.parse_args().repeats):
        for n_rows in (80, 250):
            for noise in (0.3, 1.0):
                judge_table(make_table(n_rows, noise, repeat), counts)
    print("residuals  model             effect  judged for  CONFIRMED  UNDECIDED  CONTRADICTED")
    for (kind, name, effect, asked), found in sorted(counts.items()):
        numbers = (found["CONFIRMED"], found["UNDECIDED"], found["CONTRADICTED"])
        print(
            f"{kind:9s}  {name:16s}  {effect:6.2f}  {asked:10s}",
            "{:10d} {:10d} {:13d}".format(*numbers),
        )


if __name__ == "__main__":
    main()
