"""The two phases of P5 as functions: representation, noise, last layer, and folds that judge."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from ntkreg.messages import Sentence
from ntkreg.ntk.prescription.folds import Folds
from ntkreg.papers.hidden_features import Layers, layers_of, with_constant
from ntkreg.papers.last_layer import LastLayer, last_layer
from ntkreg.papers.plain_network import train

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TwoPhaseTrace:
    """How the two phases went.

    Parameters
    ----------
    outcome : {"reached", "diverged"}
        "diverged": the first phase broke down; the last good net before went on.
    n_representation, n_head : int
        Iterations of the first and of the second phase.
    learning_rate : float
        Of the second phase: 1/s_1.
    rate : float
        1 - eta sigma_min^2/n, by which the residual shrinks at least in a step of the second
        phase; 1 where the rank condition fails.
    losses : ndarray of shape (2,)
        (1/2n) sum (f - y)^2 of the scaled target before and after the second phase.
    sentence : Sentence
    """

    outcome: Literal["reached", "diverged"]
    n_representation: int
    n_head: int
    learning_rate: float
    rate: float
    losses: Array
    sentence: Sentence


@dataclass(frozen=True)
class Phases:
    """What both phases need to know besides the data.

    Parameters
    ----------
    base : estimator or None
    widths : tuple of int
        Hidden units where there is no base.
    rate : float
        Learning rate of the first phase where there is no base.
    noise : float
    seed : int
    """

    base: Any
    widths: tuple[int, ...]
    rate: float
    noise: float
    seed: int


@dataclass(frozen=True)
class Representation:
    """Hidden layers at the end of the first phase, after the noise, and their last layer.

    Parameters
    ----------
    n_steps : int
    layers : HiddenLayers or KernelNetLayers
    head : ndarray of shape (width + 1, n_targets)
    finite : bool
    """

    n_steps: int
    layers: Layers
    head: Array
    finite: bool = True


def represent(
    phases: Phases, rows: Array, targets: Array, stops: Sequence[int]
) -> list[Representation]:
    """Train all layers for the given numbers of steps, then add a little noise to the hidden ones.

    Any first-order method may train them (arXiv 2104.05785, abstract); the size of the noise is
    our default.

    Parameters
    ----------
    phases : Phases
    rows : ndarray of shape (n, n_columns)
        Standardised.
    targets : ndarray of shape (n, n_targets)
    stops : sequence of int
        Ascending.
    """
    found: list[tuple[int, Layers, Array, bool]] = []
    if phases.base is None:
        shots = train(rows, targets, phases.widths, stops, phases.rate, phases.seed)
        found += [(shot.n_steps, shot.layers, shot.head, shot.finite) for shot in shots]
    else:
        for n_steps in stops:
            base = _fit_base(phases, rows, targets, n_steps)
            # a base may stop on its own before
            taken = min(n_steps, int(getattr(base, "n_iter_", n_steps)))
            found.append((taken, *layers_of(base), True))
    return [
        Representation(n_steps, layers.with_noise(phases.noise, phases.seed + 1), head, finite)
        for n_steps, layers, head, finite in found
    ]


def _fit_base(phases: Phases, rows: Array, targets: Array, n_steps: int) -> Any:
    known = phases.base.get_params(deep=False)
    name = next((n for n in ("n_steps", "max_iter") if n in known), None)
    if name is None:
        raise ValueError(
            "base must be None or an estimator with the parameter n_steps or max_iter, got"
            f" {type(phases.base).__name__}"
        )
    chosen = {name: n_steps} | ({"random_state": phases.seed} if "random_state" in known else {})
    base = clone(phases.base).set_params(**chosen)
    with warnings.catch_warnings():
        # to stop before convergence is what the first phase does
        warnings.simplefilter("ignore", ConvergenceWarning)
        return base.fit(rows, targets[:, 0] if targets.shape[1] == 1 else targets)


def head_problem(shown: Representation, rows: Array, targets: Array) -> LastLayer:
    """Return the least-squares problem of the second phase."""
    return last_layer(with_constant(shown.layers.features(rows)), targets, shown.head)


def held_out_errors(
    phases: Phases, rows: Array, targets: Array, folds: Folds, plan: Array
) -> Array:
    """Return squared errors on held-out rows, both phases learned anew in each fold.

    Parameters
    ----------
    phases : Phases
    rows, targets : ndarray
    folds : list of (train, test)
    plan : ndarray of shape (n_plans, 2) of int
        Iterations of the first and of the second phase.

    Returns
    -------
    ndarray of shape (n_plans,)
        Mean over rows and targets.
    """
    stops = np.unique(plan[:, 0])
    total = np.zeros(len(plan))
    for learned, tested in folds:
        shown = represent(phases, rows[learned], targets[learned], [int(s) for s in stops])
        for stop, one in zip(stops, shown, strict=True):
            chosen = plan[:, 0] == stop
            path = head_problem(one, rows[learned], targets[learned]).after(plan[chosen, 1])
            outputs = with_constant(one.layers.features(rows[tested])) @ path
            total[chosen] += np.sum((outputs - targets[tested]) ** 2, axis=(1, 2))
    return total / targets.size


def trace_of(shown: Representation, problem: LastLayer, n_head: int) -> TwoPhaseTrace:
    """Return how the phases went."""
    losses = problem.losses(np.array([0, n_head]))
    told = {"n_first": shown.n_steps, "n_second": n_head, "rate": problem.rate}
    told |= {"first": float(losses[0]), "last": float(losses[1])}
    return TwoPhaseTrace(
        "reached" if shown.finite else "diverged",
        shown.n_steps,
        n_head,
        problem.learning_rate,
        problem.rate,
        losses,
        Sentence("I271" if shown.finite else "W273", told),
    )
