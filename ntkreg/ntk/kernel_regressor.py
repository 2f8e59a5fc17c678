"""The infinitely wide net in closed form, as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ntkreg.ntk.kernel import gram
from ntkreg.ntk.metric import apply_metric
from ntkreg.ntk.options import make_options
from ntkreg.ntk.path import coefficients, gradient_descent_filter
from ntkreg.ntk.prescription import Prescribed, prescribe
from ntkreg.ntk.validation import resolve_steps, validate_rows, validate_training
from ntkreg.preprocessing.embedding import embed

Array = NDArray[np.float64]

_CHUNK_ENTRIES = 2_000_000


class NTKKernelRegressor(RegressorMixin, BaseEstimator):
    """Early-stopped gradient descent on an infinitely wide ReLU net, in closed form.

    The training path of full-batch gradient descent in the kernel regime is read off one
    eigendecomposition of the net's tangent kernel (theory.md 1.3); depth and number of steps are
    those of least error over folds, the step size is one over the largest eigenvalue.

    Parameters
    ----------
    depth : int or "auto", default="auto"
        Hidden layers of the ReLU branch; "auto" tries 1, 2 and 3 in the folds.
    activation : {"auto", "relu", "relu2", "relu+relu2"}, default="auto"
        Parallel branches. "auto" is "relu+relu2" with the likelihood metric, else "relu".
    trained : {"all", "hidden", "last_hidden", "readout"}, default="all"
        Trained layers. Only "all" is the tangent kernel of the whole net.
    metric : {"auto", "likelihood", "gradient"} or None, default="auto"
        How the scales of the columns are learned; None is the papers' plain input, "auto" is
        "likelihood".
    normal_scores : bool, default=True
        Whether each column also appears as the normal scores of its ranks.
    fit_intercept : bool, default=True
        Whether the output is centred on the training rows (a net with an intercept, whose tangent
        kernel is the centred one); False is the papers' plain net on the centred target.
    n_steps : int or "auto", default="auto"
        Steps of gradient descent; "auto" is prescribed by the folds.
    n_folds : int, default=5
        Folds of the selection.
    random_state : int, RandomState, Generator or None, default=0
        Seed of folds and subsamples.

    Attributes
    ----------
    prescription_ : Prescription
        Every constant with its reason.
    cv_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Held-out predictions of the training rows at the prescribed stop.
    cv_error_ : float
        Their RMSE, target units, averaged over targets.
    support_ : ndarray of shape (n_samples, n_embedded + 1)
        Training rows as the kernel sees them.
    dual_coef_ : ndarray of shape (n_samples, n_targets)
        Kernel coefficients, target units.
    offset_ : ndarray of shape (n_targets,)
        Intercept.
    n_iter_ : int
        Steps of gradient descent.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, where there were any.

    References
    ----------
    Zhou, Wang, Lei, Ying, Zhou: Optimal Rates for Generalization of Gradient Descent Methods with
    Deep Neural Networks, arXiv 2606.06764 (the structure: zero start, constant step, early stop,
    last iterate; its constants are not used here, the data choose them).

    Examples
    --------
    >>> import numpy as np
    >>> from ntkreg.ntk import NTKKernelRegressor
    >>> x = np.linspace(-1, 1, 40)[:, None]
    >>> model = NTKKernelRegressor().fit(x, np.sin(3 * x[:, 0]))
    >>> bool(abs(model.predict([[0.5]])[0] - np.sin(1.5)) < 0.01)
    True
    """

    def __init__(
        self,
        *,
        depth: int | str = "auto",
        activation: str = "auto",
        trained: str = "all",
        metric: str | None = "auto",
        normal_scores: bool = True,
        fit_intercept: bool = True,
        n_steps: int | str = "auto",
        n_folds: int = 5,
        random_state: Any = 0,
    ) -> None:
        self.depth = depth
        self.activation = activation
        self.trained = trained
        self.metric = metric
        self.normal_scores = normal_scores
        self.fit_intercept = fit_intercept
        self.n_steps = n_steps
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit the kernel model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        groups : array-like of shape (n_samples,), optional
            Rows of one group stay in one fold of the selection.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable parameters or arrays.
        """
        options = make_options(self)
        data = validate_training(self, X, y, groups)
        prescribed = prescribe(data.rows, data.targets, groups=data.groups, options=options)
        self._single_target = data.single_target
        self._store(prescribed)
        return self

    def _store(self, prescribed: Prescribed) -> None:
        numbers = prescribed.prescription
        self.n_iter_ = resolve_steps(self.n_steps, numbers.n_steps)
        spectrum = prescribed.spectrum
        filters = gradient_descent_filter(
            spectrum.values, numbers.learning_rate, np.array([self.n_iter_])
        )[0]
        alpha = coefficients(spectrum, prescribed.target.values, filters)
        self.offset_ = prescribed.target.mean
        if self.fit_intercept:
            alpha -= alpha.mean(axis=0)  # rounding only: 1 is an eigenvector of the centred kernel
            mean = gram(prescribed.inputs, None, numbers.branches).mean(axis=0) @ alpha
            self.offset_ = self.offset_ - mean * prescribed.target.scale
        self.dual_coef_ = alpha * prescribed.target.scale
        self.support_ = prescribed.inputs
        self.prescription_ = numbers
        self.embedding_ = prescribed.embedding
        self.metric_ = prescribed.metric
        held_out = prescribed.cv_prediction
        self.cv_prediction_ = held_out[:, 0] if self._single_target else held_out
        self.cv_error_ = numbers.cv_error

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
        rows = validate_rows(self, X)
        inputs = apply_metric(self.metric_, embed(self.embedding_, rows))
        chunk = max(1, _CHUNK_ENTRIES // len(self.support_))
        parts = [
            gram(inputs[i : i + chunk], self.support_, self.metric_.branches) @ self.dual_coef_
            for i in range(0, len(inputs), chunk)
        ]
        predictions = np.concatenate(parts) + self.offset_
        return predictions[:, 0] if self._single_target else predictions

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
