"""The profiler's section: what is embedded, under which policy, and what is said of it."""

import base64
import dataclasses
import hashlib
import json
import re

import numpy as np
import pytest

from ntkreg.decision.what_if import Factor, WhatIf, factors_of
from ntkreg.ntk import NTKKernelRegressor
from ntkreg.ntk.portable_fit import make_portable
from ntkreg.preprocessing import TableEncoder
from ntkreg.reporting.page import render
from ntkreg.reporting.sections import profiler
from ntkreg.reporting.view import View

SCRIPT = re.compile(r"<script( [^>]*)?>(.*?)</script>", re.S)


def with_what_if(content, **changes):
    data = content.dataset
    encoder = TableEncoder().fit(data.features)
    rows = encoder.transform(data.features)
    model = NTKKernelRegressor(n_jobs=1, metric=None, activation="relu", depth=1).fit(rows, data.y)
    found = WhatIf(
        predictor=make_portable(model.members_, rows),
        factors=factors_of(encoder, data),
        row_numbers=data.row_numbers,
        model="ntk-kernel",
        n_training=data.n_rows,
        half_width=0.5,
        confidence=0.9,
        projection_error=0.012,
        chosen_difference=0.34,
    )
    return dataclasses.replace(content, what_if=dataclasses.replace(found, **changes))


@pytest.fixture(scope="module")
def content(build):
    return with_what_if(build(60, 5, explanations=()))


@pytest.fixture(scope="module")
def page(content):
    return render(content, "ja")


@pytest.fixture(scope="module")
def document(page):
    return json.loads(SCRIPT.findall(page)[0][1])


def unpack(packed):
    if isinstance(packed, list):
        return np.array(packed, dtype=np.float64)
    return np.frombuffer(base64.b64decode(packed["f8"]), dtype="<f8")


def test_one_script_runs_and_the_policy_names_it_by_hash(page):
    data, script = SCRIPT.findall(page)
    assert data[0] == ' type="application/json" id="profiler-data"'
    assert script[0] == ""
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert f"script-src &#39;sha256-{digest}&#39;;" in policy
    assert policy.startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
    assert not re.search(r"\beval\(|innerHTML|fetch\(|https?:|import\(|new Function", script[1])


def test_without_a_predictor_there_is_no_script_and_no_section(content):
    page = render(dataclasses.replace(content, what_if=None), "ja")
    assert "<script" not in page
    assert 'href="#profiler"' not in page


def test_numbers_are_embedded_exactly_and_equal_arrays_once(content, document):
    arrays = [unpack(packed) for packed in document["arrays"]]
    predictor = content.what_if.predictor
    np.testing.assert_array_equal(arrays[document["rows"]], predictor.rows.ravel())
    [member] = document["members"]
    np.testing.assert_array_equal(arrays[member["coefficients"]], predictor.members[0].coefficients)
    assert document["rowNumbers"] == content.dataset.row_numbers.tolist()
    assert len({array.tobytes() for array in arrays}) == len(arrays)


def test_every_column_can_be_set_and_copied_under_its_whole_name(content, document):
    names = [column.name for column in content.dataset.feature_columns]
    assert [factor["name"] for factor in document["factors"]] == names
    assert sorted(document["order"]) == list(range(len(names)))
    assert document["factors"][-1]["places"] == [0, 1, 2, -1]
    assert document["limits"] == [46.0]


@pytest.mark.parametrize("values", [[0.1, -0.0, 1e300, 5e-324, 2.0], [1 / 3] * 4, []])
def test_arrays_come_back_bit_by_bit(values):
    arrays = profiler.Arrays()
    number = arrays.add(np.array(values))
    back = unpack(json.loads(profiler.as_json(arrays.packed))[number])
    assert back.tobytes() == np.array(values, dtype=np.float64).tobytes()


def test_no_text_can_end_the_script_element():
    text = profiler.as_json({"</script>": "<!--&\u2028"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"</script>": "<!--&\u2028"}


def said(content, language="en"):
    section = profiler.profiler(View(content, language))
    return " ".join([*section["model"], *section["terms"]])


def test_another_model_than_the_recommended_one_is_named_with_its_distance(content):
    text = said(content)
    assert "another model than the recommended one (NTK network): NTK kernel" in text
    assert "differ by 0.34 MPa" in text
    assert "all 60 training rows" in text
    assert "--no-profiler" in text


def test_the_recommended_model_is_said_to_be_shown(content):
    chosen = dataclasses.replace(content.benchmark, chosen="ntk-kernel")
    assert "predictions of the recommended model (NTK kernel)" in said(
        dataclasses.replace(content, benchmark=chosen)
    )


def test_landmarks_and_a_missing_interval_are_said(content):
    found = dataclasses.replace(content.what_if, n_training=900, half_width=np.inf)
    content = dataclasses.replace(content, what_if=found)
    text = said(content)
    assert "Of 900 training rows the page holds 60" in text
    assert "0.012 MPa" in text
    assert "there is no band" in text
    assert profiler.document(View(content, "ja"), found)["half"] is None


@pytest.mark.parametrize(
    ("low", "high", "decimals", "expected"),
    [
        (10.0, 30.0, 1, (9.0, 31.0, 0.1)),
        (0.0, 1.0, 0, (0.0, 1.0, 1.0)),
        (0.2, 9.8, 2, (0.0, 10.25, 0.05)),
        (-4.0, -0.1, 1, (-4.1, 0.0, 0.1)),
        (1e-7, 3e-7, 6, (9e-8, 3.1e-7, 1e-9)),
    ],
)
def test_sliders_end_at_round_values_a_little_outside(low, high, decimals, expected):
    span = profiler.span_of(Factor((0,), None, low, high, low), decimals)
    assert (span["low"], span["high"], span["step"]) == pytest.approx(expected)
    assert span["low"] <= low
    assert span["high"] >= high
    assert len(span["places"]) == 33
