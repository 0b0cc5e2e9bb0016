"""Bars of means and dots of saturation: the numbers of the analysis."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explorer.analysis.kinds import census, of_character
from explorer.analysis.saturation import saturation
from explorer.figures import gates
from explorer.figures.theme import LIGHT, THEMES
from explorer.signals import Signal, Trace
from tests.figures.readings import CELLS, MODES, UNITS, of_text

GATED = [cell for cell in CELLS if of_text(cell).of_kind("gate")]


def gated(cell: str) -> tuple[Trace, list[Signal]]:
    """A reading, and its gates in another order than that of computation."""
    trace = of_text(cell)
    return trace, sorted(trace.of_kind("gate"), key=lambda signal: signal.role)


def titles(figure: object) -> list[str]:
    return [note.text for note in figure.layout.annotations]  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cell", GATED)
def test_by_kind(cell: str, mode: str) -> None:
    """A column a gate, in the order asked for, and one of what is written; a bar a kind with its value, the first kind on top."""
    trace, signals = gated(cell)
    table, theme = census([trace], of_character), THEMES[mode]
    figure = gates.by_kind(table, signals, theme)
    assert [bars.name for bars in figure.data] == [*(signal.name for signal in signals), gates.WRITTEN]
    colours = [theme.roles[signal.role] for signal in signals] + [theme.roles["belt"]]
    for bars, colour in zip(figure.data, colours, strict=True):
        part = table[table["quantity"] == bars.name]
        assert list(bars.y) == list(part["kind"])
        np.testing.assert_array_equal(bars.x, part["mean"])
        np.testing.assert_array_equal(bars.customdata, part["tokens"])
        assert [float(text) for text in bars.text] == pytest.approx(list(part["mean"]), abs=0.005)  # two decimals
        assert bars.marker.color == colour
        axis = figure.layout["xaxis" + bars.xaxis.removeprefix("x")]
        assert axis.range[0] == 0 and axis.range[1] >= (1 if bars.name != gates.WRITTEN else max(part["mean"]))
    assert figure.layout.yaxis.autorange == "reversed", "the first kind is on top"
    for title, signal in zip(titles(figure), signals, strict=False):
        assert f"({signal.name})" in title
    assert titles(figure)[-1] == "size of what is written"


def test_a_network_that_writes_nothing_has_a_scale_all_the_same() -> None:
    table = pd.DataFrame({"quantity": ["written"], "kind": ["letter"], "mean": [0.0], "tokens": [3]})
    figure = gates.by_kind(table, [], LIGHT)
    assert figure.layout.xaxis.range[1] > 0


@pytest.mark.parametrize("cell", GATED)
def test_what_the_table_does_not_have_is_left_out(cell: str) -> None:
    """Bars, titles and colours stay with one another."""
    trace, signals = gated(cell)
    table = census([trace], of_character)
    figure = gates.by_kind(table[table["quantity"] != signals[0].name], signals, LIGHT)
    assert [bars.name for bars in figure.data] == [*(signal.name for signal in signals[1:]), gates.WRITTEN]
    for bars, title, signal in zip(figure.data, titles(figure), signals[1:], strict=False):
        assert f"({signal.name})" in title
        assert bars.marker.color == LIGHT.roles[signal.role]


def test_symbols_as_kinds_can_be_seen() -> None:
    """A blank has a sign, a digit is a name and no place on an axis of numbers, and nothing is markup."""
    kinds = ["<", " ", "\n", "0", "10"]
    table = pd.DataFrame({"quantity": ["f"] * 5, "kind": kinds, "mean": [0.1] * 5, "tokens": [1] * 5})
    figure = gates.by_kind(table, [of_text("lstm").signals["f"]], LIGHT)
    assert list(figure.data[0].y) == ["&lt;", "·", "↵", "0", "10"]
    assert figure.layout.yaxis.type == "category"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cell", GATED)
def test_saturations(cell: str, mode: str) -> None:
    """A panel a gate with a dot a unit, the pinned one again and marked."""
    trace, signals = gated(cell)
    theme = THEMES[mode]
    shares = {signal.name: saturation(trace, signal.name, low=0.5, high=0.5) for signal in signals}
    figure = gates.saturations(shares, signals, theme, unit=3, low=0.5, high=0.5)
    assert len(figure.data) == 2 * len(signals)
    for signal, dots, pinned in zip(signals, figure.data[::2], figure.data[1::2], strict=True):
        of = shares[signal.name]
        np.testing.assert_array_equal(dots.x, of.shut)
        np.testing.assert_array_equal(dots.y, of.open)
        assert list(dots.text) == [str(unit) for unit in range(UNITS)]
        assert (pinned.x[0], pinned.y[0], pinned.text[0]) == (of.shut[3], of.open[3], "3")
        assert {dots.marker.color, pinned.marker.color} == {theme.roles[signal.role]}
        assert dots.xaxis == pinned.xaxis, "in one panel"
    axes = [figure.layout[f"xaxis{k or ''}"] for k in ("", *range(2, len(signals) + 1))]
    assert {axis.title.text for axis in axes} == {"shut (< 0.5)"}
    assert figure.layout.yaxis.title.text == "open (> 0.5)"
    assert [title.split("(")[1] for title in titles(figure)] == [f"{signal.name})" for signal in signals]
    assert len(gates.saturations(shares, signals, theme).data) == len(signals), "nobody is pinned"


@pytest.mark.parametrize("cell", GATED)
def test_all_panels_have_one_scale(cell: str) -> None:
    trace, signals = gated(cell)
    figure = gates.saturations({s.name: saturation(trace, s.name) for s in signals}, signals, LIGHT)
    for k in ("", *range(2, len(signals) + 1)):
        assert figure.layout[f"xaxis{k}"].range == figure.layout[f"yaxis{k}"].range == figure.layout.xaxis.range
        low, high = figure.layout[f"xaxis{k}"].range
        assert low < 0 and high > 1, "a dot at 0 or 1 is whole"
