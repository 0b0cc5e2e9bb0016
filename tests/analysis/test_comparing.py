"""How far answers are apart, and what the spread of scores is made of; on numbers made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.analysis.comparing import Spreads, apart, bits, likeliest, spreads

ONE = np.log(np.array([[0.5, 0.5], [0.9, 0.1], [0.25, 0.75]]))
OTHER = np.log(np.array([[0.5, 0.5], [0.1, 0.9], [0.5, 0.5]]))


def test_total_variation_is_the_largest_difference_of_any_event() -> None:
    np.testing.assert_allclose(apart(ONE, OTHER, numbers=False), [0, 0.8, 0.25], atol=1e-15)


def test_it_is_symmetric_and_nothing_from_itself() -> None:
    np.testing.assert_array_equal(apart(ONE, OTHER, numbers=False), apart(OTHER, ONE, numbers=False))
    assert not apart(ONE, ONE, numbers=False).any()


def test_answers_with_nothing_in_common_are_1_apart() -> None:
    with np.errstate(divide="ignore"):
        sure, otherwise = np.log(np.array([[1.0, 0.0]])), np.log(np.array([[0.0, 1.0]]))
    assert apart(sure, otherwise, numbers=False) == [1.0]


def test_numbers_are_apart_by_their_difference() -> None:
    np.testing.assert_allclose(apart(np.array([[1.0], [-2.0]]), np.array([[0.5], [1.0]]), numbers=True), [0.5, 3.0])


def test_float32_answers_are_compared_in_float64() -> None:
    assert apart(ONE.astype(np.float32), OTHER.astype(np.float32), numbers=False).dtype == np.float64


def test_the_likeliest_of_all_readings_come_first() -> None:
    """A label that one reading alone thinks likely is among them."""
    first, second = np.log([0.7, 0.2, 0.05, 0.05]), np.log([0.1, 0.05, 0.05, 0.8])
    assert likeliest([first, second], 3).tolist() == [3, 0, 1]
    assert likeliest([first, second], 9).tolist() == [3, 0, 1, 2]


def test_surprise_in_bits_where_the_right_label_is_known() -> None:
    np.testing.assert_allclose(bits(ONE, [0, None, 1]), [1, np.nan, -np.log2(0.75)])


def test_cells_and_seeds_are_told_apart() -> None:
    found = spreads({"lstm": [0.7, 0.8, 0.9], "gru": [0.75, 0.76, 0.77], "rnn": [0.5, 0.55]})
    assert found.between == pytest.approx(0.8 - 0.525)
    assert found.within == pytest.approx(0.2)
    assert found.seeds == 2


def test_one_seed_each_says_nothing_of_seeds() -> None:
    assert spreads({"lstm": [2.1], "rnn": [2.25]}) == Spreads(pytest.approx(0.15), None, 1)
