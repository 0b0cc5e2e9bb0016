"""The figures of the page that compares networks: what is drawn is what was given, on one scale, told apart by more than colour."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.analysis.numbers import share
from explorer.figures import compare
from explorer.figures.theme import LIGHT, THEMES
from tests.figures.readings import plain, vertical_lines

CELLS = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn"}
NAMES = ("a", "<b>", "c")
ANSWERS = {
    "LSTM": (np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.8, 0.1])),
    "GRU": (np.array([0.6, 0.3, 0.1]), np.array([0.5, 0.4, 0.1])),
    "RNN": (np.array([0.2, 0.2, 0.6]), np.array([0.2, 0.2, 0.6])),
}


def bars(answers: dict[str, Any] = ANSWERS, **options: Any) -> go.Figure:
    cells = {name: CELLS.get(name, name) for name in answers}
    return compare.bars(answers, NAMES, compare.styles(cells, LIGHT), LIGHT, **options)


def test_a_full_bar_with_and_a_hatched_one_without() -> None:
    figure = bars()
    assert len(figure.data) == 6
    for (name, (whole, less)), full, hatched in zip(ANSWERS.items(), figure.data[::2], figure.data[1::2], strict=True):
        np.testing.assert_array_equal(full.x, whole)
        np.testing.assert_array_equal(hatched.x, less)
        assert not full.marker.pattern.shape and hatched.marker.pattern.shape
        assert full.name.startswith(name) and hatched.name.startswith(name)
        assert list(full.text) == [share(value) for value in whole]


def test_all_panels_have_one_scale_with_room_for_the_numbers() -> None:
    axes = [axis for axis in plain(bars())["layout"].items() if axis[0].startswith("xaxis")]
    assert len(axes) == 3
    assert {tuple(axis["range"]) for _, axis in axes} == {(0, 0.8 * 1.3)}


def test_the_right_answer_is_marked_by_a_sign() -> None:
    assert list(bars(right=1).layout.yaxis.ticktext) == ["a", "✓ &lt;b&gt;", "c"]
    assert "✓" not in "".join(bars().layout.yaxis.ticktext)


@pytest.mark.parametrize(("count", "lines"), [(1, 1), (4, 1), (5, 2), (7, 2)])
def test_four_panels_stand_side_by_side(count: int, lines: int) -> None:
    figure = bars({f"network {n}": ANSWERS["LSTM"] for n in range(count)})
    tops = {axis["domain"][1] for name, axis in plain(figure)["layout"].items() if name.startswith("yaxis")}
    assert len(figure.data) == 2 * count
    assert len(tops) == lines


@pytest.mark.parametrize("theme", THEMES.values())
def test_networks_have_looks_of_their_own(theme: Any) -> None:
    """A cell's own colour and dash for the first network that has it; any number of others differ in one or both."""
    cells = CELLS | {"untrained LSTM": "lstm", "JORDAN": "jordan", "MGU": "mgu"}
    found = compare.styles(cells, theme)
    assert found["LSTM"].colour == theme.cells["lstm"]
    assert found["GRU"].dash == "dash"
    looks = {(style.colour, style.dash) for style in found.values()}
    assert len(looks) == len(cells)
    assert [style.label for style in found.values()] == list(cells)


def test_there_is_no_end_of_looks() -> None:
    assert len(compare.styles({str(n): str(n) for n in range(20)}, LIGHT)) == 20


def test_the_left_out_token_and_the_playhead_are_framed() -> None:
    changes = {"LSTM": np.array([-1.0, 0, -2, 0]), "RNN": np.zeros(4)}
    figure = compare.left_out(changes, tuple("abcd"), LIGHT, step=2, without=0)
    frames = {(shape.x0, shape.x1): shape.line.dash for shape in figure.layout.shapes}
    assert frames == {(1.5, 2.5): None, (-0.5, 0.5): "dot"}
    np.testing.assert_array_equal(figure.data[0].z, np.stack(list(changes.values())))
    assert figure.data[0].zmin == -figure.data[0].zmax


def numbers(**options: Any) -> go.Figure:
    return compare.numbers(
        {"LSTM": (0.5, -0.1), "RNN": (0.2, 0.2)},
        compare.styles({"LSTM": "lstm", "RNN": "rnn"}, LIGHT),
        LIGHT,
        **options,
    )


def test_numbers_have_bars_from_0() -> None:
    whole, less = numbers().data
    assert (list(whole.x), list(less.x)) == ([0.5, 0.2], [-0.1, 0.2])
    assert list(whole.y) == ["LSTM", "RNN"]
    assert list(less.text) == ["−0.1", "0.2"]


def test_the_right_number_is_a_line_with_a_name() -> None:
    figure = numbers(right=-0.75)
    assert vertical_lines(figure) == {-0.75}
    assert figure.layout.annotations[0].text == "right: −0.75"
    assert not vertical_lines(numbers())


APART = {"GRU": np.array([0.1, 0.2, 0.3]), "RNN": np.array([0.4, 0.5, 0.6])}
MORE = {"GRU": np.array([-1, 2, np.nan]), "RNN": np.array([0.5, 0, np.nan])}


def differences(losses: dict[str, Any], **options: Any) -> go.Figure:
    styles = compare.styles({"GRU": "gru", "RNN": "rnn"}, LIGHT)
    options = {"says": ("apart", "more wrong"), "bounded": True, "step": 1} | options
    return compare.differences(APART, losses, tuple("abc"), styles, LIGHT, **options)


def test_above_how_far_apart_below_how_much_more_wrong() -> None:
    figure = differences(MORE)
    curves = [(trace.name, trace.yaxis, list(trace.y)) for trace in figure.data]
    assert [(name, axis) for name, axis, _ in curves] == [("GRU", "y"), ("RNN", "y"), ("GRU", "y2"), ("RNN", "y2")]
    np.testing.assert_array_equal(curves[1][2], APART["RNN"])
    np.testing.assert_array_equal(curves[2][2], MORE["GRU"])
    assert figure.layout.yaxis.title.text == "apart" and figure.layout.yaxis2.title.text == "more wrong"
    assert list(figure.layout.xaxis2.ticktext) == list("abc")
    assert 1 in vertical_lines(figure)


def test_where_nothing_is_known_to_be_right_there_is_one_panel() -> None:
    figure = differences({})
    assert len(figure.data) == 2
    assert list(figure.layout.xaxis.ticktext) == list("abc")


def test_shares_reach_from_0_to_1_and_numbers_as_far_as_they_do() -> None:
    assert figure_range(differences(MORE)) == (0, 1.02)
    assert figure_range(differences(MORE, bounded=False)) is None


def figure_range(figure: go.Figure) -> tuple[float, ...] | None:
    return figure.layout.yaxis.range


SCORES = {"LSTM": [(1, 0.9), (2, 0.9), (3, 0.7)], "RNN": [(1, 0.5)]}


def scores(found: dict[str, Any] = SCORES, **options: Any) -> go.Figure:
    styles = compare.styles({name: CELLS[name] for name in found}, LIGHT)
    options = {"percent": True, "baseline": 0.25} | options
    return compare.scores(found, {"LSTM": 2, "RNN": 1}, "right", styles, LIGHT, **options)


def test_a_dot_a_seed_and_the_shipped_one_has_a_rim() -> None:
    lstm, rnn = scores().data
    assert (list(lstm.x), list(lstm.customdata)) == ([0.9, 0.9, 0.7], [1, 2, 3])
    assert list(lstm.marker.line.width) == [1, 3, 1]
    assert list(rnn.x) == [0.5]


def test_equal_scores_are_all_seen() -> None:
    """In a row, and not in the next one's."""
    lstm, rnn = scores().data
    assert len(set(lstm.y)) == 3 and max(abs(lstm.y)) < 0.5
    assert list(rnn.y) == [1]


def test_the_baseline_is_a_line_with_a_name() -> None:
    figure = scores()
    assert vertical_lines(figure) == {0.25}
    assert figure.layout.annotations[0].text == "without a memory"
    assert not vertical_lines(scores(baseline=None))


def test_errors_that_are_orders_apart_stand_on_a_log_axis() -> None:
    wide = {"LSTM": [(1, 0.0002)], "RNN": [(1, 0.01)]}
    figure = scores(wide, percent=False, baseline=0.1)
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.annotations[0].x == pytest.approx(-1)  # the exponent, as plotly places it there
    assert scores(wide, percent=True).layout.xaxis.type is None
    assert scores(percent=False).layout.xaxis.type is None
