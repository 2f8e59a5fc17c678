"""Part of the section on what was read: how every column is spread, gaps, and clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.inspection.clusters import leaf_order
from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.dataset import Column
from ntkreg.reporting.charts import columns as column_charts
from ntkreg.reporting.charts import table as table_charts
from ntkreg.reporting.text import column_label, cut, fixed, number, percent, plain
from ntkreg.reporting.view import View

MAX_COLUMNS = 40
MAX_GAPS = 24
MAX_HEAT = 24
MAX_PAIRS = 10
MAX_CLUSTERS = 8
MAX_NAMES = 8
WORTH_A_PAIR = 0.5


def distributions(view: View) -> dict[str, Any]:
    """Return a small chart with quartiles for the target and every feature."""
    dataset, t = view.content.dataset, view.t["data"]
    order = _leading(view)
    kept = order[:MAX_COLUMNS]
    features = dataset.feature_columns
    left = len(features) - len(kept)
    more = t["spread_more"].format(shown=len(kept), left=left)
    return {
        "items": [
            _number(view, dataset.target, np.asarray(dataset.y, dtype=np.float64)),
            *(_spread(view, features[k]) for k in kept),
        ],
        "more": more if left else "",
    }


def _leading(view: View) -> list[int]:
    """Features in the order of the file; those with the largest effects where there are many."""
    n_features = len(view.content.dataset.feature_columns)
    explanations = view.content.explanations
    if n_features <= MAX_COLUMNS or not explanations:
        return list(range(n_features))
    return [int(k) for k in np.argsort(-explanations[0].importance, kind="stable")]


def _spread(view: View, column: Column) -> dict[str, Any]:
    cells = view.content.dataset.features[column.key]
    if is_numeric(cells):
        return _number(view, column, numbers(cells))
    return _levels(view, column, cells)


def _number(view: View, column: Column, values: NDArray[np.float64]) -> dict[str, Any]:
    t = view.t["data"]
    known = values[np.isfinite(values)]
    facts: dict[str, Any] = {"column": cut(column_label(column), 80), "missing": 0}
    if len(known):
        words = ("low", "first", "median", "third", "high")
        found = zip(words, column_charts.quartiles(known), strict=True)
        facts |= {name: number(value) for name, value in found}
    role = "chosen" if column.role == "target" else "level2"
    label = t["spread_label"].format(**facts) if len(known) else t["spread_empty"]
    chart = column_charts.histogram(known, role, label)
    lines = [t[key].format(**facts) for key in ("median", "quartiles")] if len(known) else []
    if len(known):
        shown = column_charts.shown_range(known)
        beyond = int(((known < shown[0]) | (known > shown[1])).sum())
        lines += [t["beyond"].format(count=f"{beyond:,}")] if beyond else []
    return _item(view, column, chart, lines, len(values) - len(known))


def _levels(view: View, column: Column, cells: pd.Series) -> dict[str, Any]:
    t = view.t["data"]
    counts = cells.dropna().astype(str).value_counts()
    # equal counts in the order of the file, whatever the library's own order is
    first = {level: k for k, level in enumerate(pd.unique(cells.dropna().astype(str)))}
    names = sorted(counts.index, key=lambda level: (-int(counts[level]), first[level]))
    if not names:
        return _item(view, column, None, [], len(cells))
    top = int(counts[names[0]])
    facts = {
        "column": cut(column_label(column), 80),
        "count": len(names),
        "level": cut(names[0], 24),
        "share": percent(top / int(counts.sum())),
    }
    label = t["levels_label"].format(**facts)
    sizes = [int(counts[name]) for name in names]
    chart = column_charts.levels(names, sizes, t["other_levels"], "level2", label)
    return _item(view, column, chart, [t["most"].format(**facts)], len(cells) - int(counts.sum()))


def _item(
    view: View, column: Column, chart: Any, lines: list[str], n_missing: int
) -> dict[str, Any]:
    t = view.t["data"]
    share = n_missing / max(1, view.content.dataset.n_rows)
    return {
        "name": plain(column.name),
        "unit": plain(column.unit) if column.unit and column.unit not in column.name else "",
        "target": view.t["roles"]["target"] if column.role == "target" else "",
        "chart": chart,
        "lines": lines if chart is not None or lines else [t["spread_empty"]],
        "missing": t["n_missing"].format(count=f"{n_missing:,}", share=percent(share, 1))
        if n_missing
        else "",
    }


def gaps(view: View) -> dict[str, Any] | None:
    """Return the map of missing cells, None where no cell is missing."""
    dataset, t = view.content.dataset, view.t["data"]
    columns = dataset.feature_columns
    missing = np.column_stack(
        [
            ~np.isfinite(numbers(cells)) if is_numeric(cells) else cells.isna().to_numpy()
            for cells in (dataset.features[c.key] for c in columns)
        ]
        or [np.zeros((dataset.n_rows, 0), dtype=bool)]
    )
    counts = missing.sum(axis=0)
    holed = np.flatnonzero(counts)
    if not len(holed):
        return None
    most = np.sort(holed[np.argsort(-counts[holed], kind="stable")][:MAX_GAPS])
    numbered = dataset.row_numbers
    ends = (f"{numbered[0]:,}", f"{numbered[-1]:,}", view.t["accuracy"]["row_axis"])
    names = [column_label(columns[k]) for k in most]
    rows = int(missing.any(axis=1).sum())
    facts = {
        "columns": len(holed),
        "rows": f"{rows:,}",
        "total": f"{dataset.n_rows:,}",
        "share": percent(rows / dataset.n_rows),
        "column": cut(column_label(columns[int(np.argmax(counts))]), 60),
        "most": f"{int(counts.max()):,}",
    }
    pieces = dataset.n_rows > table_charts.MAX_STRIPS
    left = len(holed) - len(most)
    return {
        "text": t["gaps_text"].format(**facts),
        "chart": table_charts.missing_map(
            missing[:, most], names, ends, t["gaps_label"].format(**facts)
        ),
        "note": t["gaps_note_pieces"].format(pieces=table_charts.MAX_STRIPS) if pieces else "",
        "more": t["gaps_more"].format(shown=len(most), left=left) if left else "",
    }


def together(view: View) -> dict[str, Any] | None:
    """Return what moves together: clusters, a heat map, the strongest pairs."""
    columns, t = view.content.dataset.feature_columns, view.t["data"]
    strengths = view.clusters.strengths
    if len(columns) < 2:
        return None
    strongest = np.abs(strengths - np.eye(len(columns))).max(axis=1)
    kept = np.sort(np.argsort(-strongest, kind="stable")[:MAX_HEAT])
    shown = kept[leaf_order(strengths[np.ix_(kept, kept)])]
    if np.argmax(strongest[shown]) > len(shown) / 2:
        shown = shown[::-1]
    place = {int(k): at for at, k in enumerate(shown)}
    groups = view.clusters.members
    blocks = [[place[k] for k in group if k in place] for group in groups]
    is_number = np.array([columns[k].kind == "numeric" for k in shown], dtype=bool)
    left = len(columns) - len(kept)
    return {
        "clusters": _clusters(view),
        "more_clusters": max(0, len(groups) - MAX_CLUSTERS),
        "chart": table_charts.heat_map(
            strengths[np.ix_(shown, shown)],
            is_number[:, None] & is_number,
            [column_label(columns[k]) for k in shown],
            [b for b in blocks if len(b) > 1 and max(b) - min(b) < len(b)],
            t["together_label"].format(shown=len(shown), count=len(groups)),
        ),
        "mixed": not is_number.all(),
        "more": t["together_more"].format(shown=len(kept), left=left) if left else "",
        "pairs": _pairs(view),
    }


def _clusters(view: View) -> list[dict[str, str]]:
    columns, strengths = view.content.dataset.feature_columns, view.clusters.strengths
    comma = "、" if view.language == "ja" else ", "
    return [
        {
            "mark": view.cluster_mark(position),
            "columns": comma.join(
                [cut(columns[k].name, 60) for k in group[:MAX_NAMES]]
                + ["…"] * (len(group) > MAX_NAMES)
            ),
            "least": fixed(float(np.abs(strengths[np.ix_(group, group)]).min()), 2),
        }
        for position, group in enumerate(view.clusters.members[:MAX_CLUSTERS])
    ]


def _pairs(view: View) -> list[dict[str, str]]:
    """Return the strongest pairs, strongest first."""
    columns, strengths = view.content.dataset.feature_columns, view.clusters.strengths
    first, second = np.triu_indices(len(columns), 1)
    found = strengths[first, second]
    order = np.argsort(-np.abs(found).round(12), kind="stable")[:MAX_PAIRS]
    return [
        {
            "first": plain(column_label(columns[first[k]])),
            "second": plain(column_label(columns[second[k]])),
            "strength": _signed(columns[first[k]], columns[second[k]], float(found[k])),
        }
        for k in order
        if abs(found[k]) > WORTH_A_PAIR
    ]


def _signed(first: Column, second: Column, strength: float) -> str:
    numeric = first.kind == second.kind == "numeric"
    return ("+" if numeric and strength > 0 else "") + fixed(strength, 2)
