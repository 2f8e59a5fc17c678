"""D05, the leak audit: what gives the target away is found, honest tables are not accused."""

import numpy as np
import pytest

from ntkreg.inspection import audit_leaks
from ntkreg.io import read_table

N = 60


def codes(dataset):
    return [(suspect.column, suspect.message.code) for suspect in audit_leaks(dataset)]


@pytest.fixture
def table(rng):
    columns = {f"x{j}": rng.normal(size=N) for j in range(4)}
    return columns, 50 + 3 * columns["x0"] - 2 * columns["x1"] + 0.5 * rng.normal(size=N)


def cases(y, rng):
    return {
        "equal": (y, "W401"),
        "copy, rounded": (y.round(2), "W401"),
        "other unit": (y * 9.80665, "W402"),
        "shifted": (y + 273.15, "W402"),
        "nearly": (y + 0.005 * y.std() * rng.normal(size=len(y)), "W401"),
        "exponential": (np.exp(y / 5), "W403"),
        "reciprocal": (1 / y, "W403"),
        "off the nominal value": (np.abs(y - y.mean()), "W407"),
        "squared deviation": ((y - y.mean()) ** 2, "W407"),
    }


@pytest.mark.parametrize("name", cases(np.arange(1.0, 9), np.random.default_rng(0)))
def test_D05_a_column_made_from_the_target_is_found(make_dataset, table, rng, name):
    columns, y = table
    values, code = cases(y, rng)[name]
    assert codes(make_dataset({**columns, "検査": values}, y)) == [("検査", code)]


def test_D05_a_target_in_steps_of_a_column_is_found(make_dataset, table):
    columns, y = table
    grade = np.digitize(y, np.quantile(y, [0.2, 0.4, 0.6, 0.8]))
    assert codes(make_dataset({**columns, "検査": y + 0.0}, grade)) == [("検査", "W406")]


def test_D05_numbers_that_are_levels_are_found(make_dataset, table, rng):
    columns, _ = table
    lot = rng.permutation(np.repeat([7.0, 3.0, 9.0, 1.0, 5.0], N // 5))
    y = 10 * np.sin(lot) + 0.01 * rng.normal(size=N)
    assert codes(make_dataset({**columns, "ロット番号": lot}, y)) == [("ロット番号", "W404")]


def test_D05_a_category_that_separates_a_two_valued_target_is_found(make_dataset, table):
    columns, y = table
    verdict = np.where(y > np.median(y), "OK", "NG").astype(object)
    found = codes(make_dataset({**columns, "判定": verdict}, (y > np.median(y)).astype(float)))
    assert ("判定", "W404") in found


def test_D05_a_sum_of_two_columns_and_a_column_that_is_a_sum_with_the_target(
    make_dataset, table, rng
):
    columns, y = table
    part = rng.uniform(1, 9, size=N)
    assert codes(make_dataset({**columns, "部分": part, "残り": y - part}, y)) == [("部分", "W405")]
    total = make_dataset({**columns, "部分": part, "全体": y + part}, y)
    assert [code for _, code in codes(total)] == ["W405"]


@pytest.mark.parametrize("n_parts", [2, 3, 6])
def test_D05_a_mean_of_repeated_measurements_is_found(make_dataset, table, rng, n_parts):
    columns, y = table
    repeats = {f"測定{k}": y + rng.normal(size=N) for k in range(n_parts)}
    mean = np.mean(list(repeats.values()), axis=0).round(2)
    (suspect,) = audit_leaks(make_dataset(columns | repeats, mean))
    assert suspect.message.code == "W408"
    assert "測定1" in suspect.message.text("ja")


def test_D05_a_leak_with_gaps_is_found(make_dataset, table, rng):
    columns, y = table
    gaps = np.where(rng.random(N) < 0.4, np.nan, np.exp(y / 5))
    assert codes(make_dataset({**columns, "検査": gaps}, y)) == [("検査", "W403")]


def test_D05_a_lot_that_explains_the_target_is_found_and_its_hint_is_the_group(
    make_dataset, table, rng
):
    columns, _ = table
    lot = rng.permutation(np.repeat([f"L{k:03d}" for k in range(N // 3)], 3)).astype(object)
    means = {name: rng.normal() for name in set(lot)}
    y = np.array([means[name] for name in lot]) + 0.001 * rng.normal(size=N)
    (suspect,) = audit_leaks(make_dataset({**columns, "ロット": lot}, y))
    assert suspect.message.code == "W404"
    assert "--group" in suspect.message.hint("ja")


def test_D05_a_running_number_in_the_order_of_the_target_is_not_used(tmp_path):
    y = np.sort(np.random.default_rng(0).normal(size=N))
    x = np.random.default_rng(1).normal(size=N)
    lines = [f"{i + 1},{x[i]:.3f},{y[i]:.3f}" for i in range(N)]
    for name, found in (("No", []), ("順位", ["W403"])):
        file = tmp_path / "t.csv"
        file.write_text("\n".join([f"{name},x,y", *lines]), encoding="utf-8")
        data = read_table(file, target="y")
        assert [suspect.message.code for suspect in audit_leaks(data)] == found


def test_D05_marks_of_a_failed_sensor_are_no_leak(make_dataset, rng):
    failed = rng.random(N) < 0.2
    columns = {f"x{j}": np.where(failed, -200, rng.normal(20, 3, N)) for j in range(4)}
    y = np.where(failed, -200, rng.normal(50, 5, N))
    assert codes(make_dataset(columns, y)) == []


def clean_table(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.choice([10, 12, 20, 50, 300]))
    columns = {f"x{j}": rng.normal(size=n) for j in range(8)}
    columns["水準"] = rng.choice([150.0, 170.0, 190.0], n)
    columns["整数"] = rng.integers(0, 9, n).astype(float)
    columns["ほぼ同じ"] = columns["x0"] * 2 + 0.01 * rng.normal(size=n)
    columns["材質"] = rng.choice(["a", "b"], n).astype(object)
    columns["ロット"] = np.array([f"L{i // 2}" for i in range(n)], dtype=object)
    signal = columns["x0"] - columns["x1"] * columns["x2"] + (columns["材質"] == "a")
    y = signal + rng.choice([0.2, 1.0]) * rng.normal(size=n)
    return columns, [y, (y > np.median(y)).astype(float), np.round(y)][seed % 3]


@pytest.mark.parametrize("seed", range(60))
def test_D05_no_false_alarm_on_clean_tables(make_dataset, seed):
    assert codes(make_dataset(*clean_table(seed))) == []


def test_D05_a_designed_experiment_with_a_strong_factor_is_clean(make_dataset, rng):
    levels = np.array(np.meshgrid([1, 2, 3], [10, 20, 30], [5, 6], [0, 1])).reshape(4, -1).T
    y = 100 * levels[:, 0] + levels[:, 1] + rng.normal(size=len(levels))
    columns = {f"因子{j}": levels[:, j].astype(float) for j in range(4)}
    assert codes(make_dataset(columns, y)) == []


def test_D05_long_tables_are_audited_in_seconds(make_dataset, rng):
    columns = {f"x{j}": rng.normal(size=50_000) for j in range(30)}
    y = columns["x0"] + rng.normal(size=50_000)
    assert audit_leaks(make_dataset(columns, y)) == ()
