"""The distribution of one column: a small histogram, or bars of the levels."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ntkreg.reporting.charts.shapes import boxes, finish, picture, words
from ntkreg.reporting.text import cut, number

WIDTH, HEIGHT = 170, 84
MAX_LEVELS = 5
MAX_SETTINGS = 12
_TOP, _BASE, _SIDE = 3.0, 60.0, 3.0
_FAR = 5.0
_FEW = 0.03
_LEVEL_HEIGHT = 16.0

Values = NDArray[np.float64]


def quartiles(values: Values) -> tuple[float, ...]:
    """Return smallest value, first quartile, median, third quartile and largest value."""
    with np.errstate(over="ignore", invalid="ignore"):
        return tuple(float(q) for q in np.quantile(values, [0.0, 0.25, 0.5, 0.75, 1.0]))


def shown_range(values: Values) -> tuple[float, float]:
    """Return the range of a histogram, which leaves out what lies 5 quartile distances away.

    One slipped decimal point would otherwise press all other rows into a single bar.
    """
    low, high = values.min(), values.max()
    _, first, _, third, _ = quartiles(values)
    # of the span of all floats, a multiple is no number
    with np.errstate(over="ignore", invalid="ignore"):
        reach = _FAR * (third - first)
    if reach > 0 and np.isfinite(reach):
        inside = values[(values >= first - reach) & (values <= third + reach)]
        # many far values are no slips but another level of the process
        if len(values) - len(inside) <= _FEW * len(values):
            low, high = inside.min(), inside.max()
    return float(low), float(high)


def histogram(values: Values, role: str, label: str) -> Markup | None:
    """Draw how the values of a number are spread; its settings where it has only a few.

    Parameters
    ----------
    values : ndarray of shape (n_known,)
        Finite values.
    role : str
        Colour of the bars.
    label : str
        What the chart shows.

    Returns
    -------
    Markup or None
        None where there is no range to draw.
    """
    if len(values) == 0:
        return None
    low, high = shown_range(values)
    if 0.5 * high - 0.5 * low > 1e300:
        return None
    kept = values[(values >= low) & (values <= high)]
    settings, counts = np.unique(kept, return_counts=True)
    reach = WIDTH - 2 * _SIDE
    if len(settings) <= MAX_SETTINGS:
        gaps = np.diff(settings).min() / (high - low) if len(settings) > 1 else 1.0
        width = float(np.clip(0.7 * reach * gaps, 2.0, 22.0))
        at = (settings - low) / (high - low) if high > low else np.array([0.5])
        left = _SIDE + at * (reach - width)
    else:
        wanted = len(np.histogram_bin_edges(kept, "sturges")) + 3
        counts, edges = np.histogram(kept, int(np.clip(wanted, 8, 20)), (low, high))
        width = reach / len(counts) - 0.8
        left = _SIDE + (edges[:-1] - low) / (high - low) * reach
    drawn = picture(WIDTH, HEIGHT, label)
    heights = np.where(counts > 0, np.maximum(1.0, counts / counts.max() * (_BASE - _TOP)), 0.0)
    bars = zip(left, heights, strict=True)
    boxes(drawn, [(x, _BASE - h, width, h) for x, h in bars if h > 0], role)
    boxes(drawn, [(0, _BASE, WIDTH, 0.8)], "axis")
    if high > low:
        _quartiles(drawn, kept, low, reach / (high - low))
    words(drawn, 0, HEIGHT - 7, number(low))
    words(drawn, WIDTH, HEIGHT - 7, number(high) if high > low else "", anchor="end")
    return finish(drawn)


def _quartiles(drawn: Element, values: Values, low: float, scale: float) -> None:
    """Add the middle half of the rows as a bar under the axis, and the median as a tick."""
    first, median, third = (_SIDE + (q - low) * scale for q in quartiles(values)[1:4])
    boxes(drawn, [(first, _BASE + 3, max(third - first, 1.0), 3)], "text", 0.45)
    boxes(drawn, [(median - 1, _BASE + 1.5, 2, 6)], "ink")


def levels(
    names: Sequence[str], counts: Sequence[int], others: str, role: str, label: str
) -> Markup:
    """Draw how often each level occurs, the most frequent first.

    Parameters
    ----------
    names : sequence of str
        Levels by falling count.
    counts : sequence of int
        Rows of each.
    others : str
        Name of the rest where there are more than five levels, with room for their number.
    role : str
        Colour of the bars.
    label : str
        What the chart shows.
    """
    shown = list(zip(names, counts, strict=True))
    if len(shown) > MAX_LEVELS:
        kept, rest = shown[: MAX_LEVELS - 1], shown[MAX_LEVELS - 1 :]
        shown = [*kept, (others.format(count=len(rest)), sum(count for _, count in rest))]
    drawn = picture(WIDTH, HEIGHT, label)
    largest = max((count for _, count in shown), default=1)
    reach = WIDTH - 34.0
    rows = [(k * _LEVEL_HEIGHT, name, count) for k, (name, count) in enumerate(shown)]
    boxes(drawn, [(0, y + 2, reach * c / largest, _LEVEL_HEIGHT - 3) for y, _, c in rows], role)
    for y, name, count in rows:
        words(drawn, 3, y + 12.5, cut(name, 20), role="ink")
        words(drawn, WIDTH, y + 12.5, f"{count:,}", anchor="end")
    return finish(drawn)
