"""Time, memory and accuracy of both estimators on tables of many rows.

    python benchmarks/many_rows.py [--rows 45000] [--nets] [--growth 5000 20000 45000 200000]
    python benchmarks/many_rows.py --table FILE --target NAME [--drop NAME ...] [--order 0.7]

Without a table: the synthetic process table of `many_rows_landmarks.py` (9 columns, 30 % noise).
The kernel estimator is fitted as it is, on as many rows as asked for, and predicts 100,000 rows;
with `--nets` the nets are trained too, by the accelerated solver and by mini-batches. `--growth`
fits the kernel estimator at a fixed number of landmarks on several numbers of rows and fits the
exponent of growth. With a table: fit on the first part of the rows (`--order`) or on a random 70 %,
errors on the rest. Every fit is a process of its own, for its peak memory. Set OMP_NUM_THREADS=1:
the fits use all processors by themselves.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import pickle
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from many_rows_landmarks import make_table, show
from numpy.typing import NDArray

from ntkreg.io import read_table
from ntkreg.ntk import NTKKernelRegressor, NTKRegressor
from ntkreg.ntk.prescription import landmark_members
from ntkreg.preprocessing import TableEncoder

Array = NDArray[np.float64]
Split = tuple[Array, Array, Array, Array]

N_PREDICTED = 100_000


def memory() -> float:
    """Return the peak memory of this process so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measure(solver: str, split: Split, saved: str | None = None) -> dict[str, float]:
    """Fit one estimator (that of the kernel for "kernel") and predict the test rows."""
    x, y, new, truth = split
    model = NTKKernelRegressor() if solver == "kernel" else NTKRegressor(solver=solver)
    start = time.perf_counter()
    model.fit(x, y)
    found = {"fit": time.perf_counter() - start, "fit GB": memory()}
    if saved is not None:
        Path(saved).write_bytes(pickle.dumps(model))
    error = float(np.sqrt(np.mean((model.predict(new) - truth) ** 2)))
    return found | {"cv error": model.cv_error_, "error": error}


def on_synthetic(solver: str, n: int, saved: str | None = None) -> dict[str, float]:
    """Measure on the synthetic table of `n` rows."""
    return measure(solver, (*make_table(n), *make_table(5_000, seed=1)), saved)


def predict(saved: str) -> dict[str, float]:
    """Measure predictions of 100,000 rows by a model that was fitted in another process."""
    model, new = pickle.loads(Path(saved).read_bytes()), make_table(N_PREDICTED, seed=1)[0]
    before, start = memory(), time.perf_counter()
    model.predict(new)
    return {"predict": time.perf_counter() - start, "GB": memory(), "GB before": before}


def at_fixed_landmarks(n: int, count: int) -> dict[str, float]:
    """Measure the kernel estimator at a fixed number of landmarks."""
    setattr(landmark_members, "n_landmarks", lambda *_shape, **_budget: count)  # noqa: B010
    return on_synthetic("kernel", n)


def on_table(
    solver: str, path: str, target: str, drop: list[str], order: float | None
) -> dict[str, float]:
    """Measure on a table of the user, split by its order or at random."""
    table = read_table(path, target=target, drop=drop)
    n = len(table.y)
    rows = np.arange(n) if order else np.random.default_rng(0).permutation(n)
    train, test = np.split(rows, [int((order or 0.7) * n)])
    encoder = TableEncoder().fit(table.features.iloc[train])
    x, new = (encoder.transform(table.features.iloc[part]) for part in (train, test))
    return measure(solver, (x, table.y[train], new, table.y[test]))


TASKS = {f.__name__: f for f in (on_synthetic, predict, at_fixed_landmarks, on_table)}


def alone(task: str, *arguments: Any) -> dict[str, float]:
    """Run a task in a process of its own.

    One of multiprocessing would not do: a fit inside a worker keeps to one thread.
    """
    command = [sys.executable, __file__, "--task", task, json.dumps(arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def report_growth(sizes: list[int], count: int, repeats: int) -> None:
    """Print seconds and memory by number of rows, and the exponent of growth."""
    seconds = []
    for n in sizes:
        runs = [alone("at_fixed_landmarks", n, count) for _ in range(repeats)]
        middle = sorted(runs, key=lambda run: run["fit"])[repeats // 2]
        seconds.append(middle["fit"])
        show(f"n={n:,} m={count:,}", middle)
    slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
    print(f"time of the whole fit grows as n^{slope:.2f}")


def main() -> None:
    """Run the synthetic part, or the comparison on a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[45_000])
    parser.add_argument("--growth", type=int, nargs="*", default=[])
    parser.add_argument("--landmarks", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--nets", action="store_true")
    parser.add_argument("--table")
    parser.add_argument("--target")
    parser.add_argument("--drop", nargs="*", default=[])
    parser.add_argument("--order", type=float)
    parser.add_argument("--task", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(TASKS[options.task[0]](*json.loads(options.task[1]))))
        return
    print(f"{os.cpu_count()} cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
    if options.table:
        table = (options.table, options.target, options.drop, options.order)
        for solver in ("kernel", "auto"):
            show(solver, alone("on_table", solver, *table))
        return
    solvers = ["kernel", "accelerated", "sgd"] if options.nets else ["kernel"]
    with TemporaryDirectory() as folder:
        saved = str(Path(folder) / "model")
        for n, solver in itertools.product(options.rows, solvers):
            show(f"n={n:,} {solver}", alone("on_synthetic", solver, n, saved))
            show(f"{N_PREDICTED:,} rows", alone("predict", saved))
    if options.growth:
        report_growth(options.growth, options.landmarks, options.repeats)


if __name__ == "__main__":
    main()
