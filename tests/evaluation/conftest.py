import numpy as np
import pandas as pd
import pytest

from ntkreg.io.dataset import Column, Dataset, Source
from ntkreg.io.ledger import Ledger


def _column(key, name, series, role):
    numeric = pd.api.types.is_numeric_dtype(series)
    return Column(
        key=key,
        name=name,
        original=name,
        unit=None,
        kind="numeric" if numeric else "category",
        role=role,
        n_missing=int(series.isna().sum()),
        levels=() if numeric else tuple(dict.fromkeys(series.dropna())),
    )


@pytest.fixture(scope="session")
def make_dataset():
    """Return a function that makes a Dataset of a frame (columns under any names) and a target."""

    def make(frame, y, *, groups=None, time=None):
        frame = frame.reset_index(drop=True)
        keys = [f"f{j}" for j in range(frame.shape[1])]
        columns = [
            _column(k, str(name), s, "feature")
            for k, (name, s) in zip(keys, frame.items(), strict=True)
        ]
        n = len(y)
        for key, role, values in (("y", "target", y), ("g", "group", groups), ("t", "time", time)):
            if values is not None:
                columns.append(_column(key, role, pd.Series(values), role))
        return Dataset(
            source=Source("table.csv", "csv", "utf-8", ",", None, (1,), "A1", "0" * 64),
            columns=tuple(columns),
            features=frame.set_axis(keys, axis=1),
            y=np.asarray(y, dtype=np.float64),
            groups=None if groups is None else np.asarray(groups).astype(str),
            time=None if time is None else np.asarray(time, dtype=np.float64),
            row_numbers=np.arange(2, n + 2),
            ledger=Ledger(),
        )

    return make


@pytest.fixture(scope="session")
def smooth_dataset(make_dataset):
    """60 rows of a smooth function of two columns and a level, with a little noise."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "温度[℃]": rng.uniform(100, 200, 60),
            "圧力": rng.uniform(1, 5, 60),
            "材料": ["A", "B"] * 30,
        }
    )
    y = (frame["温度[℃]"] - 150) ** 2 / 250 + 3 * frame["圧力"] + 5 * (frame["材料"] == "A")
    return make_dataset(frame, y + rng.normal(0, 0.3, 60))
