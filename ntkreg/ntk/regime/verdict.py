"""The verdict on the training regime in words, and all that a report says of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ntkreg.messages import Sentence
from ntkreg.ntk.regime.capacity import CapacityFit
from ntkreg.ntk.regime.measures import CLOSE, Regime, relative
from ntkreg.ntk.regime.width_study import WidthStudy
from ntkreg.ntk.results import TrainingTrace

# widths beyond this multiple of the largest one that was trained are not named
MAX_EXTRAPOLATION = 8
RegimeKind = Literal["inside", "moved", "width", "features", "unfinished"]


@dataclass(frozen=True)
class HeldOutChange:
    """Held-out error of the net relative to its kernel's on the same folds, less 1.

    Parameters
    ----------
    relative, lower, upper : float
        Negative where the net is better; the ends are those of a 95 % interval.
    """

    relative: float
    lower: float
    upper: float


@dataclass(frozen=True)
class RegimeReport:
    """The training regime of a net on its own table.

    Parameters
    ----------
    kind : {"inside", "moved", "width", "features", "unfinished"}
        "inside": predictions are the kernel's. "moved": they are, although the net's own kernel
        moved. "width": they are those of the kernel that the net drew at its start, which is not
        that of infinite width. "features": they are neither. "unfinished": the time of the
        training is not known, so that nothing can be compared at the same time.
    sentences : tuple of Sentence
        The verdict first.
    unit : float
        What gaps are measured against, target units.
    width, n_networks : int
        Of the net.
    regime : Regime or None
        On the training rows; None for tables too long for it.
    over_width : WidthStudy or None
    capacity : CapacityFit or None
    eigenvalues : ndarray
        Of K/n, descending.
    stop : float
        1/(eta t): eigenvalues well above it are fitted, those well below are not.
    """

    kind: RegimeKind
    sentences: tuple[Sentence, ...]
    unit: float
    width: int
    n_networks: int
    regime: Regime | None
    over_width: WidthStudy | None
    capacity: CapacityFit | None
    eigenvalues: NDArray[np.float64]
    stop: float


def classify(kernel: float, linearisation: float) -> RegimeKind:
    """Name the regime of a net by its gaps to the kernel and to its own linearisation.

    Parameters
    ----------
    kernel, linearisation : float
        Relative to the noise.
    """
    if kernel <= CLOSE:
        return "inside" if linearisation <= CLOSE else "moved"
    return "width" if linearisation <= CLOSE else "features"


def judge(
    regime: Regime | None,
    over_width: WidthStudy | None,
    *,
    unit: float,
    width: int,
    change: HeldOutChange | None,
    trace: TrainingTrace,
) -> tuple[RegimeKind, tuple[Sentence, ...]]:
    """Say which regime a net is in, by the larger of its gaps on training and on unseen rows.

    Parameters
    ----------
    regime : Regime or None
        Of the net on its training rows.
    over_width : WidthStudy or None
        The unseen rows are those of the point at `width`.
    unit : float
        From :func:`ntkreg.ntk.regime.measures.gap_unit`.
    width : int
        Of the net.
    change : HeldOutChange or None
        Against the kernel, where both were judged on the same folds.
    trace : TrainingTrace
        Of the net.

    Returns
    -------
    tuple of (RegimeKind, tuple of Sentence)

    Raises
    ------
    ValueError
        If nothing was measured at this width.
    """
    point = over_width.at(width) if over_width is not None else None
    measured = [m for m in (regime, point) if m is not None]
    if not measured:
        raise ValueError(f"nothing was measured at width {width}")
    kernel = relative(max(m.gaps.kernel for m in measured), unit)
    own = relative(max(m.gaps.linearisation for m in measured), unit)
    kind = classify(kernel, own)
    values = {
        "gap": kernel,
        "own": own,
        "drift": 100.0 * max(m.kernel_drift for m in measured),
        "limit": CLOSE,
        "width": width,
    }
    # a run that was only cut short is compared at its own time
    if trace.outcome == "diverged" or (trace.outcome == "limit" and trace.n_cuts):
        return "unfinished", (Sentence("W240", values),)
    sentences = [*_features(values, change)] if kind == "features" else []
    if kind != "features":
        code = {"inside": "V240", "moved": "V241", "width": "V242"}[kind]
        sentences.append(Sentence(code, values))
        sentences += [] if change is None else [Sentence("V247", values | _per_cent(change))]
    if kernel > CLOSE and over_width is not None:
        sentences += _wider(kernel, width, over_width)
    return kind, tuple(sentences)


def _per_cent(change: HeldOutChange) -> dict[str, object]:
    return {
        "change": 100.0 * change.relative,
        "size": 100.0 * abs(change.relative),
        "lower": 100.0 * change.lower,
        "upper": 100.0 * change.upper,
    }


def _features(values: dict[str, float], change: HeldOutChange | None) -> list[Sentence]:
    if change is None:
        return [Sentence("V246", values)]
    code = "V243" if change.upper < 0 else "V244" if change.lower > 0 else "V245"
    return [Sentence(code, values | _per_cent(change))]


def _wider(gap: float, width: int, study: WidthStudy) -> list[Sentence]:
    """Say at which width the gap would be small, or that width closes it too slowly."""
    slope = study.kernel_slope
    if not math.isfinite(slope):
        return []
    growth = -math.log(gap / CLOSE) / slope if slope < 0 else math.inf
    if growth > math.log(MAX_EXTRAPOLATION * study.points[-1].width / width):
        return [Sentence("I241", {"slope": slope})]
    needed = width * math.exp(growth)
    digits = 10.0 ** (math.floor(math.log10(needed)) - 1)
    return [Sentence("I240", {"needed": round(round(needed / digits) * digits), "slope": slope})]
