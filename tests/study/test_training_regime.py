"""What a study says of the training: with a net, without one, and on a table that is too long."""

import json

import numpy as np
import pandas as pd
import pytest

from ntkreg.study import run_study, training_regime
from ntkreg.study.fitting import fit_contender
from ntkreg.study.output import run_document, write_json
from ntkreg.study.training_regime import training_in_words


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 2)).round(3), columns=["a", "b"])
    frame["y"] = np.sin(2 * frame["a"]) + frame["b"] + rng.normal(0, 0.2, 60)
    path = tmp_path_factory.mktemp("data") / "table.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def study(table):
    return run_study(table, "y", names=["ntk", "ntk-kernel"])


def names(prescription):
    return [reason.name for reason in prescription.reasons]


def test_a_study_with_a_net_says_its_regime_and_the_held_out_difference(study, tmp_path):
    regime = study.content.regime
    assert regime.sentences[0].code.startswith("V24")
    benchmark = study.content.benchmark
    net, kernel = (
        np.mean([s.rmse for s in benchmark.of(name).fold_scores]) for name in ("ntk", "ntk-kernel")
    )
    said = next(s for s in regime.sentences if "change" in s.values)
    assert said.values["change"] == pytest.approx(100 * (net / kernel - 1))
    write_json(run_document(study), tmp_path / "run.json")
    document = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["regime"]
    assert document["kind"] == regime.kind
    assert document["on_training_rows"]["gaps"]["kernel"] == regime.regime.gaps.kernel
    assert [p["width"] for p in document["over_width"]["points"]] == [64, 128, 256, 512, 1024, 2048]


def test_every_constant_that_the_theory_speaks_of_has_a_reason(study):
    prescription = study.content.prescription
    assert {"n_rows", "effective_dimension", "capacity", "learning_rate", "n_steps", "time",
            "noise", "width", "n_networks", "solver"} <= set(names(prescription))  # fmt: skip
    assert len(names(prescription)) == len(set(names(prescription)))


def test_a_table_that_is_too_long_is_judged_by_nets_on_a_part_of_it(study, monkeypatch):
    content = study.content
    net = fit_contender("ntk", content.dataset, content.benchmark.plan, seed=0)
    monkeypatch.setattr(training_regime, "MAX_ROWS", 40)
    training = training_in_words({"ntk": net}, content.dataset, content.benchmark, seed=0)
    assert training.regime.regime is None
    assert (training.regime.over_width.n_rows, training.regime.over_width.n_other) == (32, 8)
    assert training.regime.sentences[-1].code == "I242"
    assert len(training.regime.eigenvalues) == 40


def test_without_a_net_there_are_reasons_but_no_regime(table):
    content = run_study(table, "y", names=["mean"]).content
    assert (content.regime, content.trace) == (None, None)
    assert {"n_rows", "capacity", "time"} <= set(names(content.prescription))
    assert "width" not in names(content.prescription)
