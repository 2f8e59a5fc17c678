"""The expressivity condition of P5 by singular values: whether the last layer fits every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_array

from ntkreg.messages import Sentence
from ntkreg.papers.hidden_features import HiddenLayers, KernelNetLayers, layers_of, with_constant

Array = NDArray[np.float64]
Expressed = Literal["full_rank", "duplicated_rows", "too_narrow", "rank_deficient"]


@dataclass(frozen=True)
class Expressivity:
    """Whether rank [h(X), 1] = n, h(X) being the last hidden features of n rows.

    Parameters
    ----------
    outcome : {"full_rank", "duplicated_rows", "too_narrow", "rank_deficient"}
        The first that is true of: equal rows, a last hidden layer of fewer than n - 1 units, and a
        rank below n in double precision.
    n_rows, n_distinct, width, rank : int
    smallest, largest : float
        Singular values of [h(X), 1]: the n-th (0 where there are fewer) and the first.
    tolerance : float
        Singular values above it count: n times the rounding unit times the largest.
    analytic : bool
        Whether the features are analytic in the weights, so that full rank here means full rank
        for almost all weights.
    sentence : Sentence
    """

    outcome: Expressed
    n_rows: int
    n_distinct: int
    width: int
    rank: int
    smallest: float
    largest: float
    tolerance: float
    analytic: bool
    sentence: Sentence

    @property
    def holds(self) -> bool:
        """Whether the condition holds."""
        return self.outcome == "full_rank"


def expressivity_condition(X: ArrayLike, network: Any) -> Expressivity:
    """Check the expressivity condition on given rows.

    The condition is that rank [h(X; w), 1] = n for some weights w; it is data- and
    architecture-dependent and can be checked (arXiv 2104.05785, abstract). Its operational form
    here, the singular values at the given weights, is recalled and not read in the paper; the
    bound width >= n - 1 is algebra. The tolerance is the usual one for numerical ranks.

    Parameters
    ----------
    X : array-like of shape (n, n_columns)
        Rows as the network takes them.
    network : HiddenLayers, KernelNetLayers, or a fitted TwoPhaseRegressor, MLPRegressor, \
            NTKRegressor

    Returns
    -------
    Expressivity
        A rank that falls short is an outcome, not an error.

    Raises
    ------
    ValueError
        For rows that are not finite, or a network without hidden layers that can be read.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from ntkreg.papers import expressivity_condition
    >>> X = np.random.default_rng(0).normal(size=(20, 4))
    >>> net = MLPRegressor(hidden_layer_sizes=(4, 40), activation="tanh", random_state=0, tol=0.1)
    >>> net = net.fit(X, X[:, 0])
    >>> expressivity_condition(X, net).outcome
    'full_rank'
    >>> expressivity_condition(np.vstack([X, X[:1]]), net).outcome
    'duplicated_rows'
    """
    rows: Array = np.asarray(check_array(X, dtype=np.float64))
    if hasattr(network, "layers_") and hasattr(network, "standard_"):
        network, rows = network.layers_, network.standard_.rows(rows)
    is_read = isinstance(network, HiddenLayers | KernelNetLayers)
    layers = network if is_read else layers_of(network)[0]
    values = np.linalg.svd(with_constant(layers.features(rows)), compute_uv=False).astype(
        np.float64
    )
    return judge_rank(rows, values, layers.features(rows[:1]).shape[1], layers.analytic)


def judge_rank(rows: Array, values: Array, width: int, analytic: bool) -> Expressivity:
    """Return the condition from the singular values of [h(X), 1], descending."""
    n, n_distinct = len(rows), len(np.unique(rows, axis=0))
    largest = float(values[0])
    smallest = float(values[n - 1]) if len(values) >= n else 0.0
    tolerance = n * float(np.finfo(np.float64).eps) * largest
    rank = int(np.sum(values > tolerance))
    outcome: Expressed = "full_rank"
    if n_distinct < n:
        outcome = "duplicated_rows"
    elif width + 1 < n:
        outcome = "too_narrow"
    elif rank < n:
        outcome = "rank_deficient"
    code = {
        "full_rank": "I270",
        "duplicated_rows": "W270",
        "too_narrow": "W271",
        "rank_deficient": "W272",
    }[outcome]
    told: dict[str, float] = {"n_rows": n, "n_distinct": n_distinct, "width": width, "rank": rank}
    told |= {"needed": n - 1, "ratio": smallest / largest if largest > 0 else 0.0}
    return Expressivity(
        *(outcome, n, n_distinct, width, rank, smallest, largest, tolerance, analytic),
        Sentence(code, told),
    )
