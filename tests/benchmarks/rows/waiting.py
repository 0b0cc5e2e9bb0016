"""What a reader waits for: the first paint, each page, a new text on each page."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.measure import Row
from tests.benchmarks.running import PAGES, app, read, visit

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


def within(what: str, milliseconds: float, budget: float) -> Row:
    return Row(what=what, value=f"{milliseconds:.0f} ms", budget=f"≤ {budget:g} ms", met=milliseconds <= budget)
