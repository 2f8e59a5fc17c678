import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from ntkreg.ntk import NTKKernelRegressor


@parametrize_with_checks(
    [
        NTKKernelRegressor(),
        NTKKernelRegressor(metric=None, depth=2),
        NTKKernelRegressor(metric=None, depth=1, stopping="interpolate"),
    ]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 3))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + 0.05 * rng.normal(size=60)


def test_data_frames_keep_their_names_and_give_the_same_predictions(table):
    X, y = table
    frame = pd.DataFrame(X, columns=["温度[℃]", "圧力", "t"])
    model = NTKKernelRegressor().fit(frame, y)
    assert list(model.feature_names_in_) == list(frame)
    np.testing.assert_array_equal(model.predict(frame), NTKKernelRegressor().fit(X, y).predict(X))


def test_several_targets_share_the_kernel_and_are_predicted_together(table):
    X, y = table
    both = NTKKernelRegressor().fit(X, np.column_stack([y, -y]))
    assert both.predict(X).shape == both.cv_prediction_.shape == (60, 2)
    np.testing.assert_allclose(both.predict(X)[:, 0], -both.predict(X)[:, 1], atol=1e-9)


def test_works_in_pipeline_grid_search_clone_and_pickle(table):
    X, y = table
    pipe = make_pipeline(StandardScaler(), NTKKernelRegressor())
    search = GridSearchCV(pipe, {"ntkkernelregressor__depth": [1, 2]}, cv=2).fit(X, y)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
    np.testing.assert_array_equal(clone(again).fit(X, y).predict(X), search.predict(X))


@pytest.mark.parametrize("routing", [False, True])
def test_groups_reach_the_inner_folds(table, routing):
    import sklearn

    X, y = table
    groups = np.repeat(np.arange(6), 10)
    with sklearn.config_context(enable_metadata_routing=routing):
        model = NTKKernelRegressor()
        if routing:
            model.set_fit_request(groups=True)
        params = {"groups": groups} if routing else None
        extra = {} if routing else {"groups": groups}
        scores = cross_validate(model, X, y, cv=GroupKFold(3), params=params, **extra)
    assert np.isfinite(scores["test_score"]).all()


def test_the_global_seed_is_not_touched(table):
    X, y = table
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - this is what must not change
    NTKKernelRegressor(random_state=None).fit(X, y)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"depth": 0}, "depth must be 'auto' or an integer >= 1, got 0"),
        ({"metric": "x"}, "metric must be one of"),
        ({"activation": "tanh"}, "activation must be 'auto' or one or more of"),
        ({"trained": "some"}, "trained must be one of"),
        ({"n_steps": -1}, "n_steps must be 'auto' or an integer >= 0, got -1"),
        ({"n_folds": 1}, "n_folds must be 'auto' or an integer >= 2, got 1"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_allowed(table, parameters, message):
    with pytest.raises(ValueError, match=message):
        NTKKernelRegressor(**parameters).fit(*table)


def test_groups_of_the_wrong_length_are_an_error(table):
    with pytest.raises(ValueError, match=r"groups must have shape \(60,\), got \(59,\)"):
        NTKKernelRegressor().fit(*table, groups=np.zeros(59))
