import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.estimator_checks import parametrize_with_checks

from ntkreg.ntk import NTKKernelRegressor, NTKRegressor
from ntkreg.ntk.training.as_prescribed import default_width

SMALL: dict[str, Any] = {"width": 32, "n_networks": 1}


@parametrize_with_checks(
    [
        NTKRegressor(),
        NTKRegressor(**SMALL, solver="gd", symmetry="top", trained="hidden", metric=None),
    ]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 3))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + 0.05 * rng.normal(size=60)


def rms(array):
    return float(np.sqrt(np.mean(np.square(array))))


def test_defaults_are_close_to_the_kernel_twin_on_unseen_rows(table):
    X, y = table
    others = np.random.default_rng(4).normal(size=(100, 3))
    net, kernel = NTKRegressor().fit(X, y), NTKKernelRegressor().fit(X, y)
    assert net.leading_.trace.outcome == "reached"
    assert net.n_iter_ == net.leading_.prescription.n_steps_accelerated
    assert rms(net.predict(others) - kernel.predict(others)) < 0.2 * y.std()


def test_plain_gradient_descent_takes_the_kernels_steps_and_ends_close_to_it(table):
    X, y = table
    options = {"metric": None, "n_steps": 300}
    net = NTKRegressor(solver="gd", width=512, **options).fit(X, y)
    kernel = NTKKernelRegressor(**options).fit(X, y)
    others = np.random.default_rng(4).normal(size=(100, 3))
    assert net.leading_.trace.learning_rate == net.leading_.prescription.learning_rate
    assert net.n_iter_ == 300
    assert rms(net.predict(others) - kernel.predict(others)) < 0.1 * y.std()


def test_the_flow_takes_the_plain_solvers_time_and_ends_close_to_small_steps(table):
    X, y = table
    options = {"width": 64, "n_networks": 1, "metric": None, "dtype": "float64"}
    flow = NTKRegressor(solver="flow", **options).fit(X, y)
    rate = flow.leading_.prescription.learning_rate / 8
    plain = NTKRegressor(solver="gd", learning_rate=rate, **options).fit(X, y)
    traces = flow.leading_.trace, plain.leading_.trace
    times = [trace.learning_rate * trace.n_steps for trace in traces]
    assert times[0] == pytest.approx(times[1])
    assert traces[0].outcome == "reached"
    others = np.random.default_rng(4).normal(size=(100, 3))
    assert rms(flow.predict(others) - plain.predict(others)) < 0.02 * y.std()


def test_a_flow_that_is_broken_off_says_so(table):
    model = NTKRegressor(**SMALL, solver="flow", max_steps=1).fit(*table)
    assert model.leading_.trace.outcome == "limit"
    assert "max_steps" in model.leading_.trace.sentence.hint("en")


def test_the_flow_is_for_small_tables():
    X = np.zeros((1_001, 1))
    with pytest.raises(ValueError, match="at most 1000 rows, got 1001; use 'accelerated'"):
        NTKRegressor(solver="flow").fit(X, X[:, 0])


def test_small_tables_get_wide_nets(table):
    X, y = table
    net = NTKRegressor(activation="relu", max_steps=1).fit(X, y)
    assert (net.leading_.architecture.width, net.leading_.architecture.n_networks) == (2_048, 2)
    assert [default_width(500, p, 1) for p in (3, 200, 600)] == [1_024, 512, 256]
    assert default_width(60, 3, 2) == 256


def test_a_given_learning_rate_keeps_the_prescribed_training_time(table):
    prescribed = NTKRegressor(n_networks=1).fit(*table)
    rate = prescribed.leading_.trace.learning_rate
    slow = NTKRegressor(n_networks=1, learning_rate=rate / 4).fit(*table)
    assert prescribed.leading_.trace.outcome == slow.leading_.trace.outcome == "reached"
    assert slow.n_iter_ == 2 * prescribed.n_iter_
    options = {**SMALL, "solver": "gd", "metric": "gradient"}
    plain = NTKRegressor(**options).fit(*table)
    half = NTKRegressor(**options, learning_rate=plain.leading_.trace.learning_rate / 2).fit(*table)
    assert half.n_iter_ == 2 * plain.n_iter_


def test_a_mirrored_top_layer_is_prescribed_by_the_kernel_it_implies(table):
    options = {"symmetry": "top", "metric": None, "depth": 2}
    model = NTKRegressor(**SMALL, trained="hidden", **options).fit(*table)
    kernel = NTKKernelRegressor(trained="last_hidden", metric=None, depth=2).fit(*table)
    assert model.prescription_.top_eigenvalue == kernel.prescription_.top_eigenvalue
    assert model.leading_.architecture.branches[0].trained == "hidden"


def test_held_out_predictions_belong_to_the_solver_and_its_error_to_them(table):
    X, y = table
    fast, plain = (NTKRegressor(**SMALL, solver=s).fit(X, y) for s in ("accelerated", "gd"))
    kernel = NTKKernelRegressor().fit(X, y)
    np.testing.assert_array_equal(plain.cv_prediction_, kernel.cv_prediction_)
    for model in (fast, plain):
        assert model.cv_error_ == pytest.approx(rms(model.cv_prediction_ - y))


def test_fitted_state_is_numpy_and_plain_python(table):
    model = NTKRegressor(**SMALL).fit(*table)
    assert all(w.dtype == np.float64 for m in model.members_ for w in getattr(m, "weights", []))
    assert not [k for k, v in vars(model).items() if type(v).__module__.startswith("torch")]
    assert b"torch" not in pickle.dumps(model)


def test_the_same_seed_gives_the_same_model_and_another_one_another(table):
    X, y = table
    first, again, other = (
        NTKRegressor(**SMALL, random_state=seed).fit(X, y).predict(X) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert rms(first - other) > 1e-4


def test_units_of_the_target_do_not_matter(table):
    X, y = table
    model, scaled = NTKRegressor(**SMALL).fit(X, y), NTKRegressor(**SMALL).fit(X, 1e3 * y + 50)
    np.testing.assert_allclose(scaled.predict(X), 1e3 * model.predict(X) + 50, atol=10)


def test_data_frames_keep_their_names_and_give_the_same_predictions(table):
    X, y = table
    frame = pd.DataFrame(X, columns=["温度[℃]", "圧力", "t"])
    model = NTKRegressor(**SMALL).fit(frame, y)
    assert list(model.feature_names_in_) == list(frame)
    np.testing.assert_array_equal(model.predict(frame), NTKRegressor(**SMALL).fit(X, y).predict(X))


def test_several_targets_are_predicted_together(table):
    X, y = table
    both = NTKRegressor(**SMALL).fit(X, np.column_stack([y, 10 - y]))
    assert both.predict(X).shape == both.cv_prediction_.shape == (60, 2)
    np.testing.assert_allclose(both.predict(X)[:, 0], 10 - both.predict(X)[:, 1], atol=1e-4)


def test_works_in_pipeline_grid_search_clone_and_pickle(table):
    X, y = table
    pipe = make_pipeline(StandardScaler(), NTKRegressor(**SMALL))
    search = GridSearchCV(pipe, {"ntkregressor__depth": [1, 2]}, cv=2).fit(X, y)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
    np.testing.assert_array_equal(clone(again).fit(X, y).predict(X), search.predict(X))


@pytest.mark.parametrize("routing", [False, True])
def test_groups_reach_the_inner_folds(table, routing):
    X, y = table
    groups = np.repeat(np.arange(6), 10)
    with sklearn.config_context(enable_metadata_routing=routing):
        model = NTKRegressor(**SMALL)
        if routing:
            model.set_fit_request(groups=True)
        params = {"groups": groups} if routing else None
        extra = {} if routing else {"groups": groups}
        scores = cross_validate(model, X, y, cv=GroupKFold(3), params=params, **extra)
    assert np.isfinite(scores["test_score"]).all()
    own = NTKRegressor(**SMALL).fit(X, y, groups=groups)
    assert not np.array_equal(own.cv_prediction_, NTKRegressor(**SMALL).fit(X, y).cv_prediction_)


def test_the_global_seed_is_not_touched(table):
    before = check_random_state(None).get_state()[1].copy()
    NTKRegressor(**SMALL, random_state=None).fit(*table)
    np.testing.assert_array_equal(check_random_state(None).get_state()[1], before)


def test_a_constant_target_is_predicted_as_it_is(table):
    model = NTKRegressor(**SMALL).fit(table[0], np.full(60, 7.0))
    np.testing.assert_allclose(model.predict(table[0]), 7.0, rtol=1e-9)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"depth": 0}, "depth must be 'auto' or an integer >= 1, got 0"),
        ({"width": 0}, "width must be an integer >= 1, got 0"),
        ({"width": 8.5}, "width must be an integer >= 1, got 8.5"),
        ({"n_networks": True}, "n_networks must be an integer >= 1, got True"),
        ({"solver": "adam"}, r"solver must be one of \('auto', .*\), got 'adam'"),
        ({"symmetry": "no"}, r"symmetry must be one of \('pair', 'top'\), got 'no'"),
        (
            {"dtype": "int8"},
            r"dtype must be one of \('auto', 'float32', 'float64', 'bfloat16'\), got 'int8'",
        ),
        ({"n_steps": -1}, "n_steps must be 'auto' or an integer >= 0, got -1"),
        ({"max_steps": 0}, "max_steps must be an integer >= 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be 'auto' or a positive number, got 0.0"),
        ({"learning_rate": "fast"}, "learning_rate must be 'auto' or a positive number"),
        ({"symmetry": "top"}, "use trained='hidden', or symmetry='pair'"),
        (
            {"symmetry": "top", "trained": "hidden", "width": 33},
            "width must be even for symmetry='top', got 33",
        ),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_allowed(table, parameters, message):
    with pytest.raises(ValueError, match=message):
        NTKRegressor(**parameters).fit(*table)
