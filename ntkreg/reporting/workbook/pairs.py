"""Sheets on the effect of columns: their size in each model, agreement, and pairs of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ntkreg.inspection.attribution.agreement import Agreement, compare_explanations
from ntkreg.inspection.attribution.interactions import Interaction
from ntkreg.reporting.sections.pairs import reasons
from ntkreg.reporting.text import column_label, cut, with_unit
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.cells import Heading
from ntkreg.reporting.workbook.formats import SHARE, score_format

Table = tuple[Sequence[Heading], Iterator[Sequence[Any]]]
# the names label the bars of a chart
LONGEST = 60
_DIRECTIONS = {1: "up", -1: "down", 0: "shape"}


def importance(view: View) -> Table | None:
    """Return one row a column, the largest effect first, and what two models say about it."""
    explanations = view.content.explanations[:2]
    if not explanations:
        return None
    t, a = view.t["workbook"], view.t["agreement"]
    names = [view.model(e.model) for e in explanations]
    columns = view.content.dataset.feature_columns
    found = (
        compare_explanations(explanations[0], explanations[1], view.content.dataset)
        if len(explanations) == 2
        else ()
    )
    size, number = with_unit(t["mean_shap"], view.unit), score_format(view)
    headings = [
        Heading(view.t["scores"]["rank"], 8),
        Heading(t["column"], 34),
        *(Heading(f"{size}: {name}", 18, number) for name in names),
        *(Heading(a["share"].format(model=name), 14, SHARE) for name in names),
    ]
    if found:
        headings += [
            *(Heading(a["direction"].format(model=name), 14) for name in names),
            Heading(a["correlation"], 12, "0.00"),
            Heading(a["result"], 16),
            Heading(t["note"], 80),
        ]
    sizes = [e.importance for e in explanations]
    shares = [each / (each.sum() or 1.0) for each in sizes]

    def rows() -> Iterator[Sequence[Any]]:
        for rank, j in enumerate(np.argsort(-sizes[0], kind="stable"), 1):
            effect = (*(each[j] for each in sizes), *(each[j] for each in shares))
            said = _agreement(view, found[j], names) if found else ()
            yield (rank, cut(column_label(columns[j]), LONGEST), *effect, *said)

    return headings, rows()


def _agreement(view: View, found: Agreement, names: list[str]) -> tuple[Any, ...]:
    t, words = view.t["agreement"], view.t["directions"]
    code = "differs" if found.differences else "same" if found.matters else "unused"
    numeric = view.content.dataset.feature_columns[found.index].kind == "numeric"
    directions = (
        words[_DIRECTIONS[d] if numeric and share > 0 else "none"]
        for d, share in zip(found.directions, found.shares, strict=True)
    )
    space = "" if view.language == "ja" else " "
    note = space.join(view.say(sentence) for sentence in reasons(view, found, names))
    return (*directions, found.correlation, t[code], note or None)


def interactions(view: View) -> Table | None:
    """Return one row a pair of columns and model, None where no pair was measured."""
    found, t = view.content.interactions, view.t["interactions"]
    if not found:
        return None
    own = view.t["workbook"]
    headings = [
        Heading(own["model"], 20),
        Heading(own["first"], 34),
        Heading(own["second"], 34),
        Heading(with_unit(own["interaction"], view.unit), 16, score_format(view)),
        Heading(t["relative"], 14, SHARE),
        Heading(t["share"], 10, "0.00"),
        Heading(own["together"], 16, "0.00"),
    ]
    return headings, (_pair(view, pair) for pair in found)


def _pair(view: View, pair: Interaction) -> Sequence[Any]:
    columns = view.content.dataset.feature_columns
    names = (cut(column_label(columns[j]), LONGEST) for j in (pair.moved, pair.held))
    return (
        *(view.model(pair.model), *names),
        *(pair.size, pair.relative, pair.share, pair.together),
    )
