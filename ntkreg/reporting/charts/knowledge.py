"""The picture beside a verdict: Shapley value against the column, trend, band and range."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ntkreg.inspection.knowledge.trend import Trend
from ntkreg.inspection.results import Expectation
from ntkreg.reporting.charts import layout
from ntkreg.reporting.charts.svg import LIGHT, draw

SIZE = (340, 190)
PADDING = (layout.LEFT, 12, 14, 42)


def picture(
    x: NDArray[np.float64],
    shap: NDArray[np.float64],
    trend: Trend,
    expectation: Expectation,
    titles: tuple[str, str],
    label: str,
) -> Markup:
    """Draw the Shapley values of one column with their trend.

    Parameters
    ----------
    x, shap : ndarray of shape (n_points,)
        Values of the column and Shapley values.
    trend : Trend
        Spline and band.
    expectation : Expectation
        Its range is shaded.
    titles : tuple of str
        Of the two axes.
    label : str
        What the chart shows, for those who cannot see it.
    """
    import altair as alt
    import pandas as pd

    left, top, right, bottom = PADDING
    # the trend runs over all rows, the dots may be a sample of them
    domain = layout.extent(x, trend.x)
    height = layout.extent(shap, trend.lower, trend.upper, [0.0])
    channels = {
        "x": layout.x_axis(titles[0], domain, tickCount=4, labelFlush=12),
        "y": layout.y_axis(titles[1], height),
    }
    lines = pd.DataFrame({"x": trend.x, "y": trend.middle, "low": trend.lower, "high": trend.upper})
    layers: list[Any] = []
    if expectation.has_range:
        low = max(domain[0], -np.inf if expectation.low is None else expectation.low)
        high = min(domain[1], np.inf if expectation.high is None else expectation.high)
        frame = pd.DataFrame({"x": [low], "x2": [high], "y": [height[0]], "y2": [height[1]]})
        shade = alt.Chart(frame).mark_rect(color=LIGHT["grid"], fillOpacity=0.9, opacity=1)
        layers += [shade.encode(**channels, x2="x2:Q", y2="y2:Q")] if low < high else []
    band = alt.Chart(lines).mark_area(color=LIGHT["chosen"], fillOpacity=0.2, opacity=1)
    scale = alt.Scale(domain=list(height), nice=False, zero=False)
    axis = layout.axis(titles[1], height, titleX=-49)
    layers += [
        layout.rule("y", 0.0, "axis"),
        band.encode(x=channels["x"], y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q"),
        layout.dots(pd.DataFrame({"x": x, "y": shap}), 13, 0.55).encode(
            **channels, color=alt.value(LIGHT["chosen"])
        ),
        alt.Chart(lines).mark_line(color=LIGHT["ink"], strokeWidth=1.6).encode(**channels),
    ]
    chart = alt.layer(*layers).properties(
        width=SIZE[0] - left - right, height=SIZE[1] - top - bottom
    )
    return draw(chart, SIZE, PADDING, label)
