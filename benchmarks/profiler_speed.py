"""The profiler of a report in a headless browser: time of a move, agreement with Python, size.

    python benchmarks/profiler_speed.py --rows 500 --columns 20

A made table is studied with two fast models, so that what is timed is the page. A move is one step
of a slider; its time is that of the script from the new setting to the last drawn curve, as the
page itself takes it, without the browser's painting.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ntkreg.reporting import write_report
from ntkreg.study import run_study

MOVE = """(k) => new Promise((done) => {
  const sliders = document.querySelectorAll("#profiler .slider");
  const app = document.getElementById("profiler-app");
  const slider = sliders[k % sliders.length], share = ((k * 37) % 100) / 100;
  slider.value = String(+slider.min + share * (slider.max - slider.min));
  slider.dispatchEvent(new Event("input"));
  requestAnimationFrame(() => setTimeout(() => done(+app.dataset.milliseconds)));
})"""
SET = """(values) => new Promise((done) => {
  document.querySelectorAll("#profiler .typed").forEach((input, k) => {
    input.value = String(values[k]);
    input.dispatchEvent(new Event("input"));
  });
  const shown = document.getElementById("profiler-value");
  requestAnimationFrame(() => setTimeout(() => done(shown.value)));
})"""


def make_table(n_rows: int, n_columns: int, path: Path) -> None:
    """Write a table of numbers, some with long tails, one with few levels."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(n_rows, n_columns)).round(3)
    y = np.abs(values[:, 0]) + 0.5 * values[:, 1] * values[:, 2] + values[:, 3:6] @ [1, 0.5, 0.2]
    values[:, 3:9] = np.exp(values[:, 3:9]).round(3)
    values[:, 9] = rng.integers(1, 5, n_rows)
    frame = pd.DataFrame(values, columns=[f"column {k}" for k in range(n_columns)])
    frame.assign(y=y + 0.2 * rng.normal(size=n_rows)).to_csv(path, index=False)


def measure(page: Any, study: Any, n_settings: int) -> dict[str, float]:
    """Move every slider many times, and compare random settings with Python."""
    moves = np.array([page.evaluate(MOVE, k) for k in range(300)])[50:]
    found = study.content.what_if
    labels = page.locator("#profiler .typed").evaluate_all("e => e.map(x => x.ariaLabel)")
    names = [column.name for column in study.content.dataset.feature_columns]
    order = [names.index(label) for label in labels]
    low, high = (np.array([getattr(f, end) for f in found.factors]) for end in ("low", "high"))
    rng = np.random.default_rng(1)
    settings = rng.uniform(low, high, size=(n_settings, len(names)))
    settings[: n_settings // 4] = found.predictor.rows[: n_settings // 4]
    shown = np.array([float(page.evaluate(SET, row[order].tolist())) for row in settings])
    expected = found.predictor.predict(settings)
    return {
        "median_ms": float(np.median(moves)),
        "p95_ms": float(np.quantile(moves, 0.95)),
        "largest_ms": float(moves.max()),
        "largest_relative_difference": float(np.abs(shown / expected - 1).max()),
        "largest_difference_in_sd": float(
            np.abs(shown - expected).max() / study.content.dataset.y.std()
        ),
        "projection_error_in_sd": found.projection_error / float(study.content.dataset.y.std()),
    }


def main() -> None:
    """Study, write, open, measure, print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--settings", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        table, report = Path(folder) / "table.csv", Path(folder) / "report.html"
        make_table(options.rows, options.columns, table)
        study = run_study(table, "y", names=["ridge", "mean"])
        write_report(study.content, report, "ja")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        start = time.perf_counter()
        page.goto(report.as_uri())
        page.wait_for_function(
            "() => document.getElementById('profiler-value').value !== ''", polling=10
        )
        opened = time.perf_counter() - start
        numbers = measure(page, study, options.settings)
        size = report.stat().st_size
        section = len(page.locator("#profiler-data").text_content().encode())
        browser.close()
    parts = study.seconds["profiler"]
    members = study.content.what_if.predictor.members
    print(f"{sum(member.profile is not None for member in members)} kernels with hidden layers")
    print(f"{options.rows} rows x {options.columns} columns: report {size / 1e6:.2f} MB,")
    print(f"of which the profiler's data {section / 1e6:.2f} MB;")
    print(f"interactive after {opened:.2f} s; predictor made in {parts:.2f} s")
    for name, value in numbers.items():
        print(f"{name:>28s} {value:.3g}")


if __name__ == "__main__":
    main()
