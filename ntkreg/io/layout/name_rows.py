"""What stands right below the names: their units, or the rest of the names."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.cells.decimals import has_decimal_comma
from ntkreg.io.cells.units import bare_unit, is_unit
from ntkreg.io.cells.values import ABSENT, Status, read_cell
from ntkreg.io.files.grid import Cells, is_blank
from ntkreg.io.layout.labels import label_text
from ntkreg.io.layout.names import fold

Units = tuple[str | None, ...]

QUANTITIES = (Status.NUMBER, Status.TIME, Status.DATE, Status.CENSORED, Status.INFINITE)
_NUMERIC_SHARE = 0.6
_DASHES = ("-", "−", "–", "ー", "―", "--", "---", "単位", "unit", "units")
_LONGEST_UNIT = 15
_MIN_ROWS = 3


def statuses(cells: Cells) -> NDArray[np.uint8]:
    """Return the status of each cell of a few rows."""
    flat = [status_of(cell) for cell in cells.ravel()]
    return np.array(flat, dtype=np.uint8).reshape(cells.shape)


def status_of(cell: Any) -> Status:
    """Return what a cell is as long as the decimal mark of its column is not known."""
    status = read_cell(cell).status
    return Status.NUMBER if status == Status.TEXT and has_decimal_comma(cell) else status


def numeric_columns(status: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which columns hold mostly quantities."""
    hits = np.isin(status, QUANTITIES).sum(axis=0)
    present = (~np.isin(status, ABSENT)).sum(axis=0)
    return np.asarray((hits > 0) & (hits >= _NUMERIC_SHARE * present))


def units_of(row: Cells, below: Cells) -> Units:
    """Return the units that a row holds; None for each column if it is no row of units.

    Parameters
    ----------
    row : ndarray of shape (n_columns,) of object
        The row below the names.
    below : ndarray of shape (n_rows, n_columns) of object
        The first rows below it.
    """
    none: Units = (None,) * len(row)
    texts = ["" if is_blank(cell) else cell for cell in row]
    if not all(isinstance(text, str) for text in texts) or not any(texts):
        return none
    words = [bare_unit(text) for text in texts]
    known = [bool(word) and is_unit(word) for word in words]
    told = [bool(word) and fold(word) not in _DASHES for word in words]
    if not any(known):
        return none
    quantities = numeric_columns(statuses(below))
    plain = all(k or not t for k, t in zip(known, told, strict=True))
    # A may be ampere, but above words it is a level
    if plain and (not quantities.any() or (quantities & np.array(known)).any()):
        return tuple(word if k else None for word, k in zip(words, known, strict=True))
    numeric = quantities & np.array(told)
    status = statuses(row.reshape(1, -1))[0]
    n_known = int((numeric & np.array(known)).sum())
    if np.isin(status, QUANTITIES).any() or not n_known or 2 * n_known < numeric.sum():
        return none
    above = [k or (n and len(w) <= _LONGEST_UNIT and not label_text(w))
             for k, n, w in zip(known, numeric, words, strict=True)]  # fmt: skip
    return tuple(w if n and a else None for w, n, a in zip(words, numeric, above, strict=True))


def continues_names(row: Cells, below: Cells) -> bool:
    """Return whether a row below the names holds more of them: words above columns of numbers.

    Parameters
    ----------
    row : ndarray of shape (n_columns,) of object
        The row below the names.
    below : ndarray of shape (n_rows, n_columns) of object
        The first rows below it.
    """
    first = next((cell for cell in row if not is_blank(cell)), None)
    if len(below) < _MIN_ROWS or not isinstance(first, str) or label_text(first):
        return False
    status = statuses(row.reshape(1, -1))[0]
    if np.isin(status, QUANTITIES).any():
        return False
    numeric = numeric_columns(statuses(below))
    texts = [
        str(cell) for cell in row[numeric & (status == Status.TEXT)] if str(cell).strip("-=_ ")
    ]
    # the same word in all of them is a sample that failed
    return 2 * len(texts) >= max(int(numeric.sum()), 4) and len(set(texts)) >= max(
        2, len(texts) // 2
    )
