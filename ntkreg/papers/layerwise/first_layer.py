"""Stage one: a few large steps on the first layer alone, and rows drawn along what it learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Loss = Literal["squared", "correlation"]

# beta_1, beta_2 of Kingma and Ba: the mean of the gradient and of its squared length
_MEMORY = (0.9, 0.9)
# part of the steps in which the step size rises; it falls to zero along a cosine in the rest
_RISE = 0.3
# spread of the fixed biases; from data: 0.1 to 0.5 are equal, 1 is worse
_BIAS = 0.5
_TINY = 1e-20


@dataclass(frozen=True)
class FirstLayerOptions:
    """How the first layer is trained.

    Parameters
    ----------
    n_units : int
        Rows of the trained layer.
    n_steps : int
        T1.
    learning_rate : float
        Length of a step relative to the typical entry of the start, times sqrt(d).
    weight_decay : float
        A step shrinks all weights by `learning_rate * weight_decay`.
    batch : float
        Part of the rows in each step; 0.7 in the paper.
    loss : {"squared", "correlation"}
        "correlation" is the paper's theorem: the output is left out of the gradient.
    """

    n_units: int
    n_steps: int
    learning_rate: float
    weight_decay: float
    batch: float
    loss: Loss


def step_sizes(n_steps: int, learning_rate: float) -> Array:
    """Return the size of each step: a linear rise, then a half cosine to zero."""
    t = np.arange(n_steps, dtype=np.float64)
    top = _RISE * n_steps
    rise = np.minimum(1.0, (t + 1) / max(top, 1.0))
    fall = 0.5 * (1 + np.cos(np.pi * np.maximum(t - top, 0.0) / max(n_steps - top, 1.0)))
    result: Array = learning_rate * rise * fall
    return result


def train_first_layer(X: Array, y: Array, options: FirstLayerOptions, seed: int) -> Array:
    """Return the rows of the first layer after a few large steps; the layers above stay fixed.

    The net is f(x) = A relu(W x + b) - mean, with fixed signs A and biases b, as in the first
    stage of P4 (theory.md 6(b)), where everything above the first layer is a constant sum. Each
    neuron's gradient is divided by its own length, so that the steps are large however small the
    gradient is, and none depends on a rotation of x. This and the decay of the weights, in place
    of the paper's projection onto the sphere, are ours, from data: on the paper's target the
    projected correlation steps find about half of the hidden subspace at n = d^1.8, these about
    nine tenths (d = 64).

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n, n_targets)
        Standardised.
    options : FirstLayerOptions
    seed : int

    Returns
    -------
    ndarray of shape (n_units, d)
    """
    (n, d), p = X.shape, options.n_units
    rng = np.random.default_rng(seed)
    W: Array = rng.normal(size=(p, d)) / np.sqrt(d)
    bias = _BIAS * rng.normal(size=p)
    signs = rng.choice([-1.0, 1.0], size=(p, y.shape[1])) / np.sqrt(p)
    mean, square = np.zeros_like(W), np.zeros((p, 1))
    fading, fading_square = _MEMORY
    for t, eta in enumerate(step_sizes(options.n_steps, options.learning_rate), start=1):
        chosen = rng.permutation(n)[: max(2, int(options.batch * n))]
        gradient = _gradient(X[chosen], y[chosen], W, bias, signs, options.loss)
        mean = fading * mean + (1 - fading) * gradient
        length = (gradient**2).mean(axis=1, keepdims=True)
        square = fading_square * square + (1 - fading_square) * length
        ahead = mean / (1 - fading**t)
        length = np.sqrt(square / (1 - fading_square**t) + _TINY)
        W = (1.0 - float(eta) * options.weight_decay) * W - float(eta) * ahead / length
    return W


def _gradient(X: Array, y: Array, W: Array, bias: Array, signs: Array, loss: Loss) -> Array:
    before = X @ W.T + bias
    slope = -(y - y.mean(axis=0))
    if loss == "squared":
        output = np.maximum(before, 0.0) @ signs
        slope = slope + output - output.mean(axis=0)
    result: Array = ((before > 0) * (slope @ signs.T)).T @ X / len(X)
    return result


def rows_along(W: Array, n_rows: int, power: float, seed: int) -> Array:
    """Draw Gaussian rows with covariance (W^T W)^power: new neurons along learned directions.

    The trained rows themselves have seen the training rows too often, so that a head on them
    overfits; only the directions they agree on are kept. Power 0 ignores what was learned. The
    mean squared length of a row is 1. Ours, from data; P4 keeps its rows but has fresh samples.

    Parameters
    ----------
    W : ndarray of shape (n_units, d)
    n_rows : int
    power : float
    seed : int

    Returns
    -------
    ndarray of shape (n_rows, d)
    """
    values, vectors = np.linalg.eigh(W.T @ W)
    top = values[-1]
    scales = np.ones_like(values)
    if power > 0 and top > 0:
        scales = (np.maximum(values, 0.0) / top) ** (power / 2)
    scales = scales / np.linalg.norm(scales)
    draws = np.random.default_rng([seed, 1]).normal(size=(n_rows, len(values)))
    # in the frame of the inputs, so that power 0 does not depend on arbitrary eigenvectors
    result: Array = draws @ ((vectors * scales) @ vectors.T)
    return result


def overlaps(W: Array, directions: Array) -> Array:
    """Return |W* w| / |w| of each row w: its part within orthonormal directions (P4).

    Random rows have about sqrt(n_directions / d).
    """
    lengths = np.maximum(np.linalg.norm(W, axis=1), np.finfo(float).tiny)
    result: Array = np.linalg.norm(W @ directions.T, axis=1) / lengths
    return result
