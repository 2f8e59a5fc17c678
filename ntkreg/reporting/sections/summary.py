"""Section: the first screen, which says in two sentences whether the model can be used."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from ntkreg.evaluation.verdict import USABLE, WEAK
from ntkreg.reporting.sections.signals import Level, Signal, advice, leak_columns, signals
from ntkreg.reporting.text import DASH, cut, fixed, number, percent, quantity
from ntkreg.reporting.view import View

Use = Literal["usable", "limited", "unusable", "doubtful"]
_LEVELS: dict[Use, Level] = {
    "usable": "good",
    "limited": "warn",
    "unusable": "bad",
    "doubtful": "bad",
}
_NO_BETTER_THAN_THE_MEAN = "V307"


def summary(view: View) -> dict[str, Any]:
    """Return the first screen."""
    lights = signals(view)
    todo = advice(view, lights)
    use = _use(view, lights)
    return {
        "use": view.t["summary"]["use"][use],
        "level": _LEVELS[use],
        "headline": [_judgement(view, use), _next_step(view, todo)],
        "details": [view.say(sentence) for sentence in view.content.benchmark.verdict],
        "tiles": [_error_tile(view), _interval_tile(view), _r2_tile(view), _model_tile(view)],
        "lights": lights,
        "todo": todo,
    }


def _use(view: View, lights: list[Signal]) -> Use:
    """Judge by the limits of the verdict; a column that gives the answer away voids any score."""
    leaks = view.t["signals"]["leaks"]["title"]
    if any(light.level == "bad" and light.title == leaks for light in lights):
        return "doubtful"
    r2 = view.chosen.overall.r2
    codes = {sentence.code for sentence in view.content.benchmark.verdict}
    if _NO_BETTER_THAN_THE_MEAN in codes or not r2 >= WEAK:
        return "unusable"
    return "usable" if r2 >= USABLE else "limited"


def _judgement(view: View, use: Use) -> str:
    t, y, kind = view.t["summary"], view.content.dataset.y, view.content.benchmark.plan.kind
    groups = (column.name for column in view.content.dataset.columns if column.role == "group")
    return str(
        t["judgement"][use].format(
            rows=t["new_rows"][kind].format(group=cut(next(groups, ""), 30)),
            target=cut(view.content.dataset.target.name, 40),
            error=quantity(view.chosen.overall.rmse, view.unit, digits=3),
            low=number(float(np.min(y)), 3),
            high=quantity(float(np.max(y)), view.unit, digits=3),
            model=view.model(view.chosen.name),
            columns=leak_columns(view),
        )
    )


def _next_step(view: View, todo: list[str]) -> str:
    t = view.t["summary"]
    return str(t["next"].format(step=todo[0] if todo else t["next_none"]))


def _error_tile(view: View) -> dict[str, str]:
    t, result, unit = view.t["summary"], view.chosen, view.unit
    low, high = result.rmse_interval
    mae = f"{number(result.overall.mae, 3)} {unit or ''}".rstrip()
    known = math.isfinite(low) and math.isfinite(high)
    note = t["error_note"] if known else t["error_note_short"]
    return {
        "title": t["error"],
        "value": "± " + number(result.overall.rmse, 3),
        "unit": unit or "",
        "note": note.format(low=number(low, 3), high=number(high, 3), mae=mae),
    }


def _interval_tile(view: View) -> dict[str, str]:
    t, intervals = view.t["summary"], view.content.intervals
    known = math.isfinite(intervals.half_width)
    note = t["interval_note"].format(coverage=percent(intervals.coverage))
    return {
        "title": t["interval"].format(confidence=percent(intervals.confidence)),
        "value": "± " + number(intervals.half_width, 3) if known else DASH,
        "unit": (view.unit or "") if known else "",
        "note": note if known else t["interval_none"],
    }


def _r2_tile(view: View) -> dict[str, str]:
    t, r2 = view.t["summary"], view.chosen.overall.r2
    note = t["r2_note"].format(share=percent(r2)) if r2 > 0.01 else t["r2_bad"]
    return {
        "title": t["r2"],
        "value": fixed(r2, 3),
        "unit": "",
        "note": t["r2_none"] if math.isnan(r2) else note,
    }


def _model_tile(view: View) -> dict[str, str]:
    t = view.t["summary"]
    note = t["model_note"].format(count=len(view.content.benchmark.results))
    name = view.model(view.chosen.name)
    return {"title": t["model"], "value": name, "unit": "", "note": note, "kind": "words"}
