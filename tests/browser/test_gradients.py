"""The page on gradients in a browser: what is clicked is what all of it is about, what is pointed at is told, and it fits the screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

import explorer
from explorer.analysis.tokens import visible
from explorer.figures.theme import THEMES
from explorer.models import card_of, siblings
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, settle
from tests.browser.reader import NAMES, assert_printed, box_of, expect_link, go_to, link_of, visit
from tests.browser.test_hostile import MARKUP, foreign
from tests.browser.test_look import PHONE, expect_to_fit, parts, rgb
from tests.browser.waiting import until, until_equal
from tests.conftest import Shipped

ADDRESS, NAME = "gradients", NAMES[-1]
TABS = ("How far", "Every pair", "Two paths", "Why", "Every signal")
CHARTS = {"How far": 3, "Every pair": 1, "Two paths": 4, "Why": 5, "Every signal": 1}
TEXT = "She was cold, and so was he."
STEPS = len(TEXT)


def open_tab(page: Page, server: Server, tab: str, **link: object) -> None:
    visit(page, server, ADDRESS, **{"model": NAME, "text": TEXT, "step": 1, "reach": tab} | link)
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".js-plotly-plot")).to_have_count(CHARTS[tab])
    settle(page)


def matrix(page: Page, cell: str) -> Locator:
    return page.get_by_test_id(f"matrix-{cell}")


def place_of(target: int, source: int, canvas: Locator, steps: int = STEPS) -> dict[str, float]:
    """Where the middle of an entry is in a matrix, from its corner."""
    box = box_of(canvas)
    return {"x": (source + 0.5) / steps * box["width"], "y": (target + 0.5) / steps * box["height"]}


def point_at(canvas: Locator, target: int, source: int, steps: int = STEPS) -> None:
    canvas.scroll_into_view_if_needed()
    canvas.hover(position=place_of(target, source, canvas, steps))  # type: ignore[arg-type]


def click_on(canvas: Locator, target: int, source: int, steps: int = STEPS) -> None:
    canvas.scroll_into_view_if_needed()
    canvas.click(position=place_of(target, source, canvas, steps))  # type: ignore[arg-type]


FRAMED = "plot => String((plot._fullLayout?.shapes ?? []).map(({ x0, x1 }) => (x0 + x1) / 2 + 1).at(-1))"
"""The step that is framed, from 1. A chart is drawn anew, somewhat later, when an answer of the server comes."""


def letter(page: Page, row: int, step: int) -> tuple[float, float]:
    """Where a letter of the rows is drawn on the screen, once the step that the page is about is framed in them."""
    chart = page.locator(".st-key-rows .js-plotly-plot")
    framed = until(page, lambda: chart.evaluate(FRAMED), lambda at: at == page.get_by_label("at step").input_value())
    assert framed == page.get_by_label("at step").input_value(), "the rows frame the step of the box"
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
    open_tab(page, server, "How far")
    for tab in (*TABS[1:], TABS[0]):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(".js-plotly-plot").filter(visible=True)).to_have_count(CHARTS[tab])
        settle(page)
        if tab != TABS[0]:
            expect_link(page, reach=tab.replace(" ", "+"))


@pytest.mark.full
@pytest.mark.parametrize("tab", ["Every pair", "Why"])  # where there are matrices, and where there are most charts
def test_each_tab_by_its_link(page: Page, server: Server, tab: str) -> None:
    open_tab(page, server, tab)
    for chart in page.locator(".js-plotly-plot").all():
        chart.scroll_into_view_if_needed()
        expect(chart.locator(".main-svg").first).to_be_visible()


def test_a_clicked_letter_is_the_target(page: Page, server: Server) -> None:
    """In the box, in the link, in the sentence, framed; and then another one."""
    open_tab(page, server, "How far")
    for row, step in ((1, 12), (0, 20), (2, 5)):
        page.mouse.click(*letter(page, row, step))
        expect(page.get_by_label("at step")).to_have_value(str(step + 1))
        expect_link(page, at=step + 1)
        expect(page.get_by_text(f"going back from step {step}:")).to_be_visible()
        settle(page)
    page.get_by_label("at step").fill("20")
    page.get_by_label("at step").press("Enter")
    expect(page.get_by_text("going back from step 19:")).to_be_visible()
    settle(page)
    page.mouse.click(*letter(page, 2, 5))
    expect_link(page, at=6)
    settle(page)
    page.get_by_role("tab", name="Every pair").click()
    expect(page.get_by_label("from step")).to_have_value("4")  # two thirds of the way, as long as nobody chose


@pytest.mark.full
def test_a_letter_tells_its_gradient(page: Page, server: Server, shipped: Shipped) -> None:
    """To the digits that are printed, under the pointer."""
    open_tab(page, server, "How far", at=21)
    card = siblings(NAME)[::-1][0]
    values = explorer.gradients(shipped[card.name], TEXT, at=20)["grad_h"][0]
    page.mouse.move(*letter(page, 0, 8))
    hover = page.locator(".st-key-rows .hoverlayer")
    expect(hover).to_contain_text(f"{card.cell.upper()}, step 9:")
    assert_printed((hover.text_content() or "").split(": ")[1], float((values[8].astype(float) ** 2).sum() ** 0.5))


def test_a_click_in_a_matrix_chooses_the_pair(page: Page, server: Server, shipped: Shipped) -> None:
    """In the link, the boxes, the sentence and under every matrix, whichever of them was clicked; the link opens the same elsewhere."""
    open_tab(page, server, "Every pair")
    for cell, target, source in (("gru", 20, 7), ("lstm", 13, 12), ("rnn", 25, 0)):
        click_on(matrix(page, cell), target, source)
        expect_link(page, at=target + 1, since=source + 1)
        expect(page.get_by_label("at step")).to_have_value(str(target + 1))
        expect(page.get_by_label("from step")).to_have_value(str(source + 1))
        sentence = page.get_by_text(re.compile(rf"\(step {source + 1}\) moves the result at .* \(step {target + 1}\)"))
        expect(sentence).to_be_visible()
        for told in page.locator(".told").all():
            expect(told).to_contain_text(
                f"{visible(TEXT[source])} ({source + 1}) on {visible(TEXT[target])} ({target + 1})"
            )
    settle(page)
    page.reload()
    expect(page.get_by_label("from step")).to_have_value("1")
    expect(page.get_by_label("at step")).to_have_value("26")
    expect(page.locator(".told").first).to_contain_text(f"{TEXT[0]} (1) on {TEXT[25]} (26), 25 steps")


@pytest.mark.full
def test_what_is_pointed_at_is_told_under_each_matrix(page: Page, server: Server, shipped: Shipped) -> None:
    """Both tokens and each network's number; the chosen pair again when the pointer has gone. Above the diagonal it is the step itself."""
    open_tab(page, server, "Every pair", at=21, since=8)
    point_at(matrix(page, "lstm"), 17, 4)
    for cell in ("lstm", "gru", "rnn"):
        told = page.locator(".panel").filter(has=matrix(page, cell)).locator(".told")
        expect(told).to_contain_text(f"of {visible(TEXT[4])} (5) on {visible(TEXT[17])} (18), 13 steps")
        entry = explorer.gradient_matrix(shipped[f"english-{cell}"], TEXT)[17, 4]
        assert_printed(told.locator("b").text_content() or "", entry, cell)
    point_at(matrix(page, "rnn"), 3, 19)
    expect(page.locator(".told").first).to_contain_text("(4) on")
    expect(page.locator(".told").first).to_contain_text("(4), 0 steps")
    page.mouse.move(2, 2)
    expect(page.locator(".told").first).to_contain_text("(8) on")
    assert link_of(page)["at"] == "21", "nothing was chosen"


@pytest.mark.full
def test_the_target_is_kept_from_tab_to_tab(page: Page, server: Server) -> None:
    open_tab(page, server, "Every pair")
    click_on(matrix(page, "lstm"), 18, 3)
    expect_link(page, at=19, since=4)
    settle(page)
    page.get_by_role("tab", name="Two paths").click()
    expect(page.get_by_label("from step").filter(visible=True)).to_have_value("4")
    expect(page.get_by_text("15 steps back, the direct path keeps").first).to_be_visible()
    page.get_by_role("tab", name="How far").click()
    expect(page.get_by_text("going back from step 18:")).to_be_visible()


@pytest.mark.full
def test_it_fits_a_phone_in_the_dark(open_page: OpenPage, server: Server) -> None:
    """No tab is wider than the screen, nor is a matrix; what is wider scrolls within itself."""
    page = open_page(**PHONE, color_scheme="dark")
    open_tab(page, server, TABS[0])
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(".js-plotly-plot").filter(visible=True)).to_have_count(CHARTS[tab])
        settle(page)
        expect_to_fit(page, tab)
        for canvas in page.locator("canvas.entries").filter(visible=True).all():
            box = box_of(canvas)
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390


@pytest.mark.full
def test_a_finger_chooses_a_pair(open_page: OpenPage, server: Server) -> None:
    page = open_page(**PHONE)
    open_tab(page, server, "Every pair")
    canvas = matrix(page, "rnn")
    canvas.scroll_into_view_if_needed()
    canvas.tap(position=place_of(20, 5, canvas))  # type: ignore[arg-type]
    expect_link(page, at=21, since=6)


def colours(canvas: Locator) -> set[tuple[int, ...]]:
    """Those of all entries that are drawn."""
    found = canvas.evaluate(
        """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]"""
    )
    return {tuple(found[at : at + 3]) for at in range(0, len(found), 4) if found[at + 3]}


DRAWN = """canvas => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), n = canvas.width;
    return [...Array(n * n).keys()].filter((at) => data[4 * at + 3]).map((at) => [Math.floor(at / n), at % n]);
}"""
"""The entries that have a colour, as [target, source]."""


@pytest.mark.full
def test_a_matrix_has_the_colours_of_the_theme(open_page: OpenPage, server: Server) -> None:
    """One pixel an entry, the last row without a loss and all above the diagonal left out."""
    seen = []
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        open_tab(page, server, "Every pair")
        canvas = matrix(page, "lstm")
        assert canvas.evaluate("canvas => [canvas.width, canvas.height]") == [STEPS, STEPS]
        triangle = [[target, source] for target in range(STEPS - 1) for source in range(target + 1)]
        until_equal(page, lambda canvas=canvas: canvas.evaluate(DRAWN), triangle)
        seen.append(colours(canvas))
    assert seen[0] != seen[1]


@pytest.mark.full
@pytest.mark.parametrize("mode", THEMES)
def test_what_vanished_has_a_colour_of_its_own(open_page: OpenPage, server: Server, mode: str) -> None:
    """A latch that is shut hands nothing back: each entry is as the key says of those below the floor, and its number is 0."""
    page = open_page(color_scheme=mode)
    visit(page, server, ADDRESS, model="latch-lstm", step=1, reach="Every pair")
    canvas = matrix(page, "lstm")
    expect(canvas).to_be_visible()
    until_equal(page, lambda: colours(canvas), {tuple(parts(THEMES[mode].grid))})
    expect(page.locator(".key i.floor")).to_have_css("background-color", rgb(THEMES[mode].grid))
    expect(page.locator(".told b").first).to_have_text("0")
    expect(page.locator(".scale .low")).to_have_text("10⁻³ or less")
    expect(page.locator(".scale .high")).to_have_text("1")


@pytest.mark.full
def test_whatever_is_typed_is_text(page: Page, server: Server) -> None:
    """In the captions of the matrices, and in each sentence and chart of the page."""
    visit(page, server, ADDRESS, model=NAME, text=MARKUP, step=1, reach="Every pair")
    steps = len(MARKUP)
    for target, source in ((3, 0), (steps - 2, 21), (60, 59)):
        point_at(matrix(page, "gru"), target, source, steps)
        told = page.locator(".told").first
        expect(told).to_contain_text(
            f"{visible(MARKUP[source])} ({source + 1}) on {visible(MARKUP[target])} ({target + 1})"
        )
        assert foreign(page) == []
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(".js-plotly-plot").filter(visible=True)).to_have_count(CHARTS[tab])
        settle(page)
        assert foreign(page) == []


@pytest.mark.full
def test_another_page_and_back(page: Page, server: Server) -> None:
    """The matrices are drawn again, once."""
    open_tab(page, server, "Every pair")
    go_to(page, "Gates")
    expect(page.get_by_test_id("matrices")).to_have_count(0)
    go_to(page, "Gradients")
    page.get_by_role("tab", name="Every pair").click()
    expect(page.locator("canvas.entries")).to_have_count(len(siblings(NAME)))


@pytest.mark.full
def test_a_word_is_told_whole(page: Page, server: Server) -> None:
    """Networks of words have words for tokens."""
    name = "sentiment-lstm"
    tokens = card_of(name).reader.encode(card_of(name).show.text).tokens
    visit(page, server, ADDRESS, model=name, step=1, reach="Every pair")
    point_at(matrix(page, "lstm"), len(tokens) - 1, 2, len(tokens))
    expect(page.locator(".told").first).to_contain_text(f"of {visible(tokens[2])} (3) on {visible(tokens[-1])}")
