"""Charts of Shapley values: how much each column moves a prediction, and which way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ntkreg.inspection.results import Explanation
from ntkreg.io.dataset import Column, Dataset
from ntkreg.reporting.charts import layout
from ntkreg.reporting.charts.layout import BAND, BOTTOM, LEFT, RIGHT, TOP, WIDTH
from ntkreg.reporting.charts.svg import LEVEL_ROLES, LIGHT, draw
from ntkreg.reporting.text import cut, number

MAX_COLUMNS = 12
MAX_POINTS = 200
MAX_LEVELS = 6
_SIDE = 14
_PANEL_GAP = 14
_HEADER = 26


@dataclass(frozen=True)
class Panel:
    """One model's points in a dependence chart."""

    name: str
    role: str
    x: NDArray[Any]
    shap: layout.FloatArray


def _levels(values: NDArray[Any]) -> NDArray[np.str_]:
    """Return the colour role of each value: five equally filled steps, or "missing"."""
    roles = np.full(len(values), "missing", dtype="U8")
    if values.dtype == object:
        return roles
    known = np.isfinite(values)
    if known.any():
        edges = np.quantile(values[known], [0.2, 0.4, 0.6, 0.8])
        roles[known] = np.asarray(LEVEL_ROLES)[np.searchsorted(edges, values[known], side="right")]
    return roles


def _swarm(values: layout.FloatArray, domain: tuple[float, float]) -> layout.FloatArray:
    """Return vertical offsets in [-1, 1] that spread points lying on the same place."""
    cells = np.floor((values - domain[0]) / (domain[1] - domain[0]) * 90).astype(int)
    offsets = np.zeros(len(values))
    seen: Counter[int] = Counter()
    for position, cell in enumerate(cells):
        turn = seen[cell]
        offsets[position] = (turn + 1) // 2 * (1 if turn % 2 else -1)
        seen[cell] += 1
    # up to seven points lie side by side before a pile has to be squeezed
    return offsets / max(3.5, float(np.abs(offsets).max(initial=0.0)))


def importance(
    explanations: tuple[Explanation, ...],
    order: list[int],
    names: list[str],
    title: str,
    label: str,
) -> Markup:
    """Draw mean |Shapley value| of the leading columns, one bar a model."""
    import altair as alt
    import pandas as pd

    n, width = len(order), WIDTH - 2 * _SIDE
    roles = ("chosen", "rival")[: len(explanations)]
    rows = [
        {
            "x": float(e.importance[c]),
            "y": b + 0.42 + 0.24 * k,
            "y2": b + 0.62 + 0.24 * k,
            "c": role,
        }
        for b, c in enumerate(order)
        for k, (e, role) in enumerate(zip(explanations, roles, strict=True))
    ]
    frame = pd.DataFrame(rows).assign(x2=0.0)
    domain = (0.0, 1.02 * (float(frame["x"].max()) or 1.0))
    values = [" / ".join(number(float(e.importance[c]), 3) for e in explanations) for c in order]
    bars = alt.Chart(frame).mark_rect(fillOpacity=0.9, opacity=1)
    bars = bars.encode(
        x=layout.x_axis(title, domain),
        x2="x2:Q",
        y=layout.band_axis(n),
        y2="y2:Q",
        color=layout.colour("c", roles),
    )
    chart = alt.layer(bars, layout.band_labels(names, values, width))
    chart = chart.properties(width=width, height=n * BAND)
    return draw(chart, (WIDTH, n * BAND + TOP + BOTTOM), (_SIDE, TOP, _SIDE, BOTTOM), label)


def strips(
    explanation: Explanation,
    dataset: Dataset,
    order: list[int],
    names: list[str],
    title: str,
    label: str,
) -> Markup:
    """Draw every explained row as a dot per column, coloured by the column's value."""
    import altair as alt
    import pandas as pd

    n, width = len(order), WIDTH - 2 * _SIDE
    keep = layout.sample(np.ones(len(explanation.rows), dtype=bool), MAX_POINTS)
    shap = explanation.values[keep]
    domain = layout.extent(shap[:, order], [0.0])
    columns = dataset.feature_columns
    parts = []
    for band, c in enumerate(order):
        values = dataset.features[columns[c].key].to_numpy()[explanation.rows[keep]]
        y = band + 0.68 + 0.24 * _swarm(shap[:, c], domain)
        parts.append(pd.DataFrame({"x": shap[:, c], "y": y, "c": _levels(values)}))
    means = [number(float(explanation.importance[c]), 3) for c in order]
    points = layout.dots(pd.concat(parts), 11, 0.85)
    chart = alt.layer(
        layout.rule("x", 0.0, "axis"),
        points.encode(
            x=layout.x_axis(title, domain),
            y=layout.band_axis(n),
            color=layout.colour("c", (*LEVEL_ROLES, "missing")),
        ),
        layout.band_labels(names, means, width),
    ).properties(width=width, height=n * BAND)
    return draw(chart, (WIDTH, n * BAND + TOP + BOTTOM), (_SIDE, TOP, _SIDE, BOTTOM), label)


def panels(
    explanations: tuple[Explanation, ...], names: list[str], dataset: Dataset, index: int
) -> list[Panel]:
    """Return the points of one column's dependence chart for each model."""
    column = dataset.feature_columns[index]
    found = []
    for explanation, name, role in zip(explanations, names, ("chosen", "rival"), strict=False):
        values = dataset.features[column.key].to_numpy()[explanation.rows]
        shap = explanation.values[:, index]
        known = np.array([v is not None and v == v for v in values], dtype=bool)
        keep = layout.sample(known, MAX_POINTS)
        found.append(Panel(name, role, values[keep], shap[keep]))
    return found


def _level_names(column: Column, parts: list[Panel], others: str) -> dict[str, str]:
    """Return short, distinct names of the most frequent levels; the rest share one name."""
    counts = Counter(level for panel in parts for level in panel.x)
    frequent = sorted(counts, key=lambda level: (-counts[level], level))
    names: dict[str, str] = {}
    for level in sorted(frequent[:MAX_LEVELS], key=column.levels.index):
        short = cut(level, 9)
        names[level] = (
            short if short not in names.values() else f"{cut(level, 5)}({len(names) + 1})"
        )
    return names | dict.fromkeys(frequent[MAX_LEVELS:], others)


def _points(panel: Panel, number_of_panel: int, levels: dict[str, str] | None) -> Any:
    import pandas as pd

    x = panel.x if levels is None else [levels[level] for level in panel.x]
    jitter = np.random.default_rng(0).uniform(-1, 1, len(panel.x))
    columns = {"x": x, "y": panel.shap, "c": panel.role, "panel": number_of_panel, "j": jitter}
    return pd.DataFrame(columns)


def dependence(
    parts: list[Panel], column: Column, titles: tuple[str, str], others: str, label: str
) -> Markup | None:
    """Draw Shapley value against the column's value, the models side by side on the same axes."""
    import altair as alt
    import pandas as pd

    levels = _level_names(column, parts, others) if column.kind != "numeric" else None
    frame = pd.concat([_points(panel, k, levels) for k, panel in enumerate(parts)])
    if frame.empty:
        return None
    gaps = _PANEL_GAP * (len(parts) - 1)
    width = (WIDTH - LEFT - RIGHT - gaps) // len(parts)
    height, bottom = 150, BOTTOM if levels is None else 78
    y = layout.y_axis(titles[1], layout.extent(frame["y"], [0.0]))
    channels = {"y": y, "color": layout.colour("c", ("chosen", "rival"))}
    if levels is None:
        domain = layout.extent(frame["x"].astype(float))
        # labels at the ends turn inwards, so that those of neighbouring panels do not meet
        channels["x"] = layout.x_axis(None, domain, tickCount=3, labelFlush=12)
    else:
        order = list(dict.fromkeys(levels.values()))
        tilted = alt.Axis(title=None, labelAngle=-40, labelAlign="right", grid=False)
        channels["x"] = alt.X("x:N", sort=order, scale=alt.Scale(domain=order), axis=tilted)
        channels["xOffset"] = alt.XOffset("j:Q", scale=alt.Scale(domain=[-2, 2]))
    points = layout.dots(frame, 15, 0.55).encode(**channels)
    zero = alt.Chart().mark_rule(color=LIGHT["axis"]).encode(y=alt.datum(0))
    chart = alt.layer(zero, points, data=frame).properties(width=width, height=height)
    chart = chart.facet(
        alt.Facet("panel:O", title=None, header=alt.Header(labelExpr="''", title=None)),
        columns=len(parts),
        spacing=_PANEL_GAP,
        bounds="flush",
    )
    size = (WIDTH, _HEADER + height + bottom)
    heads = [
        (LEFT + k * (width + _PANEL_GAP), _HEADER - 10, cut(panel.name, 22), "start")
        for k, panel in enumerate(parts)
    ]
    foot = (LEFT + (WIDTH - LEFT - RIGHT) / 2, size[1] - 8, titles[0], "middle")
    return draw(chart, size, (LEFT, _HEADER, RIGHT, bottom), label, (*heads, foot))
