"""The start-up lab: from the moment that a slider is let go to the frame in which its curve has moved."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from playwright.sync_api import Locator, Page

from explorer.models.starts import Start, at_start
from tests.benchmarks.measure import Row, medians, milliseconds
from tests.benchmarks.rows.waiting import within
from tests.benchmarks.running import app
from tests.browser.harness import settle

UNITS, STEPS, DRAWS = 64, 100, 5
MOVES = 15

# moved() resolves with the milliseconds from the slider's release to the first frame after the curves have other numbers.
CLOCK = """
window.moved = () => new Promise((done) => {
  const chart = () => document.querySelector(".st-key-startup .js-plotly-plot");
  const curves = () => JSON.stringify([...chart().querySelectorAll(".scatterlayer path.js-line")].map((line) => line.getAttribute("d")));
  const before = curves();
  let released;
  window.addEventListener("pointerup", () => { released = performance.now(); }, { capture: true, once: true });
  const look = () => requestAnimationFrame(() => released !== undefined && curves() !== before
    ? requestAnimationFrame(() => done(performance.now() - released)) : look());
  look();
});
"""


def rows() -> Iterator[Row]:
    starts = {
        "sigmoid RNN": Start("rnn", "sigmoid"),
        "LSTM, forget bias 3": Start("lstm", keep=3.0),
        "GRU, keep bias 3": Start("gru", keep=3.0),
    }
    size = {"units": UNITS, "steps": STEPS, "draws": DRAWS}
    calls = {name: lambda start=start: at_start(start, **size) for name, start in starts.items()}
    for name, seconds in medians(calls, rounds=21).items():
        yield Row(what=f"reach of {DRAWS} untrained cells, {name}", value=milliseconds(seconds))
    with app() as (server, browser):
        for what, label, link in (
            ("forget bias", "Forget bias b", ""),
            ("spectral radius", "Spectral radius ρ of W_hh", "?turn=Cell+A"),
        ):
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.add_init_script(CLOCK)
            page.goto(f"{server.url}/startup{link}")
            page.locator(".st-key-startup .scatterlayer path.js-line").first.wait_for()
            settle(page)
            slider = page.get_by_test_id("stSlider").filter(has_text=label).filter(visible=True)
            taken = [drag(page, slider, 0.42 + 0.03 * n) for n in range(MOVES)]
            page.context.close()
            yield within(f"{what} let go, its curve painted (H={UNITS}, T={STEPS})", median(taken[1:]), 300)


def drag(page: Page, slider: Locator, share: float) -> float:
    """Milliseconds from letting the thumb go at that share of the slider's length."""
    box, thumb = slider.bounding_box(), slider.get_by_role("slider").bounding_box()
    assert box and thumb
    page.mouse.move(thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + share * box["width"], thumb["y"] + thumb["height"] / 2, steps=4)
    page.evaluate("() => { window.taken = window.moved() }")
    page.mouse.up()
    taken = float(page.evaluate("() => window.taken"))
    settle(page)
    return taken
