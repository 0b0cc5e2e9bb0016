"""An edited run on the stage, in a browser: what was set is marked where it was set, and nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, settle
from tests.browser.reader import expect_link, expect_step, stand_at, visit
from tests.browser.test_axe import expect_none, report
from tests.browser.test_look import PHONE, expect_to_fit

LINK = {"model": "latch-lstm", "text": "..s...r..s", "edits": "set c 0 steps 3-4"}


def inside(page: Page, selector: str) -> Locator:
    return page.get_by_test_id("stage").locator(selector)


def expect_marked(page: Page, *, belt: bool) -> None:
    """The wires of c, the operation that makes it, its number, and its equation."""
    expect(inside(page, "canvas.ribbons")).to_have_attribute("data-edited", "c" if belt else "")
    expect(inside(page, ".copy.here [data-node].edited")).to_have_count(int(belt))
    expect(inside(page, ".copy.here .chip.edited")).to_have_count(int(belt))
    expect(inside(page, ".why .equation.set")).to_have_count(int(belt))


def saved_picture(page: Page) -> str:
    page.get_by_test_id("stage-save").click()
    with page.expect_download() as download:
        page.get_by_test_id("stage-save-svg").click()
    return download.value.path().read_text(encoding="utf-8")


def test_what_is_set_is_marked_at_its_steps(page: Page, server: Server) -> None:
    """Not before and not after; its number is the one it was set to, and its equation says what it would have been."""
    visit(page, server, "what-if", watch="edited", step=2, **LINK)
    value = page.get_by_test_id("stage-value-c")
    expect(page.get_by_test_id("stage-edits")).to_contain_text("c held at 0, steps 3 to 4")
    expect_marked(page, belt=False)
    page.keyboard.press("ArrowRight")
    expect_step(page, 2)
    expect_marked(page, belt=True)
    expect(value).to_have_text("0.000")
    expect(inside(page, ".copy.here .chip.edited title")).to_have_text(
        "Edited: c set to 0.000 by an edit (the equation gives 1.000). cell state: c"
    )
    expect(inside(page, ".why .equation.set")).to_contain_text("set to 0.000 by an edit (the equation gives")
    assert "; edited: c held at 0, steps 3 to 4" in saved_picture(page), "a picture that is taken along says so, too"
    page.keyboard.press("ArrowRight")
    expect_marked(page, belt=True)
    page.keyboard.press("ArrowRight")
    expect_step(page, 4)
    expect_marked(page, belt=False)
    page.get_by_test_id("stage-roll-c").hover(position={"x": 100, "y": 8})  # a token is 40 pixels wide here: the third
    expect(inside(page, ".bubble")).to_contain_text("edited: set to 0.000 by an edit")
    page.get_by_role("radio", name="original").click()
    expect(page.get_by_test_id("stage-edits")).to_have_count(0)
    expect(value).not_to_have_text("0.000")
    expect_step(page, 4)
    expect_link(page, watch="original", step=5)


def test_a_gate_that_is_held_unfolds_with_what_its_weights_would_give(page: Page, server: Server) -> None:
    visit(page, server, "what-if", watch="edited", step=3, **LINK | {"edits": "set i 0 step 3\nset f_pre 1 step 3"})
    page.get_by_test_id("stage-gate-i").click()
    expect(inside(page, ".unfold .set")).to_have_text("Then it is set to 0.000 by an edit (the equation gives 1.000).")
    page.get_by_test_id("stage-gate-f").click()
    expect(inside(page, ".unfold .set")).to_contain_text("is set to 1.000 by an edit.")
    expect(inside(page, ".unfold .result").first).to_have_text("0.7311")


@pytest.mark.full
def test_what_is_set_for_another_unit_is_marked_otherwise(page: Page, server: Server) -> None:
    """With dots, and without a pen, until that unit is pinned."""
    link = {"model": "counter-lstm", "text": "aabb", "edits": "set f 0 unit 1", "unit": 0}
    visit(page, server, "what-if", watch="edited", step=2, **link)
    expect(inside(page, "[data-node=f].edited-others title")).to_contain_text("Edited here in other units: f.")
    expect(inside(page, ".edited, .equation.set")).to_have_count(0)
    stand_at(page, unit=1)
    expect(inside(page, "[data-node=f].edited .set-badge")).to_be_visible()
    expect(inside(page, ".edited-others")).to_have_count(0)
    expect(inside(page, ".why .set")).to_contain_text("set to 0.000 by an edit (the equation gives 0.")


@pytest.mark.full
def test_where_a_token_is_left_out_the_link_keeps_the_steps_of_the_text(page: Page, server: Server) -> None:
    visit(page, server, "what-if", watch="edited", step=7, **LINK | {"edits": "delete steps 3-4"})
    expect(page.get_by_test_id("stage-step")).to_have_text("5 of 8, step 7 of the original")
    expect(inside(page, ".token.gap-before")).to_have_attribute(
        "title", "step 3: ., edited: before it s, . is left out"
    )
    page.keyboard.press("ArrowRight")
    expect_link(page, step=8)
    settle(page)
    page.get_by_role("radio", name="original").click()
    expect(page.get_by_test_id("stage-step")).to_have_text("8 of 10")


ALL = LINK | {"edits": "set c 0\nset h_prev 0\ndelete step 2"}


@pytest.mark.full
def test_it_fits_a_phone(open_page: OpenPage, server: Server) -> None:
    page = open_page(**PHONE)
    visit(page, server, "what-if", watch="edited", step=3, **ALL)
    expect_to_fit(page, "the edited run")


@pytest.mark.full
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_in_the_edited_run(open_page: OpenPage, server: Server, mode: str) -> None:
    """With marks of all kinds."""
    page = open_page(color_scheme=mode)
    visit(page, server, "what-if", watch="edited", step=3, **ALL)
    expect_none(report(page, "the edited run"))
