"""The section on intervals, specification and domain shows the numbers that were measured."""

import dataclasses
import re

import numpy as np
import pytest

from ntkreg.decision.specification import area_under_curve, count
from ntkreg.reporting.page import environment
from ntkreg.reporting.sections.decision import decision
from ntkreg.reporting.text import percent
from ntkreg.reporting.view import View


def section(page):
    return re.search(r'<section id="decision".*?</section>', page, re.S)[0]


def drawn(content, **changes):
    """Return the section alone: the whole page takes seconds."""
    changed = dataclasses.replace(content, **changes)
    view = View(changed, "en")
    return environment().get_template("decision.html").render(t=view.t, decision=decision(view))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nominal_and_measured_coverage_stand_side_by_side(language, pages, content):
    covered = content.decisions.covered
    text = section(pages[language])
    row = re.search(r"<tr><th scope=\"row\">.*?</tr>", text, re.S)[0]
    assert row.index(percent(0.9)) < row.index(f"<strong>{percent(covered.share)}</strong>")
    assert f"{covered.hits}/{covered.total}" in row


def test_alarms_are_counted_with_their_intervals(pages, content):
    found, text = content.decisions.specification, section(pages["en"])
    caught = found.bad_caught
    assert f"{percent(caught.share)} ({caught.hits}/{caught.total})" in text
    assert f"{percent(caught.low)} – {percent(caught.high)}" in text
    assert f"({found.n_bad} bad rows)" in text
    assert text.count("<svg") == 2


def test_too_few_bad_rows_get_no_ranking_and_none_at_all_a_warning(build):
    content = build(48, 5)
    found = content.decisions.specification
    auc, interval = area_under_curve(np.linspace(0, 1, 20), np.arange(20) < 4)
    rare = dataclasses.replace(found, auc=auc, auc_interval=interval)
    none = dataclasses.replace(rare, bad_caught=count(np.empty(0, dtype=bool)))
    for specification, words in ((rare, "fewer than 5 bad"), (none, "Whether bad rows would be")):
        decisions = dataclasses.replace(content.decisions, specification=specification)
        assert words in drawn(content, decisions=decisions)


def test_rows_outside_are_listed_with_their_reason(pages, content):
    number = content.dataset.row_numbers[-1]
    row = re.search(rf"<tr><th scope=\"row\" class=\"num\">{number}</th>.*?</tr>",
                    section(pages["ja"]), re.S)[0]  # fmt: skip
    assert "樹脂温度[℃] 999（学習時 " in row


def test_without_limits_and_without_enough_rows_the_section_says_so(build):
    content = build(48, 5)
    text = drawn(
        content,
        decisions=dataclasses.replace(content.decisions, specification=None),
        intervals=dataclasses.replace(content.intervals, half_width=np.inf),
    )
    assert "Too few rows" in text
    assert "<svg" not in text
    assert decision(View(dataclasses.replace(content, decisions=None), "en")) is None
