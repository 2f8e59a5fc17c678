"""What stays together in the folds."""

import numpy as np
import pytest

from ntkreg.ntk.prescription.folds import duplicate_groups, make_designs, series_groups


def together(folds, groups):
    return all(not set(groups[train]) & set(groups[test]) for train, test in folds)


def series(n_specimens, n_settings, seed=0):
    rng = np.random.default_rng(seed)
    specimen = np.repeat(np.arange(n_specimens), n_settings)
    rows = rng.normal(size=(n_specimens, 3))[specimen]
    return np.column_stack([rows, np.tile(np.arange(n_settings), n_specimens)]), specimen


def test_equal_rows_stay_together():
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(30, 4)), 2, axis=0)
    labels = np.repeat(np.arange(30), 2)
    designs = make_designs(X, None, None, 0)
    assert together(designs.judging, labels)
    assert not designs.by_series


def test_rows_that_all_differ_have_no_duplicates():
    assert duplicate_groups(np.random.default_rng(0).normal(size=(20, 2))) is None


def test_the_specimens_of_a_series_are_found():
    X, specimen = series(9, 4)
    found = series_groups(X)
    np.testing.assert_array_equal(np.unique(found, return_inverse=True)[1] >= 0, True)
    pairs = {(int(a), int(b)) for a, b in zip(found, specimen, strict=True)}
    assert len(pairs) == len(set(found)) == 9


def test_choices_are_made_on_whole_series_and_judged_on_rows():
    X, specimen = series(9, 4)
    designs = make_designs(X, None, None, 0)
    assert designs.by_series
    assert together(designs.choosing, specimen)
    assert not together(designs.judging, specimen)


@pytest.mark.parametrize(
    "X",
    [
        pytest.param(np.random.default_rng(0).normal(size=(60, 4)), id="all different"),
        pytest.param(series(4, 15)[0], id="four specimens"),
        pytest.param(series(30, 1)[0], id="one row each"),
        pytest.param(series(9, 4)[0][:, [0, 3]], id="one other column"),
        pytest.param(series(150, 4)[0], id="600 rows"),
    ],
)
def test_no_series_is_seen_where_there_is_none_or_too_few(X):
    assert not make_designs(X, None, None, 0).by_series


def test_the_users_groups_are_the_only_design():
    X, _ = series(9, 4)
    groups = np.arange(36) % 6
    designs = make_designs(X, groups, None, 0)
    assert not designs.by_series
    assert together(designs.judging, groups)


@pytest.mark.parametrize(("n", "expected"), [(8, 8), (100, 10), (200, 10), (201, 5)])
def test_small_tables_have_ten_folds(n, expected):
    X = np.random.default_rng(0).normal(size=(n, 2))
    assert len(make_designs(X, None, None, 0).judging) == expected
