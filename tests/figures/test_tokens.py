"""The axis of tokens: the text as typed, visible, never taken for markup; a playhead."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from explorer.figures.theme import LIGHT
from explorer.figures.tokens import LEGIBLE, hover_tokens, label, playhead, token_axis
from tests.figures.readings import vertical_lines


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("a", "a"),
        (" ", "·"),
        ("\n", "↵"),
        ("<", "&lt;"),
        ("&", "&amp;"),
        ("<b>", "&lt;b&gt;"),
        ("&lt;", "&amp;lt;"),
        ('<a href="x">', '&lt;a href="x"&gt;'),
    ],
)
def test_label(token: str, shown: str) -> None:
    assert label(token) == shown


def test_the_hover_counts_from_1() -> None:
    assert hover_tokens(["a", "<", "\n"]) == ["step 1 · ‘a’", "step 2 · ‘&lt;’", "step 3 · ‘↵’"]


@pytest.mark.parametrize("steps", [1, 2, LEGIBLE])
def test_a_short_text_stands_letter_by_letter(steps: int) -> None:
    figure = go.Figure()
    token_axis(figure, ["a", "<", *"b" * steps][:steps], LIGHT)
    axis = figure.layout.xaxis
    assert axis.tickvals == tuple(range(steps))
    assert axis.ticktext == ("a", "&lt;", *"b" * steps)[:steps]
    assert axis.range == (-0.5, steps - 0.5)


@pytest.mark.parametrize("steps", [LEGIBLE + 1, 399, 400, 1000])
def test_a_long_text_has_its_steps_counted_from_1(steps: int) -> None:
    figure = go.Figure()
    token_axis(figure, "<" * steps, LIGHT)
    axis = figure.layout.xaxis
    assert [int(text) for text in axis.ticktext] == [place + 1 for place in axis.tickvals]
    assert all(place < steps for place in axis.tickvals)
    assert 3 <= len(axis.tickvals) <= 20
    assert axis.title.text == "step"
    assert axis.range == (-0.5, steps - 0.5)


def test_only_the_subplot_asked_for() -> None:
    figure = make_subplots(rows=2, cols=1)
    token_axis(figure, "ab", LIGHT, row=2, col=1)
    assert (figure.layout.xaxis.ticktext, figure.layout.xaxis2.ticktext) == (None, ("a", "b"))


def test_the_playhead_runs_through_all_subplots() -> None:
    figure = make_subplots(rows=2, cols=1)
    figure.add_trace(go.Scatter(y=[1]), row=1, col=1).add_trace(go.Scatter(y=[1]), row=2, col=1)
    playhead(figure, 7, LIGHT)
    assert vertical_lines(figure) == {7}
    assert {shape.xref for shape in figure.layout.shapes} == {"x", "x2"}
