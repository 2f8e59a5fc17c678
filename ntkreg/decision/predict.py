"""Predictions for the rows of a new file, with interval, domain flag and remarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ntkreg.decision.results import IntervalResult, RowPredictions
from ntkreg.inspection.domain import Domain
from ntkreg.messages import Language, Sentence

MAX_NAMED_COLUMNS = 3


def predict_rows(
    estimator: Any,
    features: pd.DataFrame,
    notes: Sequence[Sequence[Sentence]],
    interval: IntervalResult,
    domain: Domain,
    language: Language = "en",
) -> RowPredictions:
    """Predict rows and say what must be known about each.

    Parameters
    ----------
    estimator : estimator
        Fitted; `predict` takes DataFrames with the columns of `features`.
    features : DataFrame of shape (n_rows, n_features)
        Feature columns under their safe names.
    notes : sequence of sequence of Sentence, of length n_rows
        What reading the file had to say about each row.
    interval : IntervalResult
        Gives the half width.
    domain : Domain
        Of the training rows.
    language : {"en", "ja"}, default="en"
        Language of the notes.

    Returns
    -------
    RowPredictions
        In the order of `features`. A row without any input, or with a prediction that is not
        finite, has NaN in prediction and limits, is not in the domain, and its note says why.

    Raises
    ------
    ValueError
        If there are not as many notes as rows.
    """
    n_rows = len(features)
    if len(notes) != n_rows:
        raise ValueError(f"notes must have one entry for each row, got {len(notes)} for {n_rows}")
    empty = features.isna().all(axis=1).to_numpy()
    prediction = np.full(n_rows, np.nan)
    if not empty.all():
        prediction[~empty] = np.ravel(estimator.predict(features.loc[~empty]))
    prediction[~np.isfinite(prediction)] = np.nan
    usable = np.isfinite(prediction)
    in_domain = domain.inside(features) & usable
    remarks = _domain_remarks(features, domain)
    texts = []
    for i in range(n_rows):
        said = list(notes[i])
        if not usable[i]:
            said.append(Sentence("W413" if empty[i] else "W414"))
        elif not in_domain[i]:
            said.append(remarks[i])
        texts.append(("" if language == "ja" else " ").join(s.text(language) for s in said))
    return RowPredictions(
        prediction=prediction,
        lower=prediction - interval.half_width,
        upper=prediction + interval.half_width,
        in_domain=in_domain,
        notes=tuple(texts),
    )


def _domain_remarks(features: pd.DataFrame, domain: Domain) -> list[Sentence]:
    """Say for each row why it would be outside the domain."""
    beyond = domain.beyond(features)
    ratios = domain.distances(features) / domain.threshold if len(features) else np.zeros(0)
    remarks = []
    for cells, ratio in zip(beyond, ratios, strict=True):
        names = [domain.labels[j] for j in np.flatnonzero(cells).tolist()]
        if names:
            shown = names[:MAX_NAMED_COLUMNS] + ["…"] * (len(names) > MAX_NAMED_COLUMNS)
            remarks.append(Sentence("W411", {"columns": shown}))
        else:
            remarks.append(Sentence("W412", {"ratio": float(ratio)}))
    return remarks
