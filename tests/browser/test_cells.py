"""The page of cells in a browser: every equation is typeset, what changed is marked, the line that computes is lit while it does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from explorer import cells, models
from explorer.notations import NOTATIONS
from explorer.studio.cells import changes, code
from explorer.studio.cells.family import specimen
from tests.browser.conftest import OpenPage, check_log
from tests.browser.harness import PATIENCE, Server, settle
from tests.browser.reader import expect_step, visit
from tests.browser.test_axe import expect_none, report
from tests.browser.test_look import PHONE, expect_to_fit

CELLS = "cells"
MODEL = "english-lstm"
EVERY = """
import streamlit as st
from explorer import cells
from explorer.figures.theme import THEMES
from explorer.notations import NOTATIONS, general_form
from explorer.studio.cells import equations
from explorer.studio.cells.family import specimen

lines = {}
for name in cells.names():
    cell = specimen(name)
    for notation in NOTATIONS.values():
        states = [signal for signal in cell.signals if signal.name in cell.State._fields]
        lines |= dict.fromkeys(equations.lines(cell, notation, THEMES["light"]).values())
        lines |= dict.fromkeys([general_form(states, notation)])
st.markdown("\\n\\n".join(f"$\\\\displaystyle {line}$" for line in lines))
st.text(f"all {len(lines)} are here")
"""
"""An app that shows each equation of each cell in each notation, as the page does; what several cells share, once."""
WATCH = """stage => {
    window.looks = [];
    const look = () => {
        const lit = [...stage.querySelectorAll(".code code.on")].map((line) => line.dataset.computes);
        const phase = [...stage.querySelectorAll(".cell .phase")].findIndex((part) => part.classList.contains("on"));
        window.looks.push([phase, lit]);
    };
    new MutationObserver(look).observe(stage.querySelector(".code"), { attributes: true, attributeFilter: ["class"], subtree: true });
}"""
"""Looks, each time that another line is lit, which are and what is being told: `looks`."""


ALL_LIT = "pieces => pieces.every((piece) => looks.some(([, lit]) => lit.includes(piece)))"

WAS_LIT = """
    window.wasLit = false;
    const look = (root) => {
        wasLit ||= Boolean(root.querySelector(".code code.on"));
        for (const node of root.querySelectorAll("*")) if (node.shadowRoot) look(node.shadowRoot);
    };
    setInterval(() => wasLit || look(document), 50);
"""
"""To be had before the page is opened: whether any line was ever lit."""


def name_of(cell: str) -> str:
    return models.by_cell(MODEL)[cell]


def open_cell(page: Page, server: Server, cell: str, **link: object) -> None:
    visit(page, server, CELLS, **({"model": name_of(cell), "text": "Ahab said", "step": 4} | link))
    expect(page.get_by_role("heading", level=1, name=cells.REGISTRY[cell].title, exact=True)).to_be_visible()


def marked(page: Page) -> tuple[list[int], list[str]]:
    """Wires by place, and names of layers and operations, that are drawn as changed."""
    stage = page.get_by_test_id("stage")
    wires = stage.locator("canvas.ribbons").get_attribute("data-marked") or ""
    nodes: list[str] = stage.locator(".parts .marked").evaluate_all("nodes => nodes.map(node => node.dataset.node)")
    return [int(place) for place in wires.split()], sorted(nodes)


def changed(cell: str) -> tuple[list[int], list[str]]:
    """As computed from what the cell and its parent declare."""
    found = changes.of_picture(specimen(cell), specimen(specimen(cell).parent))
    return list(found.wires), sorted(found.nodes)


def picture(page: Page) -> str:
    return str(page.get_by_test_id("stage").locator("canvas.ribbons").evaluate("canvas => canvas.toDataURL()"))


def equation(page: Page, kind: str, name: str) -> Any:
    return page.locator(
        f'[class*="st-key-equation_{kind}_"][class$="_{name}"], [class*="st-key-equation_{kind}_"][class*="_{name} "]'
    )


def lit(page: Page) -> Any:
    return page.get_by_test_id("stage").locator(".code code.on")


def test_every_equation_in_every_notation_is_typeset(page: Page, tmp_path: Path) -> None:
    """None is LaTeX that KaTeX does not know, and none is left out."""
    app = tmp_path / "every.py"
    app.write_text(EVERY, encoding="utf-8")
    with Server(app, tmp_path / "log.txt") as server:
        page.goto(server.url)
        told = page.get_by_text(re.compile(r"all \d+ are here"))
        expect(told).to_be_visible(timeout=3 * PATIENCE)  # hundreds of formulas
        settle(page)
        count = int(told.inner_text().split()[1])
        assert count > len(cells.names()) * len(NOTATIONS), "each cell has something of its own"
        expect(page.locator(".katex")).to_have_count(count)
        expect(page.locator(".katex-error")).to_have_count(0)
        page.close()
    check_log(server)


@pytest.mark.full
@pytest.mark.parametrize("cell", ["lstm", "gru", "lstm-peephole"])
def test_what_changed_is_marked(open_page: OpenPage, server: Server, cell: str) -> None:
    """What was computed and nothing else, in the picture and in the equations; the switch takes it away, and the link knows."""
    page = open_page(reduced_motion="reduce")
    open_cell(page, server, cell)
    assert marked(page) == changed(cell)
    found, before = changes.of_equations(specimen(cell), specimen(specimen(cell).parent)), picture(page)
    for name in found.here:
        expect(equation(page, found.kind(name), name).get_by_text(found.kind(name), exact=True)).to_be_visible()
    page.get_by_test_id("stMain").get_by_text("Show what changed").click()
    settle(page)
    expect(page.locator('[class*="st-key-equation_new"], [class*="st-key-equation_changed"]')).to_have_count(0)
    expect(page.get_by_test_id("stage").locator(".parts .marked")).to_have_count(0)
    assert marked(page) == ([], []) and picture(page) != before
    page.reload()
    expect(page.get_by_test_id("stage-step")).to_be_visible()
    settle(page)
    assert marked(page) == ([], [])


@pytest.mark.parametrize("cell", ["lstm", "clockwork"])
def test_the_running_line_is_lit(page: Page, server: Server, cell: str) -> None:
    """While the values flow, lines that compute what is then told, and in time each that computes anything; none at rest."""
    open_cell(page, server, cell, text="Ahab said nothing, and went on.", step=1)
    expect(lit(page)).to_have_count(0)
    page.get_by_test_id("stage").evaluate(WATCH)
    model = specimen(cell)
    pieces = {" ".join(piece.computes) for piece in code.pieces(model) if piece.computes}
    page.get_by_test_id("stage-play").click()
    page.wait_for_function(ALL_LIT, arg=sorted(pieces))  # several steps, where frames are left out
    page.get_by_test_id("stage-play").click()
    expect(lit(page)).to_have_count(0)
    looks = page.evaluate("looks")
    assert {line for _, lines in looks for line in lines} == pieces
    computed = iter(code.computed(model))
    phases = [{name for _ in wires for name in next(computed)} for wires in model.diagram.phases.values()]
    for phase, lines in looks:
        if phase >= 0:
            told = phases[phase] | phases[max(0, phase - 1)]  # a line may end with the part before
            assert all(set(line.split()) & told for line in lines), (phase, lines)


@pytest.mark.full
def test_nothing_is_lit_where_motion_is_not_welcome(open_page: OpenPage, server: Server) -> None:
    page = open_page(reduced_motion="reduce")
    open_cell(page, server, "lstm")
    page.get_by_test_id("stage").evaluate(WATCH)
    page.get_by_test_id("stage-next").click()
    expect_step(page, 4)
    assert not any(lines for _, lines in page.evaluate("looks"))


@pytest.mark.full
def test_the_line_is_walked_by_keys(page: Page, server: Server) -> None:
    """To the next cell, which is seen at work; the link names it, with the notation, and opens the same elsewhere."""
    page.add_init_script(WAS_LIT)
    open_cell(page, server, "lstm", notation="W x + U h")
    assert page.evaluate("wasLit") is False
    line = page.get_by_test_id("stMain").locator(".st-key-line").get_by_role("radio")
    line.nth(3).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="GRU", exact=True)).to_be_visible()
    expect(line.nth(3)).to_have_attribute("aria-checked", "true")
    page.wait_for_function("wasLit")
    expect_step(page, 3)
    page.wait_for_function("new URL(location).searchParams.get('model') === 'english-gru'")
    assert "notation=W+x+%2B+U+h" in page.url
    page.goto(page.url)
    expect(page.get_by_role("heading", level=1, name="GRU", exact=True)).to_be_visible()
    expect_step(page, 3)
    expect(lit(page)).to_have_count(0)


@pytest.mark.full
def test_a_cell_under_more(page: Page, server: Server) -> None:
    """The list closes, and the cell that was chosen is there, untrained; another seed gives other numbers."""
    open_cell(page, server, "gru")
    page.get_by_test_id("stMain").get_by_role("button", name="More").click()
    page.get_by_role("radio", name="Minimal gated unit").click()
    expect(page.get_by_role("heading", level=1, name="Minimal gated unit")).to_be_visible()
    expect(page.get_by_role("radio", name="Minimal gated unit")).to_be_hidden()
    expect_step(page, 3)
    before = page.get_by_test_id("stage-value-h").text_content() or ""
    page.get_by_label("Seed", exact=True).fill("7")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stage-value-h")).not_to_have_text(before)
    page.wait_for_function("new URL(location).searchParams.get('model') === 'english-gru~mgu~7'")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_grave(open_page: OpenPage, server: Server, mode: str) -> None:
    page = open_page(color_scheme=mode, reduced_motion="reduce")
    open_cell(page, server, "gru")
    expect_none(report(page, "the GRU"))


@pytest.mark.full
def test_on_a_phone(open_page: OpenPage, server: Server) -> None:
    """The page is no wider than the screen: what is, is scrolled within itself, each equation too."""
    page = open_page(**PHONE)
    for cell in ("lstm", "lstm-fgr", "grid"):
        open_cell(page, server, cell)
        expect_to_fit(page, cell)
        wide = page.locator('[class*="st-key-equation_"] p').evaluate_all(
            "lines => lines.filter(p => p.scrollWidth > p.clientWidth + 1 && getComputedStyle(p).overflowX !== 'auto').length"
        )
        assert wide == 0
