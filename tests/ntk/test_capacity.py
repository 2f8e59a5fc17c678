"""The theory's numbers, estimated: a known spectrum gives them back."""

import numpy as np
import pytest

from ntkreg.messages import LANGUAGES
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.network.architecture import Architecture
from ntkreg.ntk.path import decompose
from ntkreg.ntk.regime.capacity import capacity_exponent, network_reasons, theory_reasons
from ntkreg.ntk.results import Branch, Prescription


def prescription(n_steps=100, learning_rate=0.5):
    return Prescription(
        "relu", 1.0, (Branch("relu", 1),), np.ones(3), 1.0, learning_rate, n_steps, 10, 2, 2.0, 8.0,
        0.1, 0.2, (), (),
    )  # fmt: skip


@pytest.mark.parametrize("gamma", [0.25, 0.5, 0.8])
def test_a_power_law_gives_its_exponent_back(gamma):
    fit = capacity_exponent(3.0 * np.arange(1.0, 201.0) ** (-1 / gamma))
    assert fit.exponent == pytest.approx(gamma, rel=1e-9)
    assert (fit.first, fit.last) == (5, 50)
    assert fit.factor == pytest.approx(3.0)


def test_the_first_and_the_last_ranks_do_not_count():
    values = np.arange(1.0, 201.0) ** -2.0
    disturbed = values.copy()
    disturbed[:4] *= 50
    disturbed[50:] *= 0.1
    assert capacity_exponent(disturbed) == capacity_exponent(values)


def test_an_exponent_above_one_is_one():
    assert capacity_exponent(np.arange(1.0, 201.0) ** -0.5).exponent == 1.0


@pytest.mark.parametrize(
    "values", [np.arange(1.0, 45.0) ** -2, np.ones(200), np.zeros(200), np.eye(1, 200)[0]]
)
def test_what_is_no_power_law_has_no_exponent(values):
    assert capacity_exponent(values) is None


def test_the_relu_kernel_on_the_circle_has_the_exponent_of_theory():
    # decay k^-2 in frequency, two eigenvalues each: gamma = p/(p+1) = 1/2 for p = 1
    angle = 2 * np.pi * np.arange(400) / 400
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    values = decompose(gram(circle, None, (Branch("relu", 2),))).values
    assert capacity_exponent(values).exponent == pytest.approx(0.5, abs=0.05)


def test_training_time_is_put_against_the_power_of_the_theory():
    values = np.arange(1.0, 401.0) ** -2.0
    capacity, reasons = theory_reasons(values, prescription(n_steps=100), 400)
    found = {reason.name: reason for reason in reasons}
    assert capacity.exponent == pytest.approx(0.5)
    assert found["n_rows"].value == 400
    time = 0.5 * 100 * values.sum()
    assert found["time"].value == pytest.approx(time)
    said = found["time"].sentence
    assert said.code == "I224"
    assert said.values["reference"] == pytest.approx(400 ** (2 / 3), rel=5e-3)
    assert said.values["constant"] == pytest.approx(time / 400 ** (2 / 3), rel=5e-3)


@pytest.mark.parametrize(("n_steps", "n_rows", "code"), [(10**6, 400, "I225"), (100, 30, "I223")])
def test_a_time_beyond_the_theory_or_too_few_rows_are_said(n_steps, n_rows, code):
    values = np.arange(1.0, n_rows + 1.0) ** -2.0
    _, reasons = theory_reasons(values, prescription(n_steps), n_rows)
    assert reasons[-1].sentence.code == code
    assert all(reason.sentence.text(lang) for reason in reasons for lang in LANGUAGES)


def test_nothing_is_said_to_come_from_theory_but_the_form():
    _, reasons = theory_reasons(np.arange(1.0, 401.0) ** -2.0, prescription(), 400)
    more = network_reasons(Architecture((Branch("relu", 1),), 256, 4), "gd", frozenset({"width"}))
    assert {reason.origin for reason in reasons} == {"data"}
    assert [reason.origin for reason in more] == ["user", "default", "default"]
