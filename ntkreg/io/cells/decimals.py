"""Is 1,5 one and a half? Decided by what cannot be read otherwise, column by column.

"1,234" can be either, so it decides nothing; "1,5", "0,123" and "1.234,56" can only hold a decimal
comma, "1.5" and "1,234.56" only a decimal point. A column without such a cell follows the file.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np

from ntkreg.io.files.grid import Cells, worded

_EXPONENT = r"(?:[eE][+-]?\d+)?"
_COMMA = re.compile(
    r"[+-]?(?:\d*,\d{1,2}|\d*,\d{4,}|0*,\d+|\d{1,3}(?:[. ']\d{3})+,\d*|\d{4,},\d+)"
    + _EXPONENT
    + "-?"
)
_POINT = re.compile(
    r"[+-]?(?:\d*\.\d{1,2}|\d*\.\d{4,}|0*\.\d+|\d{1,3}(?:[, ']\d{3})+\.\d*|\d{4,}\.\d+)"
    + _EXPONENT
    + "-?"
)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+-?")
_SAMPLE_ROWS = 200


def has_decimal_comma(cell: Any) -> bool:
    """Return whether a cell can only be a number with a decimal comma."""
    return has_comma(cell) and _COMMA.fullmatch(_narrow(cell)) is not None


def has_decimal_point(cell: Any) -> bool:
    """Return whether a cell is text that can only be a number with a decimal point."""
    dotted = isinstance(cell, str) and ("." in cell or "．" in cell)
    return dotted and _POINT.fullmatch(_narrow(cell)) is not None


def has_comma(cell: Any) -> bool:
    """Return whether a cell is text with a comma, of normal or of full width."""
    return isinstance(cell, str) and ("," in cell or "，" in cell)


def _narrow(cell: str) -> str:
    return cell.strip() if cell.isascii() else unicodedata.normalize("NFKC", cell).strip()


def file_decimal(cells: Cells, delimiter: str | None = None) -> str:
    """Return the decimal mark that most undoubted cells near the top of a table have.

    Parameters
    ----------
    cells : ndarray of object
        The table.
    delimiter : str, optional
        That of the file. Programs divide fields by semicolons where commas are decimal marks,
        which decides if nothing else does.
    """
    sample = cells[:_SAMPLE_ROWS].ravel()
    commas = sum(has_decimal_comma(cell) for cell in sample)
    points = sum(has_decimal_point(cell) for cell in sample)
    return "," if commas > points or (delimiter == ";" and commas == points == 0) else "."


def _grouped_by_points(cells: Cells) -> bool:
    dotted = [cell.strip() for cell in cells if isinstance(cell, str) and "." in cell]
    return bool(dotted) and all(_GROUPED.fullmatch(cell) for cell in dotted)


def column_decimal(cells: Cells, default: str) -> tuple[str, tuple[int, int] | None]:
    """Return a column's decimal mark and, if it has both, a row of each (comma first).

    Parameters
    ----------
    cells : ndarray of shape (n_rows,) of object
        The column.
    default : {".", ","}
        What the file has elsewhere.
    """
    some = worded(cells)
    with_comma = [int(i) for i, cell in zip(some, cells[some], strict=True) if has_comma(cell)]
    if not with_comma:
        # beside decimal commas 1.234 is more than a thousand
        return ("," if default == "," and _grouped_by_points(cells) else "."), None
    commas = [i for i in with_comma if has_decimal_comma(cells[i])]
    points = np.flatnonzero([has_decimal_point(cell) for cell in cells])
    if commas and len(points):
        return default, (commas[0], int(points[0]))
    if commas:
        return ",", None
    return ("." if len(points) else default), None
