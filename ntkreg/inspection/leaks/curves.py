"""Does one column fix the target by a curve? Steps, smooth curves, levels; each beyond chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import rankdata

Values = NDArray[np.float64]

CHANCE = 1e-4
_MIN_SMOOTH_ROWS = 30
_DISTINCT = 0.9


def explained_by_steps(x: Values, y: Values) -> float:
    """Return the share of the variance of `y` that a rising or falling step function explains.

    Ranks miss a target with few values, such as a grade: its ties are no ties of the column.

    Parameters
    ----------
    x, y : ndarray of shape (n_rows,)
        A column and the target, without missing cells.

    Returns
    -------
    float
        Adjusted for the number of steps, as is the correlation ratio of a category. 0 with more
        than one value or step for two rows, or where the order of so few rows may be chance.
    """
    from sklearn.isotonic import IsotonicRegression

    counts = np.unique(y, return_counts=True)[1]
    # share of all orders of the rows in which the target rises or falls throughout
    chance = np.log(2.0) + gammaln(counts + 1.0).sum() - gammaln(len(y) + 1.0)
    if chance > np.log(CHANCE) or len(counts) > len(y) / 2:
        return 0.0
    rising = bool(np.corrcoef(rankdata(x), rankdata(y))[0, 1] >= 0)
    fitted = IsotonicRegression(increasing=rising).fit_transform(x, y)
    n_steps = len(np.unique(fitted))
    if n_steps > len(y) / 2:
        return 0.0
    within = ((y - fitted) ** 2).sum() / (len(y) - n_steps)
    return float(np.clip(1.0 - within / y.var(ddof=1), 0.0, 1.0))


def explained_by_neighbours(x: Values, y: Values) -> float:
    """Return the share of the variance of `y` that interpolation between neighbours in `x` gives.

    Parameters
    ----------
    x, y : ndarray of shape (n_rows,)
        A column and the target (or the other way round), without missing cells.

    Returns
    -------
    float
        Near 1 for any smooth curve, also one with a turning point. 0 for fewer than 30 rows or
        many equal values: the levels of a strong factor lie in steps over the target.
    """
    few = min(len(np.unique(x)), len(np.unique(y))) < _DISTINCT * len(x)
    if len(x) < _MIN_SMOOTH_ROWS or few:
        return 0.0
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    width = x[2:] - x[:-2]
    usable = width > 0
    share = (x[1:-1] - x[:-2])[usable] / width[usable]
    between = (1.0 - share) * y[:-2][usable] + share * y[2:][usable]
    error = y[1:-1][usable] - between
    # pure noise errs by its variance times this
    inflation = 1.0 + ((1.0 - share) ** 2 + share**2).mean()
    return float(np.clip(1.0 - (error**2).mean() / inflation / y.var(), 0.0, 1.0))
