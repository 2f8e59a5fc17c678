"""What a benchmark returns: frozen numbers, no behaviour beyond look-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence

SplitKind = Literal["random", "group", "time"]


@dataclass(frozen=True)
class Fold:
    """Row positions of one train/test split; `repeat` counts repetitions from 0."""

    repeat: int
    train: NDArray[np.int64]
    test: NDArray[np.int64]


@dataclass(frozen=True)
class SplitPlan:
    """How rows are divided between training and testing, the same for every contender.

    Parameters
    ----------
    kind : {"random", "group", "time"}
        What the split respects.
    folds : tuple of Fold
        All folds of all repeats.
    unit : ndarray of shape (n_rows,) of int
        Rows with the same number stay together (same group, or near-duplicate features).
    group_table : tuple of (str, tuple of int)
        For each group label the number of its test rows in each fold: the proof that no group is
        on both sides of a fold. Empty for other splits.
    n_duplicates : int
        Rows that are a near-duplicate of an earlier row.
    reason : Sentence
        Why this split was taken.
    """

    kind: SplitKind
    folds: tuple[Fold, ...]
    unit: NDArray[np.int64]
    group_table: tuple[tuple[str, tuple[int, ...]], ...]
    n_duplicates: int
    reason: Sentence


@dataclass(frozen=True)
class LearningCurve:
    """Error of one model against the number of its training rows, on the same test rows.

    Parameters
    ----------
    name : str
        Contender name.
    n_rows : tuple of int
        Training rows of a fold, mean over the folds, ascending; the last are all.
    rmse : tuple of float
        Error for each, target unit.
    sentence : Sentence
        Whether more rows would help.
    """

    name: str
    n_rows: tuple[int, ...]
    rmse: tuple[float, ...]
    sentence: Sentence


@dataclass(frozen=True)
class Scores:
    """R2 (may be negative; NaN for a constant test part), RMSE and MAE in the target's unit."""

    r2: float
    rmse: float
    mae: float


@dataclass(frozen=True)
class ContenderResult:
    """One contender on the plan's folds.

    Parameters
    ----------
    name : str
        One of :data:`ntkreg.models.MODEL_NAMES`.
    predictions : ndarray of shape (n_repeats, n_rows)
        Held-out prediction of each row; NaN where a row is never tested (time splits).
    fold_scores : tuple of Scores
        One for each fold of the plan.
    overall : Scores
        On all held-out predictions together (averaged over repeats).
    rmse_interval : tuple of float
        95 % interval of the mean fold RMSE, corrected for overlapping training parts.
    seconds : float
        Median seconds of one fit.
    """

    name: str
    predictions: NDArray[np.float64]
    fold_scores: tuple[Scores, ...]
    overall: Scores
    rmse_interval: tuple[float, float]
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """Paired comparison of a contender with a reference (Nadeau and Bengio 2003).

    `difference` is mean fold RMSE of `name` minus that of `reference` (negative: `name` is
    better), with its corrected 95 % interval and two-sided p value.
    """

    name: str
    reference: str
    difference: float
    lower: float
    upper: float
    p_value: float


@dataclass(frozen=True)
class BenchmarkResult:
    """All contenders on the same folds.

    Parameters
    ----------
    plan : SplitPlan
        The folds.
    results : tuple of ContenderResult
        Sorted by overall RMSE, best first. A contender that failed is not here but in `failures`.
    comparisons : tuple of Comparison
        Every contender against `chosen`.
    chosen : str
        Name of the contender that the verdict recommends.
    verdict : tuple of Sentence
        In order of importance; may say "use LightGBM here".
    failures : tuple of (str, str)
        Contender and error text.
    """

    plan: SplitPlan
    results: tuple[ContenderResult, ...]
    comparisons: tuple[Comparison, ...]
    chosen: str
    verdict: tuple[Sentence, ...]
    failures: tuple[tuple[str, str], ...] = ()

    def of(self, name: str) -> ContenderResult:
        """Return the result of one contender; KeyError if it is not there."""
        for result in self.results:
            if result.name == name:
                return result
        raise KeyError(name)
