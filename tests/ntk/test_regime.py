"""The training regime: gaps that must vanish do, and the verdict says what was measured."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from ntkreg.messages import LANGUAGES, Sentence
from ntkreg.ntk import NTKKernelRegressor, NTKRegressor
from ntkreg.ntk.metric.scales import apply_metric
from ntkreg.ntk.regime.gaps import Gaps, measure_gaps
from ntkreg.ntk.regime.measures import (
    Regime,
    gap_unit,
    kernel_drift,
    measure_regime,
    weight_movements,
)
from ntkreg.ntk.regime.retrace import retrace
from ntkreg.ntk.regime.verdict import HeldOutChange, classify, judge
from ntkreg.ntk.regime.width_study import (
    WidthPoint,
    WidthStudy,
    affordable_widths,
    regime_over_width,
    training_work,
)
from ntkreg.ntk.results import TrainingTrace
from ntkreg.preprocessing.embedding import embed

OPTIONS = {"depth": 1, "activation": "relu+relu2", "width": 128, "n_networks": 3}
TRACE = TrainingTrace("reached", np.ones(2), 0.1, 1, 0, Sentence("V000", {"text": ""}))


@cache
def table():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(80, 3))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + 0.2 * rng.normal(size=80)


@cache
def fitted(solver="accelerated", **options):
    X, y = table()
    model = NTKRegressor(**{**OPTIONS, **options}, solver=solver).fit(X, y)
    return model, retrace(model, X, y)


def rms(array):
    return float(np.sqrt(np.mean(np.square(array))))


def test_the_twin_of_plain_gradient_descent_is_the_kernel_regressor():
    X, y = table()
    others = np.random.default_rng(1).normal(size=(30, 3))
    model, nets = fitted("gd")
    kernel = NTKKernelRegressor(depth=1, activation="relu+relu2").fit(X, y)
    inputs = apply_metric(model.leading_.metric, embed(model.leading_.embedding, others))
    for gaps, rows in zip(measure_gaps(nets, inputs), (X, others), strict=True):
        assert gaps.n_rows == len(rows)
        assert gaps.kernel == pytest.approx(rms(model.predict(rows) - kernel.predict(rows)))


def test_weights_that_did_not_move_have_no_gap_drift_or_spread():
    _, nets = fitted()
    still = replace(nets, weights=nets.start, n_steps=0)
    gaps = measure_gaps(still)[0]
    assert (gaps.kernel, gaps.linearisation, gaps.expansion, gaps.seed_spread) == (0, 0, 0, 0)
    assert kernel_drift(still) == 0
    assert {m.relative for m in weight_movements(still)} == {0.0}


def test_the_spread_and_its_standard_error_are_those_of_the_single_nets():
    _, nets = fitted()
    single = []
    for net in range(3):
        one = replace(nets.architecture, n_networks=1)
        weights = [w[net : net + 1] for w in nets.weights]
        start = [w[net : net + 1] for w in nets.start]
        alone = replace(nets, architecture=one, weights=weights, start=start)
        single.append(measure_gaps(alone)[0])
    gaps = measure_gaps(nets)[0]
    assert np.isnan(single[0].seed_spread)
    assert gaps.kernel_single == pytest.approx(rms([g.kernel for g in single]))
    # mean square of single nets = square of the mean's + (1 - 1/3) times the unbiased spread
    assert gaps.kernel_single**2 == pytest.approx(
        gaps.kernel**2 + gaps.seed_spread**2 * 2 / 3, rel=1e-6
    )
    assert gaps.standard_error == pytest.approx(gaps.seed_spread / np.sqrt(3))


def test_units_of_the_target_scale_all_gaps():
    X, y = table()
    model = NTKRegressor(**OPTIONS).fit(X, 1000 * y)
    first, second = measure_gaps(fitted()[1])[0], measure_gaps(retrace(model, X, 1000 * y))[0]
    assert second.kernel == pytest.approx(1000 * first.kernel, rel=0.02)


def test_drift_and_relative_movement_fall_with_the_width():
    narrow, wide = (fitted(width=width)[1] for width in (32, 512))
    assert kernel_drift(wide) < 0.5 * kernel_drift(narrow)
    for small, large in zip(weight_movements(wide), weight_movements(narrow), strict=True):
        assert small.relative < large.relative


def test_layers_that_are_not_trained_are_not_listed():
    _, nets = fitted(trained="hidden")
    assert {m.layer for m in weight_movements(nets)} == {1}


def test_a_start_that_cannot_be_drawn_again_and_other_rows_are_refused():
    X, y = table()
    model = NTKRegressor(**OPTIONS, random_state=None).fit(X, y)
    with pytest.raises(ValueError, match="random_state must be an integer"):
        retrace(model, X, y)
    with pytest.raises(ValueError, match="not the rows that the model was fitted on"):
        retrace(fitted()[0], X[:70], y[:70])


def test_a_run_that_was_cut_short_is_compared_at_its_own_time():
    X, y = table()
    model = NTKRegressor(**OPTIONS, n_steps=40, max_steps=5).fit(X, y)
    assert model.leading_.trace.outcome == "limit"
    assert retrace(model, X, y).n_steps == 5


def test_a_flow_is_compared_at_its_own_time_with_small_plain_steps():
    model, nets = fitted("flow", width=64, n_networks=1)
    trace = model.leading_.trace
    time = trace.learning_rate * trace.n_steps
    assert nets.learning_rate * nets.n_steps == pytest.approx(time)
    assert nets.learning_rate * nets.spectrum.values[0] <= 1.0
    assert measure_gaps(nets)[0].kernel < 0.1


def test_the_regime_is_measured_against_the_noise():
    _, nets = fitted()
    regime = measure_regime(nets, noise=2.0)
    assert regime.n_drift_rows == 80
    assert 0 < regime.prediction_error < 2.0
    assert regime.prediction_error == pytest.approx(2 * measure_regime(nets, 1.0).prediction_error)


def test_noise_far_below_the_deviation_is_replaced_by_a_share_of_it():
    assert gap_unit(0.5, 1.0) == 0.5
    assert gap_unit(0.0, 3.0) == pytest.approx(0.03)


def test_the_gap_to_the_kernel_closes_with_the_width_on_unseen_rows():
    _, nets = fitted()
    study = regime_over_width(nets, seed=0, widths=(32, 128, 512))
    assert [p.width for p in study.points] == [32, 128, 512]
    assert (study.n_rows, study.n_other) == (64, 16)
    assert study.at(128).n_networks == 3
    assert study.at(512).n_networks == 2
    assert study.at(100) is None
    assert study.kernel_slope < -0.2
    assert study.linearisation_slope < study.kernel_slope
    assert study.points[-1].kernel_drift < study.points[0].kernel_drift


def test_what_takes_too_long_is_left_out():
    _, nets = fitted()
    full = affordable_widths(nets, (64, 256, 1024), 64)
    one = training_work(nets.architecture, 64, nets.inputs.shape[1], nets.n_steps)
    assert full == [64, 256, 1024]
    assert affordable_widths(nets, (64, 256, 1024), 64, limit=one) == [64]
    assert regime_over_width(nets, seed=0, work_limit=1.0) is None
    assert regime_over_width(replace(nets, inputs=nets.inputs[:9]), seed=0) is None


@pytest.mark.parametrize(
    ("kernel", "own", "kind"),
    [(0.1, 0.1, "inside"), (0.1, 0.5, "moved"), (0.5, 0.1, "width"), (0.5, 0.5, "features")],
)
def test_two_gaps_name_the_regime(kernel, own, kind):
    assert classify(kernel, own) == kind


def regime_with(kernel, own):
    return Regime(Gaps(9, kernel, kernel, own, own, own, 0.1, 0.05), (), 0.4, 9, 0.1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (HeldOutChange(-0.08, -0.12, -0.04), "that helps: its held-out error is 8.0 % below"),
        (HeldOutChange(0.08, 0.04, 0.12), "that hurts: its held-out error is 8.0 % above"),
        (HeldOutChange(0.01, -0.04, 0.06), "These rows cannot tell whether that helps"),
        (None, "was not judged on the same folds"),
    ],
)
def test_features_help_or_hurt_by_the_held_out_error(change, words):
    kind, sentences = judge(
        regime_with(0.6, 0.8), None, unit=1.0, width=64, change=change, trace=TRACE
    )
    assert kind == "features"
    assert words in sentences[0].text("en")
    assert "0.60 noise levels" in sentences[0].text("en")
    assert all(s.text(lang) for s in sentences for lang in LANGUAGES)


def study_with(gap, slope):
    gaps = Gaps(9, gap, gap, 0.1, 0.1, 0.1, 0.1, 0.1)
    return WidthStudy((WidthPoint(64, 2, gaps, 0.1, "reached"),), 40, 9, slope, slope)


def test_unseen_rows_count_where_their_gap_is_larger():
    measured = {"unit": 1.0, "width": 64, "change": None, "trace": TRACE}
    kind, sentences = judge(regime_with(0.1, 0.1), study_with(0.4, -0.5), **measured)
    assert kind == "width"
    # (0.4/0.2)^2 = 4 times the width
    assert [s.code for s in sentences] == ["V242", "I240"]
    assert "about 260" in sentences[1].text("en")
    slow = judge(regime_with(0.1, 0.1), study_with(0.4, -0.1), **measured)[1]
    assert "closes this gap only slowly" in slow[1].text("en")
    assert judge(regime_with(0.1, 0.1), study_with(0.1, -0.5), **measured)[0] == "inside"


@pytest.mark.parametrize(
    ("outcome", "n_cuts", "said"),
    [("limit", 1, True), ("diverged", 8, True), ("limit", 0, False), ("guarded", 1, False)],
)
def test_a_training_whose_time_is_not_known_has_no_regime(outcome, n_cuts, said):
    trace = replace(TRACE, outcome=outcome, n_cuts=n_cuts)
    measured = {"unit": 1.0, "width": 64, "change": None, "trace": trace}
    kind, sentences = judge(regime_with(0.9, 0.9), None, **measured)
    assert (kind == "unfinished") == (sentences[0].code == "W240") == said


def test_rows_of_two_kinds_only_are_fitted_as_their_kernel_of_rank_one_is():
    X = np.repeat([[0.0], [1.0]], 20, axis=0)
    y = X[:, 0] + 0.1 * np.random.default_rng(0).normal(size=40)
    model = NTKRegressor(width=512, n_networks=1, depth=1).fit(X, y)
    assert measure_gaps(retrace(model, X, y))[0].kernel < 0.05 * y.std()


def test_nothing_measured_is_no_verdict():
    with pytest.raises(ValueError, match="nothing was measured at width 32"):
        judge(None, study_with(0.1, -0.5), unit=1.0, width=32, change=None, trace=TRACE)
