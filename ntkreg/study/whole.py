"""The whole study of one table: read, compare, explain, judge, calibrate."""

from __future__ import annotations

import datetime
import time as clock
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from ntkreg.decision import COST_RATIO
from ntkreg.evaluation import CONTENDER_NAMES, learning_curve, make_plan, run_benchmark
from ntkreg.evaluation.results import BenchmarkResult, LearningCurve
from ntkreg.inspection import audit_leaks, explain, read_knowledge
from ntkreg.inspection.results import Explanation
from ntkreg.io import ReadingKeywords, ReadOptions, read_table
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Sentence
from ntkreg.persistence import FittedModel
from ntkreg.reporting.content import ReportContent
from ntkreg.study.deciding import model_with_decisions
from ntkreg.study.declined import judge_declined
from ntkreg.study.fitting import CONFIDENCE, fit_contender
from ntkreg.study.judging import judge_explanations
from ntkreg.study.pairs import explain_pairs
from ntkreg.study.specification import specification_settings
from ntkreg.study.stages import Progress, Stages
from ntkreg.study.training_regime import training_in_words
from ntkreg.study.what_if import make_what_if

TREES = "lightgbm"


@dataclass(frozen=True)
class StudyResult:
    """What a study hands back.

    Parameters
    ----------
    content : ReportContent
        All numbers and facts, for report and workbook.
    model : FittedModel
        The chosen contender, fitted on all rows.
    seconds : mapping of str to float
        Time taken by each stage.
    """

    content: ReportContent
    model: FittedModel
    seconds: Mapping[str, float]


def run_study(  # noqa: PLR0913 - the options of the command line, one by one
    path: str | Path,
    target: str,
    *,
    group: str | None = None,
    time: str | None = None,
    drop: Sequence[str] = (),
    lsl: float | None = None,
    usl: float | None = None,
    cost_ratio: float = COST_RATIO,
    knowledge: str | Path | None = None,
    seed: int = 0,
    names: Sequence[str] = CONTENDER_NAMES,
    profiler: bool = True,
    progress: Progress | None = None,
    **reading: Unpack[ReadingKeywords],
) -> StudyResult:
    """Read a table, compare the contenders, explain the best and check it against knowledge.

    Parameters
    ----------
    path : str or Path
        The table.
    target : str
        Column to predict, as written in the header.
    group, time, drop
        As in :func:`ntkreg.io.read_table`.
    lsl, usl : float, optional
        Lower and upper specification limit, target unit.
    cost_ratio : float, default=10.0
        How many false alarms one missed row out of specification is worth.
    knowledge : str or Path, optional
        A `knowledge.toml`, see :func:`ntkreg.inspection.read_knowledge`.
    seed : int, default=0
        Of all random choices.
    names : sequence of str, default=CONTENDER_NAMES
        Contenders.
    profiler : bool, default=True
        Whether the report gets a live profiler, with the rows that it needs.
    progress : callable, optional
        Called as `progress(done, total, text)` before each step; an exception that it raises
        (or a KeyboardInterrupt between folds) ends the study with nothing left behind.
    **reading
        Reading options, see :class:`ntkreg.io.options.ReadOptions`.

    Returns
    -------
    StudyResult

    Raises
    ------
    InputError
        If the table, a column, a limit, the knowledge file or a name is not usable.
    FileAccessError
        If a file cannot be read.

    Examples
    --------
    >>> from importlib.resources import files
    >>> from ntkreg.study import run_study
    >>> table = files("ntkreg_sample_data") / "heat_treatment_cp932.csv"
    >>> study = run_study(table, "硬さ[HRC]", names=["ridge", "mean"])
    >>> study.model.name
    'ridge'
    """
    settings = {"target": target, **ReadOptions.of(reading).settings(), "group": group,
                "time": time, "drop": list(drop), **specification_settings(lsl, usl, cost_ratio),
                "knowledge": Path(knowledge).name if knowledge else None, "seed": seed,
                "models": list(names), "confidence": CONFIDENCE}  # fmt: skip
    stages = Stages(progress or (lambda _done, _total, _text: None))
    read = partial(read_table, path, target=target, drop=drop, **reading)
    with stages.stage("read"):
        dataset = read(group=group, time=time)
        expectations = read_knowledge(knowledge, dataset) if knowledge else ()
        leaks = audit_leaks(dataset)
    benchmark = _benchmark(dataset, names, seed, stages)
    declined, learning = _look_again(dataset, benchmark, read, (group, time), stages, seed)
    fitted = _fit_all(benchmark, dataset, seed, stages)
    explanations = _explain(benchmark, fitted, dataset, seed, stages)
    judged = judge_explanations(expectations, explanations, benchmark, dataset, stages, seed=seed)
    with stages.stage("regime"):
        training = training_in_words(fitted, dataset, benchmark, seed=seed)
    model, decisions = model_with_decisions(benchmark, fitted, dataset, seed, settings)
    content = ReportContent(
        dataset=dataset,
        leaks=leaks,
        benchmark=benchmark,
        explanations=explanations,
        knowledge=judged,
        intervals=model.interval,
        in_domain=np.array([reason is None for reason in decisions.reasons]),
        prescription=training.prescription,
        trace=training.trace,
        regime=training.regime,
        what_if=make_what_if(fitted, dataset, benchmark, stages, seed=seed) if profiler else None,
        specification=(lsl, usl),
        settings=settings,
        versions=model.versions,
        created=datetime.date.today().isoformat(),
        declined=declined,
        decisions=decisions,
        learning=learning,
        interactions=explain_pairs(fitted, explanations, dataset, stages, seed=seed),
    )
    return StudyResult(content, model, stages.finish())


def _benchmark(
    dataset: Dataset, names: Sequence[str], seed: int, stages: Stages
) -> BenchmarkResult:
    start = clock.perf_counter()
    plan = make_plan(dataset, seed=seed)
    result = run_benchmark(dataset, plan, names=tuple(names), seed=seed, progress=stages.benchmark)
    stages.seconds["compare"] = clock.perf_counter() - start
    return result


def _look_again(
    dataset: Dataset,
    benchmark: BenchmarkResult,
    read: Callable[..., Dataset],
    given: tuple[str | None, str | None],
    stages: Stages,
    seed: int,
) -> tuple[tuple[Sentence, ...], LearningCurve | None]:
    """Judge the chosen model under proposals that were not taken, and on fewer rows."""
    with stages.stage("declined"):
        declined = judge_declined(
            dataset, benchmark, read, group=given[0], time=given[1], seed=seed
        )
    with stages.stage("learning"):
        return declined, learning_curve(dataset, benchmark, seed=seed)


def _fit_all(
    benchmark: BenchmarkResult, dataset: Dataset, seed: int, stages: Stages
) -> dict[str, Any]:
    """Fit on all rows: the chosen, LightGBM to compare with, and what prescribes and trains."""
    took_part = [result.name for result in benchmark.results]
    wanted = [benchmark.chosen, *(name for name in (TREES, "ntk") if name in took_part)]
    if "ntk" not in wanted:
        wanted.append("ntk-kernel")
    explained = {benchmark.chosen, TREES} & set(wanted)
    stages.expect(len(set(wanted)) + len(explained) + 4)
    fitted = {}
    for name in dict.fromkeys(wanted):
        with stages.stage("fit", f"fit {name}"):
            fitted[name] = fit_contender(name, dataset, benchmark.plan, seed=seed)
    return fitted


def _explain(
    benchmark: BenchmarkResult,
    fitted: Mapping[str, Any],
    dataset: Dataset,
    seed: int,
    stages: Stages,
) -> tuple[Explanation, ...]:
    explanations = []
    for name in dict.fromkeys((benchmark.chosen, TREES)):
        if name in fitted:
            with stages.stage("explain", f"explain {name}"):
                explanations.append(explain(fitted[name], name, dataset, seed=seed))
    return tuple(explanations)
