"""The numbers on the stage are the library's: at any step, for any unit, of each network."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import explorer
from explorer.analysis.orderings import by_half_life
from explorer.models import card_of
from explorer.studio.state import FIRST_MODEL
from tests.browser.harness import Server
from tests.browser.reader import NAMES, expect_link, expect_numbers, stand_at, visit
from tests.conftest import Shipped

TEXT = 'He said "yes" and left.'
THREE_DECIMALS: dict[str, float] = {"rel": 0, "abs": 0.000501}  # half of the last, and a little for the edge


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_are_the_traces(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """At the beginning, within and at the end, for the telling unit and others."""
    trace = explorer.trace(shipped[name], TEXT)
    telling = card_of(name).show.unit
    visit(page, server, model=name, text=TEXT, step=1)
    for unit in (telling, 0, trace.units - 1, (telling + 61) % trace.units):
        stand_at(page, unit=unit)
        for step in (0, 9, len(TEXT) - 1):
            stand_at(page, step=step)
            expect_numbers(page, trace, step, unit)


def test_a_unit_is_pinned_where_one_clicks(page: Page, server: Server, shipped: Shipped) -> None:
    """The rows of cells are ordered; a click finds the unit that is drawn there."""
    visit(page, server, model=FIRST_MODEL, text=TEXT, step=10)
    trace = explorer.trace(shipped[FIRST_MODEL], TEXT)
    order = by_half_life(trace)
    row = page.get_by_test_id("stage").locator("canvas.cells").nth(1)
    width = row.bounding_box()["width"]  # type: ignore[index]
    for place in (0, 50, trace.units - 1):
        row.click(position={"x": (place + 0.5) * width / trace.units, "y": 20})
        expect_numbers(page, trace, 9, int(order[place]))
    expect_link(page, unit=int(order[-1]))


@pytest.mark.parametrize("name", NAMES)
def test_the_arithmetic_follows_the_pin(page: Page, server: Server, shipped: Shipped, name: str) -> None:
    """Input, recurrent part and bias of the unit now pinned, at the step now shown; their sum is what is squashed."""
    unit, step = (card_of(name).show.unit + 7) % 128, 8
    visit(page, server, model=name, text=TEXT, step=1)
    stand_at(page, unit=unit)
    stand_at(page, step=step)
    pushes = explorer.arithmetic(shipped[name], TEXT, unit=unit)
    lines = page.get_by_test_id("stage").locator(".equation")
    expect(lines.filter(has=page.locator(".term"))).to_have_count(len(pushes))
    trace = explorer.trace(shipped[name], TEXT)
    expect(lines).to_have_count(len(trace.per_unit()))
    spoken = page.get_by_test_id("stage").locator(".sr").text_content() or ""
    for line in lines.all():
        signal = line.locator(".symbol i").first.inner_text()
        value = float(trace[signal][0, step, unit])
        assert number(line.locator(".result").inner_text()) == pytest.approx(value, **THREE_DECIMALS)
        assert line.locator(".result").inner_text() in spoken
        if push := pushes.get(f"{signal}_pre"):
            terms = [number(term) for term in line.locator(".term").all_inner_texts()]
            sums = [push.inputs[step].sum(), push.units[step].sum(), push.bias[step]]
            assert terms == pytest.approx(sums, **THREE_DECIMALS)


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
        line = page.get_by_test_id("stage").locator(".equation").nth(list(shown_order(page)).index(signal.name))
        shown = [number(text) for text in line.locator("b").all_inner_texts()]
        used = [numbers[word] for word in re.findall(r"[a-z_]+", signal.formula) if word in numbers]
        assert shown == pytest.approx([*used, numbers[signal.name]], **THREE_DECIMALS)


def shown_order(page: Page) -> list[str]:
    """The signals in the order of their equations."""
    lines = page.get_by_test_id("stage").locator(".equation").all()
    return [line.locator(".symbol i").first.inner_text() for line in lines]


def number(shown: str) -> float:
    """The number that a text begins with."""
    found = re.match(r"−?[\d.]+(e[−+]?\d+)?", shown)
    assert found, shown
    return float(found.group().replace("−", "-"))


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
