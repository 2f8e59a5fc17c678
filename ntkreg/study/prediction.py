"""Predictions for the rows of a file, in the file's order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd

from ntkreg.decision import RowPredictions, predict_rows
from ntkreg.evaluation import scores
from ntkreg.evaluation.results import Scores
from ntkreg.exceptions import InputError
from ntkreg.io import ReadingKeywords, align, read_sheet_with, remembered
from ntkreg.io.ledger import Ledger
from ntkreg.messages import Language
from ntkreg.persistence import FittedModel
from ntkreg.reporting.text import decimals
from ntkreg.reporting.workbook.formats import SHARE, fixed_format
from ntkreg.study.folders import new_file
from ntkreg.study.specification import PROBABILITY_OUT, check_limits, limits_of
from ntkreg.study.tables import write_csv, write_xlsx

ADDED = ("prediction", "lower", "upper", "in_domain", "note")


@dataclass(frozen=True)
class FilePredictions:
    """Predictions of a file's rows.

    Parameters
    ----------
    table : DataFrame
        The file's columns as found, then ``prediction, lower, upper, in_domain, note``,
        and with specification limits ``probability out of specification``.
    rows : RowPredictions
        The same as arrays.
    scores : Scores or None
        Errors on the rows whose target the file knows; None where it knows none.
    ledger : Ledger
        What was noticed while the file was read.
    """

    table: pd.DataFrame
    rows: RowPredictions
    scores: Scores | None
    ledger: Ledger


def predict_file(
    model: FittedModel,
    path: str | Path,
    *,
    language: Language = "en",
    lsl: float | None = None,
    usl: float | None = None,
    **reading: Unpack[ReadingKeywords],
) -> FilePredictions:
    """Predict every row of a file.

    Parameters
    ----------
    model : FittedModel
        From :func:`ntkreg.persistence.load_model` or a fit.
    path : str or Path
        A table with the feature columns, in any order; other columns are carried along.
    language : {"en", "ja"}, default="en"
        Language of the notes.
    lsl, usl : float, optional
        Specification limits, target unit; without both those of the model's run.
    **reading
        Reading options of this file, see :class:`ntkreg.io.options.ReadOptions`. What its cells
        mean (marks, censored values, merged cells) is taken from the model unless given here.

    Returns
    -------
    FilePredictions
        One row for each row of the file, always; a row that cannot be predicted has no prediction
        and its note says why.

    Raises
    ------
    InputError
        If the file is no usable table or lacks columns of the model.
    """
    # a cover sheet has none of the model's columns
    first = next(column.name for column in model.columns if column.role == "feature")
    raw = read_sheet_with(first, path, **(remembered(model.settings) | reading))
    aligned = align(raw, model.columns)
    rows = predict_rows(
        model.estimator,
        aligned.features,
        aligned.notes,
        model.interval,
        model.domain,
        language,
        limits=_limits(model, lsl, usl),
    )
    inputs = {column.name: column.cells for column in raw.columns}
    return FilePredictions(_table(inputs, rows), rows, _scores(aligned.y, rows), aligned.ledger)


def _limits(
    model: FittedModel, lsl: float | None, usl: float | None
) -> tuple[float | None, float | None]:
    if lsl is None and usl is None:
        return limits_of(model.settings)
    check_limits(lsl, usl)
    return lsl, usl


def _table(inputs: dict[str, Any], rows: RowPredictions) -> pd.DataFrame:
    columns = {}
    for name, cells in inputs.items():
        shown = name
        while shown in (*ADDED, PROBABILITY_OUT) or shown in columns:
            shown += " (input)"
        columns[shown] = pd.Series(cells, dtype=object)
    outputs = (rows.prediction, rows.lower, rows.upper, rows.in_domain, list(rows.notes))
    for name, values in zip(ADDED, outputs, strict=True):
        columns[name] = pd.Series(values)
    if rows.out_of_specification is not None:
        columns[PROBABILITY_OUT] = pd.Series(rows.out_of_specification)
    return pd.DataFrame(columns)


def _scores(y: Any, rows: RowPredictions) -> Scores | None:
    if y is None:
        return None
    known = np.isfinite(y) & np.isfinite(rows.prediction)
    return scores(y[known], rows.prediction[known]) if known.any() else None


def check_ending(path: str | Path) -> None:
    """Raise InputError unless a file name ends in .csv or .xlsx."""
    if Path(path).suffix.lower() not in (".csv", ".xlsx"):
        raise InputError("E526", {"file": str(path)}, path=str(path))


def write_predictions(
    predictions: FilePredictions, path: str | Path, language: Language = "en"
) -> None:
    """Write the table of predictions as .csv (UTF-8 with BOM) or .xlsx, by the name's ending."""
    check_ending(path)
    with new_file(path) as beside:
        if Path(path).suffix.lower() == ".xlsx":
            formats = _formats(predictions.rows)
            write_xlsx(predictions.table, beside, "predictions", language=language, formats=formats)
        else:
            write_csv(predictions.table, beside)


def _formats(rows: RowPredictions) -> dict[str, str]:
    """Return number formats: the half width of the narrowest interval to three digits."""
    widths = (rows.upper - rows.lower) / 2
    widths = widths[np.isfinite(widths) & (widths > 0)]
    formats = {PROBABILITY_OUT: SHARE}
    if len(widths) and 1e-4 <= widths.min() < 1e7:
        number = fixed_format(max(decimals(float(widths.min())) - 1, 0))
        formats |= dict.fromkeys(("prediction", "lower", "upper"), number)
    return formats
