"""What all charts share: geometry, axes, sampling. One small chart a question.

Every chart is about as wide as a phone; the page lays them side by side where there is room.
Column names appear as drawn text only, never as a field name or an expression of the chart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH = 340
LEFT, TOP, RIGHT, BOTTOM = 64, 10, 12, 42
PADDING = (LEFT, TOP, RIGHT, BOTTOM)
PLOT_WIDTH = WIDTH - LEFT - RIGHT
BAND = 38

FloatArray = NDArray[np.float64]


def extent(*arrays: Any, margin: float = 0.04) -> tuple[float, float]:
    """Return the range of all finite values with a margin; (0, 1) where there are none."""
    values = np.concatenate([np.ravel(np.asarray(a, dtype=np.float64)) for a in arrays])
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    width = (high - low) or abs(high) or 1.0
    return low - margin * width, high + margin * width


def sample(mask: NDArray[np.bool_], size: int) -> NDArray[np.int64]:
    """Return at most `size` positions at which the mask is set, the same ones every time."""
    positions = np.flatnonzero(mask)
    if positions.size <= size:
        return positions
    # a report must be the same twice, so this generator is not the user's seed
    return np.sort(np.random.default_rng(0).choice(positions, size, replace=False))


def axis(title: str | None, domain: tuple[float, float], **options: Any) -> Any:
    """Return an axis whose tick labels stay short enough for the fixed margins."""
    import altair as alt

    largest = max(abs(domain[0]), abs(domain[1]))
    if largest >= 1e5 or largest < 2e-3:
        options["labelExpr"] = "datum.value === 0 ? '0' : format(datum.value, '.2~e')"
    return alt.Axis(title=title, **options)


def x_axis(title: str | None, domain: tuple[float, float], **options: Any) -> Any:
    """Return the horizontal position channel of field `x`."""
    import altair as alt

    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    return alt.X("x:Q", scale=scale, axis=axis(title, domain, **options))


def y_axis(title: str | None, domain: tuple[float, float], **options: Any) -> Any:
    """Return the vertical position channel of field `y`."""
    import altair as alt

    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    return alt.Y("y:Q", scale=scale, axis=axis(title, domain, titleX=-49, **options))


def band_axis(n_bands: int) -> Any:
    """Return the vertical channel of a chart of named bands, the first on top, without an axis."""
    import altair as alt

    return alt.Y("y:Q", scale=alt.Scale(domain=[n_bands, 0], nice=False), axis=None)


def colour(field: str, roles: tuple[str, ...]) -> Any:
    """Return the colour channel of a field that holds roles of `ntkreg.reporting.svg.LIGHT`."""
    import altair as alt

    from ntkreg.reporting.charts.svg import LIGHT

    scale = alt.Scale(domain=list(roles), range=[LIGHT[role] for role in roles])
    return alt.Color(f"{field}:N", scale=scale, legend=None)


def dots(frame: Any, size: int = 16, opacity: float = 0.6) -> Any:
    """Return a chart of filled circles (fill opacity is inherited and therefore written once)."""
    import altair as alt

    return alt.Chart(frame).mark_circle(size=size, fillOpacity=opacity, opacity=1)


def rule(field: str, value: float, role: str, dash: tuple[int, int] | None = None) -> Any:
    """Return one straight line across the plot at `value` of channel `field` ("x" or "y")."""
    import altair as alt
    import pandas as pd

    from ntkreg.reporting.charts.svg import LIGHT

    options: dict[str, Any] = {"strokeDash": list(dash)} if dash else {}
    mark = alt.Chart(pd.DataFrame({field: [value]})).mark_rule(color=LIGHT[role], **options)
    return mark.encode(**{field: f"{field}:Q"})


def band_labels(labels: list[str], numbers: list[str], width: int) -> Any:
    """Return band titles on the left and their numbers on the right, above what a band draws."""
    import altair as alt
    import pandas as pd

    from ntkreg.reporting.charts.svg import LIGHT

    frame = pd.DataFrame({"y": np.arange(len(labels)) + 0.2, "t": labels, "n": numbers})
    base = alt.Chart(frame).encode(y=band_axis(len(labels)))
    left = base.mark_text(align="left", baseline="middle", fontSize=11.5)
    right = base.mark_text(align="right", baseline="middle", fontSize=11, color=LIGHT["text"])
    return alt.layer(
        left.encode(x=alt.value(0), text="t:N"), right.encode(x=alt.value(width), text="n:N")
    )
