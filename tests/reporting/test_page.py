"""The page: complete, self-contained, harmless and the same twice."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from ntkreg.exceptions import FileAccessError
from ntkreg.inspection.results import Expectation
from ntkreg.messages import LANGUAGES
from ntkreg.reporting import write_report
from ntkreg.reporting.explanation_page import ExplanationContent, render_explanation
from ntkreg.reporting.files import write_whole
from ntkreg.reporting.page import render

KANA_OR_KANJI = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff01-\uff60]")
HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(1)>",
    "\"' onmouseover='alert(1)' {{ 7*7 }}",
    "=cmd|'/C calc'!A0",
    "長" * 10_000,
    "\x00\x08制御\ufffe",
)


class Outline(HTMLParser):
    """Tags, their attributes, and the text outside of styles."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.words, self.inside = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.inside.append(tag)

    def handle_data(self, data):
        if self.inside[-1:] != ["style"]:
            self.words.append(data)


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request, pages):
    return pages[request.param]


@pytest.fixture(scope="module")
def outline(page):
    return Outline(page)


@pytest.fixture(scope="module")
def hostile(build):
    content = build(60, 8)
    columns = list(content.dataset.columns)
    names = dict(enumerate(HOSTILE, start=1))
    for k, name in names.items():
        columns[k] = dataclasses.replace(columns[k], name=name, original=name, unit="<b>℃")
    target = dataclasses.replace(columns[-1], name="<i>目的</i>", unit="</svg><script>")
    dataset = dataclasses.replace(content.dataset, columns=(*columns[:-1], target))
    verdict = dataclasses.replace(
        content.knowledge[0], expectation=Expectation(HOSTILE[0], "increasing", HOSTILE[1])
    )
    settings = {"file": "/home/sato/secret/lot.xlsx", HOSTILE[0]: HOSTILE[1]}
    content = dataclasses.replace(content, dataset=dataset, knowledge=(verdict,), settings=settings)
    return render(content, "ja")


def test_the_title_names_the_target(page):
    assert re.search(r"<title>[^<]*引張強度\[MPa\][^<]*</title>", page)


def test_every_column_is_on_the_page(outline, content):
    words = set(outline.words)
    assert {column.name for column in content.dataset.columns} <= words


def test_nothing_is_fetched_from_outside(page, outline):
    assert not re.search(r"https?:|//\w|@import|url\(|xmlns", page)
    links = [value for _, name, value in outline.attributes if name in ("href", "src", "srcset")]
    assert links
    assert all(link.startswith("#") for link in links)


def test_the_policy_forbids_scripts_and_requests(outline):
    policy = next(
        value for _, name, value in outline.attributes if value and "default-src" in value
    )
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in outline.tags
    assert not [
        name for _, name, _ in outline.attributes if name.startswith("on") or name == "style"
    ]


def test_hostile_names_make_no_tags(hostile):
    outline = Outline(hostile)
    assert not {"script", "img", "i", "b"} & set(outline.tags)
    assert not [name for _, name, _ in outline.attributes if name.startswith("on")]
    named = len(re.findall(r"<circle[^>]*><title>", hostile))
    assert (outline.tags.count("style"), outline.tags.count("title")) == (1, 1 + named)


def test_long_names_are_cut_with_the_whole_text_at_hand(hostile):
    titles = [v for tag, name, v in Outline(hostile).attributes if name == "title"]
    assert "長" * 10_000 in titles


def test_no_folder_of_the_user_is_shown(hostile):
    assert "sato" not in hostile


def test_charts_are_described_and_their_text_is_text(page, outline):
    described = [
        value for tag, name, value in outline.attributes if (tag, name) == ("svg", "aria-label")
    ]
    assert len(described) == outline.tags.count("svg") >= 15
    assert all(described)
    assert re.search(r"<text[^>]*>保圧\[MPa\]</text>", page)


def test_the_text_of_a_chart_says_numbers(page):
    charts = page[: page.index('id="shap"')] if 'id="shap"' in page else page
    labels = re.findall(r'<svg class="chart[^>]*aria-label="([^"]*)"', charts)
    assert [label for label in labels if not re.search(r"\d", label)] == []


def test_headings_come_in_order(outline):
    levels = [int(tag[1]) for tag in outline.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_the_contents_lead_to_every_section_in_order(page, outline):
    links = re.findall(r'<li><a href="#([^"]+)">', page[: page.index("</nav>")])
    assert links == re.findall(r'<section id="([^"]+)"', page)
    assert ("a", "href", "#summary") in outline.attributes


def test_tables_have_captions(outline):
    assert outline.tags.count("caption") == outline.tags.count("table") > 5


def test_no_identifier_is_used_twice(outline):
    ids = [value for _, name, value in outline.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert not [tag for tag, name, _ in outline.attributes if name == "id" and tag in ("path", "g")]


def test_table_headers_have_a_scope(outline):
    scopes = [value for tag, name, value in outline.attributes if (tag, name) == ("th", "scope")]
    assert len(scopes) == outline.tags.count("th")


def test_the_english_page_speaks_english_only(build):
    content = build(60, 5)
    plain = dataclasses.replace(
        content,
        dataset=dataclasses.replace(
            content.dataset, ledger=type(content.dataset.ledger)(()), columns=_ascii(content)
        ),
        leaks=(),
        knowledge=(),
        benchmark=_english(content.benchmark),
        settings={"seed": 0},
        decisions=dataclasses.replace(content.decisions, reasons=(None,) * 60),
    )
    words = "".join(Outline(render(plain, "en")).words).replace("3号機(改造後)", "")
    assert not KANA_OR_KANJI.findall(re.sub("[123]号機(\\(改…)?|成形データ|測定値", "", words))


def _ascii(content):
    return tuple(
        dataclasses.replace(c, name=f"column {k}", original="", unit="mm")
        for k, c in enumerate(content.dataset.columns)
    )


def _english(benchmark):
    said = dataclasses.replace(benchmark.verdict[0], values={"text": "fine"})
    plan = dataclasses.replace(benchmark.plan, reason=said)
    return dataclasses.replace(benchmark, plan=plan, verdict=(said, said))


def test_no_text_key_or_placeholder_is_left(page):
    assert not re.search(r"\{\w+\}|Undefined", re.sub(r"<style>.*?</style>", "", page, flags=re.S))


def test_how_long_it_took_does_not_change_the_page(content, pages):
    def slower(results):
        return tuple(dataclasses.replace(r, seconds=r.seconds + 1.5) for r in results)

    benchmark = dataclasses.replace(content.benchmark, results=slower(content.benchmark.results))
    explanations = slower(content.explanations)
    later = dataclasses.replace(content, benchmark=benchmark, explanations=explanations)
    assert render(later, "en") == pages["en"]


def test_same_content_gives_the_same_file(content, pages, tmp_path):
    write_report(content, tmp_path / "report.html", "ja")
    assert (tmp_path / "report.html").read_bytes() == pages["ja"].encode()
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.slow
def test_a_large_report_stays_below_three_megabytes(build):
    assert len(render(build(1500, 20), "ja").encode()) < 3_000_000


def test_a_table_without_extras_is_reported(build):
    content = build(48, 5, knowledge=(), trace=None, leaks=(), explanations=(), settings={})
    single = dataclasses.replace(
        content.benchmark, results=content.benchmark.results[:1], comparisons=(), failures=()
    )
    single = dataclasses.replace(single, chosen=single.results[0].name)
    bare = dataclasses.replace(
        content,
        benchmark=single,
        specification=(None, None),
        dataset=dataclasses.replace(content.dataset, groups=None),
        intervals=dataclasses.replace(content.intervals, half_width=np.inf, coverage=np.nan),
    )
    assert "<svg" in render(bare, "en")


def test_a_missing_folder_is_named_as_the_fault(tmp_path):
    with pytest.raises(FileAccessError, match=r"Cannot write report\.html"):
        write_whole(tmp_path / "nowhere" / "report.html", b"")


def test_an_explanation_stands_alone(build):
    full = build(48, 5)
    content = ExplanationContent(full.dataset, full.explanations, "0.1.0", "2026-11-22")
    outline = Outline(page := render_explanation(content, "ja"))
    assert not re.search(r"https?:|//\w|@import|url\(", page)
    assert "script" not in outline.tags
    assert outline.tags.count("svg") == 3 + len(full.dataset.feature_columns)
