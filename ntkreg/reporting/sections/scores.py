"""Section: the leaderboard, the paired comparisons, and how rows were split."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from ntkreg.evaluation.results import Comparison, ContenderResult
from ntkreg.reporting.charts import accuracy as accuracy_charts
from ntkreg.reporting.charts import learning as learning_charts
from ntkreg.reporting.text import (
    DASH,
    cut,
    decimals,
    fixed,
    number,
    p_value,
    plain,
    with_unit,
    without_paths,
)
from ntkreg.reporting.view import View

MAX_GROUPS = 300
MAX_FOLDS_SHOWN = 60


def scores(view: View) -> dict[str, Any]:
    """Return the leaderboard, the paired comparisons and the explanation of the split."""
    benchmark, t = view.content.benchmark, view.t["scores"]
    comparisons = {c.name: c for c in benchmark.comparisons if c.reference == benchmark.chosen}
    # the recommended model leads the chart, whatever its rank
    drawn = sorted(benchmark.results, key=lambda r: r.name != benchmark.chosen)
    fold_rmse = [_finite([s.rmse for s in r.fold_scores], r.overall.rmse) for r in drawn]
    return {
        "rows": [
            _result(view, rank, result, comparisons.get(result.name))
            for rank, result in enumerate(benchmark.results, 1)
        ],
        "chart": accuracy_charts.leaderboard(
            [view.model(r.name) for r in drawn],
            fold_rmse,
            [r.rmse_interval for r in drawn],
            with_unit(t["rmse"], view.unit),
            t["chart_label"].format(
                model=view.model(benchmark.chosen), values=_means(view, drawn, fold_rmse)
            ),
        ),
        "learning": _learning(view),
        "split": _split(view),
        "failures": [
            (view.model(name), name, cut(without_paths(error), 300))
            for name, error in benchmark.failures
        ],
    }


def _means(view: View, drawn: list[ContenderResult], fold_rmse: list[Any]) -> str:
    means = zip(drawn, fold_rmse, strict=True)
    return view.comma.join(f"{view.model(r.name)} {number(float(v.mean()))}" for r, v in means)


def _learning(view: View) -> dict[str, Any] | None:
    curve, t = view.content.learning, view.t["scores"]
    if curve is None:
        return None
    titles = (t["learning_rows"], with_unit(t["rmse"], view.unit))
    text = view.say(curve.sentence)
    return {"chart": learning_charts.learning(curve.n_rows, curve.rmse, titles, text), "text": text}


def _finite(values: list[float], otherwise: float) -> Any:
    kept = [value for value in values if math.isfinite(value)]
    return np.asarray(kept or [otherwise], dtype=np.float64)


def _result(
    view: View, rank: int, result: ContenderResult, comparison: Comparison | None
) -> dict[str, Any]:
    places = decimals(view.chosen.overall.rmse)
    row = {
        "rank": rank,
        "name": view.model(result.name),
        "code": result.name,
        "chosen": result.name == view.content.benchmark.chosen,
        "rmse": fixed(result.overall.rmse, places),
        "mae": fixed(result.overall.mae, places),
        "r2": fixed(result.overall.r2, 3),
        "interval": _interval(*result.rmse_interval, places),
    }
    if comparison is not None:
        row |= {
            "difference": _signed(comparison.difference, places),
            "difference_interval": _interval(comparison.lower, comparison.upper, places),
            "p": p_value(comparison.p_value),
            "judgement": view.t["scores"][_judge(comparison)],
        }
    return row


def _judge(comparison: Comparison) -> str:
    if not comparison.p_value < 0.05:
        return "same"
    return "worse" if comparison.difference > 0 else "better"


def _interval(low: float, high: float, places: int) -> str:
    return f"[{fixed(low, places)}, {fixed(high, places)}]" if math.isfinite(low + high) else DASH


def _signed(value: float, places: int) -> str:
    return ("+" if value > 0 else "") + fixed(value, places)


def _split(view: View) -> dict[str, Any]:
    plan, t = view.content.benchmark.plan, view.t["scores"]
    repeats = 1 + max((fold.repeat for fold in plan.folds), default=0)
    folds = len([fold for fold in plan.folds if fold.repeat == 0])
    numbers = t["split_numbers"] if repeats > 1 else t["split_numbers_once"]
    return {
        "kind": view.t["split_kinds"][plan.kind],
        "numbers": numbers.format(folds=folds, repeats=repeats),
        "reason": view.say(plan.reason),
        "duplicates": t["duplicates"].format(count=plan.n_duplicates) if plan.n_duplicates else "",
        "proof": _proof(view),
        "folds": [t["fold"].format(number=k + 1) for k in range(min(folds, MAX_FOLDS_SHOWN))],
        "groups": [
            (plain(label), counts[: min(folds, MAX_FOLDS_SHOWN)])
            for label, counts in plan.group_table[:MAX_GROUPS]
        ],
        "groups_more": max(len(plan.group_table) - MAX_GROUPS, 0),
    }


def _proof(view: View) -> dict[str, Any] | None:
    """Check on the folds themselves that no group is on both sides."""
    groups, plan = view.content.dataset.groups, view.content.benchmark.plan
    if groups is None or plan.kind != "group":
        return None
    shared: Counter[str] = Counter()
    for fold in plan.folds:
        shared.update(set(groups[fold.train]) & set(groups[fold.test]))
    t = view.t["scores"]
    text = t["proof_bad"].format(count=len(shared)) if shared else t["proof_ok"]
    return {"ok": not shared, "text": text}
