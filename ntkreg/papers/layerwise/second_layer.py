"""Stage two: one preconditioned step on the second layer, or many plain ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.papers.layerwise.ridge import RidgeFit

Array = NDArray[np.float64]
Outcome = Literal["one step", "reached", "guarded", "diverged", "left out"]

_MOST_CUTS = 8
_TINY = 1e-12


@dataclass(frozen=True)
class SecondLayer:
    """h2 = relu(((z - mean) inner) outer + bias), and what the head sees of the training rows.

    Parameters
    ----------
    mean : ndarray of shape (p1,)
        Of the first layer's features z on the training rows.
    inner : ndarray of shape (p1, rank)
    outer : ndarray of shape (rank, p2)
    bias : ndarray of shape (p2,)
    training : ndarray of shape (n, p2)
        h2 of the training rows, as the head is fitted on it.
    outcome : {"one step", "reached", "guarded", "diverged", "left out"}
        "one step": the preconditioned step. "reached": all plain steps were taken. "guarded": the
        loss rose, the step was cut and the run ended. "diverged": it rose after all cuts as well,
        and the last good weights were kept.
    n_steps : int
    """

    mean: Array
    inner: Array
    outer: Array
    bias: Array
    training: Array
    outcome: Outcome
    n_steps: int


def preconditioned_step(ridge: RidgeFit, n_units: int, seed: int) -> SecondLayer:
    """Return the second layer after one step from zero, preconditioned by its features' covariance.

    With W2 = 0 the gradient of neuron j is w3_j times the correlation of the features Z with y,
    and (Z^T Z/n + lam I)^-1 turns that into ridge regression of y on Z, whatever the activation:
    W2 = w3 h^T with h the ridge coefficients (P4, theory.md 6(b)(ii)). The step is sqrt(p2), w3
    being of size 1/sqrt(p2), relative to the spread of the ridge predictions; lam is that of the
    least leave-out error.

    The paper takes fresh rows for each stage. Here the rows are the same, so the head is fitted on
    what h says of each row when that row is left out: an exact formula, ours.

    Parameters
    ----------
    ridge : RidgeFit
        Of y on the first layer's features.
    n_units : int
        p2.
    seed : int
    """
    rng = np.random.default_rng([seed, 3])
    said = ridge.left_out_contrasts
    spread = said.std(axis=0)
    scale = 1.0 / np.where(spread > _TINY, spread, 1.0)
    outer = rng.normal(size=(len(scale), n_units))
    bias = rng.normal(size=n_units)
    return SecondLayer(
        mean=ridge.mean,
        inner=ridge.coefficients * scale,
        outer=outer,
        bias=bias,
        training=np.maximum((said * scale) @ outer + bias, 0.0),
        outcome="one step",
        n_steps=1,
    )


def long_descent(
    Z: Array, y: Array, *, n_units: int, n_steps: int, batch: float, seed: int
) -> SecondLayer:
    """Return the second layer after many plain steps from zero, the head fixed at random.

    The schedule of the paper's experiments (theory.md 6(e)): W2 alone moves, each step on a part
    of the rows. The step size is ours: the largest that is stable for the features, 1/(c s_1),
    s_1 the top eigenvalue of their covariance and c = |w3|^2, cut by half where the loss rises.

    Parameters
    ----------
    Z : ndarray of shape (n, p1)
        Features of the first layer.
    y : ndarray of shape (n, n_targets)
        Standardised.
    n_units, n_steps : int
        p2, and T2; int(5 d^1.5) in the paper.
    batch : float
        Part of the rows in each step; 0.7 in the paper.
    seed : int
    """
    rng = np.random.default_rng([seed, 4])
    mean = Z.mean(axis=0)
    frame, rows = _principal(Z - mean)
    head = rng.normal(size=(n_units, y.shape[1])) / np.sqrt(n_units)
    bias = rng.normal(size=n_units)
    centred = y - y.mean(axis=0)
    start = np.maximum(bias, 0.0) @ head
    top = float(np.square(rows[:, 0]).mean()) if rows.size else 1.0
    eta = 1.0 / max(top * float(np.square(head).sum(axis=0).max()), _TINY)
    weights = np.zeros((rows.shape[1], n_units))
    good, least = weights, float(np.square(centred).mean())
    cuts = step = 0
    while step < n_steps and cuts <= _MOST_CUTS:
        chosen = rng.permutation(len(rows))[: max(2, int(batch * len(rows)))]
        before = rows[chosen] @ weights + bias
        error = np.maximum(before, 0.0) @ head - start - centred[chosen]
        loss = float(np.square(error).mean())
        if not loss <= 2.0 * least + _TINY:
            weights, eta, cuts = good, eta / 2, cuts + 1
            continue
        if loss < least:
            good, least = weights, loss
        weights = weights - eta * rows[chosen].T @ ((before > 0) * (error @ head.T)) / len(chosen)
        step += 1
    if cuts > _MOST_CUTS:
        weights = good
    outcome: Outcome = "reached" if cuts == 0 else "guarded"
    return SecondLayer(
        mean=mean,
        inner=frame @ weights,
        outer=np.eye(n_units),
        bias=bias,
        training=np.maximum(rows @ weights + bias, 0.0),
        outcome="diverged" if cuts > _MOST_CUTS else outcome,
        n_steps=step,
    )


def without_second_layer(ridge: RidgeFit) -> SecondLayer:
    """Return the ridge predictions themselves as the only feature: a two-layer net."""
    n_targets = len(ridge.intercept)
    return SecondLayer(
        mean=ridge.mean,
        inner=ridge.coefficients,
        outer=np.eye(n_targets),
        bias=ridge.intercept,
        training=ridge.left_out,
        outcome="left out",
        n_steps=0,
    )


def _principal(rows: Array) -> tuple[Array, Array]:
    """Return an orthonormal frame of the rows and the rows in it: descent runs in either alike."""
    _, values, right = np.linalg.svd(rows, full_matrices=False)
    kept = values > 1e-10 * max(values[0], _TINY)
    frame: Array = right[kept].T
    return frame, rows @ frame
