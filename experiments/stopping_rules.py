"""What the intercept and the stopping rule are worth on real tables.

    python experiments/stopping_rules.py TASKS.py PEERS.csv [--splits 5] [--skip a,b]

TASKS.py has a function `tasks()` that yields (name, function that yields (train frame, test frame,
target)); PEERS.csv has the columns set, split, method, n, p, rmse, r2, seconds without a header.
For each table the kernel of depth 1 is prescribed with and without an intercept; test RMSE is that
of the least held-out error, of the earliest time within one standard error, at the noise level of
the marginal likelihood, and of the best point of the path. Prints the ratio to the best peer and
the geometric mean over tables, each ratio capped at 3.
"""

from __future__ import annotations

import argparse
import itertools
import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from ntkreg.ntk.choice import earliest_within_one_standard_error
from ntkreg.ntk.kernel import centre, gram
from ntkreg.ntk.metric import apply_metric
from ntkreg.ntk.options import Options
from ntkreg.ntk.path import decompose, gradient_descent_filter, predictions_along
from ntkreg.ntk.selection import held_out_paths, learn_metric, prepare_folds, scale_target
from ntkreg.preprocessing import TableEncoder
from ntkreg.preprocessing.embedding import embed, fit_embedding

CAP = 3.0


def judge(X, y, X_test, y_test, intercept: bool) -> dict[str, float]:
    """Return the test RMSE of each rule on one split."""
    options = Options(depths=(1,), fit_intercept=intercept)
    embedding, target = fit_embedding(X), scale_target(y[:, None])
    rows = embed(embedding, X)
    metric = learn_metric(rows, target.values, options)
    folds = prepare_folds(X, y[:, None], None, metric, embedding.columns, options)
    paths = held_out_paths(folds, 1, (len(y), 1), options)
    errors = np.mean(((paths.plain - y[:, None]) / target.scale) ** 2, axis=2)

    inputs = apply_metric(metric, rows)
    kernel = gram(inputs, None, metric.branches)
    cross = gram(apply_metric(metric, embed(embedding, X_test)), inputs, metric.branches)
    if intercept:
        cross, kernel = cross - kernel.mean(axis=0), centre(kernel)
    spectrum = decompose(kernel)
    likely = max(1, int(spectrum.values[0] * len(y) / (metric.noise + 1e-7)))
    times = np.append(paths.steps, likely)
    filters = gradient_descent_filter(spectrum.values, 1.0 / spectrum.values[0], times)
    test = predictions_along(spectrum, target.values, cross, filters)[:, :, 0]
    rmse = np.sqrt(np.mean((test * target.scale + target.mean - y_test) ** 2, axis=1))
    return {
        "least error": rmse[np.argmin(errors.mean(axis=1))],
        "one standard error": rmse[earliest_within_one_standard_error(errors)],
        "marginal likelihood": rmse[-1],
        "best of the path": rmse[:-1].min(),
    }


def compare(splits, n_splits: int) -> dict[str, float]:
    """Return the mean test RMSE of each rule over the splits of one table."""
    found: dict[str, list[float]] = {}
    for train, test, target in itertools.islice(splits, n_splits):
        encoder = TableEncoder().fit(train.drop(columns=target))
        arrays = [encoder.transform(part.drop(columns=target)) for part in (train, test)]
        y, y_test = (part[target].to_numpy(float) for part in (train, test))
        for intercept in (False, True):
            for rule, rmse in judge(arrays[0], y, arrays[1], y_test, intercept).items():
                found.setdefault(f"{rule}, intercept {intercept}", []).append(rmse)
    return {key: float(np.mean(values)) for key, values in found.items()}


def main() -> None:
    """Run all tables and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", type=Path)
    parser.add_argument("peers", type=Path)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--skip", default="air_quality_time,airfoil")
    arguments = parser.parse_args()
    columns = ["set", "split", "method", "n", "p", "rmse", "r2", "seconds"]
    peers = pd.read_csv(arguments.peers, header=None, names=columns)
    sys.path.insert(0, str(arguments.tasks.parent))
    ratios = {}
    for name, splits in runpy.run_path(str(arguments.tasks))["tasks"]():
        if name not in arguments.skip.split(","):
            own = peers[(peers["set"] == name) & (peers["split"] < arguments.splits)]
            best = own.groupby("method")["rmse"].mean().min()
            ratios[name] = {k: v / best for k, v in compare(splits(), arguments.splits).items()}
            print(name, {key: round(value, 3) for key, value in ratios[name].items()}, flush=True)
    means = np.exp(np.log(pd.DataFrame(ratios).clip(upper=CAP)).mean(axis=1))
    print(means.round(3).to_string())


if __name__ == "__main__":
    main()
