import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import estimator_checks_generator

from ntkreg.evaluation import BlendRegressor, SmallTableLightGBM, TableModel
from ntkreg.ntk.prescription.stacking import stacking_weights
from ntkreg.preprocessing import TableEncoder


class _Remembers(RegressorMixin, BaseEstimator):
    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, _X, y, groups=None):
        self.groups_ = groups
        self.cv_prediction_ = np.asarray(y) + self.shift
        return self

    def predict(self, X):
        return np.full(len(X), self.shift)


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        *estimator_checks_generator(TableModel(TableEncoder(), Ridge())),
        *estimator_checks_generator(
            BlendRegressor([("a", SmallTableLightGBM(max_rounds=10, n_folds=2))])
        ),
    ],
)
def test_meets_the_scikit_learn_contract(estimator, check):
    check(clone(estimator))


def test_groups_reach_the_regressor_and_those_that_take_none_do_without():
    X, y, groups = np.arange(6.0)[:, None], np.arange(6.0), np.repeat([1, 2], 3)
    model = TableModel(TableEncoder(), _Remembers()).fit(X, y, groups=groups)
    assert model.regressor_.groups_ is groups
    assert TableModel(TableEncoder(), Ridge()).fit(X, y, groups=groups).predict(X).shape == (6,)


def test_held_out_predictions_are_passed_on_where_there_are_any():
    X, y = np.arange(6.0)[:, None], np.arange(6.0)
    assert np.array_equal(TableModel(TableEncoder(), _Remembers()).fit(X, y).cv_prediction_, y)
    with pytest.raises(AttributeError, match="cv_prediction_"):
        _ = TableModel(TableEncoder(), Ridge()).fit(X, y).cv_prediction_


def test_names_of_the_table_are_kept():
    X = pd.DataFrame({"温度[℃]": np.arange(4.0), "材料": ["a", "b", "a", "b"]})
    model = TableModel(TableEncoder(), Ridge()).fit(X, np.arange(4.0))
    assert model.feature_names_in_.tolist() == ["温度[℃]", "材料"]


def test_opposite_errors_are_balanced():
    y = np.random.default_rng(0).normal(size=30)
    assert stacking_weights(np.column_stack([y + 1, y - 1]), y) == pytest.approx([0.5, 0.5])


def test_the_better_model_has_the_larger_weight_and_weights_sum_to_one():
    rng = np.random.default_rng(0)
    y = rng.normal(size=200)
    held_out = y[:, None] + rng.normal(size=(200, 3)) * [0.1, 1.0, 2.0]
    weights = stacking_weights(held_out, y)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0] > 0.9
    assert (weights >= 0).all()


def test_a_strong_prior_means_equal_weights():
    y = np.arange(20.0)
    held_out = np.column_stack([y + 0.1 * (-1) ** np.arange(20), y + 1.0])
    assert stacking_weights(held_out, y, prior=1e9) == pytest.approx([0.5, 0.5], abs=1e-3)


def test_weights_do_not_depend_on_the_unit_of_the_target():
    rng = np.random.default_rng(1)
    y = rng.normal(size=25)
    held_out = y[:, None] + rng.normal(size=(25, 2))
    expected = stacking_weights(held_out, y)
    assert stacking_weights(held_out * 1e9, y * 1e9) == pytest.approx(expected, rel=1e-5)
    assert stacking_weights(held_out * 1e-9, y * 1e-9) == pytest.approx(expected, rel=1e-5)


def test_two_perfect_models_share_the_weight():
    y = np.arange(5.0)
    assert stacking_weights(np.column_stack([y, y]), y).sum() == pytest.approx(1.0)


def test_blend_is_the_weighted_mean_of_its_models():
    X, y = np.arange(8.0)[:, None], np.arange(8.0)
    blend = BlendRegressor([("a", _Remembers(1.0)), ("b", _Remembers(-2.0))]).fit(X, y)
    assert blend.predict(X) == pytest.approx(blend.weights_ @ [1.0, -2.0])
    assert blend.cv_prediction_ == pytest.approx(y + blend.weights_ @ [1.0, -2.0])


def test_twins_have_equal_weights_whichever_is_better():
    X, y = np.arange(8.0)[:, None], np.arange(8.0)
    models = [(str(shift), _Remembers(shift)) for shift in (0.1, 0.3, -0.2)]
    blend = BlendRegressor(models, n_twins=2, prior=0.0).fit(X, y)
    assert blend.weights_ == pytest.approx([0.25, 0.25, 0.5])
    for n in (0, 4):
        with pytest.raises(ValueError, match=f"n_twins is {n}; allowed: 1 to 3"):
            BlendRegressor(models, n_twins=n).fit(X, y)


def test_a_table_in_which_nothing_varies_is_good_for_the_mean_only():
    X, y = np.ones((5, 2)), np.arange(5.0)
    assert TableModel(TableEncoder(), DummyRegressor()).fit(X, y).predict(X) == pytest.approx(2.0)
    with pytest.raises(ValueError, match="no column varies in the 5 training rows"):
        TableModel(TableEncoder(), Ridge()).fit(X, y)
