"""A saved model explained on the rows of a file."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Unpack

import numpy as np

from ntkreg.exceptions import InputError
from ntkreg.inspection import explain
from ntkreg.inspection.results import Explanation
from ntkreg.io import ReadingKeywords, align, read_sheet_with, remembered
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Language
from ntkreg.persistence import FittedModel
from ntkreg.study.folders import new_file
from ntkreg.study.versions import package_versions


def explain_file(
    model: FittedModel,
    path: str | Path,
    *,
    seed: int = 0,
    **reading: Unpack[ReadingKeywords],
) -> tuple[Explanation, Dataset]:
    """Explain a model on the rows of a file, which are also the background.

    Parameters
    ----------
    model : FittedModel
        From :func:`ntkreg.persistence.load_model` or a fit.
    path : str or Path
        A table with the feature columns; the target need not be there.
    seed : int, default=0
        Draws rows and orders.
    **reading
        Reading options of this file, see :class:`ntkreg.io.options.ReadOptions`. What its cells
        mean (marks, censored values, merged cells) is taken from the model unless given here.

    Returns
    -------
    tuple of (Explanation, Dataset)
        The Shapley values, and the rows; without a measured target `y` is the prediction.

    Raises
    ------
    InputError
        If the file is no usable table, lacks columns of the model, or has fewer than 2 rows.
    """
    # a cover sheet has none of the model's columns
    first = next(column.name for column in model.columns if column.role == "feature")
    raw = read_sheet_with(first, path, **(remembered(model.settings) | reading))
    aligned = align(raw, model.columns)
    if raw.n_rows < 2:
        raise InputError("E527", {"file": raw.source.file}, file=raw.source.file, n=raw.n_rows)
    y = np.ravel(model.estimator.predict(aligned.features)).astype(np.float64)
    if aligned.y is not None:
        y = np.where(np.isfinite(aligned.y), aligned.y, y)
    dataset = Dataset(
        source=raw.source,
        columns=model.columns,
        features=aligned.features,
        y=y,
        groups=None,
        time=None,
        row_numbers=aligned.row_numbers,
        ledger=aligned.ledger,
    )
    return explain(model.estimator, model.name, dataset, seed=seed), dataset


def write_explanation_page(
    explanation: Explanation, dataset: Dataset, path: str | Path, language: Language
) -> None:
    """Write an explanation as one HTML file, whole or not at all."""
    from ntkreg.reporting.explanation_page import ExplanationContent, write_explanation

    content = ExplanationContent(
        dataset=dataset,
        explanations=(explanation,),
        version=package_versions()["ntkreg"],
        created=datetime.date.today().isoformat(),
    )
    with new_file(path) as beside:
        write_explanation(content, beside, language)
