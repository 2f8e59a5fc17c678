"""Looking into a model and its table: attributions, process knowledge, leaks, extrapolation."""

from ntkreg.inspection.background import choose_background
from ntkreg.inspection.domain import Domain, fit_domain
from ntkreg.inspection.explain import explain
from ntkreg.inspection.knowledge import read_knowledge
from ntkreg.inspection.leakage import audit_leaks
from ntkreg.inspection.results import Expectation, Explanation, KnowledgeVerdict, LeakSuspect
from ntkreg.inspection.verdicts import judge_knowledge

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
