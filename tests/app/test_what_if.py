"""The page that reaches into the running cell: its experiments, its list of edits and its numbers are the library's."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import explorer
from explorer import edits
from explorer.analysis.comparing import apart
from explorer.figures.compare import percent
from explorer.models import card_of
from explorer.studio.what_if import words as sentences
from explorer.studio.what_if.lines import read
from tests.app.driving import charts, check, choose, opened, press, stage_of, words
from tests.conftest import Shipped

KINDS = ("english-gru", "agreement-lstm", "sentiment-lstm", "brackets-rnn", "adding-gru", "waves-esn", "latch-lstm")
"""Next character, next word, class, label, number, forecast (of an echo state network), and one unit that was wired by hand."""
TABS = ("Along the text", "Every unit", "Which units carry it")
QUOTE = '"'
TEXT = 'She said, "I was cold," and so was he.'


def runs_of(at: AppTest) -> list[str]:
    """The keys of the experiments' buttons, in the order in which they stand."""
    return [str(button.key) for button in at.button if str(button.key).startswith("run ")]


def press_named(at: AppTest, label: str) -> AppTest:
    (key,) = (str(button.key) for button in at.button if button.label == label)
    return press(at, key)


def link_of(at: AppTest) -> str:
    """The edits that the link carries."""
    return str(at.session_state["edits"])


@pytest.mark.parametrize("name", KINDS)
def test_every_experiment_of_every_kind_of_answer_is_one_click(name: str) -> None:
    """None breaks, each is done as it says, and each says what changed."""
    at = opened("what-if", model=name)
    assert sentences.NOT_EDITED in words(at)
    assert len(at.subheader) == 2
    for key in runs_of(at):
        at = press(opened("what-if", model=name), key)
        assert link_of(at) and not at.warning
        assert sentences.NOT_EDITED not in words(at) and "Not done" not in words(at)
        assert "nan" not in words(at).lower().replace("(", " ").split()
        assert all(chart.proto.alt for chart in at.get("plotly_chart"))


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("name", KINDS)
def test_every_tab_of_every_kind_of_answer(name: str, tab: str) -> None:
    assert not opened("what-if", model=name, edits="scale h 0.5 steps 2-3", shown=tab).warning


def test_the_quotation_unit_forced_outside(shipped: Shipped) -> None:
    """The unit is the card's, its value within what it does here; P of the closing quote is that of the library, before and after."""
    name = "english-lstm"
    finding, model = card_of(name).show, shipped[name]
    at = press_named(opened("what-if", model=name, step=24), "Force it outside")
    line = read(link_of(at))
    assert line.units == (finding.unit,) and line.signals == ("c",)
    memory = explorer.trace(model, finding.text)["c"][0, :, finding.unit]
    assert memory.min() <= line.value <= memory.max()
    edited = explorer.predict(model, finding.text, edits=[edits.set_to("c", line.value, units=finding.unit)])
    before = explorer.predict(model, finding.text)
    step, column = 23, model.labels.index(QUOTE)
    was, now = (float(np.exp(values[step, column])) for values in (before, edited))
    assert now < was / 2
    assert f"falls from **{percent(was)}** to **{percent(now)}**" in words(at)
    shown = charts(at)[0].data
    np.testing.assert_allclose(shown[1]["y"], np.exp(edited[:, column]), atol=1e-6)  # float32, another order of sums
    np.testing.assert_allclose(shown[2]["y"], apart(before, edited, numbers=False), atol=1e-6)
    assert stage_of(at).place == (step, finding.unit)


def test_forced_inside_it_shows_where_no_quotation_is() -> None:
    """Where the unit is on already it cannot be switched on: the playhead goes to where it makes most difference."""
    at = press_named(opened("what-if", model="english-lstm", step=24), "Force it inside")
    text = card_of("english-lstm").show.text
    step, _ = stage_of(at).place
    assert text[: step + 1].count(QUOTE) % 2 == 0
    assert "rises from" in words(at)


def test_the_opening_quote_is_deleted_in_every_network(shipped: Shipped) -> None:
    at = press_named(opened("what-if", model="english-lstm", step=24), "Delete it")
    text = card_of("english-lstm").show.text
    assert read(link_of(at)).steps == (12, 12) and text[12] == QUOTE
    for cell in ("rnn", "gru", "lstm"):
        model = shipped[f"english-{cell}"]
        column = model.labels.index(QUOTE)
        was = float(np.exp(explorer.predict(model, text)[23, column]))
        now = float(np.exp(explorer.predict(model, text[:12] + text[13:])[22, column]))
        told = words(at).split(f"**{cell.upper()}**")[-1].split(";")[0]
        assert percent(was) in told and percent(now) in told


def test_the_bracket_unit_is_closed_after_an_open_bracket() -> None:
    at = press_named(opened("what-if", model="python-lstm"), "Force it closed")
    assert at.session_state["text"] == "print(value)\n"
    assert stage_of(at).place == (10, card_of("python-lstm").show.unit)
    assert "P(`)`) at the playhead (step 11, `e`) falls from" in words(at)


def test_an_experiment_uses_the_readers_own_text_where_that_shows_it() -> None:
    at = press_named(opened("what-if", model="english-lstm", text=TEXT, step=1), "Force it outside")
    assert at.session_state["text"] == TEXT
    step, _ = stage_of(at).place
    assert TEXT[step + 1] == QUOTE


def test_a_run_that_changes_nothing_says_so(shipped: Shipped) -> None:
    """A gate is set to what it was."""
    value = float(explorer.trace(shipped["english-lstm"], TEXT)["f"][0, 4, 7])
    at = opened("what-if", model="english-lstm", text=TEXT, step=9, edits=f"set f {value!r} unit 7 step 5")
    assert sentences.NOTHING in words(at)


def test_the_network_can_be_changed_under_an_edit() -> None:
    """What the other cell lacks is refused with the reason, the rest is done."""
    at = opened("what-if", model="english-lstm", text=TEXT, step=20, edits="set f 1 unit 3\nscale h 0.5")
    choose(at, "english-gru")
    assert "Not done" in words(at) and "gru has no" in words(at).replace("\\", "")
    assert sentences.NOTHING not in words(at) and sentences.NOT_EDITED not in words(at)
    assert link_of(at) == "set f 1 unit 3\nscale h 0.5"
    check(at)
