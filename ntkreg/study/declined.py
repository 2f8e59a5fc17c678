"""Proposed lot and time columns that were not taken: what the error is if they matter after all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.evaluation import make_plan, overall_scores, run_benchmark
from ntkreg.evaluation.contenders import LABELS, STAND_INS
from ntkreg.evaluation.results import BenchmarkResult
from ntkreg.exceptions import InputError
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Sentence

MAX_ROWS = 3_000
# beyond this factor the two errors are two answers, not one
_DIFFERENT = 1.1
_PROPOSALS: dict[str, Literal["group", "time"]] = {"W167": "group", "W168": "time", "W115": "time"}


def judge_declined(
    dataset: Dataset,
    benchmark: BenchmarkResult,
    read: Callable[..., Dataset],
    *,
    group: str | None = None,
    time: str | None = None,
    seed: int = 0,
) -> tuple[Sentence, ...]:
    """Judge the chosen model once more, as if the user had taken what the reader proposed.

    The proposed group column with most levels and the first proposed time column are taken, one at
    a time, beside the options that were given. Both errors are measured on the same rows. The
    kernel stands in for the network and for the blend.

    Parameters
    ----------
    dataset : Dataset
        The table as it was judged; its ledger holds the proposals.
    benchmark : BenchmarkResult
        How it was judged.
    read : callable
        Reads the table again, as `read(group=..., time=...)`.
    group, time : str, optional
        What the user gave.
    seed : int, default=0
        Of all random choices.

    Returns
    -------
    tuple of Sentence
        One finding for each proposal; empty where there is none, or where the mean is chosen,
        which no split makes better or worse.
    """
    found = [e for e in dataset.ledger.entries if e.message.code in _PROPOSALS and e.column]
    # of two group columns the finer one: lots rather than the machines that made them
    found.sort(key=lambda e: -e.message.values["count"] if e.message.code == "W167" else 0)
    proposals: dict[str, str] = {}
    for entry in found:
        proposals.setdefault(_PROPOSALS[entry.message.code], str(entry.column))
    given = {"group": group, "time": time}
    name = STAND_INS.get(benchmark.chosen, benchmark.chosen)
    if name == "mean":
        return ()
    return tuple(
        _finding(dataset, benchmark, read, given, role, column, name, seed)
        for role, column in proposals.items()
        if given[role] is None
    )


def _finding(
    dataset: Dataset,
    benchmark: BenchmarkResult,
    read: Callable[..., Dataset],
    given: dict[str, str | None],
    role: str,
    column: str,
    name: str,
    seed: int,
) -> Sentence:
    if dataset.n_rows > MAX_ROWS:
        facts = {"column": column, "n_rows": dataset.n_rows, "limit": MAX_ROWS, "role": role}
        return Sentence("V524", facts)
    try:
        other = read(**(given | {role: column}))
        plan = make_plan(other, seed=seed)
        again = run_benchmark(other, plan, names=(name, "mean"), seed=seed)
    except InputError as error:
        return Sentence("V525", {"column": column, "role": role, "reason": error.sentence})
    if name in dict(again.failures):
        reason = dict(again.failures)[name]
        return Sentence("V525", {"column": column, "role": role, "reason": reason})
    errors = _errors(dataset, _held_out(dataset, benchmark, name, seed), other, again, name)
    larger = errors["rmse"] > _DIFFERENT * errors["rmse_as_run"]
    codes = {"group": ("V521", "V520"), "time": ("V523", "V522")}
    who = {"column": column, "role": role, "model": LABELS[name], "contender": name}
    return Sentence(codes[role][larger], {**who, **errors})


def _held_out(
    dataset: Dataset, benchmark: BenchmarkResult, name: str, seed: int
) -> NDArray[np.float64]:
    """Held-out predictions of a model on the folds of the run, shape (n_repeats, n_rows)."""
    if name not in [result.name for result in benchmark.results]:
        benchmark = run_benchmark(dataset, benchmark.plan, names=(name,), seed=seed)
    return benchmark.of(name).predictions


def _errors(
    dataset: Dataset,
    as_run: NDArray[np.float64],
    other: Dataset,
    again: BenchmarkResult,
    name: str,
) -> dict[str, Any]:
    """Root mean squared errors on the rows that both ways have tested."""
    _, i, j = np.intersect1d(dataset.row_numbers, other.row_numbers, return_indices=True)
    before, model, mean = as_run[:, i], *(again.of(n).predictions[:, j] for n in (name, "mean"))
    both = np.isfinite(model).any(axis=0) & np.isfinite(before).any(axis=0)
    y = dataset.y[i][both]
    return {
        "rmse": overall_scores(y, model[:, both]).rmse,
        "rmse_as_run": overall_scores(y, before[:, both]).rmse,
        "rmse_mean": overall_scores(y, mean[:, both]).rmse,
        "n_rows": int(both.sum()),
    }
