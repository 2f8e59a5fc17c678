"""Arrays of texts that are made only where they are asked for; those of words that come again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.files.store import Coded, Texts

# so few cells are not worth being put off
_FEW = 2_000


class Lazy:
    """What all kinds of them have in common: anything unusual is asked of the texts."""

    dtype = np.dtype(object)
    shape: tuple[int, ...]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Texts:
        raise NotImplementedError

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(np.asarray(self))

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(np.prod(self.shape))

    def copy(self) -> Texts:
        """Return the texts as an array of its own."""
        return np.array(self, dtype=object)

    def ravel(self) -> Texts:
        """Return the texts in one dimension."""
        return np.asarray(self).ravel()

    def tolist(self) -> list[Any]:
        """Return the texts as lists."""
        return list(np.asarray(self).tolist())


class LazyWords(Lazy):
    """A column of words that come again, as if it were an array of texts of one dimension."""

    def __init__(self, coded: Coded) -> None:
        self._coded = coded
        self.shape = (len(coded.codes),)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Texts:
        return self._coded.texts()

    def __getitem__(self, key: Any) -> Any:
        codes = self._coded.codes[key if isinstance(key, slice) else np.asarray(key)]
        if codes.ndim == 0:
            return self._coded.levels[codes]
        some = Coded(codes, self._coded.levels)
        return LazyWords(some) if isinstance(key, slice) or len(codes) > _FEW else some.texts()

    def __eq__(self, other: object) -> Any:
        if isinstance(other, str):
            return np.asarray(self._coded.levels == other)[self._coded.codes]
        return np.asarray(self) == other

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def factorized(self) -> tuple[NDArray[np.int64], Texts]:
        """Positions of the cells among the different ones, and these as they first appear."""
        codes, present = pd.factorize(self._coded.codes)
        return np.asarray(codes, dtype=np.int64), self._coded.levels[present]


def factorize(cells: Any) -> tuple[NDArray[np.int64], Texts]:
    """Return what `pandas.factorize` does for a column of cells: -1 stands for None.

    Returns
    -------
    codes : ndarray of shape (n_rows,) of int
        Position of each cell among the different ones.
    distinct : ndarray of object
        The different cells in order of first appearance.
    """
    if isinstance(cells, LazyWords):
        return cells.factorized
    codes, distinct = pd.factorize(pd.Series(np.asarray(cells), dtype=object))
    return np.asarray(codes, dtype=np.int64), np.asarray(distinct, dtype=object)
