"""Charts of the training regime: gaps over the width, and what the kernel's stop leaves out."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from ntkreg.ntk.regime.capacity import CapacityFit
from ntkreg.reporting.charts import layout
from ntkreg.reporting.charts.layout import BOTTOM, PADDING, PLOT_WIDTH, TOP, WIDTH
from ntkreg.reporting.charts.svg import LIGHT, draw

HEIGHT = 220
MAX_RANKS = 160
# eigenvalues below this share of the largest one are rounding
_SMALLEST = 1e-12


def _logarithmic(field: str, values: Any, title: str, form: str, ticks: Any = None) -> Any:
    """Return a position channel on a logarithmic scale that holds all values with a margin."""
    import altair as alt

    low, high = float(np.min(values)), float(np.max(values))
    scale = alt.Scale(type="log", domain=[low / 1.25, high * 1.25], nice=False)
    options: dict[str, Any] = {"format": form, "title": title, "tickCount": 5}
    options |= {} if ticks is None else {"values": [float(tick) for tick in ticks]}
    if field == "y":
        return alt.Y("y:Q", scale=scale, axis=alt.Axis(titleX=-49, **options))
    return alt.X("x:Q", scale=scale, axis=alt.Axis(**options))


def over_width(
    widths: list[int],
    gaps: dict[str, list[float]],
    used: int,
    limit: float,
    titles: tuple[str, str],
    label: str,
) -> Markup | None:
    """Draw gaps over the width, both on logarithmic scales.

    Parameters
    ----------
    widths : list of int
    gaps : dict of str to list of float
        Gaps by colour role, one a width.
    used : int
        The width that is marked.
    limit : float
        Where the dashed line stands.
    titles : tuple of str
        Of both axes.
    label : str
        What the chart shows.

    Returns
    -------
    Markup or None
        None below two widths or without a positive gap.
    """
    import altair as alt
    import pandas as pd

    shown = [(x, y, role) for role in gaps for x, y in zip(widths, gaps[role], strict=True)]
    frame = pd.DataFrame(shown, columns=["x", "y", "c"])
    frame = frame[np.isfinite(frame["y"]) & (frame["y"] > 0)]
    if len(widths) < 2 or frame.empty:
        return None
    x = _logarithmic("x", widths, titles[0], "~g", widths)
    y = _logarithmic("y", [*frame["y"], limit], titles[1], "~g")
    colour = layout.colour("c", tuple(gaps))
    ring = alt.Chart(frame[frame["x"] == used]).mark_point(size=110, filled=False, strokeWidth=1.5)
    chart = alt.layer(
        layout.rule("y", limit, "limit", (4, 3)),
        alt.Chart(frame).mark_line(strokeWidth=2).encode(x=x, y=y, color=colour),
        layout.dots(frame, 40, 1.0).encode(x=x, y=y, color=colour),
        ring.encode(x=x, y=y, color=colour),
    ).properties(width=PLOT_WIDTH, height=HEIGHT)
    return draw(chart, (WIDTH, HEIGHT + TOP + BOTTOM), PADDING, label)


def spectrum(
    eigenvalues: layout.FloatArray,
    capacity: CapacityFit | None,
    stop: float,
    titles: tuple[str, str],
    label: str,
) -> Markup | None:
    """Draw eigenvalues by rank with the level of the stop and the fitted power law.

    Parameters
    ----------
    eigenvalues : ndarray
        Descending.
    capacity : CapacityFit or None
    stop : float
        1/(eta t).
    titles : tuple of str
        Of both axes.
    label : str
        What the chart shows.

    Returns
    -------
    Markup or None
        None below two positive eigenvalues.
    """
    import altair as alt
    import pandas as pd

    positive = eigenvalues[eigenvalues > _SMALLEST * eigenvalues[:1].max(initial=0.0)]
    if len(positive) < 2:
        return None
    ranks = np.unique(np.geomspace(1, len(positive), MAX_RANKS).round().astype(int))
    frame = pd.DataFrame({"x": ranks, "y": positive[ranks - 1]})
    # a stop far below the last eigenvalue is drawn a little below it
    level = float(np.clip(stop, 0.3 * frame["y"].min(), frame["y"].max()))
    x = _logarithmic("x", ranks, titles[0], "~g", 10.0 ** np.arange(np.log10(len(positive)) + 1))
    y = _logarithmic("y", [*frame["y"], level], titles[1], ".0e")
    layers = [
        layout.rule("y", level, "limit", (4, 3)),
        layout.dots(frame, 14, 0.8).encode(x=x, y=y, color=alt.value(LIGHT["chosen"])),
    ]
    if capacity is not None:
        ends = np.array([capacity.first, capacity.last], dtype=float)
        line = pd.DataFrame({"x": ends, "y": capacity.factor * ends**-capacity.slope})
        layers.append(
            alt.Chart(line).mark_line(color=LIGHT["rival"], strokeWidth=2).encode(x=x, y=y)
        )
    chart = alt.layer(*layers).properties(width=PLOT_WIDTH, height=HEIGHT)
    return draw(chart, (WIDTH, HEIGHT + TOP + BOTTOM), PADDING, label)
