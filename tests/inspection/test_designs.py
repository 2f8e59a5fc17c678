"""Designs give the axioms exactly, few-column interactions without bias, and less noise."""

import numpy as np
import pytest

from ntkreg.inspection.attribution.batches import Game
from ntkreg.inspection.attribution.designs import design_size, design_values, evaluations
from ntkreg.inspection.attribution.shapley import exact_values, permutation_values

P = 7


def game_of(predict, seed=0, n_rows=4, n_background=6, p=P):
    rng = np.random.default_rng(seed)
    rows, background = rng.normal(size=(n_rows, p)), rng.normal(size=(n_background, p))
    return Game(predict, rows, background, np.arange(p), p)


def cubic(m):
    tensor = np.random.default_rng(9).normal(size=(P, P, P))
    return np.einsum("ij,ik,il,jkl->i", m, m, m, tensor)


def test_interactions_of_two_columns_are_exact():
    pairs = np.random.default_rng(9).normal(size=(P, P))
    game = game_of(lambda m: np.einsum("ij,jk,ik->i", m, pairs, m) + np.sin(m[:, 0]))
    found = design_values(game, 1, np.random.default_rng(0))
    np.testing.assert_allclose(found, exact_values(game), atol=1e-12)


def test_interactions_of_three_columns_have_no_bias():
    game = game_of(cubic)
    exact = exact_values(game)
    found = np.array([design_values(game, 1, np.random.default_rng(s)) for s in range(400)])
    error = found.mean(axis=0) - exact
    # five standard errors of the mean, and nothing left of a bias of their size
    np.testing.assert_array_less(np.abs(error), 5.0 * found.std(axis=0) / 20.0 + 1e-12)
    assert np.abs(error).mean() < 0.02 * np.abs(exact).mean()


def test_designs_are_less_noisy_than_orders_for_as_many_evaluations():
    game = game_of(cubic)
    exact = exact_values(game)
    n_pairs = 4
    orders = n_pairs * 2 * (P - 1)
    n_repeats = 2
    assert evaluations(P, n_repeats) <= orders

    def error(values):
        return float(np.mean([np.mean((values(s) - exact) ** 2) for s in range(10)]))

    by_design = error(lambda s: design_values(game, n_repeats, np.random.default_rng(s)))
    by_orders = error(lambda s: permutation_values(game, n_pairs, np.random.default_rng(s)))
    assert by_design < 0.5 * by_orders


def test_values_add_up_and_ignored_columns_get_exactly_zero():
    game = game_of(lambda m: np.exp(m[:, 0] * m[:, 2]) + cubic(np.where(np.arange(P) == 3, 0.0, m)))
    found = design_values(game, 1, np.random.default_rng(0))
    total = found.sum(axis=1) + game.predict(game.background).mean()
    np.testing.assert_allclose(total, game.predict(game.rows), atol=1e-11)
    assert (found[:, 3] == 0).all()


@pytest.mark.parametrize("p", [1, 3, 4, 15, 16])
def test_the_number_of_evaluations_is_as_announced(p):
    counted = []

    def predict(m):
        counted.append(len(m))
        return m.sum(axis=1)

    game = game_of(predict, n_rows=3, n_background=5, p=p)
    found = design_values(game, 2, np.random.default_rng(0))
    assert sum(counted) == 15 * evaluations(p, 2) + 3 + 5
    assert p < design_size(p) <= 2 * p
    np.testing.assert_allclose(found, game.rows - game.background.mean(axis=0), atol=1e-12)
