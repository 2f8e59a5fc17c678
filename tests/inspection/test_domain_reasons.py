"""A row outside the domain says which value is unusual, in words of the user's table."""

import numpy as np
import pandas as pd
import pytest

from ntkreg.inspection import fit_domain
from ntkreg.inspection.domain.reasons import outside_reasons

LABELS = ["温度[℃]", "保圧", "材質"]


@pytest.fixture
def domain(rng):
    warm = np.r_[rng.uniform(40, 80, 150), 40.0, 80.0]
    table = pd.DataFrame(
        {
            "f0": warm,
            "f1": 2 * warm + rng.normal(size=152),
            "f2": pd.Series(rng.choice(["A", "B"], 152), dtype=object),
        }
    )
    return fit_domain(table, LABELS)


def reason(domain, *cells, language="en"):
    row = pd.DataFrame([cells], columns=["f0", "f1", "f2"]).astype({"f2": object})
    found = outside_reasons(domain, row)[0]
    return None if found is None else found.text(language)


def test_a_row_inside_has_no_reason(domain):
    assert reason(domain, 60.0, 121.0, "A") is None
    assert reason(domain, np.nan, 121.0, None) is None


def test_a_number_beyond_its_range_is_named_with_the_range(domain):
    assert "温度[℃] 12.3 beyond 40 to 80" in reason(domain, 12.3, 100.0, "A")
    assert "温度[℃] 12.3（学習時 40～80）" in reason(domain, 12.3, 100.0, "A", language="ja")


def test_an_unseen_level_is_named(domain):
    assert "材質 Z, a level not seen" in reason(domain, 60.0, 120.0, "Z")


def test_a_value_that_breaks_what_the_columns_have_in_common_is_named(domain):
    text = reason(domain, 60.0, 135.0, "A")
    assert "保圧 135 does not go with" in text or "温度[℃] 60 does not go with" in text
    assert "suggest about" in text


def test_a_gap_between_the_training_rows_names_what_differs_from_the_nearest():
    rng = np.random.default_rng(1)
    low, high = rng.uniform(0, 1, size=(60, 2)), rng.uniform(9, 10, size=(60, 2))
    domain = fit_domain(
        pd.DataFrame(np.vstack([low, high]), columns=["f0", "f1"]), ["速度", "回転"]
    )
    row = pd.DataFrame({"f0": [5.0], "f1": [5.0]})
    text = outside_reasons(domain, row)[0].text("en")
    assert "no training row is near" in text
    assert "速度 (5 against" in text


def test_several_unusual_values_together_are_listed(rng):
    table = pd.DataFrame(rng.uniform(size=(300, 4)), columns=list("abcd"))
    domain = fit_domain(table)
    corner = pd.DataFrame([[0.0, 1.0, 0.0, 1.0]], columns=list("abcd"))
    ratios = domain.ratios(corner)[0]
    found = outside_reasons(domain, corner)[0]
    assert (found is None) == bool(ratios.max() <= 1)


def test_the_leverage_of_a_training_row_is_that_against_the_others(rng):
    rows = rng.normal(size=(30, 3))
    domain = fit_domain(pd.DataFrame(rows, columns=list("abc")))
    centred = domain.points - domain.points.mean(axis=0)
    others = np.delete(centred, 0, axis=0)
    products = others.T @ others + 0.01 * 30 * np.eye(3)
    own = centred[0] @ np.linalg.solve(products, centred[0])
    assert domain._leverage.own[0] == pytest.approx(own)
