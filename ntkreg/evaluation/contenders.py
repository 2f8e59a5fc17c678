"""The models that are compared, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ntkreg.evaluation.blend import BlendRegressor
from ntkreg.evaluation.lightgbm_table import DefaultLightGBM, SmallTableLightGBM
from ntkreg.evaluation.table_model import TableModel
from ntkreg.exceptions import InputError
from ntkreg.io.dataset import Column
from ntkreg.messages import Sentence
from ntkreg.models import DEFAULT_NAMES, MODEL_NAMES, MODELS
from ntkreg.preprocessing import TableEncoder

CONTENDER_NAMES = DEFAULT_NAMES
FAMILY = tuple(entry.name for entry in MODELS.values() if entry.family)
LABELS: Mapping[str, Sentence | str] = {entry.name: entry.label for entry in MODELS.values()}
STAND_INS: Mapping[str, str] = {e.name: e.stand_in for e in MODELS.values() if e.stand_in}
RIDGE_PENALTIES = np.logspace(-4, 4, 33)


def build_contender(
    name: str,
    columns: tuple[Column, ...] | None,
    *,
    seed: int = 0,
    n_jobs: int | None = None,
) -> Any:
    """Return an unfitted contender.

    Parameters
    ----------
    name : str
        One of :data:`ntkreg.models.MODEL_NAMES`, among them:

        - "ntk": the finite network; "ntk-kernel": its infinitely wide limit in closed form;
        - "lightgbm": :class:`~ntkreg.evaluation.SmallTableLightGBM`; "lightgbm-default": as it
          comes;
        - "random-forest": scikit-learn's with its defaults; "ridge": `RidgeCV` on scaled columns,
          33 penalties from 1e-4 to 1e4; "mean": the mean of the training rows;
        - "blend": weighted mean of "ntk-kernel", "ntk" (both with the same weight) and "lightgbm".
    columns : tuple of Column, or None
        Columns of the table, if known: a table without any feature is refused here.
    seed : int, default=0
        Of all random choices.
    n_jobs : int or None, default=None
        Threads of LightGBM and the random forest; None is 1.

    Returns
    -------
    estimator
        Takes DataFrames; `fit(X, y, groups=None)` and `predict(X)`.

    Raises
    ------
    InputError
        E305: there is no such contender. E307: there is no feature column.
    """
    if name not in MODELS:
        raise InputError("E305", name=name, known=MODEL_NAMES)
    if columns is not None and not any(column.role == "feature" for column in columns):
        raise InputError("E307")
    return _build(name, seed, n_jobs)


def _build(name: str, seed: int, n_jobs: int | None) -> Any:
    if not MODELS[name].regressor:
        return _BUILDERS[name](seed, n_jobs)
    module, _, kind = MODELS[name].regressor.partition(":")
    return _on_tables(getattr(importlib.import_module(module), kind)(random_state=seed))


def _on_tables(regressor: Any) -> TableModel:
    return TableModel(TableEncoder(), regressor)


def _lightgbm(seed: int, n_jobs: int | None) -> SmallTableLightGBM:
    return SmallTableLightGBM(random_state=seed, n_jobs=n_jobs)


def _lightgbm_default(seed: int, n_jobs: int | None) -> DefaultLightGBM:
    return DefaultLightGBM(random_state=seed, n_jobs=n_jobs)


def _forest(seed: int, n_jobs: int | None) -> TableModel:
    return _on_tables(RandomForestRegressor(random_state=seed, n_jobs=n_jobs))


def _ridge(_: int, __: int | None) -> TableModel:
    return _on_tables(make_pipeline(StandardScaler(), RidgeCV(RIDGE_PENALTIES)))


def _mean(_: int, __: int | None) -> TableModel:
    return _on_tables(DummyRegressor())


def _blend(seed: int, n_jobs: int | None) -> BlendRegressor:
    parts = ("ntk-kernel", "ntk", "lightgbm")
    return BlendRegressor([(name, _build(name, seed, n_jobs)) for name in parts], n_twins=2)


_BUILDERS: Mapping[str, Callable[[int, int | None], Any]] = {
    "lightgbm": _lightgbm,
    "lightgbm-default": _lightgbm_default,
    "random-forest": _forest,
    "ridge": _ridge,
    "mean": _mean,
    "blend": _blend,
}
