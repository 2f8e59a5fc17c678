"""Charts of a whole table: where cells are missing, and which columns move together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ntkreg.reporting.charts.shapes import Box, boxes, finish, frames, picture, words
from ntkreg.reporting.text import cut

WIDTH = 340
MAX_STRIPS = 100
_BAND, _STRIP = 32.0, 11.0
# share of missing cells up to which a piece of a strip gets this opacity
_SHARES = ((0.25, 0.3), (0.5, 0.5), (0.999, 0.75), (1.0, 1.0))
_STRENGTHS = ((0.2, 0.18), (0.4, 0.38), (0.6, 0.62), (0.8, 1.0))
_NAMES = 118.0
_LARGEST_CELL = 26.0

Values = NDArray[np.float64]


def missing_map(
    missing: NDArray[np.bool_], names: Sequence[str], rows: tuple[str, str, str], label: str
) -> Markup:
    """Draw which cells are missing: one strip a column, rows from left to right.

    Parameters
    ----------
    missing : ndarray of shape (n_rows, n_columns) of bool
        Rows in the order of the file; beyond 100 they are put together.
    names : sequence of str
        Of the columns.
    rows : tuple of str
        First row, last row, and what they are.
    label : str
        What the chart shows.
    """
    n_rows, n_columns = missing.shape
    pieces = min(n_rows, MAX_STRIPS)
    edges = np.linspace(0, n_rows, pieces + 1).round().astype(int)
    sums = np.vstack([np.zeros(n_columns), np.cumsum(missing, axis=0)])
    shares = np.diff(sums[edges], axis=0) / np.diff(edges)[:, None]
    drawn = picture(WIDTH, n_columns * _BAND + 22, label)
    left = edges[:-1] / n_rows * WIDTH
    widths = np.diff(edges) / n_rows * WIDTH
    tops = np.arange(n_columns) * _BAND + 16
    boxes(drawn, [(0, y, WIDTH, _STRIP) for y in tops], "grid")
    low = 0.0
    for high, opacity in _SHARES:
        found = np.argwhere((shares > low) & (shares <= high))
        boxes(drawn, [(left[k], tops[j], widths[k], _STRIP) for k, j in found], "rival", opacity)
        low = high
    for j, name in enumerate(names):
        words(drawn, 0, tops[j] - 4, cut(name, 36), role="ink")
        words(drawn, WIDTH, tops[j] - 4, f"{int(missing[:, j].sum()):,}", anchor="end")
    foot = n_columns * _BAND + 12
    words(drawn, 0, foot, rows[0])
    words(drawn, WIDTH / 2, foot, rows[2], anchor="middle")
    words(drawn, WIDTH, foot, rows[1], anchor="end")
    return finish(drawn)


def heat_map(
    strengths: Values,
    signed: NDArray[np.bool_],
    names: Sequence[str],
    clusters: Sequence[Sequence[int]],
    label: str,
) -> Markup:
    """Draw how strongly every two columns move together.

    Parameters
    ----------
    strengths : ndarray of shape (n_columns, n_columns)
        Between -1 and 1, in the order in which they are drawn.
    signed : ndarray of shape (n_columns, n_columns) of bool
        Where the sign says something; elsewhere a category is involved.
    names : sequence of str
        Of the columns.
    clusters : sequence of sequence of int
        Neighbouring columns that get a frame.
    label : str
        What the chart shows.
    """
    n = len(names)
    cell = min(_LARGEST_CELL, (WIDTH - _NAMES) / max(n, 1))
    top, small = 14.0, 9.0 if n > 12 else 10.5
    drawn = picture(WIDTH, top + n * cell + 4, label)
    size = np.abs(strengths)

    def box(row: int, column: int) -> Box:
        return (_NAMES + column * cell, top + row * cell, cell - 0.8, cell - 0.8)

    for at, (low, opacity) in enumerate(_STRENGTHS):
        high = _STRENGTHS[at + 1][0] if at + 1 < len(_STRENGTHS) else 1.1
        within = (size >= low) & (size < high) & ~np.eye(n, dtype=bool)
        for role, which in (
            ("level5", within & signed & (strengths > 0)),
            ("level1", within & signed & (strengths < 0)),
            ("fold3", within & ~signed),
        ):
            boxes(drawn, [box(int(i), int(j)) for i, j in np.argwhere(which)], role, opacity)
    faint = (size < _STRENGTHS[0][0]) | np.eye(n, dtype=bool)
    boxes(drawn, [box(int(i), int(j)) for i, j in np.argwhere(faint)], "grid", 0.6)
    blocks = [(min(group), len(group)) for group in clusters]
    frames(
        drawn,
        [
            (_NAMES + a * cell - 1, top + a * cell - 1, k * cell + 1, k * cell + 1)
            for a, k in blocks
        ],
        "ink",
    )
    for k, name in enumerate(names):
        y = top + (k + 0.5) * cell
        words(
            drawn, _NAMES - 4, y + 3.5, f"{cut(name, 15)} {k + 1}", anchor="end", size=small + 0.5
        )
        middle = _NAMES + (k + 0.5) * cell
        words(drawn, middle, top - 4, str(k + 1), anchor="middle", size=8 if n > 12 else 9.5)
    return finish(drawn)
