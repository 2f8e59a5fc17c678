"""Whether a model agrees with what the engineers know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.inspection.knowledge.evidence import Evidence, gather_evidence
from ntkreg.inspection.results import Expectation, Explanation, KnowledgeVerdict, Verdict
from ntkreg.inspection.space import is_numeric
from ntkreg.io.dataset import Column, Dataset
from ntkreg.messages import Sentence

MONOTONE = 0.3
CHANCE = 1.5
CLEAR = 3.0

Values = NDArray[np.float64]
Judged = tuple[Verdict, str, float]


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

    *increasing*, *decreasing*: CONFIRMED when at least `confidence` of the resampled slopes have
    the expected sign, CONTRADICTED when at least 1 - (1 - `confidence`) / 4 have the other one.
    UNDECIDED otherwise, and when the model hardly uses the column, when the effect is not monotone
    (|Spearman| < 0.3 between column and Shapley value), or when a contradiction concerns a column
    that moves together with another one (|r| > 0.8, or a category whose levels nearly fix it),
    since then the two may stand for each other.

    *peak*, *valley*: the same with the signs of two slopes, before and after the turning point
    (:mod:`ntkreg.inspection.knowledge.turning`). With a range, only rows within it count.

    *none*: "negligible" means less than 5 % of the total importance (and less than half the share
    of an average column). CONFIRMED when the importance is negligible and below 1.5 times the
    level that a column without effect reaches by chance (the spread of the resampled slopes of
    the residuals); CONTRADICTED when it is not negligible and above 3 times that level.

    Rows are resampled by group where the table has groups, by stretches of time where it has a
    time. `experiments/studies/knowledge_error_rates.py` measures how often the verdicts are wrong.

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
    name = f"{expectation.column} ({expectation.range_text})".removesuffix(" ()")
    facts: dict[str, Any] = {"column": name, "model": explanation.model}

    def verdict(kind: Verdict, code: str, sure: float, slope: float) -> KnowledgeVerdict:
        return KnowledgeVerdict(
            expectation, explanation.model, kind, sure, slope, Sentence(code, dict(facts))
        )

    column = _feature(expectation.column, dataset)
    if column is None:
        return verdict("UNDECIDED", "V401", 0.0, np.nan)
    evidence = gather_evidence(
        expectation, column, explanation, dataset, np.random.default_rng(seed), residuals
    )
    facts |= {
        "share": 100 * evidence.share,
        "partner": evidence.partner or "",
        "target": dataset.target.name,
        "amount": f"{evidence.slope:+.3g} {dataset.target.unit or ''}".strip(),
        "turn": f"{evidence.turning.knot:.4g}" if evidence.turning else "",
    }
    if expectation.effect != "none" and not is_numeric(dataset.features[column.key]):
        return verdict("UNDECIDED", "V402", 0.0, np.nan)
    if len(evidence.resampled_slopes) == 0:
        code = "V416" if expectation.has_range else "V403"
        return verdict("UNDECIDED", code, 0.0, np.nan)
    kind, code, sure = _RULES[expectation.effect](evidence, expectation.effect, confidence)
    facts["confidence"] = 100 * sure
    return verdict(kind, code, sure, evidence.slope)


def _direction(evidence: Evidence, effect: str, confidence: float) -> Judged:
    wanted = 1.0 if effect == "increasing" else -1.0
    leading = np.sign(evidence.slope)
    sure = float((np.sign(evidence.resampled_slopes) == leading).mean())
    needed = confidence if leading == wanted else against(confidence)
    if evidence.share < 0.4 * evidence.negligible_share:
        return "UNDECIDED", "V404", sure
    if sure < needed:
        return "UNDECIDED", "V405", sure
    if evidence.monotone < MONOTONE:
        return "UNDECIDED", "V406", sure
    rising = leading > 0
    if leading == wanted:
        return "CONFIRMED", "V410" if rising else "V411", sure
    if evidence.partner is not None:
        return "UNDECIDED", "V407", sure
    return "CONTRADICTED", "V412" if rising else "V413", sure


def _shape(evidence: Evidence, effect: str, confidence: float) -> Judged:
    turning = evidence.turning
    if turning is None:
        return "UNDECIDED", "V403", 0.0
    left, right = np.sign(turning.slopes)
    sure = turning.sureness(left, right)
    wanted = (1.0, -1.0) if effect == "peak" else (-1.0, 1.0)
    needed = confidence if (left, right) == wanted else against(confidence)
    if evidence.share < 0.4 * evidence.negligible_share:
        return "UNDECIDED", "V417", sure
    if sure < needed:
        return "UNDECIDED", "V418" if effect == "peak" else "V419", sure
    if (left, right) == wanted:
        return "CONFIRMED", "V420" if effect == "peak" else "V421", sure
    if evidence.partner is not None:
        return "UNDECIDED", "V422", sure
    return "CONTRADICTED", _OTHER_SHAPE[left, right], sure


def _absence(evidence: Evidence, _effect: str, confidence: float) -> Judged:
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


_RULES = {
    "increasing": _direction,
    "decreasing": _direction,
    "peak": _shape,
    "valley": _shape,
    "none": _absence,
}
# by the signs of the slopes left and right of the turning point
_OTHER_SHAPE = {(1.0, 1.0): "V423", (-1.0, -1.0): "V424", (-1.0, 1.0): "V425", (1.0, -1.0): "V426"}


def against(confidence: float) -> float:
    """Share of resamples that a contradiction needs.

    A column without effect leans either way, and residuals of few rows tell their own size only
    roughly, so a contradiction gets a quarter of what may go wrong. How often it is wrong is
    measured: docs/performance.md, "Verdicts on knowledge".
    """
    return 1 - (1 - confidence) / 4


def _feature(name: str, dataset: Dataset) -> Column | None:
    for column in dataset.feature_columns:
        if column.name == name:
            return column
    return None
