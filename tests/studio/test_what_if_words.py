"""What the page that edits a running cell says of an edit, and of what came of it."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.figures.theme import LIGHT
from explorer.models import card_of
from explorer.studio.state import Place
from explorer.studio.what_if import View, experiments, words
from explorer.studio.what_if.lines import read, written
from explorer.studio.what_if.plan import planned

TEXT = 'She said, "I was cold," and so was he.'


def view(*lines: str, name: str = "english-lstm", text: str = TEXT, step: int = 20) -> View:
    here = Place(card_of(name), text, 0, 1, step)
    found = tuple(map(read, lines))
    return View(here, found, planned(here, found), LIGHT)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("set f 1 unit 3 steps 5-9", "f held at 1, unit 3, steps 5 to 9"),
        ("set f_pre -2 units 1-3,7 layer 0", "f before the squashing held at −2, units 1–3, 7, layer 0, at every step"),
        ("set h_prev 0", "the loop is cut: h before each step is 0, at every step"),
        ("set c_prev 0 step 2", "c as it enters the step held at 0, step 2"),
        ("scale c 0.5", "c times 0.5, at every step"),
        ("noise c 0.5 seed 3 step 4", "noise of size 0.5 on c (seed 3), step 4"),
        ("freeze c steps 2-3", "c frozen: it keeps what it had, steps 2 to 3"),
        ("erase units 4,5", "units 4–5 erased: the memory is held at 0, at every step"),
        ('patch c,h step 5 from "a\\nb" at 2', "c and h after step 5 becomes that of `a↵b` after its step 2"),
        ("delete step 13", "token 13 deleted"),
        ("delete steps 13-14", "tokens 13 to 14 deleted"),
        ('replace step 1 by "`"', "token 1 replaced by `` ` ``"),
    ],
)
def test_an_edit_in_words(line: str, said: str) -> None:
    assert words.of_line(read(line)) == said


def test_a_probability_that_falls_rises_and_stays() -> None:
    assert words.verb(0.61, 0.14) == "falls from **61 %** to **14 %**"
    assert words.verb(0.009, 0.64) == "rises from **0.9 %** to **64 %**"
    assert words.verb(0.61, 0.612) == "stays about the same (**61 %**, 61 %)"


def test_nothing_edited_and_nothing_changed_are_two_things() -> None:
    assert words.of_change(view()) == words.NOT_EDITED
    assert words.of_change(view("off scale h 0")) == words.NOT_EDITED
    assert words.of_change(view("scale c 1")) == words.NOTHING
    assert words.of_change(view('replace step 1 by "S"')) == words.NOT_EDITED
    assert "playhead" in words.of_change(view("scale c 0.5"))


def test_what_changes_most_is_where_the_answers_are_furthest_apart() -> None:
    here = view("delete step 11", step=20)
    most = int(np.nanargmax(here.apart))
    assert f"(step {most + 1})" in words.of_change(here) or "There most changes of all" in words.of_change(here)
    assert np.isnan(here.apart[10]) and not np.nan_to_num(here.apart[:10]).any()


def test_at_a_deleted_token_there_is_no_answer() -> None:
    assert words.of_change(view("delete step 21", step=20)).startswith(
        "The token at the playhead (step 21) is deleted."
    )


def test_the_units_that_are_held_are_not_counted_among_those_that_move() -> None:
    assert "of 127 move" in words.of_change(view("set c 2 unit 1"))
    assert "of 128 move" in words.of_change(view("scale c 0.5"))


def test_none_is_told_as_left_alone_where_all_are_edited() -> None:
    """Or where the text is edited, and no unit; one that could not be held is none that is."""
    for lines in (["scale c 0.5"], ["delete step 11"], ["scale c 0.5", "set f 1 unit 500"]):
        assert "not held themselves" not in words.of_change(view(*lines))
    assert "not held themselves" in words.of_change(view("set c 2 unit 1"))


def test_an_edit_of_units_follows_the_tokens_that_are_left() -> None:
    """Steps are those of the text as it was; a run of them closes up around a gap, and one without any left is refused."""
    here = view("delete steps 5-6", "set f 1 unit 3 steps 4-9", "set f 1 unit 4 step 6")
    (edit,) = here.plan.edits
    assert edit.steps == (3, 6)
    assert here.plan.refused == {2: "each of its tokens is deleted"}
    assert here.plan.text == TEXT[:4] + TEXT[6:]
    assert here.plan.where[:7] == (0, 1, 2, 3, None, None, 4)


@pytest.mark.parametrize("name", ["english-lstm", "agreement-gru", "sentiment-rnn", "adding-lstm"])
def test_every_experiment_can_be_carried_in_a_link(name: str) -> None:
    """Its lines are read back as they are, and it speaks of a unit of the card where it speaks of one."""
    card = card_of(name)
    here = Place(card, card.show.text, 0, 0, 3)
    found = experiments.large(here)
    assert found
    lines = [line for one in found for run in one.runs for line in run.lines]
    lines += [line for some in experiments.small(here).values() for line in some]
    assert [read(written(line)) for line in lines] == lines
    known = {finding.unit for finding in card.findings if finding.holds}
    forced = {unit for line in lines if line.does == "set" for unit in line.units or ()}
    assert forced <= known
