"""Chart of the training run."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ntkreg.reporting.charts import layout
from ntkreg.reporting.charts.layout import BOTTOM, PADDING, PLOT_WIDTH, TOP, WIDTH
from ntkreg.reporting.charts.svg import LIGHT, draw

MAX_STEPS = 300


def trace(losses: layout.FloatArray, titles: tuple[str, str], label: str) -> Markup | None:
    """Draw the training loss over the steps on a logarithmic scale; None if nothing is positive."""
    import altair as alt
    import pandas as pd

    steps = np.arange(len(losses))
    drawn = np.isfinite(losses) & (losses > 0)
    steps, losses = steps[drawn], losses[drawn]
    if steps.size == 0:
        return None
    keep = np.unique(np.linspace(0, steps.size - 1, min(MAX_STEPS, steps.size)).astype(int))
    frame = pd.DataFrame({"x": steps[keep], "y": losses[keep]})
    low, high = float(losses.min()), float(losses.max())
    scale = alt.Scale(type="log", domain=[low / 1.2, high * 1.2], nice=False)
    y = alt.Y("y:Q", scale=scale, axis=alt.Axis(title=titles[1], titleX=-49, format=".1~e"))
    x = layout.x_axis(titles[0], layout.extent(frame["x"]), tickMinStep=1)
    line = alt.Chart(frame).mark_line(color=LIGHT["chosen"], strokeWidth=2).encode(x=x, y=y)
    end = layout.dots(frame.tail(1), 40, 1.0).encode(x=x, y=y, color=alt.value(LIGHT["chosen"]))
    chart = alt.layer(line, end).properties(width=PLOT_WIDTH, height=200)
    return draw(chart, (WIDTH, 200 + TOP + BOTTOM), PADDING, label)
