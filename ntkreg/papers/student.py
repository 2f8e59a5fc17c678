"""Two-layer ReLU students in parallel: noisy gradient descent, then plain (P2, arXiv 2205.14818).

A student is f(x) = sum_j abar_j relu(<w_j, x>), abar = R tanh(a / R) (recalled). Many students,
of several starts, ridges and folds, are trained side by side on the same rows, each with weights
of its own on the rows: an axis of chains C before all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence

Array = NDArray[np.float64]
Noisy = Literal["reached", "cut", "diverged"]

# our default; bounded outer weights are recalled of the paper, their bound is not known
BOUND = 3.0


@dataclass(frozen=True)
class Student:
    """Chains of students.

    Parameters
    ----------
    inner : ndarray of shape (C, m, d)
        w_j.
    outer : ndarray of shape (C, m)
        a_j before the bound, in the noisy phase; abar_j after it.
    """

    inner: Array
    outer: Array

    def take(self, chains: NDArray[np.int64]) -> Student:
        """Return some of the chains."""
        return Student(self.inner[chains], self.outer[chains])


@dataclass(frozen=True)
class StudentTrace:
    """How the two phases went, of the chain that was kept.

    Parameters
    ----------
    outcome : {"reached", "cut", "diverged"}
        Of the noisy phase. "cut": the energy rose beyond its bound, the chain went back to its best
        state with half the step and ended well; "diverged": that happened ten times.
    width : int
        Neurons.
    ridge : float
        lambda of the noisy phase.
    n_noisy, n_plain : int
        Steps.
    learning_rate : float
        Of the plain phase.
    losses : ndarray of shape (3,)
        (1/2n) sum (f - y)^2 of the scaled target at the start, after the noisy phase and at the
        end.
    sentence : Sentence
    """

    outcome: Noisy
    width: int
    ridge: float
    n_noisy: int
    n_plain: int
    learning_rate: float
    losses: Array
    sentence: Sentence


def bounded(outer: Array) -> Array:
    """Return abar = R tanh(a / R), the outer weights kept bounded (form recalled, R ours)."""
    result: Array = BOUND * np.tanh(outer / BOUND)
    return result


def draw_students(n_chains: int, width: int, n_inputs: int, seed: int) -> Student:
    """Draw starts: unit rows in random directions, outer weights +-1/2 (our default).

    Every chain has a stream of its own: more chains do not change those already there.
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(n_chains)]
    inner = np.stack([rng.normal(size=(width, n_inputs)) for rng in streams])
    inner /= np.linalg.norm(inner, axis=2, keepdims=True)
    outer = np.stack([0.5 * rng.choice([-1.0, 1.0], width) for rng in streams])
    return Student(inner, outer)


def hidden(inner: Array, rows: Array) -> Array:
    """Return relu(<w_j, x>), shape (C, m, n)."""
    n_chains, width, n_inputs = inner.shape
    flat = inner.reshape(-1, n_inputs) @ rows.T
    return np.maximum(flat, 0.0, out=flat).reshape(n_chains, width, len(rows))


def outputs(student: Student, rows: Array) -> Array:
    """Return f(x) of students with outer weights as they are, shape (C, n)."""
    result: Array = np.matmul(student.outer[:, None, :], hidden(student.inner, rows))[:, 0]
    return result


def loss_and_gradients(
    inner: Array, weights: Array, rows: Array, target: Array, share: Array
) -> tuple[Array, Array, Array]:
    """Return (1/2) sum_i share_i (f_i - y_i)^2 and its gradients in w and abar.

    Parameters
    ----------
    inner : ndarray of shape (C, m, d)
    weights : ndarray of shape (C, m)
        abar.
    rows : ndarray of shape (n, d)
    target : ndarray of shape (n,)
    share : ndarray of shape (C, n)
        Weights of the rows, adding up to 1 for each chain; 0 for rows that a chain does not see.

    Returns
    -------
    loss : ndarray of shape (C,)
    by_inner : ndarray of shape (C, m, d)
    by_outer : ndarray of shape (C, m)
    """
    values = hidden(inner, rows)
    residual = np.matmul(weights[:, None, :], values)[:, 0] - target
    weighted = residual * share
    by_outer = np.matmul(values, weighted[:, :, None])[:, :, 0]
    back = np.where(values > 0, weighted[:, None, :], 0.0)
    by_inner = (back.reshape(-1, len(rows)) @ rows).reshape(inner.shape) * weights[:, :, None]
    return 0.5 * np.sum(weighted * residual, axis=1), by_inner, by_outer


def unit_outer(student: Student) -> Student:
    """Return the same functions with outer weights +-1: w <- |abar| w, a ReLU being homogeneous.

    So the plain phase, which leaves the outer weights alone, can still reach every teacher with as
    many neurons of each sign (our step; what the paper does between its phases is not known).
    """
    weights = bounded(student.outer)
    return Student(student.inner * np.abs(weights)[:, :, None], np.where(weights < 0, -1.0, 1.0))


def curvature(student: Student, rows: Array, share: Array, n_products: int = 30) -> Array:
    """Return the largest eigenvalue of the Gauss-Newton matrix in w, shape (C,).

    By power iteration from the gradient of the sum of the outputs.
    """
    seen = (hidden(student.inner, rows) > 0) * student.outer[:, :, None]
    vector = np.matmul(seen * share[:, None, :], rows)
    largest = np.zeros(len(vector))
    for _ in range(n_products):
        vector /= np.maximum(np.linalg.norm(vector, axis=(1, 2), keepdims=True), 1e-300)
        forward = np.sum(seen * np.matmul(vector, rows.T), axis=1)
        vector = np.matmul(seen * (forward * share)[:, None, :], rows)
        largest = np.linalg.norm(vector, axis=(1, 2))
    return largest
