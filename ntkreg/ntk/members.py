"""Fitted models of the stack, before shares are given: what training and predicting need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel import gram
from ntkreg.ntk.metric import Metric, apply_metric
from ntkreg.ntk.path import Spectrum, coefficients, gradient_descent_filter
from ntkreg.ntk.results import Prescription
from ntkreg.preprocessing.embedding import Embedding, embed

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Expansion:
    """A fitted kernel model, f(x) = sum_j k(x, z_j) dual_coef_j + offset.

    Parameters
    ----------
    support : ndarray of shape (m, n_inputs)
        The z_j, as the kernel sees them.
    dual_coef : ndarray of shape (m, n_targets)
    offset : ndarray of shape (n_targets,)
    """

    support: Array
    dual_coef: Array
    offset: Array


@dataclass(frozen=True)
class Member:
    """One model of the stack with everything that was prescribed for it.

    Parameters
    ----------
    prescription : Prescription
    embedding : Embedding
    metric : Metric
        With the branches at the prescribed depth.
    inputs : ndarray of shape (n, n_inputs)
        Embedded and scaled training rows with the constant appended.
    spectrum : Spectrum
        Of the (centred) training kernel.
    held_out, held_out_accelerated : ndarray of shape (n, n_targets)
        Held-out predictions at the two stops, in the judging folds.
    choosing, choosing_accelerated : ndarray of shape (n, n_targets)
        The same in the choosing folds.
    """

    prescription: Prescription
    embedding: Embedding
    metric: Metric
    inputs: Array
    spectrum: Spectrum
    held_out: Array
    held_out_accelerated: Array
    choosing: Array
    choosing_accelerated: Array

    def transform(self, X: Array) -> Array:
        """Return rows of the table as this member's kernel and net see them."""
        return apply_metric(self.metric, embed(self.embedding, X))

    def expansion(self, target: Array, n_steps: int, *, fit_intercept: bool) -> Expansion:
        """Return the kernel model after a number of steps of plain gradient descent.

        Parameters
        ----------
        target : ndarray of shape (n, n_targets)
            Centred.
        n_steps : int
        fit_intercept : bool
        """
        filters = gradient_descent_filter(
            self.spectrum.values, self.prescription.learning_rate, np.array([n_steps])
        )[0]
        alpha = coefficients(self.spectrum, target, filters)
        if not fit_intercept:
            return Expansion(self.inputs, alpha, np.zeros(alpha.shape[1]))
        alpha -= alpha.mean(axis=0)  # rounding only: 1 is an eigenvector of the centred kernel
        mean = gram(self.inputs, None, self.metric.branches).mean(axis=0) @ alpha
        return Expansion(self.inputs, alpha, -mean)
