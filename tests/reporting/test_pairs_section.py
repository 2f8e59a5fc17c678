"""The page says where two models differ and which pairs of columns act together."""

from __future__ import annotations

import dataclasses
import html
import re

import numpy as np
import pytest

from ntkreg.inspection.attribution.interactions import Curve, Interaction
from ntkreg.messages import LANGUAGES
from ntkreg.reporting.page import render
from ntkreg.reporting.sections.pairs import agreement, interactions
from ntkreg.reporting.text import texts
from ntkreg.reporting.view import View


def pair(model="ntk", *, relative=0.4, together=0.1, **changes):
    x = tuple(np.linspace(170.0, 190.0, 5))
    curves = tuple(Curve(held, x, tuple(slope * v for v in x)) for held, slope in
                   ((165.0, 0.1), (180.0, 0.2), (195.0, 0.3)))  # fmt: skip
    values = {"moved": 3, "held": 0, "size": 0.3, "share": 0.2, "curves": curves}
    return Interaction(model, relative=relative, together=together, **values | changes)


@pytest.fixture(scope="module")
def small(build):
    return build(48, 5)


def with_values(content, **columns):
    """Replace Shapley values of LightGBM by those of the chosen model, changed column by column."""
    first, second = content.explanations
    values = first.values.copy()
    for key, change in columns.items():
        values[:, int(key[1:])] = change(values[:, int(key[1:])])
    second = dataclasses.replace(second, rows=first.rows, values=values)
    return View(dataclasses.replace(content, explanations=(first, second)), "en")


def test_models_that_agree_are_said_to(small):
    part = agreement(with_values(small))
    assert part["code"] == "same"
    assert "same about all" in part["verdict"]
    assert part["different"] == set()
    assert {row["code"] for row in part["rows"]} <= {"same", "unused"}


def test_opposite_directions_are_said_in_the_row_of_the_column(small):
    part = agreement(with_values(small, f3=np.negative))
    assert part["code"] == "differs"
    assert "保圧[MPa]" in part["verdict"]
    assert "planned trial" in part["hint"]
    (row,) = [row for row in part["rows"] if row["code"] == "differs"]
    assert row["reasons"] == [
        "引張強度[MPa] rises with 保圧[MPa] in NTK network and falls with it in LightGBM."
    ]
    assert row["directions"] == ["↑ rises", "↓ falls"]
    assert row["correlation"] == "−1.00"
    assert part["different"] == {3}


def test_a_column_that_only_one_model_uses_says_both_shares(small):
    part = agreement(with_values(small, f3=lambda v: 0 * v))
    (row,) = [row for row in part["rows"] if row["column"] == "保圧[MPa]"]
    assert re.search(
        r"保圧\[MPa\] has \d+ % of all effects in NTK network and 0 %", row["reasons"][0]
    )
    assert row["directions"] == ["↑ rises", "–"]
    assert row["correlation"] == "–"


def test_one_model_is_not_compared(small):
    alone = dataclasses.replace(small, explanations=small.explanations[:1])
    assert agreement(View(alone, "en")) is None
    assert texts("en")["agreement"]["title"] not in render(alone, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_marks_the_chart_of_a_column_that_differs(small, language):
    content = with_values(small, f3=np.negative).content
    page = html.unescape(render(content, language))
    mark = f'<span class="tag differs">{texts(language)["agreement"]["differs"]}</span>'
    assert f"保圧[MPa] {mark}</figcaption>" in page
    assert page.count(mark) == 3


def test_a_strong_pair_has_a_sentence_a_chart_and_numbers_of_both_models(small):
    found = (pair(), pair("lightgbm", relative=0.05, moved=0, held=3))
    part = interactions(View(dataclasses.replace(small, interactions=found), "en"))
    (chart,) = part["charts"]
    assert part["sentences"] == [
        "What 保圧[MPa] does depends on 樹脂温度[℃]: together they move predictions by about"
        " 0.3 MPa beyond the sum of their own effects (40 % of the scatter of the predictions)."
    ]
    assert chart["legend"][0] == ("樹脂温度[℃] = 165 (dotted)", "level1")
    assert len(re.findall("stroke-dasharray", chart["chart"])) >= 2
    assert part["rows"][0]["cells"] == ["0.3", "40\u00a0%", "0.20", "0.3", "5\u00a0%", "0.20"]


def test_columns_that_move_together_are_warned_of(small):
    content = dataclasses.replace(small, interactions=(pair(together=0.95),))
    said = interactions(View(content, "en"))["sentences"]
    assert "move together in the table (association 0.95)" in said[1]
    assert "a trial that moves one of them alone" in said[1]


def test_without_a_strong_pair_the_page_says_that_effects_add_up(small):
    content = dataclasses.replace(small, interactions=(pair(relative=0.03),))
    part = interactions(View(content, "en"))
    assert part["charts"] == []
    assert "In no pair" in part["sentences"][0]


def test_a_pair_of_categories_is_drawn_as_dots_with_names_cut_apart(small):
    curves = (Curve("a", ("とても長い名前の一", "とても長い名前の二"), (1.0, 2.0)),)
    content = dataclasses.replace(small, interactions=(pair(curves=curves),))
    (chart,) = interactions(View(content, "ja"))["charts"]
    assert len(re.findall("<circle", chart["chart"])) == 2
    assert len(set(re.findall(r"<text[^>]*>(と[^<]*)<", chart["chart"]))) == 2
