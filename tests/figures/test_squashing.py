"""A nonlinearity applied to its own result: values and slopes held against differences."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.figures.squashing import SQUASHES, composed, repeated
from explorer.figures.theme import LIGHT

AT = np.linspace(-5, 5, 101) + 0.01  # not at 0, where relu has a corner


@pytest.mark.parametrize("name", SQUASHES)
@pytest.mark.parametrize("times", [1, 2, 5])
def test_the_slope_is_that_of_the_composed_function(name: str, times: int) -> None:
    step = 1e-6
    above, below = composed(name, times, AT + step)[0], composed(name, times, AT - step)[0]
    # Central differences are exact to step² and to rounding / step, both below 1e-9.
    np.testing.assert_allclose(composed(name, times, AT)[1], (above - below) / (2 * step), atol=1e-9)


def test_each_sigmoid_leaves_at_most_a_quarter() -> None:
    """Of tanh and relu all can be left."""
    at = np.linspace(-6, 6, 2401)
    for times in range(1, 13):
        assert composed("σ", times, at)[1].max() <= 0.25**times
        assert composed("tanh", times, at)[1].max() == composed("relu", times, at)[1].max() == 1


@pytest.mark.parametrize("times", [1, 3, 12])
def test_repeated(times: int) -> None:
    """Left the values, right the slopes on a log axis; where relu is shut its slope is 0, which has no place there."""
    figure = repeated(times, LIGHT)
    assert [trace.name for trace in figure.data[::2]] == list(SQUASHES)
    for name, value, slope in zip(SQUASHES, figure.data[::2], figure.data[1::2], strict=True):
        expected, steepness = composed(name, times, np.asarray(value.x))
        np.testing.assert_array_equal(value.y, expected)
        np.testing.assert_array_equal(slope.y, np.where(steepness > 0, steepness, np.nan))
        assert (value.xaxis, slope.xaxis) == ("x", "x2")
    relu = np.asarray(figure.data[-1].y)
    assert np.isnan(relu[np.asarray(figure.data[-1].x) <= 0]).all() and np.nanmin(relu) == 1
    assert figure.layout.yaxis2.type == "log" and figure.layout.yaxis.type != "log"
    assert f"applied {times} ×" in [note.text for note in figure.layout.annotations]
