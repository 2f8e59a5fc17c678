"""All numbers and facts of one report, frozen; pages and workbooks are thin views of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.decision.results import HeldOutDecisions, IntervalResult
from ntkreg.decision.what_if import WhatIf
from ntkreg.evaluation.results import BenchmarkResult, LearningCurve
from ntkreg.inspection.attribution.interactions import Interaction
from ntkreg.inspection.results import Explanation, KnowledgeVerdict, LeakSuspect
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Sentence
from ntkreg.ntk.regime.verdict import RegimeReport
from ntkreg.ntk.results import Prescription, TrainingTrace


@dataclass(frozen=True)
class ReportContent:
    """What the report and the workbook show.

    Parameters
    ----------
    dataset : Dataset
        What was read.
    leaks : tuple of LeakSuspect
        Findings of the leak audit.
    benchmark : BenchmarkResult
        Contenders on the same folds; `benchmark.chosen` is the model explained first.
    explanations : tuple of Explanation
        The chosen model first, then LightGBM (one only if they are the same).
    knowledge : tuple of KnowledgeVerdict
        Empty when no knowledge file was given.
    intervals : IntervalResult
        Conformal intervals of the chosen model.
    in_domain : ndarray of shape (n_rows,) of bool
        Domain flag of each training row.
    prescription : Prescription
        Of the kernel fitted on all rows.
    trace : TrainingTrace or None
        Training run of the finite net on all rows.
    specification : tuple of float or None
        Lower and upper specification limit, None where not given.
    settings : mapping
        Command-line settings in effect, as text or numbers.
    versions : mapping of str to str
        Package versions.
    created : str
        Date of the run, ISO form.
    regime : RegimeReport or None, default=None
        Training regime of the finite net on all rows.
    declined : tuple of Sentence, default=()
        What the error is if lot or time columns that the reader proposed matter after all.
    what_if : WhatIf or None, default=None
        Predictor of the profiler; None leaves it, and the rows that it holds, out of the report.
    decisions : HeldOutDecisions or None, default=None
        Intervals, domain and specification of the training rows, each as when held out.
    learning : LearningCurve or None, default=None
        Error of the chosen model against the number of training rows.
    interactions : tuple of Interaction, default=()
        Pairs of the leading columns of the chosen model, in every explained model.
    """

    dataset: Dataset
    leaks: tuple[LeakSuspect, ...]
    benchmark: BenchmarkResult
    explanations: tuple[Explanation, ...]
    knowledge: tuple[KnowledgeVerdict, ...]
    intervals: IntervalResult
    in_domain: NDArray[np.bool_]
    prescription: Prescription
    trace: TrainingTrace | None
    specification: tuple[float | None, float | None]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str
    regime: RegimeReport | None = None
    declined: tuple[Sentence, ...] = ()
    what_if: WhatIf | None = None
    decisions: HeldOutDecisions | None = None
    learning: LearningCurve | None = None
    interactions: tuple[Interaction, ...] = ()
