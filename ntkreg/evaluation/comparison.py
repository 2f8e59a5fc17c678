"""Whether one contender is better than another, and by how much, on the same folds.

References
----------
Nadeau and Bengio (2003). Inference for the generalization error. Machine Learning 52, 239-281.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from ntkreg.evaluation.results import Comparison, ContenderResult, SplitPlan

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Corrected:
    """Mean over folds with its corrected interval and the two-sided p value for a mean of 0."""

    mean: float
    lower: float
    upper: float
    p_value: float


def corrected_t(values: ArrayLike, ratio: float, *, confidence: float = CONFIDENCE) -> Corrected:
    """Return the mean over folds with the corrected resampled t interval.

    The training parts of folds overlap, so their results are not independent and the usual
    standard error s/sqrt(J) is far too small. Nadeau and Bengio (2003, section 3.2) replace 1/J by
    1/J + n_test/n_train:

        mean +- t_{J-1} s sqrt(1/J + n_test/n_train),   s^2 with divisor J - 1.

    Parameters
    ----------
    values : array-like of shape (n_folds,)
        One value a fold (of all repeats), for example a difference of errors.
    ratio : float
        n_test/n_train, see :func:`overlap_ratio`.
    confidence : float, default=0.95
        Of the interval.

    Returns
    -------
    Corrected
        For one fold the interval is infinite and p is 1: nothing is known about the scatter.

    Examples
    --------
    >>> from ntkreg.evaluation.comparison import corrected_t
    >>> found = corrected_t([1.0, 2.0, 3.0], 0.25)
    >>> round(found.mean, 3), round(found.lower, 3), round(found.upper, 3)
    (2.0, -1.286, 5.286)
    """
    sample = np.asarray(values, dtype=np.float64)
    n_folds, mean = len(sample), float(np.mean(sample))
    if n_folds < 2:
        return Corrected(mean, float("-inf"), float("inf"), 1.0)
    error = float(sample.std(ddof=1) * np.sqrt(1 / n_folds + ratio))
    if error == 0:
        return Corrected(mean, mean, mean, 1.0 if mean == 0 else 0.0)
    half = error * float(student.ppf((1 + confidence) / 2, n_folds - 1))
    p_value = 2 * float(student.sf(abs(mean) / error, n_folds - 1))
    return Corrected(mean, mean - half, mean + half, p_value)


def overlap_ratio(plan: SplitPlan) -> float:
    """Return n_test/n_train, averaged over the folds of a plan."""
    return float(np.mean([len(fold.test) / len(fold.train) for fold in plan.folds]))


def rmse_interval(fold_rmse: ArrayLike, plan: SplitPlan) -> tuple[float, float]:
    """Return the corrected 95 % interval of the mean fold RMSE, cut at 0.

    Parameters
    ----------
    fold_rmse : array-like of shape (n_folds,)
        RMSE of each fold.
    plan : SplitPlan
        The folds.

    Returns
    -------
    tuple of float
        Lower and upper end.
    """
    found = corrected_t(fold_rmse, overlap_ratio(plan))
    return max(0.0, found.lower), found.upper


def compare(name: ContenderResult, reference: ContenderResult, plan: SplitPlan) -> Comparison:
    """Compare two contenders fold by fold.

    Parameters
    ----------
    name, reference : ContenderResult
        Judged on the same plan.
    plan : SplitPlan
        The folds.

    Returns
    -------
    Comparison
        Difference of the mean fold RMSE, negative if `name` is better.
    """
    found = corrected_t(_fold_rmse(name) - _fold_rmse(reference), overlap_ratio(plan))
    return Comparison(
        name.name, reference.name, found.mean, found.lower, found.upper, found.p_value
    )


def compare_all(
    results: Sequence[ContenderResult], reference: str, plan: SplitPlan
) -> tuple[Comparison, ...]:
    """Compare every contender but the reference with the reference.

    Parameters
    ----------
    results : sequence of ContenderResult
        Contenders, the reference among them.
    reference : str
        Name of the reference.
    plan : SplitPlan
        The folds.

    Returns
    -------
    tuple of Comparison
        In the order of `results`.
    """
    base = next(result for result in results if result.name == reference)
    return tuple(compare(result, base, plan) for result in results if result is not base)


def _fold_rmse(result: ContenderResult) -> NDArray[np.float64]:
    return np.array([scores.rmse for scores in result.fold_scores])
