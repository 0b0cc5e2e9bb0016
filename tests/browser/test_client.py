"""What moves, moves in the browser: playing and dragging ask the server for nothing; a page that is left leaves nothing behind."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from explorer.models import card_of
from explorer.studio.state import FIRST_MODEL
from tests.browser.conftest import OpenPage
from tests.browser.counters import COUNT, TYPES, frames_asked, listeners
from tests.browser.harness import Server, sent_by, settle
from tests.browser.reader import (
    box_of,
    expect_link,
    expect_page,
    expect_step,
    go_to,
    link_of,
    ready,
    type_text,
    visit,
)

TEXT = "Playing asks the server for nothing at all."
AT_REST = "Play (Space)"

COUNT_MESSAGES = """
    window.messages = 0;
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (...what) { window.messages++; return send.apply(this, what); };
"""
"""To be had before the page is opened: how many the server was sent."""
RECORD = """stage => {
    window.sentBy = [];
    const step = stage.querySelector("[data-testid=stage-step]");
    const look = () => sentBy.push([step.textContent, messages]);
    new MutationObserver(look).observe(step, { childList: true, subtree: true, characterData: true });
}"""
"""At each step that the stage then comes to, how many there were by then."""


def expect_moving(page: Page) -> None:
    """On its way from the first step."""
    expect(page.get_by_test_id("stage-step")).not_to_have_text(re.compile("^1 of"))
    expect(page.get_by_test_id("stage-play")).not_to_have_attribute("title", AT_REST)


def test_playing_asks_the_server_for_nothing(page: Page, server: Server) -> None:
    """From the first step to the last; one message then tells where it has come to rest."""
    page.add_init_script(COUNT_MESSAGES)
    visit(page, server, text=TEXT, step=1)
    page.get_by_label("Speed").select_option("2×")
    before = page.evaluate("messages")
    assert before, "the messages are seen"
    page.get_by_test_id("stage").evaluate(RECORD)
    page.get_by_test_id("stage-play").click()
    expect_step(page, len(TEXT) - 1)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    expect_link(page, step=len(TEXT))
    settle(page)
    steps = dict.fromkeys(map(tuple, page.evaluate("sentBy")))  # one may be drawn again, where it is
    assert list(steps) == [(f"{step} of {len(TEXT)}", before) for step in range(2, len(TEXT) + 1)]
    assert page.evaluate("messages") - before <= 2


DRAG = """async (token, [from, to]) => {
    for (let move = 1; move <= 100; move++) {
        const clientX = from + (to - from) * move / 100;
        token.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, composed: true, pointerType: "mouse", clientX }));
        if (move % 10 === 0) await new Promise(requestAnimationFrame);
    }
}"""
"""As a quick hand does it, however slow the machine."""


def test_dragging_asks_the_server_for_nothing(page: Page, server: Server) -> None:
    """A hundred moves over the strip; one message when the hand rests."""
    sent = sent_by(page)
    visit(page, server, text=TEXT, step=1)
    tokens = page.get_by_test_id("stage").locator(".token")
    first, last = box_of(tokens.first), box_of(tokens.last)
    before = len(sent)
    page.mouse.move(first["x"] + 3, first["y"] + 9)
    page.mouse.down()
    tokens.last.evaluate(DRAG, [first["x"] + 3, last["x"] + 3])
    expect_step(page, len(TEXT) - 1)
    page.mouse.move(last["x"] + 3, last["y"] + 9)
    page.mouse.up()
    expect_link(page, step=len(TEXT))
    settle(page)
    assert len(sent) - before <= 3, "pressed and released it rests, too"


def test_a_page_that_is_left_leaves_nothing_behind(page: Page, server: Server) -> None:
    """One listener of each type while a stage is there, none without, and no timer and no observer; playing ends with its page."""
    page.add_init_script(COUNT)
    visit(page, server, text=TEXT, step=1)
    with_stage = listeners(page)
    assert page.evaluate("heldObservers()") == 1
    for name in ("Gates", "Hidden state", "Conveyor belt"):
        go_to(page, name)
        assert page.evaluate("heldObservers()") == 1, "that of the strip"
    go_to(page, "Watch")
    assert listeners(page) == with_stage, "Streamlit's own controls on other pages have theirs"
    page.get_by_test_id("stage-play").click()
    expect_moving(page)
    type_text(page, "")
    expect(page.get_by_test_id("stage")).to_have_count(0)
    assert listeners(page) == {of: with_stage[of] - 1 for of in TYPES}
    assert [page.evaluate(f"{held}()") for held in ("heldObservers", "heldTimers")] == [0, 0]
    left, frames = link_of(page), frames_asked(page)
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(600)  # time for three steps, and for the link to follow
    assert link_of(page) == left
    assert frames_asked(page) == frames
    assert page.evaluate("heldTimers()") == 0


@pytest.mark.full
@pytest.mark.parametrize("at_work", ["a flow", "an unfolded gate", "present"])
def test_whatever_it_is_doing_when_it_is_left(page: Page, server: Server, at_work: str) -> None:
    """In the midst of a step that flows and is not yet told of, waiting for a unit's weights, or over the whole window."""
    page.add_init_script(COUNT)
    visit(page, server, text=TEXT, step=1)
    with_stage = listeners(page)
    if at_work == "present":
        page.get_by_test_id("stage-present").click()
        expect(page.get_by_test_id("stage")).to_have_class(re.compile(r"\bpresent\b"))
    else:
        page.get_by_test_id("stage-gate-f" if at_work == "an unfolded gate" else "stage-next").click()
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name="Models")
    link.evaluate("node => node.click()")  # also where the stage lies over it
    expect(page.get_by_test_id("stage")).to_have_count(0)
    settle(page)
    frames = frames_asked(page)
    page.wait_for_timeout(400)
    assert frames_asked(page) == frames
    assert {of: with_stage[of] - listeners(page)[of] for of in TYPES[1:]} == dict.fromkeys(TYPES[1:], 1)
    assert [page.evaluate(f"{held}()") for held in ("heldObservers", "heldTimers")] == [0, 0]


@pytest.mark.full
def test_a_step_taken_while_playing_is_where_it_stays(page: Page, server: Server) -> None:
    visit(page, server, text=TEXT, step=1)
    page.get_by_test_id("stage-play").click()
    expect_moving(page)
    page.get_by_test_id("stage").locator(".token").nth(30).click()
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    expect_step(page, 30)
    expect_link(page, step=31)


@pytest.mark.full
def test_a_step_taken_just_before_leaving_is_kept(page: Page, server: Server) -> None:
    """The page is left as soon as the stage has told where it is, whatever the server is doing then."""
    visit(page, server, text=TEXT, step=5)
    for step, name in enumerate(["Gates", "Hidden state", "Watch", "Gradients"], start=5):
        page.get_by_test_id("stage-next").click()
        expect_link(page, step=step + 1)
        go_to(page, name)
        expect_step(page, step)


SLOW_NETWORK = """
    WebSocket.prototype.addEventListener = function (type, listener, ...rest) {
        const later = (event) => setTimeout(() => listener.call(this, event), 600);
        return EventTarget.prototype.addEventListener.call(this, type, type === "message" ? later : listener, ...rest);
    };
"""
"""To be had before the page is opened: what the server sends comes so much later, in its order."""


def test_who_leaves_while_the_stage_comes_to_rest_gets_away(page: Page, server: Server) -> None:
    """What the stage then has to tell does not call off the way to the other page; the step is found there."""
    page.add_init_script(SLOW_NETWORK)
    visit(page, server, "belt", text=TEXT, step=5)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Gates").evaluate(
        """link => {
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
            link.click();
        }"""
    )
    expect_page(page, "Gates")
    ready(page)
    expect_step(page, 5)
    expect_page(page, "Gates")


def test_the_first_picture_comes_without_plotly(open_page: OpenPage, server: Server) -> None:
    """Its bundle is 4.7 MB, and no page but the others needs it."""
    page = open_page(unused=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, server, model=FIRST_MODEL, step=card_of(FIRST_MODEL).show.step + 1)
    assert asked and not [url for url in asked if "plotly" in url.lower()]
