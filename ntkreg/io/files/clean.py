"""Fast road for text files whose lines are all alike; what is not is left to the slow one.

Head and tail of a file, where titles, names, units, totals and notes stand, are divided into cells
as always. The lines between are taken together if each has the same number of fields and none has
a quote. A column in which all of them are blank or a number is kept as numbers; a cell that is
anything else makes its column one of texts. What the cells mean is decided by the same functions
on both roads, so that both give the same table.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.files.lazy import LazyTable
from ntkreg.io.files.lines import NEWLINE, RETURN, field_starts, line_starts
from ntkreg.io.files.store import Rows, Store, Texts
from ntkreg.parallel import map_on_threads, threads_for

HEAD_LINES = 400
TAIL_LINES = 100
MIN_LINES = 5_000
CHUNK_LINES = 100_000
_SAMPLE_LINES = 500
_MAX_LINE = 131_072
_SPACE, _ZERO, _NINE = b" 09"
# before version 3.1 the usual way of pandas was fast and wrong in the last digit
_EXACT: dict[str, Any] = (
    {} if tuple(int(n) for n in pd.__version__.split(".")[:2]) >= (3, 1)
    else {"float_precision": "round_trip"}
)  # fmt: skip
_AS_WRITTEN: dict[str, Any] = {
    "header": None,
    "index_col": False,
    "quoting": csv.QUOTE_NONE,
    "skipinitialspace": True,
    "skip_blank_lines": False,
    "keep_default_na": False,
    "encoding": "utf-8",
    "engine": "c",
    "low_memory": False,
}


@dataclass(frozen=True)
class _Chunk:
    """Some lines as pandas reads them, None where it could not, and how their fields begin."""

    table: Any
    n_blank: Rows
    zero_led: set[int]


@dataclass
class _Reader:
    """Lines of equal length, chunk by chunk."""

    data: bytes
    starts: Rows
    delimiter: str
    n_columns: int
    numbers: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    words: list[dict[int, Texts]] = field(default_factory=list)
    as_text: set[int] = field(default_factory=set)
    zero_led: set[int] = field(default_factory=set)

    def chunks(self) -> list[tuple[int, int]]:
        """First and last byte of each chunk."""
        edges = [*range(0, len(self.starts) - 1, CHUNK_LINES), len(self.starts) - 1]
        return [(int(self.starts[a]), int(self.starts[b])) for a, b in pairwise(edges)]

    def read(self) -> bool:
        """Read all chunks; return whether all lines are alike."""
        start, end = self.chunks()[0]
        lines = self.starts[: _SAMPLE_LINES + 1] - start
        sample = self.data[start:end][: lines[-1]]
        if field_starts(sample, lines, self.delimiter, self.n_columns) is None:
            return False
        # most columns of words show at once, which spares reading a chunk in vain
        self._find_texts(sample)
        some = range(len(self.chunks()))
        for k, chunk in zip(
            some, map_on_threads(self._prepare, some, threads_for(None)), strict=True
        ):
            if chunk is None:
                return False
            self._take(chunk, k)
        return True

    def _prepare(self, k: int) -> _Chunk | None:
        """Look for the fields of a chunk and parse it; None if its lines are not all alike."""
        start, end = self.chunks()[k]
        lines = self.starts[k * CHUNK_LINES : (k + 1) * CHUNK_LINES + 1] - start
        chunk = self.data[start:end]
        firsts = field_starts(chunk, lines, self.delimiter, self.n_columns)
        if firsts is None:
            return None
        codes = np.frombuffer(chunk, dtype=np.uint8)
        first = codes[firsts]
        ends = (first == NEWLINE) | (first == RETURN) | (first == ord(self.delimiter))
        zeros = np.flatnonzero(first == _ZERO)
        following = codes[np.minimum(firsts.ravel()[zeros] + 1, len(codes) - 1)]
        led = zeros[(following >= _ZERO) & (following <= _NINE)] % self.n_columns
        zero_led = {*led.tolist(), *np.flatnonzero((first == _SPACE).any(axis=0)).tolist()}
        try:
            table = self._parse(chunk, self._known())
        except ValueError:
            table = None
        return _Chunk(table, np.count_nonzero(ends, axis=0), zero_led)

    def _known(self) -> list[int]:
        return [j for j in range(self.n_columns) if j not in self.as_text]

    def _take(self, chunk: _Chunk, k: int) -> None:
        """Keep a chunk; columns that do not hold numbers alone are remembered as texts."""
        self.zero_led |= chunk.zero_led
        table = chunk.table
        if table is None:
            start, end = self.chunks()[k]
            self._find_texts(self.data[start:end])
            table = self._parse(self.data[start:end], self._known())
        for j in self._known():
            values = table[j].to_numpy()
            if int(np.isnan(values).sum()) != chunk.n_blank[j] or np.isinf(values).any():
                self.as_text.add(j)
            else:
                if j not in self.numbers:
                    self.numbers[j] = np.empty(len(self.starts) - 1)
                self.numbers[j][k * CHUNK_LINES :][: len(values)] = values
        objects = [j for j in self.as_text if table[j].dtype == object]
        self.words.append({j: table[j].to_numpy() for j in objects})

    def _find_texts(self, chunk: bytes) -> None:
        """Remember the columns that are not numbers all through."""
        guessed = self._parse(chunk, [])
        known = (j for j in range(self.n_columns) if j not in self.as_text)
        self.as_text |= {j for j in known if guessed[j].dtype.kind not in "iuf"}

    def _parse(self, chunk: bytes, numbers: list[int]) -> Any:
        """Columns of a chunk; those that are neither numbers nor texts are guessed by pandas."""
        as_text = sorted(self.as_text)
        return pd.read_csv(
            io.BytesIO(chunk),
            sep=self.delimiter,
            names=list(range(self.n_columns)),
            dtype=cast("Any", dict.fromkeys(numbers, np.float64) | dict.fromkeys(as_text, object)),
            na_values=cast("Any", {j: [""] for j in range(self.n_columns) if j not in as_text}),
            **_AS_WRITTEN,
            **_EXACT,
        )

    def texts(self, column: int) -> Texts:
        """Texts of one column."""
        parts = [self._part(k, start, end, column) for k, (start, end) in enumerate(self.chunks())]
        return np.concatenate([np.empty(0, dtype=object), *parts])

    def _part(self, k: int, start: int, end: int, column: int) -> Texts:
        known = self.words[k].get(column) if k < len(self.words) else None
        if known is not None:
            return known
        frame: Any = pd.read_csv(
            io.BytesIO(self.data[start:end]),
            sep=self.delimiter,
            names=list(range(self.n_columns)),
            usecols=[column],
            dtype=object,
            na_filter=False,
            **_AS_WRITTEN,
        )
        return np.asarray(frame[column], dtype=object)

    def columns(self) -> tuple[dict[int, NDArray[np.float64]], dict[int, Texts]]:
        """Columns of numbers and columns of texts."""
        texts = {j: self.texts(j) for j in sorted(self.as_text)}
        self.words.clear()
        numbers = {j: self.numbers.pop(j) for j in range(self.n_columns) if j not in texts}
        self.numbers.clear()
        return numbers, texts


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
    if data.find(b'"', int(body[0]), int(body[-1])) >= 0 or int(np.diff(body).max()) > _MAX_LINE:
        return None
    head, tail = (_fields(part, delimiter) for part in (data[: body[0]], data[body[-1] :]))
    if not head or tail is None or max(map(len, head)) < 2:
        return None
    if separator_line and len(head[0]) <= 2:
        head[0] = []
    n_columns = data[body[0] : body[1]].count(delimiter.encode()) + 1
    if max(map(len, head + tail)) > n_columns:
        return None
    reader = _Reader(data, body, delimiter, n_columns)
    if not reader.read():
        return None
    numbers, texts = reader.columns()
    lengths = np.concatenate([_lengths(head), np.full(n_body, n_columns), _lengths(tail)])
    edges = (_rectangle(head, n_columns), _rectangle(tail, n_columns))
    zero_led = reader.zero_led & set(numbers)
    store = Store(*edges, data, body, delimiter, numbers, texts, reader.texts, zero_led)
    # it stands for an array wherever cells are asked for, and is one to the type checker as well
    return cast("NDArray[np.object_]", LazyTable(store)), lengths


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
