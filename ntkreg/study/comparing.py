"""The leaderboard alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ntkreg.evaluation import CONTENDER_NAMES, make_plan, run_benchmark
from ntkreg.evaluation.results import BenchmarkResult
from ntkreg.io import read_table
from ntkreg.io.dataset import Dataset


def compare_models(
    path: str | Path,
    target: str,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    seed: int = 0,
    names: Sequence[str] = CONTENDER_NAMES,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[BenchmarkResult, Dataset]:
    """Read a table and compare contenders on the same folds.

    Parameters
    ----------
    path, target, sheet, encoding, group, time, drop
        As in :func:`ntkreg.io.read_table`.
    seed : int, default=0
        Of all random choices.
    names : sequence of str, default=CONTENDER_NAMES
        Contenders.
    progress : callable, optional
        Called as `progress(done, total, text)`.

    Returns
    -------
    tuple of (BenchmarkResult, Dataset)
        The scores and what was read.

    Raises
    ------
    InputError
        If the table, a column or a name is not usable.
    """
    dataset = read_table(
        path, target=target, sheet=sheet, encoding=encoding, group=group, time=time, drop=drop
    )
    plan = make_plan(dataset, seed=seed)
    return run_benchmark(dataset, plan, names=tuple(names), seed=seed, progress=progress), dataset
