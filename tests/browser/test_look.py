"""Dark as well as light, on a phone as well as on a projector: nothing runs over the edge, all can be seen."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import explorer
from explorer.figures.theme import THEMES
from explorer.models import card_of, zoo
from explorer.studio.state import FIRST_MODEL
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, settle
from tests.browser.reader import LIBRARY, NAMES, PAGES, box_of, go_to, visit
from tests.browser.waiting import until
from tests.conftest import Shipped

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
STEP = card_of(FIRST_MODEL).show.step + 1


def parts(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*parts(colour))


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def expect_to_fit(page: Page, *where: object) -> None:
    """It is no wider than the screen, as soon as what came late has found its place."""
    assert until(page, lambda: overflow(page), lambda over: over <= 0) <= 0, where


@pytest.mark.full
@pytest.mark.parametrize("mode", THEMES)
def test_the_stage_has_the_colours_of_the_page(open_page: OpenPage, server: Server, mode: str) -> None:
    """Page, stage and numbers in those of the theme that the reader's system asks for."""
    page, theme = open_page(color_scheme=mode), THEMES[mode]
    visit(page, server, model=FIRST_MODEL, step=STEP)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", rgb(theme.background))
    expect(page.get_by_test_id("stage")).to_have_css("color", rgb(theme.text))
    expect(page.get_by_test_id("stage-value-f")).to_have_css("color", rgb(theme.roles["keep"]))
    expect(page.get_by_test_id("stage-value-h")).to_have_css("color", rgb(theme.roles["hidden"]))


def test_charts_are_dark_in_the_dark(open_page: OpenPage, server: Server) -> None:
    page = open_page(color_scheme="dark")
    visit(page, server, "belt", model=FIRST_MODEL, step=STEP)
    expect(page.locator(".js-plotly-plot .ytitle").first).to_have_css("fill", rgb(THEMES["dark"].text))


def test_on_a_phone(open_page: OpenPage, server: Server) -> None:
    """The stage is on the first screen and no page is wider than it; what is wider scrolls within itself."""
    page = open_page(**PHONE)
    for address in PAGES:
        visit(page, server, address, model=NAMES[-1], step=STEP)
        stage = page.get_by_test_id("stage")
        expect(stage).to_be_in_viewport()
        box = box_of(stage)
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, address
        expect_to_fit(page, address)
        for part in ("stage-step", "stage-next", "stage-play", "stage-slider"):
            expect(page.get_by_test_id(part)).to_be_visible()


@pytest.mark.full
def test_the_models_on_a_phone(open_page: OpenPage, server: Server) -> None:
    """The card, its tables and the menu of tasks stay within the screen; the menu scrolls to its last entry."""
    page, small = open_page(**PHONE), min(zoo(), key=lambda card: card.hidden_size)
    for name in (FIRST_MODEL, small.name):
        page.goto(f"{server.url}/{LIBRARY}?model={name}")
        expect(page.get_by_role("heading", name="What it is")).to_be_attached()
        settle(page)
        expect_to_fit(page, name)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebar").locator(".st-key-task button").filter(visible=True).click()
    menu, last = page.get_by_role("dialog"), zoo()[-1]
    entry = menu.locator(f".st-key-menu_{last.task}").get_by_role("button", name=last.title, exact=True)
    entry.scroll_into_view_if_needed()
    for box in (box_of(menu), box_of(entry)):
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    entry.click()
    expect(menu).to_have_count(0)
    expect(page.get_by_role("heading", level=2, name=re.compile(f"^{last.title}"))).to_be_attached()


@pytest.mark.full
def test_a_finger_steps(open_page: OpenPage, server: Server) -> None:
    page = open_page(**PHONE)
    visit(page, server, model=FIRST_MODEL, step=3)
    page.get_by_test_id("stage-next").tap()
    expect(page.get_by_test_id("stage-step")).to_have_text("4 of " + str(len(card_of(FIRST_MODEL).show.text)))
    page.get_by_test_id("stage").locator(".token").nth(1).tap()
    expect(page.get_by_test_id("stage-step")).to_contain_text("2 of ")


@pytest.mark.full
def test_on_other_screens(open_page: OpenPage, server: Server) -> None:
    """A projector's, and a small one that the window is then drawn to."""
    page = open_page(viewport={"width": 1920, "height": 1080})
    visit(page, server, model=NAMES[-1], step=STEP)
    for name in PAGES.values():
        go_to(page, name)
        for width in (1024, 1920):
            page.set_viewport_size({"width": width, "height": 768})
            expect(page.get_by_test_id("stage")).to_be_in_viewport()
            page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")


MIDDLES = """(stage, step) => [stage.querySelectorAll(".token")[step], ...stage.querySelectorAll(".playhead")].map((node) => {
    const box = node.getBoundingClientRect();
    return box.left + box.width / 2;
})"""
"""Of a token and of the playheads, from left to right, in one look: they scroll together."""


def test_the_playhead_stands_on_its_token(page: Page, server: Server) -> None:
    """Strip, line and roll are on one grid: the middle of the token is where the playhead of each is."""
    visit(page, server, model=FIRST_MODEL, step=STEP)
    stage = page.get_by_test_id("stage")
    for step in (0, 20, 70):
        page.get_by_test_id("stage-slider").fill(str(step + 1))
        middles = stage.evaluate(MIDDLES, step)
        assert len(middles) == 3
        assert max(middles) - min(middles) < 1


@pytest.mark.full
@pytest.mark.parametrize("mode", THEMES)
def test_a_token_has_the_colour_of_its_number(open_page: OpenPage, server: Server, shipped: Shipped, mode: str) -> None:
    """The strip shows the pinned unit's memory, squashed: from the background, by way of the nearer colour, to the far one."""
    page, theme, card = open_page(color_scheme=mode), THEMES[mode], card_of(FIRST_MODEL)
    visit(page, server, model=FIRST_MODEL, step=STEP)
    memory = np.tanh(explorer.trace(shipped[FIRST_MODEL], card.show.text)["c"][0, :, card.show.unit])
    painted = (
        page.get_by_test_id("stage")
        .locator(".token")
        .evaluate_all("nodes => nodes.map((node) => getComputedStyle(node).backgroundColor)")
    )
    for value, colour in zip(memory[::7], painted[::7], strict=True):
        near, far = theme.below if value < 0 else theme.above
        scale = np.array([parts(theme.background), parts(near), parts(far)])
        expected = [np.interp(abs(value), [0, 0.5, 1], scale[:, channel]) for channel in range(3)]
        shown = re.findall(r"\d+", colour)
        np.testing.assert_allclose([int(part) for part in shown], expected, atol=1)  # rounded to whole numbers, twice
