"""The page that compares networks: from the key that sends a text to the frame in which the last panel shows it."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from urllib.parse import urlencode

from tests.benchmarks.measure import Row
from tests.benchmarks.rows.waiting import SENTENCE, WORDS, within
from tests.benchmarks.running import app, read, visit

FOUR = ("LSTM", "GRU", "RNN", "untrained LSTM")
TABS = {"With and without": (), "Side by side": FOUR, "Differences": FOUR, "Scores": ()}
"""Tab -> the networks that are compared in it, where that can be chosen; else all that the task has."""

# Of the lanes, too: they are no chart.
LANES = """() => {
  const before = window.painted;
  const lanes = () => [...document.querySelectorAll("*")].map((node) => node.shadowRoot?.querySelector(".lanes")).find(Boolean);
  window.painted = async (text) => {
    const charts = await before(text);
    if (!lanes()) return charts;
    while (lanes()?.dataset.painted !== text) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return performance.now();
  };
}"""


def rows() -> Iterator[Row]:
    with app() as (server, browser):
        for tab, networks in TABS.items():
            link = urlencode({"step": 60, "beside": tab, "networks": networks}, doseq=True)
            page, _ = visit(browser, f"{server.url}/compare?{link}")
            page.evaluate(LANES)
            taken = [read(page, SENTENCE.format(word)) for word in WORDS]
            page.context.close()
            many = f", {len(networks)} networks" if networks else ""
            yield within(f"Compare, {tab}{many}: 100 characters, painted", median(taken[1:]), 1000)
