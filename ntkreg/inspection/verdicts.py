"""Whether a model agrees with what the engineers know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.inspection.evidence import Evidence, gather_evidence
from ntkreg.inspection.results import Expectation, Explanation, KnowledgeVerdict, Verdict
from ntkreg.inspection.space import is_numeric
from ntkreg.io.dataset import Column, Dataset
from ntkreg.messages import Sentence

MONOTONE = 0.3
CHANCE = 1.5
CLEAR = 3.0

Values = NDArray[np.float64]


def judge_knowledge(
    expectations: Sequence[Expectation],
    explanation: Explanation,
    dataset: Dataset,
    *,
    seed: int = 0,
    confidence: float = 0.9,
    residuals: NDArray[np.float64] | None = None,
) -> tuple[KnowledgeVerdict, ...]:
    """Judge expectations against one explained model.

    *increasing*, *decreasing*: CONFIRMED or CONTRADICTED when at least `confidence` of the
    resampled slopes have one sign. UNDECIDED otherwise, and when the model hardly uses the column,
    when the effect is not monotone (|Spearman| < 0.3 between column and Shapley value), or when a
    contradiction concerns a column that moves together with another one (|r| > 0.8, or a category
    whose levels nearly fix it), since then the two may stand for each other.

    *none*: "negligible" means less than 5 % of the total importance (and less than half the share
    of an average column). CONFIRMED when the importance is negligible and below 1.5 times the
    level that a column without effect reaches by chance (the spread of the resampled slopes of
    the residuals); CONTRADICTED when it is not negligible and above 3 times that level.

    Rows are resampled by group where the table has groups, by stretches of time where it has a
    time. `benchmarks/verdict_error_rates.py` measures how often the verdicts are wrong.

    Parameters
    ----------
    expectations : sequence of Expectation
        From :func:`read_knowledge`.
    explanation : Explanation
        Of the model to judge.
    dataset : Dataset
        Table that was explained.
    seed : int, default=0
        Draws the resamples.
    confidence : float, default=0.9
        Share of the resamples that must agree.
    residuals : ndarray of shape (n_rows,), optional
        Held-out residuals of the model on all rows of the table (NaN where there is none). By
        default those of the explained rows themselves, which are too small for a model that
        follows its training rows closely: pass held-out ones where they are known.

    Returns
    -------
    tuple of KnowledgeVerdict
        One for each expectation, in order.
    """
    return tuple(
        _judge(expectation, explanation, dataset, seed, confidence, residuals)
        for expectation in expectations
    )


def _judge(
    expectation: Expectation,
    explanation: Explanation,
    dataset: Dataset,
    seed: int,
    confidence: float,
    residuals: Values | None,
) -> KnowledgeVerdict:
    facts: dict[str, Any] = {"column": expectation.column, "model": explanation.model}

    def verdict(kind: Verdict, code: str, sure: float, slope: float) -> KnowledgeVerdict:
        return KnowledgeVerdict(
            expectation, explanation.model, kind, sure, slope, Sentence(code, dict(facts))
        )

    column = _feature(expectation.column, dataset)
    if column is None:
        return verdict("UNDECIDED", "V401", 0.0, np.nan)
    directed = expectation.effect != "none"
    evidence = gather_evidence(column, explanation, dataset, np.random.default_rng(seed), residuals)
    facts |= {
        "share": 100 * evidence.share,
        "partner": evidence.partner or "",
        "target": dataset.target.name,
        "amount": f"{evidence.slope:+.3g} {dataset.target.unit or ''}".strip(),
    }
    if directed and not is_numeric(dataset.features[column.key]):
        return verdict("UNDECIDED", "V402", 0.0, np.nan)
    if len(evidence.resampled_slopes) == 0:
        return verdict("UNDECIDED", "V403", 0.0, np.nan)
    decide = _direction if directed else _absence
    kind, code, sure = decide(evidence, expectation.effect, confidence)
    facts["confidence"] = 100 * sure
    return verdict(kind, code, sure, evidence.slope)


def _direction(evidence: Evidence, effect: str, confidence: float) -> tuple[Verdict, str, float]:
    wanted = 1.0 if effect == "increasing" else -1.0
    leading = np.sign(evidence.slope)
    sure = float((np.sign(evidence.resampled_slopes) == leading).mean())
    if evidence.share < 0.4 * evidence.negligible_share:
        return "UNDECIDED", "V404", sure
    if sure < confidence:
        return "UNDECIDED", "V405", sure
    if evidence.monotone < MONOTONE:
        return "UNDECIDED", "V406", sure
    rising = leading > 0
    if leading == wanted:
        return "CONFIRMED", "V410" if rising else "V411", sure
    if evidence.partner is not None:
        return "UNDECIDED", "V407", sure
    return "CONTRADICTED", "V412" if rising else "V413", sure


def _absence(evidence: Evidence, _effect: str, confidence: float) -> tuple[Verdict, str, float]:
    negligible = evidence.shares < evidence.negligible_share
    absent = float((negligible & (evidence.sizes < CHANCE * evidence.chance)).mean())
    present = float((~negligible & (evidence.sizes > CLEAR * evidence.chance)).mean())
    if max(absent, present) < confidence:
        return "UNDECIDED", "V408", max(absent, present)
    if evidence.partner is not None:
        return "UNDECIDED", "V409", max(absent, present)
    if absent > present:
        return "CONFIRMED", "V414", absent
    return "CONTRADICTED", "V415", present


def _feature(name: str, dataset: Dataset) -> Column | None:
    for column in dataset.feature_columns:
        if column.name == name:
            return column
    return None
