"""Shapley values of any prediction function, evaluated in large batches.

The game of a row x with a background row b: the value of a set S of columns is the prediction at
the row that takes the columns of S from x and all others from b; games are averaged over the
background rows (interventional, or marginal, Shapley values). A column of the table may own
several columns of the model's matrix, which then move together.

Sources: Shapley (1953); Strumbelj and Kononenko (2014), Knowledge and Information Systems 41,
647-665 (sampling over permutations); Mitchell, Cooper, Frank and Holmes (2022), JMLR 23(43)
(antithetic permutations).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.inspection.attribution.batches import BATCH, Game, Matrix, batched
from ntkreg.inspection.attribution.designs import design_size, design_values, evaluations

MIN_BACKGROUND = 8
MAX_EXACT_COLUMNS = 12
MIN_ROWS = 20


@dataclass(frozen=True)
class Sampling:
    """How many evaluations are spent, and on what.

    Parameters
    ----------
    method : {"exact", "design", "permutation"}
        All sets of columns, designed sets of columns, or random orders of the columns.
    n_rows : int
        Rows that can be explained.
    n_background : int
        Background rows used.
    n_repeats : int
        Designs, or pairs of a random order and its reverse, for each row and background row (0 for
        "exact").
    """

    method: Literal["exact", "design", "permutation"]
    n_rows: int
    n_background: int
    n_repeats: int


def plan_sampling(n_rows: int, n_columns: int, n_background: int, max_evaluations: int) -> Sampling:
    """Spend a given number of model evaluations well.

    All 2^p sets are evaluated when that is affordable with all background rows and at most 12
    columns; else designs (:mod:`ntkreg.inspection.attribution.designs`) when these are: fewer
    background rows cost more accuracy than fewer sets (docs/performance.md). Otherwise orders of
    the columns are drawn, at 2 (p - 1) evaluations a pair, with as many background rows as possible
    before any is used twice. When not even 8 background rows are affordable, fewer rows are
    explained (but at least 20: only then may the limit be exceeded).

    Parameters
    ----------
    n_rows : int
        Rows to explain.
    n_columns : int
        Table columns p.
    n_background : int
        Background rows there are.
    max_evaluations : int
        Limit on the number of predicted rows.

    Returns
    -------
    Sampling
    """
    for_pair = max_evaluations // (n_rows * n_background)
    if n_columns <= MAX_EXACT_COLUMNS and for_pair >= 2**n_columns:
        return Sampling("exact", n_rows, n_background, 0)
    if for_pair >= evaluations(n_columns, 1):
        n_repeats = (for_pair - 2 * n_columns) // (2 * design_size(n_columns))
        return Sampling("design", n_rows, n_background, n_repeats)
    fewest = min(MIN_BACKGROUND, n_background)
    per_walk = max(1, 2 * (n_columns - 1))
    n_rows = min(n_rows, max(MIN_ROWS, max_evaluations // (per_walk * fewest)))
    walks = max_evaluations // (per_walk * n_rows)
    used = min(n_background, max(fewest, walks))
    return Sampling("permutation", n_rows, used, max(1, walks // used))


def shapley_values(game: Game, sampling: Sampling, *, seed: int = 0) -> Matrix:
    """Shapley values of every row by table column.

    Parameters
    ----------
    game : Game
        Model, rows and background (all of its rows and background rows are used).
    sampling : Sampling
        Method and number of repeats, from :func:`plan_sampling`.
    seed : int, default=0
        Draws the orders or designs.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
        In the unit of the prediction. The sum over columns plus the mean prediction on the
        background is the prediction of the row, up to rounding, with any method.
    """
    if sampling.method == "exact":
        return exact_values(game)
    rng = np.random.default_rng(seed)
    if sampling.method == "design":
        return design_values(game, sampling.n_repeats, rng)
    return permutation_values(game, sampling.n_repeats, rng)


def exact_values(game: Game) -> Matrix:
    """Shapley values from all 2^p sets of columns.

    phi_j = sum over S without j of |S|! (p - |S| - 1)! / p! [v(S + j) - v(S)].

    Parameters
    ----------
    game : Game
        Model, rows and background; p = `game.n_columns`.

    Returns
    -------
    ndarray of shape (n_rows, p)
    """
    p = game.n_columns
    sets = np.arange(2**p)
    members = (sets[:, None] >> np.arange(p)) & 1 == 1
    value = worth(game, members)
    size = members.sum(axis=1)
    weight = np.array([1 / (p * math.comb(p - 1, s)) for s in range(p)])
    values = np.empty((len(game.rows), p))
    for j in range(p):
        # difference before weighting: a column that never matters gets exactly zero
        without = sets[~members[:, j]]
        values[:, j] = (value[:, without | (1 << j)] - value[:, without]) @ weight[size[without]]
    return values


def worth(game: Game, members: NDArray[np.bool_]) -> Matrix:
    """Return the value of sets of columns at every row, averaged over the background.

    Parameters
    ----------
    game : Game
        Model, rows and background; p = `game.n_columns`.
    members : ndarray of shape (n_sets, p) of bool
        Which columns are in a set.

    Returns
    -------
    ndarray of shape (n_rows, n_sets)
    """
    n_sets, n_background = len(members), len(game.background)
    total = np.zeros((len(game.rows), n_sets))
    taken = members[:, game.owner]
    step = max(1, BATCH // n_sets)
    pairs = np.arange(len(game.rows) * n_background)
    for start in range(0, len(pairs), step):
        i, b = np.divmod(pairs[start : start + step], n_background)
        mixed = np.where(taken, game.rows[i][:, None], game.background[b][:, None])
        predicted = game.predict(mixed.reshape(-1, mixed.shape[2]))
        np.add.at(total, i, predicted.reshape(len(i), n_sets))
    return total / n_background


def permutation_values(game: Game, n_pairs: int, rng: np.random.Generator) -> Matrix:
    """Shapley values from random orders of the columns, each with its reverse.

    For every row and background row the columns change from background to row one after another;
    a column is credited with the change of the prediction at its turn. Changes of one walk add up
    to the whole difference, so additivity is exact. A walk together with its reverse is exact for
    models whose interactions involve at most two columns.

    Parameters
    ----------
    game : Game
        Model, rows and background; p = `game.n_columns`.
    n_pairs : int
        Pairs of walks for each row and background row.
    rng : Generator
        Draws the orders, anew for every walk.

    Returns
    -------
    ndarray of shape (n_rows, p)
    """
    p, n_background = game.n_columns, len(game.background)
    at_rows = batched(game.predict, game.rows)
    at_background = batched(game.predict, game.background)
    values = np.zeros((len(game.rows), p))
    walks = np.arange(len(game.rows) * n_background * n_pairs)
    step = BATCH // max(1, 2 * (p - 1)) + 1
    for start in range(0, len(walks), step):
        i, rest = np.divmod(walks[start : start + step], n_background * n_pairs)
        b = rest % n_background
        rank = np.argsort(rng.random((len(i), p)), axis=1)
        credit = _walk(game, i, b, rank, at_rows[i], at_background[b])
        np.add.at(values, i, credit)
    return values / (n_background * n_pairs)


def _walk(
    game: Game,
    i: NDArray[np.int64],
    b: NDArray[np.int64],
    rank: NDArray[np.int64],
    at_rows: NDArray[np.float64],
    at_background: NDArray[np.float64],
) -> Matrix:
    """Credit of each column in walks from background rows `b` to rows `i`, shape (n_walks, p)."""
    n_walks, p = rank.shape
    turn = np.arange(1, p)[:, None]
    forward = rank[:, None, :] < turn
    members = np.concatenate([forward, ~forward], axis=1)[:, :, game.owner]
    mixed = np.where(members, game.rows[i][:, None], game.background[b][:, None])
    between = game.predict(mixed.reshape(-1, mixed.shape[2])) if p > 1 else np.empty(0)
    between = between.reshape(n_walks, 2, p - 1)
    there = np.column_stack([at_background, between[:, 0], at_rows])
    back = np.column_stack([at_rows, between[:, 1], at_background])
    credit = (np.diff(there, axis=1) - np.diff(back, axis=1)) / 2
    return np.take_along_axis(credit, rank, axis=1)
