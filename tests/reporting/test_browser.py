"""The page as a browser lays it out, at the width of a phone and of a desk."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import pytest

from ntkreg.messages import LANGUAGES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
# the page itself allows no script, so a frame around it measures
MEASURE = """
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument;
  const width = page.documentElement.clientWidth;
  const wide = [...page.querySelectorAll("body *")].filter(
    (e) => !e.closest(".scroll") && !e.matches(".skip") && !e.closest("details:not([open])") &&
      e.getBoundingClientRect().right > width + 1);
  const cut = [...page.querySelectorAll("svg.chart text")].filter((e) => {
    const card = e.closest("figure").getBoundingClientRect(), box = e.getBoundingClientRect();
    return box.left < card.left || box.right > card.right || box.bottom > card.bottom; });
  document.body.append(Object.assign(document.createElement("pre"), { textContent: JSON.stringify({
    width, scroll: page.documentElement.scrollWidth, styled: getComputedStyle(page.body).margin,
    wide: wide.map((e) => e.outerHTML.slice(0, 120)), cut: cut.map((e) => e.textContent) }) }));
});
"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wider_than_the_screen(pages, tmp_path, width, language):
    frame = f'<iframe style="width:{width}px;height:900px;border:0" srcdoc="{{}}"></iframe>'
    page = frame.format(html.escape(pages[language]))
    wrapper = tmp_path / "wrapper.html"
    wrapper.write_text(
        f"<!DOCTYPE html><meta charset=utf-8><script>{MEASURE}</script><body>{page}", "utf-8"
    )
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--window-size=1500,1000", "--dump-dom", wrapper.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found = json.loads(html.unescape(re.findall(r"<pre>(.*?)</pre>", done.stdout, re.S)[-1]))
    assert found["width"] <= width
    assert found["styled"] == "0px"
    assert found["scroll"] <= width
    assert found["wide"] == []
    assert found["cut"] == []
