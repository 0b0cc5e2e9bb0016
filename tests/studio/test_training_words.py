"""What is said of one training step holds for the numbers at hand."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.models import Truncated
from explorer.models.clipping import clipped
from explorer.studio.training_step import words

SHARES = np.array(
    [
        [2.0, 0.0, 0.0, 0.0],
        [1.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
        [3.0, 0.05, 0.5, 0.5],
    ]
)
LOSSES = np.array([1.0, 2.0, 3.0, 4.0])
TOKENS = "abcde"
SPACE = "\N{NO-BREAK SPACE}"


def plain(said: str) -> str:
    return said.replace(SPACE, " ").replace("**", "")


def test_of_all() -> None:
    """By distance there are 3.5, 1.5, 0.05 and 3 of 8.05."""
    said = plain(words.of_all(SHARES, 6.0))
    for part in (
        "43.5 % is for the weights' use at the loss's own step",
        "half of it stays within 1 step",
        "within 3 steps",
    ):
        assert part in said
    assert (
        f"independent directions, their sum would have the norm {np.hypot.reduce(SHARES.ravel()):.2f}; it has 1.5 times"
        in said
    )
    assert "the gradient of the recurrent layers' weights, with the norm 6." in said


def test_terms_cancel_reinforce_or_neither() -> None:
    """Two terms of the norms 3 and 4, at right angles 5: alike they add up to 7, opposed to 1."""
    terms = np.diag([3.0, 4.0])
    assert "it has 1.4 times as much: they reinforce one another" in plain(words.of_all(terms, 7.0))
    assert "it has about as much." in plain(words.of_all(terms, 5.0))
    assert "it has 0.2 of that: they cancel in part" in plain(words.of_all(terms, 1.0))
    assert "half of it stays at that step, nine tenths at that step" in plain(words.of_all(terms, 5.0))


def test_no_gradient_at_all() -> None:
    assert words.of_all(np.zeros((2, 2)), 0.0) == words.NO_GRADIENT


def test_of_target() -> None:
    said = plain(words.of_target(SHARES, LOSSES, 3, TOKENS, " nats", True))
    assert said.startswith(
        "The loss at step 4 (after `d` comes `e`: 4.00 nats) gets 100 % of its pull from its own step"
    )
    assert "its strongest pull is at step 1 (`a`), 3 steps back" in said


def test_of_a_target_that_is_its_own_strongest_source() -> None:
    said = plain(words.of_target(np.diag([1.0, 2.0, 3.0, 4.0]), LOSSES, 0, TOKENS, "", False))
    assert said == "The loss at step 1 (`a`: 1.00) gets 100 % of its pull from its own step."


def test_how_far_back_a_hundredth_is_felt() -> None:
    """Before the strongest pull, not only before the target."""
    row = np.array([[0.0] * 6] * 5 + [[0.001, 0.02, 0.5, 0.1, 1.0, 0.2]])
    said = plain(words.of_target(row, np.ones(6), 5, "abcdef", "", False))
    assert "strongest pull is at step 5 (`e`), 1 step back" in said
    assert "A hundredth of its strongest pull is felt 4 steps back" in said
    assert "gets 98.8 % of its pull from its own step and the three before" in said


def test_a_flat_loss_and_an_unused_step() -> None:
    assert "zero gradient with respect to every weight" in words.of_target(SHARES, LOSSES, 2, TOKENS, "", False)
    assert "receive no gradient from any loss" in words.of_source(np.zeros((3, 3)), 1, TOKENS)


def test_of_source() -> None:
    said = plain(words.of_source(SHARES, 0, TOKENS))
    assert said == (
        "The weights as step 1 (`a`) uses them are pulled at most by the loss at step 4 (`d`); 66.7 % of their pull comes from "
        "losses after it."
    )
    assert "pulled at most by its own loss; 4.8 %" in plain(words.of_source(SHARES, 1, TOKENS))


CUT = [
    Truncated(1, 1.5, 120.0, 0.5),
    Truncated(2, 0.2, 11.0, 1.8),
    Truncated(4, 0.005, 0.3, 2.0),
    Truncated(6, 0.02, 0.4, 2.0),
    Truncated(8, 0.001, 0.1, 2.0),
    Truncated(9, 0.0, 0.0, 2.0),
]


@pytest.mark.parametrize(
    ("k", "parts"),
    [
        (
            1,
            (
                "1 step only",
                "150 % of the gradient (more than the gradient's own length",
                "turns it by 120.0°",
                "25.0 %",
            ),
        ),
        (2, ("2 steps only", "20.0 %", "11.0°", "90.0 % of its norm", "less than 1 %, 8 steps are enough")),
        (9, ("k = 9 reaches over the whole text", "loses nothing at all")),
    ],
)
def test_of_truncation(k: int, parts: tuple[str, ...]) -> None:
    said = plain(words.of_truncation(CUT, 2.0, 9, k))
    assert [part for part in parts if part not in said] == [], said


def test_enough_is_said_where_it_is_not_reached_yet_alone() -> None:
    """At 4 less than a hundredth is lost, but not for all that are longer."""
    assert "enough" in words.of_truncation(CUT, 2.0, 9, 4)
    assert "enough" not in words.of_truncation(CUT, 2.0, 9, 8)


def test_nothing_lost_before_the_end_of_the_text() -> None:
    """What is farther back has vanished altogether: that is another reason than having gone back all the way."""
    said = words.of_truncation([Truncated(2, 0.0, 0.0, 1.0)], 1.0, 9, 2)
    assert "whole text" not in said and "no gradient that a float32 can hold" in said


def test_of_clipping_by_norm() -> None:
    gradient = {"w": np.array([3.0, 4.0])}
    assert "has the norm 5.00: all of it is multiplied by 0.200" in plain(
        words.of_norm(clipped(gradient, "norm", 1.0), 1.0)
    )
    assert "changes nothing" in words.of_norm(clipped(gradient, "norm", 10.0), 10.0)


def test_of_clipping_by_value() -> None:
    gradient = {"w": np.array([3.0, 0.0, 0.0, 4.0])}
    said = plain(words.of_value(clipped(gradient, "value", 3.0), 3.0, 4, 2))
    assert said.startswith("25.0 % of the 4 entries are cut to ±3.")
    assert "leaves 84.9 % of its norm. 2 of the 4 entries are exactly 0." in said  # √18 / 5
    assert "changes nothing here" in words.of_value(clipped(gradient, "value", 9.0), 9.0, 4, 2)


def test_of_parts() -> None:
    said = plain(words.of_parts({"w": 2.0, "b": 1.0, "none": 0.0}, 0.5, {"w": 0.5, "b": 0.9, "none": 0.0}))
    assert said == "By norm, each part keeps 50.0 % of its norm; by value, from 25.0 % (`w`) to 90.0 % (`b`)."
    assert words.of_parts({"w": 2.0}, 1.0, {"w": 2.0}).endswith("by value, all of it.")


def test_of_update() -> None:
    before, after = np.array([1.0, 3.0]), np.array([1.5, 1.5])
    said = plain(words.of_update(1, before, after, "abc", " nats", True))
    assert said == (
        "Update 1 brings the mean loss from 2.00 to 1.50 nats (−25.0 %). It falls at 1 of 2 steps, most at step 2 "
        "(after `b` comes `c`): 3.00 → 1.50."
    )


def test_an_update_that_is_too_long_is_said() -> None:
    rises = plain(words.of_update(2, np.array([1.0]), np.array([1.5]), "ab", "", False))
    assert "Update 2 overshoots: the loss rises" in rises and "+50.0 %" in rises
    assert "10.0 times as much" in words.of_update(2, np.array([1.0]), np.array([10.0]), "ab", "", False)
    for gone in (np.nan, np.inf):
        assert "diverges" in words.of_update(3, np.array([1.0]), np.array([gone]), "ab", "", False)


def test_of_forecast() -> None:
    """Along g with ‖g‖ = 2 at a rate of 0.1, a plane falls by 0.4; at right angles to it, not at all."""
    assert "length 0.200" in words.of_forecast(2.0, 2.0, 0.0, 0.1, 1.0, 0.7)
    assert "now be 0.600." in words.of_forecast(2.0, 2.0, 0.0, 0.1, 1.0, 0.7)
    assert "now be 1.00." in words.of_forecast(2.0, 2.0, 90.0, 0.1, 1.0, 0.7)
    assert "less than it can be" in words.of_forecast(2.0, 2.0, 0.0, 1.0, 1.0, 0.7)
    assert words.of_forecast(2.0, 2.0, 0.0, 1.0, 1.0, np.nan) == ""


def test_of_course() -> None:
    assert "by heart" in words.of_course([2.0, 1.0, 0.5], "")
    assert "2 updates on this one text: 2.00 → **0.500**" in words.of_course([2.0, 1.0, 0.5], "")
    assert "do not lead downhill" in words.of_course([2.0, 1.0, 5.0], "")
    assert "no finite loss" in words.of_course([2.0, 1.0, np.nan], "")


def test_of_prediction() -> None:
    before, now = np.log([0.5, 0.3, 0.2]), np.log([0.3, 0.2, 0.5])
    said = plain(words.of_prediction(["a", "b", "c"], before, now, "b", 1, "x"))
    assert said == "After step 2 (`x`) the right answer is `b`: P from 30.0 % to 20.0 %, now rank 3 of 3."


def test_of_numbers() -> None:
    said = plain(words.of_numbers(np.array([3.0, 4.0]), np.array([0.0, 0.0]), np.array([0.0, 1.0])))
    assert "off by 3.00 before and by 0.707 now (the root of the mean square over 2 steps)" in said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.9996, "99.9 %"),
        (0.0004, "< 0.1 %"),
        (0.5, "50.0 %"),
        (1.5, "150 %"),
        (np.nan, "NaN"),
    ],
)
def test_a_share_never_says_all_or_nothing_of_what_is_neither(value: float, said: str) -> None:
    assert plain(words.share(value)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.3, "1.30"),
        (-0.25, "−0.250"),
        (0.0, "0"),
        (4.2e-5, "4.2 × 10⁻⁵"),
        (137.6, "138"),
        (5.6e12, "5.6 × 10¹²"),
        (np.inf, "infinite"),
    ],
)
def test_number(value: float, said: str) -> None:
    assert words.number(value) == said
