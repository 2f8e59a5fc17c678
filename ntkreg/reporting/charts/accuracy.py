"""Charts of how well the contenders predict rows that they have not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ntkreg.reporting.charts import layout
from ntkreg.reporting.charts.layout import (
    BAND,
    BOTTOM,
    LEFT,
    PADDING,
    PLOT_WIDTH,
    RIGHT,
    TOP,
    WIDTH,
)
from ntkreg.reporting.charts.svg import FOLD_ROLES, LIGHT, draw

MAX_POINTS = 1500
_SIDE = 14


@dataclass(frozen=True)
class HeldOut:
    """Held-out predictions of one model, row by row; NaN where a row was never tested."""

    actual: layout.FloatArray
    predicted: layout.FloatArray
    fold: Any
    position: layout.FloatArray

    @property
    def residual(self) -> layout.FloatArray:
        """Actual minus predicted."""
        return self.actual - self.predicted

    @property
    def drawn(self) -> Any:
        """Positions of the rows to draw, at most `MAX_POINTS`."""
        return layout.sample(np.isfinite(self.predicted), MAX_POINTS)


def _frame(x: Any, y: Any, fold: Any) -> Any:
    import pandas as pd

    roles = np.asarray(FOLD_ROLES)[np.asarray(fold) % len(FOLD_ROLES)]
    return pd.DataFrame({"x": x, "y": y, "c": roles})


def leaderboard(
    names: list[str], folds: list[Any], intervals: list[tuple[float, float]], title: str, label: str
) -> Markup:
    """Draw RMSE per fold (dots), its mean (diamond) and interval (line), one band a contender."""
    import altair as alt
    import pandas as pd

    from ntkreg.reporting.text import number

    n, width = len(names), WIDTH - 2 * _SIDE
    role = ["chosen"] + ["rival"] * (n - 1)
    means = [float(np.mean(values)) for values in folds]
    band = np.arange(n) + 0.68
    low, high = np.asarray(intervals, dtype=np.float64).T
    domain = layout.extent(*folds, low, high)
    ends = [np.where(np.isfinite(side), side, means) for side in (low, high)]
    summary = pd.DataFrame({"x": means, "y": band, "low": ends[0], "high": ends[1], "c": role})
    points = pd.DataFrame(
        {
            "x": np.concatenate(folds),
            "y": np.repeat(band, [len(values) for values in folds]),
            "c": np.repeat(role, [len(values) for values in folds]),
        }
    )
    x, y = layout.x_axis(title, domain), layout.band_axis(n)
    colour = layout.colour("c", ("chosen", "rival"))
    lines = alt.Chart(summary).mark_rule(strokeWidth=2.5).encode(x="low:Q", x2="high:Q", y=y)
    marks = alt.Chart(summary).mark_point(shape="diamond", size=60, filled=True, opacity=1)
    chart = alt.layer(
        layout.dots(points, 26, 0.4).encode(x=x, y=y, color=colour),
        lines.encode(color=colour),
        marks.encode(x=x, y=y, color=colour),
        layout.band_labels(names, [number(mean, pad=True) for mean in means], width),
    ).properties(width=width, height=n * BAND)
    return draw(chart, (WIDTH, n * BAND + TOP + BOTTOM), (_SIDE, TOP, _SIDE, BOTTOM), label)


def predicted_actual(
    rows: HeldOut,
    domain: tuple[float, float],
    limits: tuple[float | None, float | None],
    titles: tuple[str, str],
    label: str,
    names: Sequence[str],
) -> Markup:
    """Draw predicted against actual with the line of equality and the specification limits."""
    import altair as alt
    import pandas as pd

    keep = rows.drawn
    line = alt.Chart(pd.DataFrame({"x": domain, "y": domain})).mark_line(
        color=LIGHT["axis"], strokeWidth=1.2
    )
    points = layout.dots(_frame(rows.actual[keep], rows.predicted[keep], rows.fold[keep]))
    x, y = layout.x_axis(titles[0], domain), layout.y_axis(titles[1], domain)
    inside = [v for v in limits if v is not None and domain[0] <= v <= domain[1]]
    rules = [layout.rule(field, v, "limit", (4, 3)) for v in inside for field in ("x", "y")]
    chart = alt.layer(
        line.encode(x=x, y=y),
        *rules,
        points.encode(x=x, y=y, color=layout.colour("c", FOLD_ROLES)),
    ).properties(width=PLOT_WIDTH, height=PLOT_WIDTH)
    drawn = [names[k] for k in keep]
    return draw(chart, (WIDTH, PLOT_WIDTH + TOP + BOTTOM), PADDING, label, names=drawn)


def residuals(
    rows: HeldOut,
    x_values: layout.FloatArray,
    band: float,
    titles: tuple[str, str],
    label: str,
    names: Sequence[str],
    height: int = 200,
) -> Markup:
    """Draw residuals against `x_values` (one per row) with zero and the interval's half width."""
    import altair as alt

    keep = rows.drawn
    x_values, residual, fold = x_values[keep], rows.residual[keep], rows.fold[keep]
    limits = [band, -band] if np.isfinite(band) else []
    y = layout.y_axis(titles[1], layout.extent(residual, limits))
    x = layout.x_axis(titles[0], layout.extent(x_values))
    points = layout.dots(_frame(x_values, residual, fold))
    chart = alt.layer(
        layout.rule("y", 0.0, "axis"),
        *(layout.rule("y", value, "text", (2, 3)) for value in limits),
        points.encode(x=x, y=y, color=layout.colour("c", FOLD_ROLES)),
    ).properties(width=PLOT_WIDTH, height=height)
    drawn = [names[k] for k in keep]
    return draw(chart, (WIDTH, height + TOP + BOTTOM), PADDING, label, names=drawn)


def histogram(
    residual: layout.FloatArray, titles: tuple[str, str], label: str, height: int = 200
) -> Markup:
    """Draw the distribution of the residuals."""
    import altair as alt
    import pandas as pd

    values = residual[np.isfinite(residual)]
    counts, edges = np.histogram(values, bins=min(30, max(5, int(np.sqrt(values.size)))))
    frame = pd.DataFrame({"x": edges[:-1], "x2": edges[1:], "y": counts, "zero": 0})
    x = layout.x_axis(titles[0], layout.extent(edges))
    y = layout.y_axis(titles[1], (0.0, 1.08 * max(int(counts.max()), 1)), tickMinStep=1)
    bars = alt.Chart(frame).mark_rect(color=LIGHT["chosen"], fillOpacity=0.75, opacity=1)
    bars = bars.encode(x=x, x2="x2:Q", y=y, y2="zero:Q")
    chart = alt.layer(bars, layout.rule("x", 0.0, "axis")).properties(
        width=PLOT_WIDTH, height=height
    )
    return draw(chart, (WIDTH, height + TOP + BOTTOM), (LEFT, TOP, RIGHT, BOTTOM), label)
