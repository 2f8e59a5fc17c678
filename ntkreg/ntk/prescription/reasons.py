"""The prescription in words: every number with where it came from."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from ntkreg.messages import Sentence
from ntkreg.ntk.prescription.folds import Designs
from ntkreg.ntk.results import Prescription, Reason

Origin = Literal["theory", "data", "default", "user"]

# share of each model of the stack
_SHARES = {"relu": "I260", "smooth": "I261", "gradient": "I262", "linear": "I263"}
# metric by likelihood, metric by gradients, and held-out error, where folds learn anew
_ANEW = ("I201", "I202", "I214")


def _reason(
    name: str, value: float | int | str, origin: Origin, code: str, **more: object
) -> Reason:
    return Reason(name, value, origin, Sentence(code, {"value": value, **more}))


def _stack_reasons(numbers: Prescription, designs: Designs) -> tuple[Reason, ...]:
    """Return which models the stack adds up and how its folds were made."""
    parts = [part for part in (numbers, *numbers.others) if part.share > 0]
    reasons: tuple[Reason, ...] = ()
    if len(parts) > 1:
        models = [Sentence(_SHARES[part.name], {"share": part.share}) for part in parts]
        reasons += (_reason("models", len(parts), "data", "I215", models=models),)
    if designs.by_series:
        reasons += (_reason("folds", len(designs.choosing), "data", "I216"),)
    return reasons


def explain_choices(
    numbers: Prescription,
    metric: str | None,
    designs: Designs,
    n_rows: int,
    *,
    shared_metric: bool = False,
) -> Prescription:
    """Return the prescription with a reason for each of its numbers.

    Parameters
    ----------
    numbers : Prescription
        Of the leading model.
    metric : str or None
        How its metric was learned.
    designs : Designs
    n_rows : int
        Number of training rows.
    shared_metric : bool, default=False
        Whether the folds shared the metric of all rows.
    """
    depth = max(branch.depth for branch in numbers.branches)
    tried = tuple(f"{name}: {error:.4g}" for name, error in numbers.candidates)
    branches = " + ".join(
        f"{b.weight:.3g} x {b.activation} (L={b.depth}, {b.trained})" for b in numbers.branches
    )
    likelihood, gradient, error = ("I231", "I232", "I233") if shared_metric else _ANEW
    metric_code = {"likelihood": likelihood, "gradient": gradient}.get(str(metric), "I203")
    likely = metric == "likelihood"
    free_depth = len(numbers.candidates) > 1
    spread = float(np.max(numbers.metric, initial=1e-300) / np.min(numbers.metric, initial=1e300))
    reasons = (
        *_stack_reasons(numbers, designs),
        _reason("branches", branches, "data" if likely else "default", "I204"),
        _reason(
            "depth",
            depth,
            "data" if free_depth else "default",
            "I205" if free_depth else "I206",
            tried=tried,
        ),
        _reason("metric", f"{spread:.3g}", "default" if metric is None else "data", metric_code),
        _reason("bias", round(numbers.bias, 4), "data" if likely else "default", "I207"),
        _reason("top_eigenvalue", numbers.top_eigenvalue, "data", "I208"),
        _reason("learning_rate", numbers.learning_rate, "theory", "I209"),
        _reason("n_steps", numbers.n_steps, "data", "I217" if likely else "I210", n_rows=n_rows),
        _reason(
            "n_steps_accelerated",
            numbers.n_steps_accelerated,
            "data",
            "I211" if numbers.n_deflated else "I234",
            deflated=numbers.n_deflated,
        ),
        _reason("effective_dimension", numbers.effective_dimension, "data", "I212", n_rows=n_rows),
        _reason("noise", numbers.noise, "data", "I213"),
        _reason("cv_error", numbers.cv_error, "data", error),
    )
    return replace(numbers, reasons=reasons)
