"""Section: Shapley values, how much each column moves a prediction and which way."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntkreg.inspection.results import Explanation
from ntkreg.reporting.charts import shap as shap_charts
from ntkreg.reporting.text import column_label, cut, number, plain, with_unit, word
from ntkreg.reporting.view import View


def shap(view: View) -> dict[str, Any]:
    """Return importance, strips and dependence charts of the explained models."""
    explanations, t = view.content.explanations[:2], view.t["shap"]
    if not explanations:
        return {"none": t["none"]}
    names = [view.model(e.model) for e in explanations]
    ranked = np.argsort(-explanations[0].importance, kind="stable")
    order = [int(k) for k in ranked[: shap_charts.MAX_COLUMNS]]
    labels = _labels(view, order)
    axis = with_unit(t["axis"], view.unit)
    importance = shap_charts.importance(
        explanations, order, labels, axis, _importance_label(view, order, names[0])
    )
    return {
        "models": list(zip(names, ("chosen", "rival"), strict=False)),
        "methods": [_method(view, e) for e in explanations],
        "importance": importance,
        "importance_note": t["importance_note"].format(models=" / ".join(names)),
        "strips": [
            {
                "title": t["strips"].format(model=name),
                "chart": shap_charts.strips(
                    e,
                    view.content.dataset,
                    order,
                    labels,
                    axis,
                    t["strips_label"].format(model=name, values=_ranges(view, e, order)),
                ),
            }
            for e, name in zip(explanations, names, strict=True)
        ],
        "clusters": _clusters(view, order),
        "dependence_note": t["dependence_note"].format(count=len(order)),
        "dependence": [_dependence(view, rank, k, names) for rank, k in enumerate(order, 1)],
    }


def _importance_label(view: View, order: list[int], model: str) -> str:
    columns, importance = (
        view.content.dataset.feature_columns,
        view.content.explanations[0].importance,
    )
    values = [f"{cut(columns[k].name, 40)} {number(float(importance[k]), 3)}" for k in order[:5]]
    text = view.t["shap"]["importance_label"]
    return str(text.format(model=model, values=view.comma.join(values)))


def _ranges(view: View, explanation: Explanation, order: list[int]) -> str:
    columns, dash = (
        view.content.dataset.feature_columns,
        " ～ " if view.language == "ja" else " to ",
    )
    return view.comma.join(
        f"{cut(columns[k].name, 40)} {number(float(explanation.values[:, k].min()), 3)}{dash}"
        f"{number(float(explanation.values[:, k].max()), 3)}"
        for k in order[:3]
    )


def _dependence_label(view: View, index: int, label: str, model: str) -> str:
    """Return range and direction of a column's effect in the chosen model, in numbers."""
    t, explanation = view.t["shap"], view.content.explanations[0]
    column, effect = view.content.dataset.feature_columns[index], explanation.values[:, index]
    ends = ""
    if column.kind != "category":
        x = view.content.dataset.features[column.key].to_numpy()[explanation.rows].astype(float)
        known = np.isfinite(x)
        if known.any():
            first, last = np.quantile(x[known], [0.25, 0.75])
            low, high = effect[known & (x <= first)].mean(), effect[known & (x >= last)].mean()
            ends = t["ends"].format(first=number(float(low), 3), last=number(float(high), 3))
    limits = {"low": number(float(effect.min()), 3), "high": number(float(effect.max()), 3)}
    text = t["dependence_label"]
    return str(text.format(column=cut(label, 80), model=model, ends=ends, **limits))


def _labels(view: View, order: list[int]) -> list[str]:
    """Return the names of columns for a chart, with the signs of their clusters."""
    columns, groups = view.content.dataset.feature_columns, view.clusters.members
    marks = {k: f" {view.cluster_mark(at)}" for at, group in enumerate(groups) for k in group}
    widths = {k: 36 - 3 * (k in marks) for k in order}
    return [cut(column_label(columns[k]), widths[k]) + marks.get(k, "") for k in order]


def _clusters(view: View, order: list[int]) -> list[dict[str, str]]:
    """Return the clusters that hold a column of the charts, with their joint importance."""
    columns, t = view.content.dataset.feature_columns, view.t["shap"]
    found = []
    for position, group in enumerate(view.clusters.members):
        if not set(group) & set(order):
            continue
        joint = [
            number(float(np.abs(e.values[:, list(group)].sum(axis=1)).mean()), 3)
            for e in view.content.explanations[:2]
        ]
        found.append(
            {
                "mark": view.cluster_mark(position),
                "columns": view.comma.join(cut(columns[k].name, 60) for k in group),
                "sum": t["cluster_sum"].format(values=" / ".join(joint)),
            }
        )
    return found


def _method(view: View, explanation: Explanation) -> str:
    t = view.t["shap"]
    return str(
        t["method"].format(
            model=view.model(explanation.model),
            method=word(view.t["shap_methods"], explanation.method),
            rows=len(explanation.rows),
            background=explanation.n_background,
        )
    )


def _dependence(view: View, rank: int, index: int, names: list[str]) -> dict[str, Any]:
    t, explanations = view.t["shap"], view.content.explanations[:2]
    column = view.content.dataset.feature_columns[index]
    label = column_label(column)
    parts = shap_charts.panels(explanations, names, view.content.dataset, index)
    titles = cut(label, 34), with_unit(t["axis"], view.unit)
    values = view.content.dataset.features[column.key].to_numpy()[explanations[0].rows]
    missing = sum(value is None or value != value for value in values)
    return {
        "rank": t["rank"].format(rank=rank),
        "title": plain(label),
        "index": index,
        "chart": shap_charts.dependence(
            parts, column, titles, t["others"], _dependence_label(view, index, label, names[0])
        ),
        "note": t["missing"].format(count=missing) if missing else "",
    }
