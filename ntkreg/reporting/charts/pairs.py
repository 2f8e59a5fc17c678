"""Charts of pairs of columns: the prediction over one of them at values of the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ntkreg.inspection.attribution.interactions import Curve
from ntkreg.reporting.charts import layout
from ntkreg.reporting.charts.layout import BOTTOM, PADDING, PLOT_WIDTH, TOP, WIDTH
from ntkreg.reporting.charts.svg import LIGHT, draw
from ntkreg.reporting.text import cut

HEIGHT = 190
# low, middle, high: told apart by colour and by line
ROLES = ("level1", "text", "level5")
DASHES: tuple[list[int], ...] = ([2, 3], [1, 0], [7, 4])


def styles(n_curves: int) -> tuple[int, ...]:
    """Return which roles and dashes the curves get: one alone is the middle one, two the ends."""
    return {1: (1,), 2: (0, 2)}.get(n_curves, (0, 1, 2))


def curves(found: Sequence[Curve], titles: tuple[str, str], label: str) -> Markup:
    """Draw the mean prediction over one column, one line a value of the other.

    Parameters
    ----------
    found : sequence of Curve
        At most three; over a category they are drawn as dots.
    titles : tuple of str
        Of both axes.
    label : str
        What the chart shows.
    """
    import altair as alt

    frames = [
        pd.DataFrame({"x": curve.x, "y": curve.y, "c": ROLES[style], "k": style})
        for curve, style in zip(found, styles(len(found)), strict=True)
    ]
    frame = pd.concat(frames)
    # a category is drawn in the table's unit of places, so that long names can be cut alike
    levels = isinstance(found[0].x[0], str)
    y = layout.y_axis(titles[1], layout.extent(frame["y"]))
    role = layout.colour("c", ROLES)
    size, padding = (WIDTH, HEIGHT + TOP + BOTTOM), PADDING
    if levels:
        x: Any = _places(frame, titles[0])
        drawn = layout.dots(frame, 60, 0.9).encode(x=x, y=y, color=role)
    else:
        x = layout.x_axis(titles[0], layout.extent(frame["x"].astype(float)))
        dash = alt.StrokeDash(
            "k:O", scale=alt.Scale(domain=[0, 1, 2], range=[*DASHES]), legend=None
        )
        lines = alt.Chart(frame).mark_line(strokeWidth=2.2)
        drawn = lines.encode(x=x, y=y, color=role, strokeDash=dash)
    chart = alt.layer(drawn).properties(width=PLOT_WIDTH, height=HEIGHT)
    return draw(chart, size, padding, label)


def _places(frame: pd.DataFrame, title: str) -> Any:
    """Return the horizontal channel of a category, whose names are cut and stay distinct."""
    import altair as alt

    short: dict[str, str] = {}
    for level in frame["x"]:
        if level not in short:
            name = cut(level, 7)
            short[level] = name if name not in short.values() else f"{cut(level, 4)}{len(short)}"
    frame["x"] = frame["x"].map(short)
    axis = alt.Axis(title=title, labelAngle=0, grid=False, titleColor=LIGHT["text"])
    return alt.X("x:N", sort=None, scale=alt.Scale(domain=list(short.values())), axis=axis)
