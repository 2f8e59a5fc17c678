"""Line charts in one style, and any Altair chart as SVG with the same bytes on every run."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

COLOURS = ("#1c5d99", "#c8651b", "#2f8a5b", "#8b55a8", "#b3382c", "#2c97a6", "#6d7883", "#b08a1e")
# light to dark, for series that are steps of one quantity
STEPS = ("#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#08306b")
_SIZE = (250, 200)
# numbers in tags are places; those between tags are read
_TAG = re.compile(r"<[^>]+>")
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_CLIP = re.compile(r"(clip|gradient_?)(\d+)")


def lines(
    columns: Mapping[str, Sequence[Any]],
    x: str,
    y: str,
    series: str | None = None,
    *,
    title: str = "",
    log: str = "xy",
    order: Sequence[str] | None = None,
    steps: bool = False,
    dashed: Collection[str] = (),
    points: bool = False,
) -> Any:
    """Return one panel of lines; join panels by ``|`` and ``&``.

    Parameters
    ----------
    columns : mapping of str to sequence
        The table in long form, at most 5,000 rows. The names of `x` and `y` are the axis titles,
        that of `series` the title of the legend.
    x, y : str
    series : str, optional
        One line for each of its texts.
    title : str, default=""
    log : {"xy", "x", "y", ""}, default="xy"
        Axes in logarithms; values that are not positive are left out there.
    order : sequence of str, optional
        Of the series; as they come by default.
    steps : bool, default=False
        Whether the series are steps of one quantity, coloured light to dark.
    dashed : collection of str, default=()
        Series drawn dashed: theory, references.
    points : bool, default=False
        Whether every value has a dot.
    """
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(dict(columns))
    for name, axis in ((x, "x"), (y, "y")):
        if axis in log:
            frame = frame[frame[name] > 0]
    scales = {axis: alt.Scale(type="log" if axis in log else "linear", zero=False, nice=False)
              for axis in "xy"}  # fmt: skip
    names = {name: f"c{i}" for i, name in enumerate(frame.columns)}
    plain = frame.rename(columns=names)
    spoken = alt.Axis(format="~g", tickCount=5, labelOverlap=True)
    encoding: dict[str, Any] = {
        "x": alt.X(f"{names[x]}:Q", title=x, scale=scales["x"], axis=spoken),
        "y": alt.Y(f"{names[y]}:Q", title=y, scale=scales["y"], axis=spoken),
    }
    if series is not None:
        known = list(order or dict.fromkeys(frame[series]))
        palette = STEPS[-len(known) :] if steps else COLOURS
        colours = alt.Scale(domain=known, range=list(palette[: len(known)]))
        strokes = [[4, 3] if name in dashed else [1, 0] for name in known]
        column = f"{names[series]}:N"
        legend = alt.Legend(symbolType="stroke", symbolStrokeWidth=2)
        encoding["color"] = alt.Color(
            column, title=series, sort=known, scale=colours, legend=legend
        )
        scale = alt.Scale(domain=known, range=strokes)
        encoding["strokeDash"] = alt.StrokeDash(
            column, title=series, sort=known, scale=scale, legend=legend
        )
    base = alt.Chart(plain, title=title)
    chart = base.mark_line(strokeWidth=2, point={"size": 25} if points else False)
    return chart.encode(**encoding).properties(width=_SIZE[0], height=_SIZE[1])


def svg(chart: Any) -> str:
    """Return an Altair chart as SVG: the same chart gives the same bytes."""
    import altair
    import vl_convert

    version = "_".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    spec = chart.configure(
        font="sans-serif",
        background="#ffffff",
        axis={"labelFontSize": 11, "titleFontSize": 11.5, "titleFontWeight": "normal"},
        title={"fontSize": 12.5, "anchor": "start"},
        view={"stroke": "#aab5bf"},
    ).to_dict()
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=f"v{version}")
    # identifiers are counted up over the life of the process
    numbers = list(dict.fromkeys(_CLIP.findall(drawn)))
    renamed = _CLIP.sub(lambda m: f"{m[1]}{numbers.index((m[1], m[2]))}", drawn)
    slim = _TAG.sub(lambda tag: _NUMBER.sub(_rounded, tag[0]), renamed)
    return slim.rstrip("\n") + "\n"


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
