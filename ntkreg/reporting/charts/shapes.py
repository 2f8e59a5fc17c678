"""Small charts drawn without a chart library: their shapes, and the picture that holds them.

A report has one of them a column. Written directly they take a thousandth of a second and a few
hundred bytes each; colours are those of :data:`ntkreg.reporting.charts.svg.COLOURS`.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from markupsafe import Markup

from ntkreg.reporting.charts.svg import LIGHT

Box = tuple[float, float, float, float]
FONT = 11.0


def picture(width: float, height: float, label: str) -> ElementTree.Element:
    """Return an empty picture of this size in CSS pixels.

    Parameters
    ----------
    width, height : float
        Natural size.
    label : str
        What it shows, for those who cannot see it.
    """
    size = f"0 0 {width:g} {height:g}"
    return ElementTree.Element(
        "svg", {"class": "chart", "viewBox": size, "role": "img", "aria-label": label}
    )


def boxes(
    parent: ElementTree.Element, places: Iterable[Box], role: str, opacity: float = 1
) -> None:
    """Add filled rectangles (left, top, width, height) of one colour as a single path."""
    path = "".join(f"M{_n(x)} {_n(y)}h{_n(w)}v{_n(h)}h{_n(-w)}z" for x, y, w, h in places)
    if path:
        shape = ElementTree.SubElement(parent, "path", {"d": path, "fill": LIGHT[role]})
        if opacity < 1:
            shape.set("fill-opacity", f"{opacity:g}")


def frames(parent: ElementTree.Element, places: Iterable[Box], role: str) -> None:
    """Add the outlines of rectangles."""
    path = "".join(f"M{_n(x)} {_n(y)}h{_n(w)}v{_n(h)}h{_n(-w)}z" for x, y, w, h in places)
    if path:
        outline = {"d": path, "fill": "none", "stroke": LIGHT[role], "stroke-width": "1.5"}
        ElementTree.SubElement(parent, "path", outline)


def words(
    parent: ElementTree.Element,
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    role: str = "text",
    size: float = FONT,
) -> None:
    """Add a text whose baseline is at y; `anchor` is "start", "middle" or "end"."""
    place = {"x": _n(x), "y": _n(y), "fill": LIGHT[role], "font-size": f"{size:g}px"}
    if anchor != "start":
        place["text-anchor"] = anchor
    ElementTree.SubElement(parent, "text", place).text = text


def finish(drawn: ElementTree.Element) -> Markup:
    """Return the picture as safe markup: all text is escaped on the way out."""
    return Markup(ElementTree.tostring(drawn, encoding="unicode").replace(" />", "/>"))


def _n(value: float) -> str:
    return f"{round(float(value), 1):g}"
