"""What is said of a curve by distance: the middle of its draws, and its course."""

from __future__ import annotations

import numpy as np

from explorer.analysis.reach import FLOOR
from explorer.analysis.startup import course, spread


def test_the_middle_is_a_draw_and_lies_between_the_lowest_and_the_highest() -> None:
    found = spread(np.array([[1.0, 4.0], [2.0, 6.0], [9.0, 5.0]]))
    np.testing.assert_array_equal([found.low, found.middle, found.high], [[1, 4], [2, 5], [9, 6]])


def test_a_nan_on_the_way_back_has_overflowed() -> None:
    """Infinity minus infinity."""
    found = spread(np.array([[1.0, np.inf, np.nan], [1.0, 2.0, np.nan], [1.0, 1.0, 0.0]]))
    np.testing.assert_array_equal(
        [found.low, found.middle, found.high], [[1, 1, 0], [1, 2, np.inf], [1, np.inf, np.inf]]
    )


def test_a_curve_that_vanishes() -> None:
    """A quarter a step: below half after one, below 2^-126 after 64; the zeros after it count for nothing."""
    curve = 0.25 ** np.arange(101)
    curve[curve < FLOOR] = 0
    found = course(curve)
    assert (found.half, found.double, found.floor, found.ceiling) == (1, None, 64, None)
    assert (found.factor, found.over, found.last, found.steps) == (0.25, 63, 0.0, 100)


def test_half_is_not_yet_below_half() -> None:
    assert course(0.5 ** np.arange(5.0)).half == 2


def test_a_curve_that_explodes() -> None:
    found = course(np.array([1.0, 2.0, 4.0, 8.0, np.inf, np.inf]))
    assert (found.half, found.double, found.floor, found.ceiling) == (None, 2, None, 4)
    assert (found.factor, found.over, found.last) == (2.0, 3, np.inf)


def test_a_curve_that_stays() -> None:
    found = course(np.ones(4))
    assert (found.half, found.double, found.floor, found.ceiling) == (None, None, None, None)
    assert (found.factor, found.last, found.steps) == (1.0, 1.0, 3)


def test_a_curve_that_falls_and_grows_again() -> None:
    found = course(np.array([1.0, 0.3, 0.1, 0.4]))
    assert (found.lowest, found.least) == (2, 0.1)


def test_a_curve_that_is_nothing_after_one_step() -> None:
    """W_hh = 0: there is no factor to be told, and no division by what is not there."""
    found = course(np.array([1.0, 0.0, 0.0]))
    assert (found.half, found.floor, found.factor, found.over) == (1, 1, 0.0, 0)
