"""A model folder gives back the same predictions, or is refused."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ntkreg.decision.results import IntervalResult
from ntkreg.evaluation import build_contender
from ntkreg.exceptions import FileAccessError, ModelFileError
from ntkreg.inspection import fit_domain
from ntkreg.io.dataset import Column
from ntkreg.models import MODEL_NAMES
from ntkreg.persistence import SCHEMA_VERSION, FittedModel, load_model, save_model
from ntkreg.persistence.packing import Parts, UnknownTypeError, pack, unpack
from ntkreg.persistence.types import SAVED_TYPES
from ntkreg.preprocessing import TableEncoder

COLUMNS = (
    Column("f0", "温度", "温度[℃]", "℃", "numeric", "feature"),
    Column("f1", "圧力", "圧力", None, "numeric", "feature"),
    Column("f2", "材料", "材料", None, "category", "feature", levels=("A", "B")),
    Column("y", "強度", "強度", "MPa", "numeric", "target"),
)


def table(n_rows=40, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n_rows, 2)), columns=["f0", "f1"])
    frame.loc[3, "f1"] = np.nan
    frame["f2"] = np.array(["A", "B"], dtype=object)[rng.integers(2, size=n_rows)]
    return frame, np.sin(frame["f0"].to_numpy()) + (frame["f2"] == "A").to_numpy() * 0.5


def fitted_model(name="ridge"):
    features, y = table()
    estimator = build_contender(name, COLUMNS[:3], seed=0).fit(features, y)
    interval = IntervalResult(0.9, np.arange(4.0), 0.88, np.inf)
    return FittedModel(name, estimator, COLUMNS, interval, fit_domain(features))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name == "ntk")) for name in MODEL_NAMES],
)
def test_every_contender_predicts_after_loading_what_it_predicted_before(name, tmp_path):
    model = fitted_model(name)
    features, _ = table(seed=1)
    loaded = load_model(save_model(tmp_path / "m", model))
    np.testing.assert_allclose(
        loaded.estimator.predict(features), model.estimator.predict(features), rtol=0, atol=1e-12
    )
    assert repr(loaded.columns) == repr(model.columns)
    assert np.array_equal(loaded.domain.inside(features), model.domain.inside(features))


def test_a_loaded_model_can_be_saved_and_loaded_again(tmp_path):
    features, _ = table(seed=1)
    once = load_model(save_model(tmp_path / "a", fitted_model("random-forest")))
    twice = load_model(save_model(tmp_path / "b", once))
    assert np.array_equal(once.estimator.predict(features), twice.estimator.predict(features))


def test_the_folder_holds_no_pickle_and_says_what_it_is(tmp_path):
    folder = save_model(tmp_path / "m", replace(fitted_model("lightgbm-default"), data_sha256="ab"))
    assert {f.name for f in folder.iterdir()} == {"model.json", "arrays.safetensors", "booster.txt"}
    document = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert document["schema_version"] == SCHEMA_VERSION
    assert document["data_sha256"] == "ab"
    assert document["columns"][0]["unit"] == "℃"


@pytest.mark.parametrize("file", ["model.json", "arrays.safetensors", "booster.txt"])
def test_one_changed_bit_anywhere_is_noticed(file, tmp_path):
    folder = save_model(tmp_path / "m", fitted_model("lightgbm-default"))
    content = (folder / file).read_bytes()
    rng = np.random.default_rng(0)
    positions = [*range(100), *rng.integers(len(content), size=50), len(content) - 1]
    for position in positions:
        changed = bytearray(content)
        changed[position] ^= 1 << int(rng.integers(8))
        (folder / file).write_bytes(changed)
        with pytest.raises(ModelFileError, match=r"changed|version"):
            load_model(folder)


def test_a_model_of_the_first_version_is_read_with_equal_intervals(tmp_path):
    path = save_model(tmp_path / "m", fitted_model()) / "model.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    interval = next(value for key, value in document["structure"]["fields"] if key == "interval")
    new = ("sigmas", "weights", "n_effective", "difficulty")
    interval["fields"] = [pair for pair in interval["fields"] if pair[0] not in new]
    document |= {"schema_version": 1, "checksum": "0" * 64}
    text = json.dumps(document, ensure_ascii=False, indent=1).encode()
    path.write_bytes(text.replace(b"0" * 64, hashlib.sha256(text).hexdigest().encode(), 1))
    loaded = load_model(tmp_path / "m")
    assert loaded.interval.scales(table()[0]).tolist() == [1.0] * 40


def test_a_newer_model_is_refused_by_its_version(tmp_path):
    folder = save_model(tmp_path / "m", fitted_model())
    path = folder / "model.json"
    path.write_bytes(path.read_bytes().replace(b'"schema_version": 2', b'"schema_version": 7', 1))
    with pytest.raises(ModelFileError, match=r"version 7.*E502"):
        load_model(folder)


def test_a_missing_file_is_named(tmp_path):
    folder = save_model(tmp_path / "m", fitted_model())
    (folder / "arrays.safetensors").unlink()
    with pytest.raises(ModelFileError, match=r"arrays\.safetensors is missing"):
        load_model(folder)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match="not a model folder"):
        load_model(tmp_path)


def test_an_unreadable_file_is_an_access_error(tmp_path, monkeypatch):
    folder = save_model(tmp_path / "m", fitted_model())

    def refuse(_self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(folder), "read_bytes", refuse)
    with pytest.raises(FileAccessError, match="Permission denied"):
        load_model(folder)


@pytest.mark.parametrize("kind", ["os.system", "estimator"])
def test_a_type_that_is_not_listed_is_never_built(kind):
    tree = {"$": kind, "type": "Popen", "params": [], "state": []}
    with pytest.raises(UnknownTypeError, match=r"os\.system|Popen"):
        unpack(tree, SAVED_TYPES, Parts())


def test_a_type_that_is_not_listed_cannot_be_saved():
    with pytest.raises(TypeError, match=r"\['a'\]\[0\]: builtins.set cannot be saved"):
        pack({"a": [set()]}, SAVED_TYPES, Parts())


def test_values_come_back_bit_for_bit():
    value = {
        "numbers": [1, True, None, 0.1 + 0.2, float("inf"), -0.0],
        "pair": ("あ", ("b",)),
        3: {"nested": np.float64(1) / 3},
        "arrays": [np.arange(6.0).reshape(2, 3), np.array([True, False]), np.array(2.5)],
        "texts": np.array([["x", None]], dtype=object),
    }
    parts = Parts()
    tree = json.loads(json.dumps(pack(value, SAVED_TYPES, parts)))
    back = unpack(tree, SAVED_TYPES, parts)
    assert repr(back) == repr({**value, 3: {"nested": 1 / 3}})


@pytest.mark.parametrize(
    "model", [RandomForestRegressor(7, random_state=0), RidgeCV(), DummyRegressor()]
)
def test_models_of_scikit_learn_become_arrays_that_predict_the_same(model):
    features, y = table()
    pipeline = make_pipeline(TableEncoder(), StandardScaler(), model).fit(features, y)
    parts = Parts()
    copy = unpack(pack(pipeline, SAVED_TYPES, parts), SAVED_TYPES, parts)
    np.testing.assert_allclose(copy.predict(features), pipeline.predict(features), atol=1e-12)
