"""Switching networks, taking examples, asking the pages' questions."""

from __future__ import annotations

import numpy as np
import pytest

import explorer
from explorer.analysis.differences import change_character, distance
from explorer.analysis.orderings import ORDERINGS
from explorer.analysis.reach import magnitudes
from explorer.models import card_of, excerpt
from explorer.studio.controls import OBJECTIVES
from tests.app.driving import NAMES, PAGES, card_on, charts, check, choose, opened, stage_of, type_text
from tests.conftest import Shipped

ONE, OTHER = NAMES[0], NAMES[1]
TEXT = 'He cried "come" and ran.'


@pytest.mark.parametrize("page", PAGES)
def test_another_network_reads_the_same_text_at_the_same_step(page: str) -> None:
    """There and back; who stood on the telling unit stands on that of the other."""
    at = opened(page, model=ONE, text=TEXT, step=7)
    for name in (OTHER, ONE):
        sent = stage_of(choose(at, name))
        assert card_on(at).name == name
        assert sent.header["link"]["text"] == TEXT
        assert sent.place == (6, card_of(name).show.unit)


def test_a_unit_of_ones_own_choice_is_kept() -> None:
    mine = next(unit for unit in range(9) if unit not in {card_of(name).show.unit for name in NAMES})
    at = opened(model=ONE, text=TEXT, unit=mine)
    for name in (OTHER, ONE):
        assert stage_of(choose(at, name)).place[1] == mine


def test_without_a_network_chosen_the_last_one_stays() -> None:
    at = opened(model=ONE, text=TEXT)
    check(at.segmented_control(key="model").set_value(None).run())
    assert card_on(at).name == ONE


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str) -> None:
    """Each button brings its text into the box; the card's own example comes with its unit and step, another from its start."""
    card = card_of(name)
    at = opened(model=name, text=TEXT, step=3, unit=0)
    for label, example in card.examples.items():
        check(at.button(key=f"example {label}").click().run())
        sent = stage_of(at)
        assert at.text_area(key="text").value == example
        assert sent.header["steps"] == len(example)
        assert sent.place == ((card.show.step, card.show.unit) if example == card.show.text else (0, sent.place[1]))


def test_the_example_again_takes_the_reader_back() -> None:
    """The stage moves on its own: it must be told of a new beginning, though text and network are the same."""
    card = card_of(ONE)
    (label,) = (label for label, example in card.examples.items() if example == card.show.text)
    at = opened(model=ONE, step=3)
    before = stage_of(at)
    sent = stage_of(check(at.button(key=f"example {label}").click().run()))
    assert before.place[0] == 2 and sent.place[0] == card.show.step
    assert sent.header["id"] != before.header["id"]


def test_another_excerpt() -> None:
    """Whole words of the held-out text, a new piece each time."""
    at = opened(model=ONE, text=TEXT, step=5)
    held_out, seen = excerpt(card_of(ONE).task), set()
    for _ in range(3):
        check(at.button(key="random").click().run())
        text = at.text_area(key="text").value
        assert text in held_out and 50 <= len(text) <= 150
        assert stage_of(at).place[0] == 0
        seen.add(text)
    assert len(seen) > 1


def test_every_order_of_the_units(shipped: Shipped) -> None:
    trace = explorer.trace(shipped[ONE], TEXT)
    for label, ordering in ORDERINGS.items():
        at = opened("hidden", model=ONE, text=TEXT, view="All units", order=label)
        np.testing.assert_array_equal(charts(at)[0].data[0]["z"], trace["h"][0][:, ordering(trace, 0)].T)
        assert not at.warning


def test_another_character_is_changed(shipped: Shipped) -> None:
    """Which one, and into what; the curve begins there."""
    at = opened("hidden", model=ONE, text=TEXT, changed=4)
    check(at.text_input(key="into").set_value("z").run())
    curves = {curve["name"]: curve["customdata"] for curve in charts(at)[0].data}
    model = shipped[ONE]
    found = distance(explorer.trace(model, TEXT), explorer.trace(model, change_character(TEXT, 3, "z")))
    np.testing.assert_array_equal(curves[card_of(ONE).cell.upper()], found[3:])


@pytest.mark.parametrize("label", OBJECTIVES)
def test_every_objective(label: str, shipped: Shipped) -> None:
    """Of those that all networks have; at the step asked for, or of all."""
    of, card, at_step = OBJECTIVES[label], card_of(ONE), 9
    at = opened("gradients", model=ONE, text=TEXT, of=label, at=at_step + 1, unit=5)
    if of == "c":
        assert label not in at.selectbox(key="of").options, "an Elman network has no c"
        return
    assert at.selectbox(key="of").value == label
    grads = explorer.gradients(shipped[ONE], TEXT, of, -1 if of == "mean" else at_step, unit=5)
    curves = {curve["name"]: curve["customdata"] for curve in charts(at)[1].data}
    shown = curves[card.cell.upper()]
    assert len(shown) == (len(TEXT) - 1 if of == "mean" else at_step + 1)
    np.testing.assert_array_equal(shown, magnitudes(grads, "h")[: len(shown)])


def test_by_the_input_instead_of_h(shipped: Shipped) -> None:
    at = opened("gradients", model=ONE, text=TEXT, by="x")
    curves = {curve["name"]: curve["customdata"] for curve in charts(at)[1].data}
    grads = explorer.gradients(shipped[ONE], TEXT)
    np.testing.assert_array_equal(curves[card_of(ONE).cell.upper()], magnitudes(grads, "x")[:-1])


def test_one_character_has_no_loss() -> None:
    at = opened("gradients", model=ONE, text="a")
    assert at.info and not at.get("plotly_chart")
    assert type_text(at, "ab").get("plotly_chart")
