"""What moves, moves in the browser: playing and dragging ask the server for nothing; a page that is left leaves nothing behind."""

from __future__ import annotations

import re

from playwright.sync_api import Page, WebSocket, expect

from explorer.models import card_of
from explorer.studio.state import FIRST_MODEL
from tests.browser.harness import Server, settle
from tests.browser.reader import expect_link, expect_step, go_to, link_of, type_text, visit

TEXT = "Playing asks the server for nothing at all."
AT_REST = "Play (Space)"

COUNT_LISTENERS = """
    const held = new Set();
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    EventTarget.prototype.addEventListener = function (type, listener, ...rest) {
        if (this === document && type === "keydown") held.add(listener);
        return addEventListener.call(this, type, listener, ...rest);
    };
    EventTarget.prototype.removeEventListener = function (type, listener, ...rest) {
        if (this === document && type === "keydown") held.delete(listener);
        return removeEventListener.call(this, type, listener, ...rest);
    };
    window.heldListeners = () => held.size;
    const request = window.requestAnimationFrame.bind(window);
    let frames = 0;
    window.requestAnimationFrame = (callback) => request((time) => { frames++; callback(time); });
    window.framesDrawn = () => frames;
"""


def sent_by(page: Page) -> list[object]:
    """A list that grows with each message to the server; to be had before the page is opened."""
    sent: list[object] = []

    def on_socket(socket: WebSocket) -> None:
        socket.on("framesent", lambda message: sent.append(message))

    page.on("websocket", on_socket)
    return sent


def expect_moving(page: Page) -> None:
    """On its way from the first step."""
    expect(page.get_by_test_id("stage-step")).not_to_have_text(re.compile("^1 of"))
    expect(page.get_by_test_id("stage-play")).not_to_have_attribute("title", AT_REST)


def test_playing_asks_the_server_for_nothing(page: Page, server: Server) -> None:
    """From the first step to the last; one message then tells where it has come to rest."""
    sent = sent_by(page)
    visit(page, server, text=TEXT, step=1)
    page.get_by_label("Speed").select_option("2×")
    assert sent, "the messages are seen"
    before = len(sent)
    page.get_by_test_id("stage-play").click()
    expect(page.get_by_test_id("stage-step")).to_have_text(re.compile(r"^[23]\d of"))
    asked = len(sent) - before
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", "Pause (Space)")
    assert asked == 0, "twenty steps, and no word to the server"
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    expect_step(page, len(TEXT) - 1)
    expect_link(page, step=len(TEXT))
    settle(page)
    assert len(sent) - before <= 2


def test_dragging_asks_the_server_for_nothing(page: Page, server: Server) -> None:
    """A hundred moves over the strip; one message when the hand rests."""
    sent = sent_by(page)
    visit(page, server, text=TEXT, step=1)
    tokens = page.get_by_test_id("stage").locator(".token")
    first, last = tokens.first.bounding_box(), tokens.last.bounding_box()
    assert first and last
    before = len(sent)
    page.mouse.move(first["x"] + 3, first["y"] + 9)
    page.mouse.down()
    page.mouse.move(last["x"] + 3, last["y"] + 9, steps=100)
    expect_step(page, len(TEXT) - 1)
    page.mouse.up()
    expect_link(page, step=len(TEXT))
    settle(page)
    assert len(sent) - before <= 3, "a hand that rests on its way is told of, too"


def test_a_page_that_is_left_leaves_nothing_behind(page: Page, server: Server) -> None:
    """One listener while a stage is there, none without; and playing ends with its page."""
    page.add_init_script(COUNT_LISTENERS)
    visit(page, server, text=TEXT, step=1)
    with_stage = page.evaluate("heldListeners()")
    for name in ("Gates", "Hidden state", "Conveyor belt"):
        go_to(page, name)
    go_to(page, "Watch")
    assert page.evaluate("heldListeners()") == with_stage, "Streamlit's own controls on other pages have theirs"
    page.get_by_test_id("stage-play").click()
    expect_moving(page)
    type_text(page, "")
    expect(page.get_by_test_id("stage")).to_have_count(0)
    assert page.evaluate("heldListeners()") == with_stage - 1
    left, frames = link_of(page), page.evaluate("framesDrawn()")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(600)  # time for three steps, and for the link to follow
    assert link_of(page) == left
    assert page.evaluate("framesDrawn()") - frames < 10, "60 a second are drawn where something plays"


def test_a_step_taken_while_playing_is_where_it_stays(page: Page, server: Server) -> None:
    visit(page, server, text=TEXT, step=1)
    page.get_by_test_id("stage-play").click()
    expect_moving(page)
    page.get_by_test_id("stage").locator(".token").nth(30).click()
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    expect_step(page, 30)
    expect_link(page, step=31)


def test_a_step_taken_just_before_leaving_is_kept(page: Page, server: Server) -> None:
    """The page is left as soon as the stage has told where it is, whatever the server is doing then."""
    visit(page, server, text=TEXT, step=5)
    for step, name in enumerate(["Gates", "Hidden state", "Watch", "Gradients"], start=5):
        page.get_by_test_id("stage-next").click()
        expect_link(page, step=step + 1)
        go_to(page, name)
        expect_step(page, step)


def test_the_first_picture_comes_without_plotly(page: Page, server: Server) -> None:
    """Its bundle is 4.7 MB, and no page but the others needs it."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, server, model=FIRST_MODEL, step=card_of(FIRST_MODEL).show.step + 1)
    assert asked and not [url for url in asked if "plotly" in url.lower()]
