"""What the page that compares networks says: computed from the numbers, here made by hand so that the answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.analysis.comparing import Spreads
from explorer.figures.theme import LIGHT
from explorer.models import card_of, relatives
from explorer.studio.compare import View, labels, words
from explorer.studio.sentences import of_carried
from explorer.studio.state import Place


def view(name: str = "english-lstm", step: int = 3) -> View:
    card = card_of(name)
    tokens = card.reader.encode(card.show.text).tokens
    return View(Place(card, card.show.text, 0, 0, step), relatives(card.name), tokens, LIGHT)


def shares(view: View, column: int, **given: float) -> dict[str, np.ndarray]:
    """Log-probabilities of which `column` has what is given for each network."""
    found = {}
    for name, share in given.items():
        p = np.full(77, (1 - share) / 76)
        p[column] = share
        found[name] = np.log(p)
    return found


def test_what_falls_rises_and_stays() -> None:
    here = view()
    whole = shares(here, 4, LSTM=0.61, GRU=0.02, RNN=0.37)
    less = shares(here, 4, LSTM=0.07, GRU=0.6, RNN=0.36)
    assert words.of_without(here, whole, less, 1, 4, 4) == (
        'Without `e` (step 2, 2 steps before the playhead), P(`"`), the right answer, at step 4: **LSTM** falls from 61 % to 7 %; '
        "**GRU** rises from 2 % to 60 %; **RNN** stays about the same (37 %, 36 %)."
    )


def test_where_nothing_is_known_to_be_right_that_is_not_said() -> None:
    here = view()
    whole = shares(here, 4, LSTM=0.5)
    assert "the right answer" not in words.of_without(here, whole, whole, 3, 4, None)
    assert "(step 4, the playhead's own)" in words.of_without(here, whole, whole, 3, 4, None)


def test_numbers_fall_rise_and_stay() -> None:
    here = view("waves-lstm")
    whole = {name: np.array([value]) for name, value in (("LSTM", -0.75), ("GRU", 0.2), ("RNN", 0.5))}
    less = {name: np.array([value]) for name, value in (("LSTM", 0.5), ("GRU", -0.6), ("RNN", 0.51))}
    said = words.of_without(here, whole, less, 0, None, -0.8)
    assert "**LSTM** rises from −0.75 to 0.5; **GRU** falls from 0.2 to −0.6; **RNN** stays near 0.5 (0.51)." in said
    assert said.endswith("Right is **−0.8**.")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("english-lstm", "log₂ P of the real next character"),
        ("agreement-gru", "log₂ P of the real next word"),
        ("sentiment-rnn", "log₂ P of that answer"),
        ("adding-lstm", "the number that is answered"),
    ],
)
def test_what_is_moved_is_named_for_each_kind_of_answer(name: str, said: str) -> None:
    assert words.moved(view(name)) == said


def test_gates_and_networks_without() -> None:
    said = words.of_gates({"LSTM": 0.712, "RNN": None})
    assert said.endswith("**LSTM** 0.71; **RNN** has no belt.")


def test_what_arrives_of_a_change_at_the_first_step() -> None:
    curves = {"LSTM": np.array([6.6, 0.1, 0.0023]), "RNN": np.array([3.8, 1e-9, 0.0])}
    said = words.of_reaches(curves, 2, of_carried({"LSTM": ("h", "c"), "GRU": ("h",), "RNN": ("h",), "jordan": ("y",)}))
    assert "carried on (h and c of LSTM; h of GRU and RNN; y of jordan), " in said
    assert "2 steps earlier, moves the answer at step 3" in said
    assert "**LSTM** 0.0023 (6.6); **RNN** 0 (3.8)." in said
    assert "Move the playhead on" in words.of_reaches({"GRU": np.ones(1)}, 0, "h")


def test_sizes_with_what_they_are_matched_to() -> None:
    said = words.of_sizes({"LSTM": (128, 95180), "untrained GRU": (149, 95633)}, card_of("english-lstm"))
    assert "**LSTM** 128 units, 95,180 parameters · **untrained GRU** 149 units, 95,633 parameters" in said
    assert said.endswith("closest to that one's 95,180.")


def test_a_files_name_is_not_markup() -> None:
    assert "**my\\_own\\*lstm**" in words.of_gates({"my_own*lstm": 0.5})


def test_where_answers_are_furthest_apart() -> None:
    said = words.of_differences({"GRU": np.array([0.1, 0.7, np.nan])}, ("a", "`", "c"), "LSTM", numbers=False)
    assert "that of **LSTM** (the total variation" in said
    assert "**GRU** 0.27 on average, most at step 2 (`` ` ``): 0.7." in said
    assert "the difference of the two numbers" in words.of_differences({"GRU": np.zeros(2)}, "ab", "LSTM", numbers=True)


def test_mean_losses_where_some_are_known() -> None:
    losses = {"LSTM": np.array([1.0, 3.0, np.nan]), "RNN": np.array([2.0, 2.0, np.nan])}
    said = words.of_losses(losses, "surprise in bits")
    assert said.startswith("Mean surprise in bits over 2 steps of this text: **LSTM** 2; **RNN** 2.")
    assert words.of_losses({"LSTM": np.full(2, np.nan)}, "squared error") == ""


@pytest.mark.parametrize(
    ("spreads", "verdict"),
    [
        (Spreads(0.014, 0.006, 5), "Here the cell makes more difference than the seed."),
        (Spreads(0.006, 0.014, 5), "none can be said to be better"),
        (Spreads(0.01, 0.01, 5), "none can be said to be better"),
        (Spreads(0.13, None, 1), "nothing here says whether another seed would have changed that."),
    ],
)
def test_cells_and_seeds_are_weighed(spreads: Spreads, verdict: str) -> None:
    said = words.of_spreads(spreads, 3, "bits a character", share=False)
    assert verdict in said
    assert "LSTM" not in said and "GRU" not in said, "no order of cells is claimed"


def test_few_seeds_are_said_to_be_few() -> None:
    assert "3 seeds of each are few." in words.of_spreads(Spreads(0.1, 0.2, 3), 3, "right", share=True)
    assert "few" not in words.of_spreads(Spreads(0.1, 0.2, 5), 3, "right", share=True)
    assert "**10 percentage points** apart" in words.of_spreads(Spreads(0.1, 0.2, 3), 3, "right", share=True)


def test_a_single_network_is_compared_with_none() -> None:
    assert "only one network" in words.of_spreads(Spreads(0, None, 1), 1, "right", share=True)


def test_networks_are_called_by_their_cell_where_that_tells_them_apart() -> None:
    cards = relatives("english-lstm")
    assert labels(cards) == [card.cell.upper() for card in cards]
    twice = [cards[0], replace(cards[0], name="english-rnn-small")]
    assert labels(twice) == ["english-rnn", "english-rnn-small"]
