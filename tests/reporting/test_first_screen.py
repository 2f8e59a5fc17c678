"""The first screen: usable or not, how wrong, which model, what next."""

from __future__ import annotations

import dataclasses

import pytest

from ntkreg.inspection.results import LeakSuspect
from ntkreg.messages import Sentence
from ntkreg.reporting.sections.summary import summary
from ntkreg.reporting.view import View


def seen(content, r2, *codes, leaks=()):
    """Return the first screen of a chosen model with this share explained."""
    benchmark = content.benchmark
    results = tuple(
        dataclasses.replace(r, overall=dataclasses.replace(r.overall, r2=r2))
        for r in benchmark.results
    )
    verdict = (*(Sentence(code) for code in codes), *benchmark.verdict)
    benchmark = dataclasses.replace(benchmark, results=results, verdict=verdict)
    return summary(View(dataclasses.replace(content, benchmark=benchmark, leaks=leaks), "en"))


@pytest.mark.parametrize(
    ("r2", "codes", "use"),
    [
        (0.9, (), ("Usable", "good")),
        (0.7, (), ("Usable", "good")),
        (0.5, (), ("Usable with limits", "warn")),
        (0.1, (), ("Not usable as it is", "bad")),
        (float("nan"), (), ("Not usable as it is", "bad")),
        (0.5, ("V307",), ("Not usable as it is", "bad")),
    ],
)
def test_the_first_words_say_whether_the_model_can_be_used(content, r2, codes, use):
    shown = seen(content, r2, *codes)
    assert (shown["use"], shown["level"]) == use


def test_the_first_sentence_names_error_unit_range_and_model(content):
    said = seen(content, 0.9)["headline"][0]
    for part in ("MPa", "引張強度[MPa]", "model: NTK network", "a new ロット番号"):
        assert part in said


def test_a_column_that_gives_the_answer_away_voids_a_good_score(content):
    leak = LeakSuspect("冷却時間", 0.999, Sentence("V000", {"text": "x"}))
    shown = seen(content, 0.99, leaks=(leak,))
    assert shown["use"] == "Check before use"
    assert shown["headline"][0].startswith("冷却時間 may contain the answer")
    assert "--drop" in shown["headline"][1]


def test_the_second_sentence_is_the_first_thing_to_do(content):
    shown = seen(content, 0.5, "V307")
    assert shown["headline"][1] == f"Next: {shown['todo'][0]}"
    assert shown["todo"][0].startswith("Look for the missing influence")
