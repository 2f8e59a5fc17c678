"""Prescribed models of a stack, and the kernel model that a prescription gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.fitted import KernelMember
from ntkreg.ntk.kernel import gram
from ntkreg.ntk.metric import Metric
from ntkreg.ntk.path import Spectrum, coefficients, gradient_descent_filter
from ntkreg.ntk.results import Prescription
from ntkreg.ntk.selection import Scaled
from ntkreg.preprocessing.embedding import Embedding

Array = NDArray[np.float64]


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


def fit_kernel(
    member: Member, target: Scaled, n_steps: int, *, share: float, fit_intercept: bool
) -> KernelMember:
    """Return the kernel model after a number of steps of plain gradient descent.

    Parameters
    ----------
    member : Member
    target : Scaled
    n_steps : int
    share : float
        Weight of its prediction in the stack.
    fit_intercept : bool
    """
    filters = gradient_descent_filter(
        member.spectrum.values, member.prescription.learning_rate, np.array([n_steps])
    )[0]
    alpha = coefficients(member.spectrum, target.values, filters)
    offset = target.mean
    if fit_intercept:
        alpha -= alpha.mean(axis=0)  # rounding only: 1 is an eigenvector of the centred kernel
        mean = gram(member.inputs, None, member.metric.branches).mean(axis=0) @ alpha
        offset = offset - mean * target.scale
    return KernelMember(
        share,
        member.prescription,
        member.embedding,
        member.metric,
        member.inputs,
        alpha * target.scale,
        offset,
    )
