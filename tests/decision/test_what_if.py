"""What may be set in the profiler."""

import numpy as np
import pandas as pd
import pytest

from ntkreg.decision.what_if import factors_of, vary
from ntkreg.io import read_table
from ntkreg.preprocessing import TableEncoder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"t": rng.normal(200, 5, 40).round(1), "p": rng.normal(size=40).round(2)})
    frame["m"] = np.array(["A", "B", "B"])[rng.integers(3, size=40)]
    frame.loc[3, "t"] = np.nan
    frame.loc[4, "m"] = "rare"
    frame["y"] = frame["p"] * 2 + (frame["m"] == "A")
    path = tmp_path_factory.mktemp("data") / "t.csv"
    frame.to_csv(path, index=False)
    return read_table(path, target="y")


@pytest.fixture(scope="module")
def encoder(dataset):
    return TableEncoder().fit(dataset.features)


def test_factors_have_the_range_of_training_and_start_in_the_middle(dataset, encoder):
    t, p, m = factors_of(encoder, dataset)
    known = dataset.features["f0"].dropna()
    assert (t.low, t.high, t.start) == (known.min(), known.max(), known.median())
    assert (t.positions, p.positions, m.positions) == ((0,), (1,), (2, 3))
    assert t.levels is None
    # a level that was seen once is none to the model
    assert m.levels == ("A", "B")
    assert m.levels[int(m.start)] == "B"


def test_a_varied_row_differs_in_one_factor_only(dataset, encoder):
    rows, factors = encoder.transform(dataset.features), factors_of(encoder, dataset)
    made = vary(rows, factors, 200, seed=0)
    assert set(made[:, 2] + made[:, 3]) <= {0.0, 1.0}
    apart = (made[:, None, :] != rows[None, :, :]).sum(axis=2).min(axis=1)
    assert apart.max() <= 2
    np.testing.assert_array_equal(made, vary(rows, factors, 200, seed=0))
