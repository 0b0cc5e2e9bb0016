"""axe-core looks at every page in both themes, into the stage's shadow root as well, and finds nothing grave that is ours."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from explorer.figures.theme import THEMES
from explorer.studio.state import FIRST_MODEL
from tests.amount import FULL
from tests.browser.conftest import OpenPage
from tests.browser.harness import Server, settle
from tests.browser.reader import LIBRARY, PAGES, visit
from tests.browser.test_look import PHONE, STEP
from tests.browser.test_tasks import one_that_reads


class Theirs(NamedTuple):
    """What Streamlit itself brings: a rule, the elements of Streamlit that break it, and why that is not ours."""

    rule: str
    selector: str
    why: str


THEIRS = [
    Theirs(
        "list",
        '[data-testid="stSidebarNav"] ul',
        "Streamlit's page table lays a div for each section into its list",
    ),
    Theirs(
        "listitem",
        '[data-testid="stSidebarNav"] li',
        "the same div stands between the list of Streamlit's page table and its entries",
    ),
]
"""Both hold for any app whose pages have sections. Whatever is added here must occur on the first page, or the last test says no."""

GRAVE = ("serious", "critical")
STAGELESS = {
    LIBRARY: "What it is",
    "startup": "Before any training",
    "own": "What can be dropped",
    "diagnosis": "What it read",
}
"""Address -> a heading that says that the page is there."""
MODES = list(THEMES)
EACH = [(address, MODES[n % 2]) for n, address in enumerate([*PAGES, *STAGELESS])]
"""Each page once, in one theme or the other; a full run has both."""
if FULL:
    EACH = [(address, mode) for address, _ in EACH for mode in MODES]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

LOOK = """async ([grave, theirs, rules]) => {
    // What still fades in has not the colours that it is to have.
    const finite = document.getAnimations().filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime));
    await Promise.allSettled(finite.map((one) => one.finished));
    const options = { elementRef: true, resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
    const { violations } = await axe.run(document, options);
    return violations.filter(({ impact }) => grave.includes(impact)).flatMap(({ id, help, nodes }) => nodes.map(
        ({ element, html, any, all, none }) => ({
            rule: id,
            help,
            html,
            messages: [...any, ...all, ...none].map(({ message }) => message),
            theirs: theirs.findIndex(([rule, selector]) => rule === id && element.matches(selector)),
        })
    ));
}"""
"""`theirs`: which of Streamlit's own it is, -1 for what is ours. Told by the element itself: Streamlit's class names change."""


OF_COLOUR = ["color-contrast"]
"""What another theme can break: all other rules are about what is there, which is the same in the dark."""


def violations(page: Page) -> list[dict[str, Any]]:
    """One for each rule and node, Streamlit's own among them."""
    dark, there = page.evaluate("[matchMedia('(prefers-color-scheme: dark)').matches, 'axe' in window]")
    if not there:
        page.evaluate(AXE)
    theirs = [[one.rule, one.selector] for one in THEIRS]
    found: list[dict[str, Any]] = page.evaluate(LOOK, [list(GRAVE), theirs, OF_COLOUR if dark else None])
    return found


def report(page: Page, where: str) -> list[str]:
    """What is ours, as it is to be read."""
    ours = [found for found in violations(page) if found["theirs"] < 0]
    return [
        f"{where}: {found['rule']}: {found['help']}\n    {found['html'][:400]}\n    " + "\n    ".join(found["messages"])
        for found in ours
    ]


def expect_none(complaints: list[str]) -> None:
    if complaints:
        pytest.fail("axe found\n" + "\n".join(complaints), pytrace=False)


def open_address(page: Page, server: Server, address: str, **link: object) -> None:
    """Any page, the one without a stage as well."""
    if address in STAGELESS:
        page.goto(f"{server.url}/{address}")
        expect(page.get_by_role("heading", name=STAGELESS[address])).to_be_attached()
        settle(page)
    else:
        visit(page, server, address, model=FIRST_MODEL, step=STEP, **link)


def open_tab(page: Page, index: int) -> str:
    """Its name. Only the open tab is drawn, so that each is to be looked at by itself."""
    tab = page.get_by_role("tab").nth(index)
    tab.click()
    expect(page.get_by_role("tabpanel").filter(visible=True)).not_to_be_empty()
    settle(page)
    return tab.inner_text()


def open_menu(page: Page) -> None:
    page.get_by_test_id("stSidebar").locator(".st-key-task button").filter(visible=True).click()
    expect(page.get_by_role("dialog").get_by_role("button").nth(5)).to_be_visible()
    settle(page)


def open_going_on(page: Page) -> None:
    page.get_by_role("button", name="Generate text").click()
    expect(page.get_by_role("button", name="Generate", exact=True)).to_be_visible()


@pytest.mark.cases(24)
@pytest.mark.parametrize(("address", "mode"), EACH)
def test_a_page_with_all_its_tabs(open_page: OpenPage, server: Server, address: str, mode: str) -> None:
    page = open_page(color_scheme=mode)
    open_address(page, server, address)
    complaints = report(page, "as it opens")
    for index in range(1, page.get_by_role("tab").count()):
        name = open_tab(page, index)
        complaints += report(page, f"tab {name}")
    expect_none(complaints)


@pytest.mark.parametrize("mode", THEMES)
@pytest.mark.parametrize("unfold", [open_menu, open_going_on])
def test_what_lies_above_a_page(open_page: OpenPage, server: Server, unfold: Callable[[Page], None], mode: str) -> None:
    page = open_page(color_scheme=mode)
    visit(page, server, model=FIRST_MODEL, step=STEP)
    unfold(page)
    expect_none(report(page, "above the first page"))


@pytest.mark.parametrize("mode", THEMES)
@pytest.mark.parametrize("way", ["unroll", "ask", "present"])
def test_the_stage_in_every_way(open_page: OpenPage, server: Server, way: str, mode: str) -> None:
    """Unrolled, asking, presented; each with a gate unfolded as well."""
    page = open_page(color_scheme=mode)
    visit(page, server, model=FIRST_MODEL, step=STEP, **{way: 1})
    complaints = report(page, way)
    page.get_by_test_id("stage-gate-f").click()
    expect(page.get_by_test_id("stage-unfold").locator(".push")).not_to_have_count(0)
    expect_none(complaints + report(page, f"{way}, a gate unfolded"))


def test_on_a_phone(open_page: OpenPage, server: Server) -> None:
    """The first page, and the sidebar that is folded away there; its colours are those of any screen."""
    page = open_page(**PHONE)
    visit(page, server, model=FIRST_MODEL, step=STEP)
    complaints = report(page, "the page")
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.get_by_test_id("stSidebar")).to_be_in_viewport()
    expect_none(complaints + report(page, "the sidebar"))


@pytest.mark.full
@pytest.mark.parametrize(("tokens", "mode"), [("words", "light"), ("words", "dark"), ("numbers", "light")])
def test_other_tokens_and_other_answers(open_page: OpenPage, server: Server, tokens: str, mode: str) -> None:
    page = open_page(color_scheme=mode)
    visit(page, server, model=one_that_reads(tokens).name, step=2)
    expect_none(report(page, tokens))


@pytest.mark.full
@pytest.mark.parametrize("mode", THEMES)
def test_a_link_that_is_wrong_and_nothing_to_read(open_page: OpenPage, server: Server, mode: str) -> None:
    """The notice above the page, and what stands there instead of it."""
    page = open_page(color_scheme=mode)
    page.goto(f"{server.url}/?model=nonesuch&step=5&text=")
    expect(page.get_by_role("heading", name="Nothing to read yet")).to_be_visible()
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    settle(page)
    expect_none(report(page, "without a text"))


def test_the_watch_itself(page: Page, server: Server) -> None:
    """An exception that is not needed any more is to go, lest it hide something. A fault in the stage's shadow root is found, so that
    silence about it means something."""
    visit(page, server, step=STEP)
    met = {found["theirs"] for found in violations(page)}
    gone = [one for index, one in enumerate(THEIRS) if index not in met]
    assert not gone, f"take out of THEIRS what Streamlit has mended: {gone}"
    page.get_by_test_id("stage-next").evaluate(
        "node => { node.textContent = ''; node.title = ''; node.ariaLabel = ''; }"
    )
    assert [found["rule"] for found in violations(page) if found["theirs"] < 0] == ["button-name"]
