"""Held-out error along the whole training path, with everything learned from y learned anew.

Each fold fits the embedding and the metric on its own training rows, decomposes the kernel, and
predicts its test rows after every number of steps, for plain gradient descent and for the
accelerated iteration alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.kernel.profiles import profile_at_one
from ntkreg.ntk.metric.evidence import likelihood_metric
from ntkreg.ntk.metric.scales import Metric, apply_metric, gradient_metric, plain_metric
from ntkreg.ntk.path import accelerated_filters, gradient_descent_filter, step_grid
from ntkreg.ntk.prescription.options import Candidate, Options
from ntkreg.ntk.prescription.projection import Projection, project, project_features
from ntkreg.ntk.results import Branch
from ntkreg.preprocessing.embedding import embed, fit_embedding

Array = NDArray[np.float64]

MAX_METRIC_ROWS = 400
MAX_SELECTION_ROWS = 1000
FOLD_ITERATIONS = 8
LARGEST_STEP_COUNT = 1e10
INTERPOLATING_STEPS = 10**13
# momentum alone is for early stops
_MOST_ALONE = 128


@dataclass(frozen=True)
class Scaled:
    """Targets at mean 0 and standard deviation 1 (a constant target keeps scale 1)."""

    values: Array
    mean: Array
    scale: Array


def scale_target(y: Array) -> Scaled:
    """Centre and scale the targets, shape (n, n_targets)."""
    mean = y.mean(axis=0)
    spread = y.std(axis=0)
    scale = np.where(spread > 1e-12 * np.abs(y).max(axis=0, initial=0.0), spread, 1.0)
    return Scaled((y - mean) / scale, mean, scale)


def learn_metric(
    rows: Array,
    target: Array,
    candidate: Candidate,
    options: Options,
    *,
    start: Metric | None = None,
) -> Metric:
    """Learn the metric on at most 400 rows; `start` warm-starts the likelihood.

    It is learned at the smallest candidate depth and shared by the others.
    """
    branches = candidate.branches(min(candidate.depths), options.trained)
    if candidate.metric is None or rows.shape[1] == 0 or len(rows) < 3:
        return plain_metric(rows.shape[1], branches, options.bias, options.sphere)
    if len(rows) > MAX_METRIC_ROWS:
        chosen = np.random.default_rng(options.random_state).choice(
            len(rows), MAX_METRIC_ROWS, replace=False
        )
        rows, target = rows[chosen], target[chosen]
    if candidate.metric == "gradient":
        return gradient_metric(rows, target, branches, bias=options.bias, sphere=options.sphere)
    iterations = 30 if start is None else FOLD_ITERATIONS
    return likelihood_metric(
        rows, target, branches, sphere=options.sphere, start=start, max_iterations=iterations
    )


def at_depth(metric: Metric, depth: int) -> tuple[Branch, ...]:
    """Return the metric's branches with the ReLU branch at another depth.

    Its weight is divided by k(1) of the new depth, so that the branches keep their proportion.
    """

    def moved(branch: Branch) -> Branch:
        if branch.activation != "relu":
            return branch
        deeper = replace(branch, depth=depth)
        ratio = profile_at_one(branch) / profile_at_one(deeper)
        return replace(deeper, weight=branch.weight * ratio)

    return tuple(moved(branch) for branch in metric.branches)


@dataclass(frozen=True)
class PreparedFold:
    """A fold with everything that was learned from its training rows.

    Parameters
    ----------
    inputs, others : ndarray of shape (n_train, n_inputs) and (n_test, n_inputs)
        Training and test rows as the kernel sees them.
    target : Scaled
        Of the training rows.
    test : ndarray of shape (n_test,) of int
        Positions of the test rows.
    metric : Metric
    """

    inputs: Array
    others: Array
    target: Scaled
    test: NDArray[np.int64]
    metric: Metric


def prepare_fold(
    X: Array,
    y: Array,
    fold: tuple[NDArray[np.int64], NDArray[np.int64]],
    start: Metric,
    columns: NDArray[np.int64],
    candidate: Candidate,
    options: Options,
) -> PreparedFold:
    """Learn embedding, target scale and metric anew on the training rows of one fold.

    Parameters
    ----------
    X : ndarray of shape (n, n_columns)
    y : ndarray of shape (n, n_targets)
    fold : tuple of ndarray of int
        Positions of training and test rows.
    start : Metric
        Optimum of all rows: where the fold's own learning begins.
    columns : ndarray of shape (n_embedded,) of int
        Embedded columns of `start`; a fold with others (a constant column) starts afresh.
    candidate : Candidate
    options : Options
    """
    train, test = fold
    # in random order, so that the first rows are a random subsample
    train = np.random.default_rng(options.random_state).permutation(train)[:MAX_SELECTION_ROWS]
    embedding = fit_embedding(X[train], kind=candidate.embedding)
    rows, target = embed(embedding, X[train]), scale_target(y[train])
    same = np.array_equal(embedding.columns, columns)
    metric = learn_metric(rows, target.values, candidate, options, start=start if same else None)
    others = apply_metric(metric, embed(embedding, X[test]))
    return PreparedFold(apply_metric(metric, rows), others, target, test, metric)


@dataclass(frozen=True)
class HeldOut:
    """Held-out predictions of all rows along the two paths, target units.

    Parameters
    ----------
    plain : ndarray of shape (n_times, n, n_targets)
        Plain gradient descent, at the first of :func:`step_grids`.
    accelerated : ndarray of shape (n_accelerated, n, n_targets)
        The accelerated iteration, at the second.
    momentum : ndarray of shape (n_few, n, n_targets)
        The same without a preconditioner, at the numbers up to 128.
    """

    plain: Array
    accelerated: Array
    momentum: Array


def step_grids(options: Options) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of plain and accelerated steps that are tried: the end alone, or all."""
    if options.tolerance is not None:
        return np.array([INTERPOLATING_STEPS]), np.array([1])
    return step_grid(LARGEST_STEP_COUNT), step_grid(options.max_accelerated_steps, 1.12)


def alone_grid(fast: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of steps that are tried of momentum alone."""
    return fast[fast <= _MOST_ALONE]


def path_filters(
    spectra: Sequence[Array], steps: NDArray[np.int64], fast: NDArray[np.int64]
) -> list[Array]:
    """Return the filters of the three paths of :class:`HeldOut`, one below the other.

    Parameters
    ----------
    spectra : sequence of ndarray
        Eigenvalues of K/n of each fold, descending.
    steps, fast : ndarray of int
        As from :func:`step_grids`.
    """
    slow = [
        gradient_descent_filter(values, 1.0 / values[0] if values[0] > 0 else 1.0, steps)
        for values in spectra
    ]
    quick = accelerated_filters(spectra, fast)
    alone = accelerated_filters(spectra, alone_grid(fast), preconditioned=False)
    return [np.vstack(parts) for parts in zip(slow, quick, alone, strict=True)]


def _project(fold: PreparedFold, depth: int, target: Array, options: Options) -> Projection:
    """Return the training kernel's eigenvalues, the target and the test rows in its eigenbasis."""
    branches = at_depth(fold.metric, depth)
    inputs, others = fold.inputs, fold.others
    if all(branch.activation == "linear" for branch in branches) and inputs.shape[1] < len(inputs):
        root = np.sqrt(sum(branch.weight for branch in branches))
        middle = inputs.mean(axis=0) if options.fit_intercept else np.zeros(inputs.shape[1])
        return project_features(root * (inputs - middle), target, root * (others - middle))
    kernel = gram(inputs, None, branches)
    cross = gram(others, inputs, branches)
    if options.fit_intercept:
        cross -= kernel.mean(axis=0)
        kernel = centre(kernel)
    return project(kernel, target, cross)


def held_out_paths(
    folds: list[PreparedFold], depth: int, shape: tuple[int, ...], options: Options
) -> HeldOut:
    """Predict every row from the fold that did not see it, after every number of steps.

    Parameters
    ----------
    folds : list of PreparedFold
    depth : int
    shape : tuple of int
        (n, n_targets).
    options : Options
    """
    steps, fast = step_grids(options)
    path = np.empty((len(steps) + len(fast) + len(alone_grid(fast)), *shape))
    # the intercept's direction has eigenvalue 0: no part of the target may lie in it
    means = [fold.target.values.mean(axis=0) for fold in folds]
    parts = [
        _project(fold, depth, fold.target.values - mean, options)
        for fold, mean in zip(folds, means, strict=True)
    ]
    filters = path_filters([part.values for part in parts], steps, fast)
    for fold, mean, part, own in zip(folds, means, parts, filters, strict=True):
        predicted = part.along(own) + mean
        path[:, fold.test] = predicted * fold.target.scale + fold.target.mean
    return HeldOut(*np.split(path, [len(steps), len(steps) + len(fast)]))
