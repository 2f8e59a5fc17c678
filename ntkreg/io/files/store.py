"""What a clean text file holds: columns of numbers, and the lines with the text of each cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Coded:
    """Texts that come again: the different ones, and which of them each cell holds."""

    codes: NDArray[np.signedinteger[Any]]
    levels: Texts

    def texts(self) -> Texts:
        """Return the text of each cell."""
        return np.asarray(self.levels[self.codes], dtype=object)


@dataclass
class Store:
    """The lines of a clean file and what was read of them.

    Parameters
    ----------
    head, tail : ndarray of shape (n, n_columns) of object
        Cells of the first and of the last lines.
    data : bytes
        The lines in UTF-8.
    starts : ndarray of shape (n_body + 1,) of int
        Where each line between head and tail begins in `data`, and where the last one ends.
    delimiter : str
        What divides the fields.
    numbers : dict of int to ndarray of shape (n_rows,)
        Columns that hold nothing but numbers and blank cells (NaN) between head and tail, where
        there is NaN as well.
    texts : dict of int to Coded or ndarray of shape (n_body,) of object
        The other columns.
    read_texts : callable
        Reads the texts of one column from the lines.
    zero_led : set of int
        Columns of numbers in which a cell may begin as "007" does.
    """

    head: Texts
    tail: Texts
    data: bytes
    starts: Rows
    delimiter: str
    numbers: dict[int, NDArray[np.float64]]
    texts: dict[int, Texts | Coded]
    read_texts: Callable[[int], Texts]
    zero_led: set[int]
    numeric: frozenset[int] = field(init=False)
    blanks: dict[int, NDArray[np.bool_]] = field(init=False)

    def __post_init__(self) -> None:
        self.numeric = frozenset(self.numbers)
        self.blanks = {j: np.isnan(values[self.body]) for j, values in self.numbers.items()}

    @property
    def body(self) -> slice:
        """Rows between head and tail."""
        return slice(len(self.head), len(self.head) + len(self.starts) - 1)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of lines and of columns."""
        n_body = len(self.starts) - 1
        return len(self.head) + n_body + len(self.tail), int(self.head.shape[1])

    @cached_property
    def _edges(self) -> Texts:
        return np.concatenate([self.head, self.tail])

    def inside(self, rows: Rows) -> NDArray[np.bool_]:
        """Return which rows are neither of the head nor of the tail."""
        return (rows >= len(self.head)) & (rows < self.shape[0] - len(self.tail))

    def edge(self, rows: Rows) -> Texts:
        """Return rows of the head and of the tail."""
        n_body = len(self.starts) - 1
        return self._edges[np.where(rows < len(self.head), rows, rows - n_body)]

    def lines(self, rows: Rows) -> list[list[str]]:
        """Return the fields of some of the lines between head and tail."""
        parts = [self.data[self.starts[i] : self.starts[i + 1]] for i in rows - len(self.head)]
        text = io.StringIO(
            b"".join(part.rstrip(b"\r\n") + b"\n" for part in parts).decode(), newline=""
        )
        return list(csv.reader(text, delimiter=self.delimiter, skipinitialspace=True, strict=True))

    def column(self, j: int) -> Texts:
        """Return all texts of a column."""
        known = self.texts[j] if j in self.texts else self.read_texts(j)
        texts = known.texts() if isinstance(known, Coded) else known
        return np.concatenate([self.head[:, j], texts, self.tail[:, j]])

    def coded(self, j: int) -> Coded | None:
        """Return a whole column of texts that come again; None for any other one."""
        texts = self.texts.get(j)
        if not isinstance(texts, Coded):
            return None
        positions = {text: k for k, text in enumerate(texts.levels)}
        edges = [
            np.array([positions.setdefault(text, len(positions)) for text in part], dtype=np.int32)
            for part in (self.head[:, j], self.tail[:, j])
        ]
        levels = np.array([*positions], dtype=object)
        return Coded(np.concatenate([edges[0], texts.codes, edges[1]]), levels)

    def values(self, j: int) -> NDArray[np.float64]:
        """Return the numbers of a column, NaN in head and tail."""
        if j in self.numbers:
            return self.numbers[j]
        values = np.full(self.shape[0], np.nan)
        texts = pd.Series(self.read_texts(j))
        values[self.body] = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
        return values

    def blank(self, j: int, is_blank: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """Return where a column is blank, each different text looked at once."""
        if j not in self.blanks:
            texts = self.texts[j]
            self.blanks[j] = (
                np.array([is_blank(text) for text in texts.levels], dtype=bool)[texts.codes]
                if isinstance(texts, Coded)
                else distinct_mask(texts, is_blank)
            )
        edges = [distinct_mask(part[:, j], is_blank) for part in (self.head, self.tail)]
        return np.concatenate([edges[0], self.blanks[j], edges[1]])


def distinct_mask(cells: Texts, ask: Callable[[Any], bool]) -> NDArray[np.bool_]:
    """Return where a condition holds, each different cell of a column asked once."""
    codes, distinct = pd.factorize(cells)
    answers = np.array([*(ask(cell) for cell in distinct), True], dtype=bool)
    return np.asarray(answers[codes], dtype=bool)
