"""What a reader waits for: the first paint, each page, a new text on each page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from playwright.sync_api import Page

from explorer.models import Card, zoo
from explorer.models.zoo import MAIN
from tests.benchmarks.measure import Row
from tests.benchmarks.running import PAGES, app, read, visit
from tests.browser.harness import settle

VISITS = 5
WORDS = ("whale", "ghost", "cloud", "shark", "smoke", "squid", "light", "coast", "spray", "stone")
SENTENCE = "The pale {} rose slowly out of the cold grey water, and every man in the boats held his breath agai"


def rows() -> Iterator[Row]:
    with app() as (server, browser):

        def paint(path: str) -> float:
            page, taken = visit(browser, f"{server.url}/{path}")
            page.context.close()
            return taken

        paint("")  # the server is warm from here on
        yield within("first page painted, server warm", median(paint("") for _ in range(VISITS)), 2000)
        for name, path in PAGES.items():
            yield within(f"{name} opened by a link, all painted", median(paint(path) for _ in range(3)), 3000)
        for name, path in PAGES.items():
            page, _ = visit(browser, f"{server.url}/{path}?step=1")
            taken = [read(page, SENTENCE.format(word)) for word in WORDS]
            page.context.close()
            yield within(f"{name}: text of 100 characters sent, all painted", median(taken[1:]), 400)

        page, _ = visit(browser, f"{server.url}/?step=1")
        opened, chosen = zip(
            *(choose(page, card) for card in {card.task: card for card in zoo() if card.cell in MAIN}.values()),
            strict=True,
        )
        page.context.close()
        yield Row(what=f"the menu of {len(opened)} tasks opened", value=f"{median(opened):.0f} ms")
        yield Row(what="a task chosen from it, its strip painted", value=f"{median(chosen):.0f} ms")


def choose(page: Page, card: Card) -> tuple[float, float]:
    """Milliseconds until the menu is there, and from the choice of a task until its first tokens are."""
    began = time.perf_counter()
    page.get_by_test_id("stSidebar").locator(".st-key-task button").filter(visible=True).click()
    entry = page.get_by_role("dialog").locator(f".st-key-menu_{card.task}").get_by_role("button", name=card.title)
    entry.first.wait_for()
    there = time.perf_counter()
    entry.first.click()
    steps = len(card.reader.pieces(card.show.text))
    page.wait_for_url(f"**model={card.name}*")
    page.get_by_test_id("stage").locator(f'[data-testid="stage-slider"][max="{steps}"]').wait_for()
    done = time.perf_counter()
    settle(page)
    return (there - began) * 1e3, (done - there) * 1e3


def within(what: str, milliseconds: float, budget: float) -> Row:
    return Row(what=what, value=f"{milliseconds:.0f} ms", budget=f"≤ {budget:g} ms", met=milliseconds <= budget)
