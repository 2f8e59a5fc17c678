"""The types that a model folder may contain: class name to the module that defines it."""

from __future__ import annotations

from collections.abc import Mapping

_TYPES_BY_MODULE: dict[str, tuple[str, ...]] = {
    "ntkreg.messages": ("Sentence",),
    "ntkreg.inspection.domain.fitted": ("Domain",),
    "ntkreg.evaluation.blend": ("BlendRegressor",),
    "ntkreg.evaluation.table_model": ("TableModel",),
    "ntkreg.evaluation.lightgbm_table": ("DefaultLightGBM", "SmallTableLightGBM"),
    "ntkreg.ntk.fitted": ("KernelMember", "NetworkMember"),
    "ntkreg.ntk.kernel_regressor": ("NTKKernelRegressor",),
    "ntkreg.ntk.regressor": ("NTKRegressor",),
    "ntkreg.ntk.metric.scales": ("Metric",),
    "ntkreg.ntk.network.architecture": ("Architecture",),
    "ntkreg.preprocessing.embedding": ("Embedding",),
    "ntkreg.preprocessing.encoder": ("TableEncoder",),
    "ntkreg.io.dataset": ("Column",),
    "ntkreg.ntk.results": ("Branch", "Prescription", "Reason", "TrainingTrace"),
    "ntkreg.inspection.space": ("Space",),
    "ntkreg.decision.difficulty": ("Difficulty", "NetKernel", "PlainKernel"),
    "ntkreg.decision.results": ("IntervalResult",),
    "ntkreg.persistence.model": ("FittedModel",),
    "ntkreg.persistence.surrogates": (
        "AffineScaler",
        "Chain",
        "ForestArrays",
        "LinearModel",
    ),
}

SAVED_TYPES: Mapping[str, str] = {
    name: module for module, names in _TYPES_BY_MODULE.items() for name in names
}
