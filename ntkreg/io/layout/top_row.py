"""Where does the table begin? The header is the fullest row of words above columns of numbers."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ntkreg.exceptions import InputError
from ntkreg.io.cells.values import Status, read_cell
from ntkreg.io.files.grid import Cells, is_blank
from ntkreg.io.layout.name_rows import QUANTITIES, numeric_columns, statuses, units_of
from ntkreg.io.layout.names import fold
from ntkreg.messages import Sentence

SAMPLE = 50
_CANDIDATES = 40
# settings of a logger with many channels fill more rows; a table has data within a few
_MANY_CANDIDATES = 300
_MANY_CELLS = 20_000
_DATA_ROWS = 10
_BLOCK_ROWS = 3
# so many numbers do not rise by chance where samples stand
_LONG_SCALE = 10
_SHOWN = 3
_MOST = 0.9
_DIGITS = re.compile(r"\d+")


def top_row(cells: Cells, filled: NDArray[np.int64], file: str, asked: int | None) -> int:
    """Row asked for, or the fullest of the first rows that read as names of the columns below."""
    if asked is not None:
        return _asked_row(cells, filled, asked, file)
    if len(filled) < 2:
        raise InputError("E122", {"file": file}, file=file)
    n_candidates = _CANDIDATES
    status = statuses(cells[filled[: _CANDIDATES + SAMPLE]])
    if _has_data(status[:_CANDIDATES]).sum() < _DATA_ROWS:
        n_candidates = max(_CANDIDATES, min(_MANY_CANDIDATES, _MANY_CELLS // cells.shape[1]))
        status = statuses(cells[filled[: n_candidates + SAMPLE]])
    window = filled[: len(status)]
    n_cells = (status != Status.BLANK).sum(axis=1)
    # a damaged row with too many fields is not fuller than a header
    n_cells = np.minimum(n_cells, int(np.ceil(np.quantile(n_cells, 0.75))))
    first = int(n_cells[:n_candidates].argmax())
    if not numeric_columns(status).any():
        top = 0 if _names_beside_index(status[0], cells[window[0]]) else first
        _refuse_a_sample(cells, window[top:], file)
        return int(window[top])
    top = min(n_candidates, len(window) - 1)
    named = [k for k in range(top) if _names(cells[window[k]], status[k:][: SAMPLE + 1])]
    if not named:
        row = int(window[first]) + 1
        shown = [str(cell) for cell in cells[row - 1] if not is_blank(cell)][:5]
        # with words in it the row may be a header spoilt by a mistake, which is to be mended
        code = "E121" if (status[first] == Status.TEXT).any() else "E156"
        raise InputError(code, {"file": file, "row": row}, file=file, row=row, values=shown)
    best = max(named, key=lambda k: n_cells[k])
    last = _below_lists(cells[window], status, [k for k in named if k >= best], file, window)
    if last == best:
        _refuse_second_block(window, status, best, file)
    return int(window[last])


def _names_beside_index(status: NDArray[np.uint8], row: Cells) -> bool:
    """Whether a first row of different words lacks the name of the first column alone."""
    if not np.array_equal(np.flatnonzero(status == Status.BLANK), [0]):
        return False
    names = [fold(str(cell)) for cell in row[1:]]
    return bool((status[1:] == Status.TEXT).all()) and len(set(names)) == len(names)


def _refuse_a_sample(cells: Cells, rows: NDArray[np.int64], file: str) -> None:
    """Refuse a first row of words that is, but for its digits, what stands below, as in a log."""
    below = rows[1 : SAMPLE + 1]
    for j in range(cells.shape[1]):
        name = _without_digits(cells[rows[0], j])
        if len(below) < _BLOCK_ROWS or "0" not in name:
            continue
        alike = [_without_digits(cell) == name for cell in cells[below, j]]
        if sum(alike) >= _MOST * len(below):
            row = int(rows[0]) + 1
            shown = [str(cell) for cell in cells[rows[0]] if not is_blank(cell)][:_SHOWN]
            raise InputError("E156", {"file": file, "row": row}, file=file, row=row, values=shown)


def _without_digits(cell: object) -> str:
    return _DIGITS.sub("0", fold(str(cell)))


def _has_data(status: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which rows hold two quantities or more, and hardly anything else."""
    quantities = np.isin(status, QUANTITIES).sum(axis=1)
    present = (status != Status.BLANK).sum(axis=1)
    return np.asarray((quantities > 1) & (2 * quantities >= present))


def _below_lists(
    cells: Cells,
    status: NDArray[np.uint8],
    named: list[int],
    file: str,
    rows: NDArray[np.int64],
) -> int:
    """Row of names below the lists of a logger's settings, which look like a table themselves.

    Such a list names in its first or second column what the names below it are, or ends with a
    lone word such as "Data". Lone words between rows of data are no such thing, but two tables.
    """
    best = named[0]
    present = (status != Status.BLANK).sum(axis=1)
    words = present > 2
    words &= ~np.isin(status, QUANTITIES).any(axis=1)
    for k in (k for k in named if words[k]):
        between = slice(best + 1, k)
        if best + 1 >= k or any(units_of(cells[k], cells[k + 1 : k + SAMPLE])):
            continue
        if any(_lists(cells[between, j], cells[k]) for j in range(min(2, cells.shape[1]))):
            best = k
        elif 2 * present[k - 1] < present[k] and status[k - 1, 0] == Status.TEXT:
            if _has_data(status[between]).any():
                if not np.array_equal(cells[k], cells[best]):
                    _refuse_two_tables(cells[k], int(rows[best]), int(rows[k]), file)
                continue
            best = k
    return best


def _lists(column: Cells, names: Cells) -> bool:
    """Whether a column lists the names, as those of the channels CH1, CH2, CH3."""
    wanted = {fold(str(cell)) for cell in names if not is_blank(cell)}
    found = [fold(str(cell)) in wanted for cell in column]
    return sum(found) > 0 and 2 * sum(found) >= len(found)


def _refuse_two_tables(names: Cells, first: int, second: int, file: str) -> None:
    text = [str(cell) for cell in names if not is_blank(cell)][:_SHOWN]
    where = {"file": file, "row": second + 1}
    raise InputError("E150", where, file=file, first=first + 1, second=second + 1, text=text)


def _names(row: Cells, status: NDArray[np.uint8]) -> bool:
    """Whether a row has words above numbers, and numbers of its own only as a rising scale.

    Spectra have headers such as "sample, moisture, 400, 402, 404"; where the numbers of the samples
    have no name, a long scale of all other columns will do. `status` is that of the row and of
    those below it.
    """
    numeric = numeric_columns(status[1:])
    words = int((status[0, numeric] == Status.TEXT).sum())
    blank = int((status[0, numeric] == Status.BLANK).sum())
    scale = [read_cell(cell).value for cell in row[status[0] == Status.NUMBER]]
    rising = len(scale) > 2 and bool(np.all(np.diff(scale) > 0))
    if rising and status[0, 0] == Status.BLANK and len(scale) == len(row) - 1 >= _LONG_SCALE:
        return bool((status[1:, 0] != Status.BLANK).all())
    return words > 0 and (2 * words >= numeric.sum() - blank or rising)


def _refuse_second_block(
    window: NDArray[np.int64], status: NDArray[np.uint8], best: int, file: str
) -> None:
    """Refuse a header with rows of numbers above it: another table, or samples in columns."""
    quantities = np.isin(status[:best], QUANTITIES).sum(axis=1)
    present = (status[:best] != Status.BLANK).sum(axis=1)
    full = 2 * present >= (status[best] != Status.BLANK).sum()
    # a name with a date and a time is no sample
    moments = np.isin(status[:best], (Status.DATE, Status.TIME)).sum(axis=1) == quantities
    full &= ~(moments & (present - quantities == 1) & (quantities < _BLOCK_ROWS))
    blocks = np.flatnonzero(full & _has_data(status[:best]))
    if len(blocks) >= _BLOCK_ROWS:
        rows = [int(window[blocks[0]]) + 1, int(window[best]) + 1]
        where = {"file": file, "row": rows[0]}
        raise InputError("E135", where, file=file, first=rows[0], second=rows[1])


def _asked_row(cells: Cells, filled: NDArray[np.int64], header_row: int, file: str) -> int:
    """Row the user named, if it can be a header."""
    row = header_row - 1
    reason = ""
    if row not in filled:
        reason = "I150"
    elif np.isin(statuses(cells[[row]]), (*QUANTITIES, Status.BLANK)).all():
        reason = "I151"
    if reason:
        where = {"file": file, "row": header_row}
        raise InputError("E151", where, file=file, row=header_row, reason=Sentence(reason))
    return row
