"""Where the reader is: what the link said, what the stage tells, what the workbench decides; in a session, without the app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.models import card_of
from explorer.studio.state import FIRST_MODEL, Place
from tests.app.driving import NAMES

CARD = card_of(NAMES[0])
TEXT = "Nine more"


def session(script: Callable[..., None], link: dict[str, Any] | None = None, **given: Any) -> AppTest:
    """Runs `script` with the link's values, and with `given` in the session."""
    at = AppTest.from_function(script)
    for name, value in (link or {}).items():
        at.query_params[name] = str(value)
    for name, value in given.items():
        at.session_state[name] = value
    at.run()
    assert not at.exception
    return at


def begins() -> None:
    from explorer.studio import state

    state.begin()


def follows() -> None:
    import streamlit as st

    from explorer.models import card_of
    from explorer.studio import state

    st.session_state.place = state.follow(card_of(st.session_state.wanted), st.session_state.typed, 0)


def takes_an_example() -> None:
    import streamlit as st

    from explorer.studio import state

    state.read_example(st.session_state.wanted)


def moves() -> None:
    from explorer.studio import state

    state.moved("the stage")


def test_without_a_link_it_begins_where_the_effect_is_seen() -> None:
    state, show = session(begins).session_state, card_of(FIRST_MODEL).show
    assert (state["read_model"], state["text"]) == (FIRST_MODEL, show.text)
    assert (state["unit"], state["step"]) == (show.unit, show.step)
    assert state["autoplay"] and state["notices"] == []


def test_the_link_is_followed() -> None:
    """Steps count from 1 in a link, from 0 here."""
    link = {"model": CARD.name, "text": TEXT, "step": 9, "unit": 0, "layer": 0}
    state = session(begins, link).session_state
    assert (state["read_model"], state["text"], state["step"], state["unit"]) == (CARD.name, TEXT, 8, 0)
    assert not state["autoplay"] and state["notices"] == []


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ({"model": "lsmt"}, "lsmt"),
        ({"step": 10}, "1 to 9"),
        ({"unit": -1}, f"0 to {CARD.hidden_size - 1}"),
        ({"layer": 1}, "layer"),
    ],
)
def test_what_cannot_be_is_told(link: dict[str, Any], told: str) -> None:
    (notice,) = session(begins, {"model": CARD.name, "text": TEXT} | link).session_state["notices"]
    assert told in notice


def test_the_link_is_read_once() -> None:
    """Later in the session the reader is elsewhere, and the link that they came by is old."""
    at = session(begins, {"model": CARD.name, "text": TEXT, "step": 4})
    at.session_state["step"] = 7
    at.run()
    assert at.session_state["step"] == 7


def test_the_step_stays_within_the_text() -> None:
    for typed, step in (("Nine", 3), ("Nine more and more", 8)):
        place = session(follows, read_model=CARD.name, wanted=CARD.name, typed=typed, unit=1, step=8).session_state[
            "place"
        ]
        assert place == Place(CARD, typed, 0, 1, step)


@pytest.mark.parametrize("unit", [CARD.show.unit, (CARD.show.unit + 1) % CARD.hidden_size], ids=["telling", "another"])
def test_the_telling_unit_is_followed_to_another_network(unit: int) -> None:
    other = card_of(NAMES[1])
    at = session(follows, read_model=CARD.name, wanted=other.name, typed=TEXT, unit=unit, step=2)
    place = at.session_state["place"]
    assert (place.model, place.step) == (other.name, 2)
    assert place.unit == (other.show.unit if unit == CARD.show.unit else unit)
    assert at.session_state["read_model"] == other.name


def test_an_example_begins_at_its_start_or_where_its_effect_is_seen() -> None:
    for text, place in ((TEXT, (5, 0)), (CARD.show.text, (CARD.show.unit, CARD.show.step))):
        state = session(takes_an_example, read_model=CARD.name, wanted=text, unit=5, step=3, text="old").session_state
        assert state["text"] == text
        assert (state["unit"], state["step"]) == place


def test_the_stage_tells_where_it_has_settled() -> None:
    at = session(moves, unit=1, step=1, **{"the stage": {"place": {"unit": 7.0, "step": 12}}})
    assert (at.session_state["unit"], at.session_state["step"]) == (7, 12)
    at = session(moves, unit=1, step=1, **{"the stage": {}})
    assert (at.session_state["unit"], at.session_state["step"]) == (1, 1)
