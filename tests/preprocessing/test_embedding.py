import numpy as np
import pytest

from ntkreg.preprocessing.embedding import embed, fit_embedding


@pytest.fixture
def columns():
    rng = np.random.default_rng(0)
    return np.column_stack(
        [
            rng.lognormal(2.0, 2.0, 200),
            rng.integers(0, 2, 200),
            np.full(200, 7.0),
            rng.normal(size=200),
        ]
    )


def test_constant_columns_are_left_out_and_two_valued_ones_appear_once(columns):
    embedding = fit_embedding(columns)
    assert embedding.columns.tolist() == [0, 1, 3, 0, 3]


def test_a_typical_row_has_norm_one(columns):
    rows = embed(fit_embedding(columns), columns)
    assert np.mean(np.sum(rows**2, axis=1)) == pytest.approx(1.0, abs=1e-12)


def test_normal_scores_depend_on_order_only(columns):
    plain = embed(fit_embedding(columns), columns)[:, 3]
    stretched = columns.copy()
    stretched[:, 0] = np.log(stretched[:, 0])
    np.testing.assert_allclose(embed(fit_embedding(stretched), stretched)[:, 3], plain, atol=1e-12)


def test_scores_are_held_constant_outside_the_training_range(columns):
    embedding = fit_embedding(columns)
    far = columns[:2].copy()
    far[:, 0] = [columns[:, 0].max(), columns[:, 0].max() * 100]
    assert embed(embedding, far)[0, 3] == embed(embedding, far)[1, 3]


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_the_unit_of_a_column_does_not_matter(columns, factor):
    scaled = columns * factor
    np.testing.assert_allclose(
        embed(fit_embedding(scaled), scaled), embed(fit_embedding(columns), columns), rtol=1e-9
    )


def test_a_column_of_few_levels_gets_an_indicator_a_level():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.choice([10.0, 20.0, 50.0], 60), rng.normal(size=60)])
    embedding = fit_embedding(X, kind="values+levels")
    assert embedding.columns.tolist() == [0, 1, 0, 0, 0]
    rows = embed(embedding, X) * np.sqrt(5)
    np.testing.assert_allclose(rows[:, 2:].sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_array_equal(rows[:, 3] > 0, X[:, 0] == 20.0)


def test_levels_need_ten_rows_each():
    X = np.repeat([1.0, 2.0, 3.0], 9)[:, None]
    assert fit_embedding(X, kind="values+levels").columns.tolist() == [0]


@pytest.mark.parametrize("kind", ["values", "values+scores", "clipped+scores", "values+levels"])
def test_rows_far_out_count_as_one_range_outside(columns, kind):
    embedding = fit_embedding(columns, kind=kind)
    low, high = columns.min(axis=0), columns.max(axis=0)
    edge = np.vstack([low - (high - low), high + (high - low)])
    far = np.vstack([low - 100 * (high - low), high + 1e6 * (high - low)])
    np.testing.assert_array_equal(embed(embedding, far), embed(embedding, edge))


def test_clipping_bounds_a_far_value():
    X = np.append(np.linspace(-1.0, 1.0, 999), 1e3)[:, None]
    rows = embed(fit_embedding(X, kind="clipped+scores"), X) * np.sqrt(2)
    assert rows[-1, 0] == pytest.approx(3.0, rel=0.01)
