import numpy as np
import pytest

from ntkreg.ntk import NTKKernelRegressor, NTKRegressor
from ntkreg.ntk.path import accelerated_filter, accelerated_filters
from ntkreg.ntk.prescription.options import Options
from ntkreg.ntk.prescription.selection import HeldOut, alone_grid, step_grids
from ntkreg.ntk.prescription.stops import choose_stops

STEPS, FAST = step_grids(Options())
ALONE = alone_grid(FAST)


def paths(best_fast):
    """Paths of one row whose error is least at some accelerated step, and nowhere else."""
    plain = np.abs(np.log(STEPS / 100.0))
    accelerated = np.abs(np.log(FAST / best_fast))
    momentum = np.log(ALONE / 20.0)
    return HeldOut(
        *(path[:, None, None] + np.zeros((1, 5, 1)) for path in (plain, accelerated, momentum))
    )


def chosen(best_fast):
    nothing = (float("nan"), float("nan"))
    return choose_stops(paths(best_fast), nothing, np.zeros((5, 1)), np.ones(1), Options())


def test_a_stop_after_many_steps_keeps_the_preconditioner():
    stops = chosen(60.0)
    assert stops.preconditioned
    assert stops.n_steps == STEPS[np.argmin(np.abs(np.log(STEPS / 100.0)))]
    assert stops.n_steps_accelerated == FAST[np.argmin(np.abs(np.log(FAST / 60.0)))]
    np.testing.assert_array_equal(
        stops.held_out(paths(60.0)), paths(60.0).accelerated[stops.accelerated]
    )


def test_a_stop_within_a_few_steps_is_reached_by_momentum_at_the_plain_predictions():
    stops = chosen(3.0)
    assert not stops.preconditioned
    # at the plain stop the prediction is about 0, and that of momentum is 0 after 20 steps
    assert stops.n_steps_accelerated == ALONE[np.argmin(np.abs(np.log(ALONE / 20.0)))]
    np.testing.assert_array_equal(
        stops.held_out(paths(3.0)), paths(3.0).momentum[stops.accelerated]
    )


@pytest.mark.parametrize("preconditioned", [True, False])
def test_filters_of_several_spectra_are_those_of_each(preconditioned):
    spectra = [np.array([2.0, 0.3, 0.1, 0.0]), np.array([1.0, 0.9, 1e-9])]
    steps = np.array([1, 4, 30])
    found = accelerated_filters(spectra, steps, preconditioned=preconditioned)
    for values, filters in zip(spectra, found, strict=True):
        count = int(np.sum(values > values[0] / 10)) if preconditioned else 0
        count = min(count, len(values) - 1)
        np.testing.assert_allclose(filters, accelerated_filter(values, count, 30)[steps], rtol=1e-9)


def test_on_a_noisy_table_the_net_predicts_what_its_kernel_does():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = X[:, 0] + rng.normal(size=80)
    options = {"activation": "relu", "depth": 1, "metric": None}
    net, kernel = (
        model.fit(X, y)
        for model in (
            NTKRegressor(width=512, n_networks=4, **options),
            NTKKernelRegressor(**options),
        )
    )
    prescription = net.prescription_
    assert prescription.n_deflated == 0
    assert "momentum alone" in " ".join(r.sentence.text("en") for r in prescription.reasons)
    assert net.n_iter_ == prescription.n_steps_accelerated
    others = rng.normal(size=(200, 3))
    gap = np.sqrt(np.mean((net.predict(others) - kernel.predict(others)) ** 2))
    assert gap < 0.05 * y.std()
