"""How smoothly the stage plays: the time from frame to frame with everything in view, and that each step is a new picture."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser

from tests.benchmarks.measure import Row
from tests.benchmarks.running import app
from tests.browser.harness import sent_by, settle

STEPS, UNITS = 200, 128
TEXT = ("The pale whale rose slowly out of the cold grey water, and " * 4)[:STEPS]
WINDOW = {"width": 1440, "height": 1500}
"""High enough for strip, cell, answers and all heatmaps at once."""
BUDGET = 20.0
SPEEDS = {"1×": 60, "4×": 190}
"""Speed -> how many steps are watched."""

# watched(steps) plays and resolves, after so many steps, with the time of every frame, and with a number for what the wires looked
# like in the last frame of each step.
WATCH = """
window.watched = (steps) => new Promise((done) => {
  const inside = [...document.querySelectorAll("*")].map((node) => node.shadowRoot).find((root) => root?.querySelector(".stage"));
  const step = () => parseInt(inside.querySelector("[data-testid=stage-step]").textContent);
  const canvas = inside.querySelector("canvas.ribbons");
  const small = Object.assign(document.createElement("canvas"), { width: 64, height: 36 });
  const looked = () => {
    const context = small.getContext("2d", { willReadFrequently: true });
    context.clearRect(0, 0, 64, 36);
    context.drawImage(canvas, 0, 0, 64, 36);
    return context.getImageData(0, 0, 64, 36).data.reduce((sum, value) => (sum * 31 + value) | 0, 7);
  };
  const frames = [], pictures = {}, first = step();
  const frame = (time) => {
    frames.push(time);
    if (window.looks) pictures[step()] = looked();
    if (step() - first >= steps) done({ frames, pictures });
    else requestAnimationFrame(frame);
  };
  inside.querySelector("[data-testid=stage-play]").click();
  requestAnimationFrame(frame);
});
"""


def rows() -> Iterator[Row]:
    with app() as (server, browser):
        for speed, steps in SPEEDS.items():
            frames, _, sent = play(browser, server.url, speed, steps, looks=False)
            gaps = [after - before for before, after in pairwise(frames)]
            slowest = quantiles(gaps, n=20)[-1]
            yield Row(
                what=f"playing {STEPS} × {UNITS} at {speed}: a frame, of {len(gaps)}",
                value=f"{median(gaps):.1f} ms",
            )
            yield Row(
                what=f"at {speed}: 95 % of frames within; {sent} messages to the server",
                value=f"{slowest:.1f} ms",
                budget=f"≤ {BUDGET:g} ms",
                met=slowest <= BUDGET and not sent,
            )
        _, pictures, _ = play(browser, server.url, "1×", SPEEDS["1×"], looks=True)
        changed = len(set(pictures.values()))
        yield Row(
            what="steps seen, and different pictures of the wires",
            value=f"{len(pictures)}, {changed}",
            budget="all",
            met=changed == len(pictures) > SPEEDS["1×"] - 2,
        )


def play(
    browser: Browser, address: str, speed: str, steps: int, *, looks: bool
) -> tuple[list[float], dict[str, int], int]:
    """The times of the frames, the pictures by step (where it `looks`, which takes time), and the messages that were sent meanwhile."""
    page = browser.new_context(viewport=WINDOW).new_page()
    messages = sent_by(page)
    page.add_init_script(WATCH)
    page.goto(f"{address}/?step=1")
    page.get_by_test_id("stage-step").wait_for()
    box = page.get_by_label("Text", exact=True)
    box.fill(TEXT)
    box.press("Control+Enter")
    page.get_by_test_id("stage").locator(f'[data-testid="stage-slider"][max="{STEPS}"]').wait_for()
    settle(page)
    page.get_by_label("Speed").select_option(speed)
    page.wait_for_timeout(1000)
    before = len(messages)
    seen: dict[str, Any] = page.evaluate(
        "([steps, looks]) => { window.looks = looks; return window.watched(steps) }", [steps, looks]
    )
    sent = len(messages) - before
    page.context.close()
    return seen["frames"], seen["pictures"], sent
