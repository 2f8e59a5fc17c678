"""Columns on which two models say different things are found, and only those."""

import numpy as np
import pytest

from ntkreg.inspection import explain
from ntkreg.inspection.attribution.agreement import compare_explanations, rank_correlation


@pytest.fixture
def table(make_dataset, rng):
    columns = {f"c{j}": rng.normal(size=80) for j in range(4)}
    return make_dataset(columns | {"材質": list(rng.choice(["銅", "鉄"], 80))}, rng.normal(size=80))


def compare(table, formula, first, second):
    models = [
        explain(formula(f), name, table) for name, f in (("ntk", first), ("lightgbm", second))
    ]
    return compare_explanations(*models, table)


def differences(found):
    return {a.index: a.differences for a in found if a.differences}


def test_a_model_agrees_with_itself(table, formula):
    def plane(t):
        return 3 * t["f0"] - 2 * t["f1"] + t["f2"] ** 2 + (t["f4"] == "銅")

    found = compare(table, formula, plane, plane)
    assert differences(found) == {}
    assert [a.directions for a in found] == [(1, 1), (-1, -1), (0, 0), (0, 0), (0, 0)]
    assert [a.matters for a in found] == [True, True, True, False, True]
    assert found[0].correlation == pytest.approx(1)
    assert np.isnan(found[3].correlation)


def test_opposite_directions_are_the_gravest_difference(table, formula):
    found = compare(table, formula, lambda t: t["f0"] + t["f1"], lambda t: t["f0"] - t["f1"])
    assert differences(found) == {1: ("direction", "rows")}
    assert found[1].directions == (1, -1)


def test_another_shape_moves_other_rows(table, formula):
    def shape(t):
        return t["f0"] + (t["f1"] ** 2 - 1) / 2

    found = compare(table, formula, lambda t: t["f0"] + t["f1"], shape)
    assert differences(found) == {1: ("rows",)}
    assert found[1].directions == (1, 0)


def test_a_share_that_differs_by_a_factor_of_two_is_said(table, formula):
    found = compare(
        table, formula, lambda t: t["f0"] + 0.2 * t["f1"], lambda t: t["f0"] + 0.7 * t["f1"]
    )
    assert differences(found) == {1: ("share",)}


def test_a_column_that_one_model_leaves_out_differs_in_its_share(table, formula):
    found = compare(
        table,
        formula,
        lambda t: t["f0"] + t["f1"] + t["f2"],
        lambda t: t["f0"] + t["f1"],
    )
    assert differences(found) == {2: ("share",)}


def test_negligible_columns_are_never_different(table, formula):
    found = compare(
        table, formula, lambda t: t["f0"] + 0.01 * t["f1"], lambda t: t["f0"] - 0.02 * t["f1"]
    )
    assert differences(found) == {}
    assert found[1].matters is False


def test_levels_of_a_category_are_compared_row_by_row(table, formula):
    found = compare(
        table, formula, lambda t: 1.0 * (t["f4"] == "銅"), lambda t: 1.0 * (t["f4"] == "鉄")
    )
    assert differences(found) == {4: ("rows",)}


def test_only_rows_that_both_explain_are_compared(table, formula):
    plane = formula(lambda t: t["f0"] + t["f1"])
    few = explain(plane, "ntk", table, max_rows=20, seed=1)
    found = compare_explanations(few, explain(plane, "lightgbm", table), table)
    assert found[0].correlation == pytest.approx(1)


def test_few_rows_and_constants_have_no_rank_correlation():
    assert np.isnan(rank_correlation(np.arange(9.0), np.arange(9.0)))
    assert np.isnan(rank_correlation(np.arange(10.0), np.ones(10)))
    assert rank_correlation(np.arange(10.0), -np.arange(10.0)) == pytest.approx(-1)
