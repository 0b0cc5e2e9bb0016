"""Every view is a link: the place is kept from page to page, in a reloaded link, on another machine, on a server just started."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import Page, expect

from explorer.models import card_of
from tests.amount import FULL
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, settle
from tests.browser.reader import (
    NAMES,
    PAGES,
    choose,
    expect_link,
    expect_page,
    expect_step,
    go_to,
    link_of,
    ready,
    stand_at,
    step_of,
    text_box,
    type_text,
    visit,
)

TEXT = 'A "place" kept.\nYes & no.'
STEP, UNIT = 13, 77
LINK = {"model": NAMES[-1], "text": TEXT, "step": STEP + 1, "unit": UNIT}


def expect_place(page: Page, name: str = NAMES[-1], text: str = TEXT, step: int = STEP, unit: int = UNIT) -> None:
    """On the stage, in the text box and in the link."""
    expect_step(page, step)
    expect(page.get_by_test_id("stage-unit")).to_have_value(str(unit))
    expect(text_box(page)).to_have_value(text)
    expect(page.get_by_test_id("stSidebar").get_by_role("radio", checked=True)).to_have_text(card_of(name).cell.upper())
    expect_link(page, model=name, step=step + 1, unit=unit)
    assert link_of(page).get("text", card_of(name).show.text) == text


def test_a_walk_through_all_pages(open_page: OpenPage, server: Server) -> None:
    """Made on the first page, found on each of the others; a step taken on one of those is found on the next. From each the link is the
    same picture on another machine, with not a letter of it changed, also when it is loaded again there."""
    page, other = open_page(), open_page()
    visit(page, server, step=1)
    choose(page, card_of(NAMES[-1]).cell.upper())
    type_text(page, TEXT)
    stand_at(page, step=STEP, unit=UNIT)
    expect_link(page, step=STEP + 1, unit=UNIT)
    pages = [*PAGES.values(), "Watch"]
    for place, name in enumerate(pages if FULL else pages[::4]):
        go_to(page, name)
        expect_place(page, step=STEP + place)
        other.goto(page.url)
        ready(other)
        expect_page(other, name)
        expect_place(other, step=STEP + place)
        assert other.url == page.url
        page.get_by_test_id("stage-next").click()
        expect_link(page, step=STEP + place + 2)
        settle(page)
    address = other.url
    other.reload()
    ready(other)
    expect_place(other, step=STEP + place)
    assert other.url == address


def test_settings_of_a_page_are_in_the_link(open_page: OpenPage, server: Server) -> None:
    """The open tab and what is chosen on it; what was chosen on a tab that is closed now is kept for whoever chose it."""
    one = open_page()
    visit(one, server, "hidden", **LINK)
    one.get_by_label("Change character number").fill("9")
    one.keyboard.press("Enter")
    expect_link(one, changed=9)
    settle(one)
    one.get_by_role("tab", name="All units").click()
    expect_link(one, view="All+units")
    settle(one)  # what is chosen while the script runs may be missing in the link that it sends
    one.get_by_label("Order of the units").click()
    one.get_by_role("option", name="unit number").click()
    expect_link(one, view="All+units", order="unit+number")
    settle(one)
    other = open_page()
    other.goto(one.url)
    ready(other)
    for page in (one, other):
        expect(page.get_by_role("tab", name="All units")).to_have_attribute("aria-selected", "true")
        expect(page.get_by_label("Order of the units")).to_have_value("unit number")
        expect_place(page)
    one.get_by_role("tab", name="How long it remembers").click()
    expect(one.get_by_label("Change character number")).to_have_value("9")
    expect_link(one, changed=9)


@pytest.mark.parametrize("address", ["", "gradients", "compare"])  # one of each section
def test_a_deep_link_to_a_server_just_started(page: Page, fresh_server: Server, address: str) -> None:
    """No page of it was ever opened: the page asked for comes, with its place, and nothing else on the way."""
    visit(page, fresh_server, address, **LINK)
    expect_page(page, PAGES[address])
    expect_place(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "Traceback" not in fresh_server.log


@pytest.mark.full
def test_another_network_keeps_text_and_step(page: Page, server: Server) -> None:
    """The telling unit is followed to that of the other, on each page."""
    show = {name: card_of(name).show.unit for name in NAMES}
    visit(page, server, "gates", model=NAMES[0], text=TEXT, step=STEP + 1)
    for name in (*NAMES[1:], NAMES[0]):
        choose(page, card_of(name).cell.upper())
        expect_place(page, name, unit=show[name])


def test_a_stale_link_says_so_and_shows_the_default(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/gates?model=english-lsmt&text=Hello&step=999&unit=x&layer=7")
    ready(page)
    notice = page.get_by_test_id("stAlert")
    for part in ("english-lsmt", "999", "unit “x”", "layer “7”"):
        expect(notice).to_contain_text(part)
    expect_place(page, "english-lstm", "Hello", 0, card_of("english-lstm").show.unit)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_the_way_back_of_the_browser(page: Page, server: Server) -> None:
    """Stepping leaves no trail of addresses: back leads to the page before."""
    visit(page, server, **LINK)
    go_to(page, "Gates")
    for _ in range(3):
        page.get_by_test_id("stage-next").click()
    expect_link(page, step=STEP + 4)
    settle(page)
    page.go_back()
    expect_page(page, "Watch")
    ready(page)
    expect(text_box(page)).to_have_value(TEXT)


@pytest.mark.skipif(os.name == "nt", reason="no process is stopped and continued there")
def test_back_while_a_step_is_on_its_way(page: Page, server: Server) -> None:
    """A step taken just before Back is not told to a server that is slow to answer: the page left would be shown again."""
    visit(page, server, **LINK)
    go_to(page, "Gates")
    server.process.send_signal(signal.SIGSTOP)
    try:
        page.get_by_test_id("stage-next").evaluate("button => { button.click(); window.history.back(); }")
        page.wait_for_timeout(500)  # the step would be told by now
    finally:
        server.process.send_signal(signal.SIGCONT)
    expect_page(page, "Watch")
    ready(page)
    expect_step(page, STEP + 1)


@pytest.mark.full
def test_who_comes_by_another_page_is_not_carried_off(page: Page, server: Server) -> None:
    """Watch plays by itself for who begins there; who has looked around elsewhere stands where they stood."""
    visit(page, server, "belt")
    stand_at(page, step=50)
    expect_link(page, step=51)
    settle(page)
    go_to(page, "Watch")
    assert step_of(page) == 50, "playing begins at the first step, and takes seconds to come here"
