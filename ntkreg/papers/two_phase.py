"""A net in two phases: any training of all layers, then the last layer alone (P5)."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from ntkreg.ntk.path import step_grid
from ntkreg.ntk.prescription.folds import make_designs
from ntkreg.ntk.prescription.options import seed_of
from ntkreg.ntk.validation import TrainingData, validate_rows, validate_training
from ntkreg.papers.expressivity import judge_rank
from ntkreg.papers.hidden_features import with_constant
from ntkreg.papers.phases import Phases, head_problem, held_out_errors, represent, trace_of
from ntkreg.papers.standard import Standard

Array = NDArray[np.float64]

# parts of the iterations that the first phase may take, tried in folds; half is our default
_PARTS = (8, 4, 2)
# the last hidden layer has a unit for each row, as the rank needs, up to this many
_MOST_UNITS = 512


class TwoPhaseRegressor(RegressorMixin, BaseEstimator):
    """A net whose layers are trained by any method, and then the last one alone.

    Phase one learns the hidden layers by `base`; a little noise is added to them; phase two is
    gradient descent on the last layer, a convex problem, whose training loss goes to zero at a
    known rate if the features of all rows with a constant have full rank (`expressivity_`). Whether
    the paper's second phase moves the last layer only, and its noise, could not be read: both are
    recalled, and every constant here is ours or chosen by folds. For noisy tables the second phase
    stops early.

    Parameters
    ----------
    base : estimator or None, default=None
        What trains the hidden layers: an MLPRegressor (with activation "tanh" or "logistic" the
        theory's analytic features), an NTKRegressor (a ReLU net: no theorem), or None for a
        softplus net of narrow layers and a wide one, trained by full-batch Adam.
    n_iterations : int, default=1000
        Of both phases together.
    n_representation : int or "auto", default="auto"
        Of the first; "auto" is an eighth, a quarter or half of them, by folds; half with a `base`.
    stopping : {"auto", "end"}, default="auto"
        End of the second phase: "auto" is chosen by folds, "end" takes all iterations.
    narrow : tuple of int, default=(16,)
        Units of the hidden layers before the wide one; only without a `base`.
    width : int or "auto", default="auto"
        Units of the wide layer; "auto" is one for each row, 512 at most (more are slow).
    learning_rate : float, default=0.003
        Of the first phase; only without a `base`.
    noise : float, default=1e-4
        Noise on the hidden weights before the second phase, relative to their RMS.
    n_folds : int, default=3
    random_state : int, RandomState, Generator or None, default=0

    Attributes
    ----------
    layers_ : HiddenLayers or KernelNetLayers
        Hidden layers.
    head_ : ndarray of shape (width + 1, n_targets)
        Last layer on [h, 1].
    standard_ : Standard
    expressivity_ : Expressivity
        The rank condition on the training rows.
    trace_ : TwoPhaseTrace
    cv_error_ : float or None
        Held-out RMSE in target units (over all targets) of the chosen phases; None without folds.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)

    References
    ----------
    Kawaguchi, Sun: A Recipe for Global Convergence Guarantee in Deep Neural Networks,
    arXiv 2104.05785.

    Examples
    --------
    >>> import numpy as np
    >>> from ntkreg.papers import TwoPhaseRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 3))
    >>> model = TwoPhaseRegressor(n_iterations=300).fit(X, X[:, 0] * X[:, 1])
    >>> model.expressivity_.outcome
    'full_rank'
    """

    def __init__(
        self,
        base: Any = None,
        *,
        n_iterations: int = 1000,
        n_representation: int | str = "auto",
        stopping: str = "auto",
        narrow: tuple[int, ...] = (16,),
        width: int | str = "auto",
        learning_rate: float = 0.003,
        noise: float = 1e-4,
        n_folds: int = 3,
        random_state: Any = 0,
    ) -> None:
        self.base = base
        self.n_iterations = n_iterations
        self.n_representation = n_representation
        self.stopping = stopping
        self.narrow = narrow
        self.width = width
        self.learning_rate = learning_rate
        self.noise = noise
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Train both phases.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        groups : array-like of shape (n_samples,), optional
            Rows of one group stay in one fold.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable parameters or arrays.
        """
        data = validate_training(self, X, y, groups)
        # long iterations carry the last bits far: the same sums for any number of threads
        with threadpool_limits(limits=1, user_api="blas"):
            self._fit(data)
        return self

    def _fit(self, data: TrainingData) -> None:
        phases, labels = _phases(self, len(data.rows)), data.groups
        if labels is not None:
            labels = np.unique(labels, return_inverse=True)[1]
        plans = make_plans(self)
        self._single_target = data.single_target
        self.standard_ = Standard.of(data.rows, data.targets)
        rows, targets = self.standard_.rows(data.rows), self.standard_.targets(data.targets)
        plan, self.cv_error_ = plans[0], None
        if len(plans) > 1:
            folds = make_designs(rows, labels, self.n_folds, phases.seed).choosing
            errors = held_out_errors(phases, rows, targets, folds, plans)
            # a fold in which training broke down has no finite error, and its plan is not taken
            best = int(np.argmin(np.where(np.isfinite(errors), errors, np.inf)))
            plan = plans[best]
            spread = float(np.sqrt(np.mean(self.standard_.target_scale**2)))
            self.cv_error_ = float(np.sqrt(errors[best])) * spread
        shown = represent(phases, rows, targets, [int(plan[0])])[0]
        problem = head_problem(shown, rows, targets)
        self.layers_, self.head_ = shown.layers, problem.after(plan[1:])[0]
        self.expressivity_ = judge_rank(
            data.rows, problem.values, len(problem.start) - 1, shown.layers.analytic
        )
        self.trace_ = trace_of(shown, problem, int(plan[1]))

    def predict(self, X: ArrayLike) -> Array:
        """Return predictions in target units.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        check_is_fitted(self)
        rows = self.standard_.rows(validate_rows(self, X))
        outputs = self.standard_.restored(with_constant(self.layers_.features(rows)) @ self.head_)
        return outputs[:, 0] if self._single_target else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags


def make_plans(estimator: TwoPhaseRegressor) -> Array:
    """Return the iterations of both phases that are compared, shape (n_plans, 2) of int.

    Raises
    ------
    ValueError
        For unusable parameters.
    """
    total, first = estimator.n_iterations, estimator.n_representation
    if not isinstance(total, Integral) or total < 2:
        raise ValueError(f"n_iterations must be an integer >= 2, got {total!r}")
    if estimator.stopping not in ("auto", "end"):
        raise ValueError(f"stopping must be 'auto' or 'end', got {estimator.stopping!r}")
    if not isinstance(estimator.n_folds, Integral) or estimator.n_folds < 2:
        raise ValueError(f"n_folds must be an integer >= 2, got {estimator.n_folds!r}")
    if first == "auto":
        parts = _PARTS if estimator.base is None else _PARTS[-1:]
        tried = sorted({max(1, int(total) // part) for part in parts})
    elif isinstance(first, Integral) and 1 <= first <= total:
        tried = [int(first)]
    else:
        raise ValueError(
            f"n_representation must be 'auto' or an integer from 1 to n_iterations={total}, got"
            f" {first!r}"
        )
    if estimator.stopping == "end":
        return np.array([(n, total - n) for n in tried])
    grid = np.append(0, step_grid(int(total)))
    return np.array([(n, k) for n in tried for k in grid if k <= total - n])


def _phases(estimator: TwoPhaseRegressor, n_rows: int) -> Phases:
    width, narrow = estimator.width, tuple(estimator.narrow)
    if width == "auto":
        width = min(n_rows, _MOST_UNITS)
    for name, units in (("width", (width,)), ("narrow", narrow)):
        if not all(isinstance(u, Integral) and not isinstance(u, bool) and u >= 1 for u in units):
            wanted = "'auto' or an integer >= 1" if name == "width" else "integers >= 1"
            raise ValueError(f"{name} must be {wanted}, got {getattr(estimator, name)!r}")
    rate, noise = estimator.learning_rate, estimator.noise
    if not isinstance(rate, Real) or not 0.0 < rate < np.inf:
        raise ValueError(f"learning_rate must be a positive number, got {rate!r}")
    if not isinstance(noise, Real) or not 0.0 <= noise < np.inf:
        raise ValueError(f"noise must be a number >= 0, got {noise!r}")
    seed = seed_of(estimator.random_state)
    return Phases(estimator.base, (*narrow, int(width)), float(rate), float(noise), seed)
