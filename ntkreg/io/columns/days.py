"""A column of dates as seconds, each different text read once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.cells.dates import day_order, seconds_of
from ntkreg.io.files.grid import Cells
from ntkreg.io.files.words import factorize


def read_dates(cells: Cells) -> tuple[NDArray[np.float64], bool]:
    """Return dates as seconds since 1970-01-01, and whether day and month could be swapped.

    Dates such as 05/04/2024 are read day first unless one of the column proves the other order.
    """
    codes, distinct = factorize(cells)
    order = day_order(distinct)
    found = [seconds_of(cell, day_first=order is not False) for cell in distinct]
    seconds = np.array([*(np.nan if s is None else s for s in found), np.nan], dtype=np.float64)
    return np.asarray(seconds[codes]), order is None
