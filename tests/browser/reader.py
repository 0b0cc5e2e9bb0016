"""What a reader does in the browser, and sees there."""

from __future__ import annotations

import math
import re
import time
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Locator, Page, expect

from explorer.formula import evaluate
from explorer.models import zoo
from explorer.models.zoo import MAIN
from explorer.signals import Trace
from tests.browser.harness import PATIENCE, Server, settle

NAMES = [card.name for card in zoo() if card.task == "english" and card.cell in MAIN]
"""The networks that are looked at in depth."""
PAGES = {
    "": "Watch",
    "belt": "Conveyor belt",
    "gates": "Gates",
    "hidden": "Hidden state",
    "gradients": "Gradients",
    "step": "One training step",
    "what-if": "What if",
    "compare": "Compare",
}
"""Address -> what its link says, of those with the stage or its strip."""
LIBRARY = "models"


def box_of(locator: Locator) -> Any:
    """Where it stands on the page: x, y, width, height. Waits until it stands somewhere, since what shows an answer of the server is
    drawn anew when that comes."""
    end = time.monotonic() + PATIENCE / 1000
    while (box := locator.bounding_box()) is None:
        assert time.monotonic() < end, f"{locator} is not shown"
        locator.page.wait_for_timeout(20)
    return box


def visit(page: Page, server: Server, address: str = "", **link: object) -> None:
    """Opens a link and waits until the stage has the numbers and the script is done."""
    page.goto(f"{server.url}/{address}?{urlencode(link)}")
    ready(page)


def ready(page: Page) -> None:
    expect(page.get_by_test_id("stage-step")).to_be_visible()
    settle(page)


def go_to(page: Page, name: str) -> None:
    """By the page table at the left. The stage of the page before stands there until the server answers, so it is marked."""
    settle(page)  # a click while the script runs may be answered by the run that follows it
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=name)
    if link.get_attribute("aria-current") != "page":
        page.get_by_test_id("stage").evaluate_all("nodes => nodes.forEach((node) => { node.dataset.left = ''; })")
    link.click()
    expect_page(page, name)
    expect(page.locator("[data-testid=stage][data-left]")).to_have_count(0)
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


class Shown(NamedTuple):
    """What the cell says at one moment: `values` by signal, and every number on a wire as (what the wire carries, number)."""

    step: int
    unit: int
    values: dict[str, str]
    wires: list[tuple[str, str]]


IN_THE_CELL = """stage => {
    const find = (name) => stage.querySelector(`[data-testid=stage-${name}]`);
    const values = [...stage.querySelectorAll("[data-testid^=stage-value-]")];
    const chips = [...stage.querySelectorAll(".copy.here .chip")];
    return [
        parseInt(find("step").textContent) - 1,
        Number(find("unit").value),
        values.map((node) => [node.dataset.testid.replace("stage-value-", ""), node.textContent]),
        chips.map((node) => [node.querySelector("title").textContent, node.querySelector(".value").textContent]),
    ];
}"""


def shown(page: Page) -> Shown:
    """All of it in one look, so that it belongs together while the stage plays."""
    return told(page.get_by_test_id("stage").evaluate(IN_THE_CELL))


def told(found: Any) -> Shown:
    """What IN_THE_CELL found."""
    step, unit, values, wires = found
    assert len(dict(values)) == len(values), "one number a signal"
    return Shown(step, unit, dict(values), [(carried(title), number) for title, number in wires])


def carried(title: str) -> str:
    """The formula that a wire's title tells, as the cell's diagram has it."""
    formula = title.rpartition(": ")[2]
    for sign, plain in {" ⊙ ": " * ", " − ": " - ", "(t−1)": "_prev"}.items():
        formula = formula.replace(sign, plain)
    return formula


def expect_numbers(page: Page, trace: Trace, step: int, unit: int) -> None:
    """Each number of the pinned unit is the trace's, to the four significant digits that are shown."""
    expect_step(page, step)
    expect(page.get_by_test_id("stage-unit")).to_have_value(str(unit))
    found = shown(page)
    assert (found.step, found.unit) == (step, unit)
    expect_traced(found, trace)


def expect_traced(found: Shown, trace: Trace) -> None:
    """Every signal's number, and every number on a wire, be it of a signal or of a product."""
    known = numbers_at(trace, found.step, found.unit)
    assert set(found.values) == {signal.name for signal in trace.per_unit()}
    for name, number in [*found.values.items(), *found.wires]:
        assert_shown(number, evaluate(name, known), name, found.step, found.unit)


def numbers_at(trace: Trace, step: int, unit: int) -> dict[str, float]:
    """What formulas are worked out with: the signals, and the states before them."""
    known = {signal.name: float(trace[signal.name][0, step, unit]) for signal in trace.per_unit()}
    for name, first in trace.initial.items():
        known[f"{name}_prev"] = float(trace[name][0, step - 1, unit] if step else first[0, unit])
    return known


def assert_shown(number: str, value: float, *where: object) -> None:
    """To at least four significant digits."""
    digits = re.sub(r"[-.]|e.*", "", number).lstrip("0")
    assert value == 0 or len(digits) >= 4, (number, *where)
    last = 10 ** (math.floor(math.log10(abs(value))) - 3) if value else 0
    # Half of the last digit, and a little for a value on the edge between two roundings.
    assert abs(float(number) - value) <= 0.501 * last, (number, value, *where)


def number_of(text: str) -> float:
    """The number that a text begins with, as the stage prints numbers to be read: with a real minus sign."""
    found = re.match(r"[-+−]?\d[\d.]*(e[-−+]?\d+)?", text.strip())
    assert found, text
    return float(found.group().replace("−", "-"))


def rounding(text: str) -> float:
    """By how much a printed number may be off: half of its last digit, and a little for a value on the edge."""
    found = re.match(r"[-+−]?\d+\.?(\d*)(?:e([-−+]?\d+))?", text.strip())
    assert found, text
    return 0.501 * 10.0 ** (int((found[2] or "0").replace("−", "-")) - len(found[1]))


def assert_printed(text: str, value: float, *where: object) -> None:
    """To the digits that are printed."""
    assert abs(number_of(text) - value) <= rounding(text), (text, value, *where)
