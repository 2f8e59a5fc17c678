"""Part of the method's section: did the network do what its kernel says."""

from __future__ import annotations

import dataclasses
from typing import Any

from ntkreg.ntk.regime.gaps import Gaps
from ntkreg.ntk.regime.measures import CLOSE, relative
from ntkreg.ntk.regime.verdict import RegimeReport
from ntkreg.reporting.charts import regime as regime_charts
from ntkreg.reporting.text import fixed, number, percent, quantity, with_unit, word
from ntkreg.reporting.view import View

GAPS = tuple(field.name for field in dataclasses.fields(Gaps) if field.name != "n_rows")


def regime(view: View) -> dict[str, Any] | None:
    """Return verdict, numbers and charts of the training regime, None where no net was trained."""
    report = view.content.regime
    if report is None:
        return None
    verdict, *more = report.sentences
    t, measured = view.t["regime"], measured_gaps(report)
    return {
        "kind": view.t["regime_kinds"][report.kind],
        "kind_code": report.kind,
        "verdict": f"{view.say(verdict)} {view.hint(verdict)}".rstrip(),
        "more": [f"{view.say(s)} {view.hint(s)}".rstrip() for s in more],
        "columns": [
            with_unit(t[name].format(count=f"{gaps.n_rows:,}"), view.unit)
            for name, gaps in measured.items()
        ],
        "rows": [
            {"name": view.t["regime_gaps"][name], "cells": _cells(measured, name, report.unit)}
            for name in GAPS
        ],
        "notes": _notes(view, report),
        "movements": _movements(view, report),
        **_charts(view, report),
    }


def measured_gaps(report: RegimeReport) -> dict[str, Gaps]:
    """Return the gaps on training rows and on unseen rows, where they were measured."""
    found = {}
    if report.regime is not None:
        found["training"] = report.regime.gaps
    point = report.over_width.at(report.width) if report.over_width is not None else None
    if point is not None:
        found["unseen"] = point.gaps
    return found


def _cells(measured: dict[str, Gaps], name: str, unit: float) -> list[str]:
    values = [getattr(gaps, name) for gaps in measured.values()]
    return [text for v in values for text in (number(v, 3), fixed(relative(v, unit), 2))]


def _notes(view: View, report: RegimeReport) -> list[str]:
    t, study, notes = view.t["regime"], report.over_width, []
    if report.regime is not None:
        error = fixed(relative(report.regime.prediction_error, report.unit), 2)
        noise = quantity(report.unit, view.unit)
        notes.append(t["noise_note"].format(value=noise, limit=CLOSE, error=error))
    if study is not None and study.at(report.width) is not None:
        notes.append(t["unseen_note"].format(rows=study.n_rows, others=study.n_other))
    return notes


def _movements(view: View, report: RegimeReport) -> list[tuple[str, str]]:
    if report.regime is None:
        return []
    t, rows = view.t["regime"], []
    leading = view.content.prescription
    # the model with the largest share has the last word; the linear one has no nets
    depth = {b.activation: b.depth for p in (*leading.others[::-1], leading) for b in p.branches}
    for moved in report.regime.movements:
        kind = "readout_name" if moved.layer > depth[moved.activation] else "layer_name"
        activation = word(view.t["activations"], moved.activation)
        name = t[kind].format(activation=activation, layer=moved.layer)
        rows.append((name, percent(moved.relative, 1)))
    drift = t["drift"].format(rows=report.regime.n_drift_rows)
    return [*rows, (drift, percent(report.regime.kernel_drift, 1))]


def _charts(view: View, report: RegimeReport) -> dict[str, Any]:
    t, study, widths, note = view.t["regime"], report.over_width, None, ""
    if study is not None:
        gaps = {
            "chosen": [relative(p.gaps.kernel_single, report.unit) for p in study.points],
            "rival": [relative(p.gaps.linearisation_single, report.unit) for p in study.points],
        }
        titles = t["width"], t["gap"]
        points = [point.width for point in study.points]
        widths = regime_charts.over_width(
            points, gaps, report.width, CLOSE, titles, t["widths_label"]
        )
        slopes = {
            "kernel": fixed(study.kernel_slope, 2),
            "own": fixed(study.linearisation_slope, 2),
        }
        note = t["widths_note"].format(rows=study.n_rows, others=study.n_other, **slopes)
    titles = t["rank"], t["eigenvalue"]
    drawn = report.eigenvalues, report.capacity, report.stop
    return {
        "widths": widths,
        "widths_note": note,
        "spectrum": regime_charts.spectrum(*drawn, titles, t["spectrum_label"]),
        "spectrum_note": _spectrum_note(view, report),
    }


def _spectrum_note(view: View, report: RegimeReport) -> str:
    t, fit = view.t["regime"], report.capacity
    if fit is None:
        return str(t["spectrum_note"])
    power = t["spectrum_fit"].format(first=fit.first, last=fit.last, gamma=fixed(fit.exponent, 2))
    return f"{t['spectrum_note']} {power}"
