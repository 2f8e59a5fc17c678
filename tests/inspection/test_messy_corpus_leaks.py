"""D05: targets that were computed from other columns with weights or a constant."""

import pytest

from ntkreg.inspection import audit_leaks

N = 60


def codes(dataset):
    return [suspect.message.code for suspect in audit_leaks(dataset)]


def test_D05_a_weighted_sum_without_noise_is_found(make_dataset, rng):
    columns = {f"x{j}": rng.normal(size=N) for j in range(4)}
    y = 0.3 * columns["x0"] + 0.7 * columns["x1"]
    assert codes(make_dataset(columns, y.round(4))) == ["W409"]
    noisy = y + 0.01 * y.std() * rng.normal(size=N)
    assert codes(make_dataset(columns, noisy)) == []


@pytest.mark.parametrize("rows", [N, 600])
def test_D05_a_product_times_a_constant_is_found(make_dataset, rng, rows):
    volt, ampere = rng.uniform(100, 200, rows), rng.uniform(1, 9, rows)
    columns = {"電圧": volt, "電流": ampere, "x": rng.normal(size=rows)}
    assert codes(make_dataset(columns, (volt * ampere / 1000).round(4))) == ["W410"]
    noisy = volt * ampere * (1 + 0.05 * rng.normal(size=rows))
    assert codes(make_dataset(columns, noisy)) == []
