"""Section: how far one prediction can be trusted: interval, specification, domain."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ntkreg.decision import mean_over_repeats
from ntkreg.decision.results import Count, HeldOutDecisions, SpecificationResult
from ntkreg.decision.specification import MIN_FOR_AUC
from ntkreg.reporting.charts import decision as decision_charts
from ntkreg.reporting.text import cut, fixed, number, percent, quantity, with_unit
from ntkreg.reporting.view import View

MAX_ROWS = 15


def decision(view: View) -> dict[str, Any] | None:
    """Return intervals, specification and domain; None where nothing was decided."""
    decisions = view.content.decisions
    if decisions is None:
        return None
    return {
        "intervals": _intervals(view, decisions),
        "specification": _specification(view, decisions.specification),
        "domain": _domain(view, decisions),
    }


def _interval_of(count: Count) -> str:
    return f"{percent(count.low)} – {percent(count.high)}"


def _intervals(view: View, decisions: HeldOutDecisions) -> dict[str, Any]:
    t, content = view.t["decision"], view.content
    found, half = content.intervals, decisions.half_widths
    confidence = percent(found.confidence)
    known = half[np.isfinite(half)]
    if not math.isfinite(found.half_width) or not len(known):
        return {"none": t["interval_none"].format(confidence=confidence)}
    widths = {
        "typical": number(found.half_width, 3),
        "low": number(float(known.min()), 3),
        "high": quantity(float(f"{known.max():.3g}"), view.unit),
    }
    label = t["chart_label"].format(
        confidence=confidence, hits=decisions.covered.hits, total=decisions.covered.total
    )
    titles = with_unit(t["predicted"], view.unit), with_unit(t["actual"], view.unit)
    return {
        "none": "",
        "rows": [
            (t[name], confidence, percent(count.share), _interval_of(count), count)
            for name, count in (("all", decisions.covered), ("hard", decisions.covered_hard))
            if count.total
        ],
        "notes": [t["widths"].format(**widths), _basis(view)],
        "chart": decision_charts.intervals(
            mean_over_repeats(view.chosen.predictions),
            content.dataset.y,
            half,
            content.specification,
            titles,
            label,
        ),
        "chart_note": t["chart_note"].format(confidence=confidence),
    }


def _basis(view: View) -> str:
    t, found = view.t["decision"], view.content.intervals
    rows, kind = len(found.residuals), view.content.benchmark.plan.kind
    effective = rows if math.isnan(found.n_effective) else found.n_effective
    if kind == "random" and effective < rows - 0.5:
        kind_text = t["basis_copies"]
    else:
        kind_text = t[f"basis_{kind}"]
    return str(kind_text.format(rows=f"{rows:,}", effective=f"{effective:,.0f}"))


def _limits(view: View, found: SpecificationResult) -> str:
    t, lower, upper = view.t["decision"], found.lower, found.upper
    if lower is not None and upper is not None:
        return str(t["both"].format(lower=number(lower), upper=quantity(upper, view.unit)))
    key, value = ("lower", lower) if lower is not None else ("upper", upper)
    return str(t[key].format(value=quantity(value or 0.0, view.unit)))


def _specification(view: View, found: SpecificationResult | None) -> dict[str, Any] | None:
    if found is None:
        return None
    t = view.t["decision"]
    caught, alarmed = found.bad_caught, found.good_alarmed
    counts = [
        [alarmed.total - alarmed.hits, alarmed.hits],
        [caught.total - caught.hits, caught.hits],
    ]
    cost = {"ratio": number(found.cost_ratio), "threshold": percent(found.threshold)}
    return {
        "note": t["specification_note"].format(limits=_limits(view, found)),
        "cost": t["cost"].format(**cost),
        "rows": _measures(view, found),
        "counts": counts,
        "warning": "" if found.n_bad else t["no_bad"],
        "chart": decision_charts.reliability(
            found.reliability, (t["stated"], t["observed"]), _reliability_label(view, found)
        )
        if found.reliability
        else None,
        "chart_note": t["reliability_note"].format(
            rows=", ".join(str(each.out.total) for each in found.reliability)
        ),
    }


def _measures(view: View, found: SpecificationResult) -> list[tuple[str, str, str]]:
    """Return name, value and 95 % interval of what was measured."""
    t = view.t["decision"]
    total = found.n_bad + found.good_alarmed.total
    bad = t["bad_of"].format(bad=f"{found.n_bad:,}", total=f"{total:,}")
    rows = [(t["bad"], bad, "")]
    for name, count in (
        ("recall", found.bad_caught),
        ("false_alarms", found.good_alarmed),
        ("precision", found.alarm_right),
    ):
        if count.total:
            value = f"{percent(count.share)} ({count.hits}/{count.total})"
            rows.append((t[name], value, _interval_of(count)))
    if math.isnan(found.auc):
        return [*rows, (t["auc"], t["auc_none"].format(least=MIN_FOR_AUC), "")]
    low, high = found.auc_interval
    value = t["auc_value"].format(auc=fixed(found.auc, 2), bad=found.n_bad)
    return [*rows, (t["auc"], value, f"{fixed(low, 2)} – {fixed(high, 2)}")]


def _reliability_label(view: View, found: SpecificationResult) -> str:
    t = view.t["decision"]
    pairs = [
        t["reliability_pair"].format(stated=percent(b.stated), observed=percent(b.out.share))
        for b in found.reliability
    ]
    return str(t["reliability_label"]) + ("、" if view.language == "ja" else ", ").join(pairs)


def _domain(view: View, decisions: HeldOutDecisions) -> dict[str, Any]:
    t, dataset = view.t["decision"], view.content.dataset
    outside = [k for k, reason in enumerate(decisions.reasons) if reason is not None]
    worst = sorted(outside, key=lambda k: -float(decisions.ratios[k].max()))
    half = decisions.half_widths
    return {
        "count": t["domain_count"].format(count=len(outside), total=f"{dataset.n_rows:,}")
        if outside
        else t["domain_none"],
        "rows": [
            {
                "row": int(dataset.row_numbers[k]),
                "reason": cut(view.say(reason), 240),
                "distance": fixed(float(decisions.ratios[k, 0]), 2),
                "leverage": fixed(float(decisions.ratios[k, 1]), 2),
                "half": "± " + number(float(half[k]), 3) if math.isfinite(half[k]) else "–",
            }
            for k in worst[:MAX_ROWS]
            if (reason := decisions.reasons[k]) is not None
        ],
        "more": view.t["page"]["more"].format(count=len(worst) - MAX_ROWS)
        if len(worst) > MAX_ROWS
        else "",
    }
