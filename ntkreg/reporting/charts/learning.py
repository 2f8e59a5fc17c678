"""Chart of the error against the number of training rows."""

from __future__ import annotations

from markupsafe import Markup

from ntkreg.reporting.charts import layout
from ntkreg.reporting.charts.layout import BOTTOM, PADDING, PLOT_WIDTH, TOP, WIDTH
from ntkreg.reporting.charts.svg import LIGHT, draw

HEIGHT = 200


def learning(
    n_rows: tuple[int, ...], rmse: tuple[float, ...], titles: tuple[str, str], label: str
) -> Markup:
    """Draw the error over the number of rows, from no error at all."""
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame({"x": n_rows, "y": rmse})
    across = (0.0, 1.06 * max(n_rows))
    x = layout.x_axis(titles[0], across, values=list(n_rows))
    y = layout.y_axis(titles[1], (0.0, 1.1 * max(rmse)))
    line = alt.Chart(frame).mark_line(color=LIGHT["chosen"], strokeWidth=2).encode(x=x, y=y)
    ends = layout.dots(frame, 50, 1.0).encode(x=x, y=y, color=alt.value(LIGHT["chosen"]))
    chart = alt.layer(line, ends).properties(width=PLOT_WIDTH, height=HEIGHT)
    return draw(chart, (WIDTH, HEIGHT + TOP + BOTTOM), PADDING, label)
