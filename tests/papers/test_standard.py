import numpy as np
import pytest

from ntkreg import papers
from ntkreg.papers.standard import Standard


def test_rows_and_targets_come_to_mean_0_and_spread_1_and_back():
    rng = np.random.default_rng(0)
    X, y = rng.normal(5.0, 3.0, (20, 3)), rng.normal(-1.0, 9.0, (20, 2))
    standard = Standard.of(X, y)
    for values in (standard.rows(X), standard.targets(y)):
        np.testing.assert_allclose(values.mean(axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(values.std(axis=0), 1.0)
    np.testing.assert_allclose(standard.restored(standard.targets(y)), y)


def test_what_is_constant_up_to_rounding_is_not_blown_up():
    X = np.full((10, 1), 0.1) * 3.0 + np.arange(10)[:, None] * 1e-17
    standard = Standard.of(X, np.full((10, 1), 7.0))
    np.testing.assert_array_equal(standard.scale, 1.0)
    np.testing.assert_array_equal(standard.restored(np.zeros((2, 1))), 7.0)


@pytest.mark.parametrize("name", papers.__all__)
def test_public_names_are_there_and_documented(name):
    assert getattr(papers, name).__doc__
    assert name in dir(papers)


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'ntkreg\.papers' has no attribute 'nothing'"):
        _ = papers.nothing
