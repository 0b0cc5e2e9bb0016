"""The text that fades with the gradient, and the reading as a path."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.analysis.projection import principal_components
from explorer.analysis.reach import magnitudes
from explorer.figures import hidden
from explorer.figures.gradients import SHOWN_FLOOR, reach_rows
from explorer.figures.theme import LIGHT
from tests.figures.readings import CELLS, TEXT, gradients_of, of_text


def test_reach_rows() -> None:
    """A row a network on one absolute log scale; the hover has the number itself, and counts steps from 1."""
    curves = {cell: magnitudes(gradients_of(cell), "h") for cell in CELLS}
    figure = reach_rows(curves, TEXT, LIGHT, target=9)
    rows, points = figure.data
    assert list(rows.y) == ["LSTM", "GRU", "RNN"]
    assert (rows.zmin, rows.zmax) == (np.log10(SHOWN_FLOOR), 0)
    for place, cell in enumerate(CELLS):
        expected = np.log10(np.maximum(curves[cell], SHOWN_FLOOR))
        np.testing.assert_allclose(rows.z[place], expected, rtol=1e-6)  # float32
        told = points.customdata[points.y == cell.upper()]
        np.testing.assert_array_equal(told, np.stack([curves[cell], np.arange(1, len(TEXT) + 1)], -1))
        assert list(rows.text[place])[:4] == ["a", "b", "c", "·"]
    assert rows.colorscale[0][1] == LIGHT.background
    (frame,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert (frame.x0, frame.x1) == (8.5, 9.5)


def test_a_gradient_that_is_no_number_is_not_shown_as_none() -> None:
    curves = {"lstm": np.array([np.nan, 1.0, 0.0]), "rnn": np.array([1.0, 1.0, np.inf])}
    rows, crosses, _ = reach_rows(curves, "abc", LIGHT).data
    assert np.isnan(rows.z[0, 0]) and np.isnan(rows.z[1, 2])
    assert rows.z[0, 2] == pytest.approx(np.log10(SHOWN_FLOOR))
    assert set(zip(crosses.x, crosses.y, strict=True)) == {(0, "LSTM"), (2, "RNN")}
    assert crosses.marker.color == LIGHT.missing


def test_path() -> None:
    trace = of_text("gru")
    components = principal_components(trace["h"][0])
    figure = hidden.path(components, trace.tokens, LIGHT, step=4)
    line, steps, here = figure.data
    for drawn in (line, steps):
        np.testing.assert_array_equal(drawn.x, components.scores[:, 0])
        np.testing.assert_array_equal(drawn.y, components.scores[:, 1])
    assert list(steps.text)[:4] == ["a", "b", "c", "·"]
    np.testing.assert_array_equal(steps.marker.color, np.arange(trace.steps))
    assert (here.x[0], here.y[0]) == tuple(components.scores[4])
    for axis, share in zip((figure.layout.xaxis, figure.layout.yaxis), components.explained, strict=True):
        assert f"{round(100 * share)} % of the variance" in axis.title.text


def test_the_letters_of_a_long_path_are_left_out() -> None:
    trace = of_text("gru", "ab " * 100)
    steps = hidden.path(principal_components(trace["h"][0]), trace.tokens, LIGHT).data[1]
    assert steps.mode == "markers"
    assert len(steps.x) == 300
