"""Resamples of rows: which rows go together, and sums and slopes over every resample."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.dataset import Dataset

MIN_GROUPS = 5
MAX_UNITS = 2000

Values = NDArray[np.float64]


def resampling_units(dataset: Dataset, rng: np.random.Generator) -> NDArray[np.int64]:
    """Give each row the number of the unit that is resampled as a whole, shape (n_rows,).

    Groups where there are at least 5; else sqrt(n) stretches of time where there is a time; else
    single rows (random sets of rows in tables of more than 2,000).
    """
    n_rows = dataset.n_rows
    if dataset.groups is not None:
        codes = pd.factorize(dataset.groups)[0]
        if codes.max() + 1 >= MIN_GROUPS:
            return codes.astype(np.int64)
    if dataset.time is not None:
        rank = np.argsort(np.argsort(dataset.time, kind="stable"), kind="stable")
        return rank * int(np.ceil(np.sqrt(n_rows))) // n_rows
    return rng.permutation(n_rows) % min(n_rows, MAX_UNITS)


def resampled_sums(
    draws: NDArray[np.int64], units: NDArray[np.int64], *columns: Values
) -> tuple[Values, ...]:
    """Sum each column over the rows of every resample, each of shape (n_resamples,)."""
    n_units = draws.shape[1]
    sums = np.column_stack([np.bincount(units, c, minlength=n_units) for c in columns])
    return tuple((draws.astype(np.float64) @ sums).T)


def resampled_slope(
    draws: NDArray[np.int64], units: NDArray[np.int64], z: Values, values: Values
) -> Values:
    """Least-squares slope of values on z in every resample, shape (n_resamples,)."""
    n, sum_z, sum_v, sum_zz, sum_zv = resampled_sums(
        draws, units, np.ones(len(z)), z, values, z * z, z * values
    )
    n = np.maximum(n, 1)
    variance = sum_zz / n - (sum_z / n) ** 2
    covariance = sum_zv / n - (sum_z / n) * (sum_v / n)
    slopes: Values = covariance / np.where(variance > 1e-12, variance, np.inf)
    return slopes
