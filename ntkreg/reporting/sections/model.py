"""Sections: Shapley values, the method's constants, and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ntkreg.inspection.results import Explanation
from ntkreg.ntk.results import Prescription, Reason
from ntkreg.reporting.charts import shap as shap_charts
from ntkreg.reporting.charts import training as training_charts
from ntkreg.reporting.text import (
    column_label,
    cut,
    number,
    percent,
    plain,
    with_unit,
    without_paths,
    word,
)
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
        explanations, order, labels, axis, t["importance_label"].format(column=labels[0])
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
                    t["strips_label"].format(model=name),
                ),
            }
            for e, name in zip(explanations, names, strict=True)
        ],
        "clusters": _clusters(view, order),
        "dependence_note": t["dependence_note"].format(count=len(order)),
        "dependence": [_dependence(view, rank, k, names) for rank, k in enumerate(order, 1)],
    }


def _labels(view: View, order: list[int]) -> list[str]:
    """Return the names of columns for a chart, with the signs of their clusters."""
    columns, groups = view.content.dataset.feature_columns, view.clusters.members
    marks = {k: f" {view.cluster_mark(at)}" for at, group in enumerate(groups) for k in group}
    widths = {k: 36 - 3 * (k in marks) for k in order}
    return [cut(column_label(columns[k]), widths[k]) + marks.get(k, "") for k in order]


def _clusters(view: View, order: list[int]) -> list[dict[str, str]]:
    """Return the clusters that hold a column of the charts, with their joint importance."""
    columns, t = view.content.dataset.feature_columns, view.t["shap"]
    comma = "、" if view.language == "ja" else ", "
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
                "columns": comma.join(cut(columns[k].name, 60) for k in group),
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
            seconds=number(explanation.seconds, 2),
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
            parts, column, titles, t["others"], t["dependence_label"].format(column=cut(label, 80))
        ),
        "note": t["missing"].format(count=missing) if missing else "",
    }


def method(view: View) -> dict[str, Any]:
    """Return the prescription with its reasons, what was tried, and the training run."""
    prescription, trace, t = view.content.prescription, view.content.trace, view.t["method"]
    chart = None
    if trace is not None:
        label = t["trace_label"].format(steps=trace.n_steps)
        chart = training_charts.trace(trace.losses, (t["step"], t["loss"]), label)
    return {
        "reasons": [_reason(view, reason) for reason in prescription.reasons],
        "members": [
            _member(view, part) for part in (prescription, *prescription.others) if part.share > 0
        ],
        "candidates": [(plain(name), number(error)) for name, error in prescription.candidates],
        "chosen_error": t["chosen_error"].format(value=number(prescription.cv_error)),
        "trace": chart,
        "outcome": _outcome(view),
    }


def _member(view: View, part: Prescription) -> dict[str, str]:
    """Return one model of the stack: its share, its nets and where it stops."""
    t = view.t["method"]
    total = sum(branch.weight for branch in part.branches)
    nets = [
        t["net"].format(
            weight=percent(branch.weight / total if total > 0 else 0.0),
            activation=word(view.t["activations"], branch.activation),
            depth=branch.depth,
            trained=word(view.t["trained"], branch.trained),
        )
        for branch in part.branches
    ]
    return {
        "name": word(view.t["members"], part.name),
        "share": percent(part.share),
        "nets": " + ".join(nets),
        "steps": number(part.n_steps),
    }


def _reason(view: View, reason: Reason) -> dict[str, str]:
    value = plain(reason.value) if isinstance(reason.value, str) else number(reason.value)
    return {
        "name": word(view.t["reasons"], reason.name),
        "value": value,
        "origin": word(view.t["origins"], reason.origin),
        "origin_code": reason.origin,
        "text": view.say(reason.sentence),
    }


def _outcome(view: View) -> dict[str, str] | None:
    trace = view.content.trace
    if trace is None:
        return None
    return {
        "code": trace.outcome,
        "name": word(view.t["outcomes"], trace.outcome),
        "text": view.say(trace.sentence),
        "hint": view.hint(trace.sentence),
    }


def settings(view: View) -> dict[str, Any]:
    """Return settings and versions, without any path."""
    names = view.t["setting_names"]
    return {
        "settings": [
            (word(names, name), setting(view, value))
            for name, value in view.content.settings.items()
        ],
        "versions": sorted(view.content.versions.items()),
    }


def setting(view: View, value: Any) -> str:
    """Return the value of a setting for reading."""
    t = view.t["settings"]
    if value is None or value == "":
        return str(t["unset"])
    if isinstance(value, bool):
        return str(t["yes"] if value else t["no"])
    if isinstance(value, list | tuple):
        return ", ".join(setting(view, item) for item in value) or str(t["unset"])
    if isinstance(value, Mapping):
        return ", ".join(f"{plain(k)}: {setting(view, item)}" for k, item in value.items())
    return without_paths(value)
