"""A running server, and a browser that tells when a picture is painted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser.harness import ROOT, Server, settle

PAGES = {"Watch": "", "Conveyor belt": "belt", "Gates": "gates", "Hidden state": "hidden", "Gradients": "gradients"}

# painted(text) resolves with the time of the first frame in which the stage and every chart along the text show that text ("" for any).
# sent() resolves with the time at which Ctrl+Enter was pressed.
CLOCK = """
window.painted = (text) => new Promise((done) => {
  const strip = () => [...document.querySelectorAll("*")].map((node) => node.shadowRoot?.querySelector(".strip")).find(Boolean);
  const along = (chart) => Object.entries(chart.layout ?? {}).filter(([name, axis]) => name.startsWith("xaxis") && axis.ticktext)
    .map(([_, axis]) => axis.ticktext.join(""));
  const charts = () => [...document.querySelectorAll("[data-testid=stPlotlyChart]")];
  const drawn = (chart) => chart.querySelector(".main-svg");
  const shows = () => strip() && (!text || strip().textContent === text) && charts().every(drawn) && (!text ||
    charts().flatMap((chart) => along(chart.querySelector(".js-plotly-plot"))).every((letters) => letters === text));
  const look = () => requestAnimationFrame(() => shows() ? requestAnimationFrame(() => done(performance.now())) : look());
  look();
});
window.sent = () => new Promise((done) => document.addEventListener("keydown", function listen(event) {
  if (!event.ctrlKey || event.key !== "Enter") return;
  document.removeEventListener("keydown", listen, true);
  done(performance.now());
}, true));
"""


@contextmanager
def app() -> Iterator[tuple[Server, Browser]]:
    """The app on a server of its own, and a browser."""
    executable = chromium.find()
    if executable is None:
        raise SystemExit(chromium.MISSING)
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(ROOT / "app.py", Path(folder) / "log") as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
        yield server, browser
        browser.close()


def visit(browser: Browser, address: str) -> tuple[Page, float]:
    """A page in a fresh profile, and the milliseconds from the start of its navigation until all of it was painted."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(CLOCK)
    page.goto(address, wait_until="commit")
    page.get_by_test_id("stage-step").wait_for()
    settle(page)
    return page, float(page.evaluate("() => window.painted('')"))


def read(page: Page, text: str) -> float:
    """Milliseconds from the key that sends `text` (letters and spaces) to the frame in which the whole page shows it."""
    box = page.get_by_label("Text", exact=True)
    box.fill(text)
    page.evaluate(
        "(text) => { window.taken = Promise.all([window.sent(), window.painted(text)]).then(([from, to]) => to - from) }",
        text.replace(" ", "·"),
    )
    box.press("Control+Enter")
    taken = float(page.evaluate("() => window.taken"))
    settle(page)
    return taken
