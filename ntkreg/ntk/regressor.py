"""The finite network, trained as its own kernel prescribes, as a scikit-learn estimator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ntkreg.ntk.fitted import NetworkMember
from ntkreg.ntk.prescription.options import make_options
from ntkreg.ntk.prescription.prescribe import prescribe
from ntkreg.ntk.stacked import StackedRegressor
from ntkreg.ntk.training.as_prescribed import train_stack
from ntkreg.ntk.training.options import kernel_options, make_training_options
from ntkreg.ntk.training.scale_choice import (
    choose_scale,
    given_scale,
    held_out_errors,
    with_scale_reason,
)
from ntkreg.ntk.validation import validate_training


class NTKRegressor(StackedRegressor):
    """Wide networks trained by early-stopped full-batch gradient descent, no constant tuned.

    The networks' own tangent kernels on the training rows prescribe depth, input metric, step size
    and number of steps, and by default the same four models are stacked as in
    :class:`NTKKernelRegressor`, the infinitely wide twin; a mirrored start makes the output exactly
    zero, and the last iterate is kept. The linear model has no hidden layer: its gradient descent
    is that of its kernel, and is taken in closed form.

    Parameters
    ----------
    depth : int or "auto", default="auto"
        Hidden layers of the ReLU branches; "auto" is 1 in the stack, and the fewest of 1, 2 and 3
        within 2 % of the best in the folds for a single model.
    activation : str, default="auto"
        Parallel branches, one or more of "relu", "relu2", "relu3", "erf" and "linear" joined by
        "+". "auto" is the stack; with a `metric` given, "relu+relu2" for "likelihood", else "relu".
    trained : {"all", "hidden", "last_hidden", "readout"}, default="all"
        Trained layers. Only "all" is the tangent kernel of the whole net.
    metric : {"auto", "likelihood", "gradient"} or None, default="auto"
        How the scales of the columns are learned; None is the papers' plain input. "auto" is the
        stack; with an `activation` given, "likelihood".
    normal_scores : bool, default=True
        Whether columns may also appear as the normal scores of their ranks.
    sphere : bool, default=False
        Whether the scaled rows are put on the unit sphere, as in the papers.
    fit_intercept : bool, default=True
        Whether the output is centred on the training rows (a net with an intercept, whose tangent
        kernel is the centred one); False is the papers' plain net on the centred target.
    width : int or "auto", default="auto"
        Hidden units of each hidden layer; "auto" is 2,048 up to 250 rows, 1,024 up to 500, 512 up
        to 1,000, else 256; fewer beyond 100 columns; 256 for two or more hidden layers.
    n_networks : int or "auto", default="auto"
        Nets with different random starts whose predictions are averaged; "auto" is 2.
    symmetry : {"pair", "top"}, default="pair"
        How the output is made zero at the start: a pair of equal nets, or one net with a mirrored
        top layer. The latter follows the kernel of the last hidden layer only and wants `trained`
        other than "all".
    output_scale : float or "auto", default=1.0
        Factor of the output: the same net in the kernel regime; below 1 the weights move further
        and the net learns features, above 1 it stays closer to its start. "auto" trains nets of
        0.1, 0.3, 1 and 3 in five folds, twenty times the work, and takes what is clearly better.
    solver : {"auto", "accelerated", "gd", "sgd", "flow"}, default="auto"
        "gd" is the plain iteration of the theory; "accelerated" is preconditioned by the kernel's
        top eigenvectors and has momentum, and needs far fewer steps; "sgd" is preconditioned and
        takes batches of 256 rows: for noisy tables of very many rows. "flow" follows gradient flow,
        the limit of "gd" for small steps, for the same time: a reference for up to 1,000 rows.
        "auto" is "accelerated" up to 50,000 rows and "sgd" beyond.
    n_steps : int or "auto", default="auto"
        Steps of the solver, for "flow" those of "gd" in the same time; "auto" is prescribed by the
        folds. If `learning_rate` is given, the prescribed number is converted to the same time.
    stopping : {"auto", "interpolate"}, default="auto"
        Where the path ends: "auto" is early, by the folds; "interpolate" is its end, minimum-norm
        interpolation (arXiv 2105.06569), for data without noise: equal rows are averaged first.
        The nets train until the tolerance or the predicted number of steps.
    tol : float, default=1e-3
        Training residual, in standard deviations of the target, that counts as interpolation.
    learning_rate : float or "auto", default="auto"
        Step size; "auto" is 1/s_1 for "gd", 0.9/s_{k+1} for "accelerated" and a little less for
        "sgd", s being the eigenvalues of K/n and k the number of preconditioned ones.
    max_steps : int or "auto", default="auto"
        Where a longer run is broken off; "auto" is 20,000 for "gd", 2,000 for "accelerated",
        100,000 for "sgd" and 10,000 for "flow" (steps of its integration).
    dtype : {"auto", "float32", "float64", "bfloat16"}, default="auto"
        Of the training; "bfloat16" holds for the products between hidden layers alone, and "auto"
        is that for two or more hidden layers on processors made for it, else "float32". Weights are
        stored and predictions made in float64.
    n_folds : int or "auto", default="auto"
        Folds of the prescription; "auto" is 10 up to 200 rows, else 5.
    random_state : int, RandomState, Generator or None, default=0
        Seed of folds, subsamples and initial weights.
    n_jobs : int or None, default=None
        Threads of prescription and training; None is one for each processor, and one inside a
        worker process. The result does not depend on it.

    Attributes
    ----------
    members_ : tuple of NetworkMember or KernelMember
        The models with their shares, largest first.
    prescription_ : Prescription
        Every constant with its reason: of the model with the largest share, the others behind it.
    cv_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Held-out predictions of the training rows by the kernel at the prescribed stop of `solver`,
        everything learned from y learned anew in each fold.
    cv_error_ : float
        Their RMSE, target units, averaged over targets.
    interpolation_ : Interpolation or None
        With `stopping="interpolate"`: how it goes on the kernel, of the model with most share.
    leading_ : NetworkMember
        The trained nets with the largest share: their architecture, weights and trace.
    n_iter_ : int
        Steps taken by them.
    solver_ : str
        The solver used.
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
    >>> from ntkreg.ntk import NTKRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(50, 2))
    >>> y = X[:, 0] ** 2 + 0.1 * rng.normal(size=50)
    >>> model = NTKRegressor(width=64).fit(X, y)
    >>> model.leading_.trace.outcome in ("reached", "guarded")
    True
    >>> bool(abs(model.predict([[1.0, 0.0]])[0] - 1.0) < 0.2)
    True
    """

    def __init__(  # noqa: PLR0913  (one keyword a constant that may be fixed)
        self,
        *,
        depth: int | str = "auto",
        activation: str = "auto",
        trained: str = "all",
        metric: str | None = "auto",
        normal_scores: bool = True,
        sphere: bool = False,
        fit_intercept: bool = True,
        width: int | str = "auto",
        n_networks: int | str = "auto",
        symmetry: str = "pair",
        output_scale: float | str = 1.0,
        solver: str = "auto",
        n_steps: int | str = "auto",
        stopping: str = "auto",
        tol: float = 1e-3,
        learning_rate: float | str = "auto",
        max_steps: int | str = "auto",
        dtype: str = "auto",
        n_folds: int | str = "auto",
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.depth = depth
        self.activation = activation
        self.trained = trained
        self.metric = metric
        self.normal_scores = normal_scores
        self.sphere = sphere
        self.fit_intercept = fit_intercept
        self.width = width
        self.n_networks = n_networks
        self.symmetry = symmetry
        self.output_scale = output_scale
        self.solver = solver
        self.n_steps = n_steps
        self.stopping = stopping
        self.tol = tol
        self.learning_rate = learning_rate
        self.max_steps = max_steps
        self.dtype = dtype
        self.n_folds = n_folds
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Prescribe and train.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        groups : array-like of shape (n_samples,), optional
            Rows of one group stay in one fold of the prescription.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable parameters or arrays.
        """
        data = validate_training(self, X, y, groups)
        options = make_options(self)
        data, position = self._distinct(data, options)
        training = make_training_options(self, options.random_state, len(data.rows))
        options = kernel_options(options, training)
        automatic = given_scale(self.output_scale) is None
        if automatic:
            scale = choose_scale(held_out_errors(self, data, training.seed))
            training = replace(training, output_scale=scale)
        prescribed = prescribe(data.rows, data.targets, groups=data.groups, options=options)
        stack = prescribed.stack(training.solver)
        self._store(prescribed, stack, position)
        numbers = self.prescription_
        self.prescription_ = with_scale_reason(numbers, training.output_scale, automatic)
        self.members_, self.solver_ = train_stack(prescribed, training), training.solver
        self.n_iter_ = self.leading_.trace.n_steps
        return self

    @property
    def leading_(self) -> NetworkMember:
        """Trained nets with the largest share."""
        check_is_fitted(self)
        return next(m for m in self.members_ if isinstance(m, NetworkMember))
