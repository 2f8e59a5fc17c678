"""From an Altair chart to a small inline SVG whose text and colours belong to the page.

Vega draws one long path with 15-digit numbers for every point and repeats every attribute. For a
page of thousands of points that is most of its bytes, so :func:`slim` rewrites circles, rounds
numbers and lifts what all siblings share to their parent. Colours stay plain hexadecimal values
of :data:`LIGHT`; the style sheet redirects them in dark mode by attribute selectors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

# role: (light, dark); every colour of a chart is one of the light ones
COLOURS: dict[str, tuple[str, str]] = {
    "text": ("#46535f", "#a9b6c2"),
    "ink": ("#1a2530", "#e3e9ef"),
    "grid": ("#e4e9ee", "#2b3640"),
    "axis": ("#aab5bf", "#55626e"),
    "chosen": ("#1c5d99", "#6aaee6"),
    "rival": ("#c8651b", "#f0a062"),
    "limit": ("#b3382c", "#f0847a"),
    "fold1": ("#2b6cb0", "#6fb0ee"),
    "fold2": ("#d0741f", "#f2a765"),
    "fold3": ("#2f8a5b", "#63c996"),
    "fold4": ("#8b55a8", "#c798e0"),
    "fold5": ("#b08a1e", "#dcbc5a"),
    "fold6": ("#2c97a6", "#66cbd8"),
    "fold7": ("#b84a72", "#ec8cb0"),
    "fold8": ("#6d7883", "#a3aeb9"),
    "level1": ("#2f6fb5", "#5f9fe0"),
    "level2": ("#7fa9d6", "#8fb6dd"),
    "level3": ("#b1a7b5", "#b9b0bd"),
    "level4": ("#e08a72", "#e09a86"),
    "level5": ("#c93a3a", "#ee6a62"),
    "missing": ("#86919a", "#76828d"),
}
LIGHT: dict[str, str] = {role: light for role, (light, _) in COLOURS.items()}
FOLD_ROLES = tuple(role for role in COLOURS if role.startswith("fold"))
LEVEL_ROLES = tuple(role for role in COLOURS if role.startswith("level"))

_KEPT = ("svg", "g", "path", "rect", "line", "text", "circle")
_DROPPED = (
    "class",
    "role",
    "pointer-events",
    "font-family",
    "style",
    "version",
    "stroke-miterlimit",
)
_INHERITED = ("fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity")
_INHERITED_TEXT = ("font-size", "text-anchor", "font-weight")
_NUMBER = re.compile(r"-?\d*\.\d+(?:e-?\d+)?|-?\d+e-\d+")
_DOT = re.compile(r"M([\d.]+),0A[\d.]+,[\d.]+,0,1,1,-[\d.]+,0A[\d.]+,[\d.]+,0,1,1,[\d.]+,0")
_TRANSLATE = re.compile(r"translate\(([^,)]+),([^,)]+)\)")


def dark_rules() -> str:
    """Return the style rules that give charts their dark colours."""
    return "\n".join(
        f'.chart [fill="{light}"]{{fill:{dark}}}.chart [stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in COLOURS.values()
    )


Note = tuple[float, float, str, str]


def draw(
    chart: Any,
    size: tuple[int, int],
    padding: tuple[int, int, int, int],
    label: str,
    notes: tuple[Note, ...] = (),
    names: Sequence[str] | None = None,
) -> Markup:
    """Draw an Altair chart as inline SVG.

    The geometry is fixed by `size` and `padding` instead of by measured text, so that it is the
    same on every machine, whatever fonts are installed.

    Parameters
    ----------
    chart : altair.TopLevelMixin
        Chart whose plot area (or row of facets) is `size` less `padding`.
    size : tuple of int
        Width and height in CSS pixels at natural size.
    padding : tuple of int
        Left, top, right, bottom.
    label : str
        What the chart shows, for those who cannot see it.
    notes : tuple of (float, float, str, str), default=()
        Further texts: x, y, the text, and its anchor ("start", "middle" or "end").
    names : sequence of str, optional
        What each circle of the chart stands for, in the order of its data; browsers show it where
        the pointer rests, without any script.
    """
    import altair
    import vl_convert

    left, top, right, bottom = padding
    spec = (
        chart.properties(
            padding={"left": left, "top": top, "right": right, "bottom": bottom}, autosize="none"
        )
        .configure(**_config())
        .to_dict()
    )
    version = "_".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    source = vl_convert.vegalite_to_svg(spec, vl_version=f"v{version}")
    return slim(source, size, label, notes, names)


def _config() -> dict[str, Any]:
    text = {"labelColor": LIGHT["text"], "titleColor": LIGHT["text"]}
    return {
        "aria": False,
        "view": {"stroke": None},
        "axis": text
        | {
            "labelFontSize": 11,
            "titleFontSize": 11.5,
            "titleFontWeight": "normal",
            "gridColor": LIGHT["grid"],
            "domainColor": LIGHT["axis"],
            "tickColor": LIGHT["axis"],
            "tickSize": 4,
            "labelPadding": 3,
            "titlePadding": 6,
            "tickCount": 5,
            "titleLimit": 2000,
            "labelLimit": 400,
        },
        "header": {"labelColor": LIGHT["ink"], "labelFontSize": 11.5, "labelLimit": 400},
        "text": {"fontSize": 11.5, "color": LIGHT["ink"], "limit": 2000},
    }


def slim(
    source: str,
    size: tuple[int, int],
    label: str,
    notes: tuple[Note, ...] = (),
    names: Sequence[str] | None = None,
) -> Markup:
    """Return the SVG without what a page does not need, as safe markup.

    Only drawing elements pass (no links, scripts or styles), no element keeps an identifier, and
    all text is escaped again on the way out.
    """
    root = ElementTree.fromstring(source)
    _clean(root)
    body = root.find("g")
    out = ElementTree.Element(
        "svg", {"class": "chart", "viewBox": f"0 0 {size[0]} {size[1]}", "role": "img"}
    )
    out.set("aria-label", label)
    if body is not None:
        out.append(body)
    if names is not None:
        _name_circles(out, names)
    for x, y, text, anchor in notes:
        place = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor, "fill": LIGHT["text"]}
        ElementTree.SubElement(out, "text", place | {"font-size": "11.5px"}).text = text
    text = ElementTree.tostring(out, encoding="unicode")
    return Markup(text.replace(" />", "/>"))


def _name_circles(out: ElementTree.Element, names: Sequence[str]) -> None:
    out.set("class", "chart named")
    for circle, name in zip(list(out.iter("circle")), names, strict=True):
        ElementTree.SubElement(circle, "title").text = name


def _clean(node: ElementTree.Element) -> None:
    node.tag = node.tag.rsplit("}", 1)[-1]
    node.attrib = {
        key: _NUMBER.sub(_rounded, value)
        for key, value in node.attrib.items()
        if key not in _DROPPED
        and not key.startswith(("aria", "{"))
        and key != "id"
        and (key, value) != ("opacity", "1")
    }
    for child in list(node):
        _clean(child)
        if child.tag not in _KEPT or _is_empty(child):
            node.remove(child)
    _unwrap(node)
    if node.tag == "path":
        _to_circle(node)
    _lift(node)


def _rounded(match: re.Match[str]) -> str:
    return f"{round(float(match.group()), 1):g}"


def _is_empty(node: ElementTree.Element) -> bool:
    if node.attrib.get("display") == "none":
        return True
    if node.tag in ("g", "text"):
        return len(node) == 0 and not node.text
    return not node.attrib.keys() & {"fill", "stroke"} and node.tag in ("path", "rect")


def _unwrap(node: ElementTree.Element) -> None:
    """Replace children that are bare groups by what they hold."""
    children = list(node)
    node[:] = [
        inner
        for child in children
        for inner in (
            list(child)
            if child.tag == "g"
            and (not child.attrib or child.attrib == {"transform": "translate(0,0)"})
            else [child]
        )
    ]


def _to_circle(node: ElementTree.Element) -> None:
    dot = _DOT.fullmatch(node.attrib.get("d", ""))
    place = _TRANSLATE.fullmatch(node.attrib.get("transform", ""))
    if dot is None or place is None:
        return
    del node.attrib["d"], node.attrib["transform"]
    node.tag = "circle"
    node.attrib = {"cx": place[1], "cy": place[2], "r": dot[1]} | node.attrib
    if "stroke" not in node.attrib:
        node.attrib.pop("stroke-width", None)


def _lift(node: ElementTree.Element) -> None:
    """Move attributes that all children share to their parent (only inherited ones)."""
    children = list(node)
    if node.tag != "g" or len(children) < 2:
        return
    names = _INHERITED + (_INHERITED_TEXT if all(c.tag == "text" for c in children) else ())
    for name in names:
        shared = children[0].attrib.get(name)
        if shared is not None and all(c.attrib.get(name) == shared for c in children):
            node.set(name, shared)
            for child in children:
                del child.attrib[name]
