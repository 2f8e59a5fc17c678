"""The trend of a column's effect with a band, as a picture beside a verdict shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.preprocessing import SplineTransformer

from ntkreg.inspection.resampling import Values, resampling_units
from ntkreg.inspection.results import Explanation
from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.dataset import Column, Dataset

N_RESAMPLES = 200
N_POINTS = 41
MIN_ROWS = 20
N_KNOTS = 4
RIDGE = 1e-3


@dataclass(frozen=True)
class Trend:
    """Cubic spline of Shapley values on one column.

    Parameters
    ----------
    x : ndarray of shape (n_points,)
        Evenly over the column's range.
    middle : ndarray of shape (n_points,)
        Spline of the Shapley values.
    lower, upper : ndarray of shape (n_points,)
        5 % and 95 % quantiles of the spline of Shapley value plus residual on resampled rows.
    """

    x: Values
    middle: Values
    lower: Values
    upper: Values


def effect_trend(
    column: Column,
    explanation: Explanation,
    dataset: Dataset,
    residuals: Values,
    seed: int = 0,
    together: Sequence[int] = (),
) -> Trend | None:
    """Fit the trend of one numeric column.

    Parameters
    ----------
    column : Column
        A feature column.
    explanation : Explanation
        Of the model.
    dataset : Dataset
        Table that was explained.
    residuals : ndarray of shape (n_rows,)
        Held-out residuals, NaN where there is none.
    seed : int, default=0
        Draws the resamples.
    together : sequence of int, default=()
        Positions of the columns whose Shapley values are summed: the cluster that the column
        belongs to, itself included. By default its own.

    Returns
    -------
    Trend or None
        None for a category and for fewer than 20 rows or 5 different values.
    """
    if not is_numeric(dataset.features[column.key]):
        return None
    own = [c.key for c in dataset.feature_columns].index(column.key)
    x = numbers(dataset.features[column.key])[explanation.rows]
    shap = explanation.values[:, list(together) or [own]].sum(axis=1)
    errors = residuals[explanation.rows]
    known = np.isfinite(x) & np.isfinite(errors)
    rows, x = explanation.rows[known], x[known]
    if len(x) < MIN_ROWS or len(np.unique(x)) <= N_KNOTS:
        return None
    effects, errors = shap[known], errors[known]
    grid = np.linspace(x.min(), x.max(), N_POINTS)
    spline = SplineTransformer(n_knots=N_KNOTS, degree=3).fit(x[:, None])
    basis, at_grid = spline.transform(x[:, None]), spline.transform(grid[:, None])
    rng = np.random.default_rng(seed)
    units = resampling_units(dataset, rng)
    n_units = int(units.max()) + 1
    draws = rng.multinomial(n_units, np.full(n_units, 1 / n_units), N_RESAMPLES)
    fits = np.array([at_grid @ _fit(basis, effects + errors, draw[units[rows]]) for draw in draws])
    lower, upper = np.quantile(fits, [0.05, 0.95], axis=0)
    return Trend(grid, at_grid @ _fit(basis, effects, np.ones(len(x))), lower, upper)


def _fit(basis: Values, values: Values, weights: Values) -> Values:
    weighted = basis * weights[:, None]
    # a little ridge: a resample may have no row where a basis function lives
    normal = basis.T @ weighted + RIDGE * np.eye(basis.shape[1])
    return np.linalg.solve(normal, weighted.T @ values).astype(np.float64)
