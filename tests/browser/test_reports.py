"""Reports in a real browser: silent and safe, the profiler predicts what Python predicts.

Nothing lies on anything else: on a phone, a tablet, a desk and on paper. One file, since its
studies are costly and each worker makes those of its files.
"""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from .conftest import HOSTILE, REPORTS

pytestmark = pytest.mark.slow

# sets factors by their labels through the page's own controls, then reads the prediction
SET = """(settings) => new Promise((done) => {
  for (const [label, value] of settings) {
    for (const input of document.querySelectorAll("#profiler .typed, #profiler select")) {
      if (input.ariaLabel !== label) continue;
      input.value = value;
      input.dispatchEvent(new Event(input.matches("select") ? "change" : "input"));
    }
  }
  requestAnimationFrame(() => setTimeout(() =>
    done(document.getElementById("profiler-value").value)));
})"""


class Opened:
    """A report in a tab, with all that it tried to do."""

    def __init__(self, browser, content, path):
        self.content, self.told = content, []
        self.page = browser.new_page(viewport={"width": 1400, "height": 900})
        self.page.route("**/*", self.pass_on)
        self.page.on("dialog", lambda dialog: (self.told.append(dialog.message), dialog.dismiss()))
        self.page.on("console", lambda message: self.told.append(message.text))
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        self.uri = path.as_uri()
        self.page.goto(self.uri)

    def pass_on(self, route):
        if route.request.url == self.uri:
            route.continue_()
        else:
            self.told.append(route.request.url)
            route.abort()

    def predict(self, settings):
        return float(self.page.evaluate(SET, settings))

    def prediction(self):
        return float(self.page.locator("#profiler-value").get_attribute("value"))


@pytest.fixture(scope="module", params=REPORTS)
def opened(request, browser, studies):
    found = Opened(browser, *studies(request.param))
    yield found
    found.page.close()


def random_settings(content, rng):
    """Return a setting for each factor that varies, as the page takes it and as encoded."""
    found, given = content.what_if, []
    encoded = np.zeros((1, found.predictor.rows.shape[1]))
    cards = {k: card for card, k in enumerate(ordered(content))}
    for k, factor in enumerate(found.factors):
        if not factor.positions:
            continue
        if factor.levels is None:
            value = rng.uniform(factor.low, factor.high)
            encoded[0, factor.positions[0]] = value
        else:
            value = int(rng.integers(-1, len(factor.levels)))
            if value >= 0:
                encoded[0, factor.positions[value]] = 1.0
        given.append((cards[k], value))
    return given, encoded


def ordered(content):
    weight = content.explanations[0].importance
    ranked = np.argsort(-weight, kind="stable").tolist()
    return [k for k in ranked if content.what_if.factors[k].positions]


def test_the_profiler_predicts_what_python_predicts(opened):
    rng, found = np.random.default_rng(0), opened.content.what_if
    labels = opened.page.locator("#profiler figure .label").all_text_contents()
    assert len(set(labels)) == len(labels)
    for _ in range(10):
        given, encoded = random_settings(opened.content, rng)
        shown = opened.predict([[labels[card], str(value)] for card, value in given])
        expected = found.predictor.predict(encoded)[0]
        assert shown == pytest.approx(expected, rel=1e-6, abs=1e-9 * opened.content.dataset.y.std())


def test_a_row_of_the_file_gives_the_fitted_value(opened):
    found = opened.content.what_if
    rows = opened.page.locator("#profiler-row")
    rows.select_option(label=str(found.row_numbers[7]))
    opened.page.wait_for_timeout(50)
    expected = found.predictor.predict(found.predictor.rows[7:8])[0]
    assert opened.prediction() == pytest.approx(expected, rel=1e-6)
    assert str(found.row_numbers[7]) in opened.page.locator("#profiler-message").text_content()


def test_a_slider_obeys_the_keyboard_and_all_curves_follow(opened):
    opened.page.locator("#profiler-reset").click()
    curves = opened.page.locator("#profiler svg.profile")
    before, drawn = opened.prediction(), curves.evaluate_all("all => all.map(e => e.innerHTML)")
    opened.page.locator("#profiler .slider").first.focus()
    for _ in range(5):
        opened.page.keyboard.press("ArrowRight")
    opened.page.wait_for_timeout(50)
    assert opened.prediction() != before
    after = curves.evaluate_all("all => all.map(e => e.innerHTML)")
    assert all(old != new for old, new in zip(drawn, after, strict=True))


def test_settings_are_copied_as_rows_for_excel(opened):
    opened.page.locator("#profiler-reset").click()
    opened.page.locator("#profiler-copy").click()
    text = opened.page.locator("#profiler-text").input_value()
    head, values = csv.reader(io.StringIO(text), delimiter="\t")
    data = opened.content.dataset
    assert len(head) == len(values) == len(data.feature_columns) + 3
    assert not [cell for cell in (*head, *values) if cell.startswith(("=", "+", "@"))]
    assert head[0] == data.feature_columns[0].name
    assert float(values[-3]) == opened.prediction()
    half = opened.content.what_if.half_width
    assert float(values[-1]) - float(values[-2]) == pytest.approx(2 * half)


def test_a_number_outside_the_range_is_refused_with_the_range(opened):
    opened.page.locator("#profiler-reset").click()
    opened.page.wait_for_timeout(50)
    before, box = opened.prediction(), opened.page.locator("#profiler .typed").first
    box.fill("1e9")
    assert box.get_attribute("aria-invalid") == "true"
    assert opened.page.locator("#profiler-message").text_content()
    opened.page.locator("#profiler-reset").click()
    assert box.get_attribute("aria-invalid") == "false"
    assert opened.prediction() == before


def test_it_fits_a_phone_and_prints(opened):
    opened.page.set_viewport_size({"width": 390, "height": 800})
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert opened.page.pdf(format="A4").startswith(b"%PDF")
    opened.page.set_viewport_size({"width": 1400, "height": 900})


def test_nothing_is_requested_and_nothing_is_said(opened):
    # the last test of each report: what the ones before it did counts too
    opened.page.mouse.move(300, 300)
    assert opened.told == []


def test_hostile_names_are_shown_as_they_are(browser, studies):
    opened = Opened(browser, *studies("hostile"))
    labels = opened.page.locator("#profiler figure .label").all_text_contents()
    assert {HOSTILE[0], HOSTILE[3]} <= set(labels)
    assert opened.page.locator("#profiler img, #profiler b, #profiler i").count() == 0
    assert opened.told == []
    opened.page.close()


def test_without_javascript_the_section_says_so(browser, studies):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(studies("heat_treatment")[1].as_uri())
    assert page.locator("#profiler-off").is_visible()
    assert not page.locator("#profiler-app").is_visible()
    context.close()


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
