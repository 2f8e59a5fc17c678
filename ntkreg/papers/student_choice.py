"""Students for a table: width, ridge and end of the plain phase by folds, then several starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence
from ntkreg.ntk.path import step_grid
from ntkreg.ntk.prescription.folds import Folds
from ntkreg.papers.noisy_descent import MOST_CUTS, Explored, Schedule, descend, explore
from ntkreg.papers.student import Noisy, Student, StudentTrace, draw_students, outputs

Array = NDArray[np.float64]

# temperature at the end of the noisy phase; from our experiments on standardised targets
COLDEST = 1e-4
# starts of each candidate in the folds: the final ones are more
_TRIED_STARTS = 2


@dataclass(frozen=True)
class Candidates:
    """What the folds choose from, and what is given.

    Parameters
    ----------
    widths : tuple of int
    ridges : tuple of float
    n_noisy, n_plain : int
        Steps; of the plain phase the largest number.
    choose_plain : bool
        Whether the folds choose a smaller number of plain steps.
    temperature : float
        At the start of the noisy phase.
    n_starts : int
    seed : int
    """

    widths: tuple[int, ...]
    ridges: tuple[float, ...]
    n_noisy: int
    n_plain: int
    choose_plain: bool
    temperature: float
    n_starts: int
    seed: int

    @property
    def stops(self) -> list[int]:
        """Numbers of plain steps that are compared."""
        if not self.choose_plain:
            return [self.n_plain]
        # the largest one is always among them
        grid = step_grid(max(self.n_plain, 2), 1.6)
        return sorted({0, self.n_plain, *(int(k) for k in grid if k <= self.n_plain)})

    @property
    def n_choices(self) -> int:
        """Number of combinations."""
        return len(self.widths) * len(self.ridges) * len(self.stops)

    def schedule(self, ridge: Array) -> Schedule:
        """Return the noisy phase for chains of these ridges."""
        return Schedule(self.n_noisy, self.temperature, min(COLDEST, self.temperature), ridge)


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Parameters
    ----------
    width : int
    ridge : float
    n_plain : int
    error : float or None
        Held-out mean squared error; None where there was nothing to choose.
    """

    width: int
    ridge: float
    n_plain: int
    error: float | None


def explored_best(found: Explored, n_starts: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for chains in runs of `n_starts`, the chain of least energy, and all by run."""
    by_run = np.arange(len(found.energies)).reshape(-1, n_starts)
    best = np.argmin(found.energies[by_run], axis=1)
    return by_run[np.arange(len(by_run)), best], by_run


def held_out_errors(
    rows: Array, target: Array, folds: Folds, candidates: Candidates, width: int
) -> Array:
    """Return mean squared errors on held-out rows, shape (n_ridges, n_stops).

    All folds, ridges and starts are chains of one run.
    """
    n_ridges, n_folds, n_starts = len(candidates.ridges), len(folds), _TRIED_STARTS
    seen = np.zeros((n_folds, len(rows)))
    for k, (learned, _) in enumerate(folds):
        seen[k, learned] = 1.0 / len(learned)
    n_chains = n_ridges * n_folds * n_starts
    share = np.tile(np.repeat(seen, n_starts, axis=0), (n_ridges, 1))
    ridge = np.repeat(candidates.ridges, n_folds * n_starts)
    start = draw_students(n_chains, width, rows.shape[1], candidates.seed)
    found = explore(start, rows, target, share, candidates.schedule(ridge), candidates.seed)
    best, _ = explored_best(found, n_starts)
    student = found.student.take(best)
    path = descend(student, rows, target, share[best], candidates.stops)
    errors = np.empty((n_ridges, len(candidates.stops)))
    for i, inner in enumerate(path.inner):
        squared = (outputs(Student(inner, student.outer), rows) - target) ** 2
        held = np.where(np.tile(seen, (n_ridges, 1)) == 0, squared, 0.0).sum(axis=1)
        errors[:, i] = held.reshape(n_ridges, n_folds).sum(axis=1) / len(rows)
    return errors


def choose(rows: Array, target: Array, folds: Folds, candidates: Candidates) -> Choice:
    """Choose width, ridge and plain steps by held-out error; the smallest width among equals."""
    errors = np.stack(
        [held_out_errors(rows, target, folds, candidates, m) for m in candidates.widths]
    )
    # a run that broke down has no finite error, and is not taken
    errors = np.where(np.isfinite(errors), errors, np.inf)
    i, j, k = (int(index) for index in np.unravel_index(np.argmin(errors), errors.shape))
    return Choice(
        candidates.widths[i], candidates.ridges[j], candidates.stops[k], float(errors[i, j, k])
    )


def fit_student(
    rows: Array, target: Array, choice: Choice, candidates: Candidates
) -> tuple[Student, StudentTrace]:
    """Train from several starts; the state of least penalised energy goes into the plain phase.

    Parameters
    ----------
    rows : ndarray of shape (n, n_inputs)
    target : ndarray of shape (n,)
    choice : Choice
    candidates : Candidates

    Returns
    -------
    student : Student
        One chain.
    trace : StudentTrace
    """
    n_starts = candidates.n_starts
    share = np.full((n_starts, len(rows)), 1.0 / len(rows))
    start = draw_students(n_starts, choice.width, rows.shape[1], candidates.seed)
    schedule = candidates.schedule(np.full(n_starts, choice.ridge))
    found = explore(start, rows, target, share, schedule, candidates.seed)
    best, _ = explored_best(found, n_starts)
    student = found.student.take(best)
    path = descend(student, rows, target, share[:1], [choice.n_plain])
    chain = int(best[0])
    losses = np.array([found.first_losses[chain], found.losses[chain], path.losses[-1, 0]])
    outcome = _outcome(int(found.n_cuts[chain]))
    trace = StudentTrace(
        outcome,
        choice.width,
        choice.ridge,
        candidates.n_noisy,
        choice.n_plain,
        float(path.learning_rates[0]),
        losses,
        _sentence(outcome, choice, candidates, losses, int(found.n_cuts[chain])),
    )
    return Student(path.inner[-1], student.outer), trace


def _outcome(n_cuts: int) -> Noisy:
    if n_cuts == 0:
        return "reached"
    return "cut" if n_cuts < MOST_CUTS else "diverged"


def _sentence(
    outcome: Noisy, choice: Choice, candidates: Candidates, losses: Array, n_cuts: int
) -> Sentence:
    code = {"reached": "I275", "cut": "I276", "diverged": "W275"}[outcome]
    told = {"width": choice.width, "n_starts": candidates.n_starts, "n_cuts": n_cuts}
    told |= {"n_noisy": candidates.n_noisy, "n_plain": choice.n_plain}
    names = ("first", "middle", "last")
    return Sentence(code, told | {k: float(v) for k, v in zip(names, losses, strict=True)})
