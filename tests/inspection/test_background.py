"""Background rows stand for the table when they are weighted equally."""

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from ntkreg.inspection import choose_background


def energy_distance(chosen, table):
    between = cdist(chosen, table).mean()
    return 2 * between - cdist(chosen, chosen).mean() - cdist(table, table).mean()


def test_rows_are_distinct_and_as_many_as_wanted(rng):
    table = pd.DataFrame(rng.normal(size=(80, 3)), columns=["f0", "f1", "f2"])
    rows = choose_background(table, 20)
    assert len(set(rows.tolist())) == 20
    assert (np.diff(rows) > 0).all()
    assert choose_background(table.head(7), 20).tolist() == list(range(7))


def test_they_are_closer_to_the_table_than_random_rows_of_that_number(rng):
    table = rng.standard_t(3, size=(300, 4))
    table /= table.std(axis=0)
    chosen = choose_background(pd.DataFrame(table, columns=list("abcd")), 25)
    drawn = [energy_distance(table[rng.choice(300, 25, replace=False)], table) for _ in range(50)]
    assert energy_distance(table[chosen], table) < min(drawn)


def test_categories_appear_about_as_often_as_in_the_table():
    levels = np.array(["a"] * 60 + ["b"] * 30 + ["c"] * 10, dtype=object)
    chosen = choose_background(pd.DataFrame({"f0": levels}), 20)
    counts = pd.Series(levels[chosen]).value_counts()
    assert counts.to_dict() == {"a": 12, "b": 6, "c": 2}


def test_missing_cells_and_large_tables_are_handled(rng):
    table = pd.DataFrame({"f0": rng.normal(size=2500), "f1": np.nan})
    rows = choose_background(table, 10, seed=3)
    assert (rows == choose_background(table, 10, seed=3)).all()
    assert len(rows) == 10
