"""The page that compares networks in a browser: what is clicked is left out, one playhead goes through all, and it fits the screen."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import explorer
from explorer.figures.theme import THEMES
from explorer.models import card_of
from explorer.models.matching import Variant
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, settle
from tests.browser.reader import assert_printed, box_of, expect_link, go_to, visit
from tests.browser.test_hostile import MARKUP, foreign
from tests.browser.test_look import PHONE, expect_to_fit, rgb
from tests.conftest import Shipped

ADDRESS, NAME = "compare", "english-lstm"
TABS = ("With and without", "Side by side", "Differences", "Scores")
CHARTS = {"With and without": 2, "Side by side": 0, "Differences": 1, "Scores": 1}
TEXT = 'She said, "I was cold," and so was he.'
STEPS = len(TEXT)


def open_tab(page: Page, server: Server, tab: str, **link: object) -> None:
    visit(page, server, ADDRESS, **{"model": NAME, "text": TEXT, "step": 20, "beside": tab} | link)
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".js-plotly-plot")).to_have_count(CHARTS[tab])
    if tab == "Side by side":
        expect(lanes(page).locator(".reach canvas").first).to_be_visible()
    settle(page)


def add(page: Page, network: str) -> None:
    """One more to be compared."""
    box = page.get_by_role("combobox", name="Two to four networks")
    box.click()
    box.fill(network)  # there are more than the list shows at once
    page.get_by_role("option", name=network, exact=True).click()
    page.keyboard.press("Escape")


def lanes(page: Page) -> Locator:
    return page.get_by_test_id("lanes")


def lane(page: Page, network: str, signal: str) -> Locator:
    row = lanes(page).locator(".row").filter(has=page.get_by_text(re.compile(rf"^{re.escape(network)} ")))
    return row.get_by_test_id(f"lane-{signal}")


def middle_of(page: Page, canvas: Locator, step: int) -> float:
    """Where the middle of a step is on the screen, from the left."""
    box = box_of(canvas)
    return float(box["x"] + (step + 0.5) / STEPS * box["width"])


def expect_playhead(page: Page, step: int) -> None:
    """In the middle of the step, from the letters to the last lane."""
    expect(lanes(page).locator(".playhead")).to_be_visible()
    page.wait_for_function(
        """([step, steps]) => {
            const root = [...document.querySelectorAll("*")].map((node) => node.shadowRoot?.querySelector(".lanes")).find(Boolean);
            const head = root.querySelector(".playhead").getBoundingClientRect();
            const lanes = [...root.querySelectorAll("canvas.lane")].map((canvas) => canvas.getBoundingClientRect());
            return lanes.every((lane) => Math.abs(lane.left + (step + 0.5) / steps * lane.width - (head.left + head.width / 2)) < 1
                && head.top <= lane.top && head.bottom >= lane.bottom);
        }""",
        arg=[step, STEPS],
    )


def letter(page: Page, row: int, step: int) -> tuple[float, float]:
    """Where a letter of the rows is drawn on the screen."""
    chart = page.locator(".st-key-leave_out .js-plotly-plot")
    chart.scroll_into_view_if_needed()
    found = chart.evaluate(
        """(plot, [row, step]) => {
            const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect();
            return [box.left + xaxis._offset + xaxis.l2p(step), box.top + yaxis._offset + yaxis.l2p(row)];
        }""",
        [row, step],
    )
    return found[0], found[1]


@pytest.mark.full
def test_each_tab_opens_from_the_one_before(page: Page, server: Server) -> None:
    """And by its link; the charts of the others are gone, and the browser has nothing to complain of."""
    open_tab(page, server, TABS[0])
    for tab in (*TABS[1:], TABS[0]):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(".js-plotly-plot").filter(visible=True)).to_have_count(CHARTS[tab])
        settle(page)
        if tab != TABS[0]:
            expect_link(page, beside=tab.replace(" ", "+"))


@pytest.mark.full
def test_it_begins_where_its_effect_is_to_be_seen(page: Page, server: Server) -> None:
    """By a link that names no step: before the closing quote, without the opening one."""
    visit(page, server, ADDRESS)
    expect(page.get_by_test_id("stage-step")).to_have_text(re.compile("^24 of"))
    expect(page.get_by_label("Leave out character number")).to_have_value("13")
    expect(page.get_by_text("LSTM falls from 61 % to 7 %")).to_be_visible()


def test_a_clicked_letter_is_left_out(page: Page, server: Server) -> None:
    """In the box, in the link, in the sentence; and then another one. The link opens the same elsewhere."""
    open_tab(page, server, TABS[0])
    for row, step in ((0, 12), (2, 5)):
        page.mouse.click(*letter(page, row, step))
        expect(page.get_by_label("Leave out character number")).to_have_value(str(step + 1))
        expect_link(page, without=step + 1)
        expect(page.get_by_text(f"(step {step + 1}, {19 - step} steps before the playhead)")).to_be_visible()
        settle(page)
    page.reload()
    expect(page.get_by_label("Leave out character number")).to_have_value("6")


@pytest.mark.full
def test_the_button_moves_the_playhead(page: Page, server: Server) -> None:
    visit(page, server, ADDRESS, step=5)
    page.get_by_role("button", name="Where it matters").click()
    expect(page.get_by_test_id("stage-step")).to_have_text(re.compile("^24 of"))
    expect_link(page, step=24)
    expect(page.get_by_role("button", name="Where it matters")).to_be_disabled()


def test_one_playhead_goes_through_all_lanes(page: Page, server: Server) -> None:
    """It is the stage's, and follows it."""
    open_tab(page, server, "Side by side")
    expect_playhead(page, 19)
    page.get_by_test_id("stage-next").click()
    expect_playhead(page, 20)
    expect(lanes(page).get_by_text("the answer at the playhead, step 21")).to_be_visible()
    page.set_viewport_size({"width": 900, "height": 800})
    expect_playhead(page, 20)


@pytest.mark.full
def test_a_lane_tells_its_numbers(page: Page, server: Server, shipped: Shipped) -> None:
    """Of the step and the unit under the pointer."""
    open_tab(page, server, "Side by side")
    add(page, "untrained RNN")
    expect(lane(page, "untrained RNN", "h")).to_be_visible()
    settle(page)
    untrained = explorer.load(Variant("rnn", 0, NAME).name)
    told = lanes(page).locator(".told")
    for network, signal, model in (
        ("LSTM", "f", shipped["english-lstm"]),
        ("GRU", "h", shipped["english-gru"]),
        ("untrained RNN", "h", untrained),
    ):
        values = explorer.trace(model, TEXT)[signal][0]
        canvas = lane(page, network, signal).first
        canvas.scroll_into_view_if_needed()
        for step, share in ((3, 0.1), (30, 0.7)):
            page.mouse.move(middle_of(page, canvas, step), box_of(canvas)["y"] + share * box_of(canvas)["height"])
            expect(told).to_contain_text(f"(step {step + 1}), {network}, unit ")
            found = re.search(rf"unit (\d+): {signal} = (.+)$", told.text_content() or "")
            assert found
            assert_printed(found[2], float(values[step, int(found[1])]), network, step)
        page.mouse.move(2, 2)
        expect(told).to_have_text("")


@pytest.mark.full
@pytest.mark.parametrize("mode", THEMES)
def test_a_lane_has_the_colours_of_its_role(open_page: OpenPage, server: Server, shipped: Shipped, mode: str) -> None:
    """A keep gate from the ground at 0 to its colour at 1, a pixel a unit and step, in the same order as its numbers."""
    page, theme = open_page(color_scheme=mode), THEMES[mode]
    open_tab(page, server, "Side by side")
    canvas = lane(page, "LSTM", "f")
    pixels = np.array(
        canvas.evaluate(
            """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]"""
        )
    ).reshape(-1, STEPS, 4)
    values = np.sort(explorer.trace(shipped[NAME], TEXT)["f"][0], axis=1).T  # whatever the order of the units
    ground, full = (
        np.array([int(part) for part in re.findall(r"\d+", rgb(c))]) for c in (theme.background, theme.roles["keep"])
    )
    wanted = ground + values[..., None] * (full - ground)
    found = np.sort(pixels[..., :3].astype(int), axis=0)
    rising = full > ground
    wanted = np.where(rising, wanted, wanted[::-1])
    # 257 colours from end to end, rounded to whole parts.
    np.testing.assert_allclose(found, wanted, atol=2)


@pytest.mark.full
def test_chosen_networks_are_in_the_link(page: Page, open_page: OpenPage, server: Server) -> None:
    """Which opens the same on another machine; a seed of its own is another untrained network."""
    open_tab(page, server, "Differences")
    add(page, "untrained GRU")
    expect(page.locator(".legend").get_by_text("untrained GRU")).to_be_attached()
    page.get_by_label("Seed of untrained").fill("7")
    page.get_by_label("Seed of untrained").press("Enter")
    expect_link(page, seed_of_untrained=7)
    settle(page)
    said = page.get_by_text("How far each answer is").text_content()
    other = open_page()
    other.goto(page.url)
    expect(other.get_by_text("How far each answer is")).to_have_text(said or "")


@pytest.mark.full
def test_it_fits_a_phone_in_the_dark(open_page: OpenPage, server: Server) -> None:
    """No tab is wider than the screen; what is wider scrolls within itself."""
    page = open_page(**PHONE, color_scheme="dark")
    open_tab(page, server, TABS[0])
    for tab in TABS:
        page.get_by_role("tab", name=tab, exact=True).click()
        settle(page)
        expect(page.get_by_role("tabpanel").filter(visible=True)).not_to_be_empty()
        expect_to_fit(page, tab)
        for canvas in page.locator("canvas.lane").filter(visible=True).all():
            box = box_of(canvas)
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390


@pytest.mark.full
def test_whatever_is_typed_is_text(page: Page, server: Server) -> None:
    visit(page, server, ADDRESS, model=NAME, text=MARKUP, step=30)
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(".js-plotly-plot").filter(visible=True)).to_have_count(CHARTS[tab])
        settle(page)
        assert foreign(page) == []


@pytest.mark.full
def test_another_page_and_back(page: Page, server: Server) -> None:
    """The lanes are drawn again, once, with the playhead where it is."""
    open_tab(page, server, "Side by side")
    go_to(page, "Gates")
    expect(lanes(page)).to_have_count(0)
    go_to(page, "Compare")
    page.get_by_role("tab", name="Side by side").click()
    expect(lane(page, "LSTM", "f")).to_have_count(1)
    expect_playhead(page, 19)


@pytest.mark.full
def test_words_and_their_networks(page: Page, server: Server) -> None:
    """Networks of words have words for tokens, as wide as there is room for."""
    visit(page, server, ADDRESS, model="sentiment-lstm", beside="Side by side")
    tokens = card_of("sentiment-lstm").reader.encode(card_of("sentiment-lstm").show.text).tokens
    canvas = lane(page, "LSTM", "c")
    canvas.scroll_into_view_if_needed()
    box = box_of(canvas)
    page.mouse.move(box["x"] + 3.5 / len(tokens) * box["width"], box["y"] + 4)
    expect(lanes(page).locator(".told")).to_contain_text(f"{tokens[3]} (step 4), LSTM, unit")
