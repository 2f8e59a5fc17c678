"""The tables of the workbook, one function a sheet: headings and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ntkreg.reporting.sections.knowledge import expected
from ntkreg.reporting.sections.model import setting
from ntkreg.reporting.text import with_unit, word
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.cells import Heading
from ntkreg.reporting.workbook.decision import coverage
from ntkreg.reporting.workbook.formats import EACH, SHARE, score_format
from ntkreg.reporting.workbook.pairs import importance, interactions
from ntkreg.reporting.workbook.regime import regime
from ntkreg.reporting.workbook.rows import attributions, predictions

Table = tuple[Sequence[Heading], Iterator[Sequence[Any]]]


def _leaderboard(view: View) -> Table:
    t, s, benchmark = view.t["workbook"], view.t["scores"], view.content.benchmark
    number = score_format(view)
    headings = [
        Heading(s["rank"], 7),
        Heading(s["model"], 24),
        Heading(t["code"], 18),
        *(Heading(with_unit(s[k], view.unit), 13, number) for k in ("rmse", "mae")),
        Heading(s["r2"], 10, "0.000"),
        *(Heading(t[k], 15, number) for k in ("rmse_low", "rmse_high")),
        Heading(s["difference"], 15, number),
        *(Heading(t[k], 15, number) for k in ("difference_low", "difference_high")),
        Heading(s["p"], 10, "0.0000"),
        Heading(s["chosen"], 10),
        Heading(s["seconds"], 13, "0.00"),
    ]
    compared = {c.name: c for c in benchmark.comparisons if c.reference == benchmark.chosen}

    def rows() -> Iterator[Sequence[Any]]:
        for rank, r in enumerate(benchmark.results, 1):
            c = compared.get(r.name)
            pair = (c.difference, c.lower, c.upper, c.p_value) if c else (None,) * 4
            mark = s["chosen"] if r.name == benchmark.chosen else None
            scores = (r.overall.rmse, r.overall.mae, r.overall.r2, *r.rmse_interval)
            yield (rank, view.model(r.name), r.name, *scores, *pair, mark, r.seconds)

    return headings, rows()


def _folds(view: View) -> Table:
    t, s, benchmark = view.t["workbook"], view.t["scores"], view.content.benchmark
    number = score_format(view)
    headings = [
        Heading(s["model"], 24),
        Heading(t["repeat"], 10),
        Heading(t["fold"], 10),
        Heading(t["n_test"], 12),
        *(Heading(with_unit(s[k], view.unit), 13, number) for k in ("rmse", "mae")),
        Heading(s["r2"], 10, "0.000"),
    ]

    def rows() -> Iterator[Sequence[Any]]:
        for r in benchmark.results:
            seen: dict[int, int] = {}
            for fold, score in zip(benchmark.plan.folds, r.fold_scores, strict=True):
                seen[fold.repeat] = seen.get(fold.repeat, 0) + 1
                numbers = (fold.repeat + 1, seen[fold.repeat], len(fold.test))
                yield (view.model(r.name), *numbers, score.rmse, score.mae, score.r2)

    return headings, rows()


def _knowledge(view: View) -> Table:
    t, k = view.t["workbook"], view.t["knowledge"]
    headings = [
        Heading(k["column"], 24),
        Heading(k["expected"], 20),
        Heading(k["reason"], 34),
        Heading(t["model"], 20),
        Heading(k["verdict"], 14),
        Heading(t["confidence"], 12, SHARE),
        Heading(with_unit(t["slope"], view.unit), 14, score_format(view)),
        Heading(view.t["method"]["reason"], 70),
    ]
    rows = (
        (
            v.expectation.column,
            expected(view, v.expectation),
            v.expectation.reason,
            view.model(v.model),
            view.t["verdicts"][v.verdict],
            v.confidence,
            v.slope,
            view.say(v.reason),
        )
        for v in view.content.knowledge
    )
    return headings, rows


def _prescription(view: View) -> Table:
    m = view.t["method"]
    widths = {"name": 32, "value": 24, "origin": 12, "reason": 90}
    headings = [Heading(m[key], width, EACH) for key, width in widths.items()]
    rows = (
        (
            word(view.t["reasons"], reason.name),
            reason.value,
            word(view.t["origins"], reason.origin),
            view.say(reason.sentence),
        )
        for reason in view.content.prescription.reasons
    )
    return headings, rows


def _ledger(view: View) -> Table:
    t, d = view.t["workbook"], view.t["data"]
    headings = [
        Heading(d["severity"], 10),
        Heading(t["sheet"], 16),
        Heading(t["row"], 12),
        Heading(t["column"], 24),
        Heading(d["what"], 70),
        Heading(d["count"], 8),
        Heading(t["old"], 18),
        Heading(t["new"], 18),
    ]
    rows = (
        (
            word(view.t["severity"], e.severity),
            *(e.sheet, e.row, e.column),
            view.say(e.message),
            *(e.count, e.old or None, e.new or None),
        )
        for e in view.content.dataset.ledger.entries
    )
    return headings, rows


def _settings(view: View) -> Table:
    t, s, source = view.t["workbook"], view.t["settings"], view.content.dataset.source
    headings = [Heading(t["section"], 24), Heading(s["name"], 26), Heading(s["value"], 80)]

    def rows() -> Iterator[Sequence[Any]]:
        yield (s["settings"], view.t["data"]["file"], source.file)
        yield (s["settings"], view.t["data"]["hash"], source.sha256)
        for name, value in view.content.settings.items():
            yield (s["settings"], word(view.t["setting_names"], name), setting(view, value))
        for name, version in sorted(view.content.versions.items()):
            yield (s["versions"], name, version)

    return headings, rows()


def _columns(view: View) -> Table:
    d = view.t["data"]
    headings = [
        Heading(d["name"], 40),
        Heading(d["unit"], 10),
        Heading(d["type"], 12),
        Heading(d["role"], 12),
        Heading(d["missing"], 10),
        *(Heading(view.t["workbook"][key], 14) for key in ("minimum", "median", "maximum")),
        Heading(view.t["workbook"]["levels"], 60),
    ]
    comma = "、" if view.language == "ja" else ", "
    rows = (
        (
            *(c.name, c.unit, word(view.t["kinds"], c.kind), word(view.t["roles"], c.role)),
            *(c.n_missing, c.minimum, c.median, c.maximum, comma.join(c.levels) or None),
        )
        for c in view.content.dataset.columns
    )
    return headings, rows


# a table that is None has nothing to say and gets no sheet
SHEETS: dict[str, Callable[[View], Table | None]] = {
    "leaderboard": _leaderboard,
    "folds": _folds,
    "predictions": predictions,
    "attributions": attributions,
    "importance": importance,
    "interactions": interactions,
    "coverage": coverage,
    "knowledge": _knowledge,
    "prescription": _prescription,
    "regime": regime,
    "columns": _columns,
    "ledger": _ledger,
    "settings": _settings,
}
