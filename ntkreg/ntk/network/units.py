"""What the hidden units of a finite net do, and their slopes, in numpy.

The ReLU is homogeneous, so its layers' factors sqrt(2/m) are taken together at the output. A smooth
layer carries its own, h^l = sqrt(c/m) s(W^l h^{l-1}) with c = 1/E s(g)^2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ntkreg.ntk.kernel.smooth import activate, activation_slope, second_moment
from ntkreg.ntk.results import Branch

Array = NDArray[np.float64]


def layer_factor(branch: Branch, width: int) -> float:
    """Return the factor that every layer of units carries: 1 for powers of the ReLU."""
    if not branch.smooth:
        return 1.0
    return float(1.0 / np.sqrt(width * second_moment(branch.activation)))


def unit_values(branch: Branch, pre: Array, width: int, out: Array | None = None) -> Array:
    """Return what a layer sends on.

    Parameters
    ----------
    branch : Branch
    pre : ndarray
        W h, the units' inputs.
    width : int
        Hidden units m of a layer.
    out : ndarray, optional
        Memory that may be used; may be `pre`.
    """
    if branch.smooth:
        return layer_factor(branch, width) * activate(branch.activation, pre)
    rectified: Array = np.maximum(pre, 0.0, out=out)
    if branch.power == 1:
        return rectified
    # a general power takes many times as long
    return rectified * rectified if branch.power == 2 else rectified * rectified * rectified


def unit_slopes(branch: Branch, pre: Array, width: int) -> Array:
    """Return the derivative of :func:`unit_values` in `pre`."""
    if branch.smooth:
        return layer_factor(branch, width) * activation_slope(branch.activation, pre)
    if branch.power == 1:
        return (pre > 0).astype(np.float64)
    slopes: Array = branch.power * np.maximum(pre, 0.0) ** (branch.power - 1)
    return slopes
