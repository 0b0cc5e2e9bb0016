"""Curves on a log axis: the numbers given, the floor drawn and named, no zero lost in silence."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.analysis.reach import magnitudes
from explorer.figures import gradients, hidden
from explorer.figures.curves import Floor, log_curves, of_cells
from explorer.figures.theme import DASHES, LIGHT, THEMES
from tests.figures.readings import CELLS, MODES, TEXT, gradients_of, vertical_lines

CURVES = {
    "lstm": np.array([1e-3, 1e-2, 1e-1, 1.0]),
    "gru": np.array([0.0, 1e-45, 1e-20, 2.0]),
    "rnn": np.array([np.nan, 0.5, np.inf, 1e-50]),
}


def drawn(**options):
    return log_curves(CURVES, of_cells(list(CURVES), LIGHT), "abcd", LIGHT, Floor(1e-30, "the floor"), **options)


def test_the_numbers_are_those_given() -> None:
    """What lies below the floor lies on it; the hover tells the true number."""
    curves = {trace.name.lower(): trace for trace in drawn().data if trace.mode == "lines"}
    assert list(curves) == list(CURVES)
    for name, values in CURVES.items():
        np.testing.assert_array_equal(curves[name].customdata, values)
        np.testing.assert_array_equal(curves[name].x, range(4))
        np.testing.assert_array_equal(curves[name].y, [max(v, 1e-30) if v == v else v for v in values])


def test_the_floor_is_drawn_and_named() -> None:
    layout = drawn().layout
    assert layout.yaxis.type == "log"
    (line,) = [shape for shape in layout.shapes if shape.y0 == shape.y1]
    assert line.y0 == 1e-30
    (note,) = layout.annotations
    assert note.text == "the floor (1 × 10⁻³⁰)"
    assert note.y == pytest.approx(-30)
    low, high = layout.yaxis.range
    assert low < -30 and high > np.log10(2), "floor and largest value are within the picture"


def test_a_range_of_steps() -> None:
    figure = drawn(first=1, last=2, step=2)
    for curve in (trace for trace in figure.data if trace.mode == "lines"):
        np.testing.assert_array_equal(curve.x, [1, 2])
        np.testing.assert_array_equal(curve.customdata, CURVES[curve.name.lower()][1:3])
    assert vertical_lines(figure) == {2}
    assert figure.layout.xaxis.range == (-0.5, 3.5), "the axis is the whole text"


def test_nan_and_infinity_are_marked() -> None:
    """On the floor, with a cross: a gap alone would say nothing."""
    (crosses,) = (trace for trace in drawn().data if trace.mode == "markers")
    assert (list(crosses.x), list(crosses.y)) == ([0, 2], [1e-30, 1e-30])
    assert crosses.marker.color == LIGHT.missing


def test_all_at_the_floor() -> None:
    zeros = {"rnn": np.zeros(3)}
    figure = log_curves(zeros, of_cells(["rnn"], LIGHT), "abc", LIGHT, Floor(1e-7, "rounding"))
    low, high = figure.layout.yaxis.range
    assert np.isfinite([low, high]).all() and low < -7 < high


@pytest.mark.parametrize("mode", MODES)
def test_a_cell_has_its_colour_and_its_dash(mode: str) -> None:
    theme = THEMES[mode]
    curves = {cell: np.ones(3) for cell in CELLS}
    figures = [
        gradients.siblings(curves, "abc", theme, name="h"),
        hidden.memory_of_a_change(curves, "abc", theme, read=range(3), floor=1e-7),
    ]
    for figure in figures:
        for trace, cell in zip(figure.data, CELLS, strict=True):
            assert (trace.line.color, trace.line.dash, trace.name) == (theme.cells[cell], DASHES[cell], cell.upper())


def test_siblings() -> None:
    curves = {cell: magnitudes(gradients_of(cell), "h") for cell in CELLS}
    figure = gradients.siblings(curves, TEXT, LIGHT, name="h", last=8, step=3)
    for trace, cell in zip(figure.data, CELLS, strict=True):
        np.testing.assert_array_equal(trace.customdata, curves[cell][:9])
    assert figure.layout.yaxis.title.text == "‖∂L/∂h‖"
    assert "1.2 × 10⁻³⁸" in figure.layout.annotations[0].text


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cell", CELLS)
def test_every_signal_of_a_cell(cell: str, mode: str) -> None:
    """h, c, x and each gate, in the colours of their roles, and not by colour alone; no pre-activation."""
    grads, theme = gradients_of(cell), THEMES[mode]
    figure = gradients.every_signal(grads, theme, last=7)
    names = [name.removeprefix("grad_") for name in grads.signals if not name.endswith("_pre")]
    assert set(names) == {"lstm": set("xifgoch"), "gru": set("xrznh"), "rnn": set("xh")}[cell]
    assert len({trace.name for trace in figure.data}) == len(names)
    for trace, name in zip(figure.data, names, strict=True):
        assert trace.name.startswith(f"{name} (")
        assert trace.line.color == theme.roles[grads.signals[f"grad_{name}"].role]
        np.testing.assert_array_equal(trace.customdata, magnitudes(grads, name)[:8])


def test_memory_of_a_change_begins_at_the_change() -> None:
    curves = {"lstm": np.array([0, 0, 1.0, 0.5, 0.1])}
    figure = hidden.memory_of_a_change(curves, "abcde", LIGHT, read=range(2, 5), floor=1e-7, step=4)
    np.testing.assert_array_equal(figure.data[0].x, [2, 3, 4])
    np.testing.assert_array_equal(figure.data[0].y, [1, 0.5, 0.1])
    (band,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert (band.x0, band.x1, band.fillcolor) == (1.5, 2.5, LIGHT.accent)
    assert vertical_lines(figure) == {4}
