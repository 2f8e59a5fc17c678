"""The training regime on the page: there with a net, complete, and away without one."""

from __future__ import annotations

import dataclasses
import html
import re

import numpy as np
import pytest

from ntkreg.messages import LANGUAGES
from ntkreg.reporting.charts import regime as regime_charts
from ntkreg.reporting.page import render
from ntkreg.reporting.sections.regime import regime
from ntkreg.reporting.text import number, texts
from ntkreg.reporting.view import View


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_the_charts_and_the_numbers_are_on_the_page(pages, content, language):
    t, page = texts(language), html.unescape(pages[language])
    assert f"<h3>{t['regime']['title']}</h3>" in page
    assert t["regime_kinds"]["inside"] in page
    for label in ("widths_label", "spectrum_label"):
        assert f'aria-label="{t["regime"][label]}"' in page
    for sentence in content.regime.sentences:
        assert View(content, language).say(sentence) in page
    assert all(name in page for name in t["regime_gaps"].values())


def test_the_numbers_are_those_that_were_measured(content):
    part = regime(View(content, "en"))
    first = part["rows"][0]
    training, unseen = content.regime.regime.gaps, content.regime.over_width.at(256).gaps
    assert first["cells"] == [
        *(number(training.kernel, 3), f"{training.kernel / 0.28:.2f}"),
        *(number(unseen.kernel, 3), f"{unseen.kernel / 0.28:.2f}"),
    ]
    # the third array of a ReLU branch of depth 2 is its readout
    assert [name for name, _ in part["movements"]] == [
        "ReLU, hidden layer 1", "ReLU, output layer", "squared ReLU, hidden layer 1",
        "The network's own kernel (160 rows)",
    ]  # fmt: skip
    assert part["movements"][0][1] == "1.2\u00a0%"


def test_without_a_net_there_is_no_such_part(build):
    page = render(build(48, 5, regime=None), "en")
    assert texts("en")["regime"]["title"] not in page


def test_what_was_not_measured_is_left_out(content):
    report = content.regime
    for missing in ("regime", "over_width", "capacity"):
        bare = dataclasses.replace(report, **{missing: None})
        part = regime(View(dataclasses.replace(content, regime=bare), "ja"))
        assert (part["movements"] == []) == (missing == "regime")
        assert (part["widths"] is None) == (missing == "over_width")
        assert len(part["columns"]) == (2 if missing == "capacity" else 1)


def test_the_chart_has_a_dot_for_every_width_and_measure(content):
    chart = regime(View(content, "en"))["widths"]
    assert len(re.findall("<circle", chart)) == 3 * 2 + 2


def test_charts_without_anything_to_draw_are_none():
    titles = ("x", "y")
    assert regime_charts.over_width([64], {"chosen": [1.0]}, 64, 0.2, titles, "") is None
    assert regime_charts.over_width([64, 128], {"chosen": [0, 0]}, 64, 0.2, titles, "") is None
    assert regime_charts.spectrum(np.zeros(9), None, 1.0, titles, "") is None
