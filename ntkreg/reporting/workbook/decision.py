"""What the sheet of predictions says of each row beside its prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.cells import Heading


def decision_half_widths(view: View) -> NDArray[np.float64]:
    """Return the half width of each row's interval."""
    content = view.content
    if content.decisions is None:
        return np.full(content.dataset.n_rows, content.intervals.half_width)
    return content.decisions.half_widths


def decision_columns(view: View) -> list[tuple[Heading, Sequence[Any]]]:
    """Return headings and values of distance, leverage, probability and note."""
    t, decisions = view.t["workbook"], view.content.decisions
    if decisions is None:
        return []
    columns: list[tuple[Heading, Sequence[Any]]] = [
        (Heading(t["distance"], 12, "0.00"), list(decisions.ratios[:, 0])),
        (Heading(t["leverage"], 12, "0.00"), list(decisions.ratios[:, 1])),
    ]
    if decisions.specification is not None:
        shares = list(decisions.specification.probability)
        columns.append((Heading(t["probability_out"], 14, "0.0 %"), shares))
    notes = [None if reason is None else view.say(reason) for reason in decisions.reasons]
    return [*columns, (Heading(t["note"], 70), notes)]
