"""Plain gradient descent, the accelerated solver, the closed form and the flow on real tables.

    python benchmarks/solvers.py TASKS.py [--tables a,b] [--width 256] [--max-rows 400] [--flow]

TASKS.py defines tasks(), which yields (name, function); the function yields (training frame, test
frame, name of the target). Of each table the first split is used. One net of the hidden-layer
model with the largest share is trained in float32 from one start by

    gd           plain gradient descent for its prescribed number of steps
    accelerated  for its own prescribed number of steps, and on until it has gd's last loss
    closed form  the infinitely wide net after gd's number of steps: kernels, eigenvectors, filter
                 and predictions ("closed s", "speed" against gd), and the filter and predictions
                 alone, which is what one more point of the path costs ("point")
    flow         (--flow) gradient flow for gd's time, of the same net

Steps, seconds, and gaps to gd's predictions of the test rows in standard deviations of the
training target; "to loss" is the accelerated step at which gd's last loss is reached, "ratio" gd's
steps over it; "rises" counts losses above the lowest so far by more than a thousandth of the first
loss, "cuts" what the guard did about them.
"""

from __future__ import annotations

import argparse
import runpy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.metric.scales import apply_metric
from ntkreg.ntk.network.accelerated_descent import accelerated_gradient_descent
from ntkreg.ntk.network.architecture import Architecture, initial_weights
from ntkreg.ntk.network.gradient_descent import gradient_descent
from ntkreg.ntk.network.gradient_flow import gradient_flow
from ntkreg.ntk.network.outputs import predict_network
from ntkreg.ntk.path import gradient_descent_filter
from ntkreg.ntk.prescription.members import Member
from ntkreg.ntk.prescription.options import Options
from ntkreg.ntk.prescription.prescribe import Prescribed, prescribe
from ntkreg.ntk.prescription.projection import Projection, project
from ntkreg.ntk.results import TrainingTrace
from ntkreg.ntk.training.as_prescribed import default_width
from ntkreg.preprocessing import TableEncoder
from ntkreg.preprocessing.embedding import embed

GOAL_RATIO, GOAL_GAP, GOAL_SPEED = 40, 0.05, 100
MAX_ACCELERATED_STEPS = 2_000


@dataclass(frozen=True)
class Problem:
    """One net of one table: its start, its rows and its target, centred and scaled."""

    member: Member
    shape: Architecture
    start: list[np.ndarray]
    others: np.ndarray
    target: np.ndarray

    @property
    def data(self) -> tuple[Any, ...]:
        """Arguments that all solvers share."""
        return self.shape, self.start, self.member.inputs, self.target

    def predict(self, weights: list[np.ndarray]) -> np.ndarray:
        """Return predictions of the test rows, the net centred on the training rows."""
        fitted = predict_network(self.shape, weights, self.member.inputs)
        outputs = predict_network(self.shape, weights, self.others)
        return np.asarray(outputs - fitted.mean(axis=0))[:, 0]


def leading_member(prescribed: Prescribed) -> Member:
    """Return the model with hidden layers that has the largest share."""
    order = np.argsort(-prescribed.accelerated.shares, kind="stable")
    members = [prescribed.members[i] for i in order]
    return next(m for m in members if m.prescription.branches[0].activation != "linear")


def make_problem(
    train: pd.DataFrame, test: pd.DataFrame, target: str, width: int | None, max_rows: int
) -> Problem:
    """Encode a table, prescribe, and draw the start."""
    if len(train) > max_rows:
        train = train.sample(max_rows, random_state=0).reset_index(drop=True)
    encoder = TableEncoder().fit(train.drop(columns=target))
    X, Z = (
        np.asarray(encoder.transform(f.drop(columns=target)), dtype=float) for f in (train, test)
    )
    prescribed = prescribe(X, train[target].to_numpy(dtype=float)[:, None], options=Options())
    member = leading_member(prescribed)
    branches = member.prescription.branches
    own = default_width(*member.inputs.shape, max(branch.depth for branch in branches))
    shape = Architecture(branches, width or own, n_networks=1)
    start = initial_weights(shape, member.inputs.shape[1], 1, seed=0)
    others = apply_metric(member.metric, embed(member.embedding, Z))
    return Problem(member, shape, start, others, prescribed.target.values)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return a result and the processor seconds it took."""
    before = time.process_time()
    result = work()
    return result, time.process_time() - before


def closed_form(problem: Problem, n_steps: int) -> tuple[np.ndarray, float, float]:
    """Return the infinitely wide net's predictions of the test rows.

    Beside them the seconds of all, and of one point of the path once the rest is known.
    """
    member, numbers = problem.member, problem.member.prescription
    kernel = gram(member.inputs, None, numbers.branches)

    def prepared() -> Projection:
        cross = gram(problem.others, member.inputs, numbers.branches) - kernel.mean(axis=0)
        return project(centre(kernel), problem.target, cross)

    def point() -> np.ndarray:
        steps = np.array([n_steps], dtype=np.int64)
        filters = gradient_descent_filter(projection.values, numbers.learning_rate, steps)
        return projection.along(filters)[0, :, 0]

    _, first = timed(lambda: gram(member.inputs, None, numbers.branches))
    projection, second = timed(prepared)
    point()
    predicted, third = timed(point)
    return predicted, first + second + third, third


def accelerated(problem: Problem, n_steps: int) -> tuple[list[np.ndarray], TrainingTrace]:
    """Train by the accelerated solver."""
    return accelerated_gradient_descent(
        *problem.data,
        spectrum=problem.member.leading_spectrum(),
        n_steps=n_steps,
        preconditioned=problem.member.prescription.n_deflated > 0,
        fit_intercept=True,
    )


def first_at(losses: np.ndarray, goal: float) -> int | None:
    """Return the first step whose loss is at most `goal`."""
    reached = np.flatnonzero(losses <= goal)
    return int(reached[0]) if len(reached) else None


def steps_to_loss(problem: Problem, goal: float, trace: TrainingTrace) -> int | None:
    """Return the accelerated step at which a loss is reached, going on beyond the stop if need be.

    The iteration does not depend on where it will stop, until the guard cuts its step.
    """
    n_steps, found = max(len(trace.losses), 2), first_at(trace.losses, goal)
    while found is None and n_steps < MAX_ACCELERATED_STEPS:
        n_steps = min(4 * n_steps, MAX_ACCELERATED_STEPS)
        found = first_at(accelerated(problem, n_steps)[1].losses, goal)
    return found


def rises(losses: np.ndarray) -> int:
    """Count losses above the lowest so far by more than a thousandth of the first."""
    return int(np.sum(losses > np.minimum.accumulate(losses) + 1e-3 * losses[0]))


def gap(found: np.ndarray, wanted: np.ndarray) -> float:
    """Return the root mean square difference; targets have standard deviation one."""
    return float(np.sqrt(np.mean((found - wanted) ** 2)))


def plain(problem: Problem, max_steps: int) -> tuple[list[np.ndarray], TrainingTrace]:
    """Train by plain gradient descent for the prescribed number of steps."""
    numbers = problem.member.prescription
    return gradient_descent(
        *problem.data,
        learning_rate=numbers.learning_rate,
        n_steps=numbers.n_steps,
        max_steps=max_steps,
        fit_intercept=True,
    )


def compare(name: str, problem: Problem, max_steps: int) -> tuple[bool, ...] | None:
    """Print one table's row, and return whether steps, gap and both speeds reach their goals."""
    numbers = problem.member.prescription
    steps = numbers.n_steps
    head = (
        f"{name:20.20s} {numbers.name:9s} {len(problem.target):5d}"
        f" {problem.shape.width:5d} {steps:8d}"
    )
    (fast, trace), fast_seconds = timed(lambda: accelerated(problem, numbers.n_steps_accelerated))
    closed, closed_seconds, point_seconds = closed_form(problem, steps)
    fast_predicted = problem.predict(fast)
    guard = f"{rises(trace.losses):5d} {trace.n_cuts:4d}"
    if steps > max_steps:
        print(
            f"{head} {'–':>7s} {trace.n_steps:5d} {'–':>7s} {'–':>6s} {fast_seconds:7.2f} {guard}"
            f" {'–':>6s} {closed_seconds:8.4f} {'–':>7s} {'–':>7s} {'–':>6s}  {trace.outcome};"
            f" accelerated to closed form {gap(fast_predicted, closed):.3f}"
        )
        return None
    (slow, slow_trace), slow_seconds = timed(lambda: plain(problem, max_steps))
    slow_predicted = problem.predict(slow)
    at = steps_to_loss(problem, float(slow_trace.losses[-1]), trace)
    ratio = steps / at if at else float("nan")
    distance = gap(fast_predicted, slow_predicted)
    speeds = slow_seconds / closed_seconds, slow_seconds / point_seconds
    print(
        f"{head} {slow_seconds:7.2f} {trace.n_steps:5d} {at if at else '–':>7} {ratio:6.0f}"
        f" {fast_seconds:7.2f} {guard} {distance:6.3f} {closed_seconds:8.4f} {speeds[0]:7.0f}"
        f" {speeds[1]:7.0f} {gap(closed, slow_predicted):6.3f}  {trace.outcome}"
    )
    return ratio >= GOAL_RATIO, distance <= GOAL_GAP, *(s >= GOAL_SPEED for s in speeds)


def compare_flow(problem: Problem) -> None:
    """Print the gap of both solvers to the gradient flow."""
    numbers = problem.member.prescription
    duration = numbers.learning_rate * numbers.n_steps
    (weights, flow), seconds = timed(
        lambda: gradient_flow(*problem.data, duration=duration, fit_intercept=True)
    )
    predicted = problem.predict(weights)
    fast = problem.predict(accelerated(problem, numbers.n_steps_accelerated)[0])
    closed = closed_form(problem, numbers.n_steps)[0]
    print(
        f"{'':20s} flow: {len(flow.times) - 1} steps, {seconds:.2f} s,"
        f" {'finished' if flow.finished else 'broken off'}; gap of accelerated"
        f" {gap(fast, predicted):.3f}, of the closed form {gap(closed, predicted):.3f}"
    )


def main() -> None:
    """Compare the solvers on every table of a task file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks")
    parser.add_argument("--tables", help="comma-separated names; default: all")
    parser.add_argument("--width", type=int, help="default: as NTKRegressor chooses it")
    parser.add_argument("--max-rows", type=int, default=400)
    parser.add_argument("--max-plain-steps", type=int, default=20_000)
    parser.add_argument("--flow", action="store_true")
    options = parser.parse_args()
    wanted = options.tables.split(",") if options.tables else None
    print(
        f"{'table':20s} {'model':9s} {'n':>5s} {'width':>5s} {'gd steps':>8s} {'s':>7s}"
        f" {'acc.':>5s} {'to loss':>7s} {'ratio':>6s} {'s':>7s} {'rises':>5s} {'cuts':>4s}"
        f" {'gap':>6s} {'closed s':>8s} {'speed':>7s} {'point':>7s} {'gap':>6s}"
    )
    verdicts = []
    for name, splits in runpy.run_path(options.tasks)["tasks"]():
        if wanted is not None and name not in wanted:
            continue
        train, test, target = next(iter(splits()))
        problem = make_problem(train, test, target, options.width, options.max_rows)
        verdict = compare(name, problem, options.max_plain_steps)
        if verdict is not None:
            verdicts.append(verdict)
        if options.flow:
            compare_flow(problem)
    labels = (
        f"steps / {GOAL_RATIO}",
        f"gap {GOAL_GAP} sd",
        f"closed form {GOAL_SPEED} x",
        f"point of its path {GOAL_SPEED} x",
    )
    if not verdicts:
        print("no table of these names on which gd can be run")
        return
    for label, reached in zip(labels, zip(*verdicts, strict=True), strict=True):
        print(f"{label}: on {sum(reached)} of {len(reached)} tables where gd can be run")


if __name__ == "__main__":
    main()
