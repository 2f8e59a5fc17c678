"""How columns are spread, where cells are missing, and which columns move together."""

import dataclasses
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ntkreg.messages import LANGUAGES
from ntkreg.reporting.charts import columns as column_charts
from ntkreg.reporting.charts import table as table_charts
from ntkreg.reporting.sections import knowledge, shap, table
from ntkreg.reporting.view import View


def bars(chart):
    """Heights of the first path's bars."""
    return [float(h) for h in re.findall(r"v([\d.]+)", re.search(r' d="([^"]*)"', chart)[1])]


@pytest.fixture(scope="module")
def holed(build):
    """Numbers with gaps, a twin, a mirrored twin, and a category that fixes a number."""
    content = build(120, 9)
    features = content.dataset.features.copy()
    features.iloc[10:40, 2] = np.nan
    features["f4"] = features["f3"] + 0.5 * np.arange(120) % 2
    features["f5"] = 300 - features["f3"]
    features.iloc[5, 8] = None
    return dataclasses.replace(
        content, dataset=dataclasses.replace(content.dataset, features=features)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_target_comes_first_with_its_quartiles(content, language):
    items = table.distributions(View(content, language))["items"]
    assert items[0]["name"] == content.dataset.target.name
    assert items[0]["target"]
    assert [item["name"] for item in items[1:]] == [c.name for c in content.dataset.feature_columns]
    assert f"{np.median(content.dataset.y):.4g}" in items[0]["lines"][0]


def test_a_histogram_counts_every_row_of_its_range():
    rng = np.random.default_rng(0)
    heights = bars(column_charts.histogram(rng.uniform(size=4000), "chosen", ""))
    assert 8 <= len(heights) <= 20
    assert min(heights) > 0.7 * max(heights)


def test_few_settings_are_bars_at_their_places():
    chart = column_charts.histogram(np.repeat([10.0, 12.0, 20.0], [4, 4, 2]), "chosen", "")
    first, second, third = (
        float(x) for x in re.findall(r"M([\d.]+) ", re.search(r' d="([^"]*)"', chart)[1])
    )
    assert (third - first) / (second - first) == pytest.approx(5.0, rel=0.02)
    assert bars(chart)[0] == bars(chart)[1] == 2 * bars(chart)[2]


def test_a_far_value_does_not_press_the_others_together():
    values = np.append(np.linspace(1, 2, 200), 540.0)
    assert column_charts.shown_range(values) == (1.0, 2.0)
    assert column_charts.shown_range(np.ones(5)) == (1.0, 1.0)
    assert column_charts.shown_range(np.append(values, np.full(30, 40.0))) == (1.0, 540.0)


@pytest.mark.parametrize("values", [[], [3.0], [-1e308, 1e308], [2.0, 2.0]])
def test_what_has_no_range_makes_no_trouble(values):
    chart = column_charts.histogram(np.array(values), "chosen", "")
    assert (chart is None) == (len(values) == 0 or values[-1] == 1e308)


def test_levels_beyond_five_are_put_together():
    chart = column_charts.levels(
        list("abcdefg"), [9, 8, 7, 6, 5, 4, 3], "{count} others", "chosen", ""
    )
    texts = [node.text for node in ElementTree.fromstring(chart).iter("text")]
    assert texts == ["a", "9", "b", "8", "c", "7", "d", "6", "3 others", "12"]


def test_gaps_are_told_and_drawn(holed, content):
    found = table.gaps(View(holed, "en"))
    assert "32 of 120 rows" in found["text"]
    assert "射出速度[mm/s] (30)" in found["text"]
    missing = np.isnan(np.asarray(content.dataset.features.iloc[:, :3], dtype=float))
    whole = dataclasses.replace(
        content,
        dataset=dataclasses.replace(content.dataset, features=content.dataset.features.fillna(0)),
    )
    assert missing.sum() == 1
    assert table.gaps(View(whole, "en")) is None


def test_the_map_shows_rows_in_the_order_of_the_file():
    missing = np.zeros((1000, 1), dtype=bool)
    missing[500:] = True
    chart = table_charts.missing_map(missing, ["温度"], ("2", "1001", "row"), "")
    drawn = ElementTree.fromstring(chart).findall("path")[1].get("d")
    places = [float(x) for x in re.findall(r"M([\d.]+) ", drawn)]
    assert len(places) == 50
    assert min(places) == table_charts.WIDTH / 2


def test_clusters_are_listed_framed_and_marked(holed):
    found = table.together(View(holed, "ja"))
    assert [group["columns"] for group in found["clusters"]] == ["保圧[MPa]、保圧時間、冷却時間"]
    assert found["clusters"][0]["mark"] == "Ⓐ"
    assert found["pairs"][0]["strength"] in ("+1.00", "−1.00")
    assert 'fill="none"' in found["chart"]
    assert found["mixed"]


def test_a_wide_table_says_what_was_left_out(build):
    content = build(60, 90)
    view = View(content, "en")
    spread, heat = table.distributions(view), table.together(view)
    assert len(spread["items"]) == table.MAX_COLUMNS + 1
    assert "50 more" in spread["more"]
    leading = content.dataset.feature_columns[int(np.argmax(content.explanations[0].importance))]
    assert spread["items"][1]["name"] == leading.name
    assert "66 are left out" in heat["more"]


def test_names_are_escaped_in_the_charts():
    chart = table_charts.missing_map(
        np.ones((4, 1), dtype=bool), ["</svg><b>"], ("1", "4", ""), "<i>"
    )
    assert "<b>" not in chart
    assert "<i>" not in chart


def test_a_verdict_of_a_cluster_says_so_and_shows_the_sum(holed):
    names = ("保圧[MPa]", "保圧時間", "冷却時間")
    verdict = dataclasses.replace(holed.knowledge[0], cluster=names)
    content = dataclasses.replace(holed, knowledge=(verdict, holed.knowledge[2]))
    found = knowledge.knowledge(View(content, "ja"))
    first, second = found["rows"]
    assert first["cells"][0]["cluster"] == "連動する列"
    assert second["cells"][0]["cluster"] == ""
    assert found["clusters"] == ["保圧[MPa]、保圧時間、冷却時間"]
    assert "SHAP 値の合計" in first["pictures"][0]["chart"]
    assert first["pictures"][0]["note"].startswith("保圧[MPa]、保圧時間、冷却時間")


def test_shap_charts_mark_clusters_and_give_their_sum(holed):
    content = dataclasses.replace(holed, explanations=holed.explanations[:1])
    found = shap.shap(View(content, "en"))
    assert found["importance"].count("Ⓐ</text>") == 3
    assert found["strips"][0]["chart"].count("Ⓐ</text>") == 3
    joint = np.abs(content.explanations[0].values[:, 3:6].sum(axis=1)).mean()
    assert [group["mark"] for group in found["clusters"]] == ["Ⓐ"]
    assert f"{joint:.3g}" in found["clusters"][0]["sum"]
