"""What the finite net needs beyond the prescription: the estimator's parameters in one object."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, Literal

from ntkreg.ntk.network import (
    accelerated_descent,
    gradient_descent,
    gradient_flow,
    stochastic_descent,
)
from ntkreg.ntk.network.architecture import Symmetry
from ntkreg.ntk.network.precision import DTYPES
from ntkreg.ntk.prescription.options import Options, threads_of
from ntkreg.ntk.results import Solver, Trained
from ntkreg.ntk.training.scale_choice import given_scale
from ntkreg.ntk.validation import resolve_steps

# beyond it a pass over all rows for every step takes too long, and its buffers too much memory
MAX_FULL_BATCH_ROWS = 50_000
# every step of the flow decomposes a kernel between all rows for every net
MAX_FLOW_ROWS = 1_000
_MAX_STEPS: dict[Solver, int] = {
    "accelerated": accelerated_descent.MAX_STEPS,
    "gd": gradient_descent.MAX_STEPS,
    "sgd": stochastic_descent.MAX_STEPS,
    "flow": gradient_flow.MAX_STEPS,
}


@dataclass(frozen=True)
class TrainingOptions:
    """What the finite net needs beyond the prescription.

    Parameters
    ----------
    width : int or None
        None: by the number of rows.
    n_networks : int or None
        None: two.
    symmetry : {"pair", "top"}
    trained : {"all", "hidden", "last_hidden", "readout"}
    solver : {"accelerated", "gd", "sgd", "flow"}
    n_steps : int or "auto"
    learning_rate : float or None
        None: as prescribed.
    max_steps : int
    dtype : {"auto", "float32", "float64", "bfloat16"}
    fit_intercept : bool
    seed : int
        Of the initial weights.
    output_scale : float
    tolerance : float or None
        Root mean squared training residual at which a run ends, in units of the scaled target;
        None where its number of steps alone is prescribed.
    n_threads : int or None
        Nets of one model that are trained at the same time; None: as many as processors.
    """

    width: int | None
    n_networks: int | None
    symmetry: Symmetry
    trained: Trained
    solver: Solver
    n_steps: int | Literal["auto"]
    learning_rate: float | None
    max_steps: int
    dtype: str
    fit_intercept: bool
    seed: int
    output_scale: float
    n_threads: int | None
    tolerance: float | None = None


def _choice(estimator: Any, name: str, allowed: tuple[str, ...]) -> Any:
    value = getattr(estimator, name)
    if value not in allowed:
        raise ValueError(f"{name} must be one of {allowed}, got {value!r}")
    return value


def _count(estimator: Any, name: str) -> int:
    value = getattr(estimator, name)
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be an integer >= 1, got {value!r}")
    return int(value)


def _count_or_auto(estimator: Any, name: str) -> int | None:
    return None if _is_auto(getattr(estimator, name)) else _count(estimator, name)


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def _learning_rate(value: Any) -> float | None:
    if _is_auto(value):
        return None
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < math.inf:
        raise ValueError(f"learning_rate must be 'auto' or a positive number, got {value!r}")
    return float(value)


def _solver(estimator: Any, n_rows: int) -> Solver:
    given: Solver | Literal["auto"] = _choice(estimator, "solver", ("auto", *_MAX_STEPS))
    if given == "auto":
        return "accelerated" if n_rows <= MAX_FULL_BATCH_ROWS else "sgd"
    if given == "flow" and n_rows > MAX_FLOW_ROWS:
        raise ValueError(
            f"solver='flow' decomposes every net's own kernel at every step: at most"
            f" {MAX_FLOW_ROWS} rows, got {n_rows}; use 'accelerated'"
        )
    return given


def make_training_options(estimator: Any, seed: int, n_rows: int) -> TrainingOptions:
    """Translate an estimator's parameters for a table of `n_rows` rows.

    Raises
    ------
    ValueError
        Naming the parameter, what is allowed and what was given.
    """
    solver = _solver(estimator, n_rows)
    limit = _MAX_STEPS[solver]
    resolve_steps(estimator.n_steps, 0)
    options = TrainingOptions(
        width=_count_or_auto(estimator, "width"),
        n_networks=_count_or_auto(estimator, "n_networks"),
        symmetry=_choice(estimator, "symmetry", ("pair", "top")),
        trained=estimator.trained,
        solver=solver,
        n_steps=estimator.n_steps,
        learning_rate=_learning_rate(estimator.learning_rate),
        max_steps=_count_or_auto(estimator, "max_steps") or limit,
        dtype=_choice(estimator, "dtype", ("auto", *DTYPES)),
        fit_intercept=bool(estimator.fit_intercept),
        seed=seed,
        output_scale=given_scale(estimator.output_scale) or 1.0,
        n_threads=threads_of(estimator.n_jobs),
        tolerance=estimator.tol if estimator.stopping == "interpolate" else None,
    )
    if options.tolerance is not None and solver not in ("gd", "accelerated"):
        raise ValueError(
            f"stopping='interpolate' needs solver='gd' or 'accelerated', got {solver!r}"
        )
    if options.symmetry == "top" and options.width is not None and options.width % 2:
        raise ValueError(f"width must be even for symmetry='top', got {options.width}")
    if options.symmetry == "top" and options.trained == "all":
        raise ValueError(
            "symmetry='top' cancels the gradient of all layers below the last hidden one, so the"
            " net would not follow the kernel of trained='all': use trained='hidden', or"
            " symmetry='pair'"
        )
    return options


def kernel_options(options: Options, training: TrainingOptions) -> Options:
    """Return the prescription's options with the kernel that the mirrored net implies.

    With a mirrored top layer, training all hidden layers moves the net as its last one alone does
    (theory.md 1.2, variant A).
    """
    if training.symmetry == "top" and training.trained == "hidden":
        return replace(options, trained="last_hidden")
    return options
