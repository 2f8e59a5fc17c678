"""Columns that move together, measured pair by pair and grouped."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, spearmanr

from ntkreg.inspection.association import (
    association,
    explained_by_levels,
    level_codes,
    shared_levels,
)
from ntkreg.inspection.clusters import association_matrix, find_clusters, leaf_order


@pytest.fixture
def mixed(make_dataset, rng):
    steel = rng.integers(3, size=80)
    carbon = np.exp(steel + 0.1 * rng.normal(size=80))
    carbon[::9] = np.nan
    names = np.array(["S25C", "S35C", "S45C"], dtype=object)[steel]
    columns = {
        "炭素量": carbon,
        "鋼種": names,
        "温度": rng.normal(size=80),
        "記号": np.array(["甲", "乙", "丙"], dtype=object)[steel],
        "一定": np.ones(80),
    }
    return make_dataset(columns, rng.normal(size=80))


def test_the_matrix_is_what_each_pair_gives_alone(mixed):
    matrix, features = association_matrix(mixed), mixed.features
    carbon, heat = features["f0"].to_numpy(), features["f2"].to_numpy()
    known = np.isfinite(carbon)
    ranks = rankdata(carbon, nan_policy="omit")
    # ranks of the other column are those of all its rows
    wanted = np.corrcoef(ranks[known], rankdata(heat)[known])[0, 1]
    assert matrix[0, 2] == pytest.approx(wanted)
    assert wanted == pytest.approx(spearmanr(carbon[known], heat[known]).statistic, abs=0.02)
    assert matrix[0, 1] == pytest.approx(np.sqrt(explained_by_levels(features["f1"], ranks)))
    assert matrix[1, 3] == pytest.approx(association(features["f1"], features["f3"]))
    assert matrix == pytest.approx(matrix.T)
    assert matrix[4].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]


def test_clusters_hold_numbers_and_categories(mixed):
    found = find_clusters(mixed)
    assert found.members == ((0, 1, 3),)
    assert (found.of(3), found.of(2)) == ((0, 1, 3), (2,))


def test_every_two_columns_of_a_cluster_are_above_the_limit(make_dataset, rng):
    walk = np.cumsum(rng.normal(size=(400, 6)), axis=1)
    dataset = make_dataset({f"x{k}": column for k, column in enumerate(walk.T)}, walk[:, 0])
    found = find_clusters(dataset)
    assert found.members
    for group in found.members:
        assert np.abs(found.strengths[np.ix_(group, group)]).min() > 0.8
    # neighbours of the walk are alike, its ends are not: a chain is no cluster
    assert np.abs(np.diag(found.strengths, 1)[2:]).min() > 0.8 > abs(found.strengths[0, 5])


def test_opposite_columns_are_one_cluster(make_dataset, rng):
    x = rng.normal(size=40)
    dataset = make_dataset({"a": x, "b": -(x**3), "c": rng.normal(size=40)}, x)
    found = find_clusters(dataset)
    assert found.members == ((0, 1),)
    assert found.strengths[0, 1] == pytest.approx(-1.0)
    assert leaf_order(found.strengths) in ([0, 1, 2], [1, 0, 2], [2, 0, 1], [2, 1, 0])


@pytest.mark.parametrize("n_columns", [0, 1])
def test_fewer_than_two_columns_form_no_cluster(make_dataset, rng, n_columns):
    columns = {f"x{k}": rng.normal(size=30) for k in range(n_columns)}
    assert find_clusters(make_dataset(columns, rng.normal(size=30))).members == ()


def test_many_small_levels_do_not_go_together_by_chance(rng):
    first, second = (pd.Series(rng.integers(40, size=120).astype(str)) for _ in range(2))
    assert shared_levels(level_codes(first), level_codes(second)) < 0.25
    assert shared_levels(level_codes(first), level_codes(first)) == pytest.approx(1.0)
    assert shared_levels(np.zeros(120, dtype=int), level_codes(first)) == 0.0
