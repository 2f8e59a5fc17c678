"""The traffic lights of the first screen, and what follows from them.

The thresholds are rules of thumb for a quick look; every light states the number it rests on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ntkreg.messages import Sentence
from ntkreg.reporting.text import cut, percent
from ntkreg.reporting.view import View

Level = Literal["good", "warn", "bad", "off"]


@dataclass(frozen=True)
class Signal:
    """One traffic light: its level, what was found, and what to do ("" for nothing)."""

    level: Level
    title: str
    text: str
    advice: str = ""


def signals(view: View) -> list[Signal]:
    """Return the traffic lights in the order in which they should worry the reader."""
    found = [_data(view), _leaks(view), _knowledge(view), _domain(view), _coverage(view)]
    found[2:2] = _declined(view)
    training = _training(view)
    return found if training is None else [*found, training]


def _list(view: View, names: Iterable[str]) -> str:
    comma = view.comma
    names = list(dict.fromkeys(cut(name, 30) for name in names))
    more = f"{comma}… (+{len(names) - 5})" if len(names) > 5 else ""
    return comma.join(names[:5]) + more


def _data(view: View) -> Signal:
    t = view.t["signals"]["data"]
    data, result = view.content.dataset, view.chosen
    numbers = {"rows": f"{data.n_rows:,}", "features": len(data.feature_columns)}
    low, high = result.rmse_interval
    width = (high - low) / 2 / result.overall.rmse if result.overall.rmse else math.nan
    if not math.isfinite(width):
        return Signal("warn", t["title"], t["text_unknown"].format(**numbers), t["advice"])
    text = t["text"].format(**numbers, width=percent(width))
    level: Level = "good" if width <= 0.25 else "warn" if width <= 0.5 else "bad"
    if data.n_rows < 20:
        level = "bad"
    return Signal(level, t["title"], text, "" if level == "good" else t["advice"])


def _leaks(view: View) -> Signal:
    t, leaks = view.t["signals"]["leaks"], view.content.leaks
    if not leaks:
        return Signal("good", t["title"], t["text_none"])
    columns = leak_columns(view)
    level: Level = "bad" if max(leak.strength for leak in leaks) >= 0.99 else "warn"
    return Signal(
        level, t["title"], t["text"].format(columns=columns), t["advice"].format(columns=columns)
    )


def leak_columns(view: View) -> str:
    """Return the names of the columns that may hold the answer, the first five of them."""
    return _list(view, (leak.column for leak in view.content.leaks))


def _declined(view: View) -> list[Signal]:
    """One light for each proposed lot or time column that was not taken."""
    title = view.t["signals"]["declined"]["title"]
    levels: dict[str, Level] = {"V521": "good", "V523": "good"}
    return [
        Signal(levels.get(said.code, "warn"), title, view.say(said), view.hint(said))
        for said in view.content.declined
    ]


def _knowledge(view: View) -> Signal:
    t, chosen = view.t["signals"]["knowledge"], view.content.benchmark.chosen
    models = [verdict.model for verdict in view.content.knowledge]
    judged = chosen if chosen in models else next(iter(models), None)
    if judged is None:
        return Signal("off", t["title"], t["text_none"])
    columns = {
        kind: [
            v.expectation.column
            for v in view.content.knowledge
            if v.model == judged and v.verdict == kind
        ]
        for kind in ("CONFIRMED", "CONTRADICTED", "UNDECIDED")
    }
    counts = {kind.lower(): len(names) for kind, names in columns.items()}
    text = t["text"].format(**counts)
    if columns["CONTRADICTED"]:
        advice = t["advice"].format(columns=_list(view, columns["CONTRADICTED"]))
        return Signal("bad", t["title"], text, advice)
    if columns["UNDECIDED"]:
        advice = t["advice_undecided"].format(columns=_list(view, columns["UNDECIDED"]))
        return Signal("warn", t["title"], text, advice)
    return Signal("good", t["title"], text)


def _domain(view: View) -> Signal:
    t, inside = view.t["signals"]["domain"], view.content.in_domain
    outside = int((~inside).sum())
    if outside == 0:
        return Signal("good", t["title"], t["text_none"])
    text = t["text"].format(rows=f"{len(inside):,}", outside=f"{outside:,}")
    share = outside / len(inside)
    level: Level = "good" if share <= 0.05 else "warn" if share <= 0.2 else "bad"
    return Signal(level, t["title"], text, "" if level == "good" else t["advice"])


def _coverage(view: View) -> Signal:
    t, intervals = view.t["signals"]["coverage"], view.content.intervals
    nominal = percent(intervals.confidence)
    if not (math.isfinite(intervals.half_width) and math.isfinite(intervals.coverage)):
        return Signal("warn", t["title"], t["text_none"].format(confidence=nominal), t["advice"])
    gap = abs(intervals.coverage - intervals.confidence)
    level: Level = "good" if gap <= 0.05 else "warn" if gap <= 0.1 else "bad"
    text = t["text"].format(confidence=nominal, coverage=percent(intervals.coverage))
    return Signal(level, t["title"], text, "" if level == "good" else t["advice"])


def _training(view: View) -> Signal | None:
    t, trace = view.t["signals"]["training"], view.content.trace
    if trace is None:
        return None
    levels: dict[str, Level] = {"reached": "good", "guarded": "good", "limit": "warn"}
    level = levels.get(trace.outcome, "bad")
    advice = "" if level == "good" else view.hint(trace.sentence) or t["advice"]
    return Signal(level, t["title"], view.say(trace.sentence), advice)


def advice(view: View, lights: list[Signal]) -> list[str]:
    """Return what to do next: hints of the verdict first, then of the lights, each once."""
    order = {"bad": 0, "warn": 1}
    urgent = sorted((s for s in lights if s.advice), key=lambda s: order.get(s.level, 2))
    verdict: tuple[Sentence, ...] = view.content.benchmark.verdict
    hints = [hint for sentence in verdict if (hint := view.hint(sentence))]
    return list(dict.fromkeys([*hints, *(s.advice for s in urgent)]))
