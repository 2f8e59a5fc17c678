"""Whether a model agrees with what the engineers know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.inspection.knowledge.evidence import Evidence, gather_evidence
from ntkreg.inspection.knowledge.joint import (
    Joint,
    KnownTable,
    disagreeing,
    join,
    joint_name,
    know,
)
from ntkreg.inspection.results import Expectation, Explanation, KnowledgeVerdict, Verdict
from ntkreg.io.dataset import Dataset
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
    UNDECIDED otherwise, and when the model hardly uses the column, or when the effect is not
    monotone (|Spearman| < 0.3 between column and Shapley value).

    Columns that move together (:mod:`ntkreg.inspection.clusters`: every two above 0.8) are judged
    as one, by the sum of their Shapley values along their common direction
    (:mod:`ntkreg.inspection.knowledge.joint`); the verdict says so and names them. It is
    UNDECIDED where expectations about the cluster exclude each other. An effect of the cluster
    contradicts "none" only if none is expected of all its columns, since any of them may be the
    one that acts. A contradiction is also UNDECIDED when the column moves together with a column
    that is not in its cluster.

    *peak*, *valley*: the same with the signs of two slopes, before and after the turning point
    (:mod:`ntkreg.inspection.knowledge.turning`). With a range, only rows within it count.

    *none*: "negligible" means less than 5 % of the total importance (and less than half the share
    of an average column). CONFIRMED when the importance is negligible and below 1.5 times the
    level that a column without effect reaches by chance (the spread of the resampled slopes of
    the residuals); CONTRADICTED when it is not negligible and above 3 times that level (for a
    cluster of k columns, times the root of k).

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
    table, asked = know(dataset), tuple(expectations)

    def judged(expectation: Expectation) -> KnowledgeVerdict:
        names = [column.name for column in dataset.feature_columns]
        if expectation.column not in names:
            return _Case(expectation, explanation, table).verdict("UNDECIDED", "V401")
        joint = join(expectation, names.index(expectation.column), table)
        case = _Case(expectation, explanation, table, joint)
        return _judge(case, joint, asked, seed, confidence, residuals)

    return tuple(judged(expectation) for expectation in asked)


@dataclass(frozen=True)
class _Case:
    """One expectation against one model: makes verdicts that name column and cluster."""

    expectation: Expectation
    explanation: Explanation
    table: KnownTable
    joint: Joint | None = None

    def verdict(
        self,
        kind: Verdict,
        code: str,
        sure: float = 0.0,
        slope: float = np.nan,
        **facts: Any,
    ) -> KnowledgeVerdict:
        expectation, dataset = self.expectation, self.table.dataset
        name = f"{expectation.column} ({expectation.range_text})".removesuffix(" ()")
        named: str | Sentence = name
        cluster: tuple[str, ...] = ()
        if self.joint is not None and len(self.joint.members) > 1:
            named = joint_name(self.joint, name, self.table)
            cluster = tuple(dataset.feature_columns[m].name for m in self.joint.members)
        values = {"column": named, "own": name, "model": self.explanation.model} | facts
        reason = Sentence(code, values)
        return KnowledgeVerdict(
            expectation, self.explanation.model, kind, sure, slope, reason, cluster
        )


def _judge(
    case: _Case,
    joint: Joint,
    asked: tuple[Expectation, ...],
    seed: int,
    confidence: float,
    residuals: Values | None,
) -> KnowledgeVerdict:
    expectation, dataset = case.expectation, case.table.dataset
    rng = np.random.default_rng(seed)
    evidence = gather_evidence(expectation, joint, case.explanation, dataset, rng, residuals)
    facts: dict[str, Any] = {
        "share": 100 * evidence.share,
        "partner": joint.partner or "",
        "target": dataset.target.name,
        "amount": f"{evidence.slope:+.3g} {dataset.target.unit or ''}".strip(),
        "turn": f"{evidence.turning.knot:.4g}" if evidence.turning else "",
    }
    if expectation.effect != "none" and joint.x is None:
        return case.verdict("UNDECIDED", "V402", **facts)
    if len(evidence.resampled_slopes) == 0:
        code = "V416" if expectation.has_range else "V403"
        return case.verdict("UNDECIDED", code, **facts)
    other = disagreeing(expectation, joint, asked, case.table)
    if other is not None:
        facts["other"] = other.column
        return case.verdict("UNDECIDED", "V427", slope=evidence.slope, **facts)
    kind, code, sure = _RULES[expectation.effect](evidence, expectation.effect, confidence)
    kind, code = _identified(kind, code, case, joint, asked)
    facts["confidence"] = 100 * sure
    return case.verdict(kind, code, sure, evidence.slope, **facts)


def _identified(
    kind: Verdict, code: str, case: _Case, joint: Joint, asked: tuple[Expectation, ...]
) -> tuple[Verdict, str]:
    """Take back what the rows cannot tell apart."""
    absent = case.expectation.effect == "none"
    if joint.partner is not None and (kind == "CONTRADICTED" or (absent and kind == "CONFIRMED")):
        return "UNDECIDED", _BY_PARTNER.get(case.expectation.effect, "V407")
    if absent and kind == "CONTRADICTED":
        none = {e.column for e in asked if e.effect == "none" and not e.has_range}
        names = {case.table.dataset.feature_columns[m].name for m in joint.members}
        if not names - {case.expectation.column} <= none:
            return "UNDECIDED", "V428"
    return kind, code


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
    return "CONTRADICTED", _OTHER_SHAPE[left, right], sure


def _absence(evidence: Evidence, _effect: str, confidence: float) -> Judged:
    negligible = evidence.shares < evidence.negligible_share
    absent = float((negligible & (evidence.sizes < CHANCE * evidence.chance)).mean())
    # summed columns without effect reach what the root of their number allows
    clear = CLEAR * evidence.chance * np.sqrt(evidence.n_members)
    present = float((~negligible & (evidence.sizes > clear)).mean())
    if max(absent, present) < confidence:
        return "UNDECIDED", "V408", max(absent, present)
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
_BY_PARTNER = {"peak": "V422", "valley": "V422", "none": "V409"}
# by the signs of the slopes left and right of the turning point
_OTHER_SHAPE = {(1.0, 1.0): "V423", (-1.0, -1.0): "V424", (-1.0, 1.0): "V425", (1.0, -1.0): "V426"}


def against(confidence: float) -> float:
    """Share of resamples that a contradiction needs.

    A column without effect leans either way, and residuals of few rows tell their own size only
    roughly, so a contradiction gets a quarter of what may go wrong. How often it is wrong is
    measured: docs/performance.md, "Verdicts on knowledge".
    """
    return 1 - (1 - confidence) / 4
