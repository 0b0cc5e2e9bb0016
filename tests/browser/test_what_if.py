"""The page that edits a running cell in a browser: an experiment is one press; edits are staged, applied, undone and in the link."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, settle
from tests.browser.reader import expect_link, go_to, visit
from tests.browser.test_axe import expect_none, report
from tests.browser.test_look import PHONE, expect_to_fit

ADDRESS, NAME = "what-if", "english-lstm"
TEXT = 'She said, "I was cold," and so was he.'
TABS = ("Along the text", "Every unit", "Which units carry it")
LIST = "set c 50 unit 1\nset f 1 unit 500\noff erase unit 4"


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    settle(page)


def expect_edits(page: Page, written: str) -> None:
    """In the address bar, where a line end is %0A and a blank a plus."""
    expect_link(page, edits=written.replace(" ", "+").replace("\n", "%0A"))


def test_an_experiment_is_one_press(page: Page, server: Server) -> None:
    """The playhead goes to where it shows; the link opens the same elsewhere."""
    visit(page, server, ADDRESS, model=NAME)
    expect(page.get_by_text("Nothing is edited")).to_be_visible()
    press(page, "Force it outside")
    expect(page.get_by_test_id("stage-step")).to_have_text(re.compile("^24 of"))
    told = page.get_by_text("at the playhead (step 24")
    expect(told).to_contain_text("falls from 61 % to")
    said = told.inner_text()
    expect(page).to_have_url(re.compile(r"edits=set\+c\+"))
    page.reload()
    expect(page.get_by_text("at the playhead (step 24")).to_have_text(said)


@pytest.mark.full
def test_on_three_networks_the_opening_quote_is_deleted(page: Page, server: Server) -> None:
    visit(page, server, ADDRESS, model=NAME, step=24)
    press(page, "Delete it")
    for told in ("RNN stays about the same", "GRU falls from 69 %", "LSTM falls from 61 %"):
        expect(page.get_by_text(told)).to_be_visible()


@pytest.mark.full
def test_a_list_in_a_link_opens_with_its_marks(page: Page, server: Server) -> None:
    """One beyond what the text brings about, one that cannot be done, one that is off."""
    visit(page, server, ADDRESS, model=NAME, text=TEXT, step=20, edits=LIST)
    expect(page.get_by_text("beyond what it does on this text")).to_be_visible()
    expect(page.get_by_text("Not done: there is no unit 500")).to_be_visible()
    expect(page.get_by_role("switch", name="Edit 3: unit 4 erased")).not_to_be_checked()
    expect(page.get_by_role("switch", name="Edit 1: c held at 50")).to_be_checked()


def test_edits_are_staged_applied_and_undone_by_keyboard(page: Page, server: Server) -> None:
    """The first choice is a patch; from the very text that is read it brings what is there already."""
    visit(page, server, ADDRESS, model=NAME, text=TEXT, step=20)
    page.get_by_test_id("stExpander").filter(has_text="Add an edit").locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("c after step 20 becomes that of")).to_be_visible()
    page.get_by_role("button", name="Stage it").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("not applied yet")).to_be_visible()
    expect(page.get_by_text("Nothing is edited")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Apply").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("This changes nothing")).to_be_visible()
    settle(page)
    expect(page).to_have_url(re.compile(r"edits=patch\+c\+step\+20\+from"))
    page.get_by_role("switch", name="Edit 1").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("(off)")).to_be_visible()
    settle(page)
    # One after the other, each when the page is at rest: what moves under a press may take it.
    press(page, "Undo")  # that it was switched off
    expect(page.get_by_text("(off)")).to_have_count(0)
    settle(page)
    press(page, "Undo")  # that it was applied
    expect(page.get_by_text("not applied yet")).to_be_visible()
    settle(page)
    press(page, "Undo")  # that it was staged
    expect(page.get_by_text("not applied yet")).to_have_count(0)
    expect(page.get_by_text("Nothing is edited")).to_be_visible()
    expect(page).not_to_have_url(re.compile("edits="))


def test_edits_as_text(page: Page, server: Server) -> None:
    """Typed there they are applied; what is no edit is told, and the others are kept."""
    visit(page, server, ADDRESS, model=NAME, text=TEXT, step=20)
    page.get_by_role("button", name="As text").click()
    box = page.get_by_role("textbox", name="One edit a line")
    box.fill("open sesame\nscale c 0.5")
    box.press("Control+Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("“open” is not an edit")
    expect(page.get_by_role("switch")).to_have_count(2)  # that of the warm-up, and that of the edit
    expect(page.get_by_text("at the playhead (step 20")).to_be_visible()


@pytest.mark.full
def test_what_is_edited_stays_on_the_way_to_another_page_and_back(page: Page, server: Server) -> None:
    visit(page, server, ADDRESS, model=NAME, text=TEXT, step=20, edits="scale c 0.5")
    said = page.get_by_text("at the playhead (step 20").inner_text()
    go_to(page, "Compare")
    go_to(page, "What if")
    expect(page.get_by_text("at the playhead (step 20")).to_have_text(said)
    expect_edits(page, "scale c 0.5")


@pytest.mark.full
def test_each_tab_shows_its_picture(page: Page, server: Server) -> None:
    visit(page, server, ADDRESS, model=NAME, text=TEXT, step=20, edits="scale c 0.5 steps 12-14\ndelete step 3")
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    page.get_by_role("tab", name=TABS[1]).click()
    canvases = page.get_by_test_id("lanes").get_by_test_id("lane-c")
    expect(canvases).to_have_count(3)  # as it was, edited, the change
    settle(page)
    page.get_by_role("tab", name=TABS[2]).click()
    expect(page.get_by_text("matters most")).to_be_visible()
    settle(page)
    expect_link(page, shown=TABS[2].replace(" ", "+"))
    page.get_by_role("button", name=re.compile(r"^Erase unit \d+$")).first.click()
    expect(page.get_by_role("switch", name="erased")).to_be_visible()


@pytest.mark.full
def test_the_memory_of_the_plural_sentence(page: Page, server: Server) -> None:
    visit(page, server, ADDRESS, model="agreement-lstm")
    press(page, "Transplant it")
    expect(page.get_by_text("all plural verbs together")).to_be_visible()
    expect(page.get_by_text("generated pairs")).to_be_visible()


@pytest.mark.full
def test_on_a_phone(open_page: OpenPage, server: Server) -> None:
    """Nothing is wider than the screen, in any tab."""
    page = open_page(**PHONE, color_scheme="dark")
    for tab in TABS:
        visit(page, server, ADDRESS, model=NAME, text=TEXT, step=20, edits=LIST, shown=tab)
        expect_to_fit(page, tab)


@pytest.mark.full
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_in_the_list(open_page: OpenPage, server: Server, mode: str) -> None:
    """With marks of all kinds, one edit that is staged, and the choices for another one unfolded."""
    page = open_page(color_scheme=mode)
    visit(page, server, ADDRESS, model=NAME, text=TEXT, step=20, edits=LIST)
    page.get_by_test_id("stExpander").filter(has_text="Add an edit").locator("summary").click()
    page.get_by_role("switch", name="Edit 3").press("Space")
    expect(page.get_by_text("not applied yet")).to_be_visible()
    settle(page)
    expect_none(report(page, "the list of edits"))
