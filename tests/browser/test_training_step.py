"""One training step in the browser: a click on the matrix chooses, a press makes the next update, a link is the same picture."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from explorer.models import itemised, training_step
from explorer.studio.training_step import words
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, settle
from tests.browser.reader import box_of, expect_link, link_of, ready, visit
from tests.browser.test_look import PHONE, expect_to_fit
from tests.conftest import Shipped

NAME = "english-lstm"
TEXT = 'She said "no" and left.\n'
LINK = {"model": NAME, "text": TEXT, "step": 12, "unit": 3}
TABS = ("Itemised", "Truncated", "Clipped", "The update")


def click_entry(page: Page, target: int, source: int) -> None:
    """On the matrix, in the middle of an entry; both from 0."""
    matrix = page.get_by_test_id("matrix-lstm")
    matrix.scroll_into_view_if_needed()
    box = box_of(matrix)
    side = box["width"] / (len(TEXT) - 1)
    matrix.click(position={"x": (source + 0.5) * side, "y": (target + 0.5) * side})
    settle(page)


def said(sentence: str) -> re.Pattern[str]:
    """The beginning of a sentence as the page shows it, its marks taken off."""
    shown = re.sub(r"\*\*|`", "", sentence).split("(")[0].strip()
    return re.compile(re.escape(shown))


def test_a_click_on_the_matrix_chooses_a_loss_and_a_use(page: Page, server: Server, shipped: Shipped) -> None:
    """Number, sentence, boxes and link; the entry is the library's."""
    visit(page, server, "step", **LINK)
    shares = itemised(shipped[NAME], TEXT).shares
    click_entry(page, 14, 9)
    expect_link(page, target=15, used=10)
    expect(page.get_by_label("The loss at step", exact=True)).to_have_value("15")
    expect(page.get_by_label("and the weights at step", exact=True)).to_have_value("10")
    told = page.get_by_test_id("matrices").locator(".told")
    expect(told).to_contain_text("is the pull of the loss at")
    expect(told).to_contain_text("(15)")
    expect(told).to_contain_text("(10)")
    number = float((told.locator("b").text_content() or "").replace("−", "-"))
    assert number == pytest.approx(shares[14, 9], rel=0.006), "three digits are shown"
    expect(page.get_by_text(said(words.of_target(shares[:, :-1], shares[:, 0], 14, TEXT, "", True)))).to_be_visible()


@pytest.mark.full
def test_a_chosen_pair_is_the_same_on_another_machine(open_page: OpenPage, server: Server) -> None:
    one, other = open_page(), open_page()
    visit(one, server, "step", **LINK)
    click_entry(one, 14, 9)
    expect_link(one, target=15, used=10)
    other.goto(one.url)
    ready(other)
    assert other.url == one.url
    for page in (one, other):
        expect(page.get_by_label("The loss at step", exact=True)).to_have_value("15")
        expect(page.get_by_test_id("matrices").locator(".told")).to_contain_text("(15)")
        expect(page.get_by_test_id("matrices").locator(".told")).to_contain_text("(10)")


@pytest.mark.full
def test_update_after_update(page: Page, server: Server, shipped: Shipped) -> None:
    """Each says what the library's own does. The link tells how they are made, and not how many there were."""
    visit(page, server, "step", part="The update", **LINK)
    before, made = link_of(page), None
    for count in (1, 2, 3):
        made = training_step(shipped[NAME], TEXT, learning_rate=0.1, after=made)
        went = f"Update {count} brings the mean loss from {words.number(np.mean(made.before))} to {words.number(np.mean(made.after))}"
        expect(page.get_by_text(went)).to_be_visible()
        if count < 3:
            page.get_by_role("button", name="Next update").click()
            settle(page)
    assert link_of(page) == before
    page.get_by_role("button", name="Begin again").click()
    expect(page.get_by_text("Update 1 brings")).to_be_visible()
    expect(page.get_by_role("button", name="Begin again")).to_have_count(0)


@pytest.mark.full
def test_how_an_update_is_made_is_in_the_link(open_page: OpenPage, server: Server) -> None:
    one, other = open_page(), open_page()
    visit(one, server, "step", part="The update", **LINK)
    one.get_by_role("radio", name="by value").click()
    settle(one)
    one.get_by_text("Truncate", exact=True).click()
    settle(one)
    one.get_by_role("slider", name="Go back at most k steps").press("ArrowLeft")
    expect_link(one, clip="by+value", cut="true", k=7)
    settle(one)
    other.goto(one.url)
    ready(other)
    expect(one.get_by_text("Clipping cut")).to_have_text(other.get_by_text("Clipping cut").inner_text())
    expect(other.get_by_role("slider", name="Go back at most k steps")).to_have_attribute("aria-valuetext", "7")


@pytest.mark.full
def test_truncation_follows_its_slider(page: Page, server: Server) -> None:
    visit(page, server, "step", part="Truncated", **LINK)
    expect(page.get_by_text("Going back 8 steps only")).to_be_visible()
    slider = page.get_by_role("slider", name="Go back at most k steps")
    slider.press("ArrowLeft")
    expect(page.get_by_text("Going back 7 steps only")).to_be_visible()
    slider.press("End")
    expect(page.get_by_text("truncation loses nothing at all")).to_be_visible()
    expect_link(page, k=len(TEXT))


@pytest.mark.full
def test_a_rate_that_is_too_high_is_said(page: Page, server: Server) -> None:
    visit(page, server, "step", part="The update", rate="30", **LINK)
    expect(page.get_by_text("overshoots: the loss rises")).to_be_visible()


@pytest.mark.full
def test_every_tab_on_a_phone(open_page: OpenPage, server: Server) -> None:
    """Nothing is wider than the screen; what has no text along it is not wider than its place either."""
    page = open_page(**PHONE, color_scheme="dark")
    visit(page, server, "step", **LINK)
    for tab in TABS:
        page.get_by_role("tab", name=tab, exact=True).click()
        settle(page)
        expect(page.locator(".js-plotly-plot").filter(visible=True).first).to_be_visible()
        expect_to_fit(page, tab)
        for chart in page.locator("[class*='_fits'] .js-plotly-plot").filter(visible=True).all():
            box = box_of(chart)
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390, tab


@pytest.mark.full
def test_what_takes_long_shows_how_far_it_is_and_can_be_stopped(page: Page, server: Server) -> None:
    """Stopped, it is not begun again by itself; asked for, it is done."""
    text = "Call me Ishmael. " * 58
    page.goto(f"{server.url}/step?{urlencode({'model': NAME, 'step': 1, 'text': text})}")
    expect(page.get_by_test_id("stProgress")).to_contain_text(re.compile(r"Taking the gradient apart … [\d.]+ %"))
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped: taking the gradient apart")).to_be_visible()
    settle(page)
    expect(page.get_by_test_id("matrices")).to_have_count(0)
    page.get_by_test_id("stage-next").click()
    expect_link(page, step=2)
    settle(page)
    expect(page.get_by_text("Stopped: taking the gradient apart")).to_be_visible()
    page.get_by_role("button", name="Run it anyway").click()
    expect(page.get_by_test_id("matrix-lstm")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stProgress")).to_have_count(0)
