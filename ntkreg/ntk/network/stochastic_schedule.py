"""Sizes and numbers of the steps of mini-batch gradient descent.

What multi-pass stochastic gradient descent needs for the error of full batches (theory.md 1.6; Lin
and Rosasco 2017, recalled; last iterate, constant step, logarithms dropped), eta t = n^(1/(2r +
gamma)) being the flow time of full batches:

    batch n          step eta           full-batch gradient descent
    batch sqrt(n)    step ~ n^(-1/2)    sqrt(n) times as many steps
    batch 1          step ~ 1/n         n times as many
    batch 1          step ~ n^(-2r/(2r + gamma))

All four pass the same flow time. The first three are one rule, a step of eta b/n
(:func:`theory_step`), and as many passes over the rows for every batch. The schedule that is used
for tables of very many rows (:func:`stochastic_step`) keeps the flow time and departs from the rest
of the table: 256 rows, which is sqrt(n) at 65,536 rows only, and, being preconditioned, the largest
stable step 0.9 b / (beta + (b - 1) s_{k+1}) in the place of one that shrinks with n; what a large
step adds to the error is taken back where the step falls to zero at the end. That is fewer steps
than the table has. A preconditioned direction passes its flow time at s_{k+1} instead of its own
eigenvalue, so only as many are preconditioned as come to their end all the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.path import ACCELERATED_SAFETY, Spectrum, n_deflated
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]

# about sqrt(n) of the theory at 65,000 rows; fewer would leave the processor idle
BATCH_ROWS = 256
# share of the flow time in which the step falls to zero
COOLING = 0.25
_BOUND_ROWS = 1_000
# a direction that passes this flow time times its eigenvalue has 98 % of its end, 1 - exp(-4)
_LEAST_PROGRESS = 4.0


def n_preconditioned(values: Array, time: float) -> int:
    """Return k, the directions whose gradients shrink to s_{k+1}/s of their size.

    Those above s_1/10, as far as s_{k+1} times the flow time is at least 4: the full-batch path
    has come to its end along them, and so has the preconditioned one.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Eigenvalues of K/n, descending.
    time : float
        Flow time, the sum of the steps.
    """
    finished = int(np.count_nonzero(values >= _LEAST_PROGRESS / time))
    return max(0, min(n_deflated(values), finished - 1))


def stochastic_step(
    spectrum: Spectrum,
    inputs: Array,
    branches: Sequence[Branch],
    *,
    time: float = math.inf,
    batch: int = BATCH_ROWS,
    fit_intercept: bool = True,
) -> float:
    """Return the step 0.9 b / (beta + (b - 1) s_{k+1}) of preconditioned batches.

    b is the batch and beta the largest diagonal entry of the preconditioned kernel (Ma and Belkin,
    MLSys 2019).

    Parameters
    ----------
    spectrum : Spectrum
        The leading eigenvalues, descending, and eigenvectors of K/n on the rows.
    inputs : ndarray of shape (n, n_inputs)
    branches : sequence of Branch
        Of the kernel.
    time : float, default=inf
        Flow time of the run: decides on k.
    batch : int, default=256
    fit_intercept : bool, default=True
        Whether the kernel is centred.
    """
    count = n_preconditioned(spectrum.values, time)
    edge = float(spectrum.values[count])
    part = np.random.default_rng(0).permutation(len(inputs))[:_BOUND_ROWS]
    kernel = gram(inputs[part], None, branches)
    diagonal = np.diag(centre(kernel) if fit_intercept else kernel).copy()
    taken = len(inputs) * np.square(spectrum.vectors[part, :count])
    diagonal -= taken @ (spectrum.values[:count] - edge)
    beta = max(float(diagonal.max()), edge)
    size = min(batch, len(inputs))
    return ACCELERATED_SAFETY * size / (beta + (size - 1) * edge) if beta > 0 else 1.0


def theory_step(learning_rate: float, n_rows: int, batch: int) -> float:
    """Return the step of the theory's table for a batch, eta b/n.

    Flow time is then passed in n/b times as many steps as of full batches, that is in as many
    passes over the rows.

    Parameters
    ----------
    learning_rate : float
        eta, the step of full batches.
    n_rows : int
    batch : int
    """
    return learning_rate * min(batch, n_rows) / n_rows


def stochastic_steps(time: float, learning_rate: float, cooling: float = COOLING) -> int:
    """Return how many steps pass a flow time, the falling ones at the end included."""
    return max(1, math.ceil((1.0 + cooling) * time / learning_rate - 1e-9))


def flow_time(learning_rate: float, n_steps: int, cooling: float = COOLING) -> float:
    """Return the flow time of a number of steps, the falling ones at the end included."""
    return learning_rate * n_steps / (1.0 + cooling)
