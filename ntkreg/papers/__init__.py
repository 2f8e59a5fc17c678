"""The other papers' training methods, as estimators of the same form as the rest.

None of them takes part in a run unless it is named. How to add one:

1. A module here with the algorithm as free functions on arrays, and a class that validates,
   chooses, calls and stores: scikit-learn's contract (`check_estimator` clean), keyword-only
   parameters with defaults that suit tables of 30 to 3,000 rows, among them `random_state=0`.
   `fit(X, y, groups=None)` keeps rows of one group in one inner fold. What is shared:
   :class:`~ntkreg.papers.standard.Standard` (columns and target to unit spread and back),
   :func:`ntkreg.ntk.validation.validate_training` and `validate_rows`,
   :func:`ntkreg.ntk.prescription.options.seed_of`,
   :func:`ntkreg.ntk.prescription.folds.make_designs` (folds that keep groups and copies together).
   Public docstrings name paper, section or equation, and mark every constant as from the paper,
   from neighbouring theory, or from data.
2. A line in `_HOMES` below, so that `ntkreg.papers.Name` is imported when it is first used.
3. An entry in :mod:`ntkreg.models` (`regressor="ntkreg.papers.module:Class"`, `label=` a message).
   With it the model may be named in run, benchmark, fit and predict, and be saved: the tests save
   and load every model there is.
4. What a model folder can hold as fitted state: None, texts, numbers, numeric arrays, lists,
   tuples, dicts, and frozen dataclasses named in :mod:`ntkreg.persistence.types` - no torch
   object, no function, no random generator. Parameters that are estimators come back as None;
   their fitted copies must be attributes, of types that can be saved themselves.

Ways in which a fit can end have names and sentences, as :class:`ntkreg.ntk.results.TrainingTrace`
has; unusable arguments raise ValueError with the parameter, what is allowed and what was given.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES: dict[str, str] = {
    "LayerwiseRegressor": "ntkreg.papers.layerwise.estimator",
    "Standard": "ntkreg.papers.standard",
    "TeacherStudentRegressor": "ntkreg.papers.teacher_student",
    "TwoPhaseRegressor": "ntkreg.papers.two_phase",
    "expressivity_condition": "ntkreg.papers.expressivity",
    "make_hierarchical": "ntkreg.papers.hierarchical",
}

__all__ = [
    "LayerwiseRegressor",
    "Standard",
    "TeacherStudentRegressor",
    "TwoPhaseRegressor",
    "expressivity_condition",
    "make_hierarchical",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ntkreg.papers' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
