"""A gate, unfolded in place: its arithmetic is the library's, adds up, follows the pin, and is asked for once a unit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import explorer
from explorer.models import Model, card_of
from explorer.signals import Trace
from explorer.studio.state import FIRST_MODEL
from tests.browser.harness import Server, sent_by, settle
from tests.browser.reader import (
    NAMES,
    assert_printed,
    box_of,
    expect_link,
    expect_numbers,
    expect_step,
    number_of,
    rounding,
    stand_at,
    visit,
)
from tests.conftest import Shipped

FAMILIES = [*NAMES, "latch-lstm", "adding-gru"]
TEXT = 'He said "yes" and left.'
STEP = 9
SQUASH = {"sigmoid": lambda a: 1 / (1 + math.exp(-a)), "tanh": math.tanh}


def text_of(name: str) -> str:
    return TEXT if name in NAMES else card_of(name).show.text


def gate(page: Page, layer: str) -> Locator:
    return page.get_by_test_id(f"stage-gate-{layer}")


def panel_of(page: Page) -> Locator:
    return page.get_by_test_id("stage-unfold")


def unfold(page: Page, layer: str) -> None:
    """By a click, and waits for the numbers."""
    gate(page, layer).click()
    expect(panel_of(page).locator(".push")).not_to_have_count(0)


def fold(page: Page) -> None:
    panel_of(page).get_by_role("button", name="Fold (Esc)").click()
    expect(panel_of(page)).to_be_hidden()


def rows_of(page: Page) -> list[tuple[str, str]]:
    """What pushed, and by how much."""
    rows = (
        panel_of(page)
        .locator(".push")
        .evaluate_all(
            "rows => rows.map((row) => [row.querySelector('.push-name').textContent, row.querySelector('.push-number').textContent])"
        )
    )
    return [(name, number) for name, number in rows]


def expect_arithmetic(page: Page, model: Model, text: str, layer: str, unit: int, step: int) -> None:
    """What is unfolded: each row, their sum, what that is squashed to."""
    trace, pushes = explorer.trace(model, text), explorer.arithmetic(model, text, unit=unit)[f"{layer}_pre"]
    expect(panel_of(page).locator(".unfold-title")).to_contain_text(f"of unit {unit}")
    rows, of_units = rows_of(page), pushes.units[step]
    known: dict[int, str] = {}
    read, rest = [], None
    for name, number in rows:
        if by := re.match(r"unit (\d+) of h before", name):
            known[int(by[1])] = number
        elif name.startswith("the other"):
            rest = number
        elif name == "bias":
            assert_printed(number, float(pushes.bias[step]), layer, "bias")
        else:
            read.append(number)
    assert [name for name, _ in rows].count("bias") == 1
    if len(read) == 1:
        assert_printed(read[0], float(pushes.inputs[step].sum()), layer, "what it reads")
    else:
        for number, value in zip(read, pushes.inputs[step], strict=True):
            assert_printed(number, float(value), layer, "an input")
    for by, number in known.items():
        assert_printed(number, float(of_units[by]), layer, f"unit {by}")
    hardest = np.argsort(-np.abs(of_units), kind="stable")[:5]
    assert np.abs(of_units[list(known)]).tolist() == np.abs(of_units[hardest])[of_units[hardest] != 0].tolist()
    others = float(of_units.sum() - of_units[list(known)].sum())
    if rest is not None:
        # A difference of sums of float32: their last digits are not those that are printed.
        assert abs(number_of(rest) - others) <= rounding(rest) + 1e-5
    else:
        assert len(of_units) <= 5
    expect_sum(page, trace, layer, unit, step)


def expect_sum(page: Page, trace: Trace, layer: str, unit: int, step: int) -> None:
    """The rows add up to what is squashed, and that gives the gate: all as printed, and as in the trace."""
    numbers = [number for _, number in rows_of(page)]
    line = panel_of(page).locator(".unfold-sum .equation")
    squashed = re.search(r"\( (.+?) \)", line.inner_text())
    assert squashed
    allowed = sum(map(rounding, numbers)) + rounding(squashed[1])
    assert abs(sum(map(number_of, numbers)) - number_of(squashed[1])) <= allowed
    assert_printed(squashed[1], float(trace[f"{layer}_pre"][0, step, unit]), layer, "the sum")
    result = line.locator(".result").inner_text()
    value = float(trace[layer][0, step, unit])
    assert abs(float(result) - value) <= rounding(result)
    function = SQUASH[trace.signals[layer].formula.partition("(")[0]]
    assert abs(function(number_of(squashed[1])) - value) <= rounding(squashed[1]), "no squashing is steeper than 1"


@pytest.mark.parametrize("name", FAMILIES)
def test_every_gate_adds_up(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """For two units, at two steps: the panel stays open and follows both."""
    text, model = text_of(name), shipped[name]
    unit, last = card_of(name).show.unit, len(card_of(name).reader.encode(text).tokens) - 1
    visit(page, server, model=name, text=text, step=STEP + 1, unit=unit)
    for layer in model.cell.diagram.layers:
        stand_at(page, step=STEP)
        unfold(page, layer)
        expect_arithmetic(page, model, text, layer, unit, STEP)
        stand_at(page, step=last)
        expect_arithmetic(page, model, text, layer, unit, last)
        fold(page)
    other = card_of(name).hidden_size - 1
    if other != unit:
        stand_at(page, unit=other)
        layer = next(iter(model.cell.diagram.layers))
        unfold(page, layer)
        expect_arithmetic(page, model, text, layer, other, last)


@pytest.mark.full
def test_the_product_on_the_belt(page: Page, server: Server, shipped: Shipped) -> None:
    """What the gate's value goes into, in symbols and in the numbers of this step."""
    unit = card_of(FIRST_MODEL).show.unit
    trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1, unit=unit)
    at = {name: float(trace[name][0, STEP, unit]) for name in "ifgo"}
    before = float(trace["c"][0, STEP - 1, unit])
    for layer, product in {"f": at["f"] * before, "i": at["i"] * at["g"], "g": at["i"] * at["g"]}.items():
        unfold(page, layer)
        result = panel_of(page).locator(".equation").last.locator(".result")
        assert_printed(result.inner_text(), product, layer)
        fold(page)


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_by_the_keyboard(page: Page, server: Server, key: str) -> None:
    """The gates can be tabbed to; who folds one by a key is back at it, so that Tab goes on from there; Space does not play meanwhile."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    gate(page, "f").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(gate(page, "f")).to_be_focused()
    page.keyboard.press(key)
    expect(panel_of(page)).to_be_visible()
    expect(panel_of(page)).to_have_attribute("aria-label", re.compile("^forget gate of unit"))
    page.keyboard.press("Escape")
    expect(panel_of(page)).to_be_hidden()
    expect(gate(page, "f")).to_be_focused()
    gate(page, "i").focus()
    page.keyboard.press(key)
    expect(panel_of(page)).to_have_attribute("aria-label", re.compile("^input gate"))
    expect_step(page, STEP)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", "Play (Space)")


@pytest.mark.full
def test_a_gate_keeps_the_focus_when_the_stage_is_laid_out_anew(page: Page, server: Server) -> None:
    """As when the window is drawn to another size, or a longer sentence makes the page higher."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    gate(page, "g").focus()
    wide = page.get_by_test_id("stage").locator("svg.parts").get_attribute("viewBox")
    page.set_viewport_size({"width": 1200, "height": 900})
    expect(page.get_by_test_id("stage").locator("svg.parts")).not_to_have_attribute("viewBox", wide or "")
    expect(gate(page, "g")).to_be_focused()


FOLDS: dict[str, Callable[[Page], None]] = {
    "Esc": lambda page: page.keyboard.press("Escape"),
    "its cross": fold,
    "a click beside it": lambda page: page.get_by_test_id("stage").locator(".cell h2").click(position={"x": 8, "y": 8}),
    "its gate": lambda page: gate(page, "i").click(),
}


@pytest.mark.full
def test_escape_folds_whatever_of_the_stage_has_the_focus(page: Page, server: Server) -> None:
    """Esc means nothing to a slider or a number, unlike the arrows."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    for control in ("stage-slider", "stage-unit", "stage-play"):
        unfold(page, "f")
        page.get_by_test_id(control).focus()
        page.keyboard.press("Escape")
        expect(panel_of(page)).to_be_hidden()


@pytest.mark.full
def test_neighbours_are_dim_until_it_folds(page: Page, server: Server) -> None:
    """The gate and what it enters stay bright; each way to fold it brings all back."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    dim = page.get_by_test_id("stage").locator(".copy.here .dim")
    for way in FOLDS.values():
        unfold(page, "i")
        for layer in "fgo":
            expect(gate(page, layer)).to_have_class(re.compile(r"\bdim\b"))
            expect(gate(page, layer)).to_have_css("opacity", re.compile(r"^0\.[0-4]"))
        for bright in ("i", "write"):
            node = page.get_by_test_id("stage").locator(f".copy.here [data-node={bright}]")
            expect(node).not_to_have_class(re.compile(r"\bdim\b"))
        way(page)
        expect(panel_of(page)).to_be_hidden()
        expect(dim).to_have_count(0)


@pytest.mark.full
def test_another_gate_takes_its_place(page: Page, server: Server) -> None:
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    unfold(page, "o")
    gate(page, "f").click()
    expect(panel_of(page).locator(".unfold-title")).to_contain_text("forget gate")
    expect(gate(page, "o")).to_have_class(re.compile(r"\bdim\b"))
    expect(gate(page, "f")).not_to_have_class(re.compile(r"\bdim\b"))


@pytest.mark.full
def test_a_click_is_not_lost_when_the_stage_is_laid_out_meanwhile(page: Page, server: Server) -> None:
    """Between press and release of a slow hand the window may change, or an answer of the server come."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    parts = page.get_by_test_id("stage").locator("svg.parts")
    wide = parts.get_attribute("viewBox") or ""
    box = box_of(gate(page, "f"))
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.set_viewport_size({"width": 1430, "height": 900})
    page.wait_for_timeout(200)  # time for the stage to see that
    page.mouse.up()
    expect(panel_of(page)).to_be_visible()
    expect(parts).not_to_have_attribute("viewBox", wide)


@pytest.mark.full
def test_a_unit_that_pushed_is_pinned(page: Page, server: Server, shipped: Shipped) -> None:
    """And the panel tells who pushed that one."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    unfold(page, "f")
    pusher = panel_of(page).locator("button.push").nth(1)
    unit = int(re.findall(r"\d+", pusher.locator(".push-name").inner_text())[0])
    pusher.click()
    expect_link(page, unit=unit)
    expect(panel_of(page).locator(".push")).not_to_have_count(0)
    expect_arithmetic(page, shipped[FIRST_MODEL], TEXT, "f", unit, STEP)
    expect_numbers(page, explorer.trace(shipped[FIRST_MODEL], TEXT), STEP, unit)


@pytest.mark.full
def test_a_unit_is_asked_for_once(page: Page, server: Server) -> None:
    """One message at its first gate; none for its other gates, for steps, or for unfolding again; one more for another unit."""
    sent = sent_by(page)
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=STEP + 1)
    before = len(sent)
    unfold(page, "f")
    settle(page)
    assert len(sent) - before == 1
    assert asked_for(sent[before:]) == 1
    for layer in "igof":
        fold(page)
        unfold(page, layer)
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect_link(page, step=STEP + 5)
    settle(page)
    assert asked_for(sent[before:]) == 1
    assert len(sent) - before <= 2, "one more tells where the reader is now"
    stand_at(page, unit=5)
    expect(panel_of(page).locator(".push")).not_to_have_count(0)
    expect_link(page, unit=5)
    settle(page)
    page.wait_for_timeout(300)  # time for a message too many
    assert asked_for(sent[before:]) == 2


def asked_for(messages: list[object]) -> int:
    """In how many of them the stage asks for arithmetic."""
    return sum(b"arithmetic" in message for message in messages if isinstance(message, bytes))


@pytest.mark.full
def test_while_it_plays_the_panel_follows(page: Page, server: Server, shipped: Shipped) -> None:
    trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    unit = card_of(FIRST_MODEL).show.unit
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=1, unit=unit)
    unfold(page, "f")
    page.get_by_test_id("stage").evaluate(
        """stage => {
            window.looks = [];
            const look = () => [parseInt(stage.querySelector("[data-testid=stage-step]").textContent) - 1,
                                stage.querySelector(".unfold-sum .result").textContent];
            setInterval(() => looks.push(look()), 20);
        }"""
    )
    page.get_by_test_id("stage-play").click()
    page.wait_for_function("new Set(looks.map(([step]) => step)).size >= 6")
    for step, result in page.evaluate("looks"):
        assert abs(float(result) - float(trace["f"][0, step, unit])) <= rounding(result)
