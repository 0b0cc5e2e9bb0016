"""What the accounts say: computed from the numbers, here made by hand so that the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.analysis.ledger import Account
from explorer.studio.ledger import words

TOKENS = tuple("ab`*e")
STEPS = range(4)
WRITTEN = np.array([2.0, -1.0, 0.5, 0.25])
SHARE = np.array([0.0, 0.75, 0.25, 1.0, 1.0])
NOW = SHARE * np.array([3.0, *WRITTEN])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.5, "+0.5000"),
        (-0.291, "−0.2910"),
        (5.631234, "+5.631"),
        (12345.6, "+1.2 × 10⁴"),
        (-3e-7, "−3 × 10⁻⁷"),
        (0, "0"),
        (np.nan, "NaN or infinite"),
        (-np.inf, "NaN or infinite"),
    ],
)
def test_a_number_has_its_sign(value: float, said: str) -> None:
    assert words.signed(value) == said


def test_who_wrote_most_of_what_is_there() -> None:
    said = words.of_writers(TOKENS, STEPS, WRITTEN, SHARE, NOW, unit=7)
    assert said == (
        "Unit 7 carries **+2.000** now. The largest part is from `a` (step 1, 3 steps ago): of the **+2.000** that it wrote, "
        "**75\N{NO-BREAK SPACE}%** is left: +1.500; all others together +0.5000."
    )


def test_of_what_was_just_written() -> None:
    said = words.of_writers(TOKENS, range(1), np.array([0.5]), np.array([1.0, 1.0]), np.array([0.0, 0.5]), unit=0)
    assert "`a` (step 1, just now)" in said and "all others" not in said


def test_a_token_is_no_markup() -> None:
    said = words.of_writers(TOKENS, range(3), np.array([0.0, 0.0, 1.0]), np.ones(4), np.array([0, 0, 0, 1.0]), unit=0)
    assert "`` ` ``" in said


def test_steps_are_named_as_they_stand_in_the_text() -> None:
    """A row that reads from the end wrote first at the last step."""
    said = words.of_writers(TOKENS, range(4, 0, -1), WRITTEN, SHARE, NOW, unit=0)
    assert "`e` (step 5, 3 steps ago)" in said


def test_what_was_there_before_the_text() -> None:
    said = words.of_writers(TOKENS, range(1), np.array([0.1]), np.ones(2), np.array([-2.0, 0.1]), unit=0)
    assert "The largest part comes from before the text: −2.000 is left" in said


def test_nothing_written_and_no_number() -> None:
    nothing = np.zeros(5)
    assert "nothing written so far" in words.of_writers(TOKENS, STEPS, nothing[1:], np.ones(5), nothing, unit=0)
    broken = np.full(5, np.nan)
    assert "NaN or infinite" in words.of_writers(TOKENS, STEPS, broken[1:], broken, broken, unit=0)


def test_all_units_by_the_sum_of_sizes() -> None:
    """Contributions of both signs do not make one another smaller."""
    values = np.array([[0.0, 0.0], [3.0, -3.0], [1.0, 1.0], [0.0, -2.0]])
    said = words.of_all_writers(TOKENS, range(3), values)
    assert (
        "`a` (step 1) **60\N{NO-BREAK SPACE}%**, `b` (step 2) **20\N{NO-BREAK SPACE}%**, `` ` `` (step 3) **20\N{NO-BREAK SPACE}%**"
        in said
    )
    assert words.SIZES in said
    assert "Nothing written so far" in words.of_all_writers(TOKENS, range(3), 0 * values)
    assert "NaN or infinite" in words.of_all_writers(TOKENS, range(3), values * np.nan)


def test_what_adds_to_a_score_and_what_takes_from_it() -> None:
    """The largest first; what is small beside them is not worth a name."""
    account = Account(np.array([0.0, 2.0, -1.5, 0.05, 0.5]), -0.25)
    said = words.of_score(TOKENS, account, 3, "the score of “x”")
    assert said == (
        "At step 4, most adds to the score of “x”: `a` (step 1, 3 steps ago) **+2.000**, `*` (step 4, just now) **+0.5000**; "
        "most takes from it: `b` (step 2, 2 steps ago) **−1.500**."
    )


def test_a_score_that_only_falls_has_its_name() -> None:
    said = words.of_score(TOKENS, Account(np.array([-1.0, 0.0]), 0.0), 0, "the score of “x”")
    assert said == "At step 1, most takes from the score of “x”: the state before the text **−1.000**."
    assert "nothing on the belt" in words.of_score(TOKENS, Account(np.zeros(2), 1.0), 0, "x")
    assert "cannot be added up" in words.of_score(TOKENS, Account(np.array([np.inf, 0.0]), 1.0), 0, "x")


def test_the_line_that_adds_it_up() -> None:
    account = Account(np.array([0.0, 2.0, -1.5]), 0.25)
    same = words.of_sum(account, 0.75, "the score of “x”")
    assert "Sum of contributions **+0.5000** + bias **+0.2500** = **+0.7500**" in same
    assert "the network's own score of “x” is **+0.7500** (difference 0)" in same
    assert "(difference 3 × 10⁻⁷)" in words.of_sum(account, 0.7500003, "x")


def test_what_has_to_be_known_to_read_it() -> None:
    assert words.about("writes", squashed=True, top=True, share="P = 1.") == [words.WRITES, words.SQUASHED, "P = 1."]
    beta, layer = words.about("states", squashed=True, top=False, share="")
    assert beta == words.BETA and "top layer" in layer
