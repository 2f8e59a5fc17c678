"""The report: seconds to write it, its size, how soon it can be used in a browser, time of a move.

    python benchmarks/report_speed.py --rows 1500 --columns 20

A made table is studied with fast models, so that what is timed is the report: Shapley values and
verdicts are computed by the study, before. Each number is the median of five; every opening is a
new browser context, and ends when the profiler has drawn its first prediction and the browser two
frames after it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from profiler_speed import MOVE, make_table

from ntkreg.reporting import write_report
from ntkreg.study import run_study

REPEATS = 5
# seconds since the browser began to open the file
READY = """() => document.getElementById("profiler-value")?.value &&
  new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
    () => done(performance.now() / 1000))))"""


def write(content: Any, path: Path) -> float:
    """Return the seconds of writing the page once."""
    start = time.perf_counter()
    write_report(content, path, "ja")
    return time.perf_counter() - start


def open_and_move(browser: Any, path: Path) -> tuple[float, float]:
    """Return seconds until the page can be used, and the median milliseconds of a move."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(path.as_uri(), wait_until="commit")
    ready = page.wait_for_function(READY, polling="raf").json_value()
    moves = [page.evaluate(MOVE, k) for k in range(110)][10:]
    context.close()
    return float(ready), float(np.median(moves))


def main() -> None:
    """Study once, then write, open and move five times each."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--models", nargs="+", default=["ridge", "lightgbm-default", "mean"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        table, report = Path(folder) / "table.csv", Path(folder) / "report.html"
        make_table(options.rows, options.columns, table)
        content = run_study(table, "y", names=options.models).content
        first = write(content, report)
        seconds = [write(content, report) for _ in range(REPEATS)]
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        opened = [open_and_move(browser, report) for _ in range(REPEATS)]
        browser.close()
        size = report.stat().st_size
    ready, moved = np.median(opened, axis=0)
    print(f"{options.rows} rows x {options.columns} columns, {len(options.models)} models")
    print(f"written in {np.median(seconds):.2f} s ({first:.2f} s the first time)")
    print(f"{size / 1e6:.2f} MB; interactive after {ready:.2f} s; a move {moved:.1f} ms")


if __name__ == "__main__":
    main()
