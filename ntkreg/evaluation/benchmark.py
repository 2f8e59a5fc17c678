"""All contenders on the same folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ntkreg.evaluation.comparison import compare_all, rmse_interval
from ntkreg.evaluation.contenders import CONTENDER_NAMES, LABELS, build_contender
from ntkreg.evaluation.folds import Outcome, Progress, fold_outcomes
from ntkreg.evaluation.metrics import overall_scores, scores
from ntkreg.evaluation.results import BenchmarkResult, ContenderResult, Fold, SplitPlan
from ntkreg.evaluation.verdict import decide
from ntkreg.exceptions import InputError
from ntkreg.io.dataset import Dataset
from ntkreg.models import MODEL_NAMES, MODELS, in_run_order


def run_benchmark(
    dataset: Dataset,
    plan: SplitPlan,
    *,
    names: Sequence[str] = CONTENDER_NAMES,
    seed: int = 0,
    n_jobs: int | None = None,
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> BenchmarkResult:
    """Judge contenders on held-out rows, all on the same folds.

    Everything that a contender learns or chooses, it learns and chooses on the training rows of
    the fold (its inner folds keep groups and copies together as the plan does), so that the errors
    are those of new rows and not the least error of a search.

    Parameters
    ----------
    dataset : Dataset
        The table.
    plan : SplitPlan
        The folds, of `make_plan`.
    names : sequence of str, default=CONTENDER_NAMES
        Contenders, of :data:`ntkreg.models.MODEL_NAMES`; their order does not matter.
    seed : int, default=0
        Of all random choices of the contenders.
    n_jobs : int or None, default=None
        Threads of LightGBM and the random forest; None is 1.
    n_workers : int or None, default=None
        Processes that share the folds; None is one for each core from 500 rows on, where the work
        is worth their start, else 1. The numbers do not depend on it.
    progress : callable, optional
        Called as `progress(done, total, name)` before each fit and once at the end, with an empty
        name.

    Returns
    -------
    BenchmarkResult
        A contender that raises ValueError, ArithmeticError, LinAlgError, MemoryError or
        LightGBMError in any fold is listed under `failures` with its error and left out. Seconds
        of "ntk" and "blend" include those of the contenders whose work they take over in the fold.

    Raises
    ------
    InputError
        E305: a name is unknown. E306: every contender failed.
    """
    todo = _in_run_order(names)
    models = {
        name: build_contender(name, dataset.feature_columns, seed=seed, n_jobs=n_jobs)
        for name in todo
    }
    runs = {name: _Run(dataset, plan) for name in todo}
    failures: dict[str, str] = {}
    tell = progress or _say_nothing
    total = len(plan.folds) * len(todo)
    for k, outcomes in enumerate(fold_outcomes(dataset, plan, models, n_workers, tell)):
        for name, outcome in outcomes.items():
            if outcome.error:
                failures.setdefault(name, outcome.error)
            else:
                runs[name].add(plan.folds[k], outcome)
    tell(total, total, "")
    if len(failures) == len(todo):
        first = next(iter(failures))
        raise InputError("E306", name=LABELS[first], error=failures[first])
    return _gather(plan, runs, failures)


class _Run:
    """Held-out predictions of one contender as they come in."""

    def __init__(self, dataset: Dataset, plan: SplitPlan) -> None:
        self.dataset = dataset
        self.plan = plan
        n_repeats = 1 + max(fold.repeat for fold in plan.folds)
        self.predictions = np.full((n_repeats, dataset.n_rows), np.nan)
        self.seconds: list[float] = []

    def add(self, fold: Fold, outcome: Outcome) -> None:
        self.seconds.append(outcome.seconds)
        self.predictions[fold.repeat, fold.test] = outcome.prediction

    def result(self, name: str, seconds: float) -> ContenderResult:
        y, folds = self.dataset.y, self.plan.folds
        each = tuple(scores(y[f.test], self.predictions[f.repeat, f.test]) for f in folds)
        return ContenderResult(
            name=name,
            predictions=self.predictions,
            fold_scores=each,
            overall=overall_scores(y, self.predictions),
            rmse_interval=rmse_interval([s.rmse for s in each], self.plan),
            seconds=seconds,
        )


def _gather(plan: SplitPlan, runs: dict[str, _Run], failures: dict[str, str]) -> BenchmarkResult:
    done = {name: run for name, run in runs.items() if name not in failures}
    results = []
    for name, run in done.items():
        taken = [done[other].seconds for other in MODELS[name].takes_over_from if other in done]
        seconds = np.sum([run.seconds, *taken], axis=0)
        results.append(run.result(name, float(np.median(seconds))))
    results.sort(key=lambda result: result.overall.rmse)
    failed = tuple(failures.items())
    chosen, verdict = decide(results, plan, failed)
    return BenchmarkResult(
        plan=plan,
        results=tuple(results),
        comparisons=compare_all(results, chosen, plan),
        chosen=chosen,
        verdict=verdict,
        failures=failed,
    )


def _in_run_order(names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in MODELS:
            raise InputError("E305", name=name, known=MODEL_NAMES)
    if not names:
        raise InputError("E305", name="", known=MODEL_NAMES)
    return in_run_order(names)


def _say_nothing(done: int, total: int, text: str) -> None:
    """Stand in for a missing progress callback."""
