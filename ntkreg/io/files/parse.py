"""Some lines of a clean text file -> columns, by pandas' parser."""

from __future__ import annotations

import csv
import io
from typing import Any, cast

import numpy as np
import pandas as pd

from ntkreg.io.files.store import Texts

# before version 3.1 the usual way of pandas was fast and wrong in the last digit
_EXACT: dict[str, Any] = (
    {} if tuple(int(n) for n in pd.__version__.split(".")[:2]) >= (3, 1)
    else {"float_precision": "round_trip"}
)  # fmt: skip
_AS_WRITTEN: dict[str, Any] = {
    "header": None,
    "index_col": False,
    "quoting": csv.QUOTE_NONE,
    "skip_blank_lines": False,
    "encoding": "utf-8",
    "engine": "c",
    "low_memory": False,
}


def parse_lines(
    chunk: bytes, delimiter: str, n_columns: int, types: dict[int, Any], *, spaced: bool = True
) -> Any:
    """Return a frame of the fields of some lines.

    Parameters
    ----------
    chunk : bytes
        The lines.
    delimiter : str
        What divides the fields.
    n_columns : int
        Number of fields of a line.
    types : dict of int to type
        What the columns hold: float, object (texts) or "category" (texts that come again). The
        others are guessed. Nothing but an empty field is NaN, and that only in columns of
        numbers.
    spaced : bool, default=True
        Whether a field may begin with a space, which does not belong to it.

    Raises
    ------
    ValueError
        If a field of a column of numbers is none.
    """
    texts = {j for j, kind in types.items() if kind is not np.float64}
    return pd.read_csv(
        io.BytesIO(chunk),
        sep=delimiter,
        names=list(range(n_columns)),
        dtype=cast("Any", types),
        na_values=cast("Any", {j: [""] for j in range(n_columns) if j not in texts}),
        keep_default_na=False,
        skipinitialspace=spaced,
        **_AS_WRITTEN,
        **_EXACT,
    )


def parse_texts(
    chunk: bytes, delimiter: str, n_columns: int, columns: list[int]
) -> dict[int, Texts]:
    """Return the texts of some columns of some lines."""
    frame: Any = pd.read_csv(
        io.BytesIO(chunk),
        sep=delimiter,
        names=list(range(n_columns)),
        usecols=columns,
        dtype=object,
        na_filter=False,
        keep_default_na=False,
        skipinitialspace=True,
        **_AS_WRITTEN,
    )
    return {j: np.asarray(frame[j], dtype=object) for j in columns}
