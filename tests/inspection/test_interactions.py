"""Pairs that a model does not add up are found and drawn inside the data."""

import numpy as np
import pytest

from ntkreg.inspection import explain
from ntkreg.inspection.attribution.interactions import find_interactions, leading_columns


@pytest.fixture
def table(make_dataset, rng):
    x = rng.uniform(-1, 1, size=(90, 4))
    x[:, 3] = 0.98 * x[:, 0] + 0.02 * x[:, 3]
    columns = {f"c{j}": x[:, j] for j in range(4)}
    levels = rng.choice(["銅", "鉄", "真鍮"], 90).astype(object)
    levels[0] = None
    return make_dataset(columns | {"材質": list(levels)}, x[:, 0])


def found_in(table, formula, function, columns=None):
    model = formula(function)
    explanation = explain(model, "ntk", table)
    columns = leading_columns(explanation) if columns is None else columns
    return find_interactions(model, explanation, columns, table)


def test_a_sum_has_no_interaction(table, formula):
    found = found_in(table, formula, lambda t: 2 * t["f0"] + t["f1"] ** 3 + (t["f4"] == "銅"))
    assert len(found) == 3
    assert max(pair.relative for pair in found) < 1e-12


def test_a_product_is_nothing_but_interaction(table, formula):
    first, *others = found_in(table, formula, lambda t: t["f1"] * t["f2"] + 0.1 * t["f0"])
    assert {first.moved, first.held} == {1, 2}
    # both columns have means near 0, so nearly nothing is left for either alone
    assert first.share > 0.9
    assert first.relative > 0.8
    assert all(pair.relative < 1e-12 for pair in others)


def test_the_size_has_the_closed_form(table, formula):
    (pair,) = found_in(table, formula, lambda t: 5 * t["f1"] * t["f2"], (1, 2))
    # of 5 (x - mean x)(z - mean z), means over a background that stands for the table
    x, z = (table.features[key].to_numpy() for key in ("f1", "f2"))
    expected = 5 * np.std((x - x.mean()) * (z - z.mean()))
    assert pair.size == pytest.approx(expected, rel=0.15)


def test_curves_turn_with_the_other_column(table, formula):
    (pair,) = found_in(table, formula, lambda t: t["f1"] * t["f2"], (1, 2))
    slopes = [np.ptp(c.y) * np.sign(c.y[-1] - c.y[0]) for c in pair.curves]
    held = [c.held for c in pair.curves]
    assert held == sorted(held)
    assert slopes[0] < -0.5 < 0.5 < slopes[2]
    assert abs(slopes[1]) < 0.3


def test_curves_stay_inside_the_data(table, formula):
    (pair,) = found_in(table, formula, lambda t: t["f0"] * t["f3"], (0, 3))
    assert pair.together > 0.95
    moved = table.features[f"f{pair.moved}"].to_numpy()
    held = table.features[f"f{pair.held}"].to_numpy()
    for curve, third in zip(pair.curves, np.split(np.sort(held), 3), strict=True):
        near = moved[(held >= third[0] - 0.1) & (held <= third[-1] + 0.1)]
        assert near.min() <= curve.x[0] < curve.x[-1] <= near.max()


def test_a_category_has_a_curve_for_each_level(table, formula):
    def turned(t):
        return t["f0"] * np.where(t["f4"] == "銅", 1, -1)

    (pair,) = found_in(table, formula, turned, (0, 4))
    assert (pair.moved, pair.held) == (0, 4)
    slopes = {c.held: c.y[-1] - c.y[0] for c in pair.curves}
    assert slopes["銅"] > 0 > max(slopes["鉄"], slopes["真鍮"])


def test_two_categories_are_compared_level_by_level(make_dataset, formula, rng):
    columns = {name: list(rng.choice(["a", "b"], 60)) for name in ("機械", "材質")}
    table = make_dataset(columns, rng.normal(size=60))
    (pair,) = found_in(table, formula, lambda t: 1.0 * (t["f0"] == t["f1"]))
    assert [(c.held, c.x, c.y) for c in pair.curves] == [
        ("a", ("a", "b"), (1.0, 0.0)),
        ("b", ("a", "b"), (0.0, 1.0)),
    ]


def test_one_column_has_no_pair(table, formula):
    assert found_in(table, formula, lambda t: t["f0"]) == ()


def test_pairs_cost_a_tenth_of_the_values(table):
    class Counting:
        n_rows = 0

        def predict(self, t):
            self.n_rows += len(t)
            return np.asarray(t["f0"] * t["f1"], dtype=np.float64)

    model = Counting()
    explanation = explain(model, "ntk", table)
    model.n_rows = 0
    find_interactions(model, explanation, (0, 1, 2, 3, 4), table)
    assert model.n_rows < 100_000
