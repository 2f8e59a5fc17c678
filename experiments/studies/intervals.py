"""What scaled intervals are worth, and whether intervals hold for rows of a new group.

    python experiments/studies/intervals.py [TASKS.py] [--splits 5] [--models ridge,ntk-kernel]

Scaling: made tables (even noise; noise that grows with a column; heavy tails) and the randomly
divided tables of TASKS.py, a file with a function `tasks()` that yields (name, function that
yields (train frame, test frame, target)). The intervals come from held-out residuals of the train
part alone. For each scaling and model: coverage of the test rows, coverage of the third that is
farthest from the training rows, mean width and interval score (Gneiting and Raftery 2007: width,
and 20 times what a value lies outside), both over those of constant intervals, geometric means.

Groups: residuals with an error of the group, sizes as stated; coverage of rows of new groups,
median width and how often there is no finite interval, for rows pooled as if independent, for
groups with equal weights and n = number of groups (hierarchical conformal prediction) and for the
effective number in between, which ntkreg uses.
"""

from __future__ import annotations

import argparse
import runpy
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import NearestNeighbors

from ntkreg.decision import calibrate, fit_difficulty
from ntkreg.decision.conformal import conformal_quantile, effective_number, group_weights
from ntkreg.evaluation.contenders import build_contender
from ntkreg.evaluation.results import Fold, SplitPlan
from ntkreg.evaluation.units import duplicate_units
from ntkreg.inspection.space import embed, fit_space
from ntkreg.messages import Sentence

RANDOMLY_DIVIDED = (
    *("resin_a", "printing_roughness", "slump_strength", "boiling_point", "steel_yield"),
)
CONFIDENCE = 0.9
Split = tuple[pd.DataFrame, pd.DataFrame, str]


def made(kind: str, seed: int, n_train: int = 100, n_test: int = 600) -> Split:
    """Return a table with a known function and a kind of noise or of rows."""
    rng = np.random.default_rng(seed)
    shape = (n_train + n_test, 6)
    tails = kind == "heavy tails"
    x = 0.3 * rng.standard_t(3, size=shape) + 0.5 if tails else rng.uniform(size=shape)
    truth = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    truth += 10 * x[:, 3] + 5 * x[:, 4]
    noise = 0.5 + 4 * x[:, 0] if kind == "growing noise" else 2.0
    table = pd.DataFrame(x).add_prefix("x").assign(y=truth + noise * rng.normal(size=len(x)))
    return table.iloc[:n_train], table.iloc[n_train:], "y"


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Return features as the estimators want them."""
    frame = frame.reset_index(drop=True).copy()
    frame.columns = [f"f{j}" for j in range(frame.shape[1])]
    for name in frame:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return frame


def plan_of(features: pd.DataFrame) -> SplitPlan:
    """Return five random folds that keep copies together."""
    unit = duplicate_units(features)
    splitter = GroupKFold(5, shuffle=True, random_state=0)
    folds = tuple(Fold(0, a, b) for a, b in splitter.split(features, groups=unit))
    return SplitPlan("random", folds, unit, (), 0, Sentence("V000", {"text": ""}))


def judge(split: Split, name: str) -> dict[str, tuple[float, ...]]:
    """Return coverage, coverage far away, mean width and score of each scaling."""
    train, test, target = split
    features, new = safe(train.drop(columns=target)), safe(test.drop(columns=target))
    y, actual = train[target].to_numpy(float), test[target].to_numpy(float)
    plan = plan_of(features)
    held_out = np.empty(len(y))
    for fold in plan.folds:
        part = build_contender(name, None)
        part.fit(features.iloc[fold.train].reset_index(drop=True), y[fold.train])
        held_out[fold.test] = part.predict(features.iloc[fold.test].reset_index(drop=True))
    model = build_contender(name, None).fit(features, y)
    error = np.abs(actual - model.predict(new))
    space = fit_space(features)
    search = NearestNeighbors(n_neighbors=5).fit(embed(features, space))
    distance = search.kneighbors(embed(new, space))[0].mean(axis=1)
    far = distance >= np.quantile(distance, 2 / 3)
    found = {}
    for scaling, difficulty in {
        "constant": None,
        "plain kernel": fit_difficulty(None, features, plan),
        "own kernel": fit_difficulty(model, features, plan),
    }.items():
        interval = calibrate(y, held_out, plan, CONFIDENCE, difficulty)
        half = interval.half_width * interval.scales(new)
        score = 2 * half + 2 / (1 - CONFIDENCE) * np.maximum(error - half, 0)
        inside = error <= half
        found[scaling] = (inside.mean(), inside[far].mean(), 2 * half.mean(), score.mean())
    return found


def splits(tasks_file: str | None, n_splits: int) -> Iterator[tuple[str, Split]]:
    """Yield the made tables and the tables of the file."""
    for kind in ("even noise", "growing noise", "heavy tails"):
        for seed in range(2 * n_splits):
            yield kind, made(kind, seed)
    tasks: Callable[[], Iterator] = runpy.run_path(tasks_file)["tasks"] if tasks_file else list
    for name, make in tasks():
        if name in RANDOMLY_DIVIDED:
            for _, split in zip(range(n_splits), make(), strict=False):
                yield name, split


def scaling_table(tasks_file: str | None, n_splits: int, models: list[str]) -> pd.DataFrame:
    """Return one row a model and scaling, means over tables."""
    rows = []
    for table, split in splits(tasks_file, n_splits):
        for name in models:
            found = judge(split, name)
            width, score = found["constant"][2:]
            for scaling, (covered, far, own_width, own_score) in found.items():
                ratios = (np.log(own_width / width), np.log(own_score / score))
                rows.append((table, name, scaling, covered, far, *ratios))
    columns = ["table", "model", "scaling", "coverage", "far third", "width", "score"]
    by_table = pd.DataFrame(rows, columns=columns).groupby(columns[:3]).mean()
    print(by_table.assign(score=np.exp(by_table["score"])).round(3).to_string())
    result = by_table.groupby(["model", "scaling"]).mean()
    return result.assign(width=np.exp(result["width"]), score=np.exp(result["score"]))


def group_table(n_runs: int = 300) -> pd.DataFrame:
    """Return coverage of new groups for the ways to count them."""
    rows = []
    rng = np.random.default_rng(0)
    for n_groups in (5, 10, 20):
        for low, high in ((5, 5), (2, 30)):
            for shared in (0.0, 0.3, 0.7):
                found = [_one_run(rng, n_groups, (low, high), shared) for _ in range(n_runs)]
                for k, way in enumerate(("pooled", "n = groups", "effective")):
                    covered, widths = np.array([run[k] for run in found]).T
                    where = (n_groups, f"{low} to {high}", shared, way)
                    rows.append(
                        (*where, covered.mean(), np.median(widths), np.isinf(widths).mean())
                    )
    columns = ["groups", "rows", "shared", "way", "coverage", "median half width", "infinite"]
    return pd.DataFrame(rows, columns=columns)


def _one_run(
    rng: np.random.Generator, n_groups: int, sizes: tuple[int, int], shared: float
) -> list[tuple[float, float]]:
    unit = np.repeat(np.arange(n_groups), rng.integers(sizes[0], sizes[1] + 1, size=n_groups))
    own = np.sqrt(1 - shared) * rng.normal(size=len(unit))
    scores = np.abs(np.sqrt(shared) * rng.normal(size=n_groups)[unit] + own)
    new = np.abs(rng.normal(size=4000))
    weights = group_weights(unit)
    widths = (
        conformal_quantile(scores, CONFIDENCE),
        conformal_quantile(scores, CONFIDENCE, weights, n_groups),
        conformal_quantile(scores, CONFIDENCE, weights, effective_number(scores, unit)),
    )
    return [(float(np.mean(new <= width)), width) for width in widths]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="?")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--models", default="ridge,random-forest,ntk-kernel")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(group_table().round(3).to_string(index=False))
    found = scaling_table(arguments.tasks, arguments.splits, arguments.models.split(","))
    print(found.round(3).to_string())


if __name__ == "__main__":
    main()
