"""Switching networks, taking examples, asking the pages' questions."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import explorer
from explorer.analysis.differences import distance
from explorer.analysis.orderings import ORDERINGS
from explorer.analysis.reach import magnitudes
from explorer.models import card_of
from tests.app.driving import (
    NAMES,
    PAGES,
    card_on,
    charts,
    check,
    choose,
    curve_of,
    opened,
    press,
    stage_of,
    type_text,
    words,
)
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
        sent = stage_of(press(at, f"example {label}"))
        assert at.text_area(key="text").value == example
        assert sent.header["steps"] == len(example)
        assert sent.place == ((card.show.step, card.show.unit) if example == card.show.text else (0, sent.place[1]))


def test_the_example_again_takes_the_reader_back() -> None:
    """The stage moves on its own: it must be told of a new beginning, though text and network are the same."""
    card = card_of(ONE)
    (label,) = (label for label, example in card.examples.items() if example == card.show.text)
    at = opened(model=ONE, step=3)
    before = stage_of(at)
    sent = stage_of(press(at, f"example {label}"))
    assert before.place[0] == 2 and sent.place[0] == card.show.step
    assert sent.header["id"] != before.header["id"]


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
    assert memory_of(at) == after_a_change(shipped, f"{TEXT[:3]}z{TEXT[4:]}")[3:]
    assert "`z` in place of `c`" in words(at)


@pytest.mark.parametrize("typed", ["", "r"])
def test_a_change_into_the_same_is_another_one(typed: str, shipped: Shipped) -> None:
    """Nothing typed, or what stands there already: another character is put there, and that is said."""
    at = opened("hidden", model=ONE, text=TEXT, changed=5)
    check(at.text_input(key="into").set_value(typed).run())
    assert memory_of(at) == after_a_change(shipped, f"{TEXT[:4]}x{TEXT[5:]}")[4:]
    assert "`x` there" in words(at) and ("the same" in words(at) if typed else "0 characters" in words(at))


def memory_of(at: AppTest) -> list[float]:
    """The curve of ONE on the page on the hidden state."""
    curves = {curve["name"]: curve["customdata"] for curve in charts(at)[0].data}
    return list(curves[card_of(ONE).cell.upper()])


def after_a_change(shipped: Shipped, other: str) -> list[float]:
    return list(distance(explorer.trace(shipped[ONE], TEXT), explorer.trace(shipped[ONE], other), by="state"))


OBJECTIVES = {
    "the loss: −ln P of the real next character": "loss",
    "the mean loss of all steps": "mean",
    "the score (logit) of the real next character": "logit",
    "h of the pinned unit": "h",
}


@pytest.mark.parametrize(("label", "of"), OBJECTIVES.items(), ids=OBJECTIVES.values())
def test_every_objective(label: str, of: str, shipped: Shipped) -> None:
    """Of those that all networks have (an Elman network has no c); at the step asked for, or of all."""
    at_step = 9
    at = opened("gradients", model=ONE, text=TEXT, of=label, at=at_step + 1, unit=5)
    assert at.selectbox(key="of").options == list(OBJECTIVES)
    assert at.selectbox(key="of").value == label
    grads = explorer.gradients(shipped[ONE], TEXT, of, -1 if of == "mean" else at_step, unit=5, by="state")
    shown = curve_of(at, ONE)
    assert len(shown) == (len(TEXT) - 1 if of == "mean" else at_step + 1)
    np.testing.assert_array_equal(shown, magnitudes(grads, "state")[: len(shown)])


def test_by_the_input_instead_of_h(shipped: Shipped) -> None:
    at = opened("gradients", model=ONE, text=TEXT, by="x")
    grads = explorer.gradients(shipped[ONE], TEXT)
    np.testing.assert_array_equal(curve_of(at, ONE), magnitudes(grads, "x")[:-1])


def test_one_character_has_no_loss() -> None:
    at = opened("gradients", model=ONE, text="a")
    assert at.info and not at.get("plotly_chart")
    assert type_text(at, "ab").get("plotly_chart")
