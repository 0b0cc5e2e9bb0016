"""The half-life of a write is the median over writers, counted within the text: against a loop that multiplies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from explorer.analysis.timescales import half_lives, keep_of
from explorer.signals import Array
from tests.analysis.made import made
from tests.helpers import FEW

keeps = st.lists(st.sampled_from([0.0, 0.5, 0.9, 0.999, 1.0]) | st.floats(0, 1), min_size=1, max_size=30)


def lives_of(keep: Array) -> list[tuple[int, bool]]:
    """For each writer: the steps until its product is below ½, or those that there were; and whether it was never below."""
    found = []
    for writer in range(len(keep)):
        left = 1.0
        for step in range(writer + 1, len(keep)):
            left *= keep[step]
            assume(left == 0.5 or abs(left - 0.5) > 1e-9)  # on the edge rounding decides, and either answer is right
            if left < 0.5:
                found.append((step - writer, False))
                break
        else:
            found.append((len(keep) - 1 - writer, True))
    return found


@FEW
@given(keeps)
def test_as_a_loop_over_writers(keep: list[float]) -> None:
    found = half_lives(made(f=np.array(keep)[:, None]))
    lives = lives_of(np.array(keep))
    assert found is not None
    assert found.steps[0] == np.median([steps for steps, _ in lives])
    assert found.at_least[0] == np.isinf(np.median([np.inf if never else steps for steps, never in lives]))


def test_each_unit_for_itself() -> None:
    columns = [[0.9] * 20, [1.0] * 20, [0.0] * 20, [1.0] * 5 + [0.2] + [1.0] * 14]
    found = half_lives(made(f=np.array(columns).T))
    assert found is not None
    for unit, column in enumerate(columns):
        alone = half_lives(made(f=np.array(column)[:, None]))
        assert alone is not None
        assert (found.steps[unit], found.at_least[unit]) == (alone.steps[0], alone.at_least[0])


def test_one_reset_does_not_make_a_latch_forgetful() -> None:
    """Kept whole but at one step, most writes are there at the end; ln ½ / ln mean keep would say that half is gone in 27 steps."""
    keep = np.ones((40, 1))
    keep[5] = 0
    found = half_lives(made(f=keep))
    assert found is not None and found.at_least[0]
    assert np.log(0.5) / np.log(keep.mean()) < 28


def test_exactly_half_is_not_yet_below_half() -> None:
    found = half_lives(made(f=np.full((9, 1), 0.5)))
    assert found is not None
    assert (found.label(0), found.at_least[0]) == ("2 steps", False)


@pytest.mark.parametrize(
    ("keep", "label"),
    [
        ([0.0] * 9, "1 step"),
        ([0.8] * 30, "4 steps"),
        ([1.0] * 9, "≥ 4 steps"),  # the writers have 8, 7, … 0 steps to live
        ([1.0] * 10, "≥ 4.5 steps"),
        ([0.3], "≥ 0 steps"),
        ([1.0] * 3, "≥ 1 step"),
    ],
)
def test_label(keep: list[float], label: str) -> None:
    found = half_lives(made(f=np.array(keep)[:, None]))
    assert found is not None
    assert found.label(0) == label


def test_without_a_belt_there_is_none() -> None:
    assert half_lives(made(h=np.ones((3, 2)), belt=False)) is None


def test_a_backward_row_is_counted_as_it_read() -> None:
    keep = np.random.default_rng(0).uniform(0.5, 1, (2, 20, 3))
    both = made(f=keep, bidirectional=True)
    np.testing.assert_array_equal(keep_of(both, 0), keep[0])
    np.testing.assert_array_equal(keep_of(both, 1), keep[1, ::-1])
    backward, turned = half_lives(both, 1), half_lives(made(f=keep[1, ::-1]))
    assert backward is not None and turned is not None
    np.testing.assert_array_equal(backward.steps, turned.steps)


def test_numbers_that_are_none_do_no_harm() -> None:
    keep = np.full((6, 2), 0.5)
    keep[2, 0] = np.nan
    found = half_lives(made(f=keep))
    assert found is not None
    assert found.label(1) == "2 steps"
