"""For a class: the question before the answer, the stage alone on a projector, the cell unrolled in time."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

import explorer
from explorer.analysis.tokens import visible
from explorer.formula import evaluate
from explorer.models import card_of
from explorer.studio.state import FIRST_MODEL
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server
from tests.browser.reader import (
    NAMES,
    assert_printed,
    box_of,
    carried,
    expect_link,
    expect_numbers,
    expect_step,
    numbers_at,
    ready,
    stand_at,
    visit,
)
from tests.browser.test_look import PHONE
from tests.browser.waiting import until, until_equal
from tests.conftest import Shipped

TEXT = 'He said "yes" and left.'
STEP = 9
PROJECTOR = {"width": 1280, "height": 720}
TASKS = {
    "next token": "agreement-lstm",
    "labels": "sentiment-lstm",
    "a label a step": "latch-lstm",
    "number": "adding-gru",
}
"""What is to be guessed -> a network that answers so."""


def toggle(page: Page, what: str) -> Locator:
    return page.get_by_test_id(f"stage-{what}")


def panel_of(page: Page) -> Locator:
    return page.get_by_test_id("stage-next-panel")


def seen_of(page: Page) -> list[str]:
    """What the strip's tokens show, from the first on."""
    return shown_by(page, ".token")


def shown_by(page: Page, what: str) -> list[str]:
    """The text of each of them that a reader could find on the page."""
    found = page.get_by_test_id("stage").locator(what).evaluate_all("nodes => nodes.map((node) => node.innerText)")
    return [str(text).strip() for text in found]


def expect_covered(page: Page, name: str, text: str, step: int) -> None:
    """Neither in the text of the stage nor for a screen reader: what comes after `step`, and what the network says there."""
    tokens = [visible(token) for token in card_of(name).reader.encode(text).tokens]
    stage = page.get_by_test_id("stage")
    expect(panel_of(page)).to_have_class(re.compile(r"\bcovered\b"))
    seen = seen_of(page)
    assert len(seen) == len(tokens) and not any(seen[step + 1 :])
    (said,) = shown_by(page, ".answer-box")
    assert re.fullmatch(r"([\w ]+:)?", said), "at most what the number is called"
    assert not any(shown_by(page, ".answer")[step:]), "nor in the row under the tokens"
    spoken = stage.aria_snapshot()
    assert f"step {step + 1}: " in spoken or not seen[0]  # rows of numbers have no letters, and a tooltip alone
    for secret in (f"step {step + 2}: ", f"after step {step + 1}:", "Really next", "right answer", "right number"):
        assert secret not in spoken
    words = " ".join(stage.locator(".film-frame").all_inner_texts()).split()
    for token in set(tokens[step + 1 :]) - set(tokens[: step + 1]):
        assert len(token) == 1 or token not in words, "a word that is still to come"
    for row in stage.locator(".heights").all():  # numbers are a line: it ends where the question is
        first, asked = box_of(stage.locator(".token").first), box_of(stage.locator(".token").nth(step))
        assert first and asked
        middle = asked["x"] + asked["width"] / 2
        assert hit(row, middle) is False and (step == 0 or hit(row, first["x"] + first["width"] / 2))


def hit(canvas: Locator, x: float) -> bool:
    """Whether the picture is what is seen at that place, and nothing over it."""
    return bool(
        canvas.evaluate(
            """(node, x) => {
                const box = node.getBoundingClientRect();
                return node.getRootNode().elementFromPoint(x, box.top + box.height / 2) === node;
            }""",
            x,
        )
    )


def expect_revealed(page: Page, name: str, text: str, step: int) -> None:
    tokens = card_of(name).reader.encode(text).tokens
    expect(panel_of(page)).not_to_have_class(re.compile(r"\bcovered\b"))
    assert len(seen_of(page)) == len(tokens)
    assert all(seen_of(page)) or card_of(name).tokens == "numbers", "a row that has no room shows its mark alone"
    expect(panel_of(page).locator(".answer-box")).to_have_text(re.compile(r"\d"))
    assert f"step {step + 2}: " in page.get_by_test_id("stage").aria_snapshot()


@pytest.mark.parametrize("name", TASKS.values(), ids=TASKS)
def test_the_question_comes_first(page: Page, server: Server, name: str) -> None:
    """Covered from the first step on; Space reveals, and then asks the next question; a click reveals, too."""
    text = card_of(name).show.text
    visit(page, server, model=name, step=2)
    toggle(page, "ask").click()
    expect(toggle(page, "ask")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("stage-step").click()  # away from the button, which has its own use for Space
    expect_covered(page, name, text, 1)
    page.keyboard.press("Space")
    expect_revealed(page, name, text, 1)
    page.keyboard.press("Space")
    expect_step(page, 2)
    expect_covered(page, name, text, 2)
    page.get_by_test_id("stage-reveal").click()
    expect_revealed(page, name, text, 2)
    page.get_by_test_id("stage-next").click()
    expect_step(page, 3)
    expect_covered(page, name, text, 3)
    toggle(page, "ask").click()
    expect_revealed(page, name, text, 3)


def test_what_plays_by_itself_waits_where_a_class_is_to_guess(page: Page, server: Server) -> None:
    """The first page plays to the telling step; with the question on it stays there, covered."""
    visit(page, server, ask=1)
    page.wait_for_timeout(600)  # it would have begun by now, at the first step
    show = card_of(FIRST_MODEL).show
    expect_step(page, show.step)
    expect_covered(page, FIRST_MODEL, show.text, show.step)


@pytest.mark.full
def test_the_cover_stays_whatever_is_looked_at(page: Page, server: Server) -> None:
    """Another unit, another size of the window, the other units of the roll: none of it gives the answer away."""
    name = TASKS["labels"]
    text = card_of(name).show.text
    visit(page, server, model=name, step=4, ask=1)
    expect_covered(page, name, text, 3)
    stand_at(page, unit=3)
    expect_covered(page, name, text, 3)
    page.set_viewport_size({"width": 1100, "height": 800})
    page.wait_for_timeout(300)  # the stage waits until the size is settled
    expect_covered(page, name, text, 3)


@pytest.mark.full
def test_unrolled_the_next_step_is_covered_too(page: Page, server: Server) -> None:
    """Its token is what is asked for."""
    name = TASKS["next token"]
    visit(page, server, model=name, step=4, ask=1, unroll=1)
    coming = visible(card_of(name).reader.encode(card_of(name).show.text).tokens[4])
    drawing = page.get_by_test_id("stage").locator("svg.parts")
    expect(drawing).not_to_contain_text(coming)
    page.get_by_test_id("stage-reveal").click()
    expect(drawing).to_contain_text(coming)


@pytest.mark.full
def test_while_it_is_asked_the_covers_lie_over_what_is_to_come(page: Page, server: Server) -> None:
    """In the strip and in the roll, from the next token on, to the end."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1, ask=1)
    stage = page.get_by_test_id("stage")
    covers = stage.locator(".cover")
    expect(covers).to_have_count(2)
    coming, last = box_of(stage.locator(".token").nth(STEP + 1)), box_of(stage.locator(".token").last)
    assert coming and last
    for cover, films in zip(covers.all(), (".strip", ".lane >> nth=0"), strict=True):
        box, under = box_of(cover), box_of(stage.locator(films))
        assert abs(box["x"] - coming["x"]) < 1 and box["x"] + box["width"] >= last["x"] + last["width"] - 1
        assert box["y"] <= under["y"] + 1 and box["y"] + box["height"] >= under["y"] + under["height"] - 1
    page.get_by_test_id("stage-reveal").click()
    for cover in covers.all():
        expect(cover).to_be_hidden()


@pytest.mark.full
def test_the_link_asks_on_another_machine(open_page: OpenPage, server: Server) -> None:
    one, other = open_page(), open_page()
    visit(one, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    toggle(one, "ask").click()
    toggle(one, "unroll").click()
    expect_link(one, ask=1, unroll=1)
    other.goto(one.url)
    ready(other)
    for mode in ("ask", "unroll"):
        expect(toggle(other, mode)).to_have_attribute("aria-pressed", "true")
    expect(panel_of(other)).to_have_class(re.compile(r"\bcovered\b"))
    assert other.url == one.url
    toggle(other, "ask").click()
    toggle(other, "unroll").click()
    expect(other).not_to_have_url(re.compile("ask|unroll"))


COPIES = """stage => [...stage.querySelectorAll(".copy")].map((copy) => ({
    here: copy.classList.contains("here"),
    shown: getComputedStyle(copy).display !== "none",
    token: copy.querySelector(".token-in").textContent,
    lit: copy.querySelectorAll(".layer.lit").length,
    wires: [...copy.querySelectorAll(".chip")].map((chip) => ["title", ".value"].map((part) => chip.querySelector(part).textContent)),
}))"""


def expect_unrolled(page: Page, shipped: Shipped, name: str, step: int, unit: int) -> None:
    """Three copies, whose layers are all lit; each that has a step shows its token, and its numbers are the trace's at that step."""
    trace = explorer.trace(shipped[name], TEXT)
    expect_numbers(page, trace, step, unit)
    copies = page.get_by_test_id("stage").evaluate(COPIES)
    assert [copy["here"] for copy in copies] == [False, True, False]
    for offset, copy in zip((-1, 0, 1), copies, strict=True):
        at = step + offset
        assert copy["lit"] == len(shipped[name].cell.diagram.layers)
        assert copy["shown"] is (0 <= at < len(TEXT))
        if copy["shown"]:
            assert copy["token"] == visible(TEXT[at])
            known = numbers_at(trace, at, unit)
            assert copy["wires"]
            for title, number in copy["wires"]:
                assert_printed(number, evaluate(carried(title), known), offset, title)


@pytest.mark.parametrize("name", NAMES)
def test_unrolled_in_time(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """The steps before and after, beside one another, at any step; at the ends one is not there; and back to one."""
    unit = card_of(name).show.unit
    visit(page, server, model=name, text=TEXT, step=STEP + 1)
    copies = page.get_by_test_id("stage").locator(".copy")
    expect(copies).to_have_count(1)
    toggle(page, "unroll").click()
    expect(copies).to_have_count(3)
    expect(page.get_by_test_id("stage").locator(".shared")).to_contain_text("the same weights")
    for step in (STEP, STEP + 1, 0, len(TEXT) - 1):
        stand_at(page, step=step)
        expect_unrolled(page, shipped, name, step, unit)
    toggle(page, "unroll").click()
    expect(copies).to_have_count(1)
    expect(page.get_by_test_id("stage").locator(".shared")).to_have_text("")


@pytest.mark.full
def test_a_neighbour_is_a_way_to_step(page: Page, server: Server, shipped: Shipped) -> None:
    """A click on it goes there, wherever it is clicked."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1, unroll=1)
    copies = page.get_by_test_id("stage").locator(".copy")
    drawing = box_of(page.get_by_test_id("stage").locator("svg.parts"))
    assert drawing
    copies.last.locator(".token-in").click()
    expect_step(page, STEP + 1)
    copies.first.locator(".operation").first.click()
    expect_step(page, STEP)
    page.mouse.click(
        drawing["x"] + drawing["width"] - 16, drawing["y"] + drawing["height"] - 12
    )  # where nothing is drawn
    expect_step(page, STEP + 1)
    expect_unrolled(page, shipped, FIRST_MODEL, STEP + 1, card_of(FIRST_MODEL).show.unit)


@pytest.mark.full
def test_a_gate_is_lit_in_all_copies(page: Page, server: Server) -> None:
    """One set of weights; in one cell alone a gate is lit where one points at it."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    lit = page.get_by_test_id("stage").locator(".layer.lit")
    expect(lit).to_have_count(0)
    page.get_by_test_id("stage-gate-f").hover()
    expect(lit).to_have_count(1)
    toggle(page, "unroll").click()
    expect(lit).to_have_count(12)


@pytest.mark.full
def test_a_gate_unfolds_in_the_midst_of_its_copies(page: Page, server: Server) -> None:
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1, unroll=1)
    page.get_by_test_id("stage-gate-f").click()
    expect(page.get_by_test_id("stage-unfold").locator(".push")).not_to_have_count(0)
    expect(page.get_by_test_id("stage").locator(".copy:not(.here) .layer[data-node=i].dim")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stage").locator(".dim")).to_have_count(0)


@pytest.mark.full
def test_unrolled_on_a_phone(open_page: OpenPage, server: Server, shipped: Shipped) -> None:
    """The step itself is in the middle of the screen, its neighbours are a stroke away; nothing makes the page wider than that."""
    page = open_page(**PHONE)
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1, unroll=1)
    expect_unrolled(page, shipped, FIRST_MODEL, STEP, card_of(FIRST_MODEL).show.unit)
    drawing = page.get_by_test_id("stage").locator(".drawing")
    boxes = [box_of(copy) for copy in page.get_by_test_id("stage").locator(".copy .ground").all()]
    around = box_of(drawing)
    assert around and boxes[1]
    assert around["x"] - 1 <= boxes[1]["x"] and boxes[1]["x"] + boxes[1]["width"] <= around["x"] + around["width"] + 1
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    for end in (0, 10_000):
        drawing.evaluate("(node, end) => { node.scrollLeft = end; }", end)
        box = box_of(page.get_by_test_id("stage").locator(".copy .ground").nth(0 if end == 0 else 2))
        assert around["x"] - 1 <= box["x"] and box["x"] + box["width"] <= around["x"] + around["width"] + 1


IN_ALL_CORNERS = """stage => [[3, 3], [innerWidth - 3, 3], [3, innerHeight - 3], [innerWidth - 3, innerHeight - 3]].every(
    ([x, y]) => stage.contains(stage.getRootNode().elementFromPoint(x, y)))"""
"""Whether it is what is seen there: whatever else the page has lies under it."""
OVER_A_SIDE = """stage => [...stage.querySelectorAll("*")].filter((node) => {
    if (!node.checkVisibility() || node.closest(".film-scroll, .sr")) return false;
    const box = node.getBoundingClientRect();
    return box.width && (box.left < -0.5 || box.right > innerWidth + 0.5);
}).map((node) => node.outerHTML.slice(0, 120))"""


def expect_on_the_projector(page: Page) -> None:
    """Nothing but the stage, over all of the window, and nothing of it runs over a side."""
    stage = page.get_by_test_id("stage")
    expect(stage).to_have_class(re.compile(r"\bpresent\b"))
    # It is laid out anew when its size has settled.
    until_equal(page, lambda: box_of(stage), {"x": 0, "y": 0, **PROJECTOR})
    until_equal(page, lambda: stage.evaluate(IN_ALL_CORNERS), True)
    until_equal(page, lambda: stage.evaluate(OVER_A_SIDE), [])
    assert stage.evaluate("node => node.scrollWidth - node.clientWidth") <= 0


def smallest_letters(parts: Locator) -> float:
    """In pixels; no end of them where nothing is."""
    sizes = parts.evaluate_all("nodes => nodes.map((node) => parseFloat(getComputedStyle(node).fontSize))")
    return min(sizes, default=math.inf)


def on_the_screen(box: Any) -> bool:
    """From top to bottom."""
    return bool(box["y"] >= 0 and box["y"] + box["height"] <= PROJECTOR["height"] + 0.5)


def across(part: Locator) -> tuple[float, float]:
    """Where it begins, and how wide it is."""
    box = box_of(part)
    return box["x"], box["width"]


@pytest.mark.parametrize("name", [FIRST_MODEL, "english-rnn", "latch-lstm"])  # the most, fewer and the fewest parts
def test_present(open_page: OpenPage, server: Server, name: str) -> None:
    """At 1280 × 720 the numbers are 18 pixels high or more, and the cell and the answers are on the screen; Esc leaves."""
    page = open_page(viewport=PROJECTOR)
    visit(page, server, model=name, step=STEP + 1)
    across_before = across(page.get_by_test_id("stage"))
    toggle(page, "present").click()
    expect_link(page, present=1)
    expect_on_the_projector(page)
    stage = page.get_by_test_id("stage")
    for what in ("[data-testid^=stage-value-]", ".chip .value", ".share, .answer-number"):
        smallest = until(page, lambda what=what: smallest_letters(stage.locator(what)), lambda size: size >= 18)
        assert 18 <= smallest < math.inf, what
    for part in (stage.locator("svg.parts"), panel_of(page), page.get_by_test_id("stage-play")):
        box = until(page, lambda part=part: box_of(part), on_the_screen)
        assert on_the_screen(box)
    page.keyboard.press("ArrowRight")
    expect_step(page, STEP + 1)
    page.keyboard.press("Escape")
    expect(stage).not_to_have_class(re.compile(r"\bpresent\b"))
    expect(page).not_to_have_url(re.compile("present"))
    until_equal(page, lambda: across(stage), across_before)


@pytest.mark.full
def test_escape_folds_before_it_leaves(open_page: OpenPage, server: Server) -> None:
    page = open_page(viewport=PROJECTOR)
    visit(page, server, model=FIRST_MODEL, step=STEP + 1, present=1)
    expect_on_the_projector(page)
    page.get_by_test_id("stage-gate-f").click()
    panel = page.get_by_test_id("stage-unfold")
    expect(panel.locator(".push")).not_to_have_count(0)
    expect_on_the_projector(page)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect_on_the_projector(page)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stage")).not_to_have_class(re.compile(r"\bpresent\b"))


@pytest.mark.full
def test_present_unrolled_and_asked(open_page: OpenPage, server: Server) -> None:
    """All three at once, by the link alone; the button ends it, too."""
    page = open_page(viewport=PROJECTOR)
    visit(page, server, model=FIRST_MODEL, step=STEP + 1, present=1, unroll=1, ask=1)
    expect_on_the_projector(page)
    expect(page.get_by_test_id("stage").locator(".copy")).to_have_count(3)
    expect(panel_of(page)).to_have_class(re.compile(r"\bcovered\b"))
    page.keyboard.press("Space")
    expect(panel_of(page)).not_to_have_class(re.compile(r"\bcovered\b"))
    toggle(page, "present").click()
    expect(page.get_by_test_id("stage")).not_to_have_class(re.compile(r"\bpresent\b"))
    expect(toggle(page, "present")).to_have_attribute("aria-pressed", "false")
