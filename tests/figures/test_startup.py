"""Untrained cells on one absolute log axis: what is drawn where, and how a curve ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.analysis.reach import FLOOR
from explorer.analysis.startup import CEILING, Spread
from explorer.figures.startup import USUAL_TOP, Untrained, reach_at_start
from explorer.figures.theme import LIGHT
from explorer.signals import Array

STEPS = 100


def falling(factor: float) -> Array:
    """As float32 would have it: flushed below the floor, infinite above the ceiling."""
    with np.errstate(over="ignore"):
        curve = (np.float64(factor) ** np.arange(STEPS + 1)).copy()
    curve[curve < FLOOR] = 0
    curve[curve > CEILING] = np.inf
    return np.asarray(curve)


def untrained(letter: str, factor: float, cell: str = "rnn", direct: Array | None = None) -> Untrained:
    middle = falling(factor)
    return Untrained(letter, f"name of {letter}", cell, "‖J‖", Spread(middle, middle / 2, middle * 2), 5, direct)


THREE = (untrained("A", 0.1), untrained("B", 0.5, "lstm"), untrained("C", 1.0, "lstm"))


def curve_of(figure: go.Figure, letter: str) -> Any:
    (found,) = (trace for trace in figure.data if str(trace.name).startswith(f"{letter}  "))
    return found


def written(figure: go.Figure) -> dict[str, Any]:
    return {note.text: note for note in figure.layout.annotations}


def letters(figure: go.Figure) -> dict[str, float]:
    """Each line's letter and its height, in decades."""
    return {text[3]: note.y for text, note in written(figure).items() if text.startswith("<b>")}


def drawn(curves: Sequence[Untrained] = THREE, chosen: int = 0) -> go.Figure:
    return reach_at_start(curves, LIGHT, chosen=chosen)


def test_a_curve_is_drawn_as_it_is() -> None:
    """Absolute, at each distance; the hover has the median, the lowest and the highest draw, and what is measured."""
    figure = drawn()
    curve = curve_of(figure, "B")
    np.testing.assert_array_equal(curve.x, np.arange(STEPS + 1))
    np.testing.assert_array_equal(curve.y, falling(0.5))
    np.testing.assert_array_equal(curve.customdata, np.stack([falling(0.5), falling(0.5) / 2, falling(0.5) * 2], -1))
    assert "5 draws from 0.5 to 2" in curve.text[0] and "‖J‖" in curve.hovertemplate
    assert curve.name == "B  name of B"
    assert figure.layout.yaxis.type == "log"


def test_a_curve_that_vanishes_ends_on_the_floor_which_has_a_name() -> None:
    figure = drawn()
    curve = curve_of(figure, "A")
    assert (curve.x[-1], curve.y[-1]) == (38, FLOOR)
    assert curve.customdata[-1][0] == 0, "the hover tells the true number"
    (floor,) = (text for text in written(figure) if "smallest float32" in text)
    assert "1.2 × 10⁻³⁸" in floor
    assert FLOOR in {shape.y0 for shape in figure.layout.shapes}


def test_one_that_explodes_is_not_cut_off() -> None:
    """The axis grows with it; where it leaves float32 a triangle on a named line says so."""
    grows, bursts = untrained("A", 2.0), untrained("A", 4.0)
    axis = drawn([grows, *THREE[1:]]).layout.yaxis.range
    assert axis[1] > np.log10(2.0**STEPS)
    assert not [text for text in written(drawn([grows])) if "largest float32" in text]
    figure = drawn([bursts, *THREE[1:]])
    curve = curve_of(figure, "A")
    assert (curve.x[-1], curve.y[-1]) == (64, CEILING)
    (triangle,) = (trace for trace in figure.data if trace.mode == "markers")
    assert (triangle.x[0], triangle.y[0]) == (64, CEILING) and "more than float32 can hold" in triangle.hovertemplate
    assert [text for text in written(figure) if "largest float32" in text]
    assert figure.layout.yaxis.range[1] > np.log10(CEILING)


def test_the_axis_stays_where_it_is_while_curves_move() -> None:
    """From below the floor to above USUAL_TOP, whatever is drawn beneath it."""
    low, high = drawn().layout.yaxis.range
    assert low < np.log10(FLOOR) and high > np.log10(USUAL_TOP)
    assert tuple(drawn([untrained("A", 0.99)]).layout.yaxis.range) == (low, high)


def test_the_chosen_one_is_strong_and_the_others_faint() -> None:
    """And its spread is a band from the lowest draw to the highest; dashes and letters tell curves of one colour apart."""
    for chosen, letter in enumerate("ABC"):
        figure = drawn(chosen=chosen)
        curves = {one.letter: curve_of(figure, one.letter) for one in THREE}
        widths = {name: curve.line.width for name, curve in curves.items()}
        assert max(widths, key=lambda name: widths[name]) == letter and len(set(widths.values())) == 2
        assert curves[letter].line.color == LIGHT.cells[THREE[chosen].cell]
        assert all(curves[one].line.color not in LIGHT.cells.values() for one in set("ABC") - {letter})
        assert len({curve.line.dash for curve in curves.values()}) == 3
        (band,) = (trace for trace in figure.data if trace.fill == "toself")
        assert max(band.y) == 2 * max(THREE[chosen].spread.middle)


def test_every_line_ends_in_its_letter() -> None:
    found = letters(drawn())
    assert set(found) == set("ABC")
    assert found["A"] == pytest.approx(np.log10(FLOOR)) and found["C"] == 0


def test_letters_of_lines_that_end_in_one_place_do_not_lie_on_one_another() -> None:
    """Nor where the axis is twice as long, since a curve overflows."""
    for first in (1.0, 4.0):
        figure = drawn([untrained("A", first), untrained("B", 1.0), untrained("C", 1.0)])
        low, high = figure.layout.yaxis.range
        assert min(np.diff(sorted(letters(figure).values()))) > 0.05 * (high - low), "a letter is 18 of 310 pixels high"


def test_the_keep_gates_alone_are_a_line_of_the_chosen_one() -> None:
    curves = [untrained("A", 0.9, "lstm", falling(0.8)), untrained("B", 0.9, "lstm", falling(0.7))]
    for chosen, (letter, factor) in enumerate((("A", 0.8), ("B", 0.7))):
        (line,) = (trace for trace in drawn(curves, chosen).data if "alone" in str(trace.name))
        assert line.name.startswith(letter)
        np.testing.assert_array_equal(line.y, falling(factor))
    assert not [trace for trace in drawn().data if "alone" in str(trace.name)], "an RNN has none"
