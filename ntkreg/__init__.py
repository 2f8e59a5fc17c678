"""Regression for manufacturing tables by wide ReLU networks trained as their kernel prescribes.

The names below are imported when they are first used, so that ``import ntkreg`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ntkreg.io import read_table
    from ntkreg.ntk import NTKKernelRegressor, NTKRegressor
    from ntkreg.persistence import load_model, save_model
    from ntkreg.preprocessing import TableEncoder
    from ntkreg.study import run_study

__version__ = "0.1.0"

__all__ = [
    "NTKKernelRegressor",
    "NTKRegressor",
    "TableEncoder",
    "load_model",
    "read_table",
    "run_study",
    "save_model",
]

_HOMES = {
    "NTKKernelRegressor": "ntkreg.ntk",
    "NTKRegressor": "ntkreg.ntk",
    "TableEncoder": "ntkreg.preprocessing",
    "load_model": "ntkreg.persistence",
    "read_table": "ntkreg.io",
    "run_study": "ntkreg.study",
    "save_model": "ntkreg.persistence",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ntkreg' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
