"""A network goes on with the text: so many tokens, the same for the same seed; they are played, and marked as its own."""

from __future__ import annotations

from itertools import islice

import pytest
from streamlit.testing.v1 import AppTest

import explorer
from explorer.models.card import WINDOW
from tests.app.conftest import Shelve, ShelveTask
from tests.app.driving import NAMES, check, go_to, opened, press, stage_of, type_text
from tests.app.tasks import NEXT_WORDS
from tests.conftest import Shipped
from tests.models.tiny import CLASSES, FORECASTS, LABELS, NUMBERS

NAME, TEXT = NAMES[-1], "He went to the "


def goes_on(at: AppTest, length: int = 9, temperature: float = 0.7, top_k: int = 0) -> AppTest:
    at.slider(key="go_on_length").set_value(length)
    at.slider(key="go_on_temperature").set_value(temperature)
    at.number_input(key="go_on_top_k").set_value(top_k)
    return press(check(at.run()), "go_on")


def text_of(at: AppTest) -> str:
    text: str = at.text_area(key="text").value
    return text


@pytest.mark.parametrize(("temperature", "top_k"), [(0.7, 0), (0.0, 0), (1.5, 3)])
def test_it_is_what_the_library_draws(temperature: float, top_k: int, shipped: Shipped) -> None:
    """With the temperature and top k that were chosen, by seed 0 the first time and 1 the next; from its own end then."""
    at, text = opened(model=NAME, text=TEXT, step=3), TEXT
    for seed in (0, 1):
        goes_on(at, 9, temperature, top_k)
        new = explorer.generate(shipped[NAME], text, temperature=temperature, top_k=top_k or None, seed=seed)
        text += "".join(islice(new, 9))
        assert text_of(at) == text


def test_the_same_again_for_who_comes_anew() -> None:
    one, other = (text_of(goes_on(opened(model=NAME, text=TEXT))) for _ in range(2))
    assert one == other and len(one) == len(TEXT) + 9


def test_it_is_played_and_marked() -> None:
    """From the last token that was there to the last of the new ones; once. All pages mark what the network wrote."""
    at = goes_on(opened(model=NAME, text=TEXT, step=3, unit=5))
    sent = stage_of(at)
    last = len(TEXT) - 1
    assert sent.header["generated"] == len(TEXT)
    assert sent.header["play"] == [last, last + 9]
    assert sent.place == (last, 5)
    for page in ("belt", "watch"):
        again = stage_of(go_to(at, page))
        assert (again.header["play"], again.header["generated"]) == (None, len(TEXT))


def test_on_another_page_it_is_marked_and_not_played() -> None:
    at = goes_on(opened("gates", model=NAME, text=TEXT, step=3))
    assert (stage_of(at).header["generated"], stage_of(at).header["play"]) == (len(TEXT), None)
    assert stage_of(go_to(at, "watch")).header["play"] is None


def test_what_a_person_changes_is_theirs() -> None:
    at = goes_on(opened(model=NAME, text=TEXT))
    assert stage_of(type_text(at, f"{text_of(at)}x")).header["generated"] is None


def test_going_on_with_what_it_wrote_itself() -> None:
    """All of that stays marked; what is played is what is new."""
    at = goes_on(goes_on(opened(model=NAME, text=TEXT)), 4)
    sent = stage_of(at)
    assert len(text_of(at)) == len(TEXT) + 13
    assert sent.header["generated"] == len(TEXT)
    assert sent.header["play"] == [len(TEXT) + 8, len(TEXT) + 12]


def test_another_network_reads_what_one_wrote() -> None:
    at = goes_on(opened(model=NAME, text=TEXT))
    text = text_of(at)
    check(at.segmented_control(key="model").set_value(NAMES[0]).run())
    assert text_of(at) == text
    assert stage_of(at).header["link"]["model"] == NAMES[0]


@pytest.mark.parametrize("text", ["ann cat", "ann cat ", "ann cat.", "ann"])
def test_words(text: str, shelve_task: ShelveTask) -> None:
    """So many words and marks, parted as one writes; those that were typed stay as typed."""
    card = shelve_task(NEXT_WORDS)
    at = goes_on(opened(model=card.name, text=text), 12)
    before, after = (card.reader.encode(one).tokens for one in (text, text_of(at)))
    assert text_of(at).startswith(text.rstrip())
    assert after[: len(before)] == before and len(after) == len(before) + 12
    assert after[len(before) :] == tuple(islice(explorer.generate(explorer.load(card.name), text, temperature=0.7), 12))
    assert stage_of(at).header["generated"] == len(before)


def test_a_text_without_room(shelve: Shelve) -> None:
    """As much as is read has no button; a little less has room for that little."""
    at = opened(model=shelve("lstm"), text="a" * (WINDOW - 5))
    assert at.slider(key="go_on_length").max == 5
    assert stage_of(goes_on(at, 5)).header["steps"] == WINDOW
    assert not [button for button in at.button if button.key == "go_on"]
    one = opened(model="tiny-lstm", text="a" * (WINDOW - 1))
    assert stage_of(press(one, "go_on")).header["steps"] == WINDOW


@pytest.mark.parametrize("recipe", [CLASSES, LABELS, NUMBERS, FORECASTS], ids=lambda recipe: recipe.task)
def test_only_networks_that_guess_tokens_go_on(recipe: object, shelve_task: ShelveTask) -> None:
    at = opened(model=shelve_task(recipe).name)
    assert not [button for button in at.button if button.key == "go_on"]
