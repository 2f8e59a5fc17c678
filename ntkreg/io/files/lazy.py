"""Cells of a clean text file that are numbers first, and text only where somebody asks for it.

A million rows as a million times ten Python texts take ten times the memory of their numbers. So
the columns of numbers are kept as such, and the text of a cell is read again from its line. For
the rest of the program these are the arrays of `Grid.cells`: what is not provided here is done on
the texts, which is slower and gives the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.io.files.store import Coded, Rows, Store, Texts
from ntkreg.io.files.words import Lazy, LazyWords

# so many cells are sooner read again from their lines than the whole column is
_FEW = 2_000


def run_of(rows: Rows) -> slice | None:
    """Return rows as a slice, None if they do not follow each other one by one."""
    if not len(rows) or rows[-1] - rows[0] != len(rows) - 1 or (rows[1:] <= rows[:-1]).any():
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1)


class LazyColumn(Lazy):
    """A column of numbers, as if it were an array of texts of one dimension."""

    def __init__(self, store: Store, column: int, rows: Rows, run: slice | None = None) -> None:
        self._store = store
        self._column = column
        self._rows = rows
        self._run = run
        self._handed_over = False
        self.shape = (len(rows),)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Texts:
        return self._store.column(self._column)[self._rows]

    def __getitem__(self, key: Any) -> Any:
        rows = self._rows[key if isinstance(key, slice) else np.asarray(key)]
        if rows.ndim == 0:
            return self._texts(rows.reshape(1))[0]
        if isinstance(key, slice):
            return LazyColumn(self._store, self._column, rows)
        return self._texts(rows)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, str) and not self.zero_led and not _is_number(other):
            equal = np.zeros(len(self), dtype=bool)
            edges, texts = self.edges()
            equal[edges] = texts == other
            equal[self.blank(lambda cell: not cell)] = not other
            return equal
        return np.asarray(self) == other

    __hash__ = None  # type: ignore[assignment]

    @property
    def zero_led(self) -> bool:
        """Whether a cell between head and tail may begin as "007" does."""
        return self._column in self._store.zero_led

    def _texts(self, rows: Rows) -> Texts:
        """Texts of some rows of the file."""
        store, j = self._store, self._column
        texts = np.full(len(rows), "", dtype=object)
        inside = store.inside(rows)
        texts[~inside] = store.edge(rows[~inside])[:, j]
        # a blank cell of a column of numbers is an empty one
        asked = np.flatnonzero(inside)
        asked = asked[~store.blanks[j][rows[asked] - len(store.head)]]
        if len(asked) > _FEW:
            texts[asked] = store.column(j)[rows[asked]]
        elif len(asked):
            texts[asked] = [fields[j] for fields in store.lines(rows[asked])]
        return texts

    def edges(self) -> tuple[Rows, Texts]:
        """Return positions and texts of the cells that were not read as numbers."""
        low, high = self._inside()
        n_rows = len(self)
        positions = (
            np.concatenate([np.arange(low), np.arange(high, n_rows)])
            if self._run
            else np.flatnonzero(~self._store.inside(self._rows))
        )
        return positions, self._store.edge(self._rows[positions])[:, self._column]

    def numbers(self) -> NDArray[np.float64]:
        """Return a new array of the numbers, NaN where a cell is blank or was not read as one."""
        values = self._store.values(self._column)
        if self._handed_over:
            self._store.numbers.pop(self._column, None)
        if not self._run:
            return values[self._rows]
        return values[self._run] if self._handed_over else values[self._run].copy()

    def _inside(self) -> tuple[int, int]:
        """First position between head and tail, and the first one behind, of rows one by one."""
        if self._run is None:
            return 0, len(self)
        n_rows, n_head = len(self), len(self._store.head)
        low = min(max(n_head - self._run.start, 0), n_rows)
        n_behind = self._run.stop - (self._store.shape[0] - len(self._store.tail))
        return low, max(n_rows - max(n_behind, 0), low)

    def blank(self, is_blank: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """Return where the column is blank."""
        return self._store.blank(self._column, is_blank)[self._run or self._rows]

    def hand_over(self) -> None:
        """Keep no copy of the numbers once they are asked for: they belong to who asks."""
        self._handed_over = True


class LazyTable(Lazy):
    """Rows and columns of a clean file, as if they were an array of texts of two dimensions."""

    def __init__(self, store: Store, rows: Rows | None = None, columns: Rows | None = None) -> None:
        self._store = store
        n_rows, n_columns = store.shape
        self._rows = np.arange(n_rows) if rows is None else rows
        self._columns = np.arange(n_columns) if columns is None else columns
        self.shape = (len(self._rows), len(self._columns))
        self._blank: NDArray[np.bool_] | None = None

    @cached_property
    def _run(self) -> slice | None:
        return run_of(self._rows)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Texts:
        return self._texts(self._rows, self._columns)

    def _texts(self, rows: Rows, columns: Rows) -> Texts:
        store = self._store
        cells = np.empty((len(rows), len(columns)), dtype=object)
        if len(rows) > _FEW:
            for k, j in enumerate(columns):
                cells[:, k] = store.column(int(j))[rows]
            return cells
        inside = store.inside(rows)
        cells[~inside] = store.edge(rows[~inside])[:, columns]
        if inside.any():
            cells[inside] = np.array(store.lines(rows[inside]), dtype=object)[:, columns]
        return cells

    def __getitem__(self, key: Any) -> Any:
        first, second = key if isinstance(key, tuple) else (key, slice(None))
        crossed = np.ndim(first) == 2 and np.ndim(second) == 2
        if crossed:
            first, second = np.ravel(first), np.ravel(second)
        elif np.ndim(first) and np.ndim(second):
            return np.asarray(self)[key]
        rows = self._rows[first if isinstance(first, slice) else np.asarray(first)]
        columns = self._columns[second if isinstance(second, slice) else np.asarray(second)]
        if rows.ndim == 0:
            fields = self._texts(rows.reshape(1), np.atleast_1d(columns))[0]
            return fields if columns.ndim else fields[0]
        if columns.ndim == 0:
            same = isinstance(first, slice) and first == slice(None)
            return self._column(rows, int(columns), self._run if same else None)
        return (
            LazyTable(self._store, rows, columns)
            if len(rows) > _FEW
            else self._texts(rows, columns)
        )

    def _column(self, rows: Rows, column: int, run: slice | None) -> Any:
        if len(rows) <= _FEW:
            return self._texts(rows, np.array([column]))[:, 0]
        run = run or run_of(rows)
        if column in self._store.numeric:
            return LazyColumn(self._store, column, rows, run)
        coded = self._store.coded(column)
        if coded is not None:
            return LazyWords(Coded(coded.codes[run or rows], coded.levels))
        return self._store.column(column)[rows]

    def blank(self, is_blank: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """Return where the cells are blank."""
        if self._blank is None:
            self._blank = np.empty(self.shape, dtype=bool, order="F")
            for k, j in enumerate(self._columns):
                self._blank[:, k] = self._store.blank(int(j), is_blank)[self._run or self._rows]
            self._blank.flags.writeable = False
        return self._blank


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
