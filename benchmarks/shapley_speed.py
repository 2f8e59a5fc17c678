"""How long attributions take, and how close they are, against shap's PermutationExplainer.

    python benchmarks/shapley_speed.py [--rows 200] [--compare-rows 3]

Explains 200 rows of a table of 300 rows and 15 columns with the default budget, for several
contenders. Then explains a few rows of the kernel with shap's PermutationExplainer at the same
number of model evaluations a row, and compares both with a reference of 100 times as many
evaluations. Set OMP_NUM_THREADS to choose the number of threads.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from ntkreg.evaluation import build_contender
from ntkreg.inspection import choose_background, explain
from ntkreg.inspection.games import make_game
from ntkreg.inspection.shapley import permutation_values
from ntkreg.io import read_table
from ntkreg.io.dataset import Dataset

N_ROWS, N_COLUMNS = 300, 15


def make_table() -> Dataset:
    """Make the table: 14 numbers and a category, curved effects and interactions, noise."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N_ROWS, N_COLUMNS - 1))
    grade = rng.choice(["A", "B", "C"], N_ROWS)
    y = (
        2 * x[:, 0]
        + np.sin(2 * x[:, 1]) * x[:, 2]
        + x[:, 3] * x[:, 4]
        + 0.5 * x[:, 5:9].sum(axis=1)
    )
    y += (grade == "A") * x[:, 0] + 0.3 * rng.normal(size=N_ROWS)
    table = pd.DataFrame({f"c{j}": x[:, j] for j in range(x.shape[1])}).assign(grade=grade, y=y)
    with TemporaryDirectory() as folder:
        table.to_csv(Path(folder) / "table.csv", index=False)
        return read_table(Path(folder) / "table.csv", target="y")


def time_contenders(dataset: Dataset, n_rows: int) -> None:
    """Print seconds and additivity for each contender."""
    print(f"{'contender':16s} {'method':12s} {'wall s':>7s} {'cpu s':>7s} {'additivity':>11s}")
    for name in ("ntk-kernel", "ntk", "lightgbm", "random-forest", "ridge", "blend"):
        model = build_contender(name, dataset.columns).fit(dataset.features, dataset.y)
        before = time.process_time()
        found = explain(model, name, dataset, max_rows=n_rows)
        cpu = time.process_time() - before
        gap = np.abs(found.values.sum(axis=1) + found.base_value - found.predictions).max()
        print(f"{name:16s} {found.method:12s} {found.seconds:7.1f} {cpu:7.1f} {gap:11.1e}")


def compare_with_shap(dataset: Dataset, n_rows: int) -> None:
    """Print error and seconds of both at equal numbers of evaluations."""
    import shap

    features = dataset.features
    model = build_contender("ntk-kernel", dataset.columns).fit(features, dataset.y)
    background = choose_background(features, 50)
    game = make_game(model, features.iloc[:n_rows], features.iloc[background])
    players = game.n_columns
    reference = permutation_values(game, 100, np.random.default_rng(1))

    before = time.process_time()
    ours = permutation_values(game, 1, np.random.default_rng(0))
    seconds = time.process_time() - before

    # shap's players are matrix columns, so it is given row numbers and one column a player
    both = np.concatenate([game.rows, game.background])

    def predict(codes: np.ndarray) -> np.ndarray:
        numbers = np.asarray(codes, dtype=np.int64)[:, game.owner]
        return np.asarray(game.predict(both[numbers, np.arange(both.shape[1])]))

    codes = np.repeat(np.arange(float(len(both)))[:, None], players, axis=1)
    masker = shap.maskers.Independent(codes[n_rows:], max_samples=len(background))
    explainer = shap.explainers.Permutation(predict, masker, seed=0)
    explainer(codes[:1], max_evals=2 * players + 1, silent=True)  # compiles
    before = time.process_time()
    theirs = explainer(codes[:n_rows], max_evals=2 * players + 1, silent=True).values
    their_seconds = time.process_time() - before

    scale = np.abs(reference).mean()
    for name, values, spent in (("ntkreg", ours, seconds), ("shap", theirs, their_seconds)):
        error = np.sqrt(np.mean((values - reference) ** 2)) / scale
        print(f"{name:8s} {spent / n_rows:8.3f} cpu s a row, error {100 * error:5.1f} %")


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--compare-rows", type=int, default=3)
    options = parser.parse_args()
    dataset = make_table()
    print(f"{os.cpu_count()} cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
    time_contenders(dataset, options.rows)
    compare_with_shap(dataset, options.compare_rows)


if __name__ == "__main__":
    main()
