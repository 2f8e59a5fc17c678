"""A narrow two-layer ReLU net by noisy and then plain gradient descent (P2)."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from ntkreg.ntk.prescription.folds import make_designs
from ntkreg.ntk.prescription.options import seed_of
from ntkreg.ntk.validation import TrainingData, validate_rows, validate_training
from ntkreg.papers.hidden_features import with_constant
from ntkreg.papers.standard import Standard
from ntkreg.papers.student import outputs
from ntkreg.papers.student_choice import Candidates, Choice, choose, fit_student

Array = NDArray[np.float64]

_RIDGES = (1e-4, 1e-3, 1e-2)


class TeacherStudentRegressor(RegressorMixin, BaseEstimator):
    """A two-layer ReLU student that looks for the neurons of a teacher of the same width.

    Phase one is noisy gradient descent on all weights (Langevin steps under a falling temperature,
    with a ridge and bounded outer weights), which explores; phase two is plain gradient descent on
    the inner weights, which closes in. The two phases are the paper's; their form is recalled, and
    every constant is ours: width, ridge and the end of the second phase are chosen by folds. A
    constant is appended to the standardised rows. Each target has a student of its own.

    Parameters
    ----------
    width : int or "auto", default="auto"
        Neurons; "auto" is one of 1, 2, 4, ..., up to the number of columns (at least 8, at most
        32), by folds.
    n_noisy : int, default=1500
        Steps of phase one.
    n_plain : int or "auto", default="auto"
        Steps of phase two; "auto" is up to 1,000, by folds.
    temperature : float, default=0.003
        Of the Langevin steps at their start, in units of the standardised target's loss; it falls
        geometrically to 0.0001. 0.003 found most teachers in our experiments.
    ridge : float or "auto", default="auto"
        lambda of the penalty in phase one; "auto" is 0.0001, 0.001 or 0.01, by folds.
    n_restarts : int, default=8
        Starts; the state of least penalised loss goes into phase two.
    n_folds : int, default=3
    random_state : int, RandomState, Generator or None, default=0

    Attributes
    ----------
    students_ : tuple of Student
        One for each target, on the standardised row and a constant.
    traces_ : tuple of StudentTrace
        How both phases went, with width and ridge, one for each target.
    standard_ : Standard
    cv_error_ : float or None
        Held-out RMSE in target units (over all targets); None where nothing was chosen.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)

    References
    ----------
    Akiyama, Suzuki: Excess Risk of Two-Layer ReLU Neural Networks in Teacher-Student Settings and
    its Superiority to Kernel Methods, arXiv 2205.14818.

    Examples
    --------
    >>> import numpy as np
    >>> from ntkreg.papers import TeacherStudentRegressor
    >>> X = np.random.default_rng(0).normal(size=(80, 2))
    >>> model = TeacherStudentRegressor(width=2).fit(X, np.abs(X[:, 0]))
    >>> bool(abs(model.predict([[1.0, 0.0]])[0] - 1.0) < 0.05)
    True
    """

    def __init__(
        self,
        *,
        width: int | str = "auto",
        n_noisy: int = 1500,
        n_plain: int | str = "auto",
        temperature: float = 0.003,
        ridge: float | str = "auto",
        n_restarts: int = 8,
        n_folds: int = 3,
        random_state: Any = 0,
    ) -> None:
        self.width = width
        self.n_noisy = n_noisy
        self.n_plain = n_plain
        self.temperature = temperature
        self.ridge = ridge
        self.n_restarts = n_restarts
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Choose by folds, then train both phases.

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
        candidates = make_candidates(self, data.rows.shape[1])
        self._single_target = data.single_target
        self.standard_ = Standard.of(data.rows, data.targets)
        rows = with_constant(self.standard_.rows(data.rows))
        labels = data.groups
        if labels is not None:
            labels = np.unique(labels, return_inverse=True)[1]
        folds = make_designs(data.rows, labels, self.n_folds, candidates.seed).choosing
        students, traces, errors = [], [], []
        for target, scale in zip(
            self.standard_.targets(data.targets).T, self.standard_.target_scale, strict=True
        ):
            choice = Choice(candidates.widths[0], candidates.ridges[0], candidates.n_plain, None)
            if candidates.n_choices > 1:
                choice = choose(rows, target, folds, candidates)
            student, trace = fit_student(rows, target, choice, candidates)
            students.append(student)
            traces.append(trace)
            errors.append(None if choice.error is None else choice.error * scale**2)
        self.students_, self.traces_ = tuple(students), tuple(traces)
        squared = [error for error in errors if error is not None]
        self.cv_error_ = float(np.sqrt(np.mean(squared))) if squared else None

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
        rows = with_constant(self.standard_.rows(validate_rows(self, X)))
        found = np.column_stack([outputs(student, rows)[0] for student in self.students_])
        restored = self.standard_.restored(found)
        return restored[:, 0] if self._single_target else restored

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags


def make_candidates(estimator: TeacherStudentRegressor, n_columns: int) -> Candidates:
    """Return what the folds choose from.

    Raises
    ------
    ValueError
        For unusable parameters.
    """
    widths = (_whole("width", estimator.width, 1, automatic=True),)
    if widths[0] is None:
        most = min(32, max(8, n_columns))
        widths = tuple(2**k for k in range(6) if 2**k <= most)
    ridge, ridges = estimator.ridge, _RIDGES
    if ridge != "auto":
        if not isinstance(ridge, Real) or not 0.0 <= ridge < np.inf:
            raise ValueError(f"ridge must be 'auto' or a number >= 0, got {ridge!r}")
        ridges = (float(ridge),)
    temperature = estimator.temperature
    if not isinstance(temperature, Real) or not 0.0 < temperature < np.inf:
        raise ValueError(f"temperature must be a positive number, got {temperature!r}")
    _whole("n_folds", estimator.n_folds, 2)
    n_plain = _whole("n_plain", estimator.n_plain, 0, automatic=True)
    return Candidates(
        widths,
        ridges,
        _whole("n_noisy", estimator.n_noisy, 0),
        1_000 if n_plain is None else n_plain,
        n_plain is None,
        float(temperature),
        _whole("n_restarts", estimator.n_restarts, 1),
        seed_of(estimator.random_state),
    )


def _whole(name: str, value: Any, least: int, *, automatic: bool = False) -> Any:
    if automatic and isinstance(value, str) and value == "auto":
        return None
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        other = "'auto' or " if automatic else ""
        raise ValueError(f"{name} must be {other}an integer >= {least}, got {value!r}")
    return int(value)
