"""The accounts in a browser: the arcs follow the playhead on their own, and every number is the library's."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import explorer
from explorer.analysis.ledger import Ledger
from explorer.figures.theme import THEMES
from explorer.models import card_of
from explorer.models.vocabulary import named
from tests.app.driving import LEDGER
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, sent_by, settle
from tests.browser.reader import assert_printed, box_of, go_to, number_of, stand_at, type_text, visit
from tests.browser.test_hostile import MARKUP, foreign
from tests.browser.test_look import PHONE, expect_to_fit, parts
from tests.browser.waiting import until, until_equal
from tests.conftest import Shipped

ADDRESS, NAME = "belt", "english-lstm"
_, WRITTEN, ANSWER = LEDGER
TEXT = 'She said, "I was cold," and so was he.'
STEP, UNIT = 19, 1
ROWS = 20
"""So many lines the table has before all others are one."""


def open_tab(page: Page, server: Server, tab: str, **link: object) -> None:
    visit(page, server, ADDRESS, **{"model": NAME, "text": TEXT, "step": STEP + 1, "unit": UNIT, "ledger": tab} | link)
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_test_id("account-picture")).to_be_visible()
    settle(page)


def account(page: Page) -> Locator:
    return page.get_by_test_id("account")


def expect_at(page: Page, step: int, unit: int = UNIT) -> None:
    """The account is that of this step and unit, from 0."""
    expect(account(page)).to_have_attribute("data-step", str(step))
    expect(account(page)).to_have_attribute("data-unit", str(unit))


def lines(page: Page) -> list[list[str]]:
    """The table's, as they stand."""
    found: list[list[str]] = page.get_by_test_id("account-table").evaluate(
        "table => [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return found


def name_of(step: int, tokens: Any = TEXT) -> str:
    """A row of the table: -1 is the state before the text."""
    return "before the text" if step < 0 else f"{named(tokens[step])} (step {step + 1})"


def expect_account(page: Page, found: Ledger, step: int, unit: int) -> None:
    """Each line of the table is the library's, the largest first, and all together are the belt."""
    expect_at(page, step, unit)
    values, share = found.contributions(step)[:, unit], found.share(step)[:, unit]
    written = [float(found.trace.initial["c"][0, unit]), *found.written(step)[:, unit]]
    shown = lines(page)
    rows = np.argsort(-np.abs(values.astype(np.float32)), kind="stable")
    assert len(shown) == min(len(values), ROWS + 1)
    by_name = {name_of(row - 1): row for row in range(len(values))}
    for line, place in zip(shown[:ROWS], rows, strict=False):
        row = by_name[line[0]]
        # Two that are the same to six digits may stand in either order.
        assert abs(values[row]) == pytest.approx(abs(values[place]), rel=1e-6, abs=1e-12)
        assert_printed(line[1], written[row], line)
        assert_printed(line[3], values[row], line)
        if share[row] >= 0.1:
            assert float(line[2].removesuffix(" %")) == pytest.approx(100 * share[row], abs=0.51)
    total = sum(number_of(line[3]) for line in shown)
    assert total == pytest.approx(found.trace["c"][0, step, unit], abs=2e-3 * np.abs(values).sum() + 1e-9), (
        "four digits each"
    )
    said = page.get_by_test_id("account-sum").locator("b").all_text_contents()
    assert_printed(said[0], values.sum())
    assert_printed(said[1], found.trace["c"][0, step, unit])


def test_it_follows_the_playhead_by_itself(page: Page, server: Server, shipped: Shipped) -> None:
    """While it is dragged, and no word to the server; the unit as well."""
    found = explorer.ledger(explorer.trace(shipped[NAME], TEXT))
    sent = sent_by(page)
    open_tab(page, server, WRITTEN)
    expect_account(page, found, STEP, UNIT)
    tokens, before = page.get_by_test_id("stage").locator(".token"), len(sent)
    page.mouse.move(*middle(tokens.nth(STEP)))
    page.mouse.down()
    for step in (24, 11, 33, 0):
        page.mouse.move(*middle(tokens.nth(step)), steps=4)
        expect_at(page, step)
    asked = len(sent) - before
    expect_account(page, found, 0, UNIT)
    page.mouse.up()
    assert asked <= 3, "a hand that rests on its way is told of"
    for step, unit in ((36, UNIT), (36, 60), (20, 60)):
        stand_at(page, step=step, unit=unit)
        expect_account(page, found, step, unit)


def middle(locator: Locator) -> tuple[float, float]:
    box = box_of(locator)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.full
def test_it_follows_while_the_stage_plays(page: Page, server: Server) -> None:
    """Writes are born and fade: the step of the account is the stage's all along."""
    open_tab(page, server, WRITTEN, step=1)
    page.get_by_label("Speed").select_option("2×")
    page.evaluate(
        """() => {
          window.seen = [];
          document.addEventListener("carousel-place", ({ detail }) => {
            const find = (root) => root.querySelector("[data-testid=account]")
                ?? [...root.querySelectorAll("*")].map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);
            window.seen.push([detail.step, Number(find(document).dataset.step)]);
          });
        }"""
    )
    page.get_by_test_id("stage-play").click()
    page.wait_for_function("new Set(window.seen.map(([step]) => step)).size >= 12")
    seen: list[list[int]] = page.evaluate("window.seen")
    steps = dict.fromkeys(step for step, _ in seen if step)  # one may be told of again, and so may where it began
    assert list(steps)[:10] == list(range(1, 11))
    assert all(step == shown for step, shown in seen)


@pytest.mark.full
def test_the_sentence_follows_when_it_rests(page: Page, server: Server) -> None:
    open_tab(page, server, WRITTEN)
    stand_at(page, step=30, unit=60)
    expect(page.get_by_text("Unit 60 carries")).to_be_visible()


@pytest.mark.full
def test_the_arcs_are_drawn_in_the_colours_of_their_sign(page: Page, server: Server, shipped: Shipped) -> None:
    """Orange adds and purple takes away; what takes away hangs below the text, so that colour is not alone in telling."""
    found = explorer.ledger(explorer.trace(shipped[NAME], TEXT))
    at = found.every()  # [step, row, unit]
    both = np.minimum(np.abs(at.min(1)), at.max(1))  # a step and unit to which much of either sign is owed
    step, unit = np.unravel_index(int(both.argmax()), both.shape)
    open_tab(page, server, WRITTEN, step=int(step) + 1, unit=int(unit))
    expect_at(page, int(step), int(unit))
    theme = THEMES["light"]
    above, below = heights(page, theme.above[1]), heights(page, theme.below[1])
    assert above and below
    assert min(above) < min(below), "above the text"


def heights(page: Page, colour: str) -> list[int]:
    """The rows of pixels of the picture in which there is some of a colour, or of it over the ground, as arcs have it."""
    found: list[int] = page.get_by_test_id("account-picture").evaluate(
        """(canvas, colour) => {
            const { width, height } = canvas, { data } = canvas.getContext("2d").getImageData(0, 0, width, height), rows = new Set();
            for (let at = 0; at < data.length; at += 4) {
                const near = colour.every((part, k) => Math.abs(data[at + k] - part) <= 3);
                if (near && data[at + 3] > 150) rows.add(Math.floor(at / 4 / width));
            }
            return [...rows];
        }""",
        parts(colour),
    )
    return found


@pytest.mark.full
def test_all_units_together(page: Page, server: Server, shipped: Shipped) -> None:
    """Σ|contribution| over the units, chosen by a button and kept in the link."""
    found = explorer.ledger(explorer.trace(shipped[NAME], TEXT))
    open_tab(page, server, WRITTEN)
    page.get_by_role("radio", name="All units").click()
    expect(page.get_by_text("Of all that is on the belt now")).to_be_visible()
    sizes = np.abs(found.contributions(STEP)).sum(1)
    until(page, lambda: lines(page)[0][3], lambda shown: abs(number_of(shown) - sizes.max()) < 1e-2 * sizes.max())
    rows = {name_of(row - 1): row for row in range(len(sizes))}
    for line in lines(page)[:ROWS]:
        assert_printed(line[3], sizes[rows[line[0]]], line)
    said = page.get_by_test_id("account-sum").locator("b").all_text_contents()
    assert_printed(said[0], sizes.sum())
    assert_printed(said[1], np.abs(found.trace["c"][0, STEP]).sum())
    expect(page).to_have_url(re.compile("whose=All"))
    page.reload()
    expect(page.get_by_role("radio", name="All units")).to_be_checked()


def test_down_to_the_answer(page: Page, server: Server, shipped: Shipped) -> None:
    """Contributions, sum so far, bias and score; again when the playhead has come to rest elsewhere."""
    trace = explorer.trace(shipped[NAME], TEXT)
    answers = explorer.predict(shipped[NAME], TEXT)
    open_tab(page, server, ANSWER)
    for step in (STEP, 9):
        stand_at(page, step=step)
        expect(account(page)).to_have_attribute("data-step", str(step))
        expect(account(page)).not_to_have_class(re.compile("waiting"))
        found = explorer.ledger(trace).logit(int(answers[step].argmax()), step)
        shown, running = lines(page), np.cumsum(found.contributions)
        rows = {name_of(row - 1): row for row in range(len(running))}
        for line in shown[:-1][:ROWS]:
            assert_printed(line[1], found.contributions[rows[line[0]]], line)
            assert_printed(line[2], running[rows[line[0]]], line)
        assert shown[-1][0] == "bias"
        assert_printed(shown[-1][1], found.bias)
        assert_printed(shown[-1][2], found.total)
        expect(page.get_by_text("Sum of contributions")).to_be_visible()


@pytest.mark.full
def test_which_words_make_it_positive_now(page: Page, server: Server, shipped: Shipped) -> None:
    """The text is coloured by it: the word that adds most has the deepest orange."""
    card = card_of("sentiment-lstm")
    visit(page, server, ADDRESS, model=card.name, ledger=ANSWER, text=card.show.text, step=card.show.step + 1)
    expect(page.get_by_test_id("account-picture")).to_be_visible()
    found = explorer.ledger(explorer.trace(shipped[card.name], card.show.text))
    values = np.subtract(*(found.logit(label, card.show.step).contributions for label in ("positive", "negative")))
    most = int(np.abs(values).argmax())
    tokens = card.reader.encode(card.show.text).tokens
    words = page.get_by_test_id("account-text").locator("span")
    until_equal(page, lambda: words.all_text_contents(), list(tokens))
    scale = THEMES["light"].above if values[most] > 0 else THEMES["light"].below
    expect(words.nth(most - 1)).to_have_css("background-color", "rgb({}, {}, {})".format(*parts(scale[1])))
    assert lines(page)[0][0] == name_of(most - 1, tokens)


@pytest.mark.full
def test_each_setting_is_in_the_link(page: Page, server: Server) -> None:
    """Tab, score, and what is credited; the link opens the same elsewhere."""
    open_tab(page, server, ANSWER)
    page.get_by_role("radio", name="how the memory moved").click()
    expect(page.get_by_text("Murdoch & Szlam 2017")).to_be_visible()
    settle(page)
    sentence = page.get_by_text("Sum of contributions")
    before = sentence.text_content()
    page.get_by_role("combobox", name="The score of").click()
    page.get_by_role("option", name="what is right", exact=True).click()
    expect(page).to_have_url(re.compile("score=what.is.right"))
    expect(sentence).not_to_have_text(before or "")  # what is right here is not what it says
    said = sentence.text_content()
    page.reload()
    expect(page.get_by_text("Sum of contributions")).to_have_text(said or "")
    expect(page.get_by_role("radio", name="how the memory moved")).to_be_checked()


@pytest.mark.full
def test_a_keyboard_scrolls_the_table(page: Page, server: Server) -> None:
    """It has a name, and can be reached."""
    open_tab(page, server, WRITTEN)
    region = page.get_by_role("region", name=re.compile("what each token wrote"))
    region.focus()
    page.keyboard.press("End")
    expect_at(page, len(TEXT) - 1)
    region.focus()
    page.keyboard.press("PageDown")
    assert until(page, lambda: region.evaluate("node => node.scrollTop"), lambda top: top > 0) > 0


@pytest.mark.full
def test_a_token_is_told_under_the_pointer(page: Page, server: Server) -> None:
    open_tab(page, server, WRITTEN)
    picture = page.get_by_test_id("account-picture")
    picture.scroll_into_view_if_needed()
    box = box_of(picture)
    page.mouse.move(box["x"] + (10 + 1.5) / (len(TEXT) + 1) * box["width"], box["y"] + 60)
    expect(account(page).locator(".told")).to_contain_text(f"{name_of(10)}: wrote")
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 60)
    expect(account(page).locator(".told")).to_contain_text("is still to be read")


@pytest.mark.full
@pytest.mark.parametrize("tab", [WRITTEN, ANSWER])
def test_it_fits_a_phone_in_the_dark(open_page: OpenPage, server: Server, tab: str) -> None:
    page = open_page(**PHONE, color_scheme="dark")
    open_tab(page, server, tab)
    expect_to_fit(page, tab)
    for part in ("account-picture", "account-table", "account-text"):
        box = box_of(page.get_by_test_id(part))
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, part


@pytest.mark.full
@pytest.mark.parametrize("tab", [WRITTEN, ANSWER])
def test_whatever_is_typed_is_text(page: Page, server: Server, tab: str) -> None:
    open_tab(page, server, tab, text=MARKUP, step=30)
    assert "".join(page.get_by_test_id("account-text").locator("span").all_text_contents()) == MARKUP.replace(" ", "·")
    assert foreign(page) == []


@pytest.mark.full
def test_another_text_another_network_another_page_and_back(page: Page, server: Server) -> None:
    """Each time the account is that of what the stage reads."""
    open_tab(page, server, WRITTEN)
    type_text(page, "Another text.")
    expect(account(page)).to_have_attribute("data-painted", "Another·text.")
    stand_at(page, step=4)
    expect_at(page, 4)
    page.get_by_test_id("stSidebar").get_by_role("radio", name="RNN").click()
    expect(page.get_by_text("RNN has no account.")).to_be_visible()
    expect(account(page)).to_have_count(0)
    page.get_by_test_id("stSidebar").get_by_role("radio", name="GRU").click()
    expect(account(page)).to_have_attribute("data-step", "4")
    go_to(page, "Gates")
    expect(account(page)).to_have_count(0)
    go_to(page, "Conveyor belt")
    page.get_by_role("tab", name=WRITTEN).click()
    expect(account(page)).to_have_attribute("data-step", "4")
