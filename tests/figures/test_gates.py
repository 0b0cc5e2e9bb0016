"""Bars of means and dots of saturation: the numbers of the analysis."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.analysis.saturation import saturation
from explorer.analysis.tokens import means_by_kind
from explorer.figures import gates
from explorer.figures.theme import THEMES
from explorer.signals import Signal, Trace
from tests.figures.readings import CELLS, MODES, UNITS, of_text

GATES = [(cell, signal.name) for cell in CELLS for signal in of_text(cell).of_kind("gate")]


def gate_of(cell: str, name: str) -> tuple[Trace, Signal]:
    trace = of_text(cell)
    return trace, trace.signals[name]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("cell", "name"), GATES)
def test_means(cell: str, name: str, mode: str) -> None:
    """A bar a kind over [0, 1], with the value beside it and the first kind on top."""
    trace, signal = gate_of(cell, name)
    table = means_by_kind(trace[name][0], trace.tokens)
    figure = gates.means(table, THEMES[mode], signal.role)
    (bars,) = figure.data
    assert list(bars.y) == list(table["kind"])
    np.testing.assert_array_equal(bars.x, table["mean"])
    np.testing.assert_array_equal(bars.customdata, table["tokens"])
    assert [float(text) for text in bars.text] == pytest.approx(list(table["mean"]), abs=0.005)  # two decimals
    assert bars.marker.color == THEMES[mode].roles[signal.role]
    assert figure.layout.xaxis.range[0] == 0 and figure.layout.xaxis.range[1] >= 1
    below, above = figure.layout.yaxis.range
    assert below > above, "the first kind is on top"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("cell", "name"), GATES)
def test_saturation(cell: str, name: str, mode: str) -> None:
    """A dot a unit, the pinned one again and marked."""
    trace, signal = gate_of(cell, name)
    shares = saturation(trace, name, low=0.5, high=0.5)
    figure = gates.saturation(shares, THEMES[mode], signal.role, unit=3, low=0.5, high=0.5)
    dots, pinned = figure.data
    np.testing.assert_array_equal(dots.x, shares.shut)
    np.testing.assert_array_equal(dots.y, shares.open)
    assert list(dots.text) == [str(unit) for unit in range(UNITS)]
    assert (pinned.x[0], pinned.y[0], pinned.text[0]) == (shares.shut[3], shares.open[3], "3")
    assert {dots.marker.color, pinned.marker.color} == {THEMES[mode].roles[signal.role]}
    assert figure.layout.xaxis.title.text == "shut (< 0.5)"
    assert figure.layout.yaxis.title.text == "open (> 0.5)"
    assert len(gates.saturation(shares, THEMES[mode], signal.role).data) == 1, "nobody is pinned"
