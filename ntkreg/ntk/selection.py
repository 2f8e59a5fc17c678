"""Held-out error along the whole training path, with everything learned from y learned anew.

Each fold fits the embedding and the metric on its own training rows, decomposes the kernel, and
predicts its test rows after every number of steps, for plain gradient descent and for the
accelerated iteration alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.evidence import likelihood_metric
from ntkreg.ntk.kernel import centre, gram
from ntkreg.ntk.metric import Metric, apply_metric, gradient_metric, plain_metric
from ntkreg.ntk.options import Candidate, Options
from ntkreg.ntk.path import (
    Spectrum,
    accelerated_filters,
    decompose,
    gradient_descent_filter,
    predictions_along,
    step_grid,
)
from ntkreg.ntk.profiles import profile_at_one
from ntkreg.ntk.results import Branch
from ntkreg.preprocessing.embedding import embed, fit_embedding

Array = NDArray[np.float64]

MAX_METRIC_ROWS = 400
MAX_SELECTION_ROWS = 1000
FOLD_ITERATIONS = 8
LARGEST_STEP_COUNT = 1e10


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
    """

    plain: Array
    accelerated: Array


def step_grids(options: Options) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of steps that are tried, of the plain and the accelerated iteration."""
    return step_grid(LARGEST_STEP_COUNT), step_grid(options.max_accelerated_steps, 1.12)


def _decomposed(fold: PreparedFold, depth: int, options: Options) -> tuple[Spectrum, Array]:
    """Return the spectrum of the training rows, and the kernel of the test rows with them."""
    branches = at_depth(fold.metric, depth)
    kernel = gram(fold.inputs, None, branches)
    cross = gram(fold.others, fold.inputs, branches)
    if options.fit_intercept:
        cross -= kernel.mean(axis=0)
        kernel = centre(kernel)
    return decompose(kernel), cross


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
    plain = np.empty((len(steps), *shape))
    accelerated = np.empty((len(fast), *shape))
    parts = [_decomposed(fold, depth, options) for fold in folds]
    quick = accelerated_filters([spectrum.values for spectrum, _ in parts], fast)
    for fold, (spectrum, cross), accelerated_part in zip(folds, parts, quick, strict=True):
        rate = 1.0 / spectrum.values[0] if spectrum.values[0] > 0 else 1.0
        slow = gradient_descent_filter(spectrum.values, rate, steps)
        values = fold.target.values
        mean = values.mean(axis=0)
        for path, filters in ((plain, slow), (accelerated, accelerated_part)):
            # the intercept's direction has eigenvalue 0: no part of the target may lie in it
            predicted = predictions_along(spectrum, values - mean, cross, filters) + mean
            path[:, fold.test] = predicted * fold.target.scale + fold.target.mean
    return HeldOut(plain, accelerated)
