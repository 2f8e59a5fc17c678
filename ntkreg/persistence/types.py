"""The types that a model folder may contain: class name to the module that defines it.

The regressors of :mod:`ntkreg.models` are among them; what they hold is listed here.
"""

from __future__ import annotations

from collections.abc import Mapping

from ntkreg.models import MODELS

_TYPES_BY_MODULE: dict[str, tuple[str, ...]] = {
    "ntkreg.messages": ("Sentence",),
    "ntkreg.inspection.domain.fitted": ("Domain",),
    "ntkreg.evaluation.blend": ("BlendRegressor",),
    "ntkreg.evaluation.table_model": ("TableModel",),
    "ntkreg.evaluation.lightgbm_table": ("DefaultLightGBM", "SmallTableLightGBM"),
    "ntkreg.ntk.fitted": ("KernelMember", "NetworkMember"),
    "ntkreg.ntk.metric.scales": ("Metric",),
    "ntkreg.ntk.network.architecture": ("Architecture",),
    "ntkreg.preprocessing.embedding": ("Embedding",),
    "ntkreg.preprocessing.encoder": ("TableEncoder",),
    "ntkreg.io.dataset": ("Column",),
    "ntkreg.ntk.results": ("Branch", "Interpolation", "Prescription", "Reason", "TrainingTrace"),
    "ntkreg.papers.expressivity": ("Expressivity",),
    "ntkreg.papers.hidden_features": ("HiddenLayers", "KernelNetLayers"),
    "ntkreg.papers.phases": ("TwoPhaseTrace",),
    "ntkreg.papers.standard": ("Standard",),
    "ntkreg.papers.student": ("Student", "StudentTrace"),
    "ntkreg.inspection.space": ("Space",),
    "ntkreg.decision.difficulty": ("Difficulty", "NetKernel", "PlainKernel"),
    "ntkreg.decision.results": ("IntervalResult",),
    "ntkreg.persistence.model": ("FittedModel",),
    "ntkreg.papers.layerwise.network": ("LayerwiseNet",),
    "ntkreg.persistence.surrogates": (
        "AffineScaler",
        "Chain",
        "ForestArrays",
        "LinearModel",
    ),
}

_REGRESSORS = [e.regressor.split(":") for e in MODELS.values() if e.regressor]

SAVED_TYPES: Mapping[str, str] = {
    name: module for module, names in _TYPES_BY_MODULE.items() for name in names
} | {name: module for module, name in _REGRESSORS}
