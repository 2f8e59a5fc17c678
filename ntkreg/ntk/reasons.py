"""The prescription in words: every number with where it came from."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from ntkreg.messages import Sentence
from ntkreg.ntk.options import Options
from ntkreg.ntk.results import Prescription, Reason

Origin = Literal["theory", "data", "default", "user"]


def _reason(
    name: str, value: float | int | str, origin: Origin, code: str, **more: object
) -> Reason:
    return Reason(name, value, origin, Sentence(code, {"value": value, **more}))


def explain_choices(numbers: Prescription, options: Options, n_rows: int) -> Prescription:
    """Return the prescription with a reason for each of its numbers.

    Parameters
    ----------
    numbers : Prescription
    options : Options
        What the user fixed.
    n_rows : int
        Number of training rows.
    """
    depth = max(branch.depth for branch in numbers.branches)
    tried = tuple(f"{name}: {error:.4g}" for name, error in numbers.candidates)
    branches = " + ".join(
        f"{b.weight:.3g} x {b.activation} (L={b.depth}, {b.trained})" for b in numbers.branches
    )
    metric_code = {"likelihood": "I201", "gradient": "I202"}.get(str(options.metric), "I203")
    free_depth = len(options.depths) > 1
    spread = float(np.max(numbers.metric, initial=1e-300) / np.min(numbers.metric, initial=1e300))
    reasons = (
        _reason(
            "branches", branches, "data" if options.metric == "likelihood" else "default", "I204"
        ),
        _reason(
            "depth",
            depth,
            "data" if free_depth else "user",
            "I205" if free_depth else "I206",
            tried=tried,
        ),
        _reason(
            "metric", f"{spread:.3g}", "default" if options.metric is None else "data", metric_code
        ),
        _reason(
            "bias", round(numbers.bias, 4), "data" if metric_code == "I201" else "default", "I207"
        ),
        _reason("top_eigenvalue", numbers.top_eigenvalue, "data", "I208"),
        _reason("learning_rate", numbers.learning_rate, "theory", "I209"),
        _reason("n_steps", numbers.n_steps, "data", "I210", n_rows=n_rows),
        _reason(
            "n_steps_accelerated",
            numbers.n_steps_accelerated,
            "data",
            "I211",
            deflated=numbers.n_deflated,
        ),
        _reason("effective_dimension", numbers.effective_dimension, "data", "I212", n_rows=n_rows),
        _reason("noise", numbers.noise, "data", "I213"),
        _reason("cv_error", numbers.cv_error, "data", "I214"),
    )
    return replace(numbers, reasons=reasons)
