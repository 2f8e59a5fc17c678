"""What the method returns besides predictions: the prescription, and how a training run ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence

Activation = Literal["relu", "relu2", "relu3", "erf", "softplus", "gelu", "linear"]
SMOOTH = ("erf", "softplus", "gelu")
Trained = Literal["all", "hidden", "last_hidden", "readout"]
Solver = Literal["gd", "accelerated", "sgd", "flow"]
Outcome = Literal["reached", "limit", "diverged", "guarded"]


@dataclass(frozen=True)
class Branch:
    """One of the parallel nets whose outputs are summed: f = sum_b sqrt(weight_b) f_b.

    The tangent kernel of the sum is sum_b weight_b K_b.

    Parameters
    ----------
    activation : {"relu", "relu2", "relu3", "erf", "softplus", "gelu", "linear"}
        "relu2" and "relu3" are the squared and cubed ReLU; the smooth ones are erf(2 z),
        log(1 + e^z) and z Phi(z). All but "relu" see the unit row, with the output times the row's
        norm; "linear" has no hidden layer.
    depth : int
        Number of hidden layers L: 0 for "linear", 1 for "relu2" and "relu3", else at least 1.
    weight : float
        Non-negative amplitude of the branch's kernel.
    trained : {"all", "hidden", "last_hidden", "readout"}
        Which layers are trained; only "all" is the tangent kernel of the whole net.
    """

    activation: Activation
    depth: int
    weight: float = 1.0
    trained: Trained = "all"

    @property
    def smooth(self) -> bool:
        """Whether the activation is smooth: no power of the ReLU, and not linear."""
        return self.activation in SMOOTH

    @property
    def power(self) -> int:
        """Power of the ReLU: 1, 2 or 3.

        Raises
        ------
        ValueError
            For an activation that is none.
        """
        powers = {"relu": 1, "relu2": 2, "relu3": 3}
        if self.activation not in powers:
            raise ValueError(
                f"activation={self.activation!r} has a kernel but no finite net here; use one of"
                f" {(*powers, *SMOOTH)}"
            )
        return powers[self.activation]


@dataclass(frozen=True)
class Reason:
    """Where one number of the prescription came from."""

    name: str
    value: float | int | str
    origin: Literal["theory", "data", "default", "user"]
    sentence: Sentence


@dataclass(frozen=True)
class Prescription:
    """Every constant of one training run, read off the infinite-width kernel on the data.

    Of a stack it is the prescription of the model with the largest share, and `others` are those
    of the rest.

    The training loss is (1/2n) sum (f - y)^2 on the centred and scaled target, and s_1 the largest
    eigenvalue of K/n (theory.md 1.3 notation).

    Parameters
    ----------
    name : str
        Of the candidate.
    share : float
        Weight of its prediction in the stack.
    branches : tuple of Branch
        The parallel nets.
    metric : ndarray of shape (n_embedded,)
        Scale of each embedded column (learned from data, or ones).
    bias : float
        The constant appended to every embedded row.
    learning_rate : float
        Step size eta of plain gradient descent, 1/s_1.
    n_steps : int
        Steps of plain gradient descent (:func:`ntkreg.ntk.prescription.choice.choose_time`).
    n_steps_accelerated : int
        Steps of the accelerated iteration (:func:`ntkreg.ntk.prescription.stops.choose_stops`).
    n_deflated : int
        Top eigenvectors that the accelerated iteration preconditions; 0 is momentum alone.
    top_eigenvalue : float
        s_1.
    effective_dimension : float
        tr H_t at `n_steps`.
    noise : float
        Estimated noise standard deviation in target units (averaged over targets).
    cv_error : float
        Held-out RMSE at `n_steps`, target units, everything learned from y learned anew in each
        fold (averaged over targets); at the head of a stack that of the stack.
    candidates : tuple of (str, float)
        What else was tried, with its held-out RMSE.
    reasons : tuple of Reason
        Every number with its origin and its sentence.
    others : tuple of Prescription
        Further models of the stack, by falling share.
    """

    name: str
    share: float
    branches: tuple[Branch, ...]
    metric: NDArray[np.float64]
    bias: float
    learning_rate: float
    n_steps: int
    n_steps_accelerated: int
    n_deflated: int
    top_eigenvalue: float
    effective_dimension: float
    noise: float
    cv_error: float
    candidates: tuple[tuple[str, float], ...]
    reasons: tuple[Reason, ...]
    others: tuple[Prescription, ...] = ()


@dataclass(frozen=True)
class Interpolation:
    """How a model interpolates its training rows, on its kernel.

    Parameters
    ----------
    outcome : {"interpolated", "regularised", "singular"}
        "interpolated": K alpha = y was solved. "regularised": the condition number is above 1e12,
        and s_1/1e12 was added to the eigenvalues. "singular": the least eigenvalue is zero up to
        rounding (rows that are parallel as the kernel sees them), with the same remedy.
    n_rows, n_distinct : int
        Training rows, and those left after equal rows were averaged.
    smallest_eigenvalue : float
        lambda_min of K/n, the constant direction left out where the kernel is centred.
    condition : float
        s_1 / lambda_min.
    jitter : float
        Added to the eigenvalues of K/n.
    residual : float
        Root mean squared training residual, in units of the target's standard deviation.
    tolerance : float
        Residual, in the same unit, that counts as interpolation for a trained net.
    predicted_steps : float
        Steps of plain gradient descent until then, log(|y|/tolerance)/(eta lambda_min)
        (arXiv 2105.06569, Theorem 4 and section 5; eta = 1/s_1 is this project's).
    """

    outcome: Literal["interpolated", "regularised", "singular"]
    n_rows: int
    n_distinct: int
    smallest_eigenvalue: float
    condition: float
    jitter: float
    residual: float
    tolerance: float
    predicted_steps: float


@dataclass(frozen=True)
class TrainingTrace:
    """How a training run went.

    Parameters
    ----------
    outcome : {"reached", "limit", "diverged", "guarded"}
        "reached": the prescribed steps were taken, or the tolerance was met before. "limit": the
        step limit came first.
        "diverged": the loss rose beyond recovery; the last good iterate was returned.
        "guarded": the loss rose, the step was cut and the run ended well.
    losses : ndarray of shape (n_steps + 1,)
        (1/2n) sum (f - y)^2 of the scaled target before each step and after the last, summed
        over targets; of the batch before each step where there are batches.
    learning_rate : float
        Step size at the end.
    n_steps : int
        Steps taken.
    n_cuts : int
        How often the step was cut.
    sentence : Sentence
        The outcome in words.
    """

    outcome: Outcome
    losses: NDArray[np.float64]
    learning_rate: float
    n_steps: int
    n_cuts: int
    sentence: Sentence
