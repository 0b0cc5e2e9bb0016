"""The conveyor belt: the state, what was kept of it and what was written, as the trace has them."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.figures.belt import belt
from explorer.figures.theme import THEMES
from tests.figures.readings import CELLS, MODES, UNITS, of_array, of_text, vertical_lines


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_numbers_are_the_traces(cell: str, mode: str, row: int) -> None:
    """And the next state is what was kept of the last, and what was written."""
    trace, theme = of_array(cell), THEMES[mode]
    state, kept, written = belt(trace, theme, 3, row=row).data
    np.testing.assert_array_equal(state.y, trace[trace.memory][row, :, 3])
    before = trace.previous(trace.memory)[row, :, 3]
    np.testing.assert_allclose(kept.y * before + written.y, state.y, atol=1e-6)  # one product and one sum of float32
    assert (kept.y >= 0).all() and (kept.y <= 1).all()
    assert (kept.name, written.name) == ("kept", "written")
    assert kept.marker.color == theme.roles["keep"]
    assert written.marker.color == theme.roles["write"]
    assert state.line.color == theme.roles["belt"]


def test_an_elman_network_has_a_state_alone() -> None:
    trace = of_array("rnn")
    figure = belt(trace, THEMES["light"], 1, row=1)
    (state,) = figure.data
    np.testing.assert_array_equal(state.y, trace["h"][1, :, 1])
    assert state.line.color == THEMES["light"].roles["hidden"]
    assert figure.layout.yaxis.title.text.startswith("state h")


@pytest.mark.parametrize(("cell", "title"), [("lstm", "belt c"), ("gru", "belt h")])
def test_titles(cell: str, title: str) -> None:
    layout = belt(of_text(cell), THEMES["light"], 0).layout
    assert layout.yaxis.title.text.startswith(title)
    assert (layout.yaxis2.title.text, layout.yaxis3.title.text) == ("kept", "written")
    assert layout.yaxis2.range[0] == 0 and layout.yaxis2.range[1] >= 1
    assert layout.yaxis2.title.font.color == THEMES["light"].roles["keep"]


@pytest.mark.parametrize("cell", CELLS)
def test_other_units_lie_behind_the_pinned_one(cell: str) -> None:
    trace = of_text(cell)
    figure = belt(trace, THEMES["light"], 2, others=[4, 0])
    for line, unit in zip(figure.data, [4, 0, 2], strict=False):
        np.testing.assert_array_equal(line.y, trace[trace.memory][0, :, unit])
        assert line.name == f"unit {unit}"
    widths = [line.line.width for line in figure.data[:3]]
    assert widths[2] > max(widths[:2])


@pytest.mark.parametrize("cell", CELLS)
def test_the_step_is_marked_in_every_lane(cell: str) -> None:
    trace = of_text(cell)
    figure = belt(trace, THEMES["light"], 0, step=6)
    assert vertical_lines(figure) == {6}
    heads = [shape.xref for shape in figure.layout.shapes if shape.x0 == shape.x1]
    assert len(heads) == (3 if trace.belt else 1)


def test_the_text_stands_under_the_lowest_lane() -> None:
    figure = belt(of_text("lstm"), THEMES["light"], UNITS - 1)
    assert figure.layout.xaxis3.ticktext[:4] == ("a", "b", "c", "·")
    assert not figure.layout.xaxis.showticklabels and not figure.layout.xaxis2.showticklabels
    assert figure.layout.xaxis3.showticklabels
