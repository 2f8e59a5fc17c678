"""P2's two phases: Langevin steps under a falling temperature, then plain gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.papers.student import (
    BOUND,
    Student,
    bounded,
    curvature,
    loss_and_gradients,
    unit_outer,
)

Array = NDArray[np.float64]

MOST_CUTS = 10
# an energy above this many times that of the start, or the zero function, is no exploration
_TOO_HIGH = 4.0


@dataclass(frozen=True)
class Schedule:
    """The noisy phase.

    Parameters
    ----------
    n_steps : int
    first, last : float
        Temperature 1/beta at the start and at the end, falling geometrically.
    ridge : ndarray of shape (C,)
        lambda of lambda sum_j (a_j^2 + |w_j|^2), one for each chain.
    """

    n_steps: int
    first: float
    last: float
    ridge: Array


@dataclass(frozen=True)
class Explored:
    """Chains after the noisy phase.

    Parameters
    ----------
    student : Student
        The state of least penalised energy of every chain, outer weights made +-1.
    energies : ndarray of shape (C,)
        Its energy.
    first_losses, losses : ndarray of shape (C,)
        (1/2) sum_i share_i (f_i - y_i)^2 at the start and there.
    n_cuts : ndarray of shape (C,) of int
        How often a chain was sent back with half the step.
    """

    student: Student
    energies: Array
    first_losses: Array
    losses: Array
    n_cuts: NDArray[np.int64]


def explore(
    start: Student, rows: Array, target: Array, share: Array, schedule: Schedule, seed: int
) -> Explored:
    """Follow theta <- theta - eta grad F + sqrt(2 eta T) xi, F the loss with its ridge.

    That the first phase is noisy gradient descent is the paper's (abstract); this form, the ridge
    and the bounded outer weights are recalled; step, temperatures and number of steps are ours.

    Parameters
    ----------
    start : Student
    rows : ndarray of shape (n, d)
    target : ndarray of shape (n,)
    share : ndarray of shape (C, n)
        Weights of the rows, adding up to 1 for each chain.
    schedule : Schedule
    seed : int
    """
    rng = np.random.default_rng([seed, 1])
    walk = _Walk(start, rows, target, share, schedule.ridge)
    ratio = (schedule.last / schedule.first) ** (1.0 / max(1, schedule.n_steps - 1))
    # an overflow is an energy beyond the ceiling, and named in the record
    with np.errstate(over="ignore", invalid="ignore"):
        for n_done in range(schedule.n_steps):
            walk.move(schedule.first * ratio**n_done, rng)
        walk.look()
    return Explored(
        unit_outer(Student(walk.best_inner, walk.best_outer)),
        walk.energies,
        walk.first_losses,
        walk.losses,
        walk.n_cuts,
    )


class _Walk:
    """The chains on their way, and the best state of each."""

    def __init__(
        self, start: Student, rows: Array, target: Array, share: Array, ridge: Array
    ) -> None:
        self.rows, self.target, self.share, self.ridge = rows, target, share, ridge
        self.inner, self.outer = start.inner.copy(), start.outer.copy()
        self.best_inner, self.best_outer = start.inner.copy(), start.outer.copy()
        n_chains, width = start.outer.shape
        self.energies = np.full(n_chains, np.inf)
        self.losses, self.n_cuts = np.zeros(n_chains), np.zeros(n_chains, dtype=np.int64)
        # 1 over the curvature of all neurons on the same rows at outer weights of 1 is never
        # unstable there; four times that explores further and seldom needs a cut (from data)
        spread = [np.linalg.norm(rows.T * part @ rows, 2) for part in share]
        self.step = 4.0 / (width * np.maximum(spread, 1e-12))
        self.ceiling = np.full(n_chains, np.inf)
        self.look()
        self.first_losses = self.losses.copy()
        zero_function = 0.5 * share @ target**2
        self.ceiling = _TOO_HIGH * np.maximum(self.energies, zero_function) + 1e-300

    def look(self) -> tuple[Array, Array]:
        """Keep what is better; send back what is too high; return the gradients in w and a."""
        weights = bounded(self.outer)
        loss, by_inner, by_outer = loss_and_gradients(
            self.inner, weights, self.rows, self.target, self.share
        )
        size = np.sum(self.outer**2, axis=1) + np.sum(self.inner**2, axis=(1, 2))
        energy = loss + self.ridge * size
        better = energy < self.energies
        self.energies[better], self.losses[better] = energy[better], loss[better]
        self.best_inner[better], self.best_outer[better] = self.inner[better], self.outer[better]
        high = ~(energy <= self.ceiling)
        self.inner[high], self.outer[high] = self.best_inner[high], self.best_outer[high]
        self.step[high] /= 2.0
        self.n_cuts[high] += 1
        by_inner[high], by_outer[high] = 0.0, 0.0
        by_outer *= 1.0 - (bounded(self.outer) / BOUND) ** 2
        return by_inner, by_outer

    def move(self, temperature: float, rng: np.random.Generator) -> None:
        """Take one step."""
        by_inner, by_outer = self.look()
        ridge, step = self.ridge[:, None], self.step[:, None]
        size = np.sqrt(2.0 * step * temperature)
        noise = rng.normal(size=(*self.outer.shape, self.inner.shape[2] + 1))
        self.outer -= step * (by_outer + 2.0 * ridge * self.outer) - size * noise[:, :, 0]
        by_inner += 2.0 * ridge[:, :, None] * self.inner
        self.inner -= step[:, :, None] * by_inner - size[:, :, None] * noise[:, :, 1:]


@dataclass(frozen=True)
class Descended:
    """Chains after plain gradient descent.

    Parameters
    ----------
    inner : ndarray of shape (n_stops, C, m, d)
        w at the stops.
    losses : ndarray of shape (n_steps + 1, C)
        Before each step and after the last.
    learning_rates : ndarray of shape (C,)
        At the end.
    """

    inner: Array
    losses: Array
    learning_rates: Array


def descend(
    student: Student, rows: Array, target: Array, share: Array, stops: Sequence[int]
) -> Descended:
    """Follow w <- w - eta grad R(w), the outer weights held.

    That the second phase is plain gradient descent, which uses the strong convexity around the
    teacher, is the paper's (abstract); eta = 1 over the largest eigenvalue of the Gauss-Newton
    matrix at the start, halved for a chain whose loss rises, is ours.

    Parameters
    ----------
    student : Student
        Outer weights as they are.
    rows, target, share
        As in :func:`explore`.
    stops : sequence of int
        Ascending numbers of steps at which w is kept; the last one ends the phase.
    """
    inner = student.inner.copy()
    step = 1.0 / np.maximum(curvature(student, rows, share), 1e-12)
    kept, losses = [], np.empty((stops[-1] + 1, len(inner)))
    before, loss_before, gradient = inner, np.full(len(inner), np.inf), np.zeros_like(inner)
    for n_done in range(stops[-1] + 1):
        loss, slope, _ = loss_and_gradients(inner, student.outer, rows, target, share)
        risen = ~(loss <= loss_before * (1.0 + 1e-12) + 1e-300)
        step[risen] /= 2.0
        inner = np.where(risen[:, None, None], before, inner)
        loss = np.where(risen, loss_before, loss)
        gradient = np.where(risen[:, None, None], gradient, slope)
        losses[n_done] = loss
        if n_done in stops:
            kept.append(inner)
        before, loss_before = inner, loss
        inner = inner - step[:, None, None] * gradient
    return Descended(np.stack(kept), losses, step)
