"""The start-up lab: what it opens on, what a slider, a preset and a link change, and what is said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.analysis.startup import course, courses, spread
from explorer.models.starts import OPEN, Start, at_start
from explorer.studio.startup import words as lab_words
from explorer.studio.startup.choices import PRESETS
from tests.app.driving import STARTUP, charts, check, opened, press, words

SIGMOID, ZERO, THREE = Start("rnn", "sigmoid"), Start("lstm", keep=0.0), Start("lstm", keep=3.0)


def lab(**link: Any) -> AppTest:
    return opened(STARTUP, **link)


def curves(at: AppTest) -> dict[str, dict[str, Any]]:
    """By letter."""
    (chart,) = charts(at)
    return {str(trace["name"])[0]: trace for trace in chart.data if "  " in str(trace.get("name"))}


def names(at: AppTest) -> list[str]:
    return [header.value for header in at.subheader]


def assert_drawn(at: AppTest, *starts: Start, **size: Any) -> None:
    """The median of what the library computes, under the name of that start; A, B and C in this order."""
    found = curves(at)
    assert sorted(found) == ["A", "B", "C"]
    for letter, start in zip("ABC", starts, strict=True):
        middle = spread(at_start(start, **size).reach).middle
        shown = found[letter]["customdata"]
        np.testing.assert_array_equal(shown[:, 0], middle[: len(shown)])
    assert names(at) == [f"{letter} · {lab_words.name_of(start)}" for letter, start in zip("ABC", starts, strict=True)]


def test_it_opens_on_three_untrained_cells() -> None:
    """Sigmoid RNN, LSTM with bias 0, LSTM with bias 3, on one axis; the words below are of these very curves."""
    at = lab()
    assert_drawn(at, SIGMOID, ZERO, THREE)
    assert not at.warning and not at.get("bidi_component"), "no text is read here"
    said = words(at)
    for start in (SIGMOID, ZERO, THREE):
        found = at_start(start)
        assert lab_words.of_course(course(spread(found.reach).middle), courses(found.reach)) in said
        assert lab_words.of_start(start, found, 100) in said
    assert "Median of 5 draws (seeds 0 to 4), 64 units" in said
    assert all(chart.proto.alt for chart in at.get("plotly_chart"))


def test_a_slider_moves_its_own_curve_and_no_other() -> None:
    at = lab()
    before = curves(at)
    check(at.slider(key="b_bias").set_value(2.0).run())
    assert_drawn(at, SIGMOID, Start("lstm", keep=2.0), THREE)
    assert curves(at)["A"]["line"] == before["A"]["line"]
    check(at.slider(key="b_gain").set_value(2.0).run())
    assert_drawn(at, SIGMOID, Start("lstm", keep=2.0, gain=2.0), THREE)


@pytest.mark.cases(3)
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_goes_into_the_chosen_cell(name: str) -> None:
    at = press(lab(turn="Cell C"), f"preset {name}")
    assert_drawn(at, SIGMOID, ZERO, PRESETS[name])


def test_the_presets_are_those_that_are_promised() -> None:
    assert PRESETS["Error carousel"] == Start("lstm", keep=OPEN)
    assert PRESETS["Orthogonal RNN"] == Start("rnn", "linear", "orthogonal", radius=1.0)
    assert [PRESETS[f"LSTM, bias {bias}"].keep for bias in (0, 1, 3)] == [0, 1, 3]


def test_one_preset_after_another_leaves_nothing_behind() -> None:
    at = lab()
    for name in ("Exploding RNN", "Error carousel", "Orthogonal RNN", "LSTM, bias 1", "Sigmoid RNN"):
        press(at, f"preset {name}")
        assert_drawn(at, SIGMOID, PRESETS[name], THREE)


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("link", "start"),
    [
        ({"a_phi": "tanh", "a_radius": 1.5, "a_matrix": "normal"}, Start("rnn", "tanh", "normal", radius=1.5)),
        ({"a_cell": "LSTM", "a_gate": "chrono", "a_lag": 50}, Start("lstm", chrono=50)),
        ({"a_cell": "LSTM", "a_gate": "forced open"}, Start("lstm", keep=OPEN)),
        ({"a_cell": "GRU", "a_bias": 2, "a_gain": 0.5}, Start("gru", keep=2.0, gain=0.5)),
    ],
    ids=["rnn", "chrono", "open", "gru"],
)
def test_a_link_says_how_a_cell_begins(link: dict[str, Any], start: Start) -> None:
    at = lab(**link)
    assert not at.warning
    assert_drawn(at, start, ZERO, THREE)


def test_a_link_says_how_large_how_long_and_which_draws() -> None:
    at = lab(units=16, steps=50, draws=3, seed=9, follow="h to h")
    assert_drawn(at, SIGMOID, ZERO, THREE, units=16, steps=50, draws=3, seed=9, of="h")
    assert "Median of 3 draws (seeds 9 to 11), 16 units" in words(at)
    assert "Median of 1 draw (seed 0)" in words(lab(draws=1))


@pytest.mark.cases(2)
@pytest.mark.parametrize(
    ("name", "value", "can"),
    [
        ("a_cell", "ESN", "RNN, LSTM, GRU"),
        ("b_bias", "99", "-3 to 6"),
        ("c_gain", "much", "0 to 4"),
        ("units", "7", "8, 16, 32, 64, 128"),
        ("seed", "-5", "0 to 9999"),
        ("turn", "Cell Q", "Cell A, Cell B, Cell C"),
    ],
)
def test_what_a_link_asks_for_and_cannot_be_had_is_told_once(name: str, value: str, can: str) -> None:
    """The page then shows what it opens on."""
    at = lab(**{name: value})
    (warning,) = at.warning
    plain = warning.value.replace("\\", "")
    assert f"asks for {name} “{value}”" in plain and can in plain
    assert_drawn(at, SIGMOID, ZERO, THREE)
    assert not check(at.run()).warning


def test_one_that_explodes_and_one_that_stays_are_said_to() -> None:
    at = press(lab(), "preset Orthogonal RNN")
    assert "Does not decay: **1.000** of it is left after 100 steps." in words(at)
    press(at, "preset Exploding RNN")
    assert "Has doubled after" in words(at)


def test_the_carousel_says_how_it_is_made() -> None:
    """That its keep gates lose nothing, and that there is another way back."""
    said = words(press(lab(), "preset Error carousel"))
    assert "σ(20) = 1" in said and "By themselves they would leave 1 after 100 steps" in said


def test_overflow_is_told() -> None:
    at = lab(a_phi="linear", a_radius=3, steps=100)
    assert "overflows float32 after **" in words(at)
    (chart,) = charts(at)
    assert [trace for trace in chart.data if trace.get("mode") == "markers"]


def test_a_text_begins_anew_after_the_lab() -> None:
    """What counts the texts is no key of the lab's: there that was the name of its open tab, and another text ended in an error."""
    at = lab()
    check(at.switch_page("pages/read/watch.py").run())
    first, *_ = [button for button in at.button if str(button.key).startswith("example ")]
    press(at, str(first.key))
    assert names(check(at.switch_page(STARTUP).run())) == names(lab())
    check(at.switch_page("pages/read/watch.py").run())
    press(at, str(first.key))
