import numpy as np
import pytest

from ntkreg.evaluation.metrics import overall_scores, scores


def test_perfect_prediction():
    y = np.array([1.0, 2.0, 4.0])
    assert scores(y, y).r2 == 1.0
    assert scores(y, y).rmse == scores(y, y).mae == 0.0


def test_r2_has_no_meaning_for_a_constant_or_a_single_row():
    assert np.isnan(scores(np.ones(3), np.array([1.0, 2.0, 3.0])).r2)
    assert np.isnan(scores(np.ones(1), np.ones(1)).r2)


def test_r2_of_the_mean_is_zero_and_worse_is_negative():
    y = np.array([0.0, 2.0, 4.0])
    assert scores(y, np.full(3, 2.0)).r2 == 0.0
    assert scores(y, np.full(3, 9.0)).r2 < 0


def test_overall_is_the_mean_over_repeats_and_leaves_out_untested_rows():
    y = np.array([1.0, 2.0, 3.0, 5.0])
    predictions = np.array([[np.nan, 2.0, 4.0, 5.0], [1.0, 2.0, 3.0, 7.0]])
    assert overall_scores(y, predictions).mae == pytest.approx((1 / 3 + 2 / 4) / 2)
    assert overall_scores(y, predictions).rmse == pytest.approx((np.sqrt(1 / 3) + 1) / 2)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        scores(np.ones(3), np.ones(2))
