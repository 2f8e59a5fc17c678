"""What the user fixed and what is left to the data: the estimators' parameters in one object."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ntkreg.ntk.results import Activation, Branch, Trained

_ACTIVATIONS: dict[str, tuple[Activation, ...]] = {
    "relu": ("relu",),
    "relu2": ("relu2",),
    "relu+relu2": ("relu", "relu2"),
}
_TRAINED = ("all", "hidden", "last_hidden", "readout")
_METRICS = ("auto", "likelihood", "gradient", None)


@dataclass(frozen=True)
class Options:
    """What the user fixed; "auto" is decided from data.

    Parameters
    ----------
    depths : tuple of int
        Candidate numbers of hidden layers of the ReLU branch.
    activations : tuple of {"relu", "relu2"}
        One branch each.
    trained : {"all", "hidden", "last_hidden", "readout"}
    metric : {"likelihood", "gradient"} or None
    normal_scores : bool
        Whether columns also appear as normal scores.
    fit_intercept : bool
        Whether the output is centred on the training rows.
    bias : float
        Constant appended to the rows (start value where the metric learns it).
    n_folds : int
    max_accelerated_steps : int
    random_state : int
        Seed of the folds and of the rows on which the metric is learned.
    """

    depths: tuple[int, ...] = (1, 2, 3)
    activations: tuple[Activation, ...] = ("relu", "relu2")
    trained: Trained = "all"
    metric: str | None = "likelihood"
    normal_scores: bool = True
    fit_intercept: bool = True
    bias: float = 1.0
    n_folds: int = 5
    max_accelerated_steps: int = 1000
    random_state: int = 0

    def branches(self, depth: int) -> tuple[Branch, ...]:
        """Return the parallel nets at one depth; the squared ReLU has one hidden layer."""
        return tuple(
            Branch(name, depth if name == "relu" else 1, 1.0, self.trained)
            for name in self.activations
        )


def _allowed(name: str, value: Any, allowed: tuple[Any, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {allowed}, got {value!r}")


def _depths(depth: Any) -> tuple[int, ...]:
    if isinstance(depth, str) and depth == "auto":
        return (1, 2, 3)
    if not isinstance(depth, Integral) or isinstance(depth, bool) or depth < 1:
        raise ValueError(f"depth must be 'auto' or an integer >= 1, got {depth!r}")
    return (int(depth),)


def seed_of(random_state: Any) -> int:
    """Return a whole number: an int as it is, None from fresh entropy, a generator by one draw.

    None does not draw from numpy's global generator, which belongs to the caller.
    """
    if isinstance(random_state, Integral):
        return int(random_state)
    if random_state is None:
        return int(np.random.default_rng().integers(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    return int(check_random_state(random_state).randint(2**31 - 1))


def make_options(estimator: Any) -> Options:
    """Translate an estimator's parameters into `Options`.

    Raises
    ------
    ValueError
        Naming the parameter, what is allowed and what was given.
    """
    _allowed("metric", estimator.metric, _METRICS)
    _allowed("activation", estimator.activation, ("auto", *_ACTIVATIONS))
    _allowed("trained", estimator.trained, _TRAINED)
    metric = "likelihood" if estimator.metric == "auto" else estimator.metric
    name = estimator.activation
    if name == "auto":
        name = "relu+relu2" if metric == "likelihood" else "relu"
    depths = (1,) if name == "relu2" else _depths(estimator.depth)
    if not estimator.n_folds >= 2:
        raise ValueError(f"n_folds must be an integer >= 2, got {estimator.n_folds}")
    return Options(
        depths=depths,
        activations=_ACTIVATIONS[name],
        trained=estimator.trained,
        metric=metric,
        normal_scores=bool(estimator.normal_scores),
        fit_intercept=bool(estimator.fit_intercept),
        n_folds=int(estimator.n_folds),
        random_state=seed_of(estimator.random_state),
    )
