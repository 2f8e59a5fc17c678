"""Predictions for the rows of a new file, with interval, domain flag and remarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.decision.results import IntervalResult, RowPredictions
from ntkreg.decision.specification import probability_out
from ntkreg.inspection.domain.fitted import Domain
from ntkreg.inspection.domain.reasons import outside_reasons
from ntkreg.messages import Language, Sentence


def predict_rows(
    estimator: Any,
    features: pd.DataFrame,
    notes: Sequence[Sequence[Sentence]],
    interval: IntervalResult,
    domain: Domain,
    language: Language = "en",
    limits: tuple[float | None, float | None] = (None, None),
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
        Gives the half width of each row.
    domain : Domain
        Of the training rows.
    language : {"en", "ja"}, default="en"
        Language of the notes.
    limits : tuple of float or None, default=(None, None)
        Lower and upper specification limit.

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
    reasons = outside_reasons(domain, features)
    in_domain = np.array([reason is None for reason in reasons], dtype=bool) & usable
    scales = _scales(interval, features, usable)
    texts = []
    for i in range(n_rows):
        said = list(notes[i])
        if not usable[i]:
            said.append(Sentence("W413" if empty[i] else "W414"))
        elif (reason := reasons[i]) is not None:
            said.append(reason)
        texts.append(("" if language == "ja" else " ").join(s.text(language) for s in said))
    return RowPredictions(
        prediction=prediction,
        lower=prediction - interval.half_width * scales,
        upper=prediction + interval.half_width * scales,
        in_domain=in_domain,
        notes=tuple(texts),
        distance=np.where(empty, np.nan, domain.ratios(features).max(axis=1)),
        out_of_specification=_out_of_specification(prediction, scales, interval, limits),
    )


def _scales(
    interval: IntervalResult, features: pd.DataFrame, usable: NDArray[np.bool_]
) -> NDArray[np.float64]:
    scales = np.full(len(features), np.nan)
    if usable.any():
        scales[usable] = interval.scales(features.loc[usable])
    return scales


def _out_of_specification(
    prediction: NDArray[np.float64],
    scales: NDArray[np.float64],
    interval: IntervalResult,
    limits: tuple[float | None, float | None],
) -> NDArray[np.float64] | None:
    if limits == (None, None):
        return None
    known = interval.residuals if interval.sigmas is None else interval.residuals / interval.sigmas
    n = len(known) if np.isnan(interval.n_effective) else interval.n_effective
    return probability_out(prediction, scales, limits, known, interval.weights, n)
