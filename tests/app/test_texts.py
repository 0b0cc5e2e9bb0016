"""Whatever is typed is read, shown as typed and never interpreted; what the network does not know is said."""

from __future__ import annotations

import html
import re
from itertools import pairwise

import pytest
from streamlit.testing.v1 import AppTest

from explorer.analysis.tokens import visible
from explorer.models import card_of
from explorer.models.card import WINDOW
from tests.app.driving import HOSTILE, NAMES, PAGES, VIEWS, charts, check, go_to, opened, stage_of, type_text, words

NAME = NAMES[-1]
ODD = {
    "one character": "a",
    "two characters": "ab",
    "only spaces": "   ",
    "one line end": "\n",
    "tabs and lines": "a\tb\n\n\tc",
    "unknown alone": "漢",
    "not latin": "Вышла из мрака",
    "right to left": "שלום \N{RIGHT-TO-LEFT OVERRIDE}abc",
    "emoji": "a 👩‍👩‍👧 b ❤️",
    "combining": "e\N{COMBINING ACUTE ACCENT}e\N{COMBINING ACUTE ACCENT}\N{COMBINING ENCLOSING KEYCAP}",
    "controls": "a\0b\x1b[31mc\x7f",
    "hostile": HOSTILE,
    "backticks": "`` ` ```",
    "dollars": "$$ \\frac{1}{2} $$ and $x$",
    "quotation at the end": 'a"',
}


@pytest.mark.cases(4)
@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_it_is_read(text: str) -> None:
    """One token a character, each one visible, on every page, from the first step to the last."""
    at = opened(model=NAME, text=text, step=len(text))
    for page in PAGES:
        sent = stage_of(go_to(at, page))
        assert sent.header["shown"] == [visible(character) for character in text]
        assert sent.place[0] == len(text) - 1
        assert at.text_area(key="text").value == text


@pytest.mark.cases(2)
@pytest.mark.parametrize("text", [ODD["one character"], ODD["two characters"], HOSTILE, "a" * 300], ids=len)
@pytest.mark.parametrize("view", VIEWS)
def test_it_is_drawn_in_every_view_of_the_hidden_state(view: str, text: str) -> None:
    assert len(charts(opened("hidden", model=NAME, text=text, step=len(text), view=view))) == 1


def test_a_windows_line_end_is_one_character() -> None:
    assert stage_of(opened(model=NAME, text="a\r\nb")).header["steps"] == 3


def test_nothing_to_read() -> None:
    """Every page says so and keeps the box and the examples; a text brings the page back."""
    for page in PAGES:
        at = opened(page, model=NAME, text="a")
        type_text(at, "")
        assert len(at.title) == 1 and "Nothing to read" in at.title[0].value
        assert not at.get("bidi_component") and not at.get("plotly_chart")
        for label, example in card_of(NAME).examples.items():
            assert at.button(key=f"example {label}") and example
        type_text(at, "ab")
        assert stage_of(at).header["steps"] == 2


def test_an_empty_text_in_the_link() -> None:
    assert "Nothing to read" in opened(model=NAME, text="").title[0].value


def test_unknown_characters_are_listed_and_marked() -> None:
    """By their glyph where they have one, else by their name; in the strip each of them is marked."""
    at = opened(model=NAME, text="a 漢 é\N{ZERO WIDTH JOINER} <")
    listed = words(at).replace("\\", "")
    assert "漢, é, zero width joiner" in listed
    unknown = set(stage_of(at).header["unknown"])
    known = set(card_of(NAME).vocabulary)
    assert unknown == {step for step, c in enumerate("a 漢 é\N{ZERO WIDTH JOINER} <") if c not in known}


def test_where_nothing_is_known_that_is_said() -> None:
    assert "knows none of these" in words(opened(model=NAME, text="漢字")).replace("\\", "")


def test_what_is_read_as_something_else_is_said() -> None:
    at = opened(model=NAME, text="“tab\tbed”")
    assert '“ as ", ' in words(at).replace("\\", "")
    assert stage_of(at).header["unknown"] == []


def open_marks(at: AppTest) -> dict[str, int]:
    """How often the page has what HTML, Markdown or LaTeX would take for its own: outside of code spans, and not escaped."""
    said = re.sub(r"\\.", "", re.sub(r"(`+).+?\1", "", words(at)))
    return {mark: said.count(mark) for mark in ("<", "](", "$", "&", "~~", ":red[")}


@pytest.mark.cases(1)
@pytest.mark.parametrize("text", [HOSTILE, "é$é$é", "<i>é</i>&amp;", "*é* _é_ `é` [é](é)"], ids=ascii)
def test_no_markup_of_the_text_is_interpreted(text: str) -> None:
    """A page about this text has no more marks than one about a text without any; tokens under charts are escaped."""
    at, harmless = opened(model=NAME, text=text), opened(model=NAME, text="a" * len(text))
    for page in PAGES:
        assert open_marks(go_to(at, page)) == open_marks(go_to(harmless, page))
        for label in (label for chart in charts(at) for label in chart.layout["xaxis"].get("ticktext", ())):
            assert not re.search(r"<|&(?!(amp|lt|gt);)", label)
            assert html.unescape(label) in {visible(c) for c in text}


def test_no_step_of_it_is_interpreted_on_the_belt() -> None:
    """The sentence there quotes the character of the largest write up to the step."""
    at, harmless = opened("belt", model=NAME, text=HOSTILE), opened("belt", model=NAME, text="a")
    for step in range(0, len(HOSTILE), 9):
        at.session_state["step"] = step
        assert open_marks(check(at.run())) == open_marks(harmless)


def test_a_long_text_is_read_through_a_window() -> None:
    """The message gives both lengths; the window can be moved to the very end; what was typed stays."""
    long = "".join(f"{number} " for number in range(20_000))[:100_000]
    at = opened(model=NAME, text="a")
    type_text(at, long)
    for page in ("belt", "gates", "hidden", "watch"):  # the others have their bars, and tests of them
        go_to(at, page)
        assert stage_of(at).header["steps"] == WINDOW
        assert f"{len(long):,}" in words(at) and f"{WINDOW:,}" in words(at)
    assert at.text_area(key="text").value == long
    last = len(long) - WINDOW + 1
    check(at.number_input(key="from").set_value(last).run())
    assert stage_of(at).header["link"]["text"] == long[-WINDOW:]


def test_the_window_does_not_outlive_its_text() -> None:
    at = opened(model=NAME, text="a")
    type_text(at, "ab " * 30_000)
    check(at.number_input(key="from").set_value(80_000).run())
    type_text(at, "b" * (WINDOW + 500))
    assert stage_of(at).header["steps"] == WINDOW
    type_text(at, "ab")
    assert stage_of(at).header["steps"] == 2


def test_exactly_as_much_as_is_read_has_no_window() -> None:
    at = opened(model=NAME, text="a" * WINDOW)
    assert stage_of(at).header["steps"] == WINDOW
    assert not at.number_input


def test_a_text_that_shrinks_under_the_readers_feet() -> None:
    """Step, changed character and objective follow to what there is."""
    for page in PAGES:
        at = opened(page, model=NAME, text="a longer text to begin with", step=25)
        for text in ("four", "xy", "z"):
            type_text(at, text)
            assert stage_of(at).place[0] == len(text) - 1


def test_texts_do_not_mix() -> None:
    at = opened(model=NAME, text="first")
    seen = [stage_of(type_text(at, text)).header["id"] for text in ("second", "third", "second")]
    assert all(one != other for one, other in pairwise(seen))
