"""How long the whole automatic fit of NTKKernelRegressor takes, against two tuned peers.

    python benchmarks/kernel_fit_speed.py [--rows 200 1000] [--repeats 5] [--threads 2] [--no-peers]

One made table (10 columns of which two are discrete and two correlated, curved effects, an
interaction, a step, noise), everything in one process, medians of the repeats:

    ntk-kernel   the fit with all of its selection
    gp_ard       Gaussian process, Matern 5/2 with one length a column, scikit-learn's optimiser
    lgb_tuned    LightGBM, 15 settings in 5 folds each and a refit

then where the kernel's time goes on one thread, beside the limit of 10 eigendecompositions and one
product of n x n matrices. Wall-clock and processor seconds; on a busy machine only the second is
of use.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from unittest.mock import patch

import lightgbm as lgb
import numpy as np
import scipy
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ntkreg.ntk import NTKKernelRegressor, kernel_regressor
from ntkreg.ntk.prescription import exact_members, selection

N_COLUMNS = 10
N_SETTINGS = 15
# where the parts of the fit are called: module, function, what it does
PARTS = (
    (selection, "likelihood_metric", "metrics by marginal likelihood"),
    (selection, "gradient_metric", "metrics by mean squared gradients"),
    (selection, "project", "eigendecompositions in folds"),
    (selection, "project_features", "linear model in folds"),
    (selection, "gram", "kernels in folds"),
    (selection, "gradient_descent_filter", "filters in folds"),
    (selection, "accelerated_filters", "accelerated filters in folds"),
    (exact_members, "gram", "kernels of all rows"),
    (exact_members, "decompose", "eigendecompositions of all rows"),
    (kernel_regressor, "fit_kernel", "coefficients"),
)


def make_table(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Make settings of a process with two set points, two correlated columns, and a response."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, N_COLUMNS))
    X[:, 8] = rng.choice([150.0, 160.0, 170.0, 180.0], n)
    X[:, 9] = rng.integers(0, 2, n)
    X[:, 7] = 0.9 * X[:, 6] + 0.3 * X[:, 7]
    X[:, 5] = np.exp(0.7 * X[:, 5])
    y = 1.5 * X[:, 0] + np.sin(2 * X[:, 1]) * X[:, 2] + np.maximum(X[:, 3], 0.0) ** 2
    y += 0.05 * (X[:, 8] - 165.0) + X[:, 9] * X[:, 4] + np.log1p(X[:, 5]) + 0.5 * X[:, 6]
    return X, y + 0.3 * rng.normal(size=n)


def fit_kernel(X: np.ndarray, y: np.ndarray, threads: int) -> object:
    """Fit the kernel stack."""
    return NTKKernelRegressor(n_jobs=threads).fit(X, y)


def fit_gaussian_process(X: np.ndarray, y: np.ndarray, threads: int) -> object:
    """Fit a Gaussian process with one length a column."""
    lengths = Matern(np.full(X.shape[1], 3.0), (1e-2, 1e4), nu=2.5)
    kernel = ConstantKernel(10.0) * lengths + WhiteKernel(0.05, (1e-7, 10.0))
    model = make_pipeline(StandardScaler(), GaussianProcessRegressor(kernel, normalize_y=True))
    with threadpool_limits(threads):
        return model.fit(X, y)


def fit_tuned_trees(X: np.ndarray, y: np.ndarray, threads: int) -> object:
    """Fit LightGBM at the best of 15 random settings in 5 folds."""
    rng = np.random.default_rng(0)
    first = {"min_child_samples": 5, "num_leaves": 15, "learning_rate": 0.05, "n_estimators": 400}
    settings: list[dict[str, float | int]] = [first]
    while len(settings) < N_SETTINGS:
        settings.append(
            {
                "num_leaves": int(rng.integers(4, 64)),
                "learning_rate": float(np.exp(rng.uniform(np.log(0.01), np.log(0.2)))),
                "n_estimators": int(np.exp(rng.uniform(np.log(100), np.log(2000)))),
                "min_child_samples": int(rng.integers(2, 30)),
                "colsample_bytree": float(rng.uniform(0.4, 1.0)),
                "subsample": float(rng.uniform(0.5, 1.0)),
                "subsample_freq": 1,
                "reg_lambda": float(np.exp(rng.uniform(-6.0, 3.0))),
            }
        )
    models = [
        lgb.LGBMRegressor(min_data_in_bin=1, n_jobs=threads, verbose=-1, **s) for s in settings
    ]
    folds = KFold(5, shuffle=True, random_state=0)
    scores = [
        cross_val_score(model, X, y, cv=folds, scoring="neg_mean_squared_error").mean()
        for model in models
    ]
    return models[int(np.argmax(scores))].fit(X, y)


CONTENDERS: dict[str, Callable[[np.ndarray, np.ndarray, int], object]] = {
    "ntk-kernel": fit_kernel,
    "gp_ard": fit_gaussian_process,
    "lgb_tuned": fit_tuned_trees,
}


def compare(n: int, repeats: int, threads: int, names: list[str]) -> None:
    """Print median seconds of each contender, taken in turns, and ratios to the kernel fit."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    errors: dict[str, float] = {}
    X_test, y_test = make_table(2000, 999)
    for repeat in range(repeats):
        X, y = make_table(n, repeat)
        for name in names:
            wall, cpu = time.perf_counter(), time.process_time()
            model = CONTENDERS[name](X, y, threads)
            spent[name].append((time.perf_counter() - wall, time.process_time() - cpu))
            errors[name] = float(np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)))
    own = np.median(spent["ntk-kernel"], axis=0)
    print(f"\nn = {n}: {'wall s':>20s} {'cpu s':>8s} {'/ kernel':>9s} {'(cpu)':>7s} {'RMSE':>7s}")
    for name in names:
        wall, cpu = np.median(spent[name], axis=0)
        ratios = f"{wall / own[0]:9.2f} {cpu / own[1]:7.2f}"
        print(f"  {name:14s} {wall:12.2f} {cpu:8.2f} {ratios} {errors[name]:7.3f}")


def limit(n: int) -> float:
    """Return processor seconds of 10 eigendecompositions and one product, one thread."""
    rows = np.random.default_rng(0).normal(size=(n, n))
    kernel = rows @ rows.T
    times = []
    for work in (np.linalg.eigh, lambda k: k @ rows):
        spent = []
        for _ in range(3):
            before = time.process_time()
            work(kernel)
            spent.append(time.process_time() - before)
        times.append(min(spent))
    return 10 * times[0] + times[1]


def timed(work: Callable[..., object], spent: list[float]) -> Callable[..., object]:
    """Return a function that does the same and notes its processor seconds."""

    def run(*args: object, **named: object) -> object:
        before = time.process_time()
        result = work(*args, **named)
        spent.append(time.process_time() - before)
        return result

    return run


def break_down(n: int) -> None:
    """Print what the parts of the kernel fit take on one thread."""
    spent: list[list[float]] = [[] for _ in PARTS]
    with threadpool_limits(1), ExitStack() as stack:
        fit_kernel(*make_table(n, 0), 1)
        bound = limit(n)
        for (module, name, _), seconds in zip(PARTS, spent, strict=True):
            stack.enter_context(patch.object(module, name, timed(getattr(module, name), seconds)))
        before = time.process_time()
        fit_kernel(*make_table(n, 1), 1)
        total = time.process_time() - before
    print(f"\nn = {n}, one thread: {total:.2f} cpu s; 10 eigh and a product: {bound:.2f} cpu s")
    for (_, _, label), seconds in zip(PARTS, spent, strict=True):
        share = 100 * sum(seconds) / total
        print(f"  {label:36s} {len(seconds):4d} calls {sum(seconds):6.2f} s {share:5.0f} %")
    rest = total - sum(map(sum, spent))
    print(f"  {'rest':36s} {'':10s} {rest:6.2f} s {100 * rest / total:5.0f} %")


def main() -> None:
    """Print the machine, the comparison and the breakdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    versions = {m.__name__: m.__version__ for m in (np, scipy, sklearn, lgb)}
    print(f"python {platform.python_version()}, {versions}")
    print(f"{os.cpu_count()} processors, {options.threads} threads, load {os.getloadavg()[0]:.1f}")
    names = ["ntk-kernel"] if options.no_peers else list(CONTENDERS)
    for n in options.rows:
        compare(n, options.repeats, options.threads, names)
        break_down(n)


if __name__ == "__main__":
    main()
