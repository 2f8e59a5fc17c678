"""The axioms of Shapley values, and agreement of all ways to compute them."""

from itertools import permutations

import numpy as np
import pytest

from ntkreg.inspection.attribution.batches import Game
from ntkreg.inspection.attribution.shapley import (
    Sampling,
    exact_values,
    permutation_values,
    plan_sampling,
    shapley_values,
)


def wavy(m):
    return np.sin(m[:, 0] * m[:, 1]) + m[:, 2] * m[:, 0] * m[:, 3] + np.exp(0.3 * m[:, 4])


def game_of(predict, rng, *, n_rows=6, n_background=9, p=5):
    rows, background = rng.normal(size=(n_rows, p)), rng.normal(size=(n_background, p))
    return Game(predict, rows, background, np.arange(p), p)


def brute_force(game):
    """Shapley's own definition: the average over all orders of the columns."""
    values = np.zeros((len(game.rows), game.n_columns))
    orders = list(permutations(range(game.n_columns)))
    for i, row in enumerate(game.rows):
        for order in orders:
            mixed = game.background.copy()
            before = game.predict(mixed).mean()
            for j in order:
                mixed[:, j] = row[j]
                after = game.predict(mixed).mean()
                values[i, j] += (after - before) / len(orders)
                before = after
    return values


WAYS = [
    Sampling("exact", 6, 9, 0),
    Sampling("design", 6, 9, 1),
    Sampling("permutation", 6, 9, 2),
]


@pytest.mark.parametrize("sampling", WAYS, ids=lambda s: s.method)
def test_values_and_base_add_up_to_the_prediction(sampling, rng):
    game = game_of(wavy, rng)
    total = shapley_values(game, sampling).sum(axis=1) + wavy(game.background).mean()
    np.testing.assert_allclose(total, wavy(game.rows), rtol=0, atol=1e-12)


@pytest.mark.parametrize("sampling", WAYS, ids=lambda s: s.method)
def test_a_column_that_the_model_ignores_gets_exactly_zero(sampling, rng):
    values = shapley_values(game_of(lambda m: wavy(m[:, [0, 1, 2, 4, 4]]), rng), sampling)
    assert (values[:, 3] == 0).all()


@pytest.mark.parametrize("sampling", WAYS, ids=lambda s: s.method)
def test_a_linear_model_has_its_closed_form(sampling, rng):
    slopes = np.array([1.0, -2.0, 0.0, 3.0, 0.5])
    game = game_of(lambda m: m @ slopes + 4, rng)
    expected = slopes * (game.rows - game.background.mean(axis=0))
    np.testing.assert_allclose(shapley_values(game, sampling), expected, atol=1e-12)


def test_enumeration_is_the_average_over_all_orders(rng):
    game = game_of(wavy, rng, n_rows=2, n_background=3)
    np.testing.assert_allclose(exact_values(game), brute_force(game), atol=1e-12)


def eight(m):
    return wavy(m) + m[:, 5] * m[:, 6] - np.cos(m[:, 7] * m[:, 0])


def test_eight_columns_agree_with_all_40320_orders(rng):
    game = game_of(eight, rng, n_rows=1, n_background=3, p=8)
    members = (np.arange(256)[:, None] >> np.arange(8)) & 1 == 1
    mixed = np.where(members[:, None], game.rows[0], game.background)
    value = eight(mixed.reshape(-1, 8)).reshape(256, 3).mean(axis=1)
    orders = np.array(list(permutations(range(8))))
    after = np.cumsum(1 << orders, axis=1)
    credit = value[after] - value[after - (1 << orders)]
    expected = [credit[orders == j].mean() for j in range(8)]
    np.testing.assert_allclose(exact_values(game)[0], expected, rtol=0, atol=1e-12)


def test_eight_columns_agree_with_the_exact_explainer_of_shap(rng):
    import shap

    game = game_of(eight, rng, n_rows=3, p=8)
    masker = shap.maskers.Independent(game.background, max_samples=len(game.background))
    theirs = shap.explainers.Exact(eight, masker)(game.rows).values
    np.testing.assert_allclose(exact_values(game), theirs, rtol=0, atol=1e-9)


def test_columns_with_the_same_part_get_the_same_value(rng):
    game = game_of(lambda m: np.exp(m[:, 0] + m[:, 1]) * m[:, 2], rng)
    for table in (game.rows, game.background):
        table[:, 1] = table[:, 0]
    values = exact_values(game)
    np.testing.assert_allclose(values[:, 0], values[:, 1], atol=1e-12)


@pytest.mark.parametrize("sampling", WAYS, ids=lambda s: s.method)
def test_columns_that_a_model_only_adds_get_the_same_value(sampling, rng):
    game = game_of(lambda m: (m[:, 0] + m[:, 1]) ** 2 + m[:, 2], rng)
    for table in (game.rows, game.background):
        table[:, 1] = table[:, 0]
    values = shapley_values(game, sampling)
    np.testing.assert_allclose(values[:, 0], values[:, 1], atol=1e-12)


def test_an_order_and_its_reverse_are_exact_for_interactions_of_two(rng):
    pairs = rng.normal(size=(5, 5))
    game = game_of(lambda m: np.einsum("ij,jk,ik->i", m, pairs, m), rng)
    sampled = permutation_values(game, 1, np.random.default_rng(0))
    np.testing.assert_allclose(sampled, exact_values(game), atol=1e-12)


def test_sampling_comes_close_with_more_orders(rng):
    game = game_of(wavy, rng)
    exact = exact_values(game)
    errors = [
        np.abs(permutation_values(game, n, np.random.default_rng(0)) - exact).mean()
        for n in (1, 100)
    ]
    assert errors[1] < 0.2 * errors[0]


def test_columns_of_one_owner_move_together(rng):
    game = game_of(wavy, rng)
    joined = Game(wavy, game.rows, game.background, np.array([0, 1, 2, 2, 2]), 3)
    values = exact_values(joined)
    total = values.sum(axis=1) + wavy(game.background).mean()
    np.testing.assert_allclose(total, wavy(game.rows), atol=1e-12)
    np.testing.assert_allclose(values, brute_force_joined(joined), atol=1e-12)


def brute_force_joined(game):
    """Brute force on codes 0 to 5 for the rows and 6 to 14 for the background rows."""
    everything = np.concatenate([game.rows, game.background])

    def predict(codes):
        return game.predict(everything[codes[:, game.owner].astype(int), np.arange(5)])

    n = game.n_columns
    codes = np.repeat(np.arange(15.0)[:, None], n, axis=1)
    return brute_force(Game(predict, codes[:6], codes[6:], np.arange(n), n))


def test_one_column_takes_all(rng):
    game = game_of(lambda m: m[:, 0] ** 2, rng, p=1)
    expected = game.rows**2 - (game.background**2).mean()
    sampled = permutation_values(game, 1, np.random.default_rng(0))
    np.testing.assert_allclose(sampled, expected, atol=1e-12)


@pytest.mark.parametrize("n_rows", [1, 20, 200])
@pytest.mark.parametrize("p", [1, 2, 5, 12, 13, 40])
@pytest.mark.parametrize("n_background", [3, 50])
def test_the_plan_keeps_within_the_number_of_evaluations(n_rows, p, n_background):
    counted = []

    def predict(m):
        counted.append(len(m))
        return m.sum(axis=1)

    sampling = plan_sampling(n_rows, p, n_background, 20_000)
    shape = (sampling.n_rows, p), (sampling.n_background, p)
    game = Game(predict, np.ones(shape[0]), np.zeros(shape[1]), np.arange(p), p)
    shapley_values(game, sampling)
    # rows and background themselves are predicted on top
    assert sum(counted) <= 20_000 + n_rows + n_background
    assert max(counted) <= 3 * 4096
    assert sampling.n_rows == min(n_rows, sampling.n_rows)


def test_few_columns_are_enumerated_and_many_are_sampled():
    assert plan_sampling(200, 5, 50, 320_000) == Sampling("exact", 200, 50, 0)
    assert plan_sampling(200, 6, 50, 300_000).n_background == 50
    assert plan_sampling(200, 15, 50, 300_000) == Sampling("permutation", 200, 50, 1)
    assert plan_sampling(200, 15, 50, 620_000) == Sampling("design", 200, 50, 1)
    assert plan_sampling(200, 600, 50, 300_000) == Sampling("permutation", 31, 8, 1)


def test_the_same_seed_gives_the_same_values(rng):
    game = game_of(wavy, rng)
    first, again, other = (
        shapley_values(game, Sampling("permutation", 6, 9, 1), seed=s) for s in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()
