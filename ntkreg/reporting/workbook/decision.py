"""What the workbook says of single rows beside their prediction, and of the limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.decision.results import Count, SpecificationResult
from ntkreg.reporting.text import percent, with_unit
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.cells import Heading
from ntkreg.reporting.workbook.formats import SHARE

Line = tuple[str, float | int | None, float | None, float | None, int | None, int | None]


def decision_half_widths(view: View) -> NDArray[np.float64]:
    """Return the half width of each row's interval."""
    content = view.content
    if content.decisions is None:
        return np.full(content.dataset.n_rows, content.intervals.half_width)
    return content.decisions.half_widths


def decision_columns(view: View) -> list[tuple[Heading, Sequence[Any] | NDArray[Any]]]:
    """Return headings and values of distance, leverage, probability and note."""
    t, decisions = view.t["workbook"], view.content.decisions
    if decisions is None:
        return []
    columns: list[tuple[Heading, Sequence[Any] | NDArray[Any]]] = [
        (Heading(t["distance"], 12, "0.00"), list(decisions.ratios[:, 0])),
        (Heading(t["leverage"], 12, "0.00"), list(decisions.ratios[:, 1])),
    ]
    if decisions.specification is not None:
        shares = list(decisions.specification.probability)
        columns.append((Heading(t["probability_out"], 14, SHARE), shares))
    notes = [None if reason is None else view.say(reason) for reason in decisions.reasons]
    return [*columns, (Heading(t["note"], 60), notes)]


def coverage(view: View) -> tuple[Sequence[Heading], Iterator[Sequence[Any]]] | None:
    """Return how often the intervals held, and how good the alarms at the limits are."""
    decisions, t, d = view.content.decisions, view.t["workbook"], view.t["decision"]
    if decisions is None:
        return None
    headings = [
        Heading(d["measure"], 60),
        Heading(d["value"], 14, SHARE),
        *(Heading(t[key], 14, SHARE) for key in ("share_low", "share_high")),
        Heading(t["hits"], 12),
        Heading(t["total"], 12),
    ]
    nominal = percent(view.content.intervals.confidence)
    held = {"all": decisions.covered, "hard": decisions.covered_hard}
    lines = [
        _counted(t["inside"].format(confidence=nominal, rows=d[name]), count)
        for name, count in held.items()
    ]
    if decisions.specification is not None:
        lines += _specification(view, decisions.specification)
    return headings, iter(lines)


def _counted(title: str, count: Count) -> Line:
    return (title, count.share, count.low, count.high, count.hits, count.total)


def _specification(view: View, found: SpecificationResult) -> list[Line]:
    d = view.t["decision"]
    total = found.n_bad + found.good_alarmed.total
    lines: list[Line] = [
        (d["bad"], found.n_bad / total if total else None, None, None, found.n_bad, total),
        _counted(d["recall"], found.bad_caught),
        _counted(d["false_alarms"], found.good_alarmed),
        _counted(d["precision"], found.alarm_right),
    ]
    lines.append((view.t["workbook"]["threshold"], found.threshold, None, None, None, None))
    if not math.isnan(found.auc):
        lines.append((d["auc"], found.auc, *found.auc_interval, None, None))
    return lines


def limits(view: View) -> list[tuple[str, float]]:
    """Return title and value of the specification limits that were given."""
    names = ("lsl", "usl")
    return [
        (with_unit(view.t["setting_names"][name], view.unit), value)
        for name, value in zip(names, view.content.specification, strict=True)
        if value is not None
    ]
