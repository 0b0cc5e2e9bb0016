"""A run as it was and the edited one: what is drawn is what was given, told apart by more than colour."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.figures.theme import LIGHT, THEMES, Theme
from explorer.figures.what_if import EDITED, WAS, Panel, along, carriers
from tests.figures.readings import plain, vertical_lines

WAS_VALUES, EDITED_VALUES = np.array([0.1, 0.6, 0.2]), np.array([0.1, np.nan, 0.9])
TOKENS = ("a", "<b>", "c")


def panels() -> list[Panel]:
    return [
        Panel("P(<b>)", LIGHT.accent, EDITED_VALUES, WAS_VALUES, (0.0, 1.0)),
        Panel("apart", LIGHT.text, np.abs(EDITED_VALUES - WAS_VALUES)),
    ]


def test_as_it_was_is_full_and_edited_is_dashed() -> None:
    was, edited, difference = along(panels(), TOKENS, LIGHT, step=1).data
    assert (was.name, edited.name) == (WAS, EDITED)
    np.testing.assert_array_equal(was.y, WAS_VALUES)
    np.testing.assert_array_equal(edited.y, EDITED_VALUES)
    np.testing.assert_array_equal(difference.y, np.abs(EDITED_VALUES - WAS_VALUES))
    assert was.line.dash is None and edited.line.dash
    assert difference.fill == "tozeroy" and was.fill is None


def test_a_deleted_token_leaves_a_gap() -> None:
    """No line is drawn over what was not read."""
    _, edited, _ = along(panels(), TOKENS, LIGHT, step=1).data
    assert not edited.connectgaps


def test_a_panel_has_its_own_scale_and_title() -> None:
    figure = along(panels(), TOKENS, LIGHT, step=1)
    assert figure.layout.yaxis.range == (0.0, 1.0) and figure.layout.yaxis2.range is None
    assert [note.text for note in figure.layout.annotations] == ["P(&lt;b&gt;)", "apart"]


def test_what_is_edited_is_shaded_and_the_playhead_goes_through_all() -> None:
    figure = along(panels(), TOKENS, LIGHT, step=1, edited=[(0, 1), (2, 2)])
    shades = [(shape["x0"], shape["x1"]) for shape in plain(figure)["layout"]["shapes"] if shape["type"] == "rect"]
    assert sorted(set(shades)) == [(-0.5, 1.5), (1.5, 2.5)]
    assert set(vertical_lines(figure)) == {1}


@pytest.mark.parametrize("theme", THEMES.values())
def test_carriers_are_rows_from_the_top_with_numbers(theme: Theme) -> None:
    """The effect at the left, how much each follows a property at the right, the pinned unit by a sign."""
    figure = carriers([4, 1], np.array([-2.0, 0.5]), np.array([0.2, -0.9]), theme, says="change", pinned=1)
    effects, follows = figure.data
    assert list(effects.x) == [-2.0, 0.5] and list(effects.text) == ["−2", "+0.5"]
    assert list(follows.x) == [0.2, 0.9] and list(follows.text) == ["0.20", "0.90"]
    assert list(figure.layout.yaxis.ticktext) == ["unit 4", "unit 1 ▸"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert figure.layout.xaxis.range[0] < -2 and figure.layout.xaxis.range[1] > 0.5


def test_without_a_property_there_is_one_panel() -> None:
    assert len(carriers([0], np.zeros(1), None, LIGHT, says="change").data) == 1
