"""The arrow keys and Space move the stage, and belong to whatever else has the focus."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.harness import Server
from tests.browser.reader import expect_link, expect_step, step_of, text_box, type_text, visit

TEXT = "Ten letters and more."


def test_typing_is_not_stepping(page: Page, server: Server) -> None:
    """Arrows, Home, End and Space do in the text box what they always do there."""
    visit(page, server, text=TEXT, step=5)
    box = text_box(page)
    box.click()
    for key in ("End", "ArrowLeft", "Space", "x", "Home", "ArrowRight", "y", "ArrowUp", "ArrowDown"):
        box.press(key)
    expect(box).to_have_value("Tyen letters and more x.")
    expect_step(page, 4)
    box.press("Control+Enter")
    expect_link(page, text="Tyen\\+letters".replace("\\", "") + "+and+more+x.", step=5)


@pytest.mark.parametrize(
    ("address", "find"),
    [
        ("gates", lambda page: page.get_by_role("slider", name="A gate counts as shut")),
        ("hidden", lambda page: page.get_by_role("tab").first),
        ("hidden", lambda page: page.get_by_label("Change character number")),
        ("gradients", lambda page: page.get_by_label("at step")),
        ("belt", lambda page: page.get_by_label("Other units beside it")),
    ],
    ids=["slider", "tab", "number", "another number", "choice"],
)
def test_a_control_keeps_its_arrows(page: Page, server: Server, address: str, find: Callable[[Page], Locator]) -> None:
    """What moves with the arrows itself does not move the stage as well."""
    visit(page, server, address, text=TEXT, step=5, gates="Shut and open")
    control = find(page)
    control.focus()
    control.press("ArrowRight")
    expect_step(page, 4)


@pytest.mark.full
def test_the_networks_buttons_keep_their_arrows(page: Page, server: Server) -> None:
    visit(page, server, text=TEXT, step=5)
    page.get_by_test_id("stSidebar").get_by_role("radio", name="LSTM").focus()
    page.keyboard.press("ArrowLeft")
    expect_step(page, 4)


@pytest.mark.full
def test_space_presses_the_button_that_has_the_focus(page: Page, server: Server) -> None:
    visit(page, server, text=TEXT, step=5)
    page.get_by_test_id("stage-next").focus()
    for step in (5, 6):
        page.keyboard.press("Space")
        expect_step(page, step)
    expect(page.get_by_test_id("stage-play")).to_have_attribute("title", "Play (Space)")


@pytest.mark.full
def test_shortcuts_of_the_browser_are_left_alone(page: Page, server: Server) -> None:
    visit(page, server, text=TEXT, step=5)
    for held in ("ctrlKey", "altKey", "metaKey"):
        page.evaluate(
            """held => document.body.dispatchEvent(
                new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, [held]: true }))""",
            held,
        )
    assert step_of(page) == 4


@pytest.mark.full
def test_a_number_half_typed_is_not_taken_away(page: Page, server: Server) -> None:
    """The unit box keeps what is in it while the stage redraws; Enter pins it, within what there is."""
    visit(page, server, text=TEXT, step=1)
    box = page.get_by_test_id("stage-unit")
    box.fill("99")
    page.set_viewport_size({"width": 1300, "height": 900})
    page.get_by_test_id("stage-slider").evaluate("node => { node.value = 4; node.dispatchEvent(new Event('input')) }")
    expect_step(page, 3)
    expect(box).to_have_value("99")
    box.press("Enter")
    expect_link(page, unit=99)
    box.fill("4711")
    box.press("Enter")
    expect(box).to_have_value("127")
    expect_link(page, unit=127)
    type_text(page, "Another.")
    expect(box).to_have_value("127")
