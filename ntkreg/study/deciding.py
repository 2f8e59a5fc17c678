"""The chosen model with its intervals, and what they say of the training rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ntkreg.decision import calibrate, decide_held_out, fit_difficulty
from ntkreg.decision.results import HeldOutDecisions
from ntkreg.evaluation.results import BenchmarkResult
from ntkreg.inspection import fit_domain
from ntkreg.io.dataset import Dataset
from ntkreg.persistence import FittedModel
from ntkreg.study.fitting import CONFIDENCE, labels_of, prescription_of
from ntkreg.study.specification import limits_of
from ntkreg.study.versions import package_versions


def model_with_decisions(
    benchmark: BenchmarkResult,
    fitted: Mapping[str, Any],
    dataset: Dataset,
    seed: int,
    settings: Mapping[str, Any],
) -> tuple[FittedModel, HeldOutDecisions]:
    """Calibrate the chosen contender, and judge the training rows as when they were held out.

    Parameters
    ----------
    benchmark : BenchmarkResult
    fitted : mapping of str to estimator
        Contenders fitted on all rows, the chosen one among them.
    dataset : Dataset
    seed : int
    settings : mapping
        Of the run; `lsl`, `usl` and `cost_ratio` count here.

    Returns
    -------
    tuple of (FittedModel, HeldOutDecisions)
    """
    name, plan = benchmark.chosen, benchmark.plan
    held_out, features = benchmark.of(name).predictions, dataset.features
    difficulty = fit_difficulty(fitted[name], features, plan, seed=seed)
    model = FittedModel(
        name=name,
        estimator=fitted[name],
        columns=dataset.columns,
        interval=calibrate(dataset.y, held_out, plan, CONFIDENCE, difficulty),
        domain=fit_domain(features, labels_of(dataset), seed=seed),
        prescription=prescription_of(fitted[name]),
        settings=settings,
        versions=package_versions(),
        data_sha256=dataset.source.sha256,
    )
    decisions = decide_held_out(
        features,
        dataset.y,
        held_out,
        plan,
        model.interval,
        difficulty[1],
        model.domain,
        limits_of(settings),
        settings["cost_ratio"],
    )
    return model, decisions
