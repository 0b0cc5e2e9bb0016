"""What a reader does in the browser, and sees there."""

from __future__ import annotations

import math
import re
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Locator, Page, expect

from explorer.models import zoo
from explorer.signals import Trace
from tests.browser.harness import Server, settle

NAMES = [card.name for card in zoo() if card.task == "english"]
"""The networks that are looked at in depth."""
PAGES = {"": "Watch", "belt": "Conveyor belt", "gates": "Gates", "hidden": "Hidden state", "gradients": "Gradients"}
"""Address -> what its link says, of those with the stage or its strip."""
LIBRARY = "models"


def visit(page: Page, server: Server, address: str = "", **link: object) -> None:
    """Opens a link and waits until the stage has the numbers and the script is done."""
    page.goto(f"{server.url}/{address}?{urlencode(link)}")
    ready(page)


def ready(page: Page) -> None:
    expect(page.get_by_test_id("stage-step")).to_be_visible()
    settle(page)


def go_to(page: Page, name: str) -> None:
    """By the page table at the left."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    expect_page(page, name)
    ready(page)


def expect_page(page: Page, name: str) -> None:
    """The page table and the address bar say so."""
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=name)
    expect(link).to_have_attribute("aria-current", "page")
    (address,) = (address for address, label in (PAGES | {LIBRARY: "Models"}).items() if label == name)
    expect(page).to_have_url(re.compile(rf"//[^/]+/{address}(\?|$)"))


def type_text(page: Page, text: str) -> None:
    """And Ctrl+Enter; the stage then has that many steps."""
    box = text_box(page)
    box.fill(text)
    box.press("Control+Enter")
    if text:
        expect(page.get_by_test_id("stage-step")).to_have_text(re.compile(rf" of {len(text)}$"))
    settle(page)


def choose(page: Page, cell: str) -> None:
    """Another network, by the name on its button."""
    page.get_by_test_id("stSidebar").get_by_role("radio", name=cell).click()
    expect(page).to_have_url(re.compile(f"model=english-{cell.lower()}"))
    ready(page)


def text_box(page: Page) -> Locator:
    return page.get_by_label("Text", exact=True)


def stand_at(page: Page, *, step: int | None = None, unit: int | None = None) -> None:
    """By slider and unit box; both from 0."""
    if step is not None:
        page.get_by_test_id("stage-slider").fill(str(step + 1))
    if unit is not None:
        page.get_by_test_id("stage-unit").fill(str(unit))
        page.get_by_test_id("stage-unit").press("Enter")


def step_of(page: Page) -> int:
    """The step on the stage, from 0."""
    return int((page.get_by_test_id("stage-step").text_content() or "").split()[0]) - 1


def expect_step(page: Page, step: int) -> None:
    """`step` from 0."""
    expect(page.get_by_test_id("stage-step")).to_have_text(re.compile(rf"^{step + 1} of "))


def link_of(page: Page) -> dict[str, str]:
    """The parameters in the address bar."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query, keep_blank_values=True).items()}


def expect_link(page: Page, **link: object) -> None:
    """Waits until the address bar says so."""
    for name, value in link.items():
        expect(page).to_have_url(re.compile(rf"[?&]{name}={re.escape(str(value))}(&|$)"))


def expect_numbers(page: Page, trace: Trace, step: int, unit: int) -> None:
    """Each number of the pinned unit is the trace's, to the four significant digits that are shown."""
    expect_step(page, step)
    expect(page.get_by_test_id("stage-unit")).to_have_value(str(unit))
    for signal in trace.per_unit():
        shown = page.get_by_test_id(f"stage-value-{signal.name}").text_content() or ""
        value = float(trace[signal.name][0, step, unit])
        digits = re.sub(r"[-.]|e.*", "", shown).lstrip("0")
        assert value == 0 or len(digits) >= 4, shown
        last = 10 ** (math.floor(math.log10(abs(value))) - 3) if value else 0
        # Half of the last digit, and a little for a value on the edge between two roundings.
        assert abs(float(shown) - value) <= 0.501 * last, (signal.name, step, unit, shown, value)
