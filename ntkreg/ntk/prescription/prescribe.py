"""From the data to every constant of the training run.

`prescribe` is a pure function of its arrays. The estimators of one fold ask for the same
prescription one after the other, so the last one is kept.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ntkreg.ntk.prescription.exact_members import prescribe_members
from ntkreg.ntk.prescription.folds import Designs, make_designs
from ntkreg.ntk.prescription.landmark_members import MAX_EXACT_ROWS, prescribe_many_rows
from ntkreg.ntk.prescription.members import Member
from ntkreg.ntk.prescription.options import Options
from ntkreg.ntk.prescription.reasons import explain_choices
from ntkreg.ntk.prescription.selection import Scaled, scale_target
from ntkreg.ntk.prescription.stacking import stacking_weights
from ntkreg.ntk.results import Prescription, Solver

Array = NDArray[np.float64]

# a member with a smaller share costs as much as any other and changes nothing
_LEAST_SHARE = 0.01


@dataclass(frozen=True)
class Stack:
    """What one solver makes of the members.

    Parameters
    ----------
    prescription : Prescription
        Of the member with the largest share, with the others behind it.
    shares : ndarray of shape (n_members,)
        Weights of the members' predictions, in their order; some are zero.
    cv_prediction : ndarray of shape (n, n_targets)
        Held-out predictions of the whole stack at the prescribed numbers of steps.
    """

    prescription: Prescription
    shares: Array
    cv_prediction: Array


@dataclass(frozen=True)
class Prescribed:
    """A prescription with what it was read off: everything that fitting and predicting need.

    Parameters
    ----------
    members : tuple of Member
        All candidates, in their order.
    target : Scaled
        Training targets.
    plain, accelerated : Stack
        For plain gradient descent, and for the accelerated iteration.
    """

    members: tuple[Member, ...]
    target: Scaled
    plain: Stack
    accelerated: Stack

    def stack(self, solver: Solver) -> Stack:
        """Return the stack of a solver."""
        return self.accelerated if solver == "accelerated" else self.plain


def _shares(predictions: list[Array], y: Array, scale: Array) -> Array:
    """Return the weights of the members, those below 1 % left out."""
    flat = np.column_stack([(p / scale).ravel() for p in predictions])
    shares = stacking_weights(flat, (y / scale).ravel())
    shares[shares < _LEAST_SHARE] = 0.0
    rest: Array = shares / shares.sum()
    return rest


def _stack(
    members: Sequence[Member],
    choosing: list[Array],
    judging: list[Array],
    y: Array,
    target: Scaled,
    designs: Designs,
    options: Options,
) -> Stack:
    shares = _shares(choosing, y, target.scale)
    cv_prediction = np.tensordot(shares, np.stack(judging), axes=1)
    order = np.argsort(-shares, kind="stable")
    parts = [replace(members[i].prescription, share=float(shares[i])) for i in order]
    leading = replace(
        parts[0],
        cv_error=float(np.sqrt(np.mean((cv_prediction - y) ** 2))),
        others=tuple(parts[1:]),
    )
    metric, first = options.candidates[order[0]].metric, members[order[0]]
    explained = explain_choices(leading, metric, designs, len(y), shared_metric=first.shared_metric)
    whole = replace(explained, reasons=first.reasons + explained.reasons)
    return Stack(whole, shares, cv_prediction)


def _prescribe(
    X: Array, y: Array, groups: NDArray[np.int64] | None, options: Options
) -> Prescribed:
    target = scale_target(y)
    designs = make_designs(X, groups, options.n_folds, options.random_state)
    models = prescribe_members if len(X) <= MAX_EXACT_ROWS else prescribe_many_rows
    members = models(X, y, target, designs, options)
    rest = (y, target, designs, options)
    return Prescribed(
        tuple(members),
        target,
        _stack(members, [m.choosing for m in members], [m.held_out for m in members], *rest),
        _stack(
            members,
            [m.choosing_accelerated for m in members],
            [m.held_out_accelerated for m in members],
            *rest,
        ),
    )


_last: list[tuple[str, Prescribed]] = []
_lock = threading.Lock()


def _digest(X: Array, y: Array, groups: NDArray[np.int64] | None, options: Options) -> str:
    digest = hashlib.sha256(repr((X.shape, y.shape, options)).encode())
    for array in (X, y) if groups is None else (X, y, groups):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def prescribe(
    X: Array,
    y: Array,
    *,
    groups: NDArray[np.generic] | None = None,
    options: Options | None = None,
) -> Prescribed:
    """Read every constant of the training run off the infinite-width kernels on the data.

    For each candidate the metric is learned on all rows; depth and numbers of steps come from
    folds in which embedding and metric are learned anew; the step size is one over the largest
    eigenvalue of K/n. The candidates' shares are those of least error of their held-out
    predictions.

    Parameters
    ----------
    X : ndarray of shape (n, n_columns)
        Finite.
    y : ndarray of shape (n, n_targets)
    groups : ndarray of shape (n,), optional
        Rows of one group stay in one fold.
    options : Options, optional

    Returns
    -------
    Prescribed
        Treat its arrays as read-only: equal calls in a row return the same object.

    Raises
    ------
    ValueError
        If there are too many rows to interpolate.
    """
    options = options or Options()
    if options.tolerance is not None and len(X) > MAX_EXACT_ROWS:
        raise ValueError(
            f"stopping='interpolate' solves for the kernel between all rows: at most"
            f" {MAX_EXACT_ROWS} distinct rows, got {len(X)}; use stopping='auto'"
        )
    codes = None if groups is None else np.unique(groups, return_inverse=True)[1]
    key = _digest(X, y, codes, options)
    with _lock:
        for known, result in _last:
            if known == key:
                return result
    # folds and candidates share the processors: a product of their size gains nothing from two
    with threadpool_limits(limits=1, user_api="blas"):
        result = _prescribe(X, y, codes, options)
    with _lock:
        _last[:] = [(key, result)]
    return result
