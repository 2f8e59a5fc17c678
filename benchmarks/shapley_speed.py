"""How long attributions take, and how close they are, against shap's PermutationExplainer.

    python benchmarks/shapley_speed.py [--rows 200] [--compare-rows 4] [--only-compare]

Explains 200 rows of a table of 300 rows and 15 columns with the default budget, for several
contenders. Then explains a few rows of the kernel and of the net with shap's PermutationExplainer
at growing numbers of model evaluations. Both are held against a reference of 200 times as many
evaluations as our orders take. The processor seconds that shap needs for our errors are
interpolated on the line through its errors in logarithms (an order costs the same time, the error
falls with the root of their number), or, where shap stayed above it, extrapolated by that root and
marked so. Set OMP_NUM_THREADS to choose the number of threads.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from ntkreg.evaluation import build_contender
from ntkreg.inspection import choose_background, explain
from ntkreg.inspection.attribution.batches import Game
from ntkreg.inspection.attribution.designs import design_values, evaluations
from ntkreg.inspection.attribution.games import make_game
from ntkreg.inspection.attribution.shapley import permutation_values
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


def shap_explainer(game: Game) -> tuple[Callable[[int], np.ndarray], int]:
    """Return shap's values of the game's rows for a number of orders, and evaluations an order.

    shap's players are matrix columns, so it is given row numbers and one column a player.
    """
    import shap

    both = np.concatenate([game.rows, game.background])

    def predict(codes: np.ndarray) -> np.ndarray:
        numbers = np.asarray(codes, dtype=np.int64)[:, game.owner]
        return np.asarray(game.predict(both[numbers, np.arange(both.shape[1])]))

    players, n_rows, n_background = game.n_columns, len(game.rows), len(game.background)
    codes = np.repeat(np.arange(float(len(both)))[:, None], players, axis=1)
    masker = shap.maskers.Independent(codes[n_rows:], max_samples=n_background)
    explainer = shap.explainers.Permutation(predict, masker, seed=0)

    def explained(n_orders: int) -> np.ndarray:
        budget = n_orders * (2 * players + 1)
        return np.asarray(explainer(codes[:n_rows], max_evals=budget, silent=True).values)

    explained(1)  # compiles
    return explained, 2 * players * n_background


def compare_with_shap(dataset: Dataset, name: str, n_rows: int) -> None:
    """Print error and seconds of both, and the ratio of seconds at our error."""
    features = dataset.features
    model = build_contender(name, dataset.columns).fit(features, dataset.y)
    background = choose_background(features, 50)
    # rows from all over the table
    shown = np.linspace(0, len(features) - 1, n_rows).astype(int)
    game = make_game(model, features.iloc[shown], features.iloc[background])
    reference = permutation_values(game, 200, np.random.default_rng(1))
    scale = np.abs(reference).mean()

    def measured(work: Callable[[], np.ndarray], repeats: int) -> tuple[float, float]:
        spent = []
        for _ in range(repeats):
            before = time.process_time()
            values = work()
            spent.append((time.process_time() - before) / n_rows)
        return float(np.median(spent)), float(np.sqrt(np.mean((values - reference) ** 2)) / scale)

    ways = {
        "orders": (permutation_values, 2 * (game.n_columns - 1)),
        "design": (design_values, evaluations(game.n_columns, 1)),
    }
    ours = {}
    for way, (values_of, for_pair) in ways.items():
        ours[way] = measured(partial(values_of, game, 1, np.random.default_rng(0)), 5)
        show(name, f"ntkreg {way}", for_pair * len(background), *ours[way])
    explained, per_order = shap_explainer(game)
    found = []
    for n_orders in (1, 4, 16, 64):
        found.append(measured(partial(explained, n_orders), 1))
        show(name, "shap", n_orders * per_order, *found[-1])
    seconds, errors = np.transpose(found)
    for way, (spent, goal) in ours.items():
        if errors[-1] > goal:
            needed, how = seconds[-1] * (errors[-1] / goal) ** 2, "extrapolated"
        else:
            slope, start = np.polyfit(np.log(errors), np.log(seconds), 1)
            needed, how = float(np.exp(start + slope * np.log(goal))), "interpolated"
        print(f"{name}: shap needs {needed:.3f} s a row ({how}) for {way}: {needed / spent:.0f} x")


def show(name: str, way: str, n_evaluations: int, seconds: float, error: float) -> None:
    """Print one way's numbers for a row."""
    print(
        f"{name}: {way:15s} {n_evaluations:7d} evaluations {seconds:8.4f} cpu s {error:8.3%} error"
    )


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--compare-rows", type=int, default=4)
    parser.add_argument("--only-compare", action="store_true")
    options = parser.parse_args()
    dataset = make_table()
    print(f"{os.cpu_count()} cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
    if not options.only_compare:
        time_contenders(dataset, options.rows)
    for name in ("ntk-kernel", "ntk"):
        compare_with_shap(dataset, name, options.compare_rows)


if __name__ == "__main__":
    main()
