"""Charts of intervals and of probabilities out of specification, on held-out rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ntkreg.decision.results import ReliabilityBin
from ntkreg.reporting.charts import layout
from ntkreg.reporting.charts.layout import BOTTOM, PADDING, PLOT_WIDTH, TOP, WIDTH
from ntkreg.reporting.charts.svg import LIGHT, draw

MAX_INTERVALS = 120
_HEIGHT = 270


def intervals(
    predicted: layout.FloatArray,
    actual: layout.FloatArray,
    half_widths: layout.FloatArray,
    limits: tuple[float | None, float | None],
    titles: tuple[str, str],
    label: str,
) -> Markup:
    """Draw the interval of each row as a line, its actual value as a dot, orange if outside."""
    import altair as alt
    import pandas as pd

    keep = layout.sample(np.isfinite(predicted) & np.isfinite(half_widths), MAX_INTERVALS)
    middle, half = predicted[keep], half_widths[keep]
    outside = np.abs(actual[keep] - middle) > half
    frame = pd.DataFrame(
        {
            "x": middle,
            "y": actual[keep],
            "low": middle - half,
            "high": middle + half,
            "c": np.where(outside, "rival", "chosen"),
        }
    )
    domain = layout.extent(frame["low"], frame["high"], frame["y"])
    x, y = layout.x_axis(titles[0], layout.extent(middle)), layout.y_axis(titles[1], domain)
    low = alt.Y("low:Q", scale=alt.Scale(domain=list(domain), nice=False, zero=False))
    bars = alt.Chart(frame).mark_rule(color=LIGHT["axis"], strokeWidth=1.2)
    inside = [v for v in limits if v is not None and domain[0] <= v <= domain[1]]
    chart = alt.layer(
        bars.encode(x=x, y=low, y2="high:Q"),
        *(layout.rule("y", value, "limit", (4, 3)) for value in inside),
        layout.dots(frame, 22, 0.9).encode(x=x, y=y, color=layout.colour("c", ("chosen", "rival"))),
    ).properties(width=PLOT_WIDTH, height=_HEIGHT)
    return draw(chart, (WIDTH, _HEIGHT + TOP + BOTTOM), PADDING, label)


def reliability(bins: Sequence[ReliabilityBin], titles: tuple[str, str], label: str) -> Markup:
    """Draw the share really out of specification against the stated probability."""
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(
        {
            "x": [each.stated for each in bins],
            "y": [each.out.share for each in bins],
            "low": [each.out.low for each in bins],
            "high": [each.out.high for each in bins],
        }
    )
    domain = (-0.04, 1.04)
    x, y = (
        layout.x_axis(titles[0], domain, format="%"),
        layout.y_axis(titles[1], domain, format="%"),
    )
    low = alt.Y("low:Q", scale=alt.Scale(domain=list(domain), nice=False, zero=False))
    line = alt.Chart(pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]}))
    chart = alt.layer(
        line.mark_line(color=LIGHT["axis"], strokeWidth=1.2).encode(x=x, y=y),
        alt.Chart(frame)
        .mark_rule(color=LIGHT["chosen"], strokeWidth=2)
        .encode(x=x, y=low, y2="high:Q"),
        layout.dots(frame, 50, 1.0).encode(x=x, y=y, color=alt.value(LIGHT["chosen"])),
    ).properties(width=PLOT_WIDTH, height=_HEIGHT)
    return draw(chart, (WIDTH, _HEIGHT + TOP + BOTTOM), PADDING, label)
