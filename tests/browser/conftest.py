"""One browser for all tests, and reports of the sample tables and of a hostile one."""

import csv
import shutil
from importlib.resources import files

import numpy as np
import pytest

from ntkreg.reporting import write_report
from ntkreg.study import run_study
from ntkreg_sample_data import TABLES

NAMES = ("ridge", "mean")
# the coating line has more rows than a page may hold; the first of them show that as well
MOST_LINES = 521
REPORTS = (*TABLES, "hostile")
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"' onmouseover='alert(1)' {{ 7*7 }} {name}",
    '=HYPERLINK("x")',
    "長い😀" * 2_500,
    "\u202eعمود اليمين",
)


def write_hostile(path):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(60, len(HOSTILE) - 1)).round(2)
    levels = np.array(["</script><b>", "=1+1", "السطح"])[rng.integers(3, size=60)]
    y = numbers[:, 0] + (levels == "=1+1") + 0.1 * rng.normal(size=60)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*HOSTILE, "<i>目的</i>"])
        writer.writerows([*row, level, v] for row, level, v in zip(numbers, levels, y, strict=True))
    return run_study(path, "<i>目的</i>", names=NAMES, usl=0.5)


def study_sample(name, folder):
    sample = TABLES[name]
    source = (files("ntkreg_sample_data") / sample.file).read_bytes()
    path = folder / sample.file
    if name == "coating_line":
        source = b"".join(source.splitlines(keepends=True)[:MOST_LINES])
    path.write_bytes(source)
    return run_study(path, sample.target, group=sample.group, names=NAMES)


@pytest.fixture(scope="session")
def studies(tmp_path_factory):
    """Return content and page of each report, made when it is first asked for."""
    made, folder = {}, tmp_path_factory.mktemp("reports")

    def study(name):
        if name not in made:
            hostile = name == "hostile"
            result = write_hostile(folder / "h.csv") if hostile else study_sample(name, folder)
            page = folder / f"{name}.html"
            write_report(result.content, page, "en" if hostile else "ja")
            made[name] = result.content, page
        return made[name]

    return study


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
