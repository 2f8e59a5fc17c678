"""Sections: the method's constants, and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ntkreg.ntk.results import Prescription, Reason
from ntkreg.reporting.charts import training as training_charts
from ntkreg.reporting.text import (
    number,
    percent,
    plain,
    without_paths,
    word,
)
from ntkreg.reporting.view import View


def method(view: View) -> dict[str, Any]:
    """Return the prescription with its reasons, what was tried, and the training run."""
    prescription, trace, t = view.content.prescription, view.content.trace, view.t["method"]
    chart = None
    if trace is not None:
        ends = {
            "first": number(float(trace.losses[0]), 3),
            "last": number(float(trace.losses[-1]), 3),
        }
        label = t["trace_label"].format(steps=trace.n_steps, **ends)
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
