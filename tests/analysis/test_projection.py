"""Principal components: orthonormal, ordered, and all there is in data of two dimensions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.analysis.projection import principal_components
from tests.helpers import FEW

# Sums of a few hundred products of size 1 in float64.
CLOSE = 1e-9


@FEW
@given(st.integers(3, 20), st.integers(2, 9), st.integers(0, 10**6))
def test_orthonormal_and_ordered(steps: int, units: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(steps, units))
    found = principal_components(values)
    np.testing.assert_allclose(found.loadings @ found.loadings.T, np.eye(2), atol=CLOSE)
    np.testing.assert_allclose(found.scores.mean(0), 0, atol=CLOSE)
    np.testing.assert_allclose((values - values.mean(0)) @ found.loadings.T, found.scores, atol=CLOSE)
    np.testing.assert_allclose(found.explained, found.scores.var(0) / values.var(0).sum(), atol=CLOSE)
    assert 1 + CLOSE >= found.explained[0] >= found.explained[1] >= 0
    assert found.explained.sum() <= 1 + CLOSE


@FEW
@given(st.integers(0, 10**6))
def test_no_direction_has_more_variance(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(15, 4)) * [3, 2, 1, 0.5]
    direction = random.normal(size=4)
    direction /= np.linalg.norm(direction)
    best = principal_components(values).scores[:, 0].var()
    assert (values @ direction).var() <= best + CLOSE


def test_two_dimensions_are_kept_whole() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(30, 2)) @ random.normal(size=(2, 8)) + random.normal(size=8)
    found = principal_components(values)
    np.testing.assert_allclose(found.scores @ found.loadings + values.mean(0), values, atol=CLOSE)
    assert found.explained.sum() == pytest.approx(1)


def test_the_sign_is_settled() -> None:
    """A component points where its largest loading is positive, so that the same text makes the same picture everywhere."""
    values = np.random.default_rng(5).normal(size=(12, 6))
    for given_values in (values, -values):
        loadings = principal_components(given_values).loadings
        assert (loadings[np.arange(2), np.abs(loadings).argmax(1)] > 0).all()


@pytest.mark.parametrize(
    "values", [np.full((7, 3), 0.25), np.ones((1, 3)), np.zeros((5, 1))], ids=["constant", "1 step", "1 unit"]
)
def test_where_nothing_varies_all_is_zero(values: np.ndarray) -> None:
    found = principal_components(values)
    assert found.scores.shape == (len(values), 2)
    assert found.loadings.shape == (2, values.shape[1])
    assert not found.scores.any() and not found.explained.any()


def test_fewer_units_than_components() -> None:
    found = principal_components(np.array([[1.0], [2.0], [4.0]]))
    np.testing.assert_allclose(found.explained, [1, 0])
    np.testing.assert_allclose(found.scores[:, 1], 0)


def test_float32_is_summed_in_float64() -> None:
    """A large offset would swallow the differences otherwise."""
    values = (np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0]]) + 4096).astype(np.float32)
    exact = principal_components(values.astype(np.float64))
    np.testing.assert_allclose(principal_components(values).scores, exact.scores, atol=CLOSE)
