"""The cell at work: at each step, at rest and while it plays, its numbers are the trace's, and its picture is another."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

import explorer
from explorer.models import card_of
from explorer.studio.state import FIRST_MODEL
from tests.browser.conftest import OpenPage
from tests.browser.counters import COUNT, expect_rest, frames_asked
from tests.browser.harness import Server
from tests.browser.reader import (
    IN_THE_CELL,
    NAMES,
    expect_numbers,
    expect_step,
    expect_traced,
    shown,
    stand_at,
    told,
    visit,
)
from tests.conftest import Shipped

FAMILIES = [*NAMES, "latch-lstm", "adding-gru"]
"""One of each cell family, one that was wired by hand, one that reads numbers."""
TEXT = 'He said "yes" and left.'
AT_REST = "Play (Space)"

RECORD = f"""stage => {{
    const look = {IN_THE_CELL};
    window.looks = [];
    const step = stage.querySelector("[data-testid=stage-step]");
    new MutationObserver(() => window.looks.push(look(stage))).observe(step, {{ childList: true, characterData: true, subtree: true }});
}}"""
"""Looks at the cell each time that the step changes, before it is painted: `looks`."""


def units_of(name: str) -> list[int]:
    """The telling one, the first, the last, and one between."""
    size = card_of(name).hidden_size
    return list(dict.fromkeys([card_of(name).show.unit, 0, size - 1, size // 2]))


def text_of(name: str) -> str:
    return TEXT if name in NAMES else card_of(name).show.text


def picture(page: Page) -> str:
    """The wires with their stripes, as they are painted now."""
    return str(page.get_by_test_id("stage").locator("canvas.ribbons").evaluate("canvas => canvas.toDataURL()"))


@pytest.mark.parametrize("name", FAMILIES)
def test_each_step_has_its_numbers(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """Forwards, backwards and at both ends; on each wire that has a number, what is kept and what is written too."""
    text = text_of(name)
    trace = explorer.trace(shipped[name], text)
    visit(page, server, model=name, text=text, step=1)
    numbered = [wire.carries for wire in shipped[name].cell.diagram.wires if wire.number is not None]
    for unit in units_of(name):
        stand_at(page, unit=unit)
        page.get_by_test_id("stage-step").click()  # out of the box, which has its own use for keys
        for key, step in [
            ("Home", 0),
            *(("ArrowRight", k) for k in range(1, 8)),
            ("ArrowLeft", 6),
            ("End", trace.steps - 1),
        ]:
            page.keyboard.press(key)
            expect_numbers(page, trace, step, unit)
        assert [carries for carries, _ in shown(page).wires] == numbered


@pytest.mark.full
@pytest.mark.parametrize("name", [FIRST_MODEL, "adding-gru"])
def test_while_it_plays_the_numbers_are_those_of_the_step(
    page: Page, server: Server, shipped: Shipped, name: str
) -> None:
    """Every step from the first to the last, at three speeds, and for two units."""
    text = text_of(name)
    trace = explorer.trace(shipped[name], text)
    visit(page, server, model=name, text=text, step=1)
    page.get_by_test_id("stage").evaluate(RECORD)
    for unit in units_of(name)[:2]:
        stand_at(page, step=0, unit=unit)
        page.get_by_label("Speed").select_option("1×")
        page.evaluate("looks.length = 0")
        page.get_by_test_id("stage-play").click()
        for speed, until in [("2×", 5), ("4×", 10)]:
            page.wait_for_function("until => looks.length >= until", arg=until)
            page.get_by_label("Speed").select_option(speed)
        expect_step(page, trace.steps - 1)
        expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
        looks = [told(look) for look in page.evaluate("looks")]
        # One may be drawn again, where it is, as by a change of theme.
        places = dict.fromkeys([(0, unit), *((look.step, look.unit) for look in looks)])
        assert list(places) == [(step, unit) for step in range(trace.steps)]
        for look in looks:
            expect_traced(look, trace)


@pytest.mark.full
def test_while_it_plays_slowly(page: Page, server: Server, shipped: Shipped) -> None:
    """Looked at from outside, at any moment, in the midst of a flow too."""
    trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=1)
    page.get_by_label("Speed").select_option("½×")
    page.get_by_test_id("stage").evaluate(
        f"stage => {{ window.looks = []; setInterval(() => looks.push(({IN_THE_CELL})(stage)), 40); }}"
    )
    page.get_by_test_id("stage-play").click()
    page.wait_for_function("new Set(looks.map(([step]) => step)).size >= 6")
    for look in page.evaluate("looks"):
        expect_traced(told(look), trace)


@pytest.mark.full
def test_each_step_and_each_unit_is_another_picture(open_page: OpenPage, server: Server) -> None:
    page = open_page(reduced_motion="reduce")
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=1)
    pictures = []
    for step in range(len(TEXT)):
        stand_at(page, step=step)
        expect_step(page, step)
        pictures.append(picture(page))
    assert len(set(pictures)) == len(TEXT)
    stand_at(page, step=4)
    assert picture(page) == pictures[4], "and the same step is the same picture again"
    of_units = []
    for unit in units_of(FIRST_MODEL):
        stand_at(page, unit=unit)
        of_units.append(picture(page))
    assert len(set(of_units)) == len(of_units)


@pytest.mark.full
@pytest.mark.parametrize("name", [FIRST_MODEL, "english-rnn", "adding-gru"])
def test_a_step_flows_and_comes_to_rest(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """From wire to wire, in the order of computation; at rest it is the picture that a jump to that step gives, and draws no more."""
    page.add_init_script(COUNT)
    visit(page, server, model=name, text=text_of(name), step=5)
    expect_rest(page)
    page.get_by_test_id("stage").evaluate(
        """stage => {
            window.flow = [[], []];
            const [canvas, phases] = [stage.querySelector("canvas.ribbons"), [...stage.querySelectorAll(".phase")]];
            const look = () => {
                window.flow[0].push(canvas.toDataURL());
                window.flow[1].push(phases.findIndex((node) => node.classList.contains("on")));
            };
            window.looking = setInterval(look, 50);
        }"""
    )
    page.keyboard.press("ArrowRight")
    page.wait_for_function("flow[1].some((phase) => phase >= 0) && flow[1].at(-1) < 0")
    page.evaluate("clearInterval(looking)")
    expect_rest(page)
    pictures, phases = page.evaluate("flow")
    told_of = list(dict.fromkeys(phase for phase in phases if phase >= 0))
    assert told_of == sorted(told_of) and len(set(pictures)) >= 4
    assert told_of[-1] == len(shipped[name].cell.diagram.phases) - 1
    frames, rest = frames_asked(page), picture(page)
    page.wait_for_timeout(300)
    assert frames_asked(page) == frames, "at rest nothing is drawn"
    page.keyboard.press("End")
    stand_at(page, step=5)
    assert frames_asked(page) == frames, "what is no step onwards is there at once"
    assert picture(page) == rest


@pytest.mark.full
def test_numbers_wait_for_their_wire(page: Page, server: Server) -> None:
    """What is shown last is faint at first; at rest all are there."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=5)
    waiting = page.get_by_test_id("stage").locator(".chip.waiting")
    expect(waiting).to_have_count(0)
    at_first = page.get_by_test_id("stage").evaluate(
        """stage => {
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
            return stage.querySelectorAll(".chip.waiting [data-testid=stage-value-h]").length;
        }"""
    )
    assert at_first == 1
    expect(waiting).to_have_count(0)


def test_who_wants_less_motion_has_the_step_at_once(open_page: OpenPage, server: Server) -> None:
    page = open_page(reduced_motion="reduce")
    page.add_init_script(COUNT)
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=5)
    expect_rest(page)
    frames = frames_asked(page)
    before, at_once = page.get_by_test_id("stage").evaluate(
        """stage => {
            const canvas = stage.querySelector("canvas.ribbons");
            const before = canvas.toDataURL();
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
            return [before, canvas.toDataURL()];
        }"""
    )
    assert before != at_once
    expect_step(page, 5)
    page.wait_for_timeout(300)
    assert picture(page) == at_once
    assert frames_asked(page) == frames
    expect(page.get_by_test_id("stage").locator(".phase.on")).to_have_count(0)
