"""The start-up lab in a browser: its slider moves one curve, its presets and its link are the same picture elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.studio.startup.choices import PRESETS
from explorer.studio.startup.words import name_of
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, settle
from tests.browser.reader import box_of, expect_link, link_of
from tests.browser.test_look import PHONE, expect_to_fit
from tests.browser.waiting import until, until_equal

OPENS_ON = ["A · sigmoid RNN", "B · LSTM, forget bias 0", "C · LSTM, forget bias 3"]


def open_lab(page: Page, server: Server, link: str = "") -> None:
    page.goto(f"{server.url}/startup{link}")
    painted(page)


def painted(page: Page) -> None:
    page.locator(".st-key-startup .scatterlayer path.js-line").nth(2).wait_for(
        state="attached"
    )  # as long as a page may take
    settle(page)


def curves(page: Page) -> dict[str, list[float]]:
    """By letter, as plotly has them: the heights of the three. None of a chart that is not drawn yet."""
    found = page.locator(".st-key-startup .js-plotly-plot").evaluate(
        """plot => (plot.calcdata ?? []).filter(([first]) => first.trace.customdata)
            .map((points) => [points[0].trace.name[0], points.map((point) => point.y)])"""
    )
    return dict(found)


def names(page: Page) -> Locator:
    return page.get_by_role("heading", level=3)


def slider(page: Page, label: str) -> Locator:
    """The one in the open tab."""
    return page.get_by_test_id("stSlider").filter(has_text=label).filter(visible=True).get_by_role("slider")


@pytest.mark.full
def test_it_opens_on_three_curves_and_their_names(page: Page, server: Server) -> None:
    open_lab(page, server)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Before any training, how far back does a gradient reach?"
    )
    expect(names(page)).to_have_text(OPENS_ON)
    until_equal(page, lambda: set(curves(page)), set("ABC"))
    assert link_of(page) == {}, "nothing was chosen yet"


def test_a_slider_moves_one_curve_and_is_in_the_link(page: Page, server: Server) -> None:
    open_lab(page, server)
    before = until(page, lambda: curves(page), lambda now: len(now) == 3)
    slider(page, "Forget bias b").press("ArrowRight")
    expect(names(page)).to_have_text([OPENS_ON[0], "B · LSTM, forget bias 0.25", OPENS_ON[2]])
    expect_link(page, b_bias="0.25")
    settle(page)
    after = until(page, lambda: curves(page), lambda now: now.get("B") not in (None, before["B"]))
    assert (after["A"], after["C"]) == (before["A"], before["C"])
    assert after["B"][-1] > before["B"][-1], "a higher bias reaches further"


@pytest.mark.full
def test_another_tab_brings_the_sliders_of_another_cell(page: Page, server: Server) -> None:
    open_lab(page, server)
    page.get_by_role("tab", name="Cell A").click()
    expect_link(page, turn="Cell+A")
    expect(slider(page, "Spectral radius")).to_be_visible()
    page.get_by_role("button", name="Orthogonal RNN").click()
    expect(names(page)).to_have_text(["A · orthogonal linear RNN, ρ 1", *OPENS_ON[1:]])
    expect(page.get_by_text("Does not decay")).to_be_visible()


@pytest.mark.full
def test_a_preset_is_the_same_picture_on_another_machine(open_page: OpenPage, server: Server) -> None:
    """Also at once, before anything else was touched; and after all the others."""
    page, other = open_page(), open_page()
    open_lab(page, server)
    for name, start in PRESETS.items():
        page.get_by_role("button", name=name).click()
        expect(names(page).nth(1)).to_have_text(f"B · {name_of(start)}")
        settle(page)
        if name not in (next(iter(PRESETS)), list(PRESETS)[-1]):
            continue
        open_lab(other, server, page.url.partition("/startup")[2])
        expect(names(other)).to_have_text(names(page).all_text_contents())
        until_equal(page, lambda: len(curves(page)), 3)
        until_equal(other, lambda: curves(other) == curves(page), True)


@pytest.mark.full
def test_what_was_chosen_is_there_on_the_way_back(page: Page, server: Server) -> None:
    """From another page, with its link."""
    open_lab(page, server)
    page.get_by_role("button", name="Error carousel").click()
    expect(names(page).nth(1)).to_have_text("B · LSTM, forget gate open")
    settle(page)
    nav = page.get_by_test_id("stSidebarNav")
    nav.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="What it is")).to_be_attached()
    settle(page)
    nav.get_by_role("link", name="Start-up lab").click()
    expect(names(page).nth(1)).to_have_text("B · LSTM, forget gate open")
    expect_link(page, b_gate="forced+open")


@pytest.mark.full
def test_on_a_phone_the_picture_fits(open_page: OpenPage, server: Server) -> None:
    page = open_page(**PHONE)
    open_lab(page, server)
    expect_to_fit(page)
    plot = box_of(page.locator(".st-key-startup .js-plotly-plot"))
    assert plot and plot["x"] >= 0 and plot["x"] + plot["width"] <= PHONE["viewport"]["width"]  # type: ignore[index]


@pytest.mark.full
def test_a_wrong_link_is_told(page: Page, server: Server) -> None:
    open_lab(page, server, "?b_bias=99")
    expect(page.get_by_test_id("stAlert")).to_contain_text("asks for b_bias “99”; it can be -3 to 6")
    expect(names(page)).to_have_text(OPENS_ON)
