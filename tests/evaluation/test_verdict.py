import numpy as np
import pytest

from ntkreg.evaluation.contenders import FAMILY
from ntkreg.evaluation.results import ContenderResult, Fold, Scores, SplitPlan
from ntkreg.evaluation.verdict import BY_SIMPLICITY, decide
from ntkreg.messages import Sentence
from ntkreg.models import MODEL_NAMES

ROWS = np.arange(50)
PLAN = SplitPlan(
    "random",
    tuple(Fold(0, np.setdiff1d(ROWS, part), part) for part in np.array_split(ROWS, 5)),
    ROWS,
    (),
    0,
    Sentence("I301"),
)
CALM = np.array([0.99, 1.0, 1.01, 1.0, 1.0])
WILD = np.array([0.1, 1.9, 0.5, 1.5, 1.0])


def _result(name, rmse, r2=0.8, shape=CALM):
    each = tuple(Scores(r2, float(value), 0.0) for value in rmse * shape)
    return ContenderResult(name, np.zeros((1, 50)), each, Scores(r2, rmse, 0.0), (0, 1), 0.0)


def _codes(*results, **more):
    chosen, verdict = decide(results, PLAN, **more)
    return chosen, [sentence.code for sentence in verdict]


def test_the_networks_model_is_recommended_when_it_is_clearly_better():
    found = _codes(_result("ntk", 1.0), _result("lightgbm", 2.0), _result("mean", 9.0))
    assert found == ("ntk", ["V301", "V308"])


def test_use_lightgbm_here():
    results = (_result("lightgbm", 1.0), _result("ntk", 2.0), _result("mean", 9.0))
    assert _codes(*results) == ("lightgbm", ["V303", "V308"])
    sentence = decide(results, PLAN)[1][0]
    assert sentence.text("en").startswith("Use LightGBM here: ")
    assert "50 % lower than that of the NTK network" in sentence.text("en")
    assert "ここではLightGBMを使ってください" in sentence.text("ja")


@pytest.mark.parametrize(("leader", "other"), [("ntk", "lightgbm"), ("lightgbm", "ntk")])
def test_no_significant_difference_is_said(leader, other):
    results = (_result(leader, 1.0), _result(other, 1.2, shape=WILD), _result("mean", 9.0))
    chosen, verdict = decide(results, PLAN)
    assert chosen == leader
    assert "No significant difference" in verdict[0].text("en")
    assert "有意な差ではなく" in verdict[0].text("ja")


def test_a_simpler_model_wins_a_tie_and_the_leader_is_named():
    results = (_result("blend", 1.0), _result("ridge", 1.005, shape=WILD), _result("mean", 9.0))
    assert _codes(*results) == ("ridge", ["V306", "V308"])


def test_no_tie_where_the_small_difference_is_beyond_chance():
    assert _codes(_result("blend", 1.0), _result("ridge", 1.005))[0] == "blend"


def test_a_tie_within_the_family_still_names_the_best_of_the_others():
    results = (
        _result("ntk", 1.0, shape=WILD),
        _result("ntk-kernel", 1.001),
        _result("lightgbm", 2.0),
    )
    assert _codes(*results) == ("ntk-kernel", ["V301", "V306", "V308"])


def test_nothing_better_than_the_mean_comes_first():
    found = _codes(_result("ntk", 1.0, 0.02, WILD), _result("mean", 1.01, -0.02))
    assert found == ("ntk", ["V307", "V310"])
    assert _codes(_result("mean", 1.0, -0.1), _result("ntk", 1.1, -0.3))[1][0] == "V307"


def test_nothing_is_recommended_by_a_tie_where_nothing_predicts():
    results = (_result("blend", 1.0, 0.0), _result("ridge", 1.001, 0.0), _result("mean", 1.0, 0.0))
    assert _codes(*results)[0] == "blend"


def test_a_fair_r2_without_certainty_asks_for_care():
    found = _codes(_result("ntk", 1.0, 0.6, WILD * 2), _result("mean", 1.7, -0.01))
    assert found == ("ntk", ["V302", "V309", "V313"])


def test_alone_it_is_only_the_best_of_those_run():
    assert _codes(_result("lightgbm", 1.0, 0.2)) == ("lightgbm", ["V305", "V310"])


def test_constant_tested_target_has_no_r2():
    assert _codes(_result("ridge", 0.0, float("nan")))[1][-1] == "V312"


def test_failures_are_named_in_both_languages():
    _, verdict = decide([_result("ridge", 1.0)], PLAN, [("ntk", "ValueError: x")])
    assert verdict[-1].text("en").endswith("because they failed: the NTK network.")
    assert verdict[-1].text("ja").endswith("NTK ネットワーク")


def test_every_contender_but_the_mean_has_a_rank_and_the_family_is_among_them():
    assert {*BY_SIMPLICITY, "mean"} == set(MODEL_NAMES)
    assert set(FAMILY) < set(MODEL_NAMES)
