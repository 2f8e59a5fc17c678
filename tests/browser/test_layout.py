"""Nothing lies on anything else: on a phone, a tablet, a desk and on paper."""

from pathlib import Path

import pytest

from .conftest import REPORTS

pytestmark = pytest.mark.slow

FAULTS = Path(__file__).with_name("layout.js").read_text(encoding="utf-8")
# A4 less margins of 10 mm, in CSS pixels
PAPER = 718


@pytest.fixture(scope="module", params=REPORTS)
def page(request, browser, studies):
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(studies(request.param)[1].as_uri())
    yield page
    page.close()


def faults(page, width, *, on_paper=False):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(media="print" if on_paper else "screen")
    found = page.evaluate(FAULTS, on_paper)
    assert found["seen"] > 300
    return {kind: what for kind, what in found["faults"].items() if what}


@pytest.mark.parametrize("width", [390, 800, 1400])
def test_nothing_overlaps_or_is_cut_on_a_screen(page, width):
    assert faults(page, width) == {}


def test_nothing_overlaps_or_is_cut_on_paper(page):
    assert faults(page, PAPER, on_paper=True) == {}


def test_a_fault_is_found(page):
    page.evaluate("document.querySelector('#summary .note').style.marginTop = '-4em'")
    assert faults(page, 1400)["clashes"]


def test_the_keyboard_goes_from_the_contents_to_a_section(page):
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1400, "height": 900})
    page.reload()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("nav a[href='#accuracy']").focus()
    focus = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(focus) != "none"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('section').id") == "accuracy"
