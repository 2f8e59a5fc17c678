"""Section: what engineers expect, held against every explained model."""

from __future__ import annotations

from typing import Any

from ntkreg.inspection.results import Expectation, KnowledgeVerdict
from ntkreg.reporting.text import number, percent, plain, word
from ntkreg.reporting.view import View


def knowledge(view: View) -> dict[str, Any]:
    """Return the verdicts, one row an expectation, one cell a model (the chosen one first)."""
    verdicts = view.content.knowledge
    chosen = view.content.benchmark.chosen
    models = sorted(dict.fromkeys(v.model for v in verdicts), key=lambda name: name != chosen)
    found = {(v.expectation, v.model): v for v in verdicts}
    return {
        "models": [view.model(name) for name in models],
        "rows": [
            {
                "column": plain(expectation.column),
                "effect": expected(view, expectation),
                "reason": plain(expectation.reason),
                "cells": [_verdict(view, found.get((expectation, name))) for name in models],
            }
            for expectation in dict.fromkeys(v.expectation for v in verdicts)
        ],
    }


def _verdict(view: View, verdict: KnowledgeVerdict | None) -> dict[str, str] | None:
    if verdict is None:
        return None
    t = view.t["knowledge"]
    numbers = (
        t["confidence"].format(value=percent(verdict.confidence)),
        t["slope"].format(value=number(verdict.slope, 3)),
    )
    return {
        "code": verdict.verdict,
        "text": view.t["verdicts"][verdict.verdict],
        "numbers": " · ".join(numbers),
        "reason": view.say(verdict.reason),
        "hint": view.hint(verdict.reason),
    }


def expected(view: View, expectation: Expectation) -> str:
    """Return the effect in words with its range: "increasing (20 - 30)"."""
    effect = word(view.t["effects"], expectation.effect)
    return f"{effect} ({expectation.range_text})" if expectation.has_range else effect
