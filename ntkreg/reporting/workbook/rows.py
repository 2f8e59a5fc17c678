"""Sheets with one line a row of the user's table: predictions and attributions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.decision import mean_over_repeats
from ntkreg.inspection.results import Explanation
from ntkreg.reporting.text import column_label, cut, percent, with_unit
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.cells import Heading
from ntkreg.reporting.workbook.decision import decision_columns, decision_half_widths
from ntkreg.reporting.workbook.formats import score_format, value_format

Table = tuple[Sequence[Heading], Iterator[Sequence[Any]]]
Values = Sequence[Any] | NDArray[Any]
Columns = list[tuple[Heading, Values]]
MAX_SHAPLEY = 20


def predictions(view: View) -> Table:
    """Return actual and held-out values of each row, with interval, flag and contributions."""
    t, a, content = view.t["workbook"], view.t["accuracy"], view.content
    dataset, results, number = content.dataset, content.benchmark.results, value_format(view)
    # the mean over repeats; a row that is never tested stays empty
    means = [mean_over_repeats(r.predictions) for r in results]
    chosen = means[[r.name for r in results].index(view.chosen.name)]
    half = decision_half_widths(view)
    share = percent(content.intervals.confidence).replace("\u00a0", " ")
    folds = [int(fold) + 1 if fold >= 0 else None for fold in view.fold_of_row]
    residual = with_unit(a["residual"], view.unit)
    columns: Columns = [
        *_place(view, range(dataset.n_rows)),
        *_groups(view),
        (Heading(with_unit(t["actual"], view.unit), 14, number), dataset.y),
        *(
            (Heading(with_unit(view.model(r.name), view.unit), 16, number), mean)
            for r, mean in zip(results, means, strict=True)
        ),
        (Heading(residual, 16, score_format(view)), dataset.y - chosen),
        (Heading(t["lower"].format(confidence=share), 16, number), chosen - half),
        (Heading(t["upper"].format(confidence=share), 16, number), chosen + half),
        (Heading(a["in_domain"], 14), [a["inside" if k else "outside"] for k in content.in_domain]),
        *decision_columns(view),
        (Heading(t["fold"], 8), folds),
        *_contributions(view),
    ]
    return [heading for heading, _ in columns], zip(*(v for _, v in columns), strict=True)


def _place(view: View, rows: Sequence[int]) -> Columns:
    """Return sheet and row in the user's own file."""
    t, dataset = view.t["workbook"], view.content.dataset
    columns: Columns = []
    if dataset.source.sheet is not None:
        columns.append((Heading(t["sheet"], 20), [dataset.source.sheet] * len(rows)))
    columns.append((Heading(t["row"], 12), [int(dataset.row_numbers[k]) for k in rows]))
    return columns


def _groups(view: View) -> Columns:
    groups = view.content.dataset.groups
    return [] if groups is None else [(Heading(view.t["scores"]["group"], 16), groups)]


def _contributions(view: View) -> Columns:
    """Return the chosen model's Shapley values of the leading columns, where a row has them."""
    found = next((e for e in view.content.explanations if e.model == view.chosen.name), None)
    if found is None:
        return []
    names, number = _names(view), score_format(view)
    columns: Columns = []
    for j in np.argsort(-found.importance, kind="stable")[:MAX_SHAPLEY]:
        values = np.full(view.content.dataset.n_rows, np.nan)
        values[found.rows] = found.values[:, j]
        columns.append((Heading(names[j], 16, number), values))
    return columns


def _names(view: View) -> list[str]:
    # the mark keeps `ntkreg predict` from taking contributions for the columns themselves
    columns = view.content.dataset.feature_columns
    return [f"SHAP: {cut(column_label(column), 200)}" for column in columns]


def attributions(view: View) -> Table:
    """Return the Shapley values of every explained row and model."""
    t = view.t["workbook"]
    number, value = score_format(view), value_format(view)
    place = [heading for heading, _ in _place(view, ())]
    headings = [
        Heading(t["model"], 20),
        *place,
        Heading(with_unit(t["base"], view.unit), 14, value),
        Heading(with_unit(t["prediction"], view.unit), 14, value),
        *(Heading(name, 16, number) for name in _names(view)),
    ]
    return headings, (row for e in view.content.explanations for row in _explained(view, e))


def _explained(view: View, found: Explanation) -> Iterator[Sequence[Any]]:
    name = view.model(found.model)
    place = zip(*(v for _, v in _place(view, [int(k) for k in found.rows])), strict=True)
    for k, where in enumerate(place):
        yield (name, *where, found.base_value, found.predictions[k], *found.values[k])
