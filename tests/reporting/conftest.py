"""A small but complete ReportContent, made by hand: coherent numbers, no training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkreg.decision import decide_held_out
from ntkreg.decision.results import HeldOutDecisions, IntervalResult
from ntkreg.evaluation.results import (
    BenchmarkResult,
    Comparison,
    ContenderResult,
    Fold,
    Scores,
    SplitPlan,
)
from ntkreg.inspection import fit_domain
from ntkreg.inspection.results import (
    Effect,
    Expectation,
    Explanation,
    KnowledgeVerdict,
    LeakSuspect,
    Verdict,
)
from ntkreg.io.dataset import Column, Dataset, Source
from ntkreg.io.ledger import Ledger, LedgerEntry
from ntkreg.messages import LANGUAGES, Sentence
from ntkreg.ntk.regime.capacity import CapacityFit
from ntkreg.ntk.regime.gaps import Gaps
from ntkreg.ntk.regime.measures import LayerMovement, Regime
from ntkreg.ntk.regime.verdict import RegimeReport
from ntkreg.ntk.regime.width_study import WidthPoint, WidthStudy
from ntkreg.ntk.results import Branch, Prescription, Reason, TrainingTrace
from ntkreg.reporting.content import ReportContent
from ntkreg.reporting.page import render

NUMERIC = (
    ("樹脂温度[℃]", "℃"),
    ("金型温度[℃]", "℃"),
    ("射出速度[mm/s]", "mm/s"),
    ("保圧[MPa]", "MPa"),
    ("保圧時間", "s"),
    ("冷却時間", "s"),
    ("背圧", "MPa"),
    ("スクリュー回転数", "rpm"),
    ("計量位置", "mm"),
    ("乾燥時間", "h"),
    ("再生材比率", "%"),
    ("湿度", "%RH"),
)
NOISE = {
    "ntk": 0.30,
    "blend": 0.29,
    "lightgbm": 0.36,
    "random-forest": 0.4,
    "ridge": 0.55,
    "mean": 1.2,
}


def say(text: str) -> Sentence:
    return Sentence("V000", {"text": text})


def make_columns(n_features: int, features: pd.DataFrame) -> tuple[Column, ...]:
    columns = [Column("id", "ロット番号", "ロット番号", None, "identifier", "group")]
    for k in range(n_features - 1):
        name, unit = NUMERIC[k] if k < len(NUMERIC) else (f"工程変数{k}", "mm")
        values = features[f"f{k}"].to_numpy()
        limits = float(np.nanmin(values)), float(np.nanmax(values)), float(np.nanmedian(values))
        missing = int(np.isnan(values).sum())
        columns.append(
            Column(f"f{k}", name, name, unit, "numeric", "feature", missing, (), *limits)
        )
    key, levels = f"f{n_features - 1}", ("1号機", "2号機", "3号機(改造後)")
    columns.append(Column(key, "成形機", "成形機", None, "category", "feature", 0, levels))
    columns.append(Column("note", "備考", "備考", None, "text", "dropped", 3))
    columns.append(Column("y", "引張強度[MPa]", "引張強度[MPa]", "MPa", "numeric", "target"))
    return tuple(columns)


def make_dataset(n_rows: int, n_features: int, rng: np.random.Generator) -> Dataset:
    values = rng.normal(size=(n_rows, n_features - 1)) * 12 + 180
    effect = (values - 180) / 12
    machine = rng.integers(0, 3, n_rows)
    y = 48 + 0.9 * effect[:, 3] - 0.6 * effect[:, 0] ** 2 + 0.8 * (machine == 1)
    values[0, 1] = np.nan
    features = pd.DataFrame(values, columns=[f"f{k}" for k in range(n_features - 1)])
    levels = np.array(["1号機", "2号機", "3号機(改造後)"], dtype=object)
    features[f"f{n_features - 1}"] = pd.Series(levels[machine], dtype=object)
    ledger = Ledger(
        (
            LedgerEntry("repair", say("全角を半角に"), "測定値", 17, "保圧[MPa]", 3, "４５", "45"),
            LedgerEntry("warning", say("同じ条件の行が 4 組あります。"), "測定値", count=4),
            LedgerEntry("info", say("単位行を読み取りました。"), "測定値", 6),
        )
    )
    return Dataset(
        Source("成形データ.xlsx", "xlsx", None, None, "測定値", (5, 6), "B5", "a" * 64),
        make_columns(n_features, features),
        features,
        y + rng.normal(size=n_rows) * 0.1,
        np.array([f"L{k // 8:03d}" for k in range(n_rows)]),
        None,
        np.arange(7, 7 + n_rows),
        ledger,
    )


def make_plan(dataset: Dataset, n_splits: int = 5, n_repeats: int = 2) -> SplitPlan:
    assert dataset.groups is not None
    lots, unit = np.unique(dataset.groups, return_inverse=True)
    folds, table = [], np.zeros((len(lots), n_splits * n_repeats), dtype=int)
    for repeat in range(n_repeats):
        part = np.random.default_rng(repeat).permutation(len(lots)) % n_splits
        for k in range(n_splits):
            test = np.flatnonzero(part[unit] == k)
            folds.append(Fold(repeat, np.flatnonzero(part[unit] != k), test))
            table[:, repeat * n_splits + k] = np.bincount(unit[test], minlength=len(lots))
    rows = tuple((str(lot), tuple(map(int, row))) for lot, row in zip(lots, table, strict=True))
    reason = say("ロット番号ごとにまとめて分割しました。")
    return SplitPlan("group", tuple(folds), unit, rows, 4, reason)


def score(actual: np.ndarray, predicted: np.ndarray) -> Scores:
    residual = actual - predicted
    r2 = 1 - float((residual**2).sum() / ((actual - actual.mean()) ** 2).sum())
    return Scores(r2, float(np.sqrt((residual**2).mean())), float(np.abs(residual).mean()))


def make_benchmark(dataset: Dataset, rng: np.random.Generator) -> BenchmarkResult:
    plan, results = make_plan(dataset), []
    for name, noise in NOISE.items():
        predictions = dataset.y + noise * rng.normal(size=(2, dataset.n_rows))
        folds = tuple(score(dataset.y[f.test], predictions[f.repeat, f.test]) for f in plan.folds)
        overall = score(dataset.y, predictions[0])
        half = 2.3 * float(np.std([s.rmse for s in folds])) / 2
        interval = (overall.rmse - half, overall.rmse + half)
        results.append(ContenderResult(name, predictions, folds, overall, interval, 1.7))
    results.sort(key=lambda r: r.overall.rmse)
    best = next(r for r in results if r.name == "ntk").overall.rmse
    comparisons = tuple(
        Comparison(
            r.name, "ntk", d := r.overall.rmse - best, d - 0.05, d + 0.05, 0.2 if d < 0.05 else 0.01
        )
        for r in results
        if r.name != "ntk"
    )
    verdict = (
        say("未知のロットでの誤差は平均して約 0.3 MPa です。"),
        say("ntk は LightGBM より小さい誤差でした。ntk を使ってください。"),
        say("混合モデルとの差は偶然の範囲です。"),
    )
    return BenchmarkResult(plan, tuple(results), comparisons, "ntk", verdict, (("fast", "x"),))


def make_explanation(name: str, dataset: Dataset, rng: np.random.Generator) -> Explanation:
    rows = np.sort(rng.choice(dataset.n_rows, min(200, dataset.n_rows), replace=False))
    n_features = len(dataset.feature_columns)
    values = rng.normal(size=(len(rows), n_features)) * np.geomspace(0.2, 0.01, n_features)
    numbers = np.nan_to_num((dataset.features["f3"].to_numpy()[rows] - 180) / 12)
    values[:, 3] += 0.9 * numbers
    values[:, 0] -= 0.6 * ((dataset.features["f0"].to_numpy()[rows] - 180) / 12) ** 2 - 0.6
    values[:, -1] += 0.8 * (dataset.features.iloc[rows, -1].to_numpy() == "2号機")
    base = float(dataset.y.mean())
    return Explanation(name, "exact", rows, values, base, values.sum(axis=1) + base, 50, 3.2)


def verdict_of(
    column: str, effect: Any, why: str, model: str, verdict: Any, share: float, slope: float
) -> KnowledgeVerdict:
    expectation = Expectation(column, effect, why)
    return KnowledgeVerdict(expectation, model, verdict, share, slope, say("要約"))


def make_prescription() -> Prescription:
    numbers = {
        "depth": (2, "data", "I206"),
        "bias": (1.0, "default", "I207"),
        "learning_rate": (0.4213, "theory", "I209"),
        "cv_error": (0.3127, "data", "I214"),
    }
    reasons = tuple(
        Reason(name, value, origin, Sentence(code, {"value": value}))  # type: ignore[arg-type]
        for name, (value, origin, code) in numbers.items()
    )
    branches = (Branch("relu", 2, 0.7), Branch("relu2", 1, 0.3))
    return Prescription(
        "relu", 1.0, branches, np.ones(24), 1.0, 0.4213, 4211, 31, 8, 2.3736, 38.2, 0.28, 0.3127,
        (("depth 1", 0.33), ("depth 2", 0.3127), ("depth 3", 0.321)), reasons,
    )  # fmt: skip


def make_gaps(n_rows: int, size: float) -> Gaps:
    return Gaps(n_rows, size, 1.3 * size, 0.4 * size, 0.5 * size, 0.9 * size, size, size / 2)


def make_regime() -> RegimeReport:
    movements = (
        LayerMovement("relu", 1, 0.012),
        LayerMovement("relu", 3, 0.05),
        LayerMovement("relu2", 1, 0.02),
    )
    points = tuple(
        WidthPoint(width, 2, make_gaps(32, 0.9 / width**0.5), 0.3, "reached")
        for width in (64, 256, 1024)
    )
    numbers = {"gap": 0.17, "own": 0.06, "drift": 12.0, "limit": 0.2, "width": 256}
    change = {"change": -1.5, "lower": -4.0, "upper": 1.0}
    values = np.arange(1.0, 161.0) ** -2.0
    return RegimeReport(
        "inside",
        (Sentence("V240", numbers), Sentence("V247", change)),
        0.28,
        256,
        4,
        Regime(make_gaps(160, 0.05), movements, 0.12, 160, 0.1),
        WidthStudy(points, 128, 32, -0.5, -0.5),
        CapacityFit(0.5, 2.0, 1.0, 5, 40),
        values,
        1e-3,
    )


def make_decisions(
    dataset: Dataset, benchmark: BenchmarkResult, intervals: IntervalResult
) -> HeldOutDecisions:
    names = [c.name for c in dataset.columns if c.role == "feature"]
    # its last row lies far from the rows that the domain is learned from
    domain = fit_domain(dataset.features.iloc[:-1], names)
    strange = dataset.features.copy()
    strange.iloc[-1, 0] = 999.0
    return decide_held_out(
        strange,
        dataset.y,
        benchmark.of(benchmark.chosen).predictions,
        benchmark.plan,
        intervals,
        1.0 + 0.3 * np.sin(np.arange(dataset.n_rows)),
        domain,
        (46.0, None),
    )


def make_content(n_rows: int = 160, n_features: int = 13, **changes: Any) -> ReportContent:
    rng = np.random.default_rng(5)
    dataset = make_dataset(n_rows, n_features, rng)
    expected: tuple[tuple[str, Effect, str, Verdict, float, float], ...] = (
        ("保圧[MPa]", "increasing", "充填が進み密度が上がるため", "CONFIRMED", 0.99, 0.9),
        ("樹脂温度[℃]", "decreasing", "過熱で分解する", "UNDECIDED", 0.62, -0.05),
        ("背圧", "none", "影響しないはず", "CONTRADICTED", 0.95, 0.2),
    )
    knowledge = tuple(
        KnowledgeVerdict(
            Expectation(column, effect, why), model, verdict, share, slope, say("要約")
        )
        for column, effect, why, verdict, share, slope in expected
        for model in ("ntk", "lightgbm")
    )
    residuals = rng.normal(size=n_rows) * 0.3
    trace = TrainingTrace(
        "reached",
        0.5 * np.exp(-np.linspace(0, 5, 32)),
        0.42,
        31,
        0,
        Sentence("I250", {"n_steps": 31, "first": 0.5, "last": 0.003}),
    )
    parts: dict[str, Any] = {
        "dataset": dataset,
        "leaks": (LeakSuspect("冷却時間", 0.97, say("冷却時間だけで目的変数がほぼ決まります。")),),
        "benchmark": make_benchmark(dataset, rng),
        "explanations": tuple(make_explanation(m, dataset, rng) for m in ("ntk", "lightgbm")),
        "knowledge": knowledge,
        "intervals": IntervalResult(0.9, residuals, 0.912, 0.51),
        "in_domain": np.arange(n_rows) % 40 != 0,
        "prescription": make_prescription(),
        "trace": trace,
        "specification": (46.0, None),
        "settings": {"target": "引張強度[MPa]", "group": "ロット番号", "seed": 0, "lsl": 46.0},
        "versions": {"ntkreg": "0.1.0", "numpy": "2.4.6", "lightgbm": "4.7.0"},
        "created": "2026-11-22",
        "regime": make_regime(),
    }
    parts["decisions"] = make_decisions(dataset, parts["benchmark"], parts["intervals"])
    return ReportContent(**(parts | changes))


@pytest.fixture(scope="session")
def content() -> ReportContent:
    return make_content(n_features=9)


@pytest.fixture(scope="session")
def pages(content) -> dict[str, str]:
    """The page in each language; drawing takes seconds, so all tests share it."""
    return {language: render(content, language) for language in LANGUAGES}


@pytest.fixture(scope="session")
def build() -> Callable[..., ReportContent]:
    return make_content
