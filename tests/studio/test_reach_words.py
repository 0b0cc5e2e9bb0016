"""What the page on gradients says: computed from the numbers, here made by hand so that the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.analysis.reach import FLOOR, by_distance
from explorer.models import Elman, Paths, Spectra
from explorer.signals import Array
from explorer.studio.reach import words

TOKENS = tuple("ab`-e")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.5, "0.5"),
        (1, "1"),
        (0.001, "0.001"),
        (0.00099, "9.9 × 10⁻⁴"),
        (3e-5, "3 × 10⁻⁵"),
        (1.2e-37, "1.2 × 10⁻³⁷"),
        (12.34, "12"),
        (99.6, "100"),
        (123.4, "123"),
        (9999, "9999"),
        (9999.9, "1 × 10⁴"),
        (2.5e65, "2.5 × 10⁶⁵"),
        (FLOOR, "1.2 × 10⁻³⁸"),
        (FLOOR / 2, "less than float32 can hold"),
        (0, "0"),
        (np.nan, "NaN or infinite"),
        (np.inf, "NaN or infinite"),
    ],
)
def test_a_size_is_read_aloud(value: float, said: str) -> None:
    assert words.size(value) == said


# Leaving a token out


def test_of_deletions() -> None:
    """The largest change, with its sign, of all but the last two; how many tokens have a larger gradient."""
    changes = {"lstm": np.array([0.1, -0.75, 0.2, 5, 9]), "rnn": np.array([0.1, 0.2, 0.3, -8, 9])}
    reach = {"lstm": np.array([3.0, 2, 1, 50, 90]), "rnn": np.array([1.0, 2, 3, 80, 90])}
    said = words.of_deletions(changes, reach, TOKENS, 4)
    assert "**LSTM** −0.75 without `b` 3 steps before (number 2 by gradient)" in said
    assert "**RNN** +0.3 without `` ` `` 2 steps before (number 1 by gradient)" in said


def test_the_tokens_own_sign_is_left_alone() -> None:
    """A hyphen in the text stays one; only the number has a minus."""
    change = {"gru": np.array([0, 0, 0, -1e-6, 0, 0])}
    said = words.of_deletions(change, {"gru": np.ones(6)}, tuple("ab`-ef"), 5)
    assert "−1 × 10⁻⁶ without `-` 2 steps before" in said


def test_deletions_that_come_to_no_number() -> None:
    said = words.of_deletions({"lstm": np.full(5, np.nan)}, {"lstm": np.ones(5)}, TOKENS, 4)
    assert "most? **LSTM** NaN or infinite for each of them." in said


@pytest.mark.parametrize("change", [np.zeros(5), np.array([0, 0, 0, 1.0, 2])])
def test_a_text_of_which_nothing_matters(change: Array) -> None:
    assert "most? **LSTM** none of them." in words.of_deletions({"lstm": change}, {"lstm": np.ones(5)}, TOKENS, 4)


@pytest.mark.parametrize("target", [0, 1])
def test_of_the_first_two_steps_there_is_nothing_to_leave_out(target: int) -> None:
    assert "**RNN** none of them." in words.of_deletions({"rnn": np.ones(5)}, {"rnn": np.ones(5)}, TOKENS, target)


def test_a_change_that_is_no_number_is_not_the_largest() -> None:
    changes = {"lstm": np.array([np.nan, 0.5, -np.inf, 0, 0])}
    assert "+0.5 without `b`" in words.of_deletions(changes, {"lstm": np.ones(5)}, TOKENS, 4)


# A pair


MATRIX = np.tril(np.arange(25.0).reshape(5, 5))


def test_of_pair() -> None:
    """Row is the target, column the source; steps count from 1."""
    said = words.of_pair({"lstm": MATRIX, "gru": 0 * MATRIX, "rnn": MATRIX * np.nan}, TOKENS, 4, 1)
    assert "at `b` (step 2) moves the result at `e` (step 5), 3 steps later" in said
    assert "**LSTM** 21; **GRU** 0; **RNN** NaN or infinite." in said


def test_a_step_on_itself_and_the_next() -> None:
    assert "0 steps later, by: **LSTM** 18." in words.of_pair({"lstm": MATRIX}, TOKENS, 3, 3)
    assert "1 step later, by: **LSTM** 17." in words.of_pair({"lstm": MATRIX}, TOKENS, 3, 2)


# By distance


def halved(steps: int, factor: float = 0.5) -> Array:
    """Each step back is that much of the one after it."""
    distance = np.subtract.outer(np.arange(steps), np.arange(steps))
    with np.errstate(under="ignore", over="ignore"):
        return np.where(distance >= 0, factor ** np.maximum(distance, 0).astype(float), 0)


def test_of_distances() -> None:
    said = words.of_distances({"lstm": by_distance(halved(60)), "rnn": by_distance(halved(60, 0.01))})
    assert "at a distance of 1, 10, 40 steps: **LSTM** 0.5, 9.8 × 10⁻⁴, 9.1 × 10⁻¹³; " in said
    assert "**RNN** 0.01, 1 × 10⁻²⁰, less than float32 can hold." in said


def test_what_holds_at_every_distance_is_said_once() -> None:
    said = words.of_distances({"lstm": by_distance(np.zeros((60, 60))), "rnn": by_distance(halved(60, 1.0))})
    assert "1, 10, 40 steps: **LSTM** 0; **RNN** 1." in said


@pytest.mark.parametrize("steps", [2, 3, 6])
def test_a_short_text_has_the_distance_of_one_step(steps: int) -> None:
    said = words.of_distances({"gru": by_distance(halved(steps))})
    assert "at a distance of 1 step: **GRU** 0.5." in said


def test_distances_without_a_loss_are_not_asked_for() -> None:
    """The last row of a loss has none; the pairs of the others are what is told of."""
    matrix = halved(2)
    matrix[1] = np.nan
    assert "**GRU** NaN or infinite" in words.of_distances({"gru": by_distance(matrix)})


def test_a_gradient_that_explodes() -> None:
    said = words.of_distances({"rnn": by_distance(halved(130, 10.0))})
    assert "1, 10, 40, 100 steps: **RNN** 10, 1 × 10¹⁰, 1 × 10⁴⁰, 1 × 10¹⁰⁰." in said


# Two paths


def paths(direct: list[float], full: list[float]) -> Paths:
    """Of one unit that keeps as much, and one that keeps nothing; the target is the last step."""
    kept = np.array([direct, np.zeros(len(direct))]).T
    return words.going_back(Paths(kept, kept, np.array(full), np.array(full)), range(len(direct))[::-1])


@pytest.mark.parametrize(
    ("direct", "full", "verdict"),
    [
        (0.5, 0.5, "the two are the same here"),
        (0.5, 0.54, "the two are the same here"),
        (0.5, 2.0, "all paths together carry 4 times as much"),
        (0.001, 2.0, "all paths together carry 2000 times as much"),
        (0.5, 0.1, "the other paths work against it: 0.2 of it is left"),
        (0.0, 0.1, "all that arrives comes by way of the gates"),
        (1e-45, 0.1, "all that arrives comes by way of the gates"),
        (0.0, 0.0, "neither path brings anything"),
        (1e-44, 1e-41, "neither path brings anything"),
        (0.5, np.nan, "these cannot be compared"),
        (0.5, np.inf, "these cannot be compared"),
        (np.nan, 0.5, "these cannot be compared"),
    ],
)
def test_of_paths(direct: float, full: float, verdict: str) -> None:
    said = words.of_paths(paths([direct, 1.0], [full, 1.0]), 1)
    assert said.startswith("1 step back, the direct path keeps at most")
    assert f"at most {words.size(direct)} of a unit" in said and f"by up to {words.size(full)}: " in said
    assert verdict in said


def test_where_the_paths_part() -> None:
    """From where on it is so at every farther step; else at how many."""
    found = paths([0.1, 0.2, 0.5, 1], [0.5, 0.5, 0.9, 1])
    assert "From 2 steps back on they differ by more than a factor of 2 at every step." in words.of_paths(found, 3)
    found = paths([0.2, 0.2, 0.1, 0.2, 1], [0.9, 0.9, 0.1, 0.9, 1])  # alike 2 steps back
    assert "From 3 steps back on" in words.of_paths(found, 4)
    found = paths([0.2, 0.1, 0.2, 1], [0.3, 0.3, 0.9, 1])  # alike at the farthest
    said = words.of_paths(found, 3)
    assert "They differ by more than a factor of 2 at 2 of 3 steps before." in said and "back on" not in said
    found = paths([0, 0, 0.1, 1], [0, 0, 0.9, 1])  # nothing is left of either: no more is said of these
    assert "at 1 of 1 steps before" in words.of_paths(found, 3)
    assert "differ by more" not in words.of_paths(paths([0.1, 0.5, 1], [0.15, 0.4, 1]), 2)


def test_a_step_and_itself_are_the_same() -> None:
    assert words.of_paths(paths([0.5, 1.0], [0.7, 1.0]), 0).startswith(
        "0 steps back, the direct path keeps at most 1 of"
    )


# Singular values


def spectra(full: Array, h: Array | None = None) -> Spectra:
    """The target is the last step."""
    found = Spectra(full if h is None else h, full, np.zeros(len(full)))
    return words.going_back(found, range(len(full))[::-1])


def test_of_spectra() -> None:
    """The mean factor a step, and how many directions are within a hundredth of the largest halfway."""
    largest = 0.5 ** np.arange(10, -1, -1.0)
    h = np.stack([largest, 0.02 * largest, 0.005 * largest], 1)
    said = words.of_spectra(spectra(h))
    assert "by a factor of 0.5 a step, on average over 10 steps" in said
    assert "5 steps back, 2 of 3 directions are stretched" in said


def test_one_direction_that_grows() -> None:
    h = np.stack([[8.0, 4, 2, 1], np.zeros(4)], 1)
    said = words.of_spectra(spectra(h))
    assert "by a factor of 2 a step, on average over 3 steps; 2 steps back, 1 of 2 directions is stretched" in said


@pytest.mark.parametrize(
    ("largest", "said"),
    [
        ([0, 0, 0.5, 1], "nothing of the source is left after 2 steps."),
        ([0, 0, 0, 1], "nothing of the source is left after 1 step."),
        ([np.nan, 1e30, 1e10, 1], "from 3 steps back the largest singular value is NaN or infinite."),
        ([np.inf, np.nan, 1e10, 1], "from 2 steps back the largest singular value is NaN or infinite."),
    ],
)
def test_spectra_that_end(largest: list[float], said: str) -> None:
    assert words.of_spectra(spectra(np.array(largest)[:, None])) == said


def test_one_unit_has_one_direction() -> None:
    said = words.of_spectra(spectra(np.array([[0.25], [0.5], [1.0]])))
    assert said == "the largest singular value changes by a factor of 0.5 a step, on average over 2 steps."


def test_the_first_step_has_none_before_it() -> None:
    assert words.of_spectra(spectra(np.array([[1.0]]))) == "there is no step before the target."


def test_h_alone_is_told_where_more_is_carried_on() -> None:
    full = 0.9 ** np.arange(10, -1, -1.0)[:, None] * [[1.0, 0.5]]
    said = words.of_spectra(spectra(full, 0.5 ** np.arange(10, -1, -1.0)[:, None]))
    assert "by a factor of 0.9 a step" in said, "of the whole state"
    assert "By h alone it would be 0.031 there, of the whole state it is 0.59." in said


# The Elman network


def elman(sigma: float, exact: float, bound: float, apart: float = 0.0, steps: int = 21) -> Elman:
    """The curves at the first step; `apart` ten steps back."""
    curve = np.ones(steps)
    curve[0] = exact
    bounds, off = np.ones(steps), np.zeros(steps)
    bounds[0], off[steps - 11] = bound, apart
    return words.going_back(Elman(0.75, sigma, 1.0, curve, bounds, curve, off), range(steps)[::-1])


def test_a_bound_below_one_foretells() -> None:
    said = words.of_elman(elman(0.5, 5e-7, 1e-6))
    assert "ρ(W) = 0.75, σ_max(W) = 0.5, γ = 1. By σ_max·γ = 0.5 the gradient must vanish" in said
    assert "over 20 steps the bound is 1 × 10⁻⁶, the exact norm 5 × 10⁻⁷." in said
    assert "is not so here" not in said, "the bound is near what happens"
    assert "commute" not in said, "the products are the same"


def test_a_bound_above_one_does_not() -> None:
    said = words.of_elman(elman(8.0, 1e-9, 1e18, apart=0.97))
    assert "is free to explode: over 20 steps the bound is 1 × 10¹⁸, the exact norm 1 × 10⁻⁹." in said
    assert "every slope φ′ to be γ" in said
    assert "is off by 97 % after 10 steps: matrices do not commute." in said


def test_an_exploding_bound_and_a_product_of_nothing() -> None:
    said = words.of_elman(elman(8.0, 0.0, np.inf, apart=np.nan))
    assert "the bound is NaN or infinite, the exact norm 0." in said
    assert "nan" not in said and "commute" not in said


def test_at_the_first_step_nothing_is_foretold() -> None:
    said = words.of_elman(Elman(0.5, 2.0, 1.0, np.ones(1), np.ones(1), np.ones(1), np.zeros(1)))
    assert "over 0 steps the bound is 1, the exact norm 1." in said


# Squashing


def test_of_squashing() -> None:
    assert "Applied once, the steepest place that is left: σ 0.25, tanh 1, relu 1." in words.of_squashing(1)
    # At 0 it is σ′(0) · σ′(½) = 0.25 · 0.235.
    assert "Applied 2 times, the steepest place that is left: σ 0.059, tanh 1, relu 1." in words.of_squashing(2)
