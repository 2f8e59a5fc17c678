"""Shapley values from a designed experiment on each pair of a row and a background row.

Write the column's mean contribution to random sets of a given size as a function of that size: the
Shapley value is its mean over all sizes. For interactions of at most three columns the function is
a parabola, symmetric once a set and its complement are averaged, and Simpson's rule needs two
points of it:

    ends     the column alone against none, and all columns against all but it;
    middle   sets of half the columns: main effects of the rows of a Hadamard matrix and their
             complements, in which interactions of two columns cancel and those of three columns
             fall on the columns not among them, with signs that are drawn.

So models with interactions of at most two columns are exact, those of three without bias; an
interaction of five or more columns counts a third of itself for each column instead of a fifth or
less. At equal numbers of evaluations the error is half of that of random orders.

Sources: Plackett and Burman (1946), Biometrika 33, 305-325 (the design); Box and Wilson (1951),
JRSS B 13, 1-45 (complements: fold-over).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

from ntkreg.inspection.attribution.batches import BATCH, Game, Matrix, batched


def design_size(n_columns: int) -> int:
    """Return the number of sets in a design, without their complements: a power of 2 above p."""
    return 1 << n_columns.bit_length()


def evaluations(n_columns: int, n_repeats: int) -> int:
    """Return how many predictions one row with one background row takes."""
    return 2 * n_columns + 2 * design_size(n_columns) * n_repeats


def design_values(game: Game, n_repeats: int, rng: np.random.Generator) -> Matrix:
    """Shapley values from ends and designs of every row with every background row.

    Parameters
    ----------
    game : Game
        Model, rows and background; p = `game.n_columns`.
    n_repeats : int
        Designs, at least 1, for each row and background row.
    rng : Generator
        Draws which columns of the Hadamard matrix are used, and their signs.

    Returns
    -------
    ndarray of shape (n_rows, p)
        They add up exactly: what the rule leaves of the difference is shared equally among the
        columns whose two end contributions are not both zero; the others get exactly zero.
    """
    p, n_background = game.n_columns, len(game.background)
    at_rows = batched(game.predict, game.rows)
    at_background = batched(game.predict, game.background)
    values = np.zeros((len(game.rows), p))
    pairs = np.arange(len(game.rows) * n_background)
    step = max(1, BATCH // evaluations(p, n_repeats))
    for start in range(0, len(pairs), step):
        i, b = np.divmod(pairs[start : start + step], n_background)
        members = [np.broadcast_to(np.eye(p, dtype=bool), (len(i), p, p))]
        members += [_draw_design(len(i), p, rng) for _ in range(n_repeats)]
        sets, complements = _predict(game, i, b, np.concatenate(members, axis=1))
        first = sets[:, :p] - at_background[b, None]
        last = at_rows[i, None] - complements[:, :p]
        odd = (sets - complements) / 2.0
        signs = np.where(np.concatenate(members[1:], axis=1), 1.0, -1.0)
        effects = np.einsum("knp,kn->kp", signs, odd[:, p:]) / signs.shape[1]
        # Simpson's rule: the ends count 1/3, the middle, twice the main effect, 2/3
        found = (first + last) / 6.0 + effects * (4.0 / 3.0)
        counts = (first != 0) | (last != 0)
        found[~counts] = 0.0
        rest = at_rows[i] - at_background[b] - found.sum(axis=1)
        found += counts * (rest / np.maximum(counts.sum(axis=1), 1))[:, None]
        np.add.at(values, i, found)
    return values / n_background


def _draw_design(n_pairs: int, p: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return sets of columns for each pair, shape (n_pairs, design_size(p), p)."""
    matrix = hadamard(design_size(p))[:, 1:] > 0
    used = np.argsort(rng.random((n_pairs, matrix.shape[1])), axis=1)[:, :p]
    flipped = rng.random((n_pairs, 1, p)) < 0.5
    drawn: NDArray[np.bool_] = np.moveaxis(matrix[:, used], 0, 1) ^ flipped
    return drawn


def _predict(
    game: Game, i: NDArray[np.int64], b: NDArray[np.int64], members: NDArray[np.bool_]
) -> tuple[Matrix, Matrix]:
    """Return the predictions for the sets and for their complements, shape (n_pairs, n_sets)."""
    taken = np.concatenate([members, ~members], axis=1)[:, :, game.owner]
    mixed = np.where(taken, game.rows[i][:, None], game.background[b][:, None])
    predicted = batched(game.predict, mixed.reshape(-1, mixed.shape[2])).reshape(len(i), -1)
    sets, complements = np.split(predicted, 2, axis=1)
    return sets, complements
