"""What is found of a column in one look is what numpy and pandas find."""

import numpy as np
import pandas as pd
import pytest

from ntkreg.io import read_table
from ntkreg.io.cells import spread
from ntkreg.io.cells.spread import median_of, mostly_distinct, spread_of, whole_numbers

RNG = np.random.default_rng(0)
COLUMNS = {
    "normal": RNG.normal(size=60_000),
    "odd number": RNG.normal(size=60_001),
    "few decimals": RNG.normal(size=60_000).round(2),
    "sorted": np.arange(60_000.0),
    "two values": RNG.integers(0, 2, 60_000) * 1.0,
    "one value": np.full(60_000, 2.5),
    "waves": np.tile(np.arange(6.0), 10_000),
    "huge": RNG.uniform(-8e307, 8e307, 60_000),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_median_of_many_values_is_that_of_numpy(name):
    assert median_of(COLUMNS[name]) == np.median(COLUMNS[name])


@pytest.mark.parametrize("name", COLUMNS)
def test_ends_and_whole_numbers(name):
    values = COLUMNS[name].copy()
    values[::7] = np.nan
    distinct = np.unique(values[~np.isnan(values)])
    found = spread_of(values)
    assert (found.low, found.high) == (distinct[0], distinct[-1])
    if len(distinct) > 2:
        assert (found.second, found.last) == (distinct[1], distinct[-2])
    else:
        assert np.isnan([found.second, found.last]).all()
    expected = np.flatnonzero(values == np.round(values))
    np.testing.assert_array_equal(whole_numbers(values), expected)


def test_a_column_without_values_has_no_ends():
    assert np.isnan(spread_of(np.array([np.nan, np.nan])).low)
    assert np.isnan(spread_of(np.empty(0)).high)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e6])
def test_mostly_distinct_counts_as_numpy_does(name, scale):
    values = COLUMNS[name] * scale if name != "huge" else COLUMNS[name]
    assert mostly_distinct(values) == (len(np.unique(values)) > len(values) / 2)


def test_few_decimals_are_a_proof_only_if_all_values_have_them():
    values = COLUMNS["few decimals"].copy()
    values[1:] += RNG.normal(size=len(values) - 1)
    assert not spread._on_grid(values, len(values) / 2)
    assert mostly_distinct(values)


def test_copies_in_a_long_table_are_those_of_pandas(tmp_path):
    n_rows = 60_000
    table = pd.DataFrame(
        {
            "a": RNG.integers(0, 300, n_rows),
            "b": RNG.integers(0, 300, n_rows) / 4,
            "kind": RNG.choice(["left", "right", "middle"], n_rows),
            "c": RNG.integers(0, 3, n_rows),
            "d": RNG.integers(0, 3, n_rows),
        }
    )
    table.loc[50_000:50_004] = table.loc[7:11].to_numpy()
    path = tmp_path / "t.csv"
    table.to_csv(path, index=False)
    entry = next(e for e in read_table(path, target="a").ledger.entries if e.message.code == "W165")
    rows = np.flatnonzero(table.duplicated()) + 2
    assert entry.count == len(rows)
    assert entry.message.values["rows"] == rows[:10].tolist()
    assert entry.message.values["exact"] == len(rows)
