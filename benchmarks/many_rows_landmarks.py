"""Time, memory and accuracy of the kernel path on landmarks, for tables of many rows.

    python benchmarks/many_rows_landmarks.py [--rows 5000 20000 45000 200000] [--landmarks 1000]
    python benchmarks/many_rows_landmarks.py --table FILE --target NAME [--drop NAME ...]

Without a table: a synthetic process table of 9 columns. The path with its five folds is timed at a
fixed number of landmarks, each size in a process of its own for its peak memory, and the growth
exponent is fitted; then 45,000 rows with as many landmarks as the default budget allows, and
predictions of 100,000 rows. With a table: held-out errors of the landmark path, for landmarks drawn
uniformly and by k-means++, against the exact kernel on the same random 70 % of the rows, and for
metrics learned on more rows. Set OMP_NUM_THREADS to choose the number of threads.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from ntkreg.io import read_table
from ntkreg.ntk.kernel.cross import expand
from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.landmarks.features import choose_landmarks, make_landmarks, n_landmarks
from ntkreg.ntk.landmarks.path import (
    decompose_sums,
    held_out_along,
    landmark_coefficients,
    noise_variance,
    predict_along,
)
from ntkreg.ntk.landmarks.sums import merge, sum_folds, sum_rows
from ntkreg.ntk.metric.evidence import likelihood_metric
from ntkreg.ntk.metric.scales import Metric, apply_metric
from ntkreg.ntk.path import decompose, gradient_descent_filter, predictions_along, step_grid
from ntkreg.ntk.prescription.choice import earliest_within_one_standard_error
from ntkreg.ntk.results import Branch
from ntkreg.preprocessing import TableEncoder
from ntkreg.preprocessing.embedding import embed, fit_embedding

Array = NDArray[np.float64]

BRANCHES = (Branch("relu", 1), Branch("relu2", 1))
STEPS = step_grid(1e10)
N_COLUMNS = 9


def descent(values: Array) -> Array:
    """Return the filters of plain gradient descent at the largest step size."""
    return gradient_descent_filter(values, 1.0 / values[0], STEPS)


def make_table(n: int, seed: int = 0) -> tuple[Array, Array]:
    """Make a process table: correlated, skewed and coarse columns, interactions, 30 % noise."""
    rng = np.random.default_rng(seed)
    mixing = np.linalg.cholesky(0.6 * np.eye(N_COLUMNS) + 0.4)
    x = rng.normal(size=(n, N_COLUMNS)) @ mixing.T
    x[:, 1] = np.exp(0.7 * x[:, 1])
    x[:, 2] = np.round(2 * x[:, 2]) / 2
    x[:, 3] = np.sign(x[:, 3])
    y = np.sin(2 * x[:, 0]) * x[:, 4] + 0.5 * np.sqrt(x[:, 1]) * x[:, 2] + np.abs(x[:, 5] - 0.5)
    y += x[:, 3] * np.tanh(2 * x[:, 6]) + 0.3 * x[:, 7] * x[:, 0]
    return x, y + 0.3 * y.std() * rng.normal(size=n)


def as_the_kernel_sees(
    x: Array, y: Array, others: Array, metric_rows: int = 400, seed: int = 0
) -> tuple[Array, Array, Array, Metric]:
    """Return embedded and scaled rows, target at mean 0 and sd 1, other rows, and the metric."""
    embedding = fit_embedding(x)
    rows, target = embed(embedding, x), ((y - y.mean()) / y.std())[:, None]
    chosen = np.random.default_rng(seed).permutation(len(x))[:metric_rows]
    metric = likelihood_metric(rows[chosen], target[chosen], BRANCHES, max_iterations=30)
    return (
        apply_metric(metric, rows),
        target,
        apply_metric(metric, embed(embedding, others)),
        metric,
    )


def time_path(n: int, m: int) -> dict[str, float]:
    """Time the whole path with five folds, then predictions of 100,000 rows."""
    x, y = make_table(n)
    new, _ = make_table(100_000, seed=1)
    inputs, target, others, metric = as_the_kernel_sees(x, y, new)
    start = time.perf_counter()
    chosen = choose_landmarks(inputs, m, np.random.default_rng(0))
    landmarks = make_landmarks(inputs, chosen, metric.branches)
    after_choice = time.perf_counter()
    tests = [test for _, test in KFold(5, shuffle=True, random_state=0).split(inputs)]
    sums = sum_folds(landmarks, inputs, target, tests)
    after_sums = time.perf_counter()
    held_out = held_out_along(landmarks, sums, inputs, tests, descent)
    stop = earliest_within_one_standard_error(((held_out - target) ** 2).mean(axis=2))
    error = float(np.sqrt(np.mean((held_out[stop] - target) ** 2)))
    spectrum = decompose_sums(reduce(merge, sums))
    noise_variance(spectrum, 1.0 / spectrum.values[0])
    filters = descent(spectrum.values)[[stop]]
    dual, offsets = landmark_coefficients(landmarks, spectrum, filters)
    end = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    expand(others, landmarks.rows, dual[0], metric.branches) + offsets[0]
    return {
        "choice": after_choice - start,
        "sums": after_sums - after_choice,
        "folds": end - after_sums,
        "path": end - start,
        "GB": memory / 2**20,
        "error": error,
        "predict": time.perf_counter() - end,
    }


def predict_alone(n: int, m: int) -> dict[str, float]:
    """Measure the peak memory of predictions of n rows by m random landmarks."""
    rng = np.random.default_rng(0)
    inputs = np.hstack([rng.normal(size=(n, 2 * N_COLUMNS)), np.ones((n, 1))])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    expand(inputs, inputs[:m].copy(), rng.normal(size=(m, 1)), BRANCHES)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"predict": seconds, "GB": after / 2**20, "added GB": (after - before) / 2**20}


def alone(function, *arguments: int) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Run in a new process, so that its peak memory is its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def show(title: str, numbers: dict[str, float]) -> None:
    """Print one line."""
    print(f"{title:28s}", "  ".join(f"{k} {v:.3g}" for k, v in numbers.items()), flush=True)


def report_growth(sizes: list[int], m: int) -> None:
    """Print seconds and memory by number of rows, and the exponent of growth."""
    seconds = []
    for n in sizes:
        found = alone(time_path, n, m)
        seconds.append(found["path"])
        show(f"n={n:,} m={m:,}", found)
    print(f"path time grows as n^{np.polyfit(np.log(sizes), np.log(seconds), 1)[0]:.2f}")
    default = n_landmarks(45_000, 2 * N_COLUMNS + 1)
    show(f"n=45,000 m={default:,} (budget)", alone(time_path, 45_000, default))
    show(f"predict 100,000, m={default:,}", alone(predict_alone, 100_000, default))


def dense_path(inputs: Array, target: Array, others: Array, metric: Metric) -> Array:
    """Return predictions along the path of the exact kernel."""
    kernel, mean = gram(inputs, None, metric.branches), target.mean(axis=0)
    cross = gram(others, inputs, metric.branches) - kernel.mean(axis=0)
    spectrum = decompose(centre(kernel))
    return predictions_along(spectrum, target - mean, cross, descent(spectrum.values)) + mean


def compare_with_exact(path: str, target_name: str, drop: list[str], m: int) -> None:
    """Print held-out errors of uniform and k-means++ landmarks, and of the exact kernel."""
    table = read_table(path, target=target_name, drop=drop)
    order = np.random.default_rng(0).permutation(len(table.y))
    train, test = np.split(order, [int(0.7 * len(order))])
    encoder = TableEncoder().fit(table.features.iloc[train])
    x, new = (encoder.transform(table.features.iloc[part]) for part in (train, test))
    y, truth = table.y[train], table.y[test]
    inputs, target, others, metric = as_the_kernel_sees(x, y, new)

    def errors(predicted: Array) -> Array:
        gaps = predicted[:, :, 0] * y.std() + y.mean() - truth
        return np.sqrt(np.mean(gaps**2, axis=1))

    start = time.perf_counter()
    exact = dense_path(inputs, target, others, metric)
    best = int(np.argmin(errors(exact)))
    print(f"{len(y):,} rows, exact: {errors(exact)[best]:.5g}, {time.perf_counter() - start:.0f} s")
    for size in (m // 4, m // 2, m, 2 * m):
        for name in ("uniform", "k-means++"):
            start = time.perf_counter()
            rng = np.random.default_rng(0)
            uniform = np.sort(rng.choice(len(y), min(size, len(y)), replace=False))
            chosen = uniform if name == "uniform" else choose_landmarks(inputs, size, rng)
            landmarks = make_landmarks(inputs, chosen, metric.branches)
            spectrum = decompose_sums(sum_rows(landmarks, inputs, target))
            path_ = predict_along(landmarks, spectrum, descent(spectrum.values), others)
            gap = np.sqrt(np.mean((path_[best] - exact[best]) ** 2)) * y.std()
            seconds = time.perf_counter() - start
            found = {"error": errors(path_).min(), "from exact": gap, "seconds": seconds}
            show(f"m={size:,} {name}", found)
    for rows in (400, 1000, 2000):
        start = time.perf_counter()
        inputs, target, others, metric = as_the_kernel_sees(x, y, new, rows)
        seconds = time.perf_counter() - start
        chosen = choose_landmarks(inputs, m, np.random.default_rng(0))
        landmarks = make_landmarks(inputs, chosen, metric.branches)
        spectrum = decompose_sums(sum_rows(landmarks, inputs, target))
        path_ = predict_along(landmarks, spectrum, descent(spectrum.values), others)
        show(f"metric on {rows:,} rows", {"error": errors(path_).min(), "metric seconds": seconds})


def main() -> None:
    """Run the synthetic part, or the comparison on a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[5_000, 20_000, 45_000, 200_000])
    parser.add_argument("--landmarks", type=int, default=1_000)
    parser.add_argument("--table")
    parser.add_argument("--target")
    parser.add_argument("--drop", nargs="*", default=[])
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
    if options.table:
        compare_with_exact(options.table, options.target, options.drop, options.landmarks)
    else:
        report_growth(options.rows, options.landmarks)


if __name__ == "__main__":
    main()
