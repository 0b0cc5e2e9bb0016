"""From task to task in the browser: the menu, what to look for, texts that go on, rows of numbers, words."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

import explorer
from explorer.analysis.tokens import visible
from explorer.models import Card, card_of, zoo
from explorer.models.zoo import MAIN
from explorer.studio.state import FIRST_MODEL
from tests.browser.harness import Server, settle
from tests.browser.reader import (
    LIBRARY,
    box_of,
    expect_link,
    expect_numbers,
    expect_page,
    expect_step,
    ready,
    text_box,
    visit,
)
from tests.browser.waiting import until_equal
from tests.conftest import Shipped

CARDS = zoo()
TASKS = {card.task: card for card in CARDS if card.cell in MAIN}
SHOW = card_of(FIRST_MODEL).show
AT_REST = "Play (Space)"


def one_that_reads(tokens: str) -> Card:
    """A shipped network of such tokens; a task that was wired by hand comes last."""
    return min((card for card in TASKS.values() if card.tokens == tokens), key=lambda card: card.wired)


def tokens_of(page: Page) -> Locator:
    return page.get_by_test_id("stage").locator(".token")


def choose_task(page: Page, card: Card, chip: str = "") -> None:
    """From the menu, by its title or one of its chips."""
    page.get_by_test_id("stSidebar").locator(".st-key-task button").filter(visible=True).click()
    menu = page.get_by_role("dialog")
    entry = menu.locator(f".st-key-menu_{card.task}")
    expect(entry).to_contain_text(card.sentence.split(".")[0])
    entry.get_by_role("button", name=chip or card.title, exact=True).click()
    expect(menu).to_have_count(0)
    expect_link(page, model=card.name)
    ready(page)


def expect_reading(page: Page, card: Card, text: str) -> None:
    """The strip has the tokens of that text, the box the text. Where numbers have no room on the strip they are told on hovering."""
    tokens, cells = card.reader.encode(text).tokens, tokens_of(page)
    expect(cells).to_have_count(len(tokens))
    if card.tokens == "numbers":
        told = [f"step {step}: {row}" for step, row in enumerate(tokens, start=1)]
        until_equal(page, lambda: cells.evaluate_all("nodes => nodes.map((node) => node.title)"), told)
        roomy = cells.first.evaluate("node => node.getBoundingClientRect().width") >= 50
        assert set(cells.all_text_contents()) in (set(map(visible, tokens)), set() if roomy else {""})
    else:
        expect(cells).to_have_text([visible(token) for token in tokens])
    expect(typing_box(page, card)).to_have_value(text)


def typing_box(page: Page, card: Card) -> Locator:
    return text_box(page) if card.tokens != "numbers" else page.get_by_role("textbox", name="Numbers, a row a step")


@pytest.mark.full
def test_a_walk_through_the_menu(page: Page, server: Server) -> None:
    """A task of each kind is read at once, by its own tokens, where its effect is to be seen; closed, the menu changes nothing."""
    visit(page, server, text="What was typed.", step=3)
    page.get_by_test_id("stSidebar").locator(".st-key-task button").filter(visible=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(text_box(page)).to_have_value("What was typed.")
    expect_step(page, 2)
    for card in {(card.tokens, card.answer): card for card in TASKS.values()}.values():
        choose_task(page, card)
        expect_reading(page, card, card.show.text)
        expect_step(page, card.show.step)
        expect_link(page, step=card.show.step + 1, unit=card.show.unit)


@pytest.mark.full
def test_a_chip_of_the_menu_on_another_page(page: Page, server: Server) -> None:
    """The page stays; what the link said of the text before is gone, and the new link is the same picture."""
    card = one_that_reads("characters") if len(TASKS) == 1 else list(TASKS.values())[-1]
    visit(page, server, "gradients", text="What was typed.", step=3, at=4)
    label, text = list(card.examples.items())[-1]
    choose_task(page, card, label)
    expect_page(page, "Gradients")
    expect_reading(page, card, text)
    page.goto(page.url)
    ready(page)
    expect_reading(page, card, text)


@pytest.mark.full
def test_what_to_look_for(page: Page, server: Server) -> None:
    """A chip brings the unit, its text and its step, and says so in the link; another excerpt keeps the unit."""
    visit(page, server, "belt", text="What was typed.", step=3, unit=0)
    page.get_by_role("button", name=f"{SHOW.follows} · unit {SHOW.unit}").click()
    expect_step(page, SHOW.step)
    expect_link(page, unit=SHOW.unit, step=SHOW.step + 1)
    expect(text_box(page)).to_have_value(SHOW.text)
    page.get_by_role("button", name="Another excerpt").click()
    expect(text_box(page)).not_to_have_value(SHOW.text)
    expect_step(page, 0)
    expect_link(page, unit=SHOW.unit, step=1)


def test_a_network_goes_on(page: Page, server: Server, shipped: Shipped) -> None:
    """What is new is marked and played to its end, the box and the link have it, and its numbers are the library's."""
    text = "He went to the "
    visit(page, server, model=FIRST_MODEL, text=text, step=1, unit=SHOW.unit)
    page.get_by_role("button", name="Generate text").click()
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.get_by_test_id("stage").locator(".token.generated")).to_have_count(80)
    expect(page.get_by_test_id("stage-step")).to_have_text(re.compile(r"^(1[6-9]|[2-9]\d) of 95$"))
    expect(page.get_by_test_id("stage-play")).not_to_have_attribute("title", AT_REST)
    page.get_by_label("Speed").select_option("4×")
    expect_step(page, 94)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", AT_REST)
    expect_link(page, step=95)
    whole = text_box(page).input_value()
    assert whole.startswith(text) and len(whole) == 95
    expect_numbers(page, explorer.trace(shipped[FIRST_MODEL], whole), 94, SHOW.unit)
    assert tokens_of(page).nth(14).evaluate("node => node.classList.contains('generated')") is False


@pytest.mark.full
def test_the_page_of_models(page: Page, server: Server) -> None:
    """A finding is watched from there, whatever the link says of other pages' settings; an entry of the menu too."""
    page.goto(f"{server.url}/{LIBRARY}?model={FIRST_MODEL}&text=abc&step=2&of=x&view=All+units&changed=2")
    page.get_by_role("button", name="Watch it").first.click()
    expect_page(page, "Watch")
    expect_step(page, SHOW.step)
    expect_link(page, unit=SHOW.unit)
    ready(page)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Models").click()
    page.get_by_role("tab", name="All tasks").click()
    card = list(TASKS.values())[-1]
    page.locator(f".st-key-shelf_{card.task}").get_by_role("button", name=card.title, exact=True).click()
    expect_page(page, "Watch")
    expect_reading(page, card, card.show.text)
    settle(page)


@pytest.mark.full
@pytest.mark.parametrize("tokens", ["words", "numbers"])
def test_wide_tokens_do_not_run_into_one_another(page: Page, server: Server, tokens: str) -> None:
    """A cell is as wide as the longest token of the text, and each lies in its own; the playhead stands on its token."""
    card = one_that_reads(tokens)
    visit(page, server, model=card.name, step=1)
    cells = tokens_of(page)
    boxes = cells.evaluate_all(
        """nodes => nodes.map((node) => {
            const range = document.createRange();
            range.selectNodeContents(node);
            const [cell, text] = [node.getBoundingClientRect(), range.getBoundingClientRect()];
            return [cell.left, cell.right, text.left, text.right];
        })"""
    )
    assert len(boxes) == len(card.reader.encode(card.show.text).tokens)
    for (left, right, text_left, text_right), (following, *_) in zip(boxes, [*boxes[1:], [1e9]], strict=True):
        assert right <= following + 0.5
        assert left - 0.5 <= text_left and text_right <= right + 0.5, "the whole word shows"
    page.get_by_test_id("stage-slider").fill("3")
    token, head = box_of(cells.nth(2)), box_of(page.get_by_test_id("stage").locator(".playhead").first)
    assert token and head
    assert abs(token["x"] + token["width"] / 2 - head["x"] - head["width"] / 2) < 1


@pytest.mark.full
def test_rows_of_numbers(page: Page, server: Server, shipped: Shipped) -> None:
    """Typed they are read; a row that cannot be is named, and what was typed stays; a file is read."""
    card = one_that_reads("numbers")
    row = " ".join(["0.5"] * len(card.vocabulary))
    visit(page, server, model=card.name, step=1, unit=0)
    box = typing_box(page, card)
    box.fill(f"{row}\n0.25 half\n")
    box.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("This cannot be read")
    expect(page.get_by_test_id("stMain")).to_contain_text("ow 2")
    expect(box).to_have_value(f"{row}\n0.25 half\n")
    box.fill(f"{row}\n{row}; {row}")
    box.press("Control+Enter")
    expect(tokens_of(page)).to_have_count(3)
    stage = page.get_by_test_id("stage")
    expect(stage.locator(".answer-number")).to_have_count(1)
    expect_numbers(page, explorer.trace(shipped[card.name], f"{row}\n{row}; {row}"), 0, 0)
    page.get_by_role("button", name="From a CSV or NPY file").click()
    rows = "\n".join([",".join(card.vocabulary)] + [row.replace(" ", ",")] * 5)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "mine.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    expect(tokens_of(page)).to_have_count(5)
    expect(box).to_have_value("\n".join([row] * 5))
