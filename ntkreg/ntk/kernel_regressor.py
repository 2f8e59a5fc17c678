"""The infinitely wide net in closed form, as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ntkreg.ntk.prescription.members import fit_kernel
from ntkreg.ntk.prescription.options import make_options
from ntkreg.ntk.prescription.prescribe import prescribe
from ntkreg.ntk.stacked import StackedRegressor
from ntkreg.ntk.validation import resolve_steps, validate_training


class NTKKernelRegressor(StackedRegressor):
    """Early-stopped gradient descent on infinitely wide nets, in closed form.

    The training path of full-batch gradient descent in the kernel regime is read off one
    eigendecomposition of a net's tangent kernel (theory.md 1.3). By default four such models, which
    see the table differently, are stacked by their held-out errors: ReLU nets on values and normal
    scores; ReLU, squared and cubed ReLU nets in parallel on values; ReLU nets under a metric of
    mean squared gradients; and a linear model (docs/method.md). Naming an activation or a metric
    asks for one model instead.

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
    n_steps : int or "auto", default="auto"
        Steps of gradient descent; "auto" is prescribed for each model.
    stopping : {"auto", "interpolate"}, default="auto"
        Where the path ends: "auto" is early, by the folds; "interpolate" is its end, minimum-norm
        interpolation (arXiv 2105.06569), for data without noise: equal rows are averaged first.
    tol : float, default=1e-3
        Training residual, in standard deviations of the target, to which `interpolation_` predicts
        the number of steps.
    n_folds : int or "auto", default="auto"
        Folds of the selection; "auto" is 10 up to 200 rows, else 5.
    random_state : int, RandomState, Generator or None, default=0
        Seed of folds and subsamples.
    n_jobs : int or None, default=None
        Threads of the fit; None is one for each processor, and one inside a worker process. The
        result does not depend on it.

    Attributes
    ----------
    members_ : tuple of KernelMember
        The models with their shares, largest first.
    prescription_ : Prescription
        Every constant with its reason: of the model with the largest share, the others behind it.
    cv_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Held-out predictions of the training rows at the prescribed stops.
    cv_error_ : float
        Their RMSE, target units, averaged over targets.
    interpolation_ : Interpolation or None
        With `stopping="interpolate"`: how it went, of the model with the largest share.
    n_iter_ : int
        Steps of gradient descent of the model with the largest share.
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
        n_steps: int | str = "auto",
        stopping: str = "auto",
        tol: float = 1e-3,
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
        self.n_steps = n_steps
        self.stopping = stopping
        self.tol = tol
        self.n_folds = n_folds
        self.random_state = random_state
        self.n_jobs = n_jobs

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
        data, position = self._distinct(validate_training(self, X, y, groups), options)
        prescribed = prescribe(data.rows, data.targets, groups=data.groups, options=options)
        stack = prescribed.plain
        shares = stack.shares
        self.members_ = tuple(
            fit_kernel(
                prescribed.members[i],
                prescribed.target,
                resolve_steps(self.n_steps, prescribed.members[i].prescription.n_steps),
                share=float(shares[i]),
            )
            for i in np.argsort(-shares, kind="stable")
            if shares[i] > 0
        )
        self.n_iter_ = resolve_steps(self.n_steps, stack.prescription.n_steps)
        self._store(prescribed, stack, position)
        return self
