"""What each part of the kernel stack is worth on real tables, and whether its choice carries over.

    python experiments/studies/ablation.py TASKS.py PEERS.csv [--splits 5] [--skip a,b]

TASKS.py has a function `tasks()` that yields (name, function that yields (train frame, test frame,
target)); PEERS.csv has the columns set, split, method, n, p, rmse, r2, seconds without a header.

For each table and split every candidate is prescribed once; all variants are then read off the
same held-out and test paths: members alone, members left out, other ways to stop, other weights.
Prints RMSE over that of the best peer by table, and the geometric mean over tables (each ratio at
most 3), and the stack's own held-out error over its test error. Leave-one-table-out: the variant
that is best on the other tables, judged on the one left out.
"""

from __future__ import annotations

import argparse
import itertools
import runpy
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.metric.scales import apply_metric
from ntkreg.ntk.path import decompose, gradient_descent_filter, predictions_along
from ntkreg.ntk.prescription.choice import (
    choose_time,
    earliest_within_one_standard_error,
    squared_errors,
)
from ntkreg.ntk.prescription.folds import make_designs
from ntkreg.ntk.prescription.noise import likely_steps
from ntkreg.ntk.prescription.options import STACK, Candidate, Options
from ntkreg.ntk.prescription.selection import (
    held_out_paths,
    learn_metric,
    prepare_fold,
    scale_target,
    step_grids,
)
from ntkreg.ntk.prescription.stacking import stacking_weights
from ntkreg.preprocessing import TableEncoder
from ntkreg.preprocessing.embedding import embed, fit_embedding

CAP = 3.0
OTHERS = (
    Candidate("relu+relu2", ("relu", "relu2")),
    Candidate("smooth, scores too", ("relu", "relu2", "relu3")),
    Candidate("erf", ("erf",)),
    Candidate("relu, plain metric", ("relu",), metric=None),
    Candidate("relu, 3 layers", ("relu",), depths=(3,)),
)
OWN_ERROR = "held-out error of the stack"
DEFAULT = tuple(c.name for c in STACK)
STOPS = ("ours", "least error", "one standard error", "likelihood")


@dataclass(frozen=True)
class Paths:
    """One candidate on one split: paths of held-out and test rows, and where each rule stops."""

    judging: np.ndarray
    choosing: np.ndarray
    test: np.ndarray
    stops: dict[str, int]
    stops_at_random: dict[str, int]


def stops_of(path, y, target, steps, likely) -> dict[str, int]:
    """Return the position of each rule's number of steps."""
    errors = squared_errors(path, y, target.scale)
    first = earliest_within_one_standard_error(errors)
    at_likely = int(np.argmin(np.abs(np.log(steps) - np.log(likely)))) if likely > 0 else first
    return {
        "ours": choose_time(errors, steps, likely),
        "least error": int(np.argmin(errors.mean(axis=1))),
        "one standard error": first,
        "likelihood": at_likely,
    }


def follow(X, y, X_test, candidate: Candidate, designs, options: Options) -> Paths:
    """Prescribe one candidate and follow all its paths."""
    target, depth = scale_target(y), candidate.depths[0]
    embedding = fit_embedding(X, kind=candidate.embedding)
    rows = embed(embedding, X)
    metric = learn_metric(rows, target.values, candidate, options)
    held_out = []
    for folds in (designs.judging, designs.choosing) if designs.by_series else (designs.judging,):
        prepared = [
            prepare_fold(X, y, fold, metric, embedding.columns, candidate, options)
            for fold in folds
        ]
        held_out.append(held_out_paths(prepared, depth, y.shape, options).plain)
    inputs = apply_metric(metric, rows)
    kernel = gram(inputs, None, metric.branches)
    cross = gram(apply_metric(metric, embed(embedding, X_test)), inputs, metric.branches)
    spectrum = decompose(centre(kernel))
    steps, fast = step_grids(options)
    filters = gradient_descent_filter(spectrum.values, 1.0 / spectrum.values[0], steps)
    test = predictions_along(spectrum, target.values, cross - kernel.mean(axis=0), filters)
    likely = likely_steps(spectrum, target.values, metric.noise, fast)[0]
    return Paths(
        held_out[0],
        held_out[-1],
        test * target.scale + target.mean,
        stops_of(held_out[-1], y, target, steps, likely),
        stops_of(held_out[0], y, target, steps, likely),
    )


def stacked(found, names, y, stop="ours", prior=10.0, weights="nnls", series=True) -> np.ndarray:
    """Return the test predictions of a stack."""
    parts = [found[name] for name in names]
    at = [(p.stops if series else p.stops_at_random)[stop] for p in parts]
    held_out = [
        (p.choosing if series else p.judging)[t][:, 0] for p, t in zip(parts, at, strict=True)
    ]
    test = np.column_stack([p.test[t][:, 0] for p, t in zip(parts, at, strict=True)])
    if weights == "mean":
        return test.mean(axis=1)
    if weights == "best":
        return test[:, np.argmin([np.mean((h - y) ** 2) for h in held_out])]
    return test @ stacking_weights(np.column_stack(held_out), y, prior=prior)


def held_out_error(found, y) -> float:
    """Return the error that the stack reports for itself: that of its held-out predictions."""
    parts = [found[name] for name in DEFAULT]
    choosing, judging = (
        np.column_stack([getattr(p, folds)[p.stops["ours"]][:, 0] for p in parts])
        for folds in ("choosing", "judging")
    )
    return float(np.sqrt(np.mean((judging @ stacking_weights(choosing, y) - y) ** 2)))


def variants(found, y) -> dict[str, np.ndarray]:
    """Return the test predictions of everything that is compared."""
    result = {"the stack": stacked(found, DEFAULT, y)}
    for name in DEFAULT:
        result[f"without {name}"] = stacked(found, [n for n in DEFAULT if n != name], y)
    for candidate in OTHERS:
        result[f"with {candidate.name} too"] = stacked(found, (*DEFAULT, candidate.name), y)
    for stop in STOPS[1:]:
        result[f"stop: {stop}"] = stacked(found, DEFAULT, y, stop)
    result["folds at random only"] = stacked(found, DEFAULT, y, series=False)
    for prior in (0.0, 3.0, 30.0):
        result[f"prior {prior:g}"] = stacked(found, DEFAULT, y, prior=prior)
    for weights in ("mean", "best"):
        result[f"weights: {weights}"] = stacked(found, DEFAULT, y, weights=weights)
    for name in found:
        result[f"{name} alone"] = stacked(found, [name], y)
    return result


def errors_of(splits, n_splits: int) -> dict[str, float]:
    """Return the mean test RMSE of each variant over the splits of one table."""
    total: dict[str, list[float]] = {}
    options = Options()
    for train, test, name in itertools.islice(splits, n_splits):
        encoder = TableEncoder().fit(train.drop(columns=name))
        X, X_test = (encoder.transform(part.drop(columns=name)) for part in (train, test))
        y, y_test = (part[name].to_numpy(float) for part in (train, test))
        designs = make_designs(X, None, options.n_folds, options.random_state)
        found = {
            c.name: follow(X, y[:, None], X_test, c, designs, options) for c in (*STACK, *OTHERS)
        }
        total.setdefault(OWN_ERROR, []).append(held_out_error(found, y))
        for variant, predicted in variants(found, y).items():
            rmse = float(np.sqrt(np.mean((predicted - y_test) ** 2)))
            total.setdefault(variant, []).append(rmse)
    return {variant: float(np.mean(values)) for variant, values in total.items()}


def leave_one_table_out(ratios: pd.DataFrame) -> tuple[float, list[str]]:
    """Return the error of choosing the variant on the other tables, and what was chosen."""
    logs = np.log(ratios.clip(upper=CAP))
    chosen = [logs.drop(columns=table).mean(axis=1).idxmin() for table in logs]
    own = [logs.loc[variant, table] for variant, table in zip(chosen, logs, strict=True)]
    return float(np.exp(np.mean(own))), chosen


def main() -> None:
    """Run all tables and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", type=Path)
    parser.add_argument("peers", type=Path)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--skip", default="air_quality_time")
    arguments = parser.parse_args()
    columns = ["set", "split", "method", "n", "p", "rmse", "r2", "seconds"]
    peers = pd.read_csv(arguments.peers, header=None, names=columns)
    sys.path.insert(0, str(arguments.tasks.parent))
    ratios, own_error = {}, {}
    for name, splits in runpy.run_path(str(arguments.tasks))["tasks"]():
        if name not in arguments.skip.split(","):
            own = peers[(peers["set"] == name) & (peers["split"] < arguments.splits)]
            best = own.groupby("method")["rmse"].mean().min()
            with threadpool_limits(1):
                found = errors_of(splits(), arguments.splits)
            own_error[name] = found.pop(OWN_ERROR) / found["the stack"]
            ratios[name] = {variant: rmse / best for variant, rmse in found.items()}
            print(name, round(ratios[name]["the stack"], 3), flush=True)
    table = pd.DataFrame(ratios)
    means = np.exp(np.log(table.clip(upper=CAP)).mean(axis=1))
    print(table.assign(mean=means).round(3).to_string())
    print("held-out error over test error:")
    print(pd.Series(own_error).round(2).to_string())
    value, chosen = leave_one_table_out(table)
    print(f"leave one table out: {value:.3f}, chosen {pd.Series(chosen).value_counts().to_dict()}")


if __name__ == "__main__":
    main()
