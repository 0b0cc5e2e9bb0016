"""The first page: a trained network reads at once; whatever is typed, stepped and pinned, the numbers are the library's."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

import explorer
from explorer.models import card_of
from explorer.studio.state import FIRST_MODEL
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server
from tests.browser.reader import (
    expect_link,
    expect_numbers,
    expect_step,
    link_of,
    ready,
    step_of,
    type_text,
    visit,
)
from tests.conftest import Shipped

SHOW = card_of(FIRST_MODEL).show
TEXT = 'He said "yes" and left.'
AT_REST = "Play (Space)"


RECORD = """
    window.seen = new Set();
    const find = (root) => root.querySelector("[data-testid=stage-step]")
        ?? [...root.querySelectorAll("*")].map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);
    setInterval(() => { const step = find(document)?.textContent; if (step) window.seen.add(parseInt(step)); }, 20);
"""


def seen(page: Page) -> list[int]:
    """Each step that was on the stage since it came, in order, from 0; however slow this test was to look."""
    return [step - 1 for step in page.evaluate("[...window.seen]")]


def test_it_reads_without_a_click_and_stops_where_the_effect_is_seen(page: Page, server: Server) -> None:
    page.add_init_script(RECORD)
    started = time.monotonic()
    page.goto(server.url)
    expect(page.get_by_test_id("stage")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("LSTM")
    # A warm server paints in 2 s; this one may just have started, on a busy machine. It is not to be forgotten, though.
    assert time.monotonic() - started < 20
    expect_link(page, model=FIRST_MODEL, step=SHOW.step + 1, unit=SHOW.unit)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    expect_step(page, SHOW.step)
    assert len(seen(page)) > 3 and seen(page) == sorted(seen(page)), "step by step"


@pytest.mark.parametrize(("query", "step"), [("?step=40", 39), ("?model=english-gru&step=2&unit=3", 1)])
def test_a_link_with_a_step_stands_still(page: Page, server: Server, query: str, step: int) -> None:
    page.add_init_script(RECORD)
    page.goto(f"{server.url}/{query}")
    ready(page)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    assert seen(page) == [step]


def test_who_wants_less_motion_gets_none(open_page: OpenPage, server: Server) -> None:
    page = open_page(reduced_motion="reduce")
    page.add_init_script(RECORD)
    page.goto(server.url)
    ready(page)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    assert seen(page) == [SHOW.step]


def test_what_is_typed_is_read(page: Page, server: Server, shipped: Shipped) -> None:
    """Tokens, numbers, guesses and the link follow; the box keeps the text."""
    visit(page, server, model=FIRST_MODEL, step=3)
    type_text(page, TEXT)
    tokens = page.get_by_test_id("stage").locator(".token")
    expect(tokens).to_have_text([character.replace(" ", "·") for character in TEXT])
    expect_numbers(page, explorer.trace(shipped[FIRST_MODEL], TEXT), 2, SHOW.unit)
    expect_link(page, model=FIRST_MODEL, step=3)
    assert link_of(page)["text"] == TEXT


def test_every_way_to_step(page: Page, server: Server) -> None:
    """Buttons, keys, slider and a click on a token; never over the ends; the link follows."""
    visit(page, server, text=TEXT, step=5)
    last, tokens = len(TEXT) - 1, page.get_by_test_id("stage").locator(".token")
    moves = [
        (lambda: page.get_by_test_id("stage-next").click(), 5),
        (lambda: page.get_by_test_id("stage-previous").click(), 4),
        (lambda: page.get_by_test_id("stage-last").click(), last),
        (lambda: page.get_by_test_id("stage-next").click(), last),
        (lambda: page.get_by_test_id("stage-first").click(), 0),
        (lambda: page.get_by_test_id("stage-previous").click(), 0),
        (lambda: page.keyboard.press("ArrowRight"), 1),
        (lambda: page.keyboard.press("ArrowRight"), 2),
        (lambda: page.keyboard.press("ArrowLeft"), 1),
        (lambda: page.keyboard.press("End"), last),
        (lambda: page.keyboard.press("Home"), 0),
        (lambda: page.get_by_test_id("stage-slider").fill("13"), 12),
        (lambda: tokens.nth(8).click(position={"x": 2, "y": 9}), 8),
        (lambda: tokens.nth(3).click(position={"x": 27, "y": 9}), 3),  # near the right edge of a token of 30 pixels
    ]
    for move, step in moves:
        move()
        expect_step(page, step)
        expect(page.get_by_test_id("stage-slider")).to_have_value(str(step + 1))
        expect(page.get_by_test_id("stage").locator(".token.now")).to_have_text(TEXT[step].replace(" ", "·"))
    expect_link(page, step=4)


@pytest.mark.full
def test_play_and_pause(page: Page, server: Server) -> None:
    """To the end, where it rests; played again it begins anew; Space does the same."""
    page.add_init_script(RECORD)
    visit(page, server, text=TEXT, step=len(TEXT) - 3)
    page.get_by_test_id("stage-play").click()
    expect_step(page, len(TEXT) - 1)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    expect_link(page, step=len(TEXT))
    page.get_by_role("heading", level=1).click()  # away from the button, which has its own use for Space
    page.get_by_label("Speed").select_option("slow")
    page.get_by_test_id("stage-step").click()
    page.evaluate("window.seen.clear()")
    page.keyboard.press("Space")
    page.wait_for_function("window.seen.has(2)")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    assert {0, 1} <= set(seen(page)) and step_of(page) < len(TEXT) - 1


def test_an_example_takes_the_reader_back(page: Page, server: Server) -> None:
    """Though the text is the same, the stage begins anew at the card's own step."""
    card = card_of(FIRST_MODEL)
    (label,) = (label for label, example in card.examples.items() if example == SHOW.text)
    visit(page, server, step=3, unit=(SHOW.unit + 1) % 128)
    page.get_by_role("button", name=label).click()
    expect_step(page, SHOW.step)
    expect_link(page, step=SHOW.step + 1, unit=SHOW.unit)
    ready(page)
