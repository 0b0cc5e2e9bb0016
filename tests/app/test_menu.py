"""The menu of tasks: what it says of them, and that an entry or a chip brings network, text, unit and step; closing it changes nothing."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from explorer.models import Card, zoo
from explorer.studio import sentences
from tests.app.conftest import Shelve, ShelveTask
from tests.app.driving import NAMES, PAGES, check, go_to, opened, press, stage_of, type_text, words
from tests.app.tasks import EVERY_KIND, NEXT_WORDS
from tests.models.tiny import CLASSES, LABELS, NUMBERS

TEXT = "What was typed."


def is_open(at: AppTest) -> bool:
    return bool(at.get("dialog"))


@pytest.fixture
def cards(shelve: Shelve, shelve_task: ShelveTask) -> list[Card]:
    """Two networks of letters and one of every other kind."""
    shelve("rnn")
    shelve("lstm", units=9)
    others = {"tiny-class": "Numbers", "tiny-number": "Grammar"}
    return [
        shelve_task(recipe, next(reversed(recipe.cells)), group=others.get(recipe.task, "Text"))
        for recipe in EVERY_KIND[1:]
    ]


def test_what_it_says(cards: list[Card]) -> None:
    """Each task once, under its group: its sentence, the scores of its networks, what to look for, its examples."""
    at = press(opened(model="tiny-lstm"), "task")
    assert is_open(at)
    tasks = list(dict.fromkeys(card.task for card in zoo()))
    assert [button.key for button in at.button if button.key in {f"menu {task}" for task in tasks}] == [
        f"menu {task}" for task in tasks
    ]
    assert [header.value for header in at.subheader] == ["Text", "Grammar", "Numbers", "Your own"]
    said = words(at)
    for card in cards:
        assert sentences.plain(card.sentence) in said
        assert all(finding.follows in said for finding in card.findings if finding.holds)
        assert all(at.button(key=f"menu {card.task} {label}") for label in card.examples)
    siblings = [card for card in zoo() if card.task == "tiny"]
    assert sentences.of_siblings(siblings) in said


def test_it_opens_on_every_page_and_closing_it_changes_nothing(cards: list[Card]) -> None:
    """Text, network and place are those from before; the next run has no menu."""
    at = opened(model="tiny-lstm", text=TEXT, step=4, unit=7)
    for page in PAGES:
        before = stage_of(go_to(at, page))
        assert is_open(press(at, "task"))
        assert stage_of(at).header["id"] == before.header["id"], "the page lies beneath it"
        after = stage_of(check(at.run()))
        assert not is_open(at)
        assert at.text_area(key="text").value == TEXT
        assert (after.header["link"], after.place) == (before.header["link"], (3, 7))


@pytest.mark.parametrize(
    "page", ["watch", "belt"]
)  # with the whole stage, and with its strip; each task on each: test_every_task
def test_an_entry_opens_the_task(page: str, cards: list[Card]) -> None:
    """By its LSTM where there is one, on what that card shows; the page stays."""
    at = opened(page, model="tiny-lstm", text=TEXT, step=4, unit=8)
    for card in cards:
        press(press(at, "task"), f"menu {card.task}")
        sent = stage_of(at)
        assert not is_open(at)
        assert (sent.header["link"]["model"], sent.header["link"]["text"]) == (card.name, None)
        assert at.text_area(key="text").value == card.show.text
        assert sent.place == (card.show.step, card.show.unit)
        assert sent.header["whole"] == (page == "watch")
        assert card.title in at.button(key="task").label


@pytest.mark.parametrize("recipe", [NEXT_WORDS, CLASSES, LABELS, NUMBERS], ids=lambda recipe: recipe.task)
def test_a_chip_opens_the_task_on_that_example(recipe: object, shelve: Shelve, shelve_task: ShelveTask) -> None:
    """From its first step, with a unit of the new network."""
    shelve("lstm", units=9)
    examples = {"One": "0.5 1; 0.25 0"} if recipe is NUMBERS else {"One": "ann cat" if recipe is NEXT_WORDS else "bad"}
    card = shelve_task(recipe, examples=examples)
    at = press(opened(model="tiny-lstm", text=TEXT, step=4, unit=8), "task")
    sent = stage_of(press(at, f"menu {card.task} One"))
    assert sent.header["link"]["model"] == card.name
    assert at.text_area(key="text").value == examples["One"]
    assert sent.place == (0, card.show.unit)
    assert not is_open(at)


def test_a_chip_of_the_task_at_hand(shelve: Shelve) -> None:
    """The place begins anew there too."""
    name = shelve("lstm")
    at = press(opened(model=name, text=TEXT, step=4), "task")
    sent = stage_of(press(at, "menu tiny One"))
    assert sent.place == (1, 0) and sent.header["link"]["text"] is None


def test_back_to_a_task_its_networks_are_those_of_it(cards: list[Card]) -> None:
    """The choice at the left is between the networks of the task at hand, wherever one comes from."""
    at = opened(model="tiny-rnn")
    assert list(at.segmented_control(key="model").options) == ["RNN", "LSTM"]
    press(press(at, "task"), "menu tiny-words")
    assert list(at.segmented_control(key="model").options) == ["LSTM"]
    press(press(at, "task"), "menu tiny")
    assert list(at.segmented_control(key="model").options) == ["RNN", "LSTM"]
    assert at.segmented_control(key="model").value == "tiny-lstm"
    check(at.segmented_control(key="model").set_value("tiny-rnn").run())
    assert stage_of(at).header["link"]["model"] == "tiny-rnn"


def test_out_of_a_text_that_cannot_be_read(cards: list[Card]) -> None:
    """The menu is there, and the text is kept until something else is chosen."""
    at = type_text(opened(model="tiny-number-lstm"), "no numbers")
    assert "cannot be read" in at.title[0].value
    assert is_open(press(at, "task")) and at.text_area(key="text").value == "no numbers"
    assert stage_of(press(at, "menu tiny")).header["link"]["model"] == "tiny-lstm"


def test_settings_of_one_task_do_not_trouble_another(cards: list[Card]) -> None:
    """What was chosen on a page for one kind of token or answer is put aside where it cannot be."""
    at = opened("hidden", model="tiny-lstm", text=TEXT, changed=9, into="z")
    for card in cards:
        press(press(at, "task"), f"menu {card.task}")
        assert len(at.get("plotly_chart")) == 1
        assert "cannot be read" not in words(at)
    at = opened("gradients", model="tiny-lstm", text=TEXT, of="the score (logit) of the real next character", at=9)
    for card in cards:
        press(press(at, "task"), f"menu {card.task}")
        assert len(at.get("plotly_chart")) == 3
    at = opened("belt", model="tiny-lstm", text=TEXT, others=[7, 8])
    for card in cards:
        press(press(at, "task"), f"menu {card.task}")
        assert len(at.get("plotly_chart")) == 1


def test_the_shipped_tasks_are_on_it() -> None:
    at = press(opened(model=NAMES[0], step=1), "task")
    for card in zoo():
        assert at.button(key=f"menu {card.task}")
        assert sentences.plain(card.sentence) in words(at)
