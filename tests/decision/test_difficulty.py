"""Rows far from the others are hard; the scaled intervals keep their promise."""

import numpy as np
import pandas as pd
import pytest

from ntkreg.decision import calibrate, fit_difficulty
from ntkreg.decision.difficulty import NetKernel, PlainKernel
from ntkreg.evaluation import build_contender
from ntkreg.evaluation.results import Fold, SplitPlan
from ntkreg.messages import Sentence
from ntkreg.persistence.packing import Parts, pack, unpack
from ntkreg.persistence.types import SAVED_TYPES


def plan_of(unit, n_folds=5, kind="random"):
    rows = np.arange(len(unit))
    tests = [rows[unit % n_folds == k] for k in range(n_folds)]
    folds = tuple(Fold(0, np.setdiff1d(rows, test), test) for test in tests)
    return SplitPlan(kind, folds, unit, (), 0, Sentence("V000", {"text": ""}))


def frame(values):
    return pd.DataFrame(values, columns=[f"f{j}" for j in range(values.shape[1])])


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@pytest.mark.parametrize(("name", "kind"), [("ntk-kernel", NetKernel), ("ridge", PlainKernel)])
def test_far_rows_are_harder_and_no_row_is_easier_than_half(name, kind, rng):
    rows = frame(rng.normal(size=(40, 3)))
    y = rows["f0"].to_numpy() ** 2 + 0.1 * rng.normal(size=40)
    model = build_contender(name, None).fit(rows, y)
    found, held_out = fit_difficulty(model, rows, plan_of(np.arange(40)))
    assert isinstance(found.kernel, kind)
    assert np.median(held_out) == pytest.approx(1.0)
    near, far = found.of(frame(np.array([[0.0, 0.0, 0.0], [6.0, -6.0, 6.0]])))
    assert 0.5 <= near < 1.0 < held_out.max() < far
    assert found.of(rows.head(0)).tolist() == []


def test_a_saved_difficulty_says_the_same(rng):
    rows = frame(rng.normal(size=(30, 2))).assign(m=list("ab") * 15)
    model = build_contender("ntk-kernel", None).fit(rows, rng.normal(size=30))
    for estimator in (model, None):
        found, _ = fit_difficulty(estimator, rows, plan_of(np.arange(30)))
        parts = Parts()
        loaded = unpack(pack(found, SAVED_TYPES, parts), SAVED_TYPES, parts)
        np.testing.assert_allclose(loaded.of(rows), found.of(rows), rtol=1e-12)


def test_rows_that_are_never_tested_have_no_difficulty(rng):
    plan = plan_of(np.arange(20))
    later = SplitPlan("time", plan.folds[3:], plan.unit, (), 0, plan.reason)
    _, held_out = fit_difficulty(None, frame(rng.normal(size=(20, 2))), later)
    assert np.isfinite(held_out).sum() == 8


def test_many_rows_are_seen_from_a_thousand(rng):
    rows = frame(rng.normal(size=(1300, 2)))
    found, held_out = fit_difficulty(None, rows, plan_of(np.arange(1300)))
    assert found.support.shape == (1000, 2)
    assert np.isfinite(held_out).all()


def least_squares(x, y, fold_rows, rows):
    beta = np.linalg.lstsq(x[fold_rows], y[fold_rows], rcond=None)[0]
    return x[rows] @ beta


@pytest.mark.parametrize("n_groups", [0, 12])
def test_intervals_of_200_tables_cover_as_promised_with_and_without_groups(n_groups, rng):
    """Noise grows away from the centre; groups have errors of their own, tests are new groups."""
    inside, measured = [], []
    for _ in range(200):
        unit = np.repeat(np.arange(n_groups), 5) if n_groups else np.arange(60)
        x = np.column_stack([np.ones(360), rng.standard_t(4, size=(360, 3))])
        noise = rng.normal(size=360) * (1 + 0.3 * np.abs(x[:, 1]))
        own = np.r_[unit, 100 + np.arange(300)]
        y = x @ rng.normal(size=4) + noise + (rng.normal(size=500)[own] if n_groups else 0)
        plan = plan_of(unit, kind="group" if n_groups else "random")
        held_out = np.empty(60)
        for fold in plan.folds:
            held_out[fold.test] = least_squares(x, y, fold.train, fold.test)
        difficulty = fit_difficulty(None, frame(x[:60, 1:]), plan)
        result = calibrate(y[:60], held_out, plan, difficulty=difficulty)
        new = np.arange(60, 360)
        error = np.abs(y[new] - least_squares(x, y, np.arange(60), new))
        inside.append(np.mean(error <= result.half_width * result.scales(frame(x[new, 1:]))))
        measured.append(result.coverage)
    assert 0.87 <= np.mean(inside) <= 0.93
    assert 0.87 <= np.mean(measured) <= 0.95
