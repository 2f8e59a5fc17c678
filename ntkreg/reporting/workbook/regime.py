"""The sheet of the training regime: one row a set of rows on which gaps were measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ntkreg.ntk.regime.verdict import RegimeReport
from ntkreg.reporting.sections.regime import GAPS
from ntkreg.reporting.text import with_unit, word
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.cells import Heading
from ntkreg.reporting.workbook.formats import SHARE, score_format


def regime(view: View) -> tuple[Sequence[Heading], Iterator[Sequence[Any]]] | None:
    """Return headings and rows, or None where no net was trained."""
    report, t = view.content.regime, view.t["regime"]
    number = score_format(view)
    if report is None:
        return None
    headings = [
        Heading(t["where"], 26),
        Heading(t["width"], 10),
        Heading(t["n_networks"], 12),
        Heading(t["n_rows"], 10),
        *(Heading(with_unit(view.t["regime_gaps"][name], view.unit), 20, number) for name in GAPS),
        Heading(with_unit(t["noise"], view.unit), 14, number),
        Heading(t["kernel_drift"], 14, SHARE),
        Heading(view.t["method"]["outcome"], 26),
    ]
    rows = (
        (
            *(where, width, count, gaps.n_rows),
            *(getattr(gaps, name) for name in GAPS),
            *(report.unit, drift, word(view.t["outcomes"], ended)),
        )
        for where, width, count, gaps, drift, ended in _measured(view, report)
    )
    return headings, rows


def _measured(view: View, report: RegimeReport) -> Iterator[tuple[Any, ...]]:
    t, trace = view.t["regime"], view.content.trace
    if report.regime is not None:
        own, ended = report.regime, trace.outcome if trace is not None else ""
        size = report.width, report.n_networks
        yield (t["on_training"], *size, own.gaps, own.kernel_drift, ended)
    for p in report.over_width.points if report.over_width is not None else ():
        yield (t["on_unseen"], p.width, p.n_networks, p.gaps, p.kernel_drift, p.outcome)
