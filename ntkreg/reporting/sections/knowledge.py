"""Section: what engineers expect, held against every explained model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ntkreg.decision import mean_over_repeats
from ntkreg.inspection.knowledge.trend import effect_trend
from ntkreg.inspection.results import Expectation, KnowledgeVerdict
from ntkreg.inspection.space import numbers
from ntkreg.reporting.charts import knowledge as knowledge_charts
from ntkreg.reporting.charts import layout
from ntkreg.reporting.text import column_label, cut, number, percent, plain, with_unit, word
from ntkreg.reporting.view import View

MAX_POINTS = 120


def knowledge(view: View) -> dict[str, Any]:
    """Return the verdicts, one row an expectation, one cell a model (the chosen one first)."""
    verdicts = view.content.knowledge
    chosen = view.content.benchmark.chosen
    models = sorted(dict.fromkeys(v.model for v in verdicts), key=lambda name: name != chosen)
    found = {(v.expectation, v.model): v for v in verdicts}
    return {
        "models": [view.model(name) for name in models],
        "rows": [
            {
                "column": plain(expectation.column),
                "effect": expected(view, expectation),
                "reason": plain(expectation.reason),
                "cells": [_verdict(view, found.get((expectation, name))) for name in models],
                "pictures": [
                    drawn
                    for name in models
                    if (verdict := found.get((expectation, name)))
                    and (drawn := _picture(view, verdict))
                ],
            }
            for expectation in dict.fromkeys(v.expectation for v in verdicts)
        ],
        "clusters": list(dict.fromkeys(named(view, v.cluster) for v in verdicts if v.cluster)),
    }


def named(view: View, columns: Sequence[str]) -> str:
    """Return column names as one text: "pressure, flow"."""
    return ("、" if view.language == "ja" else ", ").join(cut(name, 60) for name in columns)


def _verdict(view: View, verdict: KnowledgeVerdict | None) -> dict[str, str] | None:
    if verdict is None:
        return None
    t = view.t["knowledge"]
    numbers = (
        t["confidence"].format(value=percent(verdict.confidence)),
        t["slope"].format(value=number(verdict.slope, 3)),
    )
    return {
        "code": verdict.verdict,
        "text": view.t["verdicts"][verdict.verdict],
        "numbers": " · ".join(numbers),
        "reason": view.say(verdict.reason),
        "cluster": view.t["knowledge"]["cluster_tag"] if verdict.cluster else "",
        "hint": view.hint(verdict.reason),
    }


def _picture(view: View, verdict: KnowledgeVerdict) -> dict[str, Any] | None:
    """Return the chart of what a model makes of the column, None where there is none to draw."""
    content, t = view.content, view.t["knowledge"]
    expectation, name = verdict.expectation, verdict.model
    explanation = next((e for e in content.explanations if e.model == name), None)
    columns = content.dataset.feature_columns
    index = next((k for k, c in enumerate(columns) if c.name == expectation.column), None)
    if explanation is None or index is None:
        return None
    held_out = mean_over_repeats(content.benchmark.of(name).predictions)
    column = columns[index]
    together = [k for k, c in enumerate(columns) if c.name in verdict.cluster] or [index]
    residuals = content.dataset.y - held_out
    trend = effect_trend(column, explanation, content.dataset, residuals, together=together)
    if trend is None:
        return None
    x = numbers(content.dataset.features[column.key])[explanation.rows]
    keep = layout.sample(np.isfinite(x), MAX_POINTS)
    axis = t["cluster_axis"] if verdict.cluster else view.t["shap"]["axis"]
    titles = cut(column_label(column), 34), with_unit(axis, view.unit)
    label = t["picture_label"].format(
        column=cut(named(view, verdict.cluster) or column_label(column), 80),
        model=view.model(name),
        first=number(float(trend.middle[0]), 3),
        centre=number(float(trend.middle[len(trend.middle) // 2]), 3),
        last=number(float(trend.middle[-1]), 3),
    )
    shap = explanation.values[keep][:, together].sum(axis=1)
    chart = knowledge_charts.picture(x[keep], shap, trend, expectation, titles, label)
    text = view.t["verdicts"][verdict.verdict]
    note = t["cluster_picture"].format(columns=named(view, verdict.cluster))
    return {
        "model": view.model(name),
        "chart": chart,
        "code": verdict.verdict,
        "text": text,
        "note": note if verdict.cluster else "",
    }


def expected(view: View, expectation: Expectation) -> str:
    """Return the effect in words with its range: "increasing (20 - 30)"."""
    effect = word(view.t["effects"], expectation.effect)
    return f"{effect} ({expectation.range_text})" if expectation.has_range else effect
