"""Cells as trimmed texts, the same for equal ones: what a column of words is compared by."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.cells.marks import AMBIGUOUS_MARKS, USUAL, Marks, narrow
from ntkreg.io.cells.values import ABSENT, read_cell
from ntkreg.io.files.grid import Cells
from ntkreg.io.files.words import factorize


def code_labels(cells: Cells, marks: Marks = USUAL) -> tuple[NDArray[np.int64], Cells]:
    """Return labels as positions among the different ones, and these.

    Returns
    -------
    codes : ndarray of shape (n_rows,) of int
        -1 where a cell is missing.
    levels : ndarray of object
        In order of first appearance.
    """
    codes, distinct = factorize(cells)
    labels = np.array([*(_label(cell, marks) for cell in distinct), None], dtype=object)
    again, levels = pd.factorize(labels)
    return again[codes], np.asarray(levels, dtype=object)


def _label(cell: Any, marks: Marks) -> str | None:
    absent = read_cell(cell, marks=marks).status in ABSENT
    if isinstance(cell, str):
        text = cell.strip()
        level = text in AMBIGUOUS_MARKS and narrow(text).lower() not in marks.missing
        return None if absent and not level else text
    if absent:
        return None
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float | int):
        return f"{cell:.15g}"
    if isinstance(cell, datetime | date):
        return (
            cell.isoformat(" ").removesuffix(" 00:00:00")
            if isinstance(cell, datetime)
            else cell.isoformat()
        )
    return str(cell)
