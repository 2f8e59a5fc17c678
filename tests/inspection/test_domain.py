"""The domain holds its training rows and flags rows unlike them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ntkreg.inspection import fit_domain


@pytest.fixture
def table(rng):
    x = rng.normal(size=200)
    return pd.DataFrame(
        {
            "f0": 100 + 10 * x,
            "f1": x + 0.1 * rng.normal(size=200),
            "f2": pd.Series(rng.choice(["a", "b"], 200), dtype=object),
        }
    )


def row(f0, f1, f2):
    return pd.DataFrame({"f0": [f0], "f1": [f1], "f2": pd.Series([f2], dtype=object)})


def test_training_rows_are_inside(table):
    assert fit_domain(table).inside(table).mean() >= 0.97


def test_new_rows_of_the_same_kind_are_mostly_inside(table, rng):
    x = rng.normal(size=400)
    new = pd.DataFrame({"f0": 100 + 10 * x, "f1": x + 0.1 * rng.normal(size=400), "f2": "a"})
    assert fit_domain(table).inside(new).mean() > 0.93


@pytest.mark.parametrize(
    ("far", "beyond"),
    [
        (row(1000.0, 0.0, "a"), [True, False, False]),
        (row(100.0, 0.0, "z"), [False, False, True]),
        # each within its own range, but never together
        (row(115.0, -1.5, "a"), [False, False, False]),
    ],
)
def test_rows_unlike_the_training_rows_are_outside(table, far, beyond):
    domain = fit_domain(table)
    assert domain.inside(far).tolist() == [False]
    assert domain.beyond(far).tolist() == [beyond]


def test_a_missing_cell_is_not_outside_by_itself(table):
    domain = fit_domain(table)
    assert domain.inside(row(np.nan, 0.0, None)).tolist() == [True]
    assert domain.inside(row(np.nan, np.nan, "a")).tolist() == [True]


def test_a_design_of_repeated_settings_leaves_room_between_its_settings():
    settings = np.repeat(np.arange(5.0), 10)
    domain = fit_domain(pd.DataFrame({"f0": settings}))
    assert domain.inside(pd.DataFrame({"f0": [2.5, 9.0]})).tolist() == [True, False]


def test_the_unit_of_a_column_does_not_matter(table):
    other = table.assign(f0=table["f0"] * 1e-3 + 5)
    np.testing.assert_allclose(
        fit_domain(table).distances(table), fit_domain(other).distances(other), atol=1e-9
    )


def test_it_is_made_of_arrays_texts_and_numbers_only(table):
    domain = fit_domain(table, ["温度", "圧力", "材質"])
    for field in dataclasses.fields(domain):
        value = getattr(domain, field.name)
        assert isinstance(value, np.ndarray | list | int | float), field.name
    assert domain.labels == ["温度", "圧力", "材質"]
    again = type(domain)(**{f.name: getattr(domain, f.name) for f in dataclasses.fields(domain)})
    assert (again.inside(table) == domain.inside(table)).all()


def test_one_row_and_no_row():
    one = pd.DataFrame({"f0": [3.0]})
    assert fit_domain(one).inside(pd.DataFrame({"f0": [3.0, 4.0]})).tolist() == [True, False]
    assert fit_domain(one).inside(one.head(0)).tolist() == []
    with pytest.raises(ValueError, match=r"at least one row and one column, got \(0, 1\)"):
        fit_domain(one.head(0))
