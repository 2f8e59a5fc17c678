"""The leaderboard alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Unpack

from ntkreg.evaluation import CONTENDER_NAMES, make_plan, run_benchmark
from ntkreg.evaluation.results import BenchmarkResult
from ntkreg.io import ReadingKeywords, read_table
from ntkreg.io.dataset import Dataset


def compare_models(
    path: str | Path,
    target: str,
    *,
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    seed: int = 0,
    names: Sequence[str] = CONTENDER_NAMES,
    progress: Callable[[int, int, str], None] | None = None,
    **reading: Unpack[ReadingKeywords],
) -> tuple[BenchmarkResult, Dataset]:
    """Read a table and compare contenders on the same folds.

    Parameters
    ----------
    path, target, group, time, drop
        As in :func:`ntkreg.io.read_table`.
    seed : int, default=0
        Of all random choices.
    names : sequence of str, default=CONTENDER_NAMES
        Contenders.
    progress : callable, optional
        Called as `progress(done, total, text)`.
    **reading
        Reading options, see :class:`ntkreg.io.options.ReadOptions`.

    Returns
    -------
    tuple of (BenchmarkResult, Dataset)
        The scores and what was read.

    Raises
    ------
    InputError
        If the table, a column or a name is not usable.
    """
    dataset = read_table(path, target=target, group=group, time=time, drop=drop, **reading)
    plan = make_plan(dataset, seed=seed)
    return run_benchmark(dataset, plan, names=tuple(names), seed=seed, progress=progress), dataset
