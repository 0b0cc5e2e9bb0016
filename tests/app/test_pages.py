"""Every page, for every network: what it shows are the numbers of the library."""

from __future__ import annotations

import ast

import numpy as np
import pytest

import explorer
from explorer.analysis.differences import distance
from explorer.analysis.kinds import census, of_character
from explorer.analysis.orderings import by_half_life
from explorer.analysis.projection import principal_components
from explorer.analysis.reach import magnitudes
from explorer.analysis.saturation import saturation
from explorer.analysis.timescales import half_lives
from explorer.models import card_of, deletions, held_out, siblings
from explorer.models.card import WINDOW
from explorer.signals import Array
from explorer.studio import sentences
from explorer.studio.service import CENSUS
from tests.app.driving import (
    APP,
    ELSEWHERE,
    GATES,
    NAMES,
    PAGES,
    VIEWS,
    Chart,
    charts,
    check,
    go_to,
    opened,
    stage_of,
    words,
)
from tests.conftest import Shipped

TEXT = 'She said "no" and left.\n'
STEP, UNIT = 11, 3
LINK = {"text": TEXT, "step": STEP + 1, "unit": UNIT}

each_model = pytest.mark.parametrize("name", NAMES)


def test_the_page_table_is_the_one_tested_here() -> None:
    """Each page in app.py's table, and nothing else, is driven by these tests."""
    calls = [node for node in ast.walk(ast.parse(APP.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    pages = [call.args[0].value for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "Page"]
    assert sorted(pages) == sorted([*PAGES.values(), *ELSEWHERE])
    assert {str(path.relative_to(APP.parent)) for path in APP.parent.glob("pages/*/*.py")} == set(pages)


@each_model
@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_where_the_link_says(page: str, name: str) -> None:
    """One title, one stage of that model, text, step and unit; no notice. Each chart has words for those who cannot see it."""
    at = opened(page, model=name, **LINK)
    assert len(at.title) == 1 and not at.warning
    sent = stage_of(at)
    assert sent.header["link"]["model"] == name
    assert (sent.header["link"]["text"], sent.place) == (TEXT, (STEP, UNIT))
    assert sent.header["whole"] == (page == "watch")
    assert all(chart.proto.alt for chart in at.get("plotly_chart"))


@each_model
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_the_cards_own_example(page: str, name: str) -> None:
    show = card_of(name).show
    sent = stage_of(opened(page, model=name))
    assert (sent.header["link"]["text"], sent.header["steps"]) == (None, len(show.text))
    assert sent.place == (show.step, show.unit)


@each_model
def test_watch_names_the_network_and_draws_no_chart(name: str) -> None:
    """Plotly comes with other pages: without it the first paint is a second sooner."""
    at = opened("watch", model=name, **LINK)
    assert card_of(name).cell.upper() in at.title[0].value
    assert not charts(at)


@each_model
def test_belt(name: str, shipped: Shipped) -> None:
    at = opened("belt", model=name, **LINK)
    trace = explorer.trace(shipped[name], TEXT)
    (chart,) = charts(at)
    line = chart.data[0]
    np.testing.assert_array_equal(line["y"], trace[trace.memory][0, :, UNIT])
    lives = half_lives(trace)
    if trace.belt is None or lives is None:
        assert sentences.NO_BELT in words(at)
        assert len(chart.data) == 1
    else:
        values = {signal.name: trace[signal.name][0, :, UNIT] for signal in trace.per_unit()}
        np.testing.assert_array_equal(chart.data[1]["y"], trace.belt.kept(values))
        np.testing.assert_array_equal(chart.data[2]["y"], trace.belt.written(values))
        assert lives.label(UNIT) in words(at)


@each_model
def test_belt_of_other_units_beside_it(name: str, shipped: Shipped) -> None:
    at = opened("belt", model=name, **LINK)
    check(at.multiselect(key="others").set_value([7, 5]).run())
    trace = explorer.trace(shipped[name], TEXT)
    for line, unit in zip(charts(at)[0].data, [7, 5, UNIT], strict=False):
        np.testing.assert_array_equal(line["y"], trace[trace.memory][0, :, unit])


@each_model
def test_gates(name: str, shipped: Shipped) -> None:
    """A chart a tab, keep first: all units by half-life, means by kind of character, saturation. Without gates, h and no tabs."""
    trace = explorer.trace(shipped[name], TEXT)
    order, gates = by_half_life(trace), trace.of_kind("gate")
    found = []
    for tab in GATES:
        at = opened("gates", model=name, gates=tab, **LINK)
        (chart,) = charts(at)
        found.append(chart)
        if not gates:
            assert sentences.NO_GATES in words(at)
            np.testing.assert_array_equal(chart.data[0]["z"], trace["h"][0][:, order].T)
    if not gates:
        return
    units, kinds, shares = found
    names = [drawn["name"] for drawn in units.data]
    assert trace.signals[names[0]].role == "keep"
    assert set(names) == {gate.name for gate in gates}
    table = census([trace], of_character)
    assert [bars["name"] for bars in kinds.data] == [*names, "written"]
    for drawn in units.data:
        np.testing.assert_array_equal(drawn["z"], trace[drawn["name"]][0][:, order].T)
    for bars in kinds.data:
        np.testing.assert_array_equal(bars["x"], table[table["quantity"] == bars["name"]]["mean"])
    assert [dots["name"] for dots in shares.data[::2]] == names
    for dots in shares.data[::2]:
        np.testing.assert_array_equal(dots["x"], saturation(trace, dots["name"]).shut)
        np.testing.assert_array_equal(dots["y"], saturation(trace, dots["name"]).open)


def test_the_bounds_of_saturation_can_be_moved(shipped: Shipped) -> None:
    name = next(name for name in NAMES if card_of(name).cell == "lstm")
    at = opened("gates", model=name, gates=GATES[2], **LINK)
    check(at.slider(key="margin").set_value(0.25).run())
    trace = explorer.trace(shipped[name], TEXT)
    (chart,) = charts(at)
    assert chart.data[0]["name"] == "f"
    np.testing.assert_array_equal(chart.data[0]["x"], saturation(trace, "f", 0, 0.25, 0.75).shut)


def test_kinds_of_token_over_the_held_out_texts(shipped: Shipped) -> None:
    """As many tokens as one reads while one waits, in pieces, each from the zero state; the sentence says how many."""
    name = next(name for name in NAMES if card_of(name).cell == "gru")
    at = opened("gates", model=name, gates=GATES[1], **LINK)
    check(at.segmented_control(key="over").set_value("held-out texts").run())
    text = held_out(card_of(name).task)[0].text[:CENSUS]
    pieces = [text[first : first + WINDOW] for first in range(0, CENSUS, WINDOW)]
    table = census([explorer.trace(shipped[name], piece) for piece in pieces], of_character)
    (chart,) = charts(at)
    for bars in chart.data:
        np.testing.assert_allclose(bars["x"], table[table["quantity"] == bars["name"]]["mean"])
    assert f"{CENSUS:,} tokens" in words(at)


@each_model
def test_hidden_state(name: str, shipped: Shipped) -> None:
    """The siblings' distance after the opening quote is changed; all units; the path."""
    ((memory,), (units,), (path,)) = (charts(opened("hidden", model=name, view=view, **LINK)) for view in VIEWS)
    changed = TEXT.index('"')
    family = siblings(name)
    curves = {curve["name"]: curve for curve in memory.data}
    assert set(curves) == {card.cell.upper() for card in family}
    for card in family:
        model, other = shipped[card.name], f"{TEXT[:changed]}x{TEXT[changed + 1 :]}"
        found = distance(explorer.trace(model, TEXT), explorer.trace(model, other), by="state")
        np.testing.assert_array_equal(curves[card.cell.upper()]["customdata"], found[changed:])
    trace = explorer.trace(shipped[name], TEXT)
    np.testing.assert_array_equal(units.data[0]["z"], trace["h"][0][:, by_half_life(trace)].T)
    np.testing.assert_allclose(path.data[0]["x"], principal_components(trace["h"][0]).scores[:, 0], rtol=1e-12)


@each_model
def test_gradients(name: str, shipped: Shipped) -> None:
    """The siblings up to the objective's step on the same axes, with what leaving a token out changes; every signal of this network."""
    rows, without, together = charts(opened("gradients", model=name, **LINK))
    (alone,) = charts(opened("gradients", model=name, reach="Every signal", **LINK))
    last = len(TEXT) - 1
    for drawn in (rows, without):
        assert [str(label) for label in drawn.data[0]["y"]] == [curve["name"] for curve in together.data]
    for curve in together.data:
        (sibling,) = (card for card in siblings(name) if card.cell.upper() == curve["name"])
        reach = magnitudes(explorer.gradients(shipped[sibling.name], TEXT, by="state"), "state")
        np.testing.assert_array_equal(curve["customdata"], reach[:last])
        np.testing.assert_array_equal(told_of(rows, curve["name"]), reach)
        np.testing.assert_array_equal(told_of(without, curve["name"]), deletions(shipped[sibling.name], TEXT))
    own = explorer.gradients(shipped[name], TEXT)
    signals = [signal.removeprefix("grad_") for signal in own.signals if not signal.endswith("_pre")]
    assert [curve["name"].split()[0] for curve in alone.data] == signals
    for curve, signal in zip(alone.data, signals, strict=True):
        np.testing.assert_array_equal(curve["customdata"], magnitudes(own, signal)[:last])


def told_of(rows: Chart, name: str) -> Array:
    """What is told of each letter in one of the rows of text."""
    points = rows.data[-1]
    return np.array([told for told, row in zip(points["customdata"][:, 0], points["y"], strict=True) if row == name])


def test_the_place_is_kept_from_page_to_page() -> None:
    at = opened(model=NAMES[0], **LINK)
    for page in (*PAGES, "watch"):
        sent = stage_of(go_to(at, page))
        assert (sent.header["link"]["model"], sent.header["link"]["text"]) == (NAMES[0], TEXT)
        assert sent.place == (STEP, UNIT)
