"""Which unit follows a property: Pearson's r, a planted unit found, and a chance that is neither too small nor too large."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.analysis.probes import chance, correlations, ends, follower
from explorer.signals import Array
from tests.helpers import FEW


def slow(steps: int, seed: int, stays: float = 0.95) -> Array:
    """0 and 1 by turns, each staying for 1 / (1 - stays) steps on average."""
    return np.cumsum(np.random.default_rng(seed).uniform(size=steps) > stays) % 2 * 1.0


def noise(steps: int, units: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=(steps, units))


@FEW
@given(st.integers(2, 80), st.integers(1, 6), st.integers(0, 10**6))
def test_correlations_are_pearsons(steps: int, units: int, seed: int) -> None:
    memory = noise(steps, units, seed) * 10.0 ** np.arange(units) + 3
    marks = np.random.default_rng(seed + 1).uniform(size=steps)
    expected = [np.corrcoef(memory[:, unit], marks)[0, 1] for unit in range(units)]
    np.testing.assert_allclose(correlations(memory, marks), expected, rtol=0, atol=1e-9)  # float64


def test_what_never_changes_has_no_correlation() -> None:
    """NaN, without a warning: a unit that is always the same, and every unit where the property is."""
    memory = noise(50, 3)
    memory[:, 1] = 0.25
    found = correlations(memory, slow(50, 1))
    assert np.isnan(found).tolist() == [False, True, False]
    assert np.isnan(correlations(memory, np.ones(50))).all()
    assert follower(memory, np.ones(50)) == 0
    assert chance(memory, np.ones(50)) == 0
    assert 0 < chance(memory, slow(50, 1)) < 1


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("unit", [0, 3, 7])
def test_a_planted_unit_is_found(unit: int, sign: int) -> None:
    """Upwards or downwards, under as much noise as it has signal; by far above chance."""
    memory, marks = noise(2000, 8), slow(2000, 3)
    memory[:, unit] += 2 * sign * marks
    assert follower(memory, marks) == unit
    r = correlations(memory, marks)[unit]
    assert sign * r == pytest.approx(1 / np.sqrt(2), abs=0.05)
    assert abs(r) > 3 * chance(memory, marks)


@pytest.mark.parametrize("units", [1, 32])
def test_chance_of_white_noise_is_small(units: int) -> None:
    """About 2 / √steps for a unit, more for the best of many; it is what really comes out of noise that has nothing to do with it."""
    steps = 4000
    marks = slow(steps, 5)
    found = chance(noise(steps, units), marks)
    assert found < 4 / np.sqrt(steps)
    best = [np.nanmax(np.abs(correlations(noise(steps, units, seed), marks))) for seed in range(100, 200)]
    assert found == pytest.approx(np.percentile(best, 95), rel=0.35)


def test_chance_is_large_where_all_is_slow() -> None:
    """Two things that change rarely go together by chance: the bound knows, though they have nothing to do with one another."""
    steps = 2000
    memory = np.stack([slow(steps, seed, 0.998) for seed in range(8)], 1)
    assert chance(memory, slow(steps, 99, 0.998)) > 5 * chance(noise(steps, 8), slow(steps, 99, 0.998))
    assert chance(memory, slow(steps, 99, 0.998)) > 0.3


def test_chance_pays_for_the_choice_of_the_best() -> None:
    """More units, a higher bound."""
    memory, marks = noise(1000, 200), slow(1000, 2)
    assert chance(memory, marks) > 1.3 * chance(memory[:, :1], marks)


@pytest.mark.parametrize("steps", [2, 3, 5, 10, 50, 1000])
def test_chance_never_compares_at_the_true_place(steps: int) -> None:
    """A unit that is the property itself, a single 1: only a shift by nothing would give r = 1."""
    marks = np.zeros(steps)
    marks[steps // 2] = 1
    largest = max(chance(marks[:, None], marks, shifts=1, seed=seed) for seed in range(300))
    if steps == 2:
        assert largest == pytest.approx(1)  # the other of two places is its mirror image
    else:
        assert largest < 0.99


def test_chance_stays_away_from_the_true_place() -> None:
    """A property as slow as a hundredth of the whole still resembles itself there, so no shift is smaller than that, on either side."""
    steps = 1000
    marks = (np.arange(steps) % 500 < 10) * 1.0
    marks[500:] = 0  # one stretch of ten
    assert max(chance(marks[:, None], marks, shifts=1, seed=seed) for seed in range(500)) < 0.05


def test_chance_can_be_repeated() -> None:
    memory, marks = noise(300, 4), slow(300, 1)
    assert chance(memory, marks) == chance(memory, marks)
    assert chance(memory, marks) != chance(memory, marks, seed=1)


def test_ends_lie_inside_what_a_unit_takes() -> None:
    """The 5th and 95th percentile, turned round where the unit falls as the property rises."""
    memory = np.stack([np.linspace(0, 1, 101), np.linspace(-1, 1, 101), np.zeros(101)], 1)
    low, high = ends(memory, np.array([0.5, -0.5, np.nan]))
    np.testing.assert_allclose(low, [0.05, 0.9, 0], atol=1e-12)
    np.testing.assert_allclose(high, [0.95, -0.9, 0], atol=1e-12)
