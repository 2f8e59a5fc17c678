"""The table as the rest of the program sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.io.ledger import Ledger

Kind = Literal["numeric", "category", "date", "identifier", "text", "constant"]
Role = Literal["feature", "target", "group", "time", "dropped"]


@dataclass(frozen=True)
class Source:
    """Where a table came from and how it was read.

    Parameters
    ----------
    file : str
        File name without its folder.
    kind : {"xlsx", "csv"}
        What the content is, whatever the name says.
    encoding, delimiter, sheet : str or None
        How it was read; None where it does not apply.
    header_rows : tuple of int
        Row numbers (from 1) of the header and, if there is one, of the unit row.
    first_cell : str
        Address of the table's first header cell, for example "B5".
    sha256 : str
        Hash of the file's bytes.
    """

    file: str
    kind: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    header_rows: tuple[int, ...]
    first_cell: str
    sha256: str


@dataclass(frozen=True)
class Column:
    """One column of the user's table.

    Parameters
    ----------
    key : str
        Safe internal name ("f0", "f1", ... for features), the only one that models see.
    name : str
        Name shown to the user (unique, trimmed).
    original : str
        Header text as found in the file.
    unit : str or None
        Unit taken from brackets in the header or from a unit row, for example "℃".
    kind : str
        One of numeric, category, date, identifier, text, constant.
    role : str
        One of feature, target, group, time, dropped.
    n_missing : int
        Number of missing cells.
    levels : tuple of str
        Levels of a category in order of first appearance; empty for other kinds.
    minimum, maximum, median : float
        Range of a numeric column on the rows read; NaN for other kinds.
    """

    key: str
    name: str
    original: str
    unit: str | None
    kind: Kind
    role: Role
    n_missing: int = 0
    levels: tuple[str, ...] = ()
    minimum: float = float("nan")
    maximum: float = float("nan")
    median: float = float("nan")

    @property
    def label(self) -> str:
        """Name for axes and tables: the header as the user wrote it."""
        return self.name


@dataclass(frozen=True)
class Dataset:
    """A table that is ready for modelling: features, target, and the record of how it was read.

    Parameters
    ----------
    source : Source
        The file.
    columns : tuple of Column
        All columns of the file in file order, with their roles.
    features : DataFrame of shape (n_rows, n_features)
        Feature columns under their safe names (`Column.key`): float64 with NaN for numeric
        columns, `object` holding str or None for categories. RangeIndex.
    y : ndarray of shape (n_rows,)
        Target, float64, finite.
    groups : ndarray of shape (n_rows,) of str, or None
        Group (lot) of each row.
    time : ndarray of shape (n_rows,), or None
        Time order as float64 (seconds for dates).
    row_numbers : ndarray of shape (n_rows,) of int
        Row of the file (from 1) of each row.
    ledger : Ledger
        Every repair and every doubt.
    """

    source: Source
    columns: tuple[Column, ...]
    features: pd.DataFrame
    y: NDArray[np.float64]
    groups: NDArray[np.str_] | None
    time: NDArray[np.float64] | None
    row_numbers: NDArray[np.int64]
    ledger: Ledger

    @property
    def target(self) -> Column:
        """The target column."""
        return next(column for column in self.columns if column.role == "target")

    @property
    def feature_columns(self) -> tuple[Column, ...]:
        """The feature columns, in the order of `features`."""
        return tuple(column for column in self.columns if column.role == "feature")

    @property
    def X(self) -> pd.DataFrame:
        """Features under the user's own column names."""
        return self.features.rename(columns={c.key: c.name for c in self.feature_columns})

    @property
    def n_rows(self) -> int:
        """Number of usable rows."""
        return len(self.y)
