"""What the inspection of a model returns: frozen numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence

Verdict = Literal["CONFIRMED", "CONTRADICTED", "UNDECIDED"]
Effect = Literal["increasing", "decreasing", "peak", "valley", "none"]


@dataclass(frozen=True)
class Explanation:
    """Shapley values of one model (interventional: absent columns come from background rows).

    Parameters
    ----------
    model : str
        Contender name.
    method : str
        "exact", "design", "permutation" or "tree".
    rows : ndarray of shape (n_explained,) of int
        Positions of the explained rows in the Dataset.
    values : ndarray of shape (n_explained, n_features)
        Shapley values by column of the Dataset (categories are one column), target unit.
    base_value : float
        Mean prediction on the background; values.sum(axis=1) + base_value is the prediction.
    predictions : ndarray of shape (n_explained,)
        Model prediction of the explained rows.
    n_background : int
        Number of background rows.
    seconds : float
        Time taken.
    """

    model: str
    method: str
    rows: NDArray[np.int64]
    values: NDArray[np.float64]
    base_value: float
    predictions: NDArray[np.float64]
    n_background: int
    seconds: float

    @property
    def importance(self) -> NDArray[np.float64]:
        """Mean absolute Shapley value by column, shape (n_features,)."""
        importance: NDArray[np.float64] = np.abs(self.values).mean(axis=0)
        return importance


@dataclass(frozen=True)
class Expectation:
    """What an engineer expects of one column.

    Parameters
    ----------
    column : str
        The user's own column name.
    effect : {"increasing", "decreasing", "peak", "valley", "none"}
        Direction or shape of the effect on the target.
    reason : str, default=""
        Why.
    low, high : float, optional
        Range of the column in which it is expected, limits included; None: no limit.
    """

    column: str
    effect: Effect
    reason: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def has_range(self) -> bool:
        """Whether it is expected in a part of the column only."""
        return self.low is not None or self.high is not None

    @property
    def range_text(self) -> str:
        """The range in signs that need no language, empty without a range."""
        if self.low is None or self.high is None:
            return (
                f"≥ {self.low:g}"
                if self.low is not None
                else (f"≤ {self.high:g}" if self.high is not None else "")
            )
        return f"{self.low:g} – {self.high:g}"


@dataclass(frozen=True)
class KnowledgeVerdict:
    """An expectation judged against one model.

    Parameters
    ----------
    expectation : Expectation
        What was expected.
    model : str
        Contender name.
    verdict : {"CONFIRMED", "CONTRADICTED", "UNDECIDED"}
        CONFIRMED needs `confidence` >= 0.9, CONTRADICTED 0.975 (0.9 for an effect of "none").
    confidence : float
        Share of bootstrap resamples of rows that support the leading direction or shape.
    slope : float
        Least-squares slope of the Shapley value on the column, in target units per standard
        deviation of the column (of a cluster: of the sum, along its common direction).
    reason : Sentence
        In words.
    cluster : tuple of str, default=()
        Names of the columns that move together and share this verdict, in the order of the
        table; empty where the column stands alone.
    """

    expectation: Expectation
    model: str
    verdict: Verdict
    confidence: float
    slope: float
    reason: Sentence
    cluster: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeakSuspect:
    """A column that explains the target suspiciously well; `strength` lies in [0, 1]."""

    column: str
    strength: float
    message: Sentence
