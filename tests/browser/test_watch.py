"""The first page: a trained network reads at once; whatever is typed, stepped and pinned, the numbers are the library's."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import explorer
from explorer.models import card_of
from explorer.studio.state import FIRST_MODEL
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server
from tests.browser.reader import (
    NAMES,
    expect_link,
    expect_numbers,
    expect_step,
    link_of,
    ready,
    stand_at,
    step_of,
    type_text,
    visit,
)
from tests.conftest import Shipped

SHOW = card_of(FIRST_MODEL).show
TEXT = 'He said "yes" and left.'
RUNNING = "Pause (Space)"
AT_REST = "Play (Space)"


def test_it_reads_without_a_click_and_stops_where_the_effect_is_seen(page: Page, server: Server) -> None:
    started = time.monotonic()
    page.goto(server.url)
    expect(page.get_by_test_id("stage")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("LSTM")
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", RUNNING)
    expect(page.get_by_test_id("stage-step")).not_to_have_text(page.get_by_test_id("stage-step").inner_text())
    # A warm server paints in 2 s; this one may just have started, on a busy machine. It is not to be forgotten, though.
    assert time.monotonic() - started < 20
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    expect_step(page, SHOW.step)
    expect_link(page, model=FIRST_MODEL, step=SHOW.step + 1, unit=SHOW.unit)


def test_a_link_with_a_step_stands_still(page: Page, server: Server) -> None:
    visit(page, server, step=5)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    page.wait_for_timeout(500)  # playing would have moved twice by now
    expect_step(page, 4)


def test_who_wants_less_motion_gets_none(open_page: OpenPage, server: Server) -> None:
    page = open_page(reduced_motion="reduce")
    visit(page, server)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    page.wait_for_timeout(500)
    expect_step(page, SHOW.step)


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_are_the_traces(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """At the beginning, within and at the end, for the telling unit and others."""
    trace = explorer.trace(shipped[name], TEXT)
    telling = card_of(name).show.unit
    visit(page, server, model=name, text=TEXT, step=1)
    for unit in (telling, 0, trace.units - 1, (telling + 61) % trace.units):
        stand_at(page, unit=unit)
        for step in (0, 9, len(TEXT) - 1):
            stand_at(page, step=step)
            expect_numbers(page, trace, step, unit)


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
    last = len(TEXT) - 1
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
        (lambda: page.get_by_test_id("stage").locator(".token").nth(8).click(), 8),
    ]
    for move, step in moves:
        move()
        expect_step(page, step)
        expect(page.get_by_test_id("stage-slider")).to_have_value(str(step + 1))
        expect(page.get_by_test_id("stage").locator(".token.now")).to_have_text(TEXT[step].replace(" ", "·"))
    expect_link(page, step=9)


def test_play_and_pause(page: Page, server: Server) -> None:
    """To the end, where it rests; played again it begins anew; Space does the same."""
    visit(page, server, text=TEXT, step=len(TEXT) - 3)
    page.get_by_test_id("stage-play").click()
    expect_step(page, len(TEXT) - 1)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    expect_link(page, step=len(TEXT))
    page.get_by_role("heading", level=1).click()  # away from the button, which has its own use for Space
    page.keyboard.press("Space")
    expect_step(page, 1)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", RUNNING)
    page.keyboard.press("Space")
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    assert step_of(page) < len(TEXT) - 1


def test_a_unit_is_pinned_where_one_clicks(page: Page, server: Server, shipped: Shipped) -> None:
    """The rows of cells are ordered; a click finds the unit that is drawn there."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=10)
    trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    from explorer.analysis.orderings import by_half_life

    order = by_half_life(trace)
    row = page.get_by_test_id("stage").locator("canvas.cells").nth(1)
    width = row.bounding_box()["width"]  # type: ignore[index]
    for place in (0, 50, trace.units - 1):
        row.click(position={"x": (place + 0.5) * width / trace.units, "y": 20})
        expect_numbers(page, trace, 9, int(order[place]))
    expect_link(page, unit=int(order[-1]))


@pytest.mark.parametrize("name", NAMES)
def test_the_arithmetic_follows_the_pin(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """Input, recurrent part and bias of the unit now pinned, at the step now shown; their sum is what is squashed."""
    unit, step = (card_of(name).show.unit + 7) % 128, 8
    visit(page, server, model=name, text=TEXT, step=1)
    stand_at(page, unit=unit)
    stand_at(page, step=step)
    pushes = explorer.arithmetic(shipped[name], TEXT, unit=unit)
    lines = page.get_by_test_id("stage").locator(".equation", has=page.locator(".term"))
    expect(lines).to_have_count(len(pushes))
    found = {}
    for line in lines.all():
        terms = [re.match(r"[−\d.e]+", term) for term in line.locator(".term").all_inner_texts()]
        found[line.locator(".symbol i").first.inner_text()] = [number(term.group()) for term in terms if term]
    for pre, push in pushes.items():
        sums = [push.inputs[step].sum(), push.units[step].sum(), push.bias[step]]
        np.testing.assert_allclose(found[pre.removesuffix("_pre")], sums, atol=0.0006)  # three decimals are shown


def number(shown: str) -> float:
    return float(shown.replace("−", "-"))


def test_the_guesses_are_the_models(page: Page, server: Server, shipped: Shipped) -> None:
    """The six likeliest next characters, and what really came."""
    model, step = shipped[FIRST_MODEL], 3
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=step + 1)
    shares = np.exp(explorer.predict(model, TEXT)[step])
    best = np.argsort(-shares)[:6]
    rows = page.get_by_test_id("stage").locator(".guess")
    shown = [model.labels[k].replace(" ", "·").replace("\n", "↵") for k in best]
    expect(rows.locator(".glyph")).to_have_text(shown)
    for row, share in zip(rows.all(), shares[best], strict=True):
        percent = row.locator(".share").inner_text()
        if not percent.startswith("<"):
            assert float(percent.split()[0]) == pytest.approx(100 * share, rel=0.06)  # two digits are shown
    real = shares[model.labels.index(TEXT[step + 1])]
    expect(page.get_by_test_id("stage").locator(".verdict")).to_contain_text(f"{-np.log2(real):.1f} bits")


def test_an_example_takes_the_reader_back(page: Page, server: Server) -> None:
    """Though the text is the same, the stage begins anew at the card's own step."""
    card = card_of(FIRST_MODEL)
    (label,) = (label for label, example in card.examples.items() if example == SHOW.text)
    visit(page, server, step=3, unit=(SHOW.unit + 1) % 128)
    page.get_by_role("button", name=label).click()
    expect_step(page, SHOW.step)
    expect_link(page, step=SHOW.step + 1, unit=SHOW.unit)
    ready(page)
