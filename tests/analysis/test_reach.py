"""How far a gradient reaches back, on gradients of our choice."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.analysis.reach import FLOOR, by_distance, distance_to_floor, distance_to_share, magnitudes
from explorer.signals import Signal, Trace


def gradients() -> Trace:
    """Two layers, three steps, two units; x of three inputs."""
    h = np.zeros((2, 3, 2), np.float32)
    h[0, :, 0], h[1] = [1, 2, 3], [[3, 4], [6, 8], [0, 1e-30]]
    x = np.array([[2, 3, 6], [0, 0, 0], [1, 2, 2]], np.float32)
    signals = {
        "grad_x": Signal(name="grad_x", symbol="x", kind="gradient", role="input", dims=("step", "input")),
        "grad_h": Signal(name="grad_h", symbol="h", kind="gradient", role="hidden"),
    }
    return Trace(arrays={"grad_x": x, "grad_h": h}, signals=signals, tokens=tuple("abc"))


def test_magnitudes() -> None:
    """A norm a step, of the top row unless another is asked for, absolute; x has no rows."""
    np.testing.assert_allclose(magnitudes(gradients(), "h"), [5, 10, 1e-30])
    np.testing.assert_allclose(magnitudes(gradients(), "h", 0), [1, 2, 3])
    np.testing.assert_allclose(magnitudes(gradients(), "x"), [7, 0, 3])
    with pytest.raises(KeyError, match="grad_c"):
        magnitudes(gradients(), "c")


@pytest.mark.parametrize(
    ("magnitude", "at", "steps"),
    [
        ([0.1, 0.2, 0.4, 0.8, 1.0], 4, 2),
        ([1, 1, 1, 1, 1], 4, None),
        ([1, 1, 1, 0.5, 1], 4, None),  # half is not below half
        ([9, 9, 0.1, 1, 9], 3, 1),  # what comes after `at` does not count
        ([1], 0, None),
        ([0, 0, 0], 2, None),  # no gradient at all cannot fall
    ],
)
def test_distance_to_half(magnitude: list[float], at: int, steps: int | None) -> None:
    assert distance_to_share(np.array(magnitude)[at::-1]) == steps


def test_distance_to_another_share() -> None:
    assert distance_to_share(np.array([1.0, 0.1, 0.01, 0.001]), share=0.05) == 2


@pytest.mark.parametrize(
    ("magnitude", "steps"),
    [
        ([0, FLOOR / 2, FLOOR, 1], 2),  # the floor itself is a normal number
        ([0, 1e-30, 1e-10, 1], 3),
        ([1e-37, 1e-20, 1e-10, 1], None),
        ([1, 1, 1, 0], 0),
    ],
)
def test_distance_to_the_floor(magnitude: list[float], steps: int | None) -> None:
    assert distance_to_floor(np.array(magnitude)[::-1]) == steps


def test_the_floor_is_the_smallest_normal_float32() -> None:
    assert np.float32(FLOOR) == np.finfo(np.float32).smallest_normal
    assert 0 < np.float32(FLOOR) / 2 < FLOOR  # denormal


def test_by_distance() -> None:
    """Diagonals: the median, the quartiles and the number of pairs; rows without a loss do not count."""
    matrix = np.array([[1, 0, 0, 0], [2, 3, 0, 0], [4, 6, 5, 0], [np.nan] * 4])
    spread = by_distance(matrix)
    np.testing.assert_array_equal(spread.pairs, [3, 2, 1, 0])
    np.testing.assert_array_equal(spread.median, [3, 4, 4, np.nan])
    np.testing.assert_array_equal(spread.low, [2, 3, 4, np.nan])
    np.testing.assert_array_equal(spread.high, [4, 5, 4, np.nan])


def test_in_a_backward_row_the_source_stands_behind_the_target() -> None:
    matrix = np.array([[1, 2, 4], [0, 3, 6], [0, 0, 5.0]])
    np.testing.assert_array_equal(by_distance(matrix, backward=True).median, [3, 4, 4])
    np.testing.assert_array_equal(by_distance(matrix).median, [3, 0, 0])
