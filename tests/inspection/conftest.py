"""Tables made in memory, with roles and names as reading a file would give them."""

import numpy as np
import pandas as pd
import pytest

from ntkreg.io.dataset import Column, Dataset, Kind, Source
from ntkreg.io.ledger import Ledger


def build_dataset(columns, y, *, target="強度[MPa]", dropped=(), groups=None, time=None):
    """Make a Dataset from a dict of user's column name to values."""
    roles: list[Column] = []
    features: dict[str, pd.Series] = {}
    for name, values in columns.items():
        key = f"f{len(features)}"
        series = pd.Series(values)
        kind: Kind = "numeric" if pd.api.types.is_numeric_dtype(series.dtype) else "category"
        features[key] = series.astype(np.float64 if kind == "numeric" else object)
        roles.append(Column(key, name, name, None, kind, "feature"))
    roles += [Column(name, name, name, None, "numeric", "dropped") for name in dropped]
    roles.append(Column("y", target, target, "MPa", "numeric", "target"))
    source = Source("plant.csv", "csv", "utf-8", ",", None, (1,), "A1", "0" * 64)
    y = np.asarray(y, dtype=np.float64)
    rows = np.arange(2, len(y) + 2)
    return Dataset(source, tuple(roles), pd.DataFrame(features), y, groups, time, rows, Ledger())


@pytest.fixture
def make_dataset():
    return build_dataset


@pytest.fixture
def rng():
    return np.random.default_rng(7)


class Formula:
    """A fitted estimator that computes a known function of the table."""

    def __init__(self, function):
        self.function = function
        self.n_calls = 0

    def predict(self, table):
        self.n_calls += 1
        return np.asarray(self.function(table), dtype=np.float64)


@pytest.fixture
def formula():
    return Formula
