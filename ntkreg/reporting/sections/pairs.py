"""Parts of the section on Shapley values: where two models differ, and pairs of columns."""

from __future__ import annotations

from typing import Any

from ntkreg.inspection.association import CORRELATED
from ntkreg.inspection.attribution.agreement import Agreement, compare_explanations
from ntkreg.inspection.attribution.interactions import Curve, Interaction
from ntkreg.io.dataset import Column
from ntkreg.messages import Sentence
from ntkreg.reporting.charts import pairs as pairs_charts
from ntkreg.reporting.text import (
    column_label,
    cut,
    fixed,
    number,
    percent,
    plain,
    quantity,
    with_unit,
)
from ntkreg.reporting.view import View

MAX_ROWS = 20
MAX_CHARTS = 3
# an interaction below a tenth of the scatter of the predictions changes no decision
WORTH_SAYING = 0.1


def agreement(view: View) -> dict[str, Any] | None:
    """Return the comparison of both explanations, None where only one model is explained."""
    explanations, t = view.content.explanations[:2], view.t["agreement"]
    if len(explanations) < 2:
        return None
    found = compare_explanations(explanations[0], explanations[1], view.content.dataset)
    names = [view.model(e.model) for e in explanations]
    verdict = _verdict(view, found)
    differ = any(a.differences for a in found)
    leading = sorted(found, key=lambda a: -a.shares[0])[:MAX_ROWS]
    # a difference is shown even where the chosen model hardly uses the column
    shown = leading + [a for a in found if a.differences and a not in leading]
    return {
        "code": "differs" if differ else "same",
        "mark": t["differs"] if differ else t["same"],
        "verdict": view.say(verdict),
        "hint": view.hint(verdict),
        "shares": [t["share"].format(model=name) for name in names],
        "directions": [t["direction"].format(model=name) for name in names],
        "rows": [_row(view, a, names) for a in shown],
        "different": {a.index for a in found if a.differences},
    }


def _verdict(view: View, found: tuple[Agreement, ...]) -> Sentence:
    total = sum(a.matters for a in found)
    different = [_name(view, a.index) for a in found if a.differences]
    if not different:
        return Sentence("V451", {"count": total})
    values = {"count": len(different), "total": total, "columns": different}
    return Sentence("V452", values)


def _name(view: View, index: int) -> str:
    return plain(view.content.dataset.feature_columns[index].name)


def _row(view: View, found: Agreement, names: list[str]) -> dict[str, Any]:
    t = view.t["agreement"]
    code = "differs" if found.differences else "same" if found.matters else "unused"
    column = view.content.dataset.feature_columns[found.index]
    shapes = view.t["directions"]
    words = {1: shapes["up"], -1: shapes["down"], 0: shapes["shape"]}
    numeric = column.kind == "numeric"
    return {
        "column": plain(column_label(column)),
        "code": code,
        "mark": t[code],
        "reasons": [view.say(s) for s in reasons(view, found, names)],
        "shares": [percent(share) for share in found.shares],
        "directions": [
            words[d] if numeric and share > 0 else shapes["none"]
            for d, share in zip(found.directions, found.shares, strict=True)
        ],
        "correlation": fixed(found.correlation, 2),
    }


def reasons(view: View, found: Agreement, names: list[str]) -> list[Sentence]:
    """Return in which ways two models differ over a column, nothing where they agree."""
    values: dict[str, Any] = {
        "column": _name(view, found.index),
        "target": plain(view.content.dataset.target.name),
    }
    said = []
    if "direction" in found.differences:
        rising = 0 if found.directions[0] > 0 else 1
        said.append(
            Sentence("V453", values | {"rising": names[rising], "falling": names[1 - rising]})
        )
    elif "rows" in found.differences:
        said.append(Sentence("V454", values | {"correlation": found.correlation}))
    if "share" in found.differences:
        larger = 0 if found.shares[0] > found.shares[1] else 1
        models = {"larger": names[larger], "smaller": names[1 - larger]}
        shares = {"high": 100 * found.shares[larger], "low": 100 * found.shares[1 - larger]}
        said.append(Sentence("V455", values | models | shares))
    return said


def interactions(view: View) -> dict[str, Any] | None:
    """Return sentences, charts and numbers of the pairs, None where there is no pair."""
    found, t = view.content.interactions, view.t["interactions"]
    chosen = [p for p in found if p.model == view.content.benchmark.chosen]
    if not chosen:
        return None
    models = list(dict.fromkeys(p.model for p in found))
    models.sort(key=lambda name: name != chosen[0].model)
    by_pair = {(p.model, frozenset((p.moved, p.held))): p for p in found}
    strong = [p for p in chosen if p.relative >= WORTH_SAYING][:MAX_CHARTS]
    return {
        "sentences": [_spoken(view, s) for s in _sentences(view, chosen, strong)],
        "models": [t["size"].format(model=view.model(name)) for name in models],
        "rows": [
            {
                "first": plain(_name(view, p.moved)),
                "second": plain(_name(view, p.held)),
                "cells": [
                    text
                    for name in models
                    for text in _cells(by_pair.get((name, frozenset((p.moved, p.held)))))
                ],
            }
            for p in chosen
        ],
        "charts": [_chart(view, p) for p in strong if p.curves],
    }


def _spoken(view: View, sentence: Sentence) -> str:
    return f"{view.say(sentence)} {view.hint(sentence)}".rstrip()


def _sentences(view: View, chosen: list[Interaction], strong: list[Interaction]) -> list[Sentence]:
    said = []
    for pair in strong or chosen[:1]:
        names = {"first": _name(view, pair.moved), "second": _name(view, pair.held)}
        relative = {"relative": 100 * pair.relative}
        if not strong:
            return [Sentence("V456", names | relative)]
        said.append(Sentence("V457", names | relative | {"size": _size(view, pair)}))
        if pair.together > CORRELATED:
            said.append(Sentence("V458", names | {"together": pair.together}))
    return said


def _size(view: View, pair: Interaction) -> str:
    return " ".join((number(pair.size, 2), *((view.unit,) if view.unit else ())))


def _cells(pair: Interaction | None) -> list[str]:
    if pair is None:
        return [number(None)] * 3
    return [number(pair.size, 3), percent(pair.relative), fixed(pair.share, 2)]


def _chart(view: View, pair: Interaction) -> dict[str, Any]:
    t, columns = view.t["interactions"], view.content.dataset.feature_columns
    moved, held = columns[pair.moved], columns[pair.held]
    names = {"moved": cut(moved.name, 30), "held": cut(held.name, 30)}
    lines = (t["dotted"], t["solid"], t["dashed"])
    styles = pairs_charts.styles(len(pair.curves))
    legend = []
    for curve, style in zip(pair.curves, styles, strict=True):
        text = f"{cut(held.name, 24)} = {_held(held, curve)}"
        # two categories are drawn as dots, which have no kind of line
        if not isinstance(curve.x[0], str):
            text = t["held"].format(setting=text, line=lines[style])
        legend.append((text, pairs_charts.ROLES[style]))
    return {
        "title": t["curves"].format(**names),
        "legend": legend,
        "note": t["curves_note"].format(model=view.model(pair.model)),
        "chart": pairs_charts.curves(
            pair.curves,
            (cut(column_label(moved), 34), with_unit(t["prediction"], view.unit)),
            t["curves_label"].format(count=len(pair.curves), **names),
        ),
    }


def _held(column: Column, curve: Curve) -> str:
    if isinstance(curve.held, str):
        return cut(curve.held, 20)
    # a unit that the name already says is not said twice
    unit = column.unit if column.unit and column.unit not in column.name else None
    return quantity(curve.held, unit)
