"""What the page that edits a running cell says of an edit, and of what came of it."""

from __future__ import annotations

import numpy as np
import pytest

import explorer
from explorer import edits
from explorer.analysis.numbers import share
from explorer.figures.theme import LIGHT
from explorer.models import card_of
from explorer.models.recipes import grammar
from explorer.studio.state import Place
from explorer.studio.what_if import View, experiments, transplanting, words
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


def test_what_the_edits_cannot_touch_is_not_reported_as_unchanged() -> None:
    """Frozen from the step after the playhead on: nothing can change there, which is said; later on it does."""
    here = view("freeze c steps 22-38", step=20)
    before, after = (
        explorer.predict(explorer.load("english-lstm"), TEXT, edits=edits) for edits in ([], here.plan.edits)
    )
    np.testing.assert_allclose(before[:21], after[:21], atol=1e-5)
    assert np.abs(before[21:] - after[21:]).max() > 0.1
    said = words.of_change(here)
    assert "The playhead (step 21) comes before the first edited step, 22" in said
    assert "stays about the same" not in said
    assert "comes before" not in words.of_change(view("freeze c steps 22-38", step=21))
    assert "comes before" not in words.of_change(view("scale c 0.5", step=0))


def test_noise_is_told_over_twenty_seeds() -> None:
    """Mean, standard deviation and range of P at the playhead, each seed read by the library on its own."""
    here = view("noise c 0.5 seed 1", step=20)
    model = explorer.load("english-lstm")
    column = here.column
    found = [
        np.exp(explorer.predict(model, TEXT, edits=[edits.noise("c", 0.5, seed=seed)])[20, column])
        for seed in range(1, 21)
    ]
    said = words.of_change(here)
    assert (
        f"Over 20 seeds of the noise, P(`{model.labels[column]}`) there is **{share(np.mean(found))}** on average"
        in said
    )
    assert f"standard deviation {100 * np.std(found, ddof=1):.2g} percentage points" in said
    assert f"({share(min(found))} to {share(max(found))})" in said
    assert np.std(found) > 0.01
    assert "seeds" not in words.of_change(view("scale c 0.5"))


def test_the_verbs_of_several_are_added_up() -> None:
    """After the transplant each plural verb by itself is unlikely, all of them together are not."""
    one, several = (
        "the boy near the old dog with the teacher sings .",
        "the boys near the old dog with the teacher sing .",
    )
    here = view(f'patch c,h step 9 from "{several}"', name="agreement-lstm", text=one, step=8)
    verbs = [card_of("agreement-lstm").reader.id_of(verb) for verb in grammar.VERBS.values()]
    before, after = (np.exp(values[8])[verbs] for values in here.answers)
    said = words.of_change(here, transplanting.of_verbs(here))
    assert f"all plural verbs together from **{share(before.sum())}** to **{share(after.sum())}**" in said
    assert after.sum() > 0.8 > 3 * after.max()
    assert "P(`" not in said.split(".")[0]
