"""The three stages in a row, and the net that they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.papers.layerwise.first_layer import FirstLayerOptions, rows_along, train_first_layer
from ntkreg.papers.layerwise.ridge import fit_ridge
from ntkreg.papers.layerwise.second_layer import (
    Outcome,
    SecondLayer,
    long_descent,
    preconditioned_step,
    without_second_layer,
)

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
Second = Literal["preconditioned", "long", "none"]

SECOND: tuple[Second, ...] = ("preconditioned", "long", "none")


@dataclass(frozen=True)
class Stages:
    """Every constant of the three stages.

    Parameters
    ----------
    first : FirstLayerOptions
    power : float
        Of W^T W in the covariance of the first layer's rows
        (:func:`~ntkreg.papers.layerwise.first_layer.rows_along`).
    width : int
        p1.
    second : {"preconditioned", "long", "none"}
    second_width, second_steps : int
        p2 and T2.
    seed : int
    """

    first: FirstLayerOptions
    power: float
    width: int
    second: Second
    second_width: int
    second_steps: int
    seed: int


@dataclass(frozen=True)
class LayerwiseNet:
    """f(x) = level + w3^T (s(W2 (s(W1 x + b1) - mean) + b2) - mean2), W2 = outer^T inner^T.

    Parameters
    ----------
    directions : ndarray of shape (n_units, d)
        The first layer as it was trained.
    weights : ndarray of shape (p1, d)
        W1: rows drawn along those directions.
    biases : ndarray of shape (p1,)
    mean : ndarray of shape (p1,)
    inner : ndarray of shape (p1, rank)
    outer : ndarray of shape (rank, p2)
    second_biases : ndarray of shape (p2,)
    second_mean : ndarray of shape (p2,)
    head : ndarray of shape (p2, n_targets)
    level : ndarray of shape (n_targets,)
    two_layers : bool
        Whether the second layer is left out.
    power : float
    penalties : ndarray of shape (n_targets,)
        Of the head.
    left_out_errors : ndarray of shape (n_targets,)
        Mean squared leave-out errors of the head alone, standardised. The first layer has seen the
        rows left out, so that they are too low.
    outcome : {"one step", "reached", "guarded", "diverged", "left out"}
        How the second layer's training ended.
    second_steps : int
        Steps taken on the second layer.
    """

    directions: Array
    weights: Array
    biases: Array
    mean: Array
    inner: Array
    outer: Array
    second_biases: Array
    second_mean: Array
    head: Array
    level: Array
    two_layers: bool
    power: float
    penalties: Array
    left_out_errors: Array
    outcome: Outcome
    second_steps: int

    def hidden(self, X: Array) -> Array:
        """Return (z - mean) inner: the features h2 that the head is a function of, (n, rank)."""
        result: Array = (first_features(X, self.weights, self.biases) - self.mean) @ self.inner
        return result

    def predict(self, X: Array) -> Array:
        """Return standardised predictions of shape (n, n_targets)."""
        before = self.hidden(X) @ self.outer + self.second_biases
        after = before if self.two_layers else np.maximum(before, 0.0)
        result: Array = self.level + (after - self.second_mean) @ self.head
        return result


def first_features(X: Array, weights: Array, biases: Array) -> Array:
    """Return z = sqrt(2/p1) relu(W1 x + b1), shape (n, p1)."""
    result: Array = np.maximum(X @ weights.T + biases, 0.0) * np.sqrt(2.0 / len(biases))
    return result


def train_layerwise(
    X: Array,
    y: Array,
    stages: Stages,
    units: Labels | None = None,
    directions: Array | None = None,
) -> LayerwiseNet:
    """Train the first layer, then the second, then solve for the head (P4, theory.md 6(b)).

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n, n_targets)
        Standardised.
    stages : Stages
    units : ndarray of shape (n,) of int, optional
        Rows of one unit are left out together.
    directions : ndarray of shape (n_units, d), optional
        A first layer that is already trained on these rows.
    """
    if directions is None:
        directions = train_first_layer(X, y, stages.first, stages.seed)
    weights = rows_along(directions, stages.width, stages.power, stages.seed)
    biases = np.random.default_rng([stages.seed, 2]).normal(size=stages.width)
    features = first_features(X, weights, biases)
    second = _second_layer(features, y, stages, units)
    head = fit_ridge(second.training, y, units)
    two_layers = second.outcome == "left out"
    n_targets = y.shape[1]
    return LayerwiseNet(
        directions=directions,
        weights=weights,
        biases=biases,
        mean=second.mean,
        inner=second.inner,
        outer=second.outer,
        second_biases=second.bias,
        # the ridge predictions of a two-layer net are final: no second regression on top
        second_mean=np.zeros(n_targets) if two_layers else head.mean,
        head=np.eye(n_targets) if two_layers else head.coefficients,
        level=np.zeros(n_targets) if two_layers else head.intercept,
        two_layers=two_layers,
        power=stages.power,
        penalties=head.penalties,
        left_out_errors=np.mean((y - second.training) ** 2, axis=0) if two_layers else head.errors,
        outcome=second.outcome,
        second_steps=second.n_steps,
    )


def _second_layer(Z: Array, y: Array, stages: Stages, units: Labels | None) -> SecondLayer:
    if stages.second == "long":
        return long_descent(
            Z,
            y,
            n_units=stages.second_width,
            n_steps=stages.second_steps,
            batch=stages.first.batch,
            seed=stages.seed,
        )
    ridge = fit_ridge(Z, y, units)
    if stages.second == "none":
        return without_second_layer(ridge)
    return preconditioned_step(ridge, stages.second_width, stages.seed)
