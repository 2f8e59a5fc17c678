"""How close Shapley values are to those of all sets of columns and 50 background rows.

    python benchmarks/shapley_plans.py FILE --target COLUMN [--drop COLUMN ...] [--rows 40]

Fits `ntk-kernel` to a table of at most 12 columns, explains rows of it with all sets of columns and
50 background rows, then with ever smaller numbers of evaluations: as planned, and with all sets of
columns on as many background rows as the number allows. The error is the root mean square of the
differences over that of the values; the second number is the largest error of a column's
importance (mean absolute value) over the largest importance.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ntkreg.evaluation import build_contender
from ntkreg.inspection import choose_background
from ntkreg.inspection.attribution.games import make_game
from ntkreg.inspection.attribution.shapley import Sampling, plan_sampling, shapley_values
from ntkreg.io import read_table

N_BACKGROUND = 50
SHARES = (0.25, 0.125, 0.06, 0.03)


def main() -> None:
    """Print one line a plan."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--drop", action="append", default=[])
    parser.add_argument("--rows", type=int, default=40)
    options = parser.parse_args()
    dataset = read_table(options.file, target=options.target, drop=options.drop)
    features = dataset.features
    model = build_contender("ntk-kernel", dataset.feature_columns).fit(features, dataset.y)
    rows = np.linspace(0, len(features) - 1, options.rows).astype(int)
    p = features.shape[1]

    def values(plan: Sampling) -> NDArray[np.float64]:
        background = choose_background(features, plan.n_background)
        game = make_game(model, features.iloc[rows], features.iloc[background])
        return shapley_values(game, plan, seed=0)

    everything = len(rows) * N_BACKGROUND * 2**p
    truth = values(Sampling("exact", len(rows), N_BACKGROUND, 0))
    for share in SHARES:
        limit = int(share * everything)
        planned = plan_sampling(len(rows), p, N_BACKGROUND, limit)
        for plan in (planned, Sampling("exact", len(rows), max(1, limit // (len(rows) * 2**p)), 0)):
            print(f"{limit:9,d} evaluations, {plan.method}, {plan.n_background} background rows: ",
                  *(f"{error:.2%}" for error in errors(values(plan), truth)))  # fmt: skip


def errors(values: NDArray[np.float64], truth: NDArray[np.float64]) -> tuple[float, float]:
    """Return the error of the values and that of the importances."""
    importance, other = np.abs(truth).mean(axis=0), np.abs(values).mean(axis=0)
    difference = np.sqrt(np.mean((values - truth) ** 2) / np.mean(truth**2))
    return float(difference), float(np.abs(other - importance).max() / importance.max())


if __name__ == "__main__":
    main()
