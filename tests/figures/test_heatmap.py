"""The heatmap shows the trace's numbers in the order given, on the scale of the signal's kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.figures.heatmap import ROBUST, heatmap, heatmaps, reach
from explorer.figures.theme import LIGHT, THEMES
from tests.analysis.made import made
from tests.figures.readings import CELLS, MODES, UNITS, of_array, of_text, permuted, vertical_lines, with_nan

SIGNALS = [(cell, signal.name) for cell in CELLS for signal in of_array(cell).per_unit(pre=True)]


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize(("cell", "name"), SIGNALS)
def test_the_numbers_are_the_traces(cell: str, name: str, row: int) -> None:
    """z[place, step] is the signal of the unit that the order puts there; the hover names that unit, and the step from 1."""
    trace, order = of_array(cell), permuted(UNITS)
    drawn = heatmap(trace, name, LIGHT, order, row=row).data[0]
    for place, unit in enumerate(order):
        np.testing.assert_array_equal(drawn.z[place], trace[name][row, :, unit])
        assert drawn.customdata[place].tolist() == [[unit, step + 1] for step in range(trace.steps)]
    assert drawn.name == name


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("cell", "name"), SIGNALS)
def test_the_kind_decides_scale_and_range(cell: str, name: str, mode: str) -> None:
    trace, theme = of_array(cell), THEMES[mode]
    signal, drawn = trace.signals[name], heatmap(trace, name, theme, permuted(UNITS)).data[0]
    scale = [list(stop) for stop in drawn.colorscale]
    if signal.kind == "gate":
        assert (drawn.zmin, drawn.zmax) == (0, 1)
        assert scale == [[0, theme.background], [1, theme.roles[signal.role]]]
    else:
        assert drawn.zmin == -drawn.zmax
        assert scale == theme.signed_scale


@pytest.mark.parametrize("name", ["h", "g"])
def test_a_tanh_runs_from_minus_1_to_1(name: str) -> None:
    """However small its values are: the same colour means the same number in every picture."""
    trace = of_array("lstm")
    assert heatmap(trace, name, LIGHT, permuted(UNITS)).data[0].zmax == 1


def test_a_few_large_units_do_not_hide_the_rest() -> None:
    """An unbounded signal's scale ends at the 99th percentile of its size, and never below 1."""
    values = np.random.default_rng(0).normal(0, 2, (50, 40))
    values[:, 3] = 93
    trace = made(c=values)
    assert reach(trace, "c", 0) == pytest.approx(np.percentile(np.abs(values), ROBUST))
    values[:] = 0.2
    values[0, 0] = 50
    assert reach(made(c=values), "c", 0) == 1
    values[:] = np.nan
    assert reach(made(c=values), "c", 0) == 1


@pytest.mark.parametrize("cell", CELLS)
def test_nan_and_infinity_are_marked(cell: str) -> None:
    """With a cross where they stand, in the order given; the scale is made from the other numbers."""
    places = [(1, 2, 0), (1, 5, 3)]
    whole, order = of_array(cell), permuted(UNITS)
    figure = heatmap(with_nan(whole, "h", *places), "h", LIGHT, order, row=1)
    crosses = figure.data[1]
    expected = {(step, int(np.flatnonzero(order == unit)[0])) for _, step, unit in places}
    assert set(zip(crosses.x, crosses.y, strict=True)) == expected
    assert crosses.marker.color == LIGHT.missing
    assert figure.data[0].zmax == heatmap(whole, "h", LIGHT, order, row=1).data[0].zmax
    assert len(heatmap(whole, "h", LIGHT, order).data) == 1, "no crosses where all is well"


def test_the_pinned_unit_and_the_step_are_marked() -> None:
    order = permuted(UNITS)
    figure = heatmap(of_text("gru"), "z", LIGHT, order, unit=2, step=4)
    assert order[figure.layout.yaxis.tickvals[0]] == 2
    assert "2" in figure.layout.yaxis.ticktext[0]
    assert vertical_lines(figure) == {4}
    assert not heatmap(of_text("gru"), "z", LIGHT, order).layout.shapes


def test_the_first_of_the_order_is_on_top() -> None:
    assert heatmap(of_text("gru"), "h", LIGHT, permuted(UNITS)).layout.yaxis.autorange == "reversed"


def axis(figure: go.Figure, kind: str, lane: int) -> Any:
    return figure.layout[f"{kind}axis{lane if lane > 1 else ''}"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cell", CELLS)
def test_several_signals_stand_below_one_another(cell: str, mode: str) -> None:
    """In the order asked for, each as it is drawn alone; the tokens once, at the foot."""
    trace, order, theme = of_array(cell), permuted(UNITS), THEMES[mode]
    names = [signal.name for signal in reversed(trace.per_unit())]
    figure = heatmaps(trace, {name: f"Title of {name}" for name in names}, theme, order, row=1)
    assert [drawn.name for drawn in figure.data] == names
    for drawn in figure.data:
        alone = heatmap(trace, drawn.name, theme, order, row=1).data[0]
        np.testing.assert_array_equal(drawn.z, alone.z)
        np.testing.assert_array_equal(drawn.customdata, alone.customdata)
        assert (drawn.zmin, drawn.zmax, drawn.colorscale) == (alone.zmin, alone.zmax, alone.colorscale)
    lanes = range(1, len(names) + 1)
    tops = [axis(figure, "y", lane).domain[1] for lane in lanes]
    assert tops == sorted(tops, reverse=True)
    assert [axis(figure, "x", lane).showticklabels for lane in lanes] == [False] * (len(names) - 1) + [True]
    assert {axis(figure, "y", lane).autorange for lane in lanes} == {"reversed"}
    assert {axis(figure, "x", lane).range for lane in lanes} == {(-0.5, trace.steps - 0.5)}
    notes = [(note.text, note.font.color) for note in figure.layout.annotations]
    assert notes == [(f"Title of {name}", theme.roles[trace.signals[name].role]) for name in names]


def test_each_of_several_has_its_scale_beside_it() -> None:
    figure = heatmaps(of_array("lstm"), {"f": "", "c": ""}, LIGHT, permuted(UNITS))
    for lane, drawn in enumerate(figure.data, start=1):
        low, high = axis(figure, "y", lane).domain
        assert low <= drawn.colorbar.y <= high and drawn.colorbar.len <= high - low + 1e-9


def test_pin_step_and_crosses_are_in_their_lanes() -> None:
    order = permuted(UNITS)
    trace = with_nan(of_array("gru"), "z", (0, 2, 1))
    figure = heatmaps(trace, {"h": "", "z": "", "r": ""}, LIGHT, order, unit=2, step=4)
    for lane in (1, 2, 3):
        assert order[axis(figure, "y", lane).tickvals[0]] == 2
    assert vertical_lines(figure) == {4}
    assert {shape.xref for shape in figure.layout.shapes} == {"x", "x2", "x3"}
    (crosses,) = (drawn for drawn in figure.data if drawn.type == "scatter")
    assert (crosses.x[0], order[crosses.y[0]], crosses.yaxis) == (2, 1, "y2")
