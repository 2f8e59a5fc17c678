"""Fast road for text files whose lines are all alike; what is not is left to the slow one.

Head and tail of a file, where titles, names, units, totals and notes stand, are divided into cells
as always. The lines between are taken together if each has the same number of fields and quotes do
nothing but wrap whole ones. A column in which all of them are blank or a number is kept as numbers;
a cell that is anything else makes its column one of texts. What the cells mean is decided by the
same functions on both roads, so that both give the same table.
"""

from __future__ import annotations

import csv
import io
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.files.alike import ColumnReader
from ntkreg.io.files.lazy import LazyTable
from ntkreg.io.files.lines import line_starts, without_quotes
from ntkreg.io.files.store import Rows, Store, Texts
from ntkreg.parallel import map_on_threads, threads_for

HEAD_LINES = 400
TAIL_LINES = 100
MIN_LINES = 5_000
_MAX_LINE = 131_072
_QUOTED_LINES = 10_000


def read_clean(
    data: bytes, delimiter: str, *, separator_line: bool = False
) -> tuple[NDArray[np.object_], Rows] | None:
    """Return the cells of a file and the number of fields of its lines, if these are alike.

    Parameters
    ----------
    data : bytes
        Text in UTF-8 without a byte order mark.
    delimiter : str
        What divides the fields.
    separator_line : bool, default=False
        Whether the first line does nothing but name the delimiter.
    """
    starts = line_starts(data)
    n_body = len(starts) - 1 - HEAD_LINES - TAIL_LINES
    if n_body < 1 or len(starts) < MIN_LINES or not delimiter.isascii():
        return None
    body = starts[HEAD_LINES : HEAD_LINES + n_body + 1]
    if int(np.diff(body).max()) > _MAX_LINE:
        return None
    head, tail = (_fields(part, delimiter) for part in (data[: body[0]], data[body[-1] :]))
    if not head or tail is None or max(map(len, head)) < 2:
        return None
    if separator_line and len(head[0]) <= 2:
        head[0] = []
    unquoted = _unquoted(data, body, delimiter)
    if unquoted is None:
        return None
    data, body = unquoted
    n_columns = data[body[0] : body[1]].count(delimiter.encode()) + 1
    reader = ColumnReader(data, body, delimiter, n_columns, len(head), len(tail))
    if max(map(len, head + tail)) > n_columns or not reader.read():
        return None
    numbers, texts = reader.columns()
    lengths = np.concatenate([_lengths(head), np.full(n_body, n_columns), _lengths(tail)])
    edges = (_rectangle(head, n_columns), _rectangle(tail, n_columns))
    zero_led = reader.zero_led & set(numbers)
    store = Store(*edges, data, body, delimiter, numbers, texts, reader.texts, zero_led)
    # it stands for an array wherever cells are asked for, and is one to the type checker as well
    return cast("NDArray[np.object_]", LazyTable(store)), lengths


def _unquoted(data: bytes, lines: Rows, delimiter: str) -> tuple[bytes, Rows] | None:
    """Lines whose quotes only wrap whole fields without them; None if one does more."""
    if data.find(b'"', int(lines[0]), int(lines[-1])) < 0:
        return data, lines

    def strip(k: int) -> bytes | None:
        chunk = data[lines[k] : lines[min(k + _QUOTED_LINES, len(lines) - 1)]]
        return without_quotes(chunk, delimiter)

    # mostly the first lines show what quotes are for
    if without_quotes(data[lines[0] : lines[1]], delimiter) is None or delimiter == '"':
        return None
    some = range(0, len(lines) - 1, _QUOTED_LINES)
    parts = map_on_threads(strip, some, threads_for(None) if len(some) > 1 else 1)
    if None in parts:
        return None
    unquoted = b"".join(cast("list[bytes]", parts))
    return unquoted, line_starts(unquoted)


def _fields(part: bytes, delimiter: str) -> list[list[str]] | None:
    """Lines divided as the slow road does; None where it would refuse them."""
    text = io.StringIO(part.decode("utf-8"), newline="")
    try:
        return list(csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        return None


def _lengths(rows: list[list[str]]) -> Rows:
    return np.array([len(row) for row in rows], dtype=np.int64)


def _rectangle(rows: list[list[str]], n_columns: int) -> Texts:
    cells = np.full((len(rows), n_columns), "", dtype=object)
    for i, row in enumerate(rows):
        cells[i, : len(row)] = row
    return cells
