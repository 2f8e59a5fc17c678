"""What the user fixed and what is left to the data: the estimators' parameters in one object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np
from sklearn.utils import check_random_state

from ntkreg.ntk.results import Activation, Branch, Trained
from ntkreg.preprocessing.embedding import EmbeddingKind

_TRAINED = ("all", "hidden", "last_hidden", "readout")
_METRICS = ("auto", "likelihood", "gradient", None)


@dataclass(frozen=True)
class Candidate:
    """One model of the stack: what its inputs are and which nets it adds up.

    Parameters
    ----------
    name : str
    activations : tuple of str
        One branch each.
    embedding : {"values", "values+scores", "clipped+scores", "values+levels"}
        See :func:`ntkreg.preprocessing.embedding.fit_embedding`.
    metric : {"likelihood", "gradient"} or None
    depths : tuple of int
        Numbers of hidden layers of the ReLU branch to choose from.
    """

    name: str
    activations: tuple[Activation, ...]
    embedding: EmbeddingKind = "values+scores"
    metric: str | None = "likelihood"
    depths: tuple[int, ...] = (1,)

    def branches(self, depth: int, trained: Trained) -> tuple[Branch, ...]:
        """Return the parallel nets at one depth of the ReLU branch."""
        fixed = {"linear": 0, "relu": depth}
        return tuple(Branch(a, fixed.get(a, 1), 1.0, trained) for a in self.activations)


# four views of a table that err differently (docs/method.md): rough, smooth, few columns, linear
STACK = (
    Candidate("relu", ("relu",)),
    Candidate("smooth", ("relu", "relu2", "relu3"), "values+levels"),
    Candidate("gradient", ("relu",), "clipped+scores", "gradient"),
    Candidate("linear", ("linear",), "values", None),
)


@dataclass(frozen=True)
class Options:
    """What the user fixed; "auto" is decided from data.

    Parameters
    ----------
    candidates : tuple of Candidate
        Models that are stacked.
    trained : {"all", "hidden", "last_hidden", "readout"}
    sphere : bool
        Whether the scaled rows are put on the unit sphere.
    fit_intercept : bool
        Whether the output is centred on the training rows.
    bias : float
        Constant appended to the rows (start value where the metric learns it).
    n_folds : int or None
        None: 10 up to 200 rows, else 5.
    max_accelerated_steps : int
    random_state : int
        Seed of the folds and of the rows on which the metric is learned.
    n_threads : int or None
        None: as many as there are processors for this process.
    tolerance : float or None
        None: stops are chosen by folds. A number: there is none, every model interpolates, and
        this residual (in units of the target's standard deviation) counts as interpolation.
    """

    candidates: tuple[Candidate, ...] = STACK
    trained: Trained = "all"
    sphere: bool = False
    fit_intercept: bool = True
    bias: float = 1.0
    n_folds: int | None = None
    max_accelerated_steps: int = 1000
    random_state: int = 0
    n_threads: int | None = None
    tolerance: float | None = None


def _allowed(name: str, value: Any, allowed: tuple[Any, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {allowed}, got {value!r}")


def _depths(depth: Any) -> tuple[int, ...] | None:
    if isinstance(depth, str) and depth == "auto":
        return None
    if not isinstance(depth, Integral) or isinstance(depth, bool) or depth < 1:
        raise ValueError(f"depth must be 'auto' or an integer >= 1, got {depth!r}")
    return (int(depth),)


def _activations(names: Any) -> tuple[Activation, ...]:
    known: tuple[Activation, ...] = get_args(Activation)
    given = names.split("+") if isinstance(names, str) else []
    parts = tuple(name for name in known if name in given)
    if not parts or len(parts) < len(given):
        raise ValueError(
            f"activation must be 'auto' or one or more of {known} joined by '+', got {names!r}"
        )
    return parts


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


def _candidates(estimator: Any) -> tuple[Candidate, ...]:
    """Return the stack, or the one model that an explicit activation or metric asks for."""
    depths = _depths(estimator.depth)
    if estimator.metric == "auto" and estimator.activation == "auto":
        chosen = STACK if depths is None else tuple(replace(c, depths=depths) for c in STACK)
    else:
        metric = "likelihood" if estimator.metric == "auto" else estimator.metric
        name = estimator.activation
        if name == "auto":
            name = "relu+relu2" if metric == "likelihood" else "relu"
        parts = _activations(name)
        tried = (depths or (1, 2, 3)) if "relu" in parts else (1,)
        chosen = (Candidate(name, parts, "values+scores", metric, tried),)
    if estimator.normal_scores:
        return chosen
    return tuple(replace(c, embedding="values") for c in chosen)


def _tolerance(estimator: Any) -> float | None:
    """Return the tolerance of an interpolation, None for early stopping."""
    _allowed("stopping", estimator.stopping, ("auto", "interpolate"))
    tol = estimator.tol
    if not isinstance(tol, Real) or isinstance(tol, bool) or not 0 < float(tol) < 1:
        raise ValueError(f"tol must be a number between 0 and 1, got {tol!r}")
    if estimator.stopping == "auto":
        return None
    if estimator.n_steps != "auto":
        raise ValueError(
            "n_steps must be 'auto' with stopping='interpolate', which goes to the end of the"
            f" path, got {estimator.n_steps!r}"
        )
    return float(tol)


def _curved(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Return the candidates with a hidden layer: no other can interpolate."""
    curved = tuple(c for c in candidates if set(c.activations) != {"linear"})
    if not curved:
        raise ValueError("stopping='interpolate' needs a hidden layer, got activation='linear'")
    return curved


def threads_of(n_jobs: Any) -> int | None:
    """Return the number of threads that `n_jobs` asks for; None leaves it to the processors."""
    if n_jobs is None or n_jobs == -1:
        return None
    if not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool) or n_jobs < 1:
        raise ValueError(f"n_jobs must be None, -1 or an integer >= 1, got {n_jobs!r}")
    return int(n_jobs)


def make_options(estimator: Any) -> Options:
    """Translate an estimator's parameters into `Options`.

    Raises
    ------
    ValueError
        Naming the parameter, what is allowed and what was given.
    """
    _allowed("metric", estimator.metric, _METRICS)
    if estimator.activation != "auto":
        _activations(estimator.activation)
    _allowed("trained", estimator.trained, _TRAINED)
    tolerance = _tolerance(estimator)
    candidates = _candidates(estimator)
    if tolerance is not None:
        candidates = _curved(candidates)
    n_folds = estimator.n_folds
    if isinstance(n_folds, str) and n_folds == "auto":
        n_folds = None
    elif not isinstance(n_folds, Integral) or int(n_folds) < 2:
        raise ValueError(f"n_folds must be 'auto' or an integer >= 2, got {n_folds!r}")
    return Options(
        candidates=candidates,
        trained=estimator.trained,
        sphere=bool(estimator.sphere),
        fit_intercept=bool(estimator.fit_intercept),
        n_folds=None if n_folds is None else int(n_folds),
        random_state=seed_of(estimator.random_state),
        n_threads=threads_of(estimator.n_jobs),
        tolerance=tolerance,
    )
