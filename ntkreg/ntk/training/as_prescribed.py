"""From a prescription to a trained network."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.fitted import KernelMember, NetworkMember
from ntkreg.ntk.network.accelerated_descent import accelerated_gradient_descent, accelerated_step
from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.network.gradient_flow import gradient_flow
from ntkreg.ntk.network.outputs import predict_network
from ntkreg.ntk.network.precision import resolve_dtype
from ntkreg.ntk.network.stochastic_descent import stochastic_gradient_descent
from ntkreg.ntk.network.stochastic_schedule import stochastic_step, stochastic_steps
from ntkreg.ntk.prescription.members import Member, fit_kernel
from ntkreg.ntk.prescription.prescribe import Prescribed
from ntkreg.ntk.prescription.selection import Scaled
from ntkreg.ntk.results import TrainingTrace
from ntkreg.ntk.training.options import TrainingOptions
from ntkreg.ntk.validation import resolve_steps
from ntkreg.parallel import threads_for

Array = NDArray[np.float64]
Trained = tuple[list[Array], TrainingTrace]

N_NETWORKS = 2
# rows times units: two wide nets were better than four of 256 units, and small tables afford them
_WIDTH_BUDGET = 512_000
_WIDTHS = (256, 2_048)
# beyond so many columns the first layer costs more than what follows it
_CHEAP_INPUTS = 100


def default_width(n_rows: int, n_inputs: int, depth: int) -> int:
    """Return the hidden units: a power of two between 256 and 2048, fewer for more rows.

    More than 100 inputs count like more rows. Below the top, hidden layers cost the square of the
    width: they have 256.

    Examples
    --------
    >>> [default_width(n, 10, 1) for n in (200, 400, 800, 1_500)]
    [2048, 1024, 512, 256]
    """
    if depth > 1:
        return _WIDTHS[0]
    work = n_rows * max(n_inputs / _CHEAP_INPUTS, 1.0)
    width = 1 << int(math.log2(max(_WIDTH_BUDGET / work, 1.0)))
    return min(max(width, _WIDTHS[0]), _WIDTHS[1])


def _plain_steps(member: Member, options: TrainingOptions) -> tuple[float, int]:
    """Return size and number of the steps of plain gradient descent."""
    numbers, rate = member.prescription, options.learning_rate
    ratio = 1.0 if rate is None else numbers.learning_rate / rate
    steps = resolve_steps(options.n_steps, math.ceil(numbers.n_steps * ratio - 1e-9))
    return numbers.learning_rate if rate is None else rate, steps


def _plain(
    member: Member, options: TrainingOptions, problem: tuple[Any, ...], **limits: Any
) -> Trained:
    rate, steps = _plain_steps(member, options)
    return gradient_descent(
        *problem, learning_rate=rate, n_steps=steps, tolerance=options.tolerance, **limits
    )


def _flow(
    member: Member, options: TrainingOptions, problem: tuple[Any, ...], **limits: Any
) -> Trained:
    rate, steps = _plain_steps(member, options)
    # always in float64: a reference
    weights, flow = gradient_flow(
        *problem,
        duration=rate * steps,
        max_steps=limits["max_steps"],
        fit_intercept=options.fit_intercept,
    )
    return weights, flow.trace(rate * steps)


def _accelerated(
    member: Member, options: TrainingOptions, problem: tuple[Any, ...], **limits: Any
) -> Trained:
    numbers, rate = member.prescription, options.learning_rate
    preconditioned = numbers.n_deflated > 0
    spectrum = member.leading_spectrum()
    own = accelerated_step(spectrum.values, limits["dtype"], preconditioned=preconditioned)
    ratio = 1.0 if rate is None else math.sqrt(own / rate)
    steps = math.ceil(numbers.n_steps_accelerated * ratio - 1e-9)
    return accelerated_gradient_descent(
        *problem,
        spectrum=spectrum,
        n_steps=resolve_steps(options.n_steps, steps),
        learning_rate=rate,
        preconditioned=preconditioned,
        n_threads=threads_for(options.n_threads),
        tolerance=options.tolerance,
        **limits,
    )


def _stochastic(
    member: Member, options: TrainingOptions, problem: tuple[Any, ...], **limits: Any
) -> Trained:
    numbers, rate = member.prescription, options.learning_rate
    spectrum, time = member.leading_spectrum(), numbers.learning_rate * numbers.n_steps
    if rate is None:
        kernel = member.inputs, member.metric.branches
        intercept = options.fit_intercept
        rate = stochastic_step(spectrum, *kernel, time=time, fit_intercept=intercept)
    steps = stochastic_steps(time, rate)
    return stochastic_gradient_descent(
        *problem,
        spectrum=spectrum,
        learning_rate=rate,
        n_steps=resolve_steps(options.n_steps, steps),
        seed=options.seed,
        n_threads=threads_for(options.n_threads),
        **limits,
    )


_SOLVERS = {"gd": _plain, "accelerated": _accelerated, "sgd": _stochastic, "flow": _flow}


def train_as_prescribed(
    member: Member, target: Scaled, options: TrainingOptions
) -> tuple[Architecture, list[Array], TrainingTrace]:
    """Train one model's nets for the prescribed time.

    Where the user gave a learning rate, the prescribed number of steps is converted to the same
    training time: in proportion to 1/eta, with momentum to 1/sqrt(eta).
    """
    branches = tuple(replace(b, trained=options.trained) for b in member.prescription.branches)
    depth = max(branch.depth for branch in branches)
    n_rows, n_inputs = member.inputs.shape
    width = options.width or default_width(n_rows, n_inputs, depth)
    count = options.n_networks or N_NETWORKS
    shape = Architecture(branches, width, count, options.symmetry, options.output_scale)
    start = initial_weights(shape, member.inputs.shape[1], target.values.shape[1], options.seed)
    weights, trace = _SOLVERS[options.solver](
        member,
        options,
        (shape, start, member.inputs, target.values),
        max_steps=options.max_steps,
        dtype=resolve_dtype(options.dtype, shape),
        fit_intercept=options.fit_intercept,
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
