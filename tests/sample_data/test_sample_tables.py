"""The committed tables are what the generator writes, and their stated truth holds."""

import importlib
import tomllib
from importlib import resources

import numpy as np
import openpyxl
import pandas as pd
import pytest

from ntkreg_sample_data import TABLES
from ntkreg_sample_data.generate import generate

FOLDER = resources.files("ntkreg_sample_data")
SIGN = {"increasing": 1, "decreasing": -1, "none": 0}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return {path.name: path for path in generate(tmp_path_factory.mktemp("tables"))}


def cells(path):
    if path.name.endswith(".xlsx"):
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file)
        return {sheet.title: list(sheet.values) for sheet in book}
    return path.read_bytes()


def conditions_and_truth(name):
    module = importlib.import_module(f"ntkreg_sample_data.{name}")
    return module.conditions(np.random.default_rng(0)), module.truth


def expectations(table):
    text = (FOLDER / table.knowledge).read_text(encoding="utf-8")
    return {e["column"]: SIGN[e["effect"]] for e in tomllib.loads(text)["expectation"]}


def signs_of_change(name, column):
    conditions, truth = conditions_and_truth(name)
    low, high = np.quantile(conditions[column], [0.1, 0.9])
    change = truth(conditions.assign(**{column: high})) - truth(conditions.assign(**{column: low}))
    return set(np.sign(change))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_committed_file_is_what_the_generator_writes(table, written):
    assert cells(FOLDER / table.file) == cells(written[table.file])


def test_workbook_is_written_with_the_same_bytes_again(written, tmp_path):
    again = {path.name: path for path in generate(tmp_path)}
    assert again["injection_molding.xlsx"].read_bytes() == (
        written["injection_molding.xlsx"].read_bytes()
    )


@pytest.mark.parametrize("name", TABLES)
def test_knowledge_is_true_of_every_row_but_for_the_wrong_belief(name):
    for column, sign in expectations(TABLES[name]).items():
        expected = {-sign} if column == TABLES[name].wrong_belief else {sign}
        assert signs_of_change(name, column) == expected, column


@pytest.mark.parametrize("name", TABLES)
def test_knowledge_holds_one_column_without_effect(name):
    assert sorted(expectations(TABLES[name]).values()).count(0) == 1


@pytest.mark.parametrize(
    ("name", "idle", "active"),
    [
        ("injection_molding", "サイクル時間[s]", "冷却時間[s]"),
        ("heat_treatment", "部品質量[g]", "部品径[mm]"),
        ("coating_line", "slurry_temp[℃]", "viscosity[mPa·s]"),
    ],
)
def test_one_of_two_correlated_columns_has_no_effect_of_its_own(name, idle, active):
    conditions, _ = conditions_and_truth(name)
    assert abs(np.corrcoef(conditions[idle], conditions[active])[0, 1]) > 0.75
    assert signs_of_change(name, idle) == {0}


@pytest.mark.parametrize("name", TABLES)
def test_truth_explains_most_but_not_all_of_the_recorded_target(name):
    module = importlib.import_module(f"ntkreg_sample_data.{name}")
    truth = module.truth(module.conditions(np.random.default_rng(0)))
    target = pd.to_numeric(
        module.recorded(np.random.default_rng(0))[module.TARGET], errors="coerce"
    )
    usable = target.notna().to_numpy()
    share = np.corrcoef(truth[usable], target[usable])[0, 1] ** 2
    assert 0.9 < share < 0.99
