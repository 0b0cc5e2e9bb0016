"""The chart beside a finding: every number of the picture is drawn, what it is about stands out, and what is no number is seen."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.analysis.diagnosis.pictures import bars, lines
from explorer.analysis.reach import FLOOR
from explorer.figures.diagnosis import of_finding
from explorer.figures.theme import LIGHT, THEMES, Theme

SHARES = bars("shut", np.array([0.2, 1.0, np.nan, 0.97]), "share", marked=[1, 3], threshold=0.95, low=0.0, high=1.0)


def at_foot(figure: go.Figure, symbol: str) -> list[float]:
    return [float(x) for mark in figure.data if mark.yaxis == "y2" and mark.marker.symbol == symbol for x in mark.x]


def test_bars() -> None:
    """Each unit's number is in the hover; those that it is about are strong and marked, and a cross stands where there is none."""
    others, about = of_finding(SHARES, LIGHT, "keep").data[:2]
    assert dict(zip(about.x, about.y, strict=True)) == {1: 1.0, 3: 0.97}
    assert dict(zip(others.x, others.y, strict=True))[0] == 0.2
    assert about.marker.color == LIGHT.roles["keep"] != others.marker.color
    assert list(about.text) == ["unit 1", "unit 3"]
    figure = of_finding(SHARES, LIGHT, "keep")
    assert (at_foot(figure, "triangle-up"), at_foot(figure, "x")) == ([1, 3], [2])


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_without_a_role_it_has_the_colour_of_text(theme: Theme) -> None:
    assert of_finding(SHARES, theme).data[1].marker.color == theme.text


def test_where_it_begins_to_count() -> None:
    """A line over the whole width, with its number in the legend."""
    figure = of_finding(SHARES, LIGHT)
    assert (list(figure.data[-1].x), list(figure.data[-1].y)) == ([-0.5, 3.5], [0.95, 0.95])
    assert figure.data[-1].name == "bound 0.95" and figure.layout.showlegend
    assert figure.layout.yaxis.range[0] == 0 and figure.layout.yaxis.range[1] >= 1
    assert not [one for one in of_finding(bars("h", np.ones(3), "range"), LIGHT).data if one.type == "scatter"]


def test_numbers_below_zero_have_room() -> None:
    low, high = of_finding(bars("bias", np.array([-5.0, 1.0]), "bias", threshold=-7.0), LIGHT).layout.yaxis.range
    assert low < -7 and high > 1


def test_lines() -> None:
    """Told apart by dashes as well; one that was measured here and there is joined."""
    curves = {"gradient": np.array([1.0, 0.0, 1e-20]), "token left out": np.array([np.nan, 0.5, np.nan])}
    figure = of_finding(lines("reach", [0, 1, 2], curves, "steps back", "share", log=True), LIGHT)
    gradient, left_out = figure.data
    assert [gradient.name, left_out.name] == list(curves) and gradient.line.dash != left_out.line.dash
    assert list(gradient.y) == [1.0, FLOOR, 1e-20], "0 has no place on a logarithmic axis"
    assert list(gradient.customdata) == [1.0, 0.0, 1e-20], "the hover tells the number"
    assert left_out.connectgaps
    low, high = figure.layout.yaxis.range
    assert low < np.log10(FLOOR) and high >= 0


def test_where_no_curve_has_a_number_there_is_a_cross() -> None:
    figure = of_finding(lines("c", [1, 2, 3], {"a": np.array([1, np.inf, np.nan])}, "step", "c"), LIGHT)
    assert at_foot(figure, "x") == [2, 3]
    assert not figure.data[0].showlegend, "one curve is named by the axis"
