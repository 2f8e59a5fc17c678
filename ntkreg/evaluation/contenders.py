"""The models that are compared, by name."""

from __future__ import annotations

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
from ntkreg.ntk import NTKKernelRegressor, NTKRegressor
from ntkreg.preprocessing import TableEncoder

CONTENDER_NAMES = (
    "ntk",
    "ntk-kernel",
    "lightgbm",
    "lightgbm-default",
    "random-forest",
    "ridge",
    "mean",
    "blend",
)
FAMILY = ("ntk", "ntk-kernel", "blend")
LABELS: Mapping[str, Sentence | str] = {
    "ntk": Sentence("I310"),
    "ntk-kernel": Sentence("I311"),
    "lightgbm": "LightGBM",
    "lightgbm-default": Sentence("I312"),
    "random-forest": Sentence("I313"),
    "ridge": Sentence("I314"),
    "mean": Sentence("I315"),
    "blend": Sentence("I316"),
}
# a net predicts as its kernel does, which is fitted in a fraction of the time
STAND_INS: Mapping[str, str] = {"ntk": "ntk-kernel", "blend": "ntk-kernel"}
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
        One of `CONTENDER_NAMES`:

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
    if name not in CONTENDER_NAMES:
        raise InputError("E305", name=name, known=CONTENDER_NAMES)
    if columns is not None and not any(column.role == "feature" for column in columns):
        raise InputError("E307")
    return _BUILDERS[name](seed, n_jobs)


def _on_tables(regressor: Any) -> TableModel:
    return TableModel(TableEncoder(), regressor)


def _kernel(seed: int, _: int | None) -> TableModel:
    return _on_tables(NTKKernelRegressor(random_state=seed))


def _network(seed: int, _: int | None) -> TableModel:
    return _on_tables(NTKRegressor(random_state=seed))


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
    return BlendRegressor([(name, _BUILDERS[name](seed, n_jobs)) for name in parts], n_twins=2)


_BUILDERS: Mapping[str, Callable[[int, int | None], Any]] = {
    "ntk": _network,
    "ntk-kernel": _kernel,
    "lightgbm": _lightgbm,
    "lightgbm-default": _lightgbm_default,
    "random-forest": _forest,
    "ridge": _ridge,
    "mean": _mean,
    "blend": _blend,
}
