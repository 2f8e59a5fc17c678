"""What a study says of the training itself: the prescription in words, and the net's regime."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ntkreg.evaluation.comparison import compare
from ntkreg.evaluation.results import BenchmarkResult
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Sentence
from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.metric.scales import apply_metric
from ntkreg.ntk.path import decompose
from ntkreg.ntk.regime.capacity import network_reasons, theory_reasons
from ntkreg.ntk.regime.measures import gap_unit, measure_regime
from ntkreg.ntk.regime.retrace import retrace
from ntkreg.ntk.regime.verdict import HeldOutChange, RegimeReport, judge
from ntkreg.ntk.regime.width_study import regime_over_width
from ntkreg.ntk.results import Prescription, Reason, TrainingTrace
from ntkreg.preprocessing.embedding import embed
from ntkreg.study.fitting import find_part, prescription_of

# beyond it the eigenvectors of the nets' own kernels would take longer than the training
MAX_ROWS = 2000


@dataclass(frozen=True)
class Training:
    """The prescription with all its reasons, and the net's training where there is a net."""

    prescription: Prescription
    trace: TrainingTrace | None
    regime: RegimeReport | None


def training_in_words(
    fitted: Mapping[str, Any], dataset: Dataset, benchmark: BenchmarkResult, *, seed: int
) -> Training:
    """Say how the constants of the training came about and whether the net followed its kernel.

    Parameters
    ----------
    fitted : mapping of str to estimator
        Contenders fitted on all rows of the dataset, "ntk" or "ntk-kernel" among them.
    dataset : Dataset
    benchmark : BenchmarkResult
        Tells whether the net is better than its kernel.
    seed : int
        Of the rows and nets of the comparison of widths.

    Raises
    ------
    TypeError
        If neither carries a prescription.
    """
    name = "ntk" if "ntk" in fitted else "ntk-kernel"
    prescription = prescription_of(fitted[name])
    if prescription is None:
        raise TypeError("the fitted kernel carries no prescription_")
    with threadpool_limits(limits=1, user_api="blas"):
        if name == "ntk":
            return _of_network(fitted[name], prescription, dataset, benchmark, seed)
        leading = find_part(fitted[name], "members_")[0]
        # not its support: landmarks are spread out, and are no sample of the rows
        rows = embed(leading.embedding, fitted[name].encoder_.transform(dataset.features))
        values = _eigenvalues(apply_metric(leading.metric, rows), prescription, seed)
    more = theory_reasons(values, prescription, dataset.n_rows)[1]
    return Training(_with_reasons(prescription, more), None, None)


def _with_reasons(prescription: Prescription, more: tuple[Reason, ...]) -> Prescription:
    return replace(prescription, reasons=prescription.reasons + more)


def _part(n_rows: int, seed: int) -> NDArray[np.int64] | None:
    if n_rows <= MAX_ROWS:
        return None
    return np.random.default_rng(seed).choice(n_rows, MAX_ROWS, replace=False)


def _eigenvalues(
    rows: NDArray[np.float64], prescription: Prescription, seed: int
) -> NDArray[np.float64]:
    part = _part(len(rows), seed)
    kernel = gram(rows if part is None else rows[part], None, prescription.branches)
    return decompose(centre(kernel)).values


def _of_network(
    estimator: Any,
    prescription: Prescription,
    dataset: Dataset,
    benchmark: BenchmarkResult,
    seed: int,
) -> Training:
    model, part = estimator.regressor_, _part(dataset.n_rows, seed)
    nets = retrace(model, estimator.encoder_.transform(dataset.features), dataset.y, part)
    member = model.leading_
    capacity, reasons = theory_reasons(nets.spectrum.values, member.prescription, dataset.n_rows)
    reasons += network_reasons(nets.architecture, model.solver_)
    regime = measure_regime(nets, member.prescription.noise) if part is None else None
    study = regime_over_width(nets, seed=seed)
    full = _with_reasons(prescription, reasons)
    if regime is None and (study is None or study.at(nets.architecture.width) is None):
        return Training(full, member.trace, None)
    unit = gap_unit(member.prescription.noise, float(np.std(dataset.y)))
    kind, sentences = judge(
        regime,
        study,
        unit=unit,
        width=nets.architecture.width,
        change=_change(benchmark),
        trace=member.trace,
    )
    if regime is None:
        sentences += (Sentence("I242", {"n_max": MAX_ROWS}),)
    report = RegimeReport(
        kind=kind,
        sentences=sentences,
        unit=unit,
        width=nets.architecture.width,
        n_networks=nets.architecture.n_networks,
        regime=regime,
        over_width=study,
        capacity=capacity,
        eigenvalues=nets.spectrum.values,
        stop=_stop(member.prescription),
    )
    return Training(full, member.trace, report)


def _stop(prescription: Prescription) -> float:
    """Return 1/(eta t) of plain gradient descent at its prescribed stop."""
    time = prescription.learning_rate * prescription.n_steps
    return 1.0 / time if time > 0 else math.inf


def _change(benchmark: BenchmarkResult) -> HeldOutChange | None:
    """Compare net and kernel on the benchmark's folds, relative to the kernel's mean error."""
    found = {result.name: result for result in benchmark.results}
    if not {"ntk", "ntk-kernel"} <= set(found):
        return None
    kernel = found["ntk-kernel"]
    error = float(np.mean([scores.rmse for scores in kernel.fold_scores]))
    if not error > 0:
        return None
    pair = compare(found["ntk"], kernel, benchmark.plan)
    return HeldOutChange(pair.difference / error, pair.lower / error, pair.upper / error)
