import numpy as np
import pytest
import torch

from ntkreg.ntk.network.momentum import Momentum
from ntkreg.ntk.path import accelerated_filter

VALUES = np.array([1.0, 0.3, 0.02])
WANTED = np.array([1.0, -2.0, 0.5])


class Quadratic:
    """Loss (1/2) sum s (x - wanted)^2, in the place of a net's engine."""

    def __init__(self):
        self.tensors = [torch.zeros(3, dtype=torch.float64)]

    def parameters(self):
        return list(self.tensors)

    def gradients(self):
        return [torch.tensor(VALUES) * (self.tensors[0] - torch.tensor(WANTED))]

    def replace(self, tensors):
        self.tensors = list(tensors)


def run(rate, n_steps, cut_at=(), keep_at=()):
    engine = Quadratic()
    momentum = Momentum(engine, rate, n_steps)
    taken = 0
    while momentum.left():
        if taken in keep_at:
            momentum.keep()
        if taken in cut_at:
            momentum.cut()
        momentum.advance(momentum.left() == 1)
        taken += 1
    return engine.tensors[0].numpy(), momentum, taken


def test_without_a_cut_it_is_nesterovs_iteration():
    reached, _, taken = run(0.9, 20)
    expected = VALUES * accelerated_filter(VALUES, 0, 20, 0.9)[-1] * WANTED
    assert taken == 20
    np.testing.assert_allclose(reached, expected)


def test_a_cut_goes_on_along_the_same_curve_to_the_same_time():
    straight, _, _ = run(0.01, 60)
    cut, momentum, taken = run(0.01, 60, cut_at=(30,), keep_at=(30,))
    # half the way is left, with steps of 1/sqrt(2)
    assert taken == pytest.approx(30 + 30 * np.sqrt(2), abs=1)
    assert momentum.learning_rate == 0.005
    np.testing.assert_allclose(cut, straight, atol=0.02)


def test_a_second_cut_without_progress_drops_the_momentum_but_not_the_time():
    engine = Quadratic()
    momentum = Momentum(engine, 0.01, 40)
    for _ in range(20):
        momentum.advance(last=False)
    momentum.keep()
    momentum.cut()
    momentum.cut()
    still = engine.tensors[0].clone()
    assert momentum.count == 0
    assert momentum.start == pytest.approx(0.01 * 20**2 / 8)
    assert momentum.left() == pytest.approx(np.sqrt((40**2 - 20**2) * 4), abs=1)
    torch.testing.assert_close(momentum.iterate[0], still)


def test_the_way_back_leads_to_the_very_point_that_was_kept():
    engine = Quadratic()
    momentum = Momentum(engine, 0.5, 50)
    for step in range(12):
        momentum.advance(last=False)
        if step in (3, 6):
            momentum.keep()
            kept = engine.tensors[0].clone()
    momentum.back()
    assert torch.equal(engine.tensors[0], kept)
