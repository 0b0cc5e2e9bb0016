"""One training step drawn: the numbers given, what is chosen marked, what is no number crossed."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.figures import training_step as figures
from explorer.figures.theme import LIGHT
from tests.figures.readings import vertical_lines

TOKENS = tuple("abcdef")
LABELS = ("a", "b", "<i>", "d")


def crosses(figure) -> list[int]:
    dots = (trace for trace in figure.data if trace.type == "scatter" and trace.mode == "markers")
    return [int(x) for trace in dots if trace.marker.symbol == "x" for x in trace.x]


def test_pulls() -> None:
    """A bar a step, the chosen one in full colour; a frame about what they all belong to."""
    values = np.array([0.1, 3.0, np.nan, 0.0])
    figure = figures.pulls(values, TOKENS, LIGHT, fixed=3, chosen=1, title="pull")
    bars = figure.data[0]
    np.testing.assert_array_equal(bars.y, values)
    assert [colour == LIGHT.accent for colour in bars.marker.color] == [False, True, False, False]
    assert crosses(figure) == [2]
    (frame,) = (shape for shape in figure.layout.shapes if shape.type == "rect")
    assert (frame.x0, frame.x1) == (2.5, 3.5)


def test_truncation_at_each_k() -> None:
    """Share and angle side by side; the dot stands on the chosen k."""
    lost, angles = np.array([1.2, 0.4, 0.0]), np.array([95.0, 20.0, 0.0])
    figure = figures.truncation([1, 2, 5], lost, angles, LIGHT, 2)
    for line, dot, values in ((*figure.data[:2], lost), (*figure.data[2:], angles)):
        np.testing.assert_array_equal(line.y, values)
        assert (list(line.x), list(dot.x), list(dot.y)) == ([1, 2, 5], [2], [values[1]])
    for axis, top in ((figure.layout.yaxis, 1.2), (figure.layout.yaxis2, 95)):
        assert axis.range[0] < 0 and axis.range[1] > top, "nothing is cut off"


def test_what_is_lost_is_seen_against_all_of_it() -> None:
    """The axes reach to 100 % and to a right angle though the curves are far below."""
    figure = figures.truncation([1, 2], np.array([1e-3, 0]), np.array([0.1, 0]), LIGHT, 1)
    assert figure.layout.yaxis.range[1] > 1 and figure.layout.yaxis2.range[1] > 90


def test_norms_are_told_apart_without_their_colours() -> None:
    sizes = {"before": np.array([3.0, 1.0]), "by norm": np.array([1.5, 0.5]), "by value": np.array([1.0, 1.0])}
    figure = figures.norms(["weight_ih", "bias_ih"], sizes, LIGHT)
    for bars, (name, values) in zip(figure.data, sizes.items(), strict=True):
        assert bars.name == name
        np.testing.assert_array_equal(bars.x, values)
    before, by_norm, by_value = figure.data
    assert before.marker.line.width and not by_norm.marker.line.width
    assert by_value.marker.pattern.shape == "/"


def test_entries_beyond_the_limit_are_those_that_are_cut() -> None:
    """Each entry that is no 0 is in one bar; a limit between two bars parts them."""
    values = np.concatenate([np.full(7, 1e-3), np.full(4, -0.5), np.zeros(3)])
    within, beyond = figures.entries(values, 0.1, LIGHT).data
    assert (sum(within.y), sum(beyond.y)) == (7, 4)
    assert max(within.x) <= 0.1 < min(beyond.x)


def test_entries_that_are_not_shown_are_counted() -> None:
    figure = figures.entries(np.array([1.0, 1e-30, 1e-20, 0.0]), 0.5, LIGHT)
    title = figure.layout.xaxis.title.text
    assert "2 are smaller" in title and "1 exactly 0" in title


def test_losses_before_and_now() -> None:
    """Two lines, and below them the change: down and up in two colours."""
    before, now = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.5, 2.0])
    figure = figures.losses(before, now, TOKENS, LIGHT, ", nats", step=1)
    first, second, change = figure.data
    np.testing.assert_array_equal(first.y, before)
    np.testing.assert_array_equal(second.y, now)
    np.testing.assert_array_equal(change.y, [-2, 0.5, 0])
    assert change.marker.color[0] != change.marker.color[1]
    assert first.line.dash != second.line.dash
    assert vertical_lines(figure) == {1}
    assert figure.layout.yaxis.title.text == "loss, nats"


def test_a_loss_that_is_no_number_is_marked() -> None:
    before = np.array([3.0, 1.0, 2.0])
    assert crosses(figures.losses(before, np.array([np.nan, 1.0, np.inf]), TOKENS, LIGHT, "", step=0)) == [0, 2]


def test_answers_beside_the_right_ones() -> None:
    values = {"before": np.array([0.1, 0.2]), "now": np.array([0.3, 0.4]), "right": np.array([0.5])}
    figure = figures.answers(*values.values(), TOKENS, LIGHT, step=0)
    assert {trace.name: list(trace.y) for trace in figure.data} == {name: list(each) for name, each in values.items()}


def test_predictions_are_probabilities_the_likeliest_first() -> None:
    before, now = np.log([0.7, 0.1, 0.1, 0.1]), np.log([0.1, 0.2, 0.3, 0.4])
    old, new = figures.predictions(LABELS, before, now, LIGHT, "<i>").data
    assert list(new.y) == ["a", "d", "&lt;i&gt; ◂ right", "b"]
    np.testing.assert_allclose(old.x, [0.7, 0.1, 0.1, 0.1], rtol=1e-12)
    np.testing.assert_allclose(new.x, [0.1, 0.4, 0.3, 0.2], rtol=1e-12)


def test_the_right_answer_is_shown_however_unlikely_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SHOWN", 2)
    scores = np.log([0.5, 0.3, 0.19, 0.01])
    assert list(figures.predictions(LABELS, scores, scores, LIGHT, "d").data[0].y) == ["a", "d ◂ right"]
    assert list(figures.predictions(LABELS, scores, scores, LIGHT).data[0].y) == ["a", "b"]


def test_the_course_of_the_mean_loss() -> None:
    """From before the first update on; where there is no number, a cross."""
    figure = figures.course([3.0, 1.0, np.inf], LIGHT, ", nats")
    np.testing.assert_array_equal(figure.data[0].y, [3.0, 1.0, np.nan])
    assert crosses(figure) == [2]
