"""One list says which models there are; everything else follows it."""

import importlib

import pytest

from ntkreg.evaluation import build_contender
from ntkreg.models import DEFAULT_NAMES, MODEL_NAMES, MODELS, in_run_order
from ntkreg.persistence.types import SAVED_TYPES
from ntkreg_cli import options


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_every_model_is_built_under_its_name(name):
    model = build_contender(name, None, seed=7)
    module, _, kind = MODELS[name].regressor.partition(":")
    if module:
        assert type(model.regressor) is getattr(importlib.import_module(module), kind)
        assert model.regressor.random_state == 7
        assert SAVED_TYPES[kind] == module


def test_the_command_line_offers_all_of_them_and_a_run_takes_the_default_ones():
    assert tuple(options.Model) == MODEL_NAMES
    assert set(DEFAULT_NAMES) < {*MODEL_NAMES, "another"}
    assert not [name for name in DEFAULT_NAMES if "papers" in MODELS[name].regressor]


def test_models_are_fitted_behind_those_whose_work_they_take_over():
    order = in_run_order(MODEL_NAMES)
    assert sorted(order) == sorted(MODEL_NAMES)
    for name in MODEL_NAMES:
        for other in MODELS[name].takes_over_from:
            assert order.index(other) < order.index(name)
    assert in_run_order(["blend", "ridge"]) == ["ridge", "blend"]
