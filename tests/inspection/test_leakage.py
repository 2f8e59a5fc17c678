"""Leaks are found, clean tables are not accused."""

import numpy as np
import pytest

from ntkreg.inspection import audit_leaks


@pytest.fixture
def clean(rng):
    x = {f"因子{j}": rng.normal(size=80) for j in range(5)}
    x["材質"] = rng.choice(["a", "b", "c"], 80).astype(object)
    return x, 3 * x["因子0"] - x["因子1"] + 0.3 * rng.normal(size=80) + 20


def codes(dataset):
    return [(suspect.column, suspect.message.code) for suspect in audit_leaks(dataset)]


def test_a_clean_table_has_no_suspects(make_dataset, clean):
    assert audit_leaks(make_dataset(*clean)) == ()


LEAKS = {
    "W401": lambda y, _: y.round(2),
    "W402": lambda y, rng: 273.15 - 2 * y + 1e-3 * rng.normal(size=len(y)),
    "W403": lambda y, _: np.exp(y),
}


@pytest.mark.parametrize("code", LEAKS)
def test_a_column_that_is_or_follows_the_target_is_found(make_dataset, clean, rng, code):
    columns, y = clean
    dataset = make_dataset(columns | {"検査値": LEAKS[code](y, rng)}, y)
    assert codes(dataset) == [("検査値", code)]
    assert 0.999 < audit_leaks(dataset)[0].strength <= 1.0
    assert "検査値" in audit_leaks(dataset)[0].message.text("ja")


def test_missing_cells_do_not_hide_a_leak(make_dataset, clean):
    columns, y = clean
    copy = np.where(np.arange(80) % 3 == 0, np.nan, y)
    assert codes(make_dataset(columns | {"転記": copy}, y)) == [("転記", "W401")]


def test_a_category_that_fixes_the_target_is_found(make_dataset, clean, rng):
    columns, y = clean
    grade = rng.integers(4, size=80)
    y = 10.0 * grade + 0.01 * y
    columns |= {"等級": np.array([f"G{g}" for g in grade], dtype=object)}
    assert codes(make_dataset(columns, y)) == [("等級", "W404")]


def test_many_small_levels_are_no_leak_by_themselves(make_dataset, clean):
    columns, y = clean
    serial = np.array([f"S{i}" for i in range(80)], dtype=object)
    lot = np.array([f"L{i // 2}" for i in range(80)], dtype=object)
    assert audit_leaks(make_dataset(columns | {"連番": serial, "ロット": lot}, y)) == ()


@pytest.mark.parametrize(
    ("operation", "make"),
    [
        ("+", lambda a, b: a + b),
        ("−", lambda a, b: a - b),
        ("×", lambda a, b: a * b),
        ("÷", lambda a, b: a / b),
    ],
)
def test_two_columns_that_make_up_the_target_are_found(make_dataset, clean, rng, operation, make):
    columns, _ = clean
    a, b = rng.uniform(5, 9, size=80), rng.uniform(1, 4, size=80)
    dataset = make_dataset(columns | {"前": a.round(3), "後": b.round(3)}, make(a, b).round(2))
    (suspect,) = audit_leaks(dataset)
    assert suspect.message.values["operation"] == operation
    assert (suspect.column, suspect.message.values["other"]) == ("前", "後")


def test_few_rows_or_a_constant_target_prove_nothing(make_dataset, rng):
    x = rng.normal(size=9)
    assert audit_leaks(make_dataset({"検査値": x}, x)) == ()
    flat = np.ones(30)
    columns = {"検査値": flat, "材質": np.array(["a", "b"] * 15, dtype=object)}
    assert audit_leaks(make_dataset(columns, flat)) == ()
