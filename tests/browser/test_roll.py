"""The roll: every number of every unit over the text; what one points at is told, what one clicks is pinned. And the ways to drag."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import explorer
from explorer.analysis.orderings import by_contribution, by_half_life
from explorer.figures.theme import THEMES
from explorer.models import card_of
from explorer.models.vocabulary import named
from explorer.signals import Trace
from explorer.studio.service import TELLING
from explorer.studio.state import FIRST_MODEL
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server
from tests.browser.reader import (
    NAMES,
    assert_shown,
    box_of,
    expect_link,
    expect_numbers,
    expect_step,
    ready,
    stand_at,
    visit,
)
from tests.browser.test_look import PHONE, parts
from tests.browser.waiting import until, until_equal
from tests.conftest import Shipped

TEXT = 'He said "yes" and left.'
STEP = 9


def lane_of(page: Page, signal: str) -> Locator:
    return page.get_by_test_id(f"stage-roll-{signal}")


def point_at(page: Page, signal: str, step: int, share: float, steps: int, *, click: bool = False) -> float:
    """Points at the middle of a step, at a share of the lane's height, by whole pixels as a mouse does; the share that it then is."""
    lane_of(page, signal).scroll_into_view_if_needed()
    left, top, width, height = lane_of(page, signal).evaluate(
        "node => { const box = node.getBoundingClientRect(); return [box.left, box.top, box.width, box.height]; }"
    )
    x, y = round(left + (step + 0.5) * width / steps), round(top + share * height)
    y = min(max(y, int(top) + 1), int(top + height) - 1)
    page.mouse.move(x, y)
    if click:
        page.mouse.click(x, y)
    return float((y - top) / height)


@pytest.mark.parametrize("name", [FIRST_MODEL, "english-rnn", "latch-lstm", "adding-gru"])
def test_a_click_pins_step_and_unit(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """Rows are ordered by how long they remember; a click finds the step and the unit that are drawn there."""
    text = TEXT if name in NAMES else card_of(name).show.text
    trace = explorer.trace(shipped[name], text)
    order = by_half_life(trace)
    visit(page, server, model=name, text=text, step=1)
    for signal, step, share in [("h", 4, 0.2), (trace.memory, 9, 0.9), ("h", 0, 0.5)]:
        hit = point_at(page, signal, step, share, trace.steps, click=True)
        unit = int(order[int(hit * trace.units)])
        expect_numbers(page, trace, step, unit)
        expect_link(page, step=step + 1, unit=unit)
    choices = page.get_by_test_id("stage").locator(".choice button")
    expect(choices).to_have_count(0 if trace.units <= TELLING else 2)  # few units are all shown


def test_what_one_points_at_is_told(page: Page, server: Server, shipped: Shipped) -> None:
    """Token, step, unit and the number, of each signal; away from the roll nothing is left of it, and nothing was pinned."""
    trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    order = by_half_life(trace)
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    bubble = page.get_by_test_id("stage").locator(".bubble")
    expect(bubble).to_be_hidden()
    for signal in trace.per_unit():
        for step, share in [(2, 0.3), (len(TEXT) - 1, 0.8)]:
            hit = point_at(page, signal.name, step, share, trace.steps)
            unit = int(order[int(hit * trace.units)])
            expect(bubble).to_contain_text(f"(step {step + 1}), unit {unit}: {signal.name} = ")
            said = re.fullmatch(r"(.+) \(step (\d+)\), unit (\d+): (\w+) = (.+)", bubble.inner_text())
            assert said, bubble.inner_text()
            assert said.groups()[:4] == (named(TEXT[step]), str(step + 1), str(unit), signal.name)
            assert_shown(said[5], float(trace[signal.name][0, step, unit]), signal.name, step, unit)
    box = box_of(bubble)
    assert box["x"] + box["width"] <= 1440, "at the last token, too"
    page.get_by_test_id("stage-step").hover()
    expect(bubble).to_be_hidden()
    expect_numbers(page, trace, STEP, card_of(FIRST_MODEL).show.unit)


@pytest.mark.full
def test_the_twelve_that_vary_most(open_page: OpenPage, server: Server, shipped: Shipped) -> None:
    """Those whose part of the scores varies most on this text, the longest memory first; the choice is in the link."""
    name = "english-gru"
    page, trace = open_page(), explorer.trace(shipped[name], TEXT)
    chosen = set(by_contribution(trace)[:TELLING].tolist())
    rows = [unit for unit in by_half_life(trace).tolist() if unit in chosen]
    visit(page, server, model=name, text=TEXT, step=1)
    choice = page.get_by_test_id("stage").locator(".choice button")
    expect(choice).to_have_text(["all 128 units", "the 12 that vary most"])
    choice.last.click()
    expect(choice.last).to_have_attribute("aria-pressed", "true")
    expect_link(page, roll="telling")
    until_equal(page, lambda: lane_of(page, "h").evaluate("node => node.height"), len(rows))
    for row, unit in enumerate(rows):
        point_at(page, "h", row, (row + 0.5) / len(rows), trace.steps, click=True)
        expect_numbers(page, trace, row, unit)
    other = open_page()
    other.goto(page.url)
    ready(other)
    expect(other.get_by_test_id("stage").locator(".choice button").last).to_have_attribute("aria-pressed", "true")
    choice.first.click()
    expect(page).not_to_have_url(re.compile("roll="))


def colours(page: Page, signal: str, rows: int, steps: int) -> np.ndarray:
    """The lane's pixels [row, step, channel]."""
    data = lane_of(page, signal).evaluate(
        "node => [...node.getContext('2d').getImageData(0, 0, node.width, node.height).data]"
    )
    return np.array(data).reshape(rows, steps, 4)[..., :3]


@pytest.mark.full
@pytest.mark.parametrize("mode", THEMES)
def test_a_row_has_the_colours_of_its_numbers(open_page: OpenPage, server: Server, shipped: Shipped, mode: str) -> None:
    """A gate from the background to its colour, h from one colour by way of the background to the other, c through tanh."""
    page, theme, name = open_page(color_scheme=mode), THEMES[mode], FIRST_MODEL
    trace = explorer.trace(shipped[name], TEXT)
    chosen = set(by_contribution(trace)[:TELLING].tolist())
    rows = [unit for unit in by_half_life(trace).tolist() if unit in chosen]
    visit(page, server, model=name, text=TEXT, step=1, roll="telling")
    background = np.array(parts(theme.background), dtype=float)
    for signal in trace.per_unit():
        values = trace[signal.name][0][:, rows].T.astype(float)[..., None]  # [row, step, 1]
        if signal.kind == "gate":
            expected = background + values * (np.array(parts(theme.roles[signal.role])) - background)
        else:
            values = np.tanh(values) if signal.name == "c" else values
            near, far = (
                np.where(values < 0, parts(below), parts(above))
                for below, above in zip(theme.below, theme.above, strict=True)
            )
            size = np.minimum(1, np.abs(values))
            expected = np.where(
                size < 0.5, background + 2 * size * (near - background), near + (2 * size - 1) * (far - near)
            )
        found = colours(page, signal.name, len(rows), trace.steps)
        # 256 colours a scale, so a value is off by 1/512 of it at most: two of 255 where the scale is steepest, and the rounding.
        np.testing.assert_allclose(found, expected, atol=3)


@pytest.mark.full
def test_all_units_share_their_rows_of_pixels(page: Page, server: Server, shipped: Shipped) -> None:
    """128 units on fewer pixels: each pixel is the mean colour of the units that it stands for; all are in the order of the roll."""
    trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=1)
    order = by_half_life(trace)
    rows = int(lane_of(page, "f").evaluate("node => node.height"))
    theme = THEMES["light"]
    background, keep = (np.array(parts(colour), dtype=float) for colour in (theme.background, theme.roles["keep"]))
    values = trace["f"][0][:, order].T.astype(float)  # [unit, step]
    edges = [trace.units * row // rows for row in range(rows + 1)]
    means = np.stack([values[low:high].mean(0) for low, high in pairwise(edges)])
    expected = background + means[..., None] * (keep - background)
    np.testing.assert_allclose(colours(page, "f", rows, trace.steps), expected, atol=3)


@pytest.mark.full
def test_strip_and_roll_scroll_as_one(page: Page, server: Server) -> None:
    """Of a text that is wider than the page; the step in view is in view in both."""
    visit(page, server, model=FIRST_MODEL, text=TEXT * 12, step=1)
    frames = page.get_by_test_id("stage").locator(".film-scroll")
    expect(frames).to_have_count(2)
    page.keyboard.press("End")
    one, other = until(page, lambda: scrolled(frames), lambda at: at[0] == at[1] > 100)
    assert one == other > 100
    frames.last.evaluate("node => { node.scrollLeft = 40; }")
    until_equal(page, lambda: scrolled(frames), [40, 40])  # a scroll is told of with the next frame


def scrolled(frames: Locator) -> list[float]:
    """How far, when what moves with the next frames has moved."""
    found: list[float] = frames.evaluate_all(
        "nodes => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(nodes.map((n) => n.scrollLeft)))))"
    )
    return found


@pytest.mark.full
def test_a_drag_over_the_strip(page: Page, server: Server, shipped: Shipped) -> None:
    """The stage follows the hand, token by token, also beyond the edge; a hand that was let go moves nothing."""
    trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    unit = card_of(FIRST_MODEL).show.unit
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=1)
    boxes = [box_of(token) for token in page.get_by_test_id("stage").locator(".token").all()]
    middles = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box]
    page.mouse.move(*middles[3])
    page.mouse.down()
    for step in (3, 4, 8, 15, 6):
        page.mouse.move(*middles[step])
        expect_numbers(page, trace, step, unit)
    page.mouse.move(middles[-1][0] + 300, middles[-1][1] + 200)
    expect_step(page, trace.steps - 1)
    page.mouse.up()
    page.mouse.move(*middles[2])
    expect_step(page, trace.steps - 1)


def stroke(page: Page, by: float, down: float = 0) -> None:
    """A finger over the cell, from its middle, in ten moves, as a screen reports it."""
    box = box_of(page.get_by_test_id("stage").locator(".drawing"))
    x, y = box["x"] + box["width"] / 2 - by / 2, box["y"] + box["height"] * 0.9
    session = page.context.new_cdp_session(page)
    touch = {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]}
    session.send("Input.dispatchTouchEvent", touch)
    for part in range(1, 11):
        point = {"x": x + by * part / 10, "y": y + down * part / 10}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


@pytest.mark.full
def test_a_finger_turns_the_page(open_page: OpenPage, server: Server, shipped: Shipped) -> None:
    """To the left the next step, to the right the one before; up and down it scrolls, and a small slip is nothing."""
    page, trace = open_page(**PHONE), explorer.trace(shipped[FIRST_MODEL], TEXT)
    unit = card_of(FIRST_MODEL).show.unit
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    page.get_by_test_id("stage").locator(".drawing").scroll_into_view_if_needed()
    for by, step in [(-120, STEP + 1), (-120, STEP + 2), (120, STEP + 1), (-12, STEP + 1)]:
        stroke(page, by)
        expect_numbers(page, trace, step, unit)
    stroke(page, 0, -150)
    page.wait_for_timeout(200)
    expect_step(page, STEP + 1)


@pytest.mark.full
def test_a_mouse_over_the_cell_turns_nothing(page: Page, server: Server) -> None:
    """It may mark a number to copy it."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    box = box_of(page.get_by_test_id("stage").locator(".drawing"))
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 300, steps=5)
    page.mouse.up()
    expect_step(page, STEP)


@pytest.mark.full
def test_the_mark_stands_at_the_pinned_unit(page: Page, server: Server, shipped: Shipped) -> None:
    """At its row in each lane; among the twelve only where it is one of them."""
    trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    order = by_half_life(trace).tolist()
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=1)
    mark = page.get_by_test_id("stage").locator(".mark")
    for unit in (order[0], order[-1], card_of(FIRST_MODEL).show.unit):
        stand_at(page, unit=unit)
        expect(mark.locator("i")).to_have_count(len(trace.per_unit()))
        for lane, arrow in zip(lanes(page), mark.locator("i").all(), strict=True):
            box, at = box_of(lane), box_of(arrow)
            place = (at["y"] + at["height"] / 2 - box["y"]) / box["height"]
            assert abs(place - (order.index(unit) + 0.5) / trace.units) < 0.03, "a pixel of forty"
    page.get_by_test_id("stage").locator(".choice button").last.click()
    stand_at(page, unit=int(by_contribution(trace)[-1]))
    expect(mark).to_be_hidden()
    stand_at(page, unit=int(by_contribution(trace)[0]))
    expect(mark.locator("i")).to_have_count(len(trace.per_unit()))


def lanes(page: Page) -> list[Locator]:
    return page.get_by_test_id("stage").locator("canvas.lane").all()


@pytest.mark.full
def test_it_says_what_it_is(page: Page, server: Server, shipped: Shipped) -> None:
    """Each lane has a name for who does not see it, and a letter beside it; it is as wide as the tokens together, and begins where they
    do: one grid for strip and roll."""
    trace: Trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=1)
    for signal in trace.per_unit():
        expect(lane_of(page, signal.name)).to_have_attribute(
            "aria-label", f"{signal.label} of every unit over the text"
        )
    names = page.get_by_test_id("stage").locator(".lane-name i").all_text_contents()
    assert sorted(names) == sorted(signal.name for signal in trace.per_unit())
    assert names[:2] == ["c", "h"], "the memory first, then what it shows"
    tokens = page.get_by_test_id("stage").locator(".token")
    first, last, lane = box_of(tokens.first), box_of(tokens.last), box_of(lane_of(page, "h"))
    assert abs(lane["x"] - first["x"]) < 1 and abs(lane["x"] + lane["width"] - last["x"] - last["width"]) < 1
