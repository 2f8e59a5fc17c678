"""Lines that are all alike -> columns of numbers, of words that come again, and of other texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.files.lines import Fields, find_fields
from ntkreg.io.files.parse import parse_lines, parse_texts
from ntkreg.io.files.store import Coded, Rows, Texts
from ntkreg.parallel import map_on_threads, threads_for

# small enough that memory is used again instead of being asked for anew, which takes longer
CHUNK_BYTES = 1 << 20
_SAMPLE_LINES = 500
_MOST_DIFFERENT = 0.5


@dataclass(frozen=True)
class _Part:
    """Of one chunk: the columns that are no numbers after all, and the texts; None if unread."""

    fields: Fields
    odd: set[int] | None = None
    texts: dict[int, Any] = field(default_factory=dict)


@dataclass
class ColumnReader:
    """Lines of equal length, read chunk by chunk on several threads.

    Parameters
    ----------
    data : bytes
        Text in UTF-8.
    starts : ndarray of shape (n_lines + 1,) of int
        Where the lines begin in `data`, and where the last one ends.
    delimiter : str
        What divides the fields.
    n_columns : int
        Number of fields of a line.
    n_above, n_below : int, default=0
        Number of rows that columns of numbers have besides, NaN to be filled in.
    """

    data: bytes
    starts: Rows
    delimiter: str
    n_columns: int
    n_above: int = 0
    n_below: int = 0
    numbers: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    zero_led: set[int] = field(default_factory=set)
    _as_text: set[int] = field(default_factory=set)
    _repeated: set[int] = field(default_factory=set)
    _parts: list[dict[int, Any]] = field(default_factory=list)
    _unlike: bool = False

    def __post_init__(self) -> None:
        edges = np.arange(self.starts[0], self.starts[-1], CHUNK_BYTES)
        firsts = np.unique(np.searchsorted(self.starts, edges))
        # a line may be longer than a chunk
        lines = [*firsts[firsts < len(self.starts) - 1].tolist(), len(self.starts) - 1]
        self._chunks = list(pairwise(lines))

    def read(self) -> bool:
        """Read all lines; return whether they are alike."""
        # most columns of words show at once, which spares reading a chunk in vain
        n_lines = len(self.starts) - 1
        n_some = min(_SAMPLE_LINES, n_lines)
        sample = self._bytes(0, n_some)
        if self._fields(sample, 0, n_some) is None:
            return False
        self._find_texts(sample)
        n_rows = self.n_above + n_lines + self.n_below
        self.numbers = {j: np.empty(n_rows) for j in self._known()}
        for values in self.numbers.values():
            values[: self.n_above] = values[n_rows - self.n_below :] = np.nan
        parts = self._on_threads(self._prepare)
        for k, part in enumerate(parts):
            if part is None:
                return False
            self._take(part, k)
        return True

    def columns(self) -> tuple[dict[int, NDArray[np.float64]], dict[int, Texts | Coded]]:
        """Return the columns of numbers and the other ones."""
        self._on_threads(self._complete)
        texts = {j: self._joined([part.pop(j) for part in self._parts]) for j in self._as_text}
        self._parts.clear()
        numbers = {j: values for j, values in self.numbers.items() if j not in texts}
        self.numbers.clear()
        return numbers, dict(sorted(texts.items()))

    def texts(self, column: int) -> Texts:
        """Return the texts of a column of numbers."""

        def part(k: int) -> Texts:
            chunk = self._bytes(*self._chunks[k])
            return parse_texts(chunk, self.delimiter, self.n_columns, [column])[column]

        return np.concatenate([np.empty(0, dtype=object), *self._on_threads(part)])

    def _on_threads(self, work: Any) -> list[Any]:
        some = range(len(self._chunks))
        return map_on_threads(work, some, threads_for(None) if len(some) > 1 else 1)

    def _bytes(self, first: int, last: int) -> bytes:
        return self.data[self.starts[first] : self.starts[last]]

    def _fields(self, chunk: bytes, first: int, last: int) -> Fields | None:
        lines = self.starts[first : last + 1] - self.starts[first]
        return find_fields(chunk, lines, self.delimiter, self.n_columns)

    def _known(self) -> list[int]:
        return [j for j in range(self.n_columns) if j not in self._as_text]

    def _types(self) -> dict[int, Any]:
        texts = {j: "category" if j in self._repeated else object for j in self._as_text}
        return dict.fromkeys(self._known(), np.float64) | texts

    def _prepare(self, k: int) -> _Part | None:
        """Look for the fields of a chunk and parse it; None if its lines are not all alike."""
        if self._unlike:
            return None
        chunk = self._bytes(*self._chunks[k])
        fields = self._fields(chunk, *self._chunks[k])
        if fields is None:
            self._unlike = True
            return None
        try:
            return self._parse(chunk, fields, k)
        except ValueError:
            return _Part(fields)

    def _parse(self, chunk: bytes, fields: Fields, k: int) -> _Part:
        table = parse_lines(
            chunk, self.delimiter, self.n_columns, self._types(), spaced=fields.spaced
        )
        first, last = self._chunks[k]
        odd = set()
        n_blank = None
        for j in self._known():
            values = table[j].to_numpy()
            self.numbers[j][self.n_above + first : self.n_above + last] = values
            if not np.isfinite(values).all():
                n_blank = fields.n_blank() if n_blank is None else n_blank
                n_missing = np.count_nonzero(np.isnan(values))
                if n_missing != n_blank[j] or np.isinf(values).any():
                    odd.add(j)
        read = {j: _coded(table[j]) for j in self._as_text}
        return _Part(fields, odd, {j: texts for j, texts in read.items() if texts is not None})

    def _take(self, part: _Part, k: int) -> None:
        """Keep a chunk; columns that do not hold numbers alone are remembered as texts."""
        if part.odd is None:
            chunk = self._bytes(*self._chunks[k])
            self._find_texts(chunk)
            part = self._parse(chunk, part.fields, k)
        self._as_text |= part.odd or set()
        self.zero_led |= part.fields.zero_led
        self._parts.append(part.texts)

    def _find_texts(self, chunk: bytes) -> None:
        """Remember the columns that are not numbers all through, and those that repeat theirs."""
        guessed = parse_lines(chunk, self.delimiter, self.n_columns, {})
        for j in self._known():
            if guessed[j].dtype.kind not in "iuf":
                self._as_text.add(j)
                if guessed[j].nunique() <= _MOST_DIFFERENT * len(guessed):
                    self._repeated.add(j)

    def _complete(self, k: int) -> None:
        """Read the texts of columns that showed as such only in another chunk."""
        missing = sorted(self._as_text - set(self._parts[k]))
        if missing:
            chunk = self._bytes(*self._chunks[k])
            self._parts[k] |= parse_texts(chunk, self.delimiter, self.n_columns, missing)

    def _joined(self, parts: list[Any]) -> Texts | Coded:
        """Parts of a column as one; words that come again as their positions among them."""
        if not all(isinstance(part, Coded) for part in parts):
            texts = [np.asarray(p.texts() if isinstance(p, Coded) else p) for p in parts]
            return np.concatenate([np.empty(0, dtype=object), *texts])
        known: dict[str, int] = {}
        codes = [
            np.array([known.setdefault(text, len(known)) for text in part.levels], np.int32)[
                part.codes
            ]
            for part in parts
        ]
        return Coded(np.concatenate(codes), np.array([*known], dtype=object))


def _coded(column: Any) -> Texts | Coded | None:
    """Return texts as pandas has them; None where it has taken them for something else."""
    if column.dtype != "category":
        return np.asarray(column, dtype=object)
    levels = column.cat.categories
    if levels.dtype != object and not isinstance(levels.dtype, pd.StringDtype):
        return None
    return Coded(column.cat.codes.to_numpy(), levels.to_numpy(dtype=object))
