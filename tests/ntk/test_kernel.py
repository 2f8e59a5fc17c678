"""Facts about the infinite-width kernels (theory.md 1.1, T10)."""

import numpy as np
import pytest
from scipy.special import erf

from ntkreg.ntk.kernel.angles import angles_between
from ntkreg.ntk.kernel.matrices import gram
from ntkreg.ntk.kernel.profiles import profile, profile_and_slope, profile_at_one
from ntkreg.ntk.results import Branch, Trained

TRAINED: tuple[Trained, ...] = ("all", "hidden", "last_hidden", "readout")
BRANCHES = [Branch("relu", depth, 1.0, t) for depth in (1, 2, 3, 5) for t in TRAINED]
BRANCHES += [Branch(a, 1, 1.0, t) for a in ("relu2", "relu3", "erf") for t in TRAINED]
BRANCHES += [Branch(a, depth, 1.0) for a in ("softplus", "gelu") for depth in (1, 3)]
BRANCHES += [Branch("linear", 0)]


def name(branch):
    return f"{branch.activation}-{branch.depth}-{branch.trained}"


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(12, 4))


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
def test_diagonal_on_unit_rows_counts_the_trained_layers(rows, depth):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    expected = {"all": depth + 1, "hidden": depth, "last_hidden": 1, "readout": 1}
    for trained, value in expected.items():
        kernel = gram(unit, None, [Branch("relu", depth, 1.0, trained)])
        np.testing.assert_allclose(np.diag(kernel), value, rtol=1e-14)


def test_depth_one_has_its_hand_computed_value():
    # orthogonal unit rows: k0 = 1/2, k1 = 1/pi, Theta + S = 0 * 1/2 + 1/pi
    kernel = gram(np.eye(2), None, [Branch("relu", 1)])
    np.testing.assert_allclose(kernel, [[2.0, 1 / np.pi], [1 / np.pi, 2.0]], rtol=1e-14)


@pytest.mark.parametrize("branch", BRANCHES, ids=name)
def test_kernel_is_symmetric_positive_and_rotation_invariant(rows, branch):
    kernel = gram(rows, None, [branch])
    np.testing.assert_allclose(kernel, kernel.T, rtol=1e-12)
    assert np.linalg.eigvalsh(kernel)[0] > -1e-10
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    np.testing.assert_allclose(gram(rows @ rotation, None, [branch]), kernel, atol=1e-9)


@pytest.mark.parametrize("branch", BRANCHES, ids=name)
def test_kernel_is_homogeneous_of_degree_one_in_each_row(rows, branch):
    np.testing.assert_allclose(
        gram(3.0 * rows, rows, [branch]), 3.0 * gram(rows, rows, [branch]), rtol=1e-9
    )


@pytest.mark.parametrize("branch", BRANCHES, ids=name)
def test_profile_at_one_is_the_diagonal(branch):
    kernel = gram(np.ones((1, 1)), None, [branch])
    assert kernel[0, 0] == pytest.approx(profile_at_one(branch), rel=1e-14)


@pytest.mark.parametrize("branch", BRANCHES, ids=name)
def test_slope_is_the_derivative_in_the_cosine(branch):
    angle = np.linspace(0.3, 2.8, 9)[:, None]
    circle = np.hstack([np.cos(angle), np.sin(angle)])
    value, slope = profile_and_slope(angles_between(circle[:1], circle), branch)
    step = 1e-5

    def at(shift):
        # rows whose cosine to the first row is shifted by `shift`
        cosine = angles_between(circle[:1], circle).cosine[0, 1:] + shift
        turned = angle[0] - np.arccos(cosine)
        other = np.column_stack([np.cos(turned), np.sin(turned)])
        return profile(angles_between(circle[:1], other), branch)[0]

    numeric = (at(step) - at(-step)) / (2 * step)
    np.testing.assert_allclose(slope[0, 1:], numeric, rtol=2e-4, atol=1e-6)
    assert np.all(np.isfinite(value))


@pytest.mark.parametrize("branch", BRANCHES[:8], ids=name)
def test_nearly_parallel_rows_keep_their_angle(branch):
    # k1 and k0 near c = 1: 1 - k0 = angle/pi must hold down to angles far below sqrt(eps)
    angle = 1e-10
    pair = np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])
    assert angles_between(pair).angle[0, 1] == pytest.approx(angle, rel=1e-6)
    assert gram(pair, None, [branch])[0, 1] <= profile_at_one(branch) * (1 + 1e-12)


def test_weights_add_parallel_nets(rows):
    parts = [Branch("relu", 2, 0.3), Branch("relu2", 1, 1.7)]
    expected = 0.3 * gram(rows, None, [Branch("relu", 2)])
    expected += 1.7 * gram(rows, None, [Branch("relu2", 1)])
    np.testing.assert_allclose(gram(rows, None, parts), expected, rtol=1e-12)


def test_squared_relu_has_one_hidden_layer_only(rows):
    with pytest.raises(ValueError, match="depth=2 is not possible for a relu2 branch"):
        gram(rows, None, [Branch("relu2", 2)])


def test_erf_kernel_is_the_mean_over_random_units():
    rng = np.random.default_rng(5)
    pair = rng.normal(size=(2, 3))
    pair /= np.linalg.norm(pair, axis=1, keepdims=True)
    z = rng.normal(size=(400_000, 3)) @ pair.T
    unit = np.mean(erf(2 * z) ** 2)
    readout = np.mean(erf(2 * z[:, 0]) * erf(2 * z[:, 1])) / unit
    slope = 16 / np.pi * np.mean(np.exp(-4 * (z**2).sum(axis=1))) / unit
    expected = {"readout": readout, "hidden": pair[0] @ pair[1] * slope}
    for trained, value in expected.items():
        kernel = gram(pair, None, [Branch("erf", 1, 1.0, trained)])
        assert kernel[0, 1] == pytest.approx(value, abs=0.01)


def test_cubed_relu_kernel_is_the_mean_over_random_units():
    rng = np.random.default_rng(5)
    pair = rng.normal(size=(2, 3))
    pair /= np.linalg.norm(pair, axis=1, keepdims=True)
    z = np.maximum(rng.normal(size=(1_000_000, 3)) @ pair.T, 0.0)
    readout = 2 / 15 * np.mean(z[:, 0] ** 3 * z[:, 1] ** 3)
    slope = 2 / 15 * 9 * np.mean(z[:, 0] ** 2 * z[:, 1] ** 2)
    kernel = gram(pair, None, [Branch("relu3", 1)])
    # the sixth powers are rare and large: 2 % of k(1)
    assert kernel[0, 1] == pytest.approx(readout + pair[0] @ pair[1] * slope, abs=0.06)


def test_squared_relu_readout_is_the_mean_over_random_units():
    rng = np.random.default_rng(5)
    pair = rng.normal(size=(2, 3))
    pair /= np.linalg.norm(pair, axis=1, keepdims=True)
    features = np.maximum(rng.normal(size=(400_000, 3)) @ pair.T, 0.0) ** 2
    monte_carlo = 2.0 / 3.0 * np.mean(features[:, 0] * features[:, 1])
    kernel = gram(pair, None, [Branch("relu2", 1, 1.0, "readout")])
    # three standard errors of a mean of 400,000 products of fourth-moment size
    assert kernel[0, 1] == pytest.approx(monte_carlo, abs=0.02)
