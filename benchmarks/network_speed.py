"""How fast the nets train: share of the processor's matrix-product rate, memory, whole fits.

    python benchmarks/network_speed.py [--threads 2] [--repeats 5] [--no-fits]

First the products' own rate, float32 and bfloat16, at the shapes of the nets; then passes forward
and backward, per step, as a share of it; then the peak memory of a training against that of weights
and activations; then NTKRegressor().fit, everything included. Medians over the repeats; rate and
training are measured in turn, so that both see the same load.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray

from ntkreg.ntk import NTKRegressor
from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.network.accelerated_descent import accelerated_gradient_descent
from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.backpropagation import Backpropagation
from ntkreg.ntk.network.precision import has_fast_bfloat16
from ntkreg.ntk.path import decompose
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

N_COLUMNS = 10
# rows, width, hidden layers
SHAPES = ((300, 256, 2), (300, 1024, 3), (1000, 512, 2), (1000, 1024, 3))
MEMORY_SHAPE = (1000, 1024, 3)
FIT_ROWS = (300, 1000)


def make_table(n: int, seed: int = 0) -> tuple[Array, Array]:
    """Make a process table: correlated columns, interactions, 20 % noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, N_COLUMNS)) + 0.7 * rng.normal(size=(n, 1))
    y = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + np.abs(x[:, 3]) + 0.5 * x[:, 4]
    return x, y + 0.2 * y.std() * rng.normal(size=n)


def seconds(work: Callable[[], object]) -> float:
    """Return the wall-clock time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def problem(n: int, width: int, depth: int) -> tuple[Architecture, list[Array], Array, Array]:
    """Return a pair of nets at its start, embedded rows and a standardised target."""
    x, y = make_table(n)
    inputs = np.column_stack([(x - x.mean(axis=0)) / x.std(axis=0), np.ones(n)])
    shape = Architecture((Branch("relu", depth),), width, 1)
    start = initial_weights(shape, inputs.shape[1], 1, seed=0)
    return shape, start, inputs, ((y - y.mean()) / y.std())[:, None]


def operations(n: int, width: int, depth: int) -> float:
    """Return the operations in the products of one step of a pair."""
    return 2.0 * 2.0 * n * width * (2 * (N_COLUMNS + 1) + 3 * (depth - 1) * width)


def rates(n: int, width: int, depth: int, dtype: str, repeats: int) -> tuple[float, float]:
    """Return operations per second of products alone and of training, in turn."""
    left, right = torch.randn(n, width), torch.randn(width, width)
    left, right = (part.to(getattr(torch, dtype)) for part in (left, right))
    out = torch.empty(n, width, dtype=left.dtype)
    engine = Backpropagation(*problem(n, width, depth), dtype)

    def multiply() -> None:
        for _ in range(6 * (depth - 1)):
            torch.mm(left, right, out=out)

    def step() -> None:
        engine.loss()
        engine.differentiate(engine.residual)

    multiply(), step()
    times = np.array([(seconds(multiply), seconds(step)) for _ in range(max(repeats, 5))])
    alone, training = np.median(times, axis=0)
    work = 6 * (depth - 1) * 2.0 * n * width**2
    return work / alone, operations(n, width, depth) / training


def peak_memory(train: bool) -> float:
    """Return the peak memory of this process, in bytes, with or without the training."""
    torch.set_num_threads(1)
    n, width, depth = MEMORY_SHAPE
    shape, start, inputs, target = problem(n, width, depth)
    spectrum = decompose(centre(gram(inputs, None, shape.branches)))
    if train:
        accelerated_gradient_descent(
            *(shape, start, inputs, target), spectrum=spectrum, n_steps=3, fit_intercept=True
        )
    else:
        # what is needed anyhow: the library's own buffers for products
        torch.mm(torch.ones(n, width), torch.ones(width, width))
    return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def memory() -> tuple[float, float]:
    """Return what training adds to the peak memory, and weights plus activations, in bytes."""
    n, width, depth = MEMORY_SHAPE
    context = multiprocessing.get_context("spawn")
    found = []
    for train in (False, True):
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            found.append(pool.submit(peak_memory, train).result())
    weights = width * (N_COLUMNS + 1 + (depth - 1) * width + 1)
    return found[1] - found[0], 2 * 4.0 * (weights + n * width * depth)


def fit_seconds(n: int, repeats: int) -> float:
    """Return the median time of a whole fit."""
    times = []
    for seed in range(repeats):
        # another table each time: equal prescriptions in a row are kept
        x, y = make_table(n, seed)
        times.append(seconds(lambda x=x, y=y: NTKRegressor().fit(x, y)))  # type: ignore[misc]
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-fits", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, torch {torch.__version__},")
    print(f"{platform.processor() or platform.machine()}, {options.threads} threads\n")
    dtypes = ("float32", "bfloat16") if has_fast_bfloat16() else ("float32",)
    print("rows  width  L  dtype     products GF/s  training GF/s  share  ms per step of a pair")
    for shape in SHAPES:
        for dtype in dtypes:
            alone, training = rates(*shape, dtype, options.repeats)
            per_step = 1e3 * operations(*shape) / training
            print(
                f"{shape[0]:4d}  {shape[1]:5d}  {shape[2]}  {dtype:8s}  {alone / 1e9:13.0f}"
                f"  {training / 1e9:13.0f}  {training / alone:5.0%}  {per_step:8.1f}"
            )
    added, least = memory()
    print(
        f"\nmemory at {MEMORY_SHAPE}: {added / 2**20:.0f} MiB, {added / least:.1f} times weights"
        f" plus activations ({least / 2**20:.0f} MiB)"
    )
    if not options.no_fits:
        for n in FIT_ROWS:
            print(f"NTKRegressor().fit, {n} rows: {fit_seconds(n, options.repeats):.1f} s")


if __name__ == "__main__":
    main()
