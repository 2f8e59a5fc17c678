"""Explanations of estimators that take tables, by the user's columns."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from ntkreg.inspection import explain
from ntkreg.inspection.attribution.explain import affordable_evaluations
from ntkreg.inspection.attribution.games import column_owners, make_game
from ntkreg.ntk import NTKKernelRegressor, NTKRegressor
from ntkreg.preprocessing import TableEncoder


class Staged:
    """Encoder and regressor one after the other, as the contenders of a benchmark have it."""

    def __init__(self, regressor):
        self.encoder_ = TableEncoder()
        self.regressor_ = regressor
        self.n_tables = 0

    def fit(self, table, y):
        self.regressor_.fit(self.encoder_.fit_transform(table), y)
        return self

    def predict(self, table):
        self.n_tables += len(table)
        return self.regressor_.predict(self.encoder_.transform(table))


class Boosted:
    """A LightGBM booster fed with the table's numeric columns."""

    def __init__(self, table, y):
        import lightgbm

        data = lightgbm.Dataset(table.to_numpy(), y)
        settings = {"verbose": -1, "min_data_in_leaf": 5, "num_threads": 1}
        self.booster_ = lightgbm.train(settings, data, 30)

    def predict(self, table):
        return self.booster_.predict(table.to_numpy())


@pytest.fixture
def numeric(make_dataset, rng):
    x = rng.normal(size=(60, 4))
    y = 3 * x[:, 0] - x[:, 1] * x[:, 2] + 0.1 * rng.normal(size=60)
    return make_dataset({f"因子{j}[℃]": x[:, j] for j in range(4)}, 100 + y)


@pytest.fixture
def mixed(make_dataset, rng):
    temperature = rng.normal(size=60)
    temperature[::7] = np.nan
    material = rng.choice(["銅", "鉄", "真鍮"], 60).astype(object)
    material[5] = None
    y = np.nan_to_num(temperature) + 2 * (material == "銅")
    return make_dataset({"温度": temperature, "材質": material, "圧力": rng.normal(size=60)}, y)


def assert_additive(explanation):
    total = explanation.values.sum(axis=1) + explanation.base_value
    np.testing.assert_allclose(total, explanation.predictions, rtol=0, atol=1e-6)


def test_a_linear_model_on_a_table_has_its_closed_form(numeric, formula):
    slopes = np.array([3.0, 0.0, -1.0, 0.5])
    found = explain(formula(lambda t: t.to_numpy() @ slopes), "ridge", numeric)
    assert found.method == "exact"
    assert found.values.shape == (60, 4)
    # the means of the background differ a little from those of the table, the slopes do not
    x = numeric.features.to_numpy()
    centred = found.values - found.values.mean(axis=0)
    np.testing.assert_allclose(centred, slopes * (x - x.mean(axis=0)), atol=1e-9)
    assert_additive(found)


def test_encoded_rows_give_the_values_of_the_table_itself(mixed, formula):
    staged = Staged(LinearRegression()).fit(mixed.features, mixed.y)
    fast = explain(staged, "ridge", mixed)
    n_by_table = staged.n_tables
    slow = explain(formula(staged.predict), "ridge", mixed)
    assert n_by_table < 300 < staged.n_tables - n_by_table
    np.testing.assert_allclose(fast.values, slow.values, atol=1e-9)
    assert_additive(fast)


@pytest.mark.parametrize("kind", [NTKKernelRegressor, NTKRegressor])
def test_kernels_and_nets_add_up_to_their_predictions(kind, mixed):
    options = {"width": 32, "n_networks": 1} if kind is NTKRegressor else {}
    staged = Staged(kind(activation="relu", **options)).fit(mixed.features, mixed.y)
    assert_additive(explain(staged, "ntk", mixed))


def test_a_category_is_one_column(mixed, formula):
    found = explain(formula(lambda t: 2.0 * (t["f1"] == "銅")), "lightgbm", mixed)
    is_copper = (mixed.features["f1"] == "銅").to_numpy()
    assert (found.values[:, [0, 2]] == 0).all()
    np.testing.assert_allclose(found.values[:, 1], 2 * is_copper - found.base_value)


def test_missing_cells_reach_the_model_as_such(mixed, formula):
    def predict(table):
        assert table["f0"].dtype == np.float64
        return table["f0"].isna() * 1.0 + table["f1"].isna() * 10.0

    found = explain(formula(predict), "lightgbm", mixed)
    assert found.predictions[5] == 10.0
    assert found.predictions[0] == 1.0
    assert_additive(found)


def test_the_model_is_called_in_large_batches(numeric, formula):
    model = formula(lambda t: t.to_numpy().prod(axis=1))
    explain(model, "ntk", numeric)
    assert model.n_calls <= 60 * 16 * 50 // 4096 + 4


def test_boosted_trees_are_explained_by_shap_and_agree_with_enumeration(numeric, formula):
    model = Boosted(numeric.features, numeric.y)
    by_trees = explain(model, "lightgbm", numeric)
    assert by_trees.method == "tree"
    assert_additive(by_trees)
    by_enumeration = explain(formula(model.predict), "lightgbm", numeric)
    assert by_enumeration.n_background == by_trees.n_background == 50
    # shap's weights are in single precision, and the trees contain the mean of 100
    np.testing.assert_allclose(by_trees.values, by_enumeration.values, atol=1e-5)


def test_a_forest_on_encoded_columns_is_explained_by_its_trees(numeric, formula):
    forest = RandomForestRegressor(20, random_state=0, min_samples_leaf=3)
    model = Staged(forest).fit(numeric.features, numeric.y)
    by_trees = explain(model, "random-forest", numeric)
    assert by_trees.method == "tree"
    by_enumeration = explain(formula(model.predict), "random-forest", numeric)
    np.testing.assert_allclose(by_trees.values, by_enumeration.values, atol=1e-5)


def test_a_forest_with_a_category_is_not_explained_by_its_trees(mixed):
    forest = RandomForestRegressor(5, random_state=0)
    found = explain(Staged(forest).fit(mixed.features, mixed.y), "random-forest", mixed)
    assert found.method == "exact"
    assert_additive(found)


def test_tree_values_that_do_not_add_up_are_not_used(make_dataset, rng):
    x = rng.normal(size=(200, 8)).round(1)
    dataset = make_dataset({f"c{j}": x[:, j] for j in range(8)}, 2 * x[:, 0] + x[:, 1] * x[:, 2])
    forest = Staged(RandomForestRegressor(20, random_state=0)).fit(dataset.features, dataset.y)
    assert_additive(explain(forest, "random-forest", dataset, max_evaluations=20_000))


def test_rows_are_drawn_when_there_are_too_many(numeric, formula):
    model = formula(lambda t: t["f0"])
    found = explain(model, "ntk", numeric, max_rows=20, seed=1)
    again = explain(model, "ntk", numeric, max_rows=20, seed=1)
    assert found.values.shape == (20, 4)
    assert len(set(found.rows.tolist())) == 20
    assert (found.rows == again.rows).all()
    assert (found.values == again.values).all()
    assert (found.predictions == numeric.features["f0"].to_numpy()[found.rows]).all()


def test_owners_of_encoded_columns_are_found(mixed):
    encoder = TableEncoder().fit(mixed.features)
    owners = column_owners(encoder, mixed.features)
    assert owners is not None
    assert owners.tolist() == encoder.feature_index_.tolist()


def test_an_encoder_that_mixes_columns_is_not_trusted(numeric):
    class Summing:
        def transform(self, table):
            return np.column_stack([table["f0"] + table["f1"], table["f2"] * table["f3"]])

    model = Staged(LinearRegression()).fit(numeric.features, numeric.y)
    model.encoder_ = Summing()
    model.regressor_ = LinearRegression().fit(Summing().transform(numeric.features), numeric.y)
    game = make_game(model, numeric.features, numeric.features.head(9))
    assert game.rows.shape == (60, 4)
    np.testing.assert_allclose(game.predict(game.rows), model.predict(numeric.features))


def test_explaining_does_not_change_the_table(mixed, formula):
    before = mixed.features.copy()
    explain(formula(lambda t: t["f2"]), "ntk", mixed)
    pd.testing.assert_frame_equal(mixed.features, before)


def test_wide_nets_are_asked_less_often():
    def stack(n_terms):
        return SimpleNamespace(members_=[SimpleNamespace(n_terms=n_terms)])

    piped = SimpleNamespace(regressor_=stack(6000))
    blend = SimpleNamespace(models_=[("a", piped), ("b", SimpleNamespace(regressor_=stack(2000)))])
    models = (LinearRegression(), stack(10), piped, blend, stack(10**6))
    counts = [affordable_evaluations(model) for model in models]
    assert counts == [620_000, 620_000, 400_000, 300_000, 80_000]


def test_terms_of_a_prediction_are_support_rows_and_hidden_units(rng):
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    kernel = NTKKernelRegressor(activation="relu").fit(X, y)
    nets = NTKRegressor(activation="relu", width=64, n_networks=3).fit(X, y)
    assert [member.n_terms for member in kernel.members_] == [30]
    # weights of the last layer: one a hidden unit
    assert nets.leading_.n_terms == nets.leading_.weights[-1].size
