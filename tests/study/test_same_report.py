"""The same file and settings give the same report, byte for byte, but for its date."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ntkreg.reporting.page import render
from ntkreg.study import run_study


@pytest.mark.slow
def test_a_run_twice_gives_the_same_report_but_for_the_date(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2)).round(3)
    y = (x[:, 0] - x[:, 1] ** 2 + 0.1 * rng.normal(size=30)).round(3)
    lines = [f"{a},{b},{c}" for (a, b), c in zip(x, y, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *lines]), encoding="utf-8")
    first, second = (
        run_study(tmp_path / "t.csv", "y", names=("lightgbm-default", "ridge"), seed=3)
        for _ in range(2)
    )
    assert first.seconds != second.seconds
    days = ("2026-01-02", "2026-01-03")
    pages = [
        render(dataclasses.replace(run.content, created=day), "en")
        for run, day in zip((first, second), days, strict=True)
    ]
    assert pages[0].count(days[0]) == 1
    assert pages[0].replace(*days) == pages[1]
