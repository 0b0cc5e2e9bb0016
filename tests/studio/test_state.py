"""Where the reader is: what the link said, what the stage tells, what the workbench decides; in a session, without the app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.models import card_of
from explorer.studio.state import FIRST_MODEL, Place
from tests.app.conftest import Shelve
from tests.app.driving import NAMES
from tests.models.tiny import finding

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


def looks_at() -> None:
    import streamlit as st

    from explorer.models import card_of
    from explorer.studio import state

    state.look_at(card_of(st.session_state.read_model).findings[st.session_state.wanted])


def opens() -> None:
    import streamlit as st

    from explorer.models import card_of
    from explorer.studio import state

    state.open_task(card_of(st.session_state.wanted), st.session_state.typed)


def goes_on() -> None:
    import streamlit as st

    from explorer.studio import state

    state.go_on(st.session_state.wanted)


def moves() -> None:
    from explorer.studio import state

    state.moved("the stage")


def arrives() -> None:
    import streamlit as st

    from explorer.models import card_of
    from explorer.studio import state
    from explorer.studio.state import Place

    here = st.session_state
    place = Place(card_of(here.wanted), here.typed, 0, here.unit, here.step)
    here.began = state.arrived(here.mount, place)


def test_without_a_link_it_begins_where_the_effect_is_seen() -> None:
    state, show = session(begins).session_state, card_of(FIRST_MODEL).show
    assert (state["read_model"], state["text"]) == (FIRST_MODEL, show.text)
    assert (state["unit"], state["step"]) == (show.unit, show.step)
    assert state["play"] == (0, show.step) and state["notices"] == []


def test_the_link_is_followed() -> None:
    """Steps count from 1 in a link, from 0 here."""
    link = {"model": CARD.name, "text": TEXT, "step": 9, "unit": 0, "layer": 0}
    state = session(begins, link).session_state
    assert (state["read_model"], state["text"], state["step"], state["unit"]) == (CARD.name, TEXT, 8, 0)
    assert state["play"] is None and state["notices"] == []


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


FINDINGS = (
    finding(follows="one", unit=1, text="abcde", step=2),
    finding(follows="two", unit=2, text="edcba", step=3),
    finding(follows="three", unit=3, text="edcba", step=1),
    finding(follows="nobody", unit=0, correlation=0.1, text="dd", step=1),
)


@pytest.mark.parametrize(
    ("text", "unit", "place"),
    [
        ("abcde", 0, (1, 2)),  # what the card opens on
        ("edcba", 0, (2, 3)),  # the first that shows on it
        ("edcba", 1, (2, 3)),
        ("edcba", 3, (3, 1)),  # that of the pinned unit, if it shows on it
        ("dd", 3, (3, 0)),  # no unit follows that
        ("ccc", 2, (2, 0)),
        ("ccc", 0, (0, 0)),  # a unit of one's own choice
    ],
)
def test_an_example_shows_the_unit_that_it_is_about(
    text: str, unit: int, place: tuple[int, int], shelve: Shelve
) -> None:
    name = shelve("lstm", findings=FINDINGS)
    state = session(takes_an_example, read_model=name, wanted=text, unit=unit, step=4, text="old").session_state
    assert (state["text"], state["unit"], state["step"]) == (text, *place)


@pytest.mark.parametrize("which", range(len(FINDINGS)))
def test_a_finding_is_looked_at(which: int, shelve: Shelve) -> None:
    """Its unit, on its text, at its step, also where another shows on that text; the stage is told of a new beginning."""
    name, wanted = shelve("lstm", findings=FINDINGS), FINDINGS[which]
    at = session(looks_at, read_model=name, wanted=which, unit=1, step=4, text=wanted.text, restarts=7)
    state = at.session_state
    assert (state["text"], state["unit"], state["step"]) == (wanted.text, wanted.unit, wanted.step)
    assert state["restarts"] == 8


@pytest.mark.parametrize(("text", "place"), [(None, ("abcde", 1, 2)), ("edcba", ("edcba", 2, 3)), ("c", ("c", 1, 0))])
def test_another_task_begins_on_its_own_units(text: str | None, place: tuple[str, int, int], shelve: Shelve) -> None:
    """Those of the one before mean nothing there."""
    name = shelve("lstm", findings=FINDINGS)
    state = session(opens, read_model="another", wanted=name, typed=text, unit=3, step=9, text="old").session_state
    assert (state["model"], state["read_model"]) == (name, name)
    assert (state["text"], state["unit"], state["step"]) == place


def test_a_network_goes_on() -> None:
    """The reader stands on the last token that was there, unit and all; what is new is played, and known to be the network's."""
    at = session(goes_on, read_model=CARD.name, text="abc", wanted="abcdef", unit=5, step=1)
    state = at.session_state
    assert (state["text"], state["unit"], state["step"]) == ("abcdef", 5, 2)
    assert (state["play"], state["generated"]) == ((2, 5), ("abcdef", 3))


@pytest.mark.parametrize(("text", "since"), [("abcdef", 3), ("abcdeX", 6)], ids=["its own", "one that was changed"])
def test_a_network_goes_on_again(text: str, since: int) -> None:
    """With what it wrote itself: all of that is marked."""
    given = {"read_model": CARD.name, "unit": 5, "step": 1, "generated": ("abcdef", 3)}
    state = session(goes_on, text=text, wanted=f"{text}gh", **given).session_state
    assert (state["play"], state["generated"]) == ((5, 7), (f"{text}gh", since))


def test_known_units_are_followed_to_those_that_follow_the_same(shelve: Shelve) -> None:
    """By what they follow, not by their number; to the telling one where the other network has none."""
    one = shelve("lstm", findings=FINDINGS[:3])
    other = shelve("gru", findings=(finding(follows="two", unit=0), finding(follows="one", unit=3)))
    for unit, there in ((1, 3), (2, 0), (3, 0), (0, 0)):
        at = session(follows, read_model=one, wanted=other, typed=TEXT, unit=unit, step=2)
        assert at.session_state["place"].unit == there


def test_the_stage_tells_where_it_has_settled() -> None:
    at = session(moves, unit=1, step=1, **{"the stage": {"place": {"unit": 7.0, "step": 12}}})
    assert (at.session_state["unit"], at.session_state["step"]) == (7, 12)
    for nothing in ({"the stage": {}}, {}):
        at = session(moves, unit=1, step=1, **nothing)
        assert not at.exception and (at.session_state["unit"], at.session_state["step"]) == (1, 1)


def arriving(**given: Any) -> AppTest:
    return session(arrives, **{"wanted": CARD.name, "typed": TEXT, "unit": 5, "step": 2, "play": None} | given)


def goes(at: AppTest, **given: Any) -> dict[str, Any]:
    """How the stage begins after another run with that in the session."""
    for name, value in given.items():
        at.session_state[name] = value
    at.run()
    assert not at.exception
    began: dict[str, Any] = at.session_state["began"]
    return began


def test_the_stage_begins_where_the_reader_is() -> None:
    at = arriving(mount="a reading watch")
    assert at.session_state["began"] == {"place": {"step": 2, "unit": 5}, "play": None}


def test_where_it_began_stays_while_it_is_shown() -> None:
    """Else each move would send the reading again."""
    at = arriving(mount="a reading watch")
    assert goes(at, unit=7, step=4) == {"place": {"step": 2, "unit": 5}, "play": None}
    assert goes(at, unit=7, step=8) == {"place": {"step": 2, "unit": 5}, "play": None}


@pytest.mark.parametrize("mount", ["a reading belt", "another reading watch"], ids=["page", "reading"])
def test_it_begins_anew_with_another_page_or_reading(mount: str) -> None:
    """There, and then here again: where the reader has got to."""
    at = arriving(mount="a reading watch")
    assert goes(at, mount=mount, unit=7, step=4)["place"] == {"step": 4, "unit": 7}
    assert goes(at, mount="a reading watch", unit=1, step=6)["place"] == {"step": 6, "unit": 1}


def test_what_is_played_is_played_once() -> None:
    """It belongs to the picture that it came with, for as long as that is shown; never again on the way back."""
    at = arriving(mount="a reading watch", play=(0, 2))
    assert at.session_state["began"]["play"] == (0, 2) and at.session_state["play"] is None
    assert goes(at, step=1)["play"] == (0, 2), "the same picture still"
    assert goes(at, mount="a reading belt")["play"] is None
    assert goes(at, mount="a reading watch")["play"] is None


def test_what_was_just_generated_is_played_with_the_reading_that_has_it() -> None:
    at = arriving(mount="a reading watch", play=(0, 2))
    assert goes(at, mount="a longer reading watch", play=(2, 8))["play"] == (2, 8)
    assert at.session_state["play"] is None
