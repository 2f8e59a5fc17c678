"""The training rows as they looked when they were held out: interval, domain, specification."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.decision.intervals import covered_rows, mean_over_repeats
from ntkreg.decision.results import HeldOutDecisions, IntervalResult
from ntkreg.decision.specification import COST_RATIO, count, judge_specification
from ntkreg.evaluation.results import SplitPlan
from ntkreg.inspection.domain.fitted import Domain
from ntkreg.inspection.domain.reasons import outside_reasons

Array = NDArray[np.float64]


def decide_held_out(
    features: pd.DataFrame,
    y: Array,
    predictions: Array,
    plan: SplitPlan,
    interval: IntervalResult,
    sigmas: Array,
    domain: Domain,
    limits: tuple[float | None, float | None] = (None, None),
    cost_ratio: float = COST_RATIO,
) -> HeldOutDecisions:
    """Say of each training row what would have been said of it as a new row.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
    y : ndarray of shape (n_rows,)
    predictions : ndarray of shape (n_repeats, n_rows)
        Held-out predictions of the chosen model.
    plan : SplitPlan
    interval : IntervalResult
        Calibrated on the same predictions.
    sigmas : ndarray of shape (n_rows,)
        Difficulty of each row when it was held out.
    domain : Domain
        Of these rows.
    limits : tuple of float or None, default=(None, None)
        Specification limits.
    cost_ratio : float, default=10.0
        How many false alarms one missed bad row is worth.

    Returns
    -------
    HeldOutDecisions
    """
    prediction = mean_over_repeats(predictions)
    sigmas = np.where(np.isfinite(prediction), sigmas, np.nan)
    inside = covered_rows(y - prediction, sigmas, plan, interval.confidence)
    judged = np.isfinite(inside)
    hard = judged & (sigmas >= np.quantile(sigmas[judged], 2 / 3)) if judged.any() else judged
    specification = None
    if limits != (None, None):
        specification = judge_specification(y, prediction, sigmas, plan, limits, cost_ratio)
    return HeldOutDecisions(
        half_widths=interval.half_width * sigmas,
        covered=count(inside[judged] > 0),
        covered_hard=count(inside[hard] > 0),
        ratios=domain.ratios(features),
        reasons=tuple(outside_reasons(domain, features)),
        specification=specification,
    )
