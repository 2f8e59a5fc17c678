"""Section: predicted against actual, residuals, and the worst rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntkreg.evaluation.results import ContenderResult
from ntkreg.reporting.charts import accuracy as accuracy_charts
from ntkreg.reporting.charts import layout
from ntkreg.reporting.charts.svg import FOLD_ROLES
from ntkreg.reporting.text import cut, fixed, number, percent, quantity, with_unit
from ntkreg.reporting.view import View

N_WORST = 10


def accuracy(view: View) -> dict[str, Any]:
    """Return predicted against actual, the residuals and the rows with the largest errors."""
    shown = [r for r in (view.chosen, view.rival) if r is not None]
    held_out = [view.held_out(result) for result in shown]
    domain = layout.extent(held_out[0].actual, *(rows.predicted for rows in held_out))
    tested = int(np.isfinite(held_out[0].predicted).sum())
    limit = accuracy_charts.MAX_POINTS
    t = view.t["accuracy"]
    return {
        "scatters": [
            _scatter(view, result, rows, domain)
            for result, rows in zip(shown, held_out, strict=True)
        ],
        "residuals": _residuals(view, held_out[0]),
        "folds": _fold_legend(view),
        "sampled": t["sampled"].format(shown=f"{limit:,}", total=f"{tested:,}")
        if tested > limit
        else "",
        "worst": _worst(view, held_out[0]),
    }


def _fold_legend(view: View) -> list[tuple[str, str]]:
    roles, t = FOLD_ROLES, view.t["scores"]
    n_folds = int(view.fold_of_row.max(initial=-1)) + 1
    if n_folds > len(roles):
        return []
    return [(roles[k], t["fold"].format(number=k + 1)) for k in range(n_folds)]


def _scatter(
    view: View,
    result: ContenderResult,
    rows: accuracy_charts.HeldOut,
    domain: tuple[float, float],
) -> dict[str, Any]:
    t, name = view.t["accuracy"], view.model(result.name)
    r2, rmse = fixed(result.overall.r2, 3), number(result.overall.rmse)
    titles = with_unit(t["actual"], view.unit), with_unit(t["predicted"], view.unit)
    label = t["scatter_label"].format(model=name, r2=r2, rmse=rmse)
    chart = accuracy_charts.predicted_actual(
        rows, domain, view.content.specification, titles, label, _names(view, rows)
    )
    note = f"R² {r2}, RMSE {rmse} {view.unit or ''}".rstrip()
    return {"title": t["scatter"].format(model=name), "chart": chart, "note": note}


def _residuals(view: View, rows: accuracy_charts.HeldOut) -> list[dict[str, Any]]:
    t, intervals = view.t["accuracy"], view.content.intervals
    vertical = with_unit(t["residual_axis"], view.unit)
    band = intervals.half_width
    order = t["row_axis"] if view.content.dataset.time is None else t["time_axis"]
    place = rows.position if view.content.dataset.time is None else _order(rows.position)
    predicted, names = with_unit(t["predicted"], view.unit), _names(view, rows)
    draw, numbers = accuracy_charts.residuals, _residual_numbers(view, rows, place)
    return [
        {
            "title": t["by_prediction"],
            "chart": draw(
                rows,
                rows.predicted,
                band,
                (predicted, vertical),
                t["by_prediction_label"].format(**numbers),
                names,
            ),
            "note": t["by_prediction_note"].format(confidence=percent(intervals.confidence)),
        },
        {
            "title": t["by_order"],
            "chart": draw(
                rows, place, band, (order, vertical), t["by_order_label"].format(**numbers), names
            ),
            "note": t["by_order_note"],
        },
        {
            "title": t["distribution"],
            "chart": accuracy_charts.histogram(
                rows.residual, (vertical, t["count"]), t["distribution_label"].format(**numbers)
            ),
            "note": t["distribution_note"].format(**numbers),
        },
    ]


def _residual_numbers(
    view: View, rows: accuracy_charts.HeldOut, place: layout.FloatArray
) -> dict[str, str]:
    """Return what the residual charts show, in numbers."""
    tested = np.flatnonzero(np.isfinite(rows.residual))
    residual, order = rows.residual[tested], np.argsort(place[tested], kind="stable")
    first, second = np.array_split(residual[order], 2)
    band = view.content.intervals.half_width
    shown = {
        "mean": residual.mean(),
        "deviation": residual.std(),
        "low": residual.min(),
        "high": residual.max(),
        "first": first.mean(),
        # one tested row has no second half
        "second": second.mean() if second.size else first.mean(),
    }
    texts = {key: quantity(float(value), view.unit, digits=3) for key, value in shown.items()}
    counts = {"total": len(residual), "outside": int((np.abs(residual) > band).sum())}
    return texts | {key: f"{value:,}" for key, value in counts.items()}


def _names(view: View, rows: accuracy_charts.HeldOut) -> list[str]:
    """Return what each point says where the pointer rests: its row in the user's own file."""
    t, dataset = view.t["accuracy"], view.content.dataset
    sheet, groups = dataset.source.sheet, dataset.groups
    place = "" if sheet is None else t["point_sheet"].format(sheet=cut(sheet, 31))
    marks = ["" if g is None else f" ({cut(g, 24)})" for g in groups] if groups is not None else []
    return [
        t["point"].format(
            place=place,
            row=int(row),
            group=marks[k] if marks else "",
            fold=int(rows.fold[k]) + 1,
            actual=number(float(rows.actual[k])),
            predicted=number(float(rows.predicted[k])),
            residual=number(float(rows.residual[k]), 3),
        )
        for k, row in enumerate(dataset.row_numbers)
    ]


def _order(time: layout.FloatArray) -> layout.FloatArray:
    from scipy.stats import rankdata

    order: layout.FloatArray = rankdata(time, method="ordinal").astype(np.float64)
    return order


def _worst(view: View, rows: accuracy_charts.HeldOut) -> list[dict[str, Any]]:
    t, dataset = view.t["accuracy"], view.content.dataset
    size = np.abs(np.nan_to_num(rows.residual))
    order = np.argsort(-size, kind="stable")[:N_WORST]
    return [
        {
            "row": int(dataset.row_numbers[k]),
            "group": cut(dataset.groups[k], 30) if dataset.groups is not None else None,
            "fold": view.t["scores"]["fold"].format(number=int(rows.fold[k]) + 1),
            "actual": number(float(rows.actual[k])),
            "predicted": number(float(rows.predicted[k])),
            "residual": number(float(rows.residual[k]), 3),
            "inside": bool(view.content.in_domain[k]),
            "domain": t["inside"] if view.content.in_domain[k] else t["outside"],
        }
        for k in order
        if rows.fold[k] >= 0
    ]
