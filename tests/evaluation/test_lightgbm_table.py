import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.utils.estimator_checks import estimator_checks_generator

from ntkreg.evaluation.lightgbm_table import DefaultLightGBM, SmallTableLightGBM
from ntkreg.evaluation.lightgbm_tuning import REPRODUCIBLE, SETTINGS, inner_folds, train


def _table(n, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.uniform(-1, 1, (n, 3)), columns=["温度[℃]", "圧力,上", "a:b"])
    return X, 3 * X.iloc[:, 0].to_numpy() + X.iloc[:, 1].to_numpy() ** 2


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        *estimator_checks_generator(SmallTableLightGBM(max_rounds=20, n_folds=2)),
        *estimator_checks_generator(DefaultLightGBM()),
    ],
)
def test_meets_the_scikit_learn_contract(estimator, check):
    check(clone(estimator))


def test_small_table_settings_beat_the_defaults_on_forty_rows():
    (X, y), (X_new, y_new) = _table(40), _table(200, seed=1)
    small, default = (
        np.mean((m.fit(X, y).predict(X_new) - y_new) ** 2)
        for m in (SmallTableLightGBM(), DefaultLightGBM())
    )
    assert np.ptp(DefaultLightGBM().fit(X[:38], y[:38]).predict(X_new)) == 0
    assert small < 0.5 * default


def test_the_header_never_reaches_lightgbm():
    X, y = _table(40)
    for model in (SmallTableLightGBM(max_rounds=20), DefaultLightGBM()):
        assert model.fit(X, y).booster_.feature_name() == ["f0", "f1", "f2"]
        assert model.feature_names_in_.tolist() == list(X.columns)


def test_repetition_changes_nothing():
    X, y = _table(60)
    first = SmallTableLightGBM(max_rounds=20).fit(X, y).predict(X)
    assert np.array_equal(SmallTableLightGBM(max_rounds=20).fit(X, y).predict(X), first)


def test_the_number_of_threads_changes_nothing():
    X, y = _table(60)
    matrix, params = X.to_numpy(), {**REPRODUCIBLE, "min_data_in_leaf": 5}
    one, two = (
        train({**params, "num_threads": n}, matrix, y, (), rounds=5).predict(matrix) for n in (1, 2)
    )
    assert two == pytest.approx(one, rel=1e-9)


def test_out_of_fold_predictions_have_the_error_they_claim():
    X, y = _table(50)
    model = SmallTableLightGBM(max_rounds=100).fit(X, y)
    assert model.cv_error_ == pytest.approx(np.sqrt(np.mean((model.cv_prediction_ - y) ** 2)))
    assert np.mean((model.predict(X) - y) ** 2) < model.cv_error_**2 < np.var(y)


def test_best_setting_is_one_of_the_list():
    X, y = _table(30)
    best = SmallTableLightGBM(max_rounds=40).fit(X, y).best_params_
    assert any(setting.items() <= best.items() for setting in SETTINGS)
    assert 1 <= best["num_iterations"] <= 40


def test_unknown_level_is_treated_as_missing():
    X = pd.DataFrame({"m": ["a", "b", "c"] * 12, "x": np.arange(36.0)})
    y = X["m"].map({"a": 0.0, "b": 5.0, "c": 9.0}).to_numpy()
    model = SmallTableLightGBM(max_rounds=100).fit(X, y)
    new = pd.DataFrame({"m": ["b", "new", None], "x": [3.0, 3.0, 3.0]})
    predicted = model.predict(new)
    assert predicted[0] == pytest.approx(5.0, abs=0.5)
    assert predicted[1] == predicted[2]


def test_inner_folds_keep_groups_whole():
    groups = np.repeat(["a", "b", "c", "d", "e"], 4)
    for rows, held_out in inner_folds(20, groups, 4, seed=0):
        assert not set(groups[rows]) & set(groups[held_out])


def test_one_group_is_no_reason_to_fail():
    assert len(inner_folds(20, ["a"] * 20, 4, seed=0)) == 4


@pytest.mark.parametrize("routing", [True, False])
def test_groups_reach_fit_in_cross_validate(routing):
    X, y = _table(24)
    groups = np.repeat(np.arange(6), 4)
    model = SmallTableLightGBM(max_rounds=10)
    options = {"cv": GroupKFold(3), "return_estimator": True, "return_indices": True}
    with config_context(enable_metadata_routing=routing):
        also = {} if routing else {"groups": groups}
        found = cross_validate(model, X, y, params={"groups": groups}, **also, **options)
    rows = found["indices"]["train"][0]
    expected = clone(model).fit(X.iloc[rows], y[rows], groups=groups[rows])
    assert np.array_equal(found["estimator"][0].cv_prediction_, expected.cv_prediction_)
    assert not np.array_equal(
        expected.cv_prediction_, clone(model).fit(X.iloc[rows], y[rows]).cv_prediction_
    )


def test_groups_of_another_length_are_refused():
    X, y = _table(12)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        SmallTableLightGBM().fit(X, y, groups=[1, 2])
