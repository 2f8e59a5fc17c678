"""Looking into a model and its table: attributions, process knowledge, leaks, extrapolation."""

from ntkreg.inspection.attribution.background import choose_background
from ntkreg.inspection.attribution.explain import explain
from ntkreg.inspection.domain.fitted import Domain, fit_domain
from ntkreg.inspection.knowledge.reading import read_knowledge
from ntkreg.inspection.knowledge.verdicts import judge_knowledge
from ntkreg.inspection.leaks.audit import audit_leaks
from ntkreg.inspection.results import Expectation, Explanation, KnowledgeVerdict, LeakSuspect

__all__ = [
    "Domain",
    "Expectation",
    "Explanation",
    "KnowledgeVerdict",
    "LeakSuspect",
    "audit_leaks",
    "choose_background",
    "explain",
    "fit_domain",
    "judge_knowledge",
    "read_knowledge",
]
