"""The factor of the nets' output, judged by the nets' own folds.

In the kernel regime every factor gives the same net. Below 1 the weights move further and the net
learns features; above 1 it stays closer to its start. No kernel can tell which is better on a
table, so nets are trained in folds.
"""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ntkreg.messages import Sentence
from ntkreg.ntk.prescription.folds import make_designs
from ntkreg.ntk.results import Prescription, Reason
from ntkreg.ntk.validation import TrainingData

Array = NDArray[np.float64]

SCALES = (0.1, 0.3, 1.0, 3.0)
N_FOLDS = 5


def given_scale(value: Any) -> float | None:
    """Return a factor that the user gave, None for "auto".

    Raises
    ------
    ValueError
        For anything else.
    """
    if isinstance(value, str) and value == "auto":
        return None
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < math.inf:
        raise ValueError(f"output_scale must be 'auto' or a positive number, got {value!r}")
    return float(value)


def held_out_errors(estimator: Any, data: TrainingData, seed: int) -> Array:
    """Return each row's held-out squared error by each of the factors, shape (n, n_scales).

    Parameters
    ----------
    estimator : NTKRegressor
        Its other parameters are kept.
    data : TrainingData
    seed : int
        Of the folds; rows of one group or of one series stay together.
    """
    codes = None if data.groups is None else np.unique(data.groups, return_inverse=True)[1]
    errors = np.empty((len(data.rows), len(SCALES)))
    unit = np.maximum(data.targets.std(axis=0), np.finfo(float).tiny)
    for train, test in make_designs(data.rows, codes, N_FOLDS, seed).choosing:
        groups = None if codes is None else codes[train]
        # one fold's prescription serves all factors
        for position, scale in enumerate(SCALES):
            net = clone(estimator).set_params(output_scale=scale)
            net.fit(data.rows[train], data.targets[train], groups=groups)
            predicted = net.predict(data.rows[test]).reshape(len(test), -1)
            errors[test, position] = np.mean(((predicted - data.targets[test]) / unit) ** 2, axis=1)
    return errors


def choose_scale(errors: Array) -> float:
    """Return the factor of least error, if it is better than 1 by more than a standard error."""
    best = int(np.argmin(errors.mean(axis=0)))
    gain = errors[:, SCALES.index(1.0)] - errors[:, best]
    clear = gain.mean() > gain.std() / math.sqrt(len(gain))
    return SCALES[best] if clear else 1.0


def with_scale_reason(numbers: Prescription, scale: float, chosen: bool) -> Prescription:
    """Return the prescription with a sentence on the factor, unless it is the plain 1."""
    if scale == 1.0 and not chosen:
        return numbers
    values = {"value": scale, "tried": ", ".join(f"{s:g}" for s in SCALES)}
    sentence = Sentence("I236" if chosen else "I235", values)
    reason = Reason("output_scale", scale, "data" if chosen else "user", sentence)
    return replace(numbers, reasons=(*numbers.reasons, reason))
