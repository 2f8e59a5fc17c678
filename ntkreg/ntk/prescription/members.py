"""Prescribed models of a stack, on all rows or on landmarks, and the kernel models they give."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence
from ntkreg.ntk.fitted import KernelMember
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.landmarks.features import Landmarks
from ntkreg.ntk.landmarks.path import LandmarkSpectrum, landmark_coefficients, leading_vectors
from ntkreg.ntk.metric.scales import Metric
from ntkreg.ntk.path import Spectrum, coefficients, gradient_descent_filter, n_deflated
from ntkreg.ntk.prescription.interpolation import interpolation_filter
from ntkreg.ntk.prescription.selection import Scaled
from ntkreg.ntk.results import Interpolation, Prescription, Reason
from ntkreg.preprocessing.embedding import Embedding

Array = NDArray[np.float64]

# what lies beyond them adds nothing to the bound on how far momentum overshoots
_LEADING = 200


@dataclass(frozen=True)
class Expansion:
    """A kernel expansion sum_j k(x, z_j) coefficients_j + offset, in units of the scaled target.

    Parameters
    ----------
    support : ndarray of shape (m, n_inputs)
    coefficients : ndarray of shape (m, n_targets)
    offset : ndarray of shape (n_targets,)
    """

    support: Array
    coefficients: Array
    offset: Array


@dataclass(frozen=True, kw_only=True)
class Member(ABC):
    """One model of the stack with everything that was prescribed for it.

    Parameters
    ----------
    prescription : Prescription
    embedding : Embedding
    metric : Metric
        With the branches at the prescribed depth.
    inputs : ndarray of shape (n, n_inputs)
        Embedded and scaled training rows with the constant appended.
    held_out, held_out_accelerated : ndarray of shape (n, n_targets)
        Held-out predictions at the two stops, in the judging folds.
    choosing, choosing_accelerated : ndarray of shape (n, n_targets)
        The same in the choosing folds.
    """

    prescription: Prescription
    embedding: Embedding
    metric: Metric
    inputs: Array
    held_out: Array
    held_out_accelerated: Array
    choosing: Array
    choosing_accelerated: Array

    @abstractmethod
    def expansion(self, n_steps: int) -> Expansion:
        """Return the model after a number of steps of plain gradient descent."""

    @abstractmethod
    def leading_spectrum(self) -> Spectrum:
        """Return eigenvalues and eigenvectors of K/n, at least those that are preconditioned."""

    @property
    def shared_metric(self) -> bool:
        """Whether the folds shared the metric of all rows."""
        return False

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What is to be said of the way in which the kernel was represented."""
        return ()


@dataclass(frozen=True, kw_only=True)
class ExactMember(Member):
    """A model on the kernel between all rows.

    Parameters
    ----------
    spectrum : Spectrum
        Of the (centred) training kernel.
    target : ndarray of shape (n, n_targets)
        Centred and scaled.
    fit_intercept : bool
        Whether the kernel is centred.
    interpolation : Interpolation or None
        Where the model is the end of the path, whatever number of steps is asked for.
    """

    spectrum: Spectrum
    target: Array
    fit_intercept: bool
    interpolation: Interpolation | None = None

    def expansion(self, n_steps: int) -> Expansion:
        """Return the model after a number of steps of plain gradient descent, or at its end."""
        values = self.spectrum.values
        if self.interpolation is not None:
            jitter = self.interpolation.jitter
            filters = interpolation_filter(values, jitter, centred=self.fit_intercept)
        else:
            rate = self.prescription.learning_rate
            filters = gradient_descent_filter(values, rate, np.array([n_steps]))[0]
        alpha = coefficients(self.spectrum, self.target, filters)
        offset = np.zeros(self.target.shape[1])
        if self.fit_intercept:
            alpha -= alpha.mean(axis=0)  # rounding only: 1 is an eigenvector of the centred kernel
            offset = -gram(self.inputs, None, self.metric.branches).mean(axis=0) @ alpha
        return Expansion(self.inputs, alpha, offset)

    def leading_spectrum(self) -> Spectrum:
        """Return the whole spectrum."""
        return self.spectrum


@dataclass(frozen=True, kw_only=True)
class LandmarkMember(Member):
    """A model on the kernel functions of landmarks, from sums over rows.

    Parameters
    ----------
    landmarks : Landmarks
    spectrum : LandmarkSpectrum
        Of the sums over all rows; it holds what the path needs of the target.
    """

    landmarks: Landmarks
    spectrum: LandmarkSpectrum

    def expansion(self, n_steps: int) -> Expansion:
        """Return the model after a number of steps of plain gradient descent."""
        filters = gradient_descent_filter(
            self.spectrum.values, self.prescription.learning_rate, np.array([n_steps])
        )
        dual, offsets = landmark_coefficients(self.landmarks, self.spectrum, filters)
        return Expansion(self.landmarks.rows, dual[0], offsets[0])

    def leading_spectrum(self) -> Spectrum:
        """Return the first 200 eigenvectors, or as many more as are preconditioned."""
        count = max(_LEADING, n_deflated(self.spectrum.values) + 1)
        return leading_vectors(self.landmarks, self.spectrum, self.inputs, count)

    @property
    def shared_metric(self) -> bool:
        """Whether the folds shared the metric of all rows."""
        return True

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """How many landmarks there are, and of how many rows."""
        count = len(self.landmarks.rows)
        said = Sentence("I218", {"value": count, "n_rows": len(self.inputs)})
        return (Reason("landmarks", count, "data", said),)


def fit_kernel(member: Member, target: Scaled, n_steps: int, *, share: float) -> KernelMember:
    """Return the kernel model after a number of steps of plain gradient descent.

    Parameters
    ----------
    member : Member
    target : Scaled
    n_steps : int
    share : float
        Weight of its prediction in the stack.
    """
    found = member.expansion(n_steps)
    return KernelMember(
        share,
        member.prescription,
        member.embedding,
        member.metric,
        found.support,
        found.coefficients * target.scale,
        target.mean + found.offset * target.scale,
    )
