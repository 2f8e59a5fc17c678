import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import estimator_checks_generator

from ntkreg.preprocessing import TableEncoder


@pytest.mark.parametrize(("estimator", "check"), list(estimator_checks_generator(TableEncoder())))
def test_meets_the_scikit_learn_contract(estimator, check):
    check(clone(estimator))


def test_missing_number_is_filled_with_the_training_median():
    encoder = TableEncoder().fit([[1.0], [3.0], [8.0], [np.nan]])
    assert encoder.transform([[np.nan]]) == pytest.approx(3.0)


def test_constant_columns_are_dropped_and_the_index_tells_which_stayed():
    X = pd.DataFrame({"k": [2.0, 2.0, np.nan], "e": [np.nan] * 3, "x": [1.0, 2.0, 3.0]})
    encoder = TableEncoder().fit(X)
    assert encoder.feature_index_.tolist() == [2]
    assert encoder.get_feature_names_out().tolist() == ["x"]


def test_level_seen_once_and_unknown_level_and_missing_are_all_zeros():
    X = pd.DataFrame({"m": ["a", "a", "b", "b", "rare", None]})
    encoder = TableEncoder().fit(X)
    assert encoder.get_feature_names_out().tolist() == ["m=a", "m=b"]
    encoded = encoder.transform(pd.DataFrame({"m": ["rare", "new", None, "b"]}))
    assert encoded.tolist() == [[0, 0], [0, 0], [0, 0], [0, 1]]


@pytest.mark.parametrize("dtype", [object, "str", "category", "string"])
def test_text_columns_of_every_dtype_encode_alike(dtype):
    X = pd.DataFrame({"m": pd.Series(["a", "b", "a", "b"], dtype=dtype)})
    assert TableEncoder().fit_transform(X).tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]


def test_nullable_and_boolean_columns_are_numbers():
    X = pd.DataFrame({"i": pd.array([1, None, 3], dtype="Int64"), "b": [True, False, True]})
    assert TableEncoder().fit_transform(X).tolist() == [[1, 1], [2, 0], [3, 1]]


def test_a_wholly_empty_text_column_at_predict_time_still_encodes():
    encoder = TableEncoder().fit(pd.DataFrame({"x": [1.0, 2.0, 4.0]}))
    assert encoder.transform(pd.DataFrame({"x": [None]}, dtype=object)).tolist() == [[2.0]]


def test_dates_are_refused():
    X = pd.DataFrame({"day": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    with pytest.raises(ValueError, match="'day' holds dates"):
        TableEncoder().fit(X)


def test_infinity_is_refused_with_its_place():
    with pytest.raises(ValueError, match=r"'x' contains infinity \(row 1"):
        TableEncoder().fit(pd.DataFrame({"x": [1.0, np.inf]}))


def test_empty_table_is_refused():
    with pytest.raises(ValueError, match="0 rows"):
        TableEncoder().fit(pd.DataFrame({"x": []}, dtype=float))


def test_columns_in_another_order_are_refused():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    with pytest.raises(ValueError, match="feature names should match"):
        TableEncoder().fit(X).transform(X[["b", "a"]])


def test_names_must_be_those_of_fit():
    encoder = TableEncoder().fit(pd.DataFrame({"a": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="not equal to feature_names_in_"):
        encoder.get_feature_names_out(["b"])
