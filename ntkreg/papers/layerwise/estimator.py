"""The layer-wise trained net as a scikit-learn estimator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ntkreg.ntk.prescription.folds import duplicate_groups, make_designs
from ntkreg.ntk.validation import TrainingData, validate_rows, validate_training
from ntkreg.papers.layerwise.first_layer import train_first_layer
from ntkreg.papers.layerwise.network import LayerwiseNet, train_layerwise
from ntkreg.papers.layerwise.options import Options, make_options
from ntkreg.papers.standard import Standard

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

# of the largest eigenvalue of the correlations: below it a column is a copy, not a direction
_WHITENING_FLOOR = 1e-3
_FEWEST_ROWS_FOR_FOLDS = 10


class LayerwiseRegressor(RegressorMixin, BaseEstimator):
    """A three-layer net trained layer by layer, for targets built of few hidden features.

    Stage one takes a few large steps on the first layer alone, and draws new rows along the
    directions that it found; stage two takes one preconditioned step (or many plain ones) on the
    second layer; stage three is ridge regression on the second layer's output, its penalty chosen
    by exact leave-one-out errors. Feature learning, outside the guarantee of the tangent kernel;
    the paper says nothing on noise or real tables, so compare it by held-out rows.

    Parameters
    ----------
    width : int, default=1000
        p1, neurons of the first layer. From data; n^0.9 in the paper's experiments.
    first_units : int, default=256
        Neurons trained in stage one, whose directions the first layer is drawn along. From data.
    n_steps : int or "auto", default="auto"
        T1, steps of stage one; "auto" is int(60 log d), from data (d at least 8). The paper has
        int(15 log d), after which our steps still gain.
    learning_rate : float, default=0.1
        Of stage one, relative to each neuron's gradient. From data.
    weight_decay : float, default=3.0
        Of stage one: a step shrinks the weights by `learning_rate * weight_decay`. From data.
    batch : float, default=0.7
        Part of the rows in each step, from the paper.
    loss : {"squared", "correlation"}, default="squared"
        Of stage one; "correlation" is that of the paper's theorem.
    power : float or "auto", default="auto"
        The first layer's rows have covariance (W^T W)^power, W the trained neurons: 0 ignores what
        was learned, 2 keeps to the strongest directions. "auto" is the best of 0, 1 and 2 in the
        folds. Ours, from data.
    second_layer : {"preconditioned", "long", "none"}, default="preconditioned"
        Stage two; "none" leaves it out: a two-layer net with a ridge head.
    second_width : int, default=100
        p2, from the paper's code (600 in its experiments).
    second_steps : int or "auto", default="auto"
        T2, steps of "long"; "auto" is int(5 d^1.5), from the paper (d at least 8, ours).
    whiten : bool, default=False
        Whether rows are whitened rather than each column scaled: the theory is for isotropic rows.
    n_folds : int or "auto", default="auto"
        Folds in which "auto" chooses the power; 10 up to 200 rows, else 5.
    random_state : int, RandomState, Generator or None, default=0
        Seed of folds, batches and weights.

    Attributes
    ----------
    net_ : LayerwiseNet
        All weights, the penalty of the head and how stage two ended.
    power_ : float
        The power used.
    candidates_ : tuple of (float, float)
        Each power tried, with its held-out RMSE, relative to the targets' spread.
    standard_ : Standard
    whitening_ : ndarray of shape (n_features_in_, n_features_in_)
        What standardised rows are multiplied by; the identity unless `whiten`.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, where there were any.

    References
    ----------
    Dandi, Pesce, Zdeborova, Krzakala: The Computational Advantage of Depth, arXiv 2502.13961: the
    three stages (Algorithm 1 as described in words), T2, the batches and p2. The rest is ours: T1,
    relative steps with decaying weights, redrawn rows, leave-one-out values in place of fresh rows.

    Examples
    --------
    >>> import numpy as np
    >>> from ntkreg.papers import LayerwiseRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 6))
    >>> y = np.tanh(2 * X[:, 0] * X[:, 1])
    >>> model = LayerwiseRegressor(width=200).fit(X[:150], y[:150])
    >>> model.power_ > 0, bool(model.score(X[150:], y[150:]) > 0.8)
    (True, True)
    """

    def __init__(  # noqa: PLR0913  (one keyword a constant that may be fixed)
        self,
        *,
        width: int = 1000,
        first_units: int = 256,
        n_steps: int | str = "auto",
        learning_rate: float = 0.1,
        weight_decay: float = 3.0,
        batch: float = 0.7,
        loss: str = "squared",
        power: float | str = "auto",
        second_layer: str = "preconditioned",
        second_width: int = 100,
        second_steps: int | str = "auto",
        whiten: bool = False,
        n_folds: int | str = "auto",
        random_state: Any = 0,
    ) -> None:
        self.width = width
        self.first_units = first_units
        self.n_steps = n_steps
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch = batch
        self.loss = loss
        self.power = power
        self.second_layer = second_layer
        self.second_width = second_width
        self.second_steps = second_steps
        self.whiten = whiten
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Train the three stages.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        groups : array-like of shape (n_samples,), optional
            Rows of one group are left out together, and stay in one fold.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable parameters or arrays.
        """
        data = _in_fixed_order(validate_training(self, X, y, groups))
        options = make_options(self, data.rows.shape[1])
        units = _units(data)
        found = [(options.powers[0], float("nan"))]
        if len(options.powers) > 1:
            found = held_out_errors(data.rows, data.targets, units, options)
        self.candidates_ = tuple(found)
        self.power_ = min(found, key=lambda pair: pair[1])[0]
        fitted = _fit(data.rows, data.targets, units, options, (self.power_,))
        self.standard_, self.whitening_, (self.net_,) = fitted
        self._single_target = data.single_target
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Return predictions, shape (n_samples,) or (n_samples, n_targets)."""
        check_is_fitted(self)
        rows = self.standard_.rows(validate_rows(self, X)) @ self.whitening_
        predicted = self.standard_.restored(self.net_.predict(rows))
        return predicted[:, 0] if self._single_target else predicted

    def hidden(self, X: ArrayLike) -> Array:
        """Return the features that the head is a function of, shape (n_samples, rank)."""
        check_is_fitted(self)
        return self.net_.hidden(self.standard_.rows(validate_rows(self, X)) @ self.whitening_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def held_out_errors(
    X: Array, y: Array, units: Labels | None, options: Options
) -> list[tuple[float, float]]:
    """Return each power with its held-out RMSE, everything learned anew in each fold."""
    if len(X) < _FEWEST_ROWS_FOR_FOLDS:
        return [(options.powers[0], float("nan"))]
    folds = make_designs(X, units, options.n_folds, options.stages.seed).choosing
    squares = np.zeros(len(options.powers))
    spread = Standard.of(X, y).target_scale
    for train, test in folds:
        part = None if units is None else units[train]
        standard, whitening, nets = _fit(X[train], y[train], part, options, options.powers)
        rows = standard.rows(X[test]) @ whitening
        for k, net in enumerate(nets):
            error = (standard.restored(net.predict(rows)) - y[test]) / spread
            squares[k] += float(np.square(error).mean(axis=1).sum())
    errors = np.sqrt(squares / len(X))
    return [(p, float(e)) for p, e in zip(options.powers, errors, strict=True)]


def _fit(
    X: Array, y: Array, units: Labels | None, options: Options, powers: tuple[float, ...]
) -> tuple[Standard, Array, list[LayerwiseNet]]:
    standard = Standard.of(X, y)
    rows, targets = standard.rows(X), standard.targets(y)
    whitening = _whitening(rows) if options.whiten else np.eye(rows.shape[1])
    rows = rows @ whitening
    stages = options.stages
    directions = train_first_layer(rows, targets, stages.first, stages.seed)
    nets = [
        train_layerwise(rows, targets, replace(stages, power=power), units, directions)
        for power in powers
    ]
    return standard, whitening, nets


def _whitening(rows: Array) -> Array:
    values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    floor = max(_WHITENING_FLOOR * values[-1], np.finfo(float).tiny)
    result: Array = (vectors / np.sqrt(np.maximum(values, floor))) @ vectors.T
    return result


def _in_fixed_order(data: TrainingData) -> TrainingData:
    """Return the rows sorted by their values: batches must not depend on how they were listed."""
    order = np.lexsort([*data.targets.T, *data.rows.T])
    groups = None if data.groups is None else data.groups[order]
    return TrainingData(data.rows[order], data.targets[order], groups, data.single_target)


def _units(data: TrainingData) -> Labels | None:
    """Return numbers of the rows that are left out together: groups, else copies."""
    if data.groups is None:
        return duplicate_groups(data.rows)
    labels: Labels = np.unique(data.groups, return_inverse=True)[1].ravel().astype(np.int64)
    return labels
