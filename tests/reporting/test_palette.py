"""Contrast of the page's colours, light and dark (WCAG 2.2: 1.4.3 for text, 1.4.11 for marks)."""

from __future__ import annotations

import re

import pytest

from ntkreg.reporting.charts.svg import COLOURS
from ntkreg.reporting.page import style_and_policy

TEXT, MARK = 4.5, 3.0
PAIRS = (
    *((ink, ground) for ink in ("ink", "soft", "accent") for ground in ("bg", "card", "faint")),
    *((kind, f"{kind}-soft") for kind in ("good", "warn", "bad", "off", "accent")),
    ("ink", "accent-soft"),
    ("soft", "accent-soft"),
    ("card", "accent"),
    ("bad", "card"),
)


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(scope="module", params=["light", "dark"])
def palette(request):
    sets = re.findall(r":root\{(.*?)\}", str(style_and_policy()["style"]), re.S)
    mode = ("light", "dark").index(request.param)
    colours = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})\b", sets[mode]))
    return colours, {role: pair[mode] for role, pair in COLOURS.items()}


def test_text_can_be_read(palette):
    page, chart = palette
    faint = {pair: contrast(page[pair[0]], page[pair[1]]) for pair in PAIRS}
    faint |= {role: contrast(chart[role], page["card"]) for role in ("text", "ink")}
    assert {pair: value for pair, value in faint.items() if value < TEXT} == {}


def test_marks_can_be_seen(palette):
    page, chart = palette
    # grid, axes and the middle of a scale carry no value that text does not give
    marks = {role for role in chart if role.startswith("fold")} | {"chosen", "rival", "limit"}
    marks |= {"level1", "level5", "missing"}
    faint = {role: contrast(chart[role], page["card"]) for role in marks}
    assert {role: value for role, value in faint.items() if value < MARK} == {}
