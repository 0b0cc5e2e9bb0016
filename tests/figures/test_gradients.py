"""The figures of the page on gradients, on data of our choice: each number where it belongs, and what is no number, or nothing, as such."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.analysis.reach import FLOOR, Spread, by_distance
from explorer.figures.gradients import (
    SIDE_BY_SIDE,
    channels,
    deletion_rows,
    elman,
    on_one_scale,
    singular_values,
    two_paths,
)
from explorer.figures.gradients import (
    by_distance as drawn_by_distance,
)
from explorer.figures.theme import LIGHT
from explorer.models import Elman, Paths, Spectra
from explorer.signals import Array
from tests.figures.readings import vertical_lines

TOKENS = tuple("abcde")


def named(figure: go.Figure) -> dict[str, go.Scatter]:
    return {trace.name: trace for trace in figure.data if trace.name}


def crosses(figure: go.Figure) -> list[tuple[float, float]]:
    """Where something is marked as no finite number."""
    marked = [trace for trace in figure.data if trace.type == "scatter" and trace.marker.symbol == "x"]
    assert all(trace.marker.color == LIGHT.missing for trace in marked)
    return [(x, y) for trace in marked for x, y in zip(trace.x, trace.y, strict=True)]


def back(target: int) -> list[int]:
    """The steps from the target back to the first."""
    return list(range(target + 1))[::-1]


def notes(figure: go.Figure) -> str:
    return " ".join(note.text for note in figure.layout.annotations)


# What leaving a token out changes


def test_deletion_rows() -> None:
    """A row a network on one scale about 0; the hover tells the number, and counts steps from 1."""
    changes = {"lstm": np.array([0.5, -0.25, 0, 0, 0]), "rnn": np.array([0, 0, 1, 0, -0.5])}
    figure = deletion_rows(changes, TOKENS, LIGHT, target=4)
    rows, points = figure.data
    assert list(rows.y) == ["LSTM", "RNN"]
    assert rows.zmin == -rows.zmax
    assert rows.colorscale[1] == (0.5, LIGHT.background)
    for place, change in enumerate(changes.values()):
        np.testing.assert_array_equal(rows.z[place], change.astype(np.float32))
        told = points.customdata[points.y == rows.y[place]]
        np.testing.assert_array_equal(told, np.stack([change, [1, 2, 3, 4, 5]], -1))
    (frame,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert (frame.x0, frame.x1) == (3.5, 4.5)


def test_one_large_change_does_not_hide_the_others() -> None:
    """The scale ends at the 98th percentile of all sizes."""
    change = np.append(np.full(199, 0.1), 50.0)
    rows, points = deletion_rows({"lstm": change}, ["a"] * 200, LIGHT).data
    assert rows.zmax == pytest.approx(0.1)
    assert points.customdata[-1, 0] == 50


def test_a_single_change_has_a_scale() -> None:
    """Though its percentile is 0; and where nothing changes at all there is one, too."""
    one = np.append(np.zeros(199), 0.25)
    assert deletion_rows({"lstm": one}, ["a"] * 200, LIGHT).data[0].zmax == 0.25
    assert deletion_rows({"lstm": np.zeros(5)}, TOKENS, LIGHT).data[0].zmax == 1


def test_a_change_that_is_no_number_is_marked() -> None:
    changes = {"lstm": np.array([np.nan, 1.0]), "rnn": np.array([1.0, -np.inf])}
    figure = deletion_rows(changes, "ab", LIGHT)
    _, marks, points = figure.data
    assert set(crosses(figure)) == {(0, "LSTM"), (1, "RNN")}
    assert marks.unselected.marker.opacity == 1, "they stay when something is chosen"
    assert set(zip(points.x, points.y, strict=True)) == {(1, "LSTM"), (0, "RNN")}, (
        "elsewhere the cross tells what is there"
    )
    assert np.isfinite(figure.data[0].zmax)


def test_every_cell_of_the_rows_can_be_clicked() -> None:
    """By a point on top of it, which is not seen, whether it was chosen or not; wherever in the cell, the nearest is the cell's own."""
    figure = deletion_rows({"lstm": np.zeros(5), "rnn": np.ones(5)}, TOKENS, LIGHT)
    points = figure.data[-1]
    assert set(zip(points.x, points.y, strict=True)) == {(x, y) for x in range(5) for y in ("LSTM", "RNN")}
    assert points.marker.opacity == points.selected.marker.opacity == points.unselected.marker.opacity == 0
    assert figure.data[0].hoverinfo == "skip", "the point tells, and the cell beneath is not in its way"
    assert (figure.layout.hovermode, figure.layout.hoverdistance) == ("closest", -1)


# By distance


def spreads(*matrices: Array) -> dict[str, Spread]:
    return {name: by_distance(matrix) for name, matrix in zip(("lstm", "gru", "rnn"), matrices, strict=False)}


def test_by_distance() -> None:
    """The median as a line and the quartiles as a band, up to the last distance that has a pair."""
    matrix = np.array([[1, 0, 0, 0], [2, 3, 0, 0], [4, 6, 5, 0], [np.nan] * 4])
    figure = drawn_by_distance(spreads(matrix), LIGHT)
    band, line = figure.data
    np.testing.assert_array_equal(line.x, [0, 1, 2])
    np.testing.assert_array_equal(line.y, [3, 4, 4])
    np.testing.assert_array_equal(line.customdata, [3, 4, 4])
    np.testing.assert_array_equal(band.x, [0, 1, 2, 2, 1, 0])
    np.testing.assert_array_equal(band.y, [4, 5, 4, 4, 3, 2])
    assert figure.layout.yaxis.type == "log"
    assert not figure.layout.shapes, "the floor is far below"


def test_what_vanished_lies_on_the_floor() -> None:
    """Which is then drawn and named; the hover tells the true number."""
    matrix = np.array([[1, 0, 0], [1e-30, 1, 0], [0, 1e-30, 1.0]])
    figure = drawn_by_distance(spreads(matrix), LIGHT)
    line = figure.data[-1]
    np.testing.assert_array_equal(line.y, [1, 1e-30, FLOOR])
    assert line.customdata[-1] == 0
    (floor,) = figure.layout.shapes
    assert floor.y0 == floor.y1 == FLOOR
    (note,) = figure.layout.annotations
    assert note.text == "smallest float32 (1.2 × 10⁻³⁸)"
    assert note.y == np.log10(FLOOR), "on the line: a log axis takes exponents"


def test_underflow_lies_on_the_floor() -> None:
    """As numbers do that float64 holds and float32 does not."""
    line = drawn_by_distance(spreads(np.array([[1, 0], [1e-44, 1.0]])), LIGHT).data[-1]
    np.testing.assert_array_equal(line.y, [1, FLOOR])
    assert line.customdata[1] == 1e-44


# Two paths


PATHS = Paths(
    direct=np.array([[0.1, 0.2], [0.3, 0.25], [1.0, 1.0], [0, 0], [0, 0]]),
    diagonal=np.array([[-0.4, 0.1], [0.2, -0.5], [1.0, 1.0], [0, 0], [0, 0]]),
    frobenius=np.array([1.0, 2.0, 1.5, 0, 0]),
    spectral=np.array([0.5, 1.9, 1.0, 0, 0]),
)


def test_two_paths() -> None:
    """The direct one of the unit that keeps most, the full one's largest stretch; none after the target; the source marked."""
    figure = two_paths(PATHS, TOKENS, LIGHT, back(2), since=1)
    direct, full = figure.data
    np.testing.assert_array_equal(direct.customdata, [0.2, 0.3, 1])
    np.testing.assert_array_equal(full.customdata, [0.5, 1.9, 1])
    np.testing.assert_array_equal(direct.x, [0, 1, 2])
    assert "direct path" in direct.name and "full derivative" in full.name
    assert vertical_lines(figure) == {1}
    assert "step 3" in figure.layout.yaxis.title.text


def test_two_paths_of_the_pinned_unit() -> None:
    """Its own product of gates, and the size of its own entry in the full derivative."""
    figure = two_paths(PATHS, TOKENS, LIGHT, back(2), unit=1, since=1)
    np.testing.assert_array_equal(named(figure)["direct path of unit 1"].customdata, [0.2, 0.25, 1])
    np.testing.assert_array_equal(named(figure)["unit 1 on itself, all paths"].customdata, [0.1, 0.5, 1])


def test_paths_that_end_or_break_are_seen_to() -> None:
    """A product of gates that are shut reaches the floor; what is no number is marked on it."""
    direct = np.array([[0.0], [1e-45], [1.0]])
    paths = Paths(direct, direct, direct[:, 0], np.array([np.nan, np.inf, 1.0]))
    figure = two_paths(paths, "abc", LIGHT, back(2))
    assert list(figure.data[0].y) == [FLOOR, FLOOR, 1]
    assert crosses(figure) == [(0, FLOOR), (1, FLOOR)]
    assert "smallest float32 (1.2 × 10⁻³⁸)" in notes(figure) and "far below" not in notes(figure)


def test_ticks_stand_at_powers_of_ten() -> None:
    """Where there are several of them, at most about eight."""
    few = two_paths(PATHS, TOKENS, LIGHT, back(2))
    assert few.layout.yaxis.dtick is None
    long = Paths(PATHS.direct * [[1e-30], [1], [1], [1], [1]], PATHS.diagonal, PATHS.frobenius, PATHS.spectral)
    assert two_paths(long, TOKENS, LIGHT, back(2)).layout.yaxis.dtick in (4, 5)


# The full derivative


def test_channels() -> None:
    """Rows are units at the target, columns those at the source, both in the given order, which the hover tells."""
    full = np.array([[1.0, -2.0], [3.0, 4.0]])
    (drawn,) = channels(np.zeros(2), full, LIGHT, np.array([1, 0])).data
    np.testing.assert_array_equal(drawn.z, [[4, 3], [-2, 1]])
    assert drawn.customdata.tolist() == [[["1", "1"], ["0", "1"]], [["1", "0"], ["0", "0"]]]
    assert drawn.hovertemplate.startswith("unit %{customdata[0]} on unit %{customdata[1]}")
    assert drawn.zmin == -drawn.zmax
    assert 3 < drawn.zmax <= 4


def test_channels_of_nothing_and_of_no_number() -> None:
    zeros = channels(np.zeros(2), np.zeros((2, 2)), LIGHT, np.arange(2))
    assert zeros.data[0].zmax == 1
    one = np.zeros((30, 30))
    one[3, 4] = -1e-20
    assert channels(np.zeros(30), one, LIGHT, np.arange(30)).data[0].zmax == 1e-20
    broken = channels(np.zeros(2), np.array([[np.nan, 1.0], [2.0, np.inf]]), LIGHT, np.array([1, 0]))
    assert set(crosses(broken)) == {(1, 1), (0, 0)}
    assert np.isfinite(broken.data[0].zmax)


def test_a_network_of_one_unit_has_a_channel() -> None:
    (drawn,) = channels(np.array([0.5]), np.array([[0.75]]), LIGHT, np.array([0])).data
    assert drawn.z.tolist() == [[0.75]]


# Singular values


def spectra(full: Array) -> Spectra:
    """Of a cell of which half of what is carried on is h, which is stretched half as much."""
    return Spectra(full[:, : full.shape[1] // 2] / 2, full, np.full(len(full), 1e-17))


def test_singular_values() -> None:
    """Of each step up to the target, of all that is carried on: the largest, the median and the smallest; of h the largest; rounding."""
    full = np.array([[0.3, 0.02, 0.001], [0.5, 0.1, 0.01], [1, 1, 1], [np.nan] * 3])
    curves = named(singular_values(spectra(full), tuple("abcd"), LIGHT, back(2)))
    np.testing.assert_array_equal(curves["largest"].customdata, [0.3, 0.5, 1])
    np.testing.assert_array_equal(curves["median"].customdata, [0.02, 0.1, 1])
    np.testing.assert_array_equal(curves["smallest"].customdata, [0.001, 0.01, 1])
    np.testing.assert_array_equal(curves["largest of h alone"].customdata, [0.15, 0.25, 0.5])
    np.testing.assert_array_equal(curves["rounding"].customdata, [1e-17] * 3)


def test_singular_values_that_vanish_or_are_no_number() -> None:
    h = np.array([[np.nan, np.nan], [0, 0], [1e-45, 0], [1, 1]])
    figure = singular_values(spectra(h), tuple("abcd"), LIGHT, back(3))
    assert list(named(figure)["largest"].y[1:]) == [FLOOR, FLOOR, 1]
    assert (0, FLOOR) in crosses(figure)


def test_a_backward_row_has_read_what_stands_behind_the_target() -> None:
    full = np.array([[np.nan] * 2, [1, 1], [0.5, 0.1], [0.3, 0.02]])
    curves = named(singular_values(spectra(full), tuple("abcd"), LIGHT, [1, 2, 3]))
    np.testing.assert_array_equal(curves["largest"].customdata, [1, 0.5, 0.3])


def test_many_steps_are_counted_back() -> None:
    """From the target: letters would lie on one another in so narrow a figure."""
    steps = SIDE_BY_SIDE + 7
    axis = singular_values(spectra(np.ones((steps, 2))), ["a"] * steps, LIGHT, back(steps - 1)).layout.xaxis
    assert dict(zip(axis.ticktext, axis.tickvals, strict=True)) == {"0": 30, "10": 20, "20": 10, "30": 0}
    assert axis.title.text == "steps back"
    few = singular_values(spectra(np.ones((5, 2))), TOKENS, LIGHT, back(4)).layout.xaxis
    assert few.ticktext == TOKENS


def test_few_words_are_as_long_as_many_letters() -> None:
    axis = singular_values(spectra(np.ones((12, 2))), ["wonderful"] * 12, LIGHT, back(11)).layout.xaxis
    assert dict(zip(axis.ticktext, axis.tickvals, strict=True)) == {"0": 11, "5": 6, "10": 1}


def test_compared_networks_have_one_scale() -> None:
    """The widest that one of them needs, and what is said of the floor is true of all."""
    near = singular_values(spectra(np.array([[0.1, 0.1], [1, 1.0]])), "ab", LIGHT, back(1))
    far = singular_values(spectra(np.array([[1e-45, 1e-45], [1, 1]])), "ab", LIGHT, back(1))
    large = singular_values(spectra(np.array([[1e6, 1], [1, 1]])), "ab", LIGHT, back(1))
    low, high = far.layout.yaxis.range[0], large.layout.yaxis.range[1]
    on_one_scale([near, far, large])
    for figure in (near, far, large):
        assert figure.layout.yaxis.range == (low, high)
        assert notes(figure) == "smallest float32 (1.2 × 10⁻³⁸)"


# The Elman network


def test_elman() -> None:
    """What happens, the bound, and the product in the wrong order, from each step to the target."""
    nan = np.nan
    said = Elman(
        0.5,
        2.0,
        1.0,
        np.array([0.2, 0.5, 1, nan]),
        np.array([4.0, 2, 1, nan]),
        np.array([0.1, 0.4, 1, nan]),
        np.zeros(4),
    )
    figure = elman(said, tuple("abcd"), LIGHT, back(2))
    exact, bound, misordered = figure.data
    np.testing.assert_array_equal(exact.customdata, [0.2, 0.5, 1])
    np.testing.assert_array_equal(bound.customdata, [4, 2, 1])
    np.testing.assert_array_equal(misordered.customdata, [0.1, 0.4, 1])
    assert not crosses(figure)


def test_a_bound_beyond_all_numbers_is_marked() -> None:
    """The axis holds what is finite."""
    said = Elman(3.0, 9.0, 1.0, np.array([0.2, 1]), np.array([np.inf, 1]), np.array([0.1, 1]), np.zeros(2))
    figure = elman(said, "ab", LIGHT, back(1))
    assert crosses(figure) == [(0, FLOOR)]
    assert np.isfinite(figure.layout.yaxis.range).all()


def test_the_title_of_counted_steps_has_room() -> None:
    """Where letters would not be read the axis counts, and says so below its numbers."""
    long = Paths(np.ones((300, 1)), np.ones((300, 1)), np.ones(300), np.ones(300))
    short = two_paths(PATHS, TOKENS, LIGHT, back(2)).layout
    counted = two_paths(long, "a" * 300, LIGHT, back(299)).layout
    assert short.xaxis.title.text is None and counted.xaxis.title.text == "step"
    assert counted.margin.b > short.margin.b
