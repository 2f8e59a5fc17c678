"""A fitted net's training problem once more, for looking at it: the start is drawn again."""

from __future__ import annotations

import math
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.metric.scales import apply_metric
from ntkreg.ntk.network.accelerated_descent import accelerated_step
from ntkreg.ntk.network.architecture import implied_branches, initial_weights
from ntkreg.ntk.network.stochastic_schedule import flow_time, n_preconditioned
from ntkreg.ntk.path import decompose
from ntkreg.ntk.prescription.selection import scale_target
from ntkreg.ntk.regime.gaps import TrainedNets
from ntkreg.ntk.regressor import NTKRegressor
from ntkreg.ntk.results import TrainingTrace
from ntkreg.ntk.validation import validate_rows
from ntkreg.preprocessing.embedding import embed


def retrace(
    model: NTKRegressor, X: ArrayLike, y: ArrayLike, part: NDArray[np.int64] | None = None
) -> TrainedNets:
    """Return what a fitted net was trained on and how; nothing is trained.

    Of a stack it is the nets with the largest share.

    Parameters
    ----------
    model : NTKRegressor
        Fitted, with a whole number as `random_state`.
    X : array-like of shape (n_samples, n_features)
        The rows of the fit.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        The target of the fit.
    part : ndarray of int, optional
        Positions of rows: the training problem on these alone, which is not the one that the
        weights come from.

    Raises
    ------
    ValueError
        If `random_state` is no whole number, so that the start cannot be drawn again, or the rows
        are not those of the fit.
    """
    check_is_fitted(model)
    if not isinstance(model.random_state, Integral):
        raise ValueError(
            "random_state must be an integer, so that the initial weights can be drawn again,"
            f" got {model.random_state!r}"
        )
    rows, values = validate_rows(model, X), np.asarray(y, dtype=np.float64)
    target = scale_target(values.reshape(len(values), -1))
    member = model.leading_
    if len(values) != len(rows) or not np.allclose(target.scale, member.scale):
        raise ValueError("X and y are not the rows that the model was fitted on")
    part = np.arange(len(rows)) if part is None else part
    inputs = apply_metric(member.metric, embed(member.embedding, rows[part]))
    centred = target.values[part] - target.values[part].mean(axis=0)
    shape = member.architecture
    kernel = gram(inputs, None, implied_branches(shape))
    spectrum = decompose(centre(kernel) if model.fit_intercept else kernel)
    steps, rate, preconditioned = _twin(
        str(model.solver_), member.trace, spectrum.values, member.prescription.n_deflated > 0
    )
    return TrainedNets(
        architecture=shape,
        start=initial_weights(shape, inputs.shape[1], centred.shape[1], int(model.random_state)),
        weights=member.weights,
        inputs=inputs,
        target=centred,
        scale=target.scale,
        spectrum=spectrum,
        solver="gd" if model.solver_ in ("gd", "flow") else "accelerated",
        learning_rate=rate,
        n_steps=steps,
        fit_intercept=bool(model.fit_intercept),
        preconditioned=preconditioned,
    )


def _twin(
    solver: str, trace: TrainingTrace, values: NDArray[np.float64], preconditioned: bool
) -> tuple[int, float, bool]:
    """Return the twin's steps, their size, and whether they are preconditioned."""
    steps, rate = _training_time(trace)
    if solver == "sgd":
        # no twin takes batches: the accelerated one for as long a flow time stands in
        time = flow_time(rate, steps)
        preconditioned = n_preconditioned(values, time) > 0
        rate = accelerated_step(values, preconditioned=preconditioned)
        steps = max(1, round(math.sqrt(8.0 * time / rate)))
    elif solver == "flow":
        time = rate * steps
        steps = max(1, math.ceil(time * values[0]))
        rate = time / steps
    return steps, rate, preconditioned


def _training_time(trace: TrainingTrace) -> tuple[int, float]:
    """Return the number of steps that the training was worth, and their size at the beginning."""
    rate = trace.learning_rate * 2.0**trace.n_cuts
    if trace.outcome in ("reached", "limit") and not trace.n_cuts:
        return trace.n_steps, rate
    # the step was cut on the way: what counts is the time that was meant
    return int(trace.sentence.values["prescribed"]), rate
