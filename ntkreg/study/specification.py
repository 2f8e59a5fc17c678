"""Specification limits: whether they are usable, and what ``run.json`` and the console say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ntkreg.decision.results import HeldOutDecisions, IntervalResult
from ntkreg.exceptions import InputError
from ntkreg.messages import Sentence

PROBABILITY_OUT = "probability out of specification"


def check_limits(lsl: float | None, usl: float | None) -> None:
    """Raise InputError unless the limits are numbers and the lower is below the upper."""
    known = [limit for limit in (lsl, usl) if limit is not None]
    if not all(math.isfinite(limit) for limit in known) or known != sorted(set(known)):
        raise InputError("E524", lower=lsl, upper=usl)


def specification_settings(
    lsl: float | None, usl: float | None, cost_ratio: float
) -> dict[str, float | None]:
    """Return limits and cost of a missed bad row as settings of a run.

    Raises
    ------
    InputError
        E524: the limits are not usable. E528: the cost is not a positive number.
    """
    check_limits(lsl, usl)
    if not (math.isfinite(cost_ratio) and cost_ratio > 0):
        raise InputError("E528", value=cost_ratio)
    return {"lsl": lsl, "usl": usl, "cost_ratio": cost_ratio}


def limits_of(settings: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return lower and upper specification limit of a run's settings."""
    return settings.get("lsl"), settings.get("usl")


def decisions_in_words(
    interval: IntervalResult, decisions: HeldOutDecisions | None
) -> tuple[Sentence, ...]:
    """Say how often the intervals held, and how many bad rows were caught."""
    if decisions is None:
        return ()
    covered, percent = decisions.covered, 100.0 * interval.confidence
    sentences = [Sentence("I704", {"confidence": percent})]
    if math.isfinite(interval.half_width) and covered.total:
        values = {"confidence": percent, "coverage": 100.0 * covered.share,
                  "hits": covered.hits, "total": covered.total,
                  "half_width": interval.half_width}  # fmt: skip
        sentences = [Sentence("I705", values)]
    found = decisions.specification
    if found is not None and found.n_bad:
        caught = found.bad_caught
        values = {"caught": caught.hits, "bad": caught.total, "false": found.good_alarmed.hits,
                  "good": found.good_alarmed.total, "ratio": found.cost_ratio,
                  "threshold": 100.0 * found.threshold}  # fmt: skip
        sentences.append(Sentence("I706", values))
    elif found is not None:
        sentences.append(Sentence("I707", {"n_rows": found.good_alarmed.total}))
    return tuple(sentences)


def specification_document(decisions: HeldOutDecisions | None) -> dict[str, Any] | None:
    """Return what ``run.json`` says of the specification, None without limits."""
    found = decisions.specification if decisions is not None else None
    if found is None:
        return None
    document = asdict(found)
    # it has a place in predictions.csv
    del document["probability"]
    return document | {"n_bad": found.n_bad}
