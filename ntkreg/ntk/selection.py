"""Held-out error along the whole training path, with everything learned from y learned anew.

Each fold fits the embedding and the metric on its own training rows, decomposes the kernel of each
candidate depth, and predicts its test rows after every number of steps, for plain gradient descent
and for the accelerated iteration alike. What is least over the folds is prescribed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold

from ntkreg.ntk.evidence import likelihood_metric
from ntkreg.ntk.kernel import centre, gram, profile_at_one
from ntkreg.ntk.metric import Metric, apply_metric, gradient_metric, plain_metric
from ntkreg.ntk.options import Options
from ntkreg.ntk.path import (
    accelerated_filter,
    decompose,
    gradient_descent_filter,
    n_deflated,
    predictions_along,
    step_grid,
)
from ntkreg.ntk.results import Branch
from ntkreg.preprocessing.embedding import embed, fit_embedding

Array = NDArray[np.float64]

MAX_METRIC_ROWS = 400
MAX_SELECTION_ROWS = 1000
MAX_DEPTH_ROWS = 400
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
    rows: Array, target: Array, options: Options, *, start: Metric | None = None
) -> Metric:
    """Learn the metric on at most 400 rows; `start` warm-starts the likelihood.

    It is learned at the smallest candidate depth and shared by the others.
    """
    branches = options.branches(min(options.depths))
    if options.metric is None or rows.shape[1] == 0 or len(rows) < 3:
        return plain_metric(rows.shape[1], branches, options.bias)
    if len(rows) > MAX_METRIC_ROWS:
        chosen = np.random.default_rng(options.random_state).choice(
            len(rows), MAX_METRIC_ROWS, replace=False
        )
        rows, target = rows[chosen], target[chosen]
    if options.metric == "gradient":
        return gradient_metric(rows, target, branches, bias=options.bias)
    iterations = 30 if start is None else FOLD_ITERATIONS
    return likelihood_metric(rows, target, branches, start=start, max_iterations=iterations)


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


def make_folds(
    n: int, groups: NDArray[np.int64] | None, options: Options
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return (train, test) positions of shuffled folds; rows of a group stay together."""
    seed = options.random_state
    if groups is not None and len(np.unique(groups)) >= 2:
        count = min(options.n_folds, len(np.unique(groups)))
        splitter = GroupKFold(count, shuffle=True, random_state=seed)
        return list(splitter.split(np.zeros(n), groups=groups))
    return list(KFold(min(options.n_folds, n), shuffle=True, random_state=seed).split(np.zeros(n)))


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


def prepare_folds(
    X: Array,
    y: Array,
    groups: NDArray[np.int64] | None,
    start: Metric,
    columns: NDArray[np.int64],
    options: Options,
) -> list[PreparedFold]:
    """Learn embedding, target scale and metric anew on the training rows of each fold.

    Parameters
    ----------
    X : ndarray of shape (n, n_columns)
    y : ndarray of shape (n, n_targets)
    groups : ndarray of shape (n,) of int, or None
    start : Metric
        Optimum of all rows: where a fold's own learning begins.
    columns : ndarray of shape (n_embedded,) of int
        Embedded columns of `start`; a fold with others (a constant column) starts afresh.
    options : Options
    """
    rng = np.random.default_rng(options.random_state)
    folds = []
    for train, test in make_folds(len(y), groups, options):
        # in random order, so that the first rows are a random subsample
        train = rng.permutation(train)[:MAX_SELECTION_ROWS]
        embedding = fit_embedding(X[train], normal_scores=options.normal_scores)
        rows, target = embed(embedding, X[train]), scale_target(y[train])
        same = np.array_equal(embedding.columns, columns)
        metric = learn_metric(rows, target.values, options, start=start if same else None)
        others = apply_metric(metric, embed(embedding, X[test]))
        folds.append(PreparedFold(apply_metric(metric, rows), others, target, test, metric))
    return folds


@dataclass(frozen=True)
class FoldPaths:
    """Held-out predictions along the paths of one depth, target units.

    Parameters
    ----------
    steps : ndarray of shape (n_times,)
        Numbers of steps of plain gradient descent.
    plain : ndarray of shape (n_times, n, n_targets)
    accelerated_steps : ndarray of shape (n_accelerated,)
    accelerated : ndarray of shape (n_accelerated, n, n_targets)
    """

    steps: NDArray[np.int64]
    plain: Array
    accelerated_steps: NDArray[np.int64]
    accelerated: Array


def held_out_paths(
    folds: list[PreparedFold],
    depth: int,
    shape: tuple[int, int],
    options: Options,
    max_rows: int | None = None,
) -> FoldPaths:
    """Predict every row from the fold that did not see it, after every number of steps.

    Parameters
    ----------
    folds : list of PreparedFold
    depth : int
    shape : tuple of int
        (n, n_targets).
    options : Options
    max_rows : int, optional
        Use at most so many training rows of each fold.
    """
    steps = step_grid(LARGEST_STEP_COUNT)
    fast = step_grid(options.max_accelerated_steps, 1.12)
    plain = np.empty((len(steps), *shape))
    accelerated = np.empty((len(fast), *shape))
    for fold in folds:
        inputs = fold.inputs[:max_rows]
        branches = at_depth(fold.metric, depth)
        kernel, cross = gram(inputs, None, branches), gram(fold.others, inputs, branches)
        if options.fit_intercept:
            cross -= kernel.mean(axis=0)
            kernel = centre(kernel)
        spectrum, values = decompose(kernel), fold.target.values[:max_rows]
        mean = values.mean(axis=0)
        rate = 1.0 / spectrum.values[0] if spectrum.values[0] > 0 else 1.0
        slow = gradient_descent_filter(spectrum.values, rate, steps)
        quick = accelerated_filter(
            spectrum.values, n_deflated(spectrum.values), options.max_accelerated_steps
        )[fast]
        for path, filters in ((plain, slow), (accelerated, quick)):
            # the intercept's direction has eigenvalue 0: no part of the target may lie in it
            predicted = predictions_along(spectrum, values - mean, cross, filters) + mean
            path[:, fold.test] = predicted * fold.target.scale + fold.target.mean
    return FoldPaths(steps, plain, fast, accelerated)
