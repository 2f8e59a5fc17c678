"""The parameters of the estimator, checked, and "auto" resolved."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from ntkreg.ntk.prescription.options import seed_of
from ntkreg.papers.layerwise.first_layer import FirstLayerOptions
from ntkreg.papers.layerwise.network import SECOND, Stages

POWERS = (0.0, 1.0, 2.0)
LOSSES = ("squared", "correlation")
# fewer columns than this take the steps of this many: log d is 0 for one column
_FEWEST_COLUMNS = 8
# T1 over log d: from data, on seeds of the paper's target at d = 32 and 64 that no experiment uses;
# 15 in the paper
_STEPS_BY_LOG_COLUMNS = 60


@dataclass(frozen=True)
class Options:
    """What the estimator was asked for.

    Parameters
    ----------
    stages : Stages
        Its power is that asked for, or the last of `powers`.
    powers : tuple of float
        To choose from.
    n_folds : int or None
    whiten : bool
    """

    stages: Stages
    powers: tuple[float, ...]
    n_folds: int | None
    whiten: bool


def make_options(estimator: Any, n_columns: int) -> Options:
    """Return the parameters of a LayerwiseRegressor.

    Raises
    ------
    ValueError
        For values that are not allowed.
    """
    d = max(n_columns, _FEWEST_COLUMNS)
    powers = POWERS if _is_auto(estimator.power) else (_real(estimator, "power", 0.0, 8.0),)
    loss = _one_of(estimator, "loss", LOSSES)
    rate = _real(estimator, "learning_rate", 1e-6, 10.0)
    decay = _real(estimator, "weight_decay", 0.0, 1e6)
    if rate * decay >= 1:
        raise ValueError(
            "learning_rate * weight_decay must be below 1, or one step undoes the weights, got"
            f" {rate!r} * {decay!r}"
        )
    first = FirstLayerOptions(
        n_units=_whole(estimator, "first_units", 1),
        n_steps=_whole(estimator, "n_steps", 0, int(_STEPS_BY_LOG_COLUMNS * np.log(d))),
        learning_rate=rate,
        weight_decay=decay,
        batch=_real(estimator, "batch", 0.01, 1.0),
        loss=loss,
    )
    stages = Stages(
        first=first,
        power=powers[-1],
        width=_whole(estimator, "width", 1),
        second=_one_of(estimator, "second_layer", SECOND),
        second_width=_whole(estimator, "second_width", 1),
        second_steps=_whole(estimator, "second_steps", 0, int(5 * d**1.5)),
        seed=seed_of(estimator.random_state),
    )
    auto = _is_auto(estimator.n_folds)
    n_folds = None if auto else _whole(estimator, "n_folds", 2)
    return Options(stages, powers, n_folds, bool(estimator.whiten))


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def _whole(estimator: Any, name: str, least: int, auto: int | None = None) -> int:
    value = getattr(estimator, name)
    if auto is not None and _is_auto(value):
        return auto
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        also = "" if auto is None and name != "n_folds" else "'auto' or "
        raise ValueError(f"{name} must be {also}an integer >= {least}, got {value!r}")
    return int(value)


def _real(estimator: Any, name: str, least: float, most: float) -> float:
    value = getattr(estimator, name)
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not least <= float(value) <= most:
        also = "'auto' or " if name == "power" else ""
        raise ValueError(f"{name} must be {also}a number from {least:g} to {most:g}, got {value!r}")
    return float(value)


def _one_of(estimator: Any, name: str, allowed: tuple[Any, ...]) -> Any:
    value = getattr(estimator, name)
    if value not in allowed:
        raise ValueError(f"{name} must be one of {allowed}, got {value!r}")
    return value
