"""Process knowledge judged against every explanation of a study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ntkreg.decision import mean_over_repeats
from ntkreg.evaluation.results import BenchmarkResult
from ntkreg.inspection import judge_knowledge
from ntkreg.inspection.results import Expectation, Explanation, KnowledgeVerdict
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Sentence
from ntkreg.study.stages import Stages


def judge_explanations(
    expectations: Sequence[Expectation],
    explanations: Sequence[Explanation],
    benchmark: BenchmarkResult,
    dataset: Dataset,
    stages: Stages,
    *,
    seed: int,
) -> tuple[KnowledgeVerdict, ...]:
    """Return the verdicts of all explained models, model by model.

    Parameters
    ----------
    expectations : sequence of Expectation
    explanations : sequence of Explanation
        Of contenders of the benchmark.
    benchmark : BenchmarkResult
        Gives the held-out residuals.
    dataset : Dataset
    stages : Stages
        Times the work as the stage "knowledge".
    seed : int
        Of the bootstrap.
    """
    with stages.stage("knowledge"):
        return tuple(
            verdict
            for explanation in explanations
            for verdict in judge_knowledge(
                expectations,
                explanation,
                dataset,
                seed=seed,
                residuals=_held_out_residuals(benchmark, explanation.model, dataset),
            )
        )


def knowledge_in_words(verdicts: Sequence[KnowledgeVerdict], model: str) -> tuple[Sentence, ...]:
    """Return what the verdicts of one model say, contradictions first.

    Parameters
    ----------
    verdicts : sequence of KnowledgeVerdict
    model : str
        Contender name.
    """
    order = ("CONTRADICTED", "UNDECIDED", "CONFIRMED")
    own = [verdict for verdict in verdicts if verdict.model == model]
    return tuple(v.reason for v in sorted(own, key=lambda v: order.index(v.verdict)))


def _held_out_residuals(
    benchmark: BenchmarkResult, name: str, dataset: Dataset
) -> NDArray[np.float64]:
    # residuals of the fit itself would make a model that overfits too sure of its slopes
    return dataset.y - mean_over_repeats(benchmark.of(name).predictions)
