"""Rows of a new file: prediction, limits, flag and remark, in the file's order."""

import numpy as np
import pandas as pd
import pytest

from ntkreg.decision import IntervalResult, predict_rows
from ntkreg.inspection import fit_domain
from ntkreg.messages import Sentence

INTERVAL = IntervalResult(0.9, np.ones(20), 0.9, 2.5)


class Twice:
    def predict(self, table):
        with np.errstate(divide="ignore"):
            return 2 * table["f0"].fillna(0).to_numpy() + np.log(table["f1"].fillna(1).to_numpy())


@pytest.fixture
def domain(rng):
    table = pd.DataFrame({"f0": rng.normal(size=100), "f1": rng.uniform(0, 2, size=100)})
    return fit_domain(table, ["温度[℃]", "圧力"])


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def predicted(domain, rows, notes=None, language="en"):
    table = pd.DataFrame(rows, columns=["f0", "f1"], dtype=np.float64)
    notes = notes or [()] * len(table)
    return predict_rows(Twice(), table, notes, INTERVAL, domain, language)


def test_limits_lie_the_half_width_around_the_prediction(domain):
    found = predicted(domain, [[0.5, 1.0], [-0.5, 1.0]])
    assert found.prediction.tolist() == [1.0, -1.0]
    assert found.lower.tolist() == [-1.5, -3.5]
    assert found.upper.tolist() == [3.5, 1.5]
    assert found.in_domain.all()
    assert found.notes == ("", "")


def test_a_row_outside_is_flagged_with_the_columns_names(domain):
    found = predicted(domain, [[50.0, 1.0], [0.0, 1.0], [50.0, 99.0]])
    assert found.in_domain.tolist() == [False, True, False]
    assert "温度[℃] 50 beyond -2.828 to 3.323" in found.notes[0]
    assert found.notes[1] == ""
    assert "圧力 99 beyond" in found.notes[2]
    assert np.isfinite(found.prediction).all()


def test_a_value_that_does_not_go_with_the_others_is_named_with_what_they_suggest(rng):
    x = rng.normal(size=100)
    domain = fit_domain(pd.DataFrame({"f0": x, "f1": x + 5}))
    found = predicted(domain, [[1.5, 3.5]])
    assert not found.in_domain[0]
    assert "1.5 does not go with the other columns of this row, which suggest" in found.notes[0]


def test_rows_that_cannot_be_predicted_say_why_and_keep_their_place(domain):
    found = predicted(domain, [[0.0, 1.0], [np.nan, np.nan], [0.0, 0.0]])
    assert np.isnan(found.prediction).tolist() == [False, True, True]
    assert np.isnan(found.lower).tolist() == np.isnan(found.upper).tolist() == [False, True, True]
    assert found.in_domain.tolist() == [True, False, False]
    assert "every input cell" in found.notes[1]
    assert "no finite number" in found.notes[2]


def test_notes_of_the_reader_come_first_and_in_the_language_asked_for(domain):
    notes = [(Sentence("V000", {"text": "読取注意。"}),), ()]
    found = predicted(domain, [[50.0, 1.0], [np.nan, np.nan]], notes, "ja")
    assert found.notes[0].startswith("読取注意。学習データの範囲外です")
    assert "すべて空" in found.notes[1]


def test_no_rows_give_no_predictions(domain):
    found = predicted(domain, np.empty((0, 2)))
    assert len(found.prediction) == len(found.notes) == len(found.in_domain) == 0


def test_notes_must_match_the_rows(domain):
    with pytest.raises(ValueError, match="one entry for each row, got 1 for 2"):
        predicted(domain, [[0.0, 1.0], [0.0, 1.0]], [()])
