"""Networks that read words: whatever is typed is cut into words and marks, shown as typed, never interpreted; links lead there."""

from __future__ import annotations

import html
import re

import pytest

import explorer
from explorer.models import Card
from tests.app.conftest import ShelveTask
from tests.app.driving import GATES, HOSTILE, PAGES, charts, go_to, opened, stage_of, type_text, words
from tests.app.tasks import NEXT_WORDS
from tests.app.test_texts import open_marks
from tests.models.tiny import CLASSES

ODD = {
    "one word": "good",
    "one mark": "!",
    "unknown alone": "漢字",
    "not latin": "Вышла из мрака",
    "right to left": "שלום \N{RIGHT-TO-LEFT OVERRIDE}abc",
    "emoji": "a 👩‍👩‍👧 b ❤️",
    "combining": "e\N{COMBINING ACUTE ACCENT}te\N{COMBINING ACUTE ACCENT}",
    "controls": "a\0b\x1b[31mc\x7f",
    "hostile": HOSTILE,
    "lines": "\n\n good\n\tbad \n",
    "quotes": "“it’s” isn't 'good'",
    "numbers": "2010 1,000 3.5 007",
    "a long word": "Donaudampfschifffahrtsgesellschaft" * 3,
}


@pytest.fixture
def card(shelve_task: ShelveTask) -> Card:
    return shelve_task(CLASSES)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_it_is_read(text: str, card: Card) -> None:
    """On every page; each word is there and not blank, and the box keeps what was typed."""
    tokens = explorer.trace(explorer.load(card.name), text).tokens
    at = opened(model=card.name, text=text, step=len(tokens))
    for page in PAGES:
        if page == "gradients" and len(tokens) < 2:
            continue
        sent = stage_of(go_to(at, page))
        assert len(sent.header["shown"]) == len(tokens)
        assert all(word.strip() for word in sent.header["shown"])
        assert sent.place[0] == len(tokens) - 1
        assert at.text_area(key="text").value == text


@pytest.mark.parametrize("text", ["", "  ", "\n\t "])
def test_no_word(text: str, card: Card) -> None:
    at = type_text(opened(model=card.name), text)
    assert "Nothing to read" in at.title[0].value and "at least one word" in words(at)
    assert stage_of(type_text(at, "good")).header["steps"] == 1


@pytest.mark.parametrize("tab", GATES)
def test_kinds_of_words(tab: str, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.studio.service.valences", lambda: {"good": 1.9, "bad": -2.5})
    at = opened("gates", model=card.name, text="The plot is good, the film BAD!", gates=tab)
    (chart,) = charts(at)
    if tab == GATES[1]:
        assert list(chart.data[0]["y"]) == ["bad", "film", "good", "plot", "the", "unknown"], (
            "a few words are all it knows"
        )
        monkeypatch.setattr("explorer.analysis.kinds.few_symbols", lambda _: False)
        at = opened("gates", model=card.name, text="A plot is good, the film BAD!", gates=tab)
        assert list(charts(at)[0].data[0]["y"]) == ["praise", "blame", "stop word", "other word", "mark"]


@pytest.mark.parametrize("text", [HOSTILE, "*é* _é_ `é` [é](é) $é$ <i>é</i>"], ids=ascii)
def test_no_markup_of_the_text_is_interpreted(text: str, card: Card) -> None:
    at, harmless = (opened(model=card.name, text=one) for one in (text, "a " * len(card.reader.pieces(text))))
    for page in PAGES:
        assert open_marks(go_to(at, page)) == open_marks(go_to(harmless, page))
        for label in (label for chart in charts(at) for label in chart.layout["xaxis"].get("ticktext", ())):
            assert not re.search(r"<|&(?!(amp|lt|gt);)", label)
            assert html.unescape(label) in stage_of(at).header["shown"]


def test_a_long_text_is_read_through_a_window_of_words(card: Card) -> None:
    text = " ".join(f"word{number}" if number % 7 else "good" for number in range(3000))
    at = type_text(opened(model=card.name), text)
    steps = stage_of(at).header["steps"]
    assert steps == 1000
    assert at.text_area(key="text").value == text
    assert "words" in words(at)


def test_a_link(shelve_task: ShelveTask) -> None:
    """Steps are words; what cannot be is told, and the default is shown."""
    card = shelve_task(NEXT_WORDS)
    text = "ann cat . bob"
    assert stage_of(opened("belt", model=card.name, text=text, step=4, unit=2)).place == (3, 2)
    for step in ("5", "0", "x"):
        at = opened(model=card.name, text=text, step=step)
        assert stage_of(at).place[0] == 0
        assert "1 to 4" in at.warning[0].value.replace("\\", "")
    at = opened(model=card.name, text="...", unit=99)
    assert "0 to 3" in at.warning[0].value.replace("\\", "")
    assert stage_of(at).header["steps"] == 3


@pytest.mark.cases(2)
@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("hidden", {"changed": 99}),
        ("hidden", {"into_word": ""}),
        ("hidden", {"into_word": "two words"}),
        ("hidden", {"into_word": "x" * 500}),
        ("hidden", {"into": "left over"}),
        ("gradients", {"of": "the loss: −ln P of the real next character"}),
        ("gradients", {"at": 99}),
    ],
    ids=str,
)
def test_a_setting_of_a_page_that_is_none(page: str, link: dict[str, object], shelve_task: ShelveTask) -> None:
    """As one of a network of letters is, or one of a longer text: the page runs with its default."""
    card = shelve_task(NEXT_WORDS)
    assert opened(page, model=card.name, text="ann cat . bob", **link).get("plotly_chart")
