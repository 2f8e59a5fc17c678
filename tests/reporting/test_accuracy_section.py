"""Points that say which row of the user's file they are."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest

from ntkreg.reporting.sections.accuracy import accuracy
from ntkreg.reporting.view import View

POINT = re.compile(r"<circle[^>]*><title>([^<]*)</title></circle>")


@pytest.fixture(scope="module")
def charts(content):
    found = accuracy(View(content, "en"))
    return [item["chart"] for item in (*found["scatters"], *found["residuals"][:2])]


def test_every_point_names_sheet_row_and_values(content, charts):
    data, rows = content.dataset, View(content, "en").held_out(content.benchmark.of("ntk"))
    for chart in charts:
        names = [html.unescape(name) for name in POINT.findall(chart)]
        assert len(names) == chart.count("<circle") == data.n_rows
        assert names[3].startswith(
            f"Sheet “測定値”, row {data.row_numbers[3]} ({data.groups[3]}): "
        )
    assert f"actual {rows.actual[3]:.4g}, predicted {rows.predicted[3]:.4g}" in html.unescape(
        POINT.findall(charts[0])[3]
    )


def test_the_name_belongs_to_the_point(content, charts):
    """The higher the prediction in a name, the higher its point is drawn."""
    drawn = re.findall(r'cy="([\d.]+)"[^>]*><title>[^<]*predicted ([\d.]+)', charts[0])
    y, predicted = np.array(drawn, dtype=float).T
    assert len(y) == content.dataset.n_rows
    assert np.corrcoef(y, predicted)[0, 1] == pytest.approx(-1.0, abs=1e-4)
