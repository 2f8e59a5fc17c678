"""From a prescription to a trained network: the net's own options, and the choice of the solver."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.accelerated_descent import MAX_STEPS as MAX_STEPS_ACCELERATED
from ntkreg.ntk.accelerated_descent import accelerated_gradient_descent, accelerated_step
from ntkreg.ntk.fitted import KernelMember, NetworkMember
from ntkreg.ntk.gradient_descent import MAX_STEPS, gradient_descent
from ntkreg.ntk.members import Member, fit_kernel
from ntkreg.ntk.network import Architecture, Symmetry, initial_weights, predict_network
from ntkreg.ntk.options import Options, threads_of
from ntkreg.ntk.parallel import threads_for
from ntkreg.ntk.precision import DTYPES, resolve_dtype
from ntkreg.ntk.prescription import Prescribed
from ntkreg.ntk.results import Solver, Trained, TrainingTrace
from ntkreg.ntk.scale_choice import given_scale
from ntkreg.ntk.selection import Scaled
from ntkreg.ntk.validation import resolve_steps

Array = NDArray[np.float64]

# seeds differ most where rows are few: on 1,353 rows four nets were no better than two
MAX_ROWS_OF_FOUR = 500


@dataclass(frozen=True)
class TrainingOptions:
    """What the finite net needs beyond the prescription.

    Parameters
    ----------
    width : int
    n_networks : int or None
        None: by the number of rows.
    symmetry : {"pair", "top"}
    trained : {"all", "hidden", "last_hidden", "readout"}
    solver : {"accelerated", "gd"}
    n_steps : int or "auto"
    learning_rate : float or None
        None: as prescribed.
    max_steps : int
    dtype : {"auto", "float32", "float64", "bfloat16"}
    fit_intercept : bool
    seed : int
        Of the initial weights.
    output_scale : float
    n_threads : int or None
        Nets of one model that are trained at the same time; None: as many as processors.
    """

    width: int
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


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def _learning_rate(value: Any) -> float | None:
    if _is_auto(value):
        return None
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < math.inf:
        raise ValueError(f"learning_rate must be 'auto' or a positive number, got {value!r}")
    return float(value)


def make_training_options(estimator: Any, seed: int) -> TrainingOptions:
    """Translate an estimator's parameters.

    Raises
    ------
    ValueError
        Naming the parameter, what is allowed and what was given.
    """
    solver = _choice(estimator, "solver", ("accelerated", "gd"))
    limit = MAX_STEPS if solver == "gd" else MAX_STEPS_ACCELERATED
    resolve_steps(estimator.n_steps, 0)
    options = TrainingOptions(
        width=_count(estimator, "width"),
        n_networks=None if _is_auto(estimator.n_networks) else _count(estimator, "n_networks"),
        symmetry=_choice(estimator, "symmetry", ("pair", "top")),
        trained=estimator.trained,
        solver=solver,
        n_steps=estimator.n_steps,
        learning_rate=_learning_rate(estimator.learning_rate),
        max_steps=limit if _is_auto(estimator.max_steps) else _count(estimator, "max_steps"),
        dtype=_choice(estimator, "dtype", ("auto", *DTYPES)),
        fit_intercept=bool(estimator.fit_intercept),
        seed=seed,
        output_scale=given_scale(estimator.output_scale) or 1.0,
        n_threads=threads_of(estimator.n_jobs),
    )
    if options.symmetry == "top" and options.width % 2:
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


def train_as_prescribed(
    member: Member, target: Scaled, options: TrainingOptions
) -> tuple[Architecture, list[Array], TrainingTrace]:
    """Train one model's nets for the prescribed time.

    Where the user gave a learning rate, the prescribed number of steps is converted to the same
    training time: in proportion to 1/eta, with momentum to 1/sqrt(eta).
    """
    numbers = member.prescription
    branches = tuple(replace(b, trained=options.trained) for b in numbers.branches)
    count = options.n_networks or (4 if len(target.values) <= MAX_ROWS_OF_FOUR else 2)
    shape = Architecture(branches, options.width, count, options.symmetry, options.output_scale)
    start = initial_weights(shape, member.inputs.shape[1], target.values.shape[1], options.seed)
    rate = options.learning_rate
    dtype = resolve_dtype(options.dtype, shape)
    limits: dict[str, Any] = {
        "max_steps": options.max_steps,
        "dtype": dtype,
        "fit_intercept": options.fit_intercept,
    }
    if options.solver == "gd":
        ratio = 1.0 if rate is None else numbers.learning_rate / rate
        steps = resolve_steps(options.n_steps, math.ceil(numbers.n_steps * ratio - 1e-9))
        rate = numbers.learning_rate if rate is None else rate
        weights, trace = gradient_descent(
            shape, start, member.inputs, target.values, learning_rate=rate, n_steps=steps, **limits
        )
        return shape, weights, trace
    preconditioned = numbers.n_deflated > 0
    spectrum = member.leading_spectrum()
    own = accelerated_step(spectrum.values, dtype, preconditioned=preconditioned)
    ratio = 1.0 if rate is None else math.sqrt(own / rate)
    weights, trace = accelerated_gradient_descent(
        shape,
        start,
        member.inputs,
        target.values,
        spectrum=spectrum,
        n_steps=resolve_steps(
            options.n_steps, math.ceil(numbers.n_steps_accelerated * ratio - 1e-9)
        ),
        learning_rate=rate,
        preconditioned=preconditioned,
        n_threads=threads_for(options.n_threads),
        **limits,
    )
    return shape, weights, trace


def _train_member(
    member: Member, target: Scaled, options: TrainingOptions, share: float
) -> NetworkMember | KernelMember:
    """Train nets, or take the closed form where there is no hidden layer."""
    numbers = member.prescription
    if all(branch.activation == "linear" for branch in numbers.branches):
        steps = resolve_steps(options.n_steps, numbers.n_steps)
        return fit_kernel(member, target, steps, share=share)
    shape, weights, trace = train_as_prescribed(member, target, options)
    offset = target.mean
    if options.fit_intercept:
        fitted = predict_network(shape, weights, member.inputs)
        offset = offset - fitted.mean(axis=0) * target.scale
    return NetworkMember(
        share,
        numbers,
        member.embedding,
        member.metric,
        shape,
        weights,
        trace,
        target.scale,
        offset,
    )


def train_stack(
    prescribed: Prescribed, options: TrainingOptions
) -> tuple[NetworkMember | KernelMember, ...]:
    """Train every model that has a share, largest share first.

    Where only the linear model has one, the nets of the next best model are trained all the same
    and kept with share 0: an estimator of nets has nets to look at.
    """
    shares = prescribed.stack(options.solver).shares
    order = [int(i) for i in np.argsort(-shares, kind="stable")]
    linear = [
        all(b.activation == "linear" for b in m.prescription.branches) for m in prescribed.members
    ]
    kept = [i for i in order if shares[i] > 0]
    if all(linear[i] for i in kept):
        kept += [i for i in order if not linear[i]][:1]
    return tuple(
        _train_member(prescribed.members[i], prescribed.target, options, float(shares[i]))
        for i in kept
    )
