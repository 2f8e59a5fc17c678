"""What is added to a prediction so that somebody can act on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.messages import Sentence

if TYPE_CHECKING:
    from ntkreg.decision.difficulty import Difficulty


@dataclass(frozen=True)
class IntervalResult:
    """Conformal intervals calibrated on held-out residuals.

    Parameters
    ----------
    confidence : float
        Nominal coverage, for example 0.9.
    residuals : ndarray of shape (n_calibration,)
        Held-out residuals (actual minus predicted), the calibration set, target unit.
    coverage : float
        Coverage measured on the held-out rows, each judged by the residuals of the other folds
        (of earlier folds where they follow time).
    half_width : float
        Half width of the interval of a typical new row; infinite when there are too few residuals.
    sigmas : ndarray of shape (n_calibration,) or None, default=None
        Difficulty of the calibration rows, 1 for a typical one; None: all are equally hard.
    weights : ndarray of shape (n_calibration,) or None, default=None
        Weights of the calibration rows, each group with the same sum; None: equal.
    n_effective : float, default=nan
        How many independent rows the calibration rows are worth; NaN: as many as they are.
    difficulty : Difficulty or None, default=None
        Gives the difficulty of new rows.
    """

    confidence: float
    residuals: NDArray[np.float64]
    coverage: float
    half_width: float
    sigmas: NDArray[np.float64] | None = None
    weights: NDArray[np.float64] | None = None
    n_effective: float = float("nan")
    difficulty: Difficulty | None = None

    def scales(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return how much wider than typical the interval of each row is, shape (n_rows,)."""
        return np.ones(len(features)) if self.difficulty is None else self.difficulty.of(features)


@dataclass(frozen=True)
class RowPredictions:
    """Predictions for the rows of a file, in the file's order.

    Parameters
    ----------
    prediction, lower, upper : ndarray of shape (n_rows,)
        Target unit; NaN where a row cannot be predicted (the note says why).
    in_domain : ndarray of shape (n_rows,) of bool
        Whether the row lies within what the model was trained on.
    notes : tuple of str
        Per-row remarks in the chosen language, empty where there is nothing to say.
    distance : ndarray of shape (n_rows,) or None, default=None
        Distance to the training rows over its limit; outside the domain beyond 1.
    out_of_specification : ndarray of shape (n_rows,) or None, default=None
        Probability that the row's true value is out of specification; None without limits.
    """

    prediction: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    in_domain: NDArray[np.bool_]
    notes: tuple[str, ...]
    distance: NDArray[np.float64] | None = None
    out_of_specification: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Count:
    """How many of how many, with the exact 95 % interval of the share (Clopper and Pearson)."""

    hits: int
    total: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Hits over total, NaN without any."""
        return self.hits / self.total if self.total else float("nan")


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows of similar stated probability: the mean of it, and how many were really out."""

    stated: float
    out: Count


@dataclass(frozen=True)
class SpecificationResult:
    """Held-out rows against the specification limits.

    Parameters
    ----------
    lower, upper : float or None
        The limits.
    probability : ndarray of shape (n_rows,)
        Probability out of specification, each row judged by the residuals of other folds; NaN
        where a row cannot be judged.
    cost_ratio : float
        How many false alarms one missed bad row is worth.
    threshold : float
        Alarm from this probability on: 1 / (1 + cost_ratio).
    bad_caught, good_alarmed, alarm_right : Count
        Recall; share of good rows with an alarm; share of alarms that are right.
    auc : float
        Area under the ROC curve; NaN with fewer than 5 bad or 5 good rows.
    auc_interval : tuple of float
        Its 95 % interval (Hanley and McNeil 1982, as if rows were independent).
    reliability : tuple of ReliabilityBin
        Empty without any judged row.
    """

    lower: float | None
    upper: float | None
    probability: NDArray[np.float64]
    cost_ratio: float
    threshold: float
    bad_caught: Count
    good_alarmed: Count
    alarm_right: Count
    auc: float
    auc_interval: tuple[float, float]
    reliability: tuple[ReliabilityBin, ...]

    @property
    def n_bad(self) -> int:
        """Number of judged rows out of specification."""
        return self.bad_caught.total


@dataclass(frozen=True)
class HeldOutDecisions:
    """Intervals, domain and specification for the training rows, each as when held out.

    Parameters
    ----------
    half_widths : ndarray of shape (n_rows,)
        Half width of the interval around the held-out prediction; NaN where never tested.
    covered : Count
        Held-out rows inside their interval; each judged as `IntervalResult.coverage` says.
    covered_hard : Count
        The same for the third of the rows that is hardest (with the widest intervals).
    ratios : ndarray of shape (n_rows, 2)
        Distance to the nearest training rows, and leverage, over their limits.
    reasons : tuple of Sentence or None
        Why a row is outside the domain; None for rows inside.
    specification : SpecificationResult or None
        None without limits.
    """

    half_widths: NDArray[np.float64]
    covered: Count
    covered_hard: Count
    ratios: NDArray[np.float64]
    reasons: tuple[Sentence | None, ...]
    specification: SpecificationResult | None = None
