"""A passage that is read before the reader's text, so that its first tokens do not meet a state of zeros."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import explorer
from explorer.analysis.tokens import visible
from explorer.models import card_of, held_out, zoo
from explorer.studio import service
from tests.app.driving import NAMES, PAGES, check, choose, go_to, opened, press, stage_moves, stage_of, type_text
from tests.conftest import Shipped

NAME, TEXT = NAMES[0], "He went on."
TASK = card_of(NAME).task


def warmed(page: str = "watch", /, **link: object) -> AppTest:
    return opened(page, **{"model": NAME, "text": TEXT, "warm": "true"} | link)


def toggle(at: AppTest, on: bool) -> AppTest:
    return check(at.toggle(key="warm").set_value(on).run())


@pytest.mark.parametrize("task", ["english", "python"])
def test_it_is_the_beginning_of_the_held_out_texts(task: str) -> None:
    """To the end of a word or line: a network that stops within one is busy with the rest of it."""
    passage = service.warm_up(task)
    assert held_out(task)[0].text.startswith(passage)
    assert passage[-1].isspace()
    assert service.WARM_UP / 2 < len(passage) <= service.WARM_UP


def test_only_texts_that_are_guessed_have_one() -> None:
    """To sequences that follow a rule or have an answer another beginning is another question."""
    tasks = {card.task for card in zoo()}
    assert {task for task in tasks if service.warm_up(task)} == {"english", "python"}


@pytest.mark.parametrize("name", [*NAMES, "python-gru"])
@pytest.mark.parametrize("page", ["watch", "belt"])
def test_it_is_read_first(name: str, page: str, shipped: Shipped) -> None:
    """All numbers are those of the whole; the stage is told how much of it is not the reader's, and the link has theirs alone."""
    passage = service.warm_up(card_of(name).task)
    sent, trace = stage_of(warmed(page, model=name)), explorer.trace(shipped[name], passage + TEXT)
    for signal, values in sent.signals.items():
        np.testing.assert_array_equal(values, trace[signal][0])
    assert sent.header["warm"] == len(passage)
    assert sent.header["shown"] == [visible(token) for token in passage + TEXT]
    assert sent.header["link"]["text"] == TEXT


@pytest.mark.parametrize("page", PAGES)
def test_the_first_token_is_ones_own(page: str) -> None:
    """There the reader begins who names no step."""
    assert stage_of(warmed(page)).place[0] == len(service.warm_up(TASK))


def test_steps_in_a_link_count_from_the_warm_ups_first() -> None:
    warm = len(service.warm_up(TASK))
    assert stage_of(warmed(step=3)).place[0] == 2
    last = warmed(step=warm + len(TEXT))
    assert stage_of(last).place[0] == warm + len(TEXT) - 1 and not last.warning
    beyond = warmed(step=warm + len(TEXT) + 1)
    assert stage_of(beyond).place[0] == warm
    assert f"1 to {warm + len(TEXT)}" in beyond.warning[0].value.replace("\\", "")


def test_the_effect_is_shown_where_it_is() -> None:
    """On the card's own example; what plays by itself begins with the reader's text."""
    card, warm = card_of(NAME), len(service.warm_up(TASK))
    sent = stage_of(opened(model=NAME, warm="true"))
    assert sent.place == (warm + card.show.step, card.show.unit)
    assert sent.header["play"] == [warm, warm + card.show.step]
    assert sent.header["link"]["text"] is None
    (label,) = (label for label, example in card.examples.items() if example == card.show.text)
    assert stage_of(press(warmed(), f"example {label}")).place == sent.place


def test_switched_on_and_off_the_reader_stays_at_the_same_token() -> None:
    at, warm = opened(model=NAME, text=TEXT, step=5), len(service.warm_up(TASK))
    assert stage_of(at).header["warm"] == 0
    sent = stage_of(toggle(at, True))
    assert (sent.place[0], sent.header["warm"], sent.header["steps"]) == (4 + warm, warm, warm + len(TEXT))
    stage_moves(at, warm + 6, 3)
    sent = stage_of(toggle(at, False))
    assert (sent.place, sent.header["warm"], sent.header["steps"]) == ((6, 3), 0, len(TEXT))


def test_who_stands_in_the_warm_up_when_it_goes_stands_at_the_beginning() -> None:
    assert stage_of(toggle(warmed(step=3), False)).place[0] == 0


def test_it_stays_from_page_to_page_and_with_another_network() -> None:
    at, warm = warmed(), len(service.warm_up(TASK))
    assert stage_of(choose(at, NAMES[1])).header["warm"] == warm
    for page in (*PAGES, "watch"):
        assert stage_of(go_to(at, page)).header["warm"] == warm
    sent = stage_of(type_text(at, f"{TEXT} And on."))
    assert (sent.header["warm"], sent.header["steps"]) == (warm, warm + len(TEXT) + 8)


def test_it_outlives_an_empty_text() -> None:
    """As when one deletes all to type anew."""
    at = warmed()
    type_text(at, "")
    assert stage_of(type_text(at, TEXT)).header["warm"] == len(service.warm_up(TASK))


def test_what_the_network_writes_is_marked_behind_it() -> None:
    warm, sent = len(service.warm_up(TASK)), stage_of(press(warmed(), "go_on"))
    assert sent.header["generated"] == warm + len(TEXT)
    assert sent.header["play"] == [warm + len(TEXT) - 1, sent.header["steps"] - 1]
    assert sent.place[0] == warm + len(TEXT) - 1


def test_unknown_characters_are_marked_where_they_are() -> None:
    warm = len(service.warm_up(TASK))
    assert stage_of(warmed(text="a漢b")).header["unknown"] == [warm + 1]


@pytest.mark.parametrize("name", ["latch-lstm", "adding-gru", "sentiment-rnn", "copy-lstm"])
def test_a_link_that_asks_for_one_where_there_is_none(name: str) -> None:
    """It is as without: no switch, no grey token, nothing to be told."""
    at = opened(model=name, warm="true")
    assert not at.toggle and not at.warning
    assert stage_of(at).header["warm"] == 0 and stage_of(at).place[0] == card_of(name).show.step
