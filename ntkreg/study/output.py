"""The folder of a run: report, workbook, numbers, ledger, predictions, model."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ntkreg.evaluation.results import BenchmarkResult, LearningCurve
from ntkreg.io.ledger import Ledger
from ntkreg.messages import LANGUAGES, Language, Sentence
from ntkreg.ntk.regime.verdict import RegimeReport
from ntkreg.persistence import save_model
from ntkreg.study.folders import new_folder
from ntkreg.study.specification import PROBABILITY_OUT, specification_document
from ntkreg.study.tables import write_csv
from ntkreg.study.whole import StudyResult

RUN_SCHEMA_VERSION = 1


def write_run(
    result: StudyResult, folder: str | Path, *, language: Language, force: bool = False
) -> Path:
    """Write everything of a study into a new folder, whole or not at all.

    Parameters
    ----------
    result : StudyResult
        What :func:`ntkreg.study.run_study` gave.
    folder : str or Path
        The folder to make: ``report.html results.xlsx run.json ledger.csv predictions.csv model/``.
    language : {"ja", "en"}
        Language of report, workbook and ledger; ``run.json`` has both.
    force : bool, default=False
        Replace the folder of an earlier run.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    InputError
        If the folder exists and `force` is false, or it is not a run's folder.
    FileAccessError
        If it cannot be written.
    """
    from ntkreg.reporting import write_report, write_workbook

    folder = Path(folder)
    with new_folder(folder, force=force) as beside:
        write_report(result.content, beside / "report.html", language)
        write_workbook(result.content, beside / "results.xlsx", language)
        write_csv(ledger_table(result.content.dataset.ledger, language), beside / "ledger.csv")
        write_csv(predictions_table(result, language), beside / "predictions.csv")
        save_model(beside / "model", result.model)
        write_json(run_document(result), beside / "run.json")
    return folder / "report.html"


def write_leaderboard(
    benchmark: BenchmarkResult, folder: str | Path, *, force: bool = False
) -> Path:
    """Write the leaderboard as ``leaderboard.csv`` and ``leaderboard.json`` into a new folder."""
    folder = Path(folder)
    with new_folder(folder, force=force) as beside:
        write_csv(leaderboard_table(benchmark), beside / "leaderboard.csv")
        write_json(_scores_document(benchmark), beside / "leaderboard.json")
    return folder


def leaderboard_table(benchmark: BenchmarkResult) -> pd.DataFrame:
    """Return one row a contender, best first."""
    p_values = {comparison.name: comparison.p_value for comparison in benchmark.comparisons}
    rows = [
        {
            "model": result.name,
            "chosen": "*" if result.name == benchmark.chosen else "",
            "R2": result.overall.r2,
            "RMSE": result.overall.rmse,
            "MAE": result.overall.mae,
            "RMSE_low": result.rmse_interval[0],
            "RMSE_high": result.rmse_interval[1],
            "p_value": p_values.get(result.name, math.nan),
            "seconds": result.seconds,
        }
        for result in benchmark.results
    ]
    return pd.DataFrame(rows)


def ledger_table(ledger: Ledger, language: Language) -> pd.DataFrame:
    """Return one row an entry of the ledger."""
    names = ["severity", "code", "message", "sheet", "row", "column", "count", "old", "new"]
    rows = [
        {
            "severity": entry.severity,
            "code": entry.message.code,
            "message": entry.message.text(language),
            "sheet": entry.sheet,
            "row": entry.row,
            "column": entry.column,
            "count": entry.count,
            "old": entry.old,
            "new": entry.new,
        }
        for entry in ledger.entries
    ]
    return pd.DataFrame(rows, columns=names).astype({"row": "Int64", "count": "Int64"})


def predictions_table(result: StudyResult, language: Language = "en") -> pd.DataFrame:
    """Return the chosen contender's held-out prediction of each row, with what goes with it."""
    content = result.content
    held_out = content.benchmark.of(content.benchmark.chosen).predictions
    tested = np.isfinite(held_out).any(axis=0)
    prediction = np.full(held_out.shape[1], np.nan)
    prediction[tested] = np.nanmean(held_out[:, tested], axis=0)
    decisions = content.decisions
    half = content.intervals.half_width if decisions is None else decisions.half_widths
    table = {
        "row": content.dataset.row_numbers,
        "actual": content.dataset.y,
        "prediction": prediction,
        "residual": content.dataset.y - prediction,
        "lower": prediction - half,
        "upper": prediction + half,
        "in_domain": content.in_domain,
    }
    if content.dataset.groups is not None:
        table["group"] = content.dataset.groups
    if decisions is not None:
        table["distance"], table["leverage"] = decisions.ratios.T
        if decisions.specification is not None:
            table[PROBABILITY_OUT] = decisions.specification.probability
        table["note"] = ["" if r is None else r.text(language) for r in decisions.reasons]
    return pd.DataFrame(table)


def run_document(result: StudyResult) -> dict[str, Any]:
    """Return what ``run.json`` holds."""
    content = result.content
    source = content.dataset.source
    return {
        "schema_version": RUN_SCHEMA_VERSION,
        "created": content.created,
        "file": source.file,
        "data_sha256": source.sha256,
        "n_rows": content.dataset.n_rows,
        "n_features": len(content.dataset.feature_columns),
        "target": content.dataset.target.name,
        "seed": content.settings["seed"],
        "settings": dict(content.settings),
        "versions": dict(content.versions),
        **_scores_document(content.benchmark),
        "interval": {
            "confidence": content.intervals.confidence,
            "coverage": content.intervals.coverage,
            "half_width": content.intervals.half_width,
            "n_effective": content.intervals.n_effective,
        },
        "specification": specification_document(content.decisions),
        "knowledge": [
            {"model": judged.model, "verdict": judged.verdict, "confidence": judged.confidence}
            | asdict(judged.expectation)
            | {"cluster": list(judged.cluster)}
            for judged in content.knowledge
        ],
        "regime": _regime_document(content.regime),
        "learning": _learning_document(content.learning),
        "declined": [_finding_document(sentence) for sentence in content.declined],
        "leaks": [{"column": leak.column, "strength": leak.strength} for leak in content.leaks],
        "n_ledger_entries": len(content.dataset.ledger),
        "seconds": dict(result.seconds),
    }


def _learning_document(curve: LearningCurve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {"model": curve.name, "n_rows": list(curve.n_rows), "rmse": list(curve.rmse)}


def _finding_document(finding: Sentence) -> dict[str, Any]:
    numbers = {k: v for k, v in finding.values.items() if not isinstance(v, Sentence)}
    texts = {language: finding.text(language) for language in LANGUAGES}
    return {"code": finding.code, **numbers, "text": texts}


def _regime_document(report: RegimeReport | None) -> dict[str, Any] | None:
    if report is None:
        return None
    return {
        "kind": report.kind,
        "verdict": {
            language: [sentence.text(language) for sentence in report.sentences]
            for language in LANGUAGES
        },
        "unit": report.unit,
        "on_training_rows": None if report.regime is None else asdict(report.regime),
        "over_width": None if report.over_width is None else asdict(report.over_width),
    }


def _scores_document(benchmark: BenchmarkResult) -> dict[str, Any]:
    return {
        "split": {"kind": benchmark.plan.kind, "n_folds": len(benchmark.plan.folds)},
        "chosen": benchmark.chosen,
        "verdict": {
            language: [sentence.text(language) for sentence in benchmark.verdict]
            for language in LANGUAGES
        },
        "scores": {
            result.name: asdict(result.overall)
            | {"rmse_interval": list(result.rmse_interval), "seconds": result.seconds}
            for result in benchmark.results
        },
        "failures": dict(benchmark.failures),
    }


def write_json(document: Any, path: str | Path) -> None:
    """Write strict JSON: NaN and infinity become null."""
    text = json.dumps(_strict(document), ensure_ascii=False, indent=2, allow_nan=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, np.generic):
        return _strict(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
