"""The tables of the workbook, one function a sheet: headings and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ntkreg.reporting.sections.knowledge import expected
from ntkreg.reporting.sections.model import setting
from ntkreg.reporting.text import column_label, cut, percent, with_unit, word
from ntkreg.reporting.view import View
from ntkreg.reporting.workbook.cells import Heading
from ntkreg.reporting.workbook.decision import decision_columns, decision_half_widths
from ntkreg.reporting.workbook.regime import regime

NUMBER = "0.0000"
SHAPLEY = "0.00000"
SHARE = "0 %"
Table = tuple[Sequence[Heading], Iterator[Sequence[Any]]]


def _leaderboard(view: View) -> Table:
    t, s, benchmark = view.t["workbook"], view.t["scores"], view.content.benchmark
    headings = [
        Heading(s["rank"], 7),
        Heading(s["model"], 24),
        Heading(t["code"], 18),
        *(Heading(with_unit(s[k], view.unit), 13, NUMBER) for k in ("rmse", "mae")),
        Heading(s["r2"], 10, "0.000"),
        *(Heading(t[k], 15, NUMBER) for k in ("rmse_low", "rmse_high")),
        Heading(s["difference"], 15, NUMBER),
        *(Heading(t[k], 15, NUMBER) for k in ("difference_low", "difference_high")),
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
    headings = [
        Heading(s["model"], 24),
        Heading(t["repeat"], 10),
        Heading(t["fold"], 10),
        Heading(t["n_test"], 12),
        *(Heading(with_unit(s[k], view.unit), 13, NUMBER) for k in ("rmse", "mae")),
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


def _predictions(view: View) -> Table:
    t, content = view.t["workbook"], view.content
    dataset, results = content.dataset, content.benchmark.results
    # the mean over repeats; a row that is never tested stays empty
    means = [_mean_over_repeats(r.predictions) for r in results]
    chosen = means[[r.name for r in results].index(view.chosen.name)]
    more = decision_columns(view)
    half = decision_half_widths(view)
    share = percent(content.intervals.confidence).replace("\u00a0", " ")
    headings = [
        Heading(t["row"], 12),
        *([Heading(view.t["scores"]["group"], 16)] if dataset.groups is not None else []),
        Heading(with_unit(t["actual"], view.unit), 14, NUMBER),
        *(Heading(with_unit(view.model(r.name), view.unit), 16, NUMBER) for r in results),
        Heading(t["fold"], 8),
        *(Heading(t[k].format(confidence=share), 16, NUMBER) for k in ("lower", "upper")),
        Heading(t["in_domain"], 12),
        *(heading for heading, _ in more),
    ]

    def rows() -> Iterator[Sequence[Any]]:
        for k, number in enumerate(dataset.row_numbers):
            group = (dataset.groups[k],) if dataset.groups is not None else ()
            fold = view.fold_of_row[k] + 1 if view.fold_of_row[k] >= 0 else None
            band = (fold, chosen[k] - half[k], chosen[k] + half[k], content.in_domain[k])
            rest = (values[k] for _, values in more)
            yield (number, *group, dataset.y[k], *(m[k] for m in means), *band, *rest)

    return headings, rows()


def _mean_over_repeats(predictions: Any) -> Any:
    tested = np.isfinite(predictions)
    total = np.where(tested, predictions, 0.0).sum(axis=0)
    count = tested.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _attributions(view: View) -> Table:
    t, dataset = view.t["workbook"], view.content.dataset
    names = [cut(column_label(c), 200) for c in dataset.feature_columns]
    headings = [
        Heading(t["model"], 20),
        Heading(t["row"], 12),
        Heading(with_unit(t["base"], view.unit), 14, NUMBER),
        Heading(with_unit(t["prediction"], view.unit), 14, NUMBER),
        *(Heading(name, 14, SHAPLEY) for name in names),
    ]

    def rows() -> Iterator[Sequence[Any]]:
        for e in view.content.explanations:
            for k, row in enumerate(e.rows):
                number = dataset.row_numbers[row]
                yield (view.model(e.model), number, e.base_value, e.predictions[k], *e.values[k])

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
        Heading(with_unit(t["slope"], view.unit), 14, SHAPLEY),
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
    headings = [Heading(m[key], width) for key, width in widths.items()]
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


# a table that is None has nothing to say and gets no sheet
SHEETS: dict[str, Callable[[View], Table | None]] = {
    "leaderboard": _leaderboard,
    "folds": _folds,
    "predictions": _predictions,
    "attributions": _attributions,
    "knowledge": _knowledge,
    "prescription": _prescription,
    "regime": regime,
    "ledger": _ledger,
    "settings": _settings,
}
