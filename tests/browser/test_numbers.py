"""The numbers on the stage are the library's: at any step, for any unit, of each network."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import explorer
from explorer.figures.roles import in_story_order
from explorer.models import card_of
from explorer.studio.state import FIRST_MODEL
from tests.browser.harness import Server
from tests.browser.reader import NAMES, assert_printed, number_of, stand_at, visit
from tests.conftest import Shipped

TEXT = 'He said "yes" and left.'
THREE_DECIMALS: dict[str, float] = {"rel": 0, "abs": 0.000501}  # half of the last, and a little for the edge


@pytest.mark.parametrize("name", NAMES)
def test_the_equations_follow_the_pin(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """Of the unit now pinned, at the step now shown: one for each state that is no layer's own; what it says is said to a screen reader."""
    unit, step = (card_of(name).show.unit + 7) % 128, 8
    visit(page, server, model=name, text=TEXT, step=1)
    stand_at(page, unit=unit)
    stand_at(page, step=step)
    trace = explorer.trace(shipped[name], TEXT)
    worked_out = [signal.name for signal in trace.per_unit() if f"{signal.name}_pre" not in trace]
    assert sorted(shown_order(page)) == sorted(worked_out)
    spoken = page.get_by_test_id("stage").locator(".sr").text_content() or ""
    assert spoken.startswith(f"step {step + 1} of {len(TEXT)}, ") and f"unit {unit}:" in spoken
    said = spoken.partition(": ")[2].split(", ")
    for signal, words in zip(in_story_order(trace.per_unit()), said, strict=True):
        assert_printed(words.split()[-1], float(trace[signal.name][0, step, unit]), signal.name)
    for name_of, line in zip(shown_order(page), equations(page).all(), strict=True):
        result = line.locator(".result").inner_text()
        assert_printed(result, float(trace[name_of][0, step, unit]), name_of)
        assert result in {words.split()[-1] for words in said}


@pytest.mark.parametrize("name", NAMES)
def test_the_formula_of_a_state_adds_up(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """What is neither gate nor candidate is worked out in numbers: those of this step and of the state before it."""
    unit, step = card_of(name).show.unit, 8
    trace = explorer.trace(shipped[name], TEXT)
    visit(page, server, model=name, text=TEXT, step=step + 1, unit=unit)
    states = [s for s in trace.per_unit() if f"{s.name}_pre" not in trace]
    for signal in states:
        numbers = {other.name: float(trace[other.name][0, step, unit]) for other in trace.per_unit()}
        numbers |= {f"{n}_prev": float(trace[n][0, step - 1, unit]) for n in trace.initial}
        line = equations(page).nth(shown_order(page).index(signal.name))
        shown = [number_of(text) for text in line.locator("b").all_inner_texts()]
        used = [numbers[word] for word in re.findall(r"[a-z_]+", signal.formula) if word in numbers]
        assert shown == pytest.approx([*used, numbers[signal.name]], **THREE_DECIMALS)


def equations(page: Page) -> Locator:
    """Those at the foot of the stage: of states that are worked out without weights."""
    return page.get_by_test_id("stage").locator(".why .equation")


def shown_order(page: Page) -> list[str]:
    """The signals in the order of their equations."""
    return [line.locator(".symbol i").first.inner_text() for line in equations(page).all()]


def test_the_guesses_are_the_models(page: Page, server: Server, shipped: Shipped) -> None:
    """The six likeliest next characters, and what really came."""
    model, step = shipped[FIRST_MODEL], 3
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=step + 1)
    shares = np.exp(explorer.predict(model, TEXT)[step])
    best = np.argsort(-shares)[:6]
    rows = page.get_by_test_id("stage").locator(".guess")
    shown = [model.labels[k].replace(" ", "·").replace("\n", "↵") for k in best]
    expect(rows.locator(".glyph")).to_have_text(shown)
    for row, share in zip(rows.all(), shares[best], strict=True):
        percent = row.locator(".share").inner_text()
        if not percent.startswith("<"):
            assert float(percent.split()[0]) == pytest.approx(100 * share, rel=0.06)  # two digits are shown
    real = shares[model.labels.index(TEXT[step + 1])]
    expect(page.get_by_test_id("stage").locator(".verdict")).to_contain_text(f"{-np.log2(real):.1f} bits")
