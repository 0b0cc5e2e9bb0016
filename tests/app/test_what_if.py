"""The page that reaches into the running cell: its experiments, its list of edits and its numbers are the library's."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import explorer
from explorer import edits
from explorer.analysis.comparing import apart
from explorer.analysis.numbers import share as percent
from explorer.models import card_of, load, transplants
from explorer.models.matching import Variant
from explorer.models.recipes import RECIPES, grammar
from explorer.studio.service import warm_up
from explorer.studio.what_if import adding
from explorer.studio.what_if import words as sentences
from explorer.studio.what_if.lines import read
from tests.app.driving import HOSTILE, UNLIKE, charts, check, choose, opened, press, stage_of, type_text, words
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


def test_a_list_in_a_link_reopens_to_the_same_result() -> None:
    """Of every kind of edit; a name, one that is off, and what is followed with it."""
    lines = (
        'set f 1 unit 3 steps 5-9 as "held open"',
        "scale c 0.5 units 3,7-9",
        "noise c 0.5 seed 3",
        "freeze c unit 3 steps 5-9",
        "erase unit 4",
        'patch c,h step 5 from "the boys" at 3',
        "off set o 0",
        "delete step 13",
        'replace step 2 by "x"',
    )
    link = {"model": "english-lstm", "text": TEXT, "step": 20, "edits": "\n".join(lines), "follow": QUOTE}
    at, again = opened("what-if", **link), opened("what-if", **link)
    assert not at.warning and "Not done" not in words(at)
    assert [toggle.value for toggle in at.toggle if str(toggle.key).startswith("on ")] == [True] * 6 + [False] + [
        True
    ] * 2
    assert "**held open**" in words(at)
    for one, other in zip(charts(at)[0].data, charts(again)[0].data, strict=True):
        np.testing.assert_array_equal(one["y"], other["y"])
    assert link_of(at) == "\n".join(lines)


IMPOSSIBLE = {
    "set f 1 unit 500": "there is no unit 500",
    "set f 1 steps 30-60": "step 60 is beyond the text, whose last one is 38",
    "set z 1": "lstm has no 'z'",
    "freeze f": "f is not carried from step to step",
    "set f 1 layer 2": "there is one layer",
    'patch c step 30 from "ab"': "the other text has no step 30",
    'patch q step 1 from "ab"': "lstm has no 'q'",
    'patch c step 1 from "ab" unit 700': "there is no unit 700",
    "delete step 99": "step 99 is beyond the text",
    "delete steps 1-38": "nothing would be left to read",
    'replace step 1 by "xy"': "“xy” is 2 characters and not one",
}


@pytest.mark.parametrize("line", IMPOSSIBLE)
def test_an_impossible_edit_is_refused_with_the_reason_and_the_others_are_kept(line: str) -> None:
    at = opened("what-if", model="english-lstm", text=TEXT, step=20, edits=f"{line}\nscale h 0.5", follow=QUOTE)
    alone = opened("what-if", model="english-lstm", text=TEXT, step=20, edits="scale h 0.5", follow=QUOTE)
    assert f"Not done: {IMPOSSIBLE[line]}" in words(at).replace("\\", "")
    for one, other in zip(charts(at)[0].data, charts(alone)[0].data, strict=True):
        np.testing.assert_array_equal(one["y"], other["y"])


def test_what_is_no_edit_at_all_is_told_and_the_others_are_kept() -> None:
    at = opened("what-if", model="english-lstm", text=TEXT, edits="open sesame\nscale h 0.5")
    assert "“open” is not an edit" in at.warning[0].value.replace("\\", "")
    assert sentences.NOT_EDITED not in words(at)


def test_edits_are_staged_then_applied_and_taken_back() -> None:
    """What is shown is what is applied; undo goes back over both."""
    at = opened("what-if", model="english-lstm", text=TEXT, step=20)
    at = check(at.selectbox(key="new_deed").set_value("Hold a gate open").run())
    at = press(at, "stage_edit")
    assert "not applied yet" in words(at) and sentences.NOT_EDITED in words(at) and not link_of(at)
    at = press(at, "apply")
    assert link_of(at).startswith("set ") and sentences.NOT_EDITED not in words(at)
    at = press(press(at, "undo"), "undo")
    assert not link_of(at) and sentences.NOT_EDITED in words(at)


def test_an_edit_is_switched_off_named_and_taken_out() -> None:
    at = opened("what-if", model="english-lstm", text=TEXT, step=20, edits="scale h 0.5\nerase unit 3")
    (first, _) = (toggle for toggle in at.toggle if str(toggle.key).startswith("on "))
    at = press(check(first.set_value(False).run()), "apply")
    assert link_of(at) == "off scale h 0.5\nerase unit 3"
    assert "(off)" in words(at)
    (name,) = (box for box in at.text_input if str(box.key).startswith("name 1 "))
    at = press(check(name.set_value("**the** one").run()), "apply")
    assert link_of(at) == 'off scale h 0.5\nerase unit 3 as "**the** one"'
    assert r"\*\*the\*\* one" in words(at)
    at = press(press(at, "remove 0"), "apply")
    assert link_of(at) == 'erase unit 3 as "**the** one"'
    at = press(at, "remove_all")
    assert not link_of(at) and sentences.NOT_EDITED in words(at)


@pytest.mark.parametrize("deed", adding.DEEDS)
@pytest.mark.parametrize("name", ["english-lstm", "waves-rnn", "agreement-gru"])
def test_every_kind_of_edit_can_be_put_together(name: str, deed: str) -> None:
    """With what is chosen at first it can be staged, or it is said what is missing."""
    at = opened("what-if", model=name)
    offered = at.selectbox(key="new_deed").options
    if deed not in offered:
        assert name == "waves-rnn" and deed in adding.HELD
        return
    at = check(at.selectbox(key="new_deed").set_value(deed).run())
    if deed == "Replace a token":
        assert at.button(key="stage_edit").disabled
        into = card_of(name).reader.pieces(card_of(name).show.text)[-1].strip()
        at = check(at.text_input(key="new_into").set_value(into).run())
    at = press(press(at, "stage_edit"), "apply")
    assert read(link_of(at)).does == adding.DEEDS[deed]
    assert "Not done" not in words(at)


def test_a_value_that_this_text_never_brings_about_is_marked() -> None:
    at = opened("what-if", model="english-lstm", text=TEXT, edits="set c 50 unit 1\nset f 1 unit 1")
    assert words(at).count("beyond what it does on this text") == 1
    assert next(iter(adding.DEEDS.values())) == "patch"


def test_the_units_that_carry_it_are_those_of_the_sweep(shipped: Shipped) -> None:
    """Ranked by effect, beside |r| on this text; the card's own unit is named with its rank."""
    name, text = "english-lstm", card_of("english-lstm").show.text
    model, unit = shipped[name], card_of(name).show.unit
    for held, value in (("at 0", 0.0), ("at its mean on this text", "mean")):
        at = opened("what-if", model=name, step=24, shown="Which units carry it", held=held)
        found = explorer.sweep(model, text, of="log_prob", at=23, token=QUOTE, value=value) / np.log(2)
        order = np.argsort(-np.abs(found))
        (chart,) = charts(at)
        effects, correlations = chart.data
        assert effects["customdata"][0] == order[0]
        np.testing.assert_allclose(effects["x"], found[effects["customdata"]], atol=1e-6)  # float32
        assert unit in effects["customdata"]
        assert f"**unit {order[0]}** matters most" in words(at)
        memory = np.tanh(explorer.trace(model, text)["c"][0])
        marks = np.asarray(RECIPES["english"].properties[0].of(text), dtype=float)
        r = np.corrcoef(memory[:, unit], marks)[0, 1]
        shown = dict(zip(correlations["customdata"], correlations["x"], strict=True))
        assert shown[unit] == pytest.approx(abs(r), abs=1e-4)  # the memory is float32


def test_a_carrier_is_erased_by_a_press() -> None:
    at = opened("what-if", model="english-lstm", step=24, shown="Which units carry it")
    first = charts(at)[0].data[0]["customdata"][0]
    at = press(at, f"erase {first}")
    assert link_of(at) == f"erase unit {first}"


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_the_memory_of_the_plural_sentence_is_transplanted(cell: str, shipped: Shipped) -> None:
    """At each step from the noun to the verb; the numbers are the library's, and the shares of many pairs stand beside."""
    name = f"agreement-{cell}"
    one, several = ("the boy near the old dog with the teacher", "the boys near the old dog with the teacher")
    at = press(opened("what-if", model=name), "run transplant")
    assert at.session_state["text"].startswith(one)
    state = "c" if cell == "lstm" else "h"
    for step in (1, 8):
        at = check(at.selectbox(key="transplanted at 1 8").set_value(step).run())
        at = press(at, "run transplant")
        line = read(link_of(at))
        assert (line.signals, line.steps) == ((state,), (step, step))
        donor = explorer.trace(shipped[name], several)
        patched = edits.transplant(donor, since=step, at=step, states=[state])
        shares = np.exp(explorer.predict(shipped[name], one, edits=patched)[8])
        unlikely = np.exp(explorer.predict(shipped[name], one)[8])
        before, verbs = (
            sum(values[shipped[name].labels.index(verb)] for verb in grammar.VERBS.values())
            for values in (unlikely, shares)
        )
        assert f"all plural verbs together from **{percent(before)}** to **{percent(verbs)}**" in words(at)
        assert 0 < before < 0.01
        assert verbs > 0.5
    found = transplants(shipped[name], grammar.pairs())
    noun, verb = (percent(found.share((state,), where)) for where in ("after the noun", "before the verb"))
    assert f"**{state}{', and h follows' * (cell == 'lstm')}** {noun} / {verb}" in words(at)
    if cell == "lstm":
        noun, verb = (percent(found.share("c", where, alone=True)) for where in ("after the noun", "before the verb"))
        assert f"**c alone, h as it was** {noun} / {verb}" in words(at)
    assert f"Share of {found.pairs} generated pairs" in words(at)


def test_the_cut_loop_is_held_against_a_reading_of_one_token(shipped: Shipped) -> None:
    at = press(opened("what-if", model="english-lstm", text=TEXT, step=20), "run Cut the loop")
    model = shipped["english-lstm"]
    column = [model.labels.index(token) for token in TEXT[1:]]
    for carried in ((), ("h",), ("h", "c")):
        answers = explorer.predict(model, TEXT, edits=[edits.set_to(f"{state}_prev", 0.0) for state in carried])
        bits = -np.mean(answers[np.arange(len(column)), column]) / np.log(2)
        assert f"**{bits:.2f}**" in words(at)


def test_a_shorter_text_does_not_break_what_was_being_put_together() -> None:
    at = opened("what-if", model="english-lstm", text=TEXT, step=30)
    for deed in ("Patch a state from another text", "Replace a token"):
        at = check(at.selectbox(key="new_deed").set_value(deed).run())
        at = type_text(type_text(at, "ab"), TEXT)


@pytest.mark.parametrize("text", ["a", "good film", HOSTILE])
def test_short_and_hostile_texts(text: str) -> None:
    """What is typed is shown and never interpreted, in a name, a patch and a token, too."""
    quoted = json.dumps(HOSTILE)
    lines = f'patch c step 1 from {quoted} as {quoted}\nreplace step 1 by "$"\nset f 1 as {quoted}'
    for tab in TABS:
        at = opened("what-if", model="english-lstm", text=text, edits=lines, shown=tab)
        assert "Not done" not in words(at)
        assert "<b>x</b>" not in "".join(markdown.value for markdown in at.markdown if "held at" in markdown.value)


def test_a_warm_up_is_read_before_and_steps_count_from_its_beginning() -> None:
    at = opened("what-if", model="english-lstm", text=TEXT, warm="true")
    at = press_named(at, "Force it outside")
    step, _ = stage_of(at).place
    warm = len(warm_up("english"))
    assert step >= warm and TEXT[step - warm + 1] == QUOTE


def test_what_is_followed_is_in_the_link_and_an_unknown_label_is_told() -> None:
    at = opened("what-if", model="sentiment-lstm", edits="scale h 0.5", follow="negative")
    assert "P(`negative`) at the playhead" in words(at)
    at = opened("what-if", model="sentiment-lstm", edits="scale h 0.5", follow="glad")
    assert "is not among this network" in at.info[0].value
    assert "P(`positive`) at the playhead" in words(at) or "P(`negative`) at the playhead" in words(at)


@pytest.mark.parametrize("cell", UNLIKE)
def test_every_cell_can_be_edited(cell: str) -> None:
    """Untrained, too: experiments, tabs, and each signal that it has."""
    name = Variant(cell, 0, "english-lstm").name
    link = {"model": name, "text": "She ran.", "step": 4}
    at = opened("what-if", **link)
    for key in runs_of(at):
        at = press(at, key)
        assert "Not done" not in words(at) and sentences.NOT_EDITED not in words(at)
    signals = [signal.name for signal in explorer.trace(load(name), "She ran.").per_unit(pre=True)]
    lines = "\n".join(f"scale {signal} 0.5 step 3" for signal in signals)
    for tab in TABS:
        at = opened("what-if", edits=f"{lines}\nerase unit 0", shown=tab, **link)
        assert "Not done" not in words(at) and not at.warning


@pytest.mark.parametrize("cell", ["rnn", "gru-cho", "grid", "clockwork", "jordan", "esn", "lstm-peephole"])
def test_a_memory_is_transplanted_in_any_cell(cell: str) -> None:
    """Whatever states it has, and though an untrained one does not know what to do with them."""
    at = opened("what-if", model=Variant(cell, 0, "agreement-lstm").name)
    for chosen in at.selectbox(key="transplanted").options:
        at = press(check(at.selectbox(key="transplanted").set_value(chosen).run()), "run transplant")
        assert "Not done" not in words(at) and "generated pairs" in words(at)


def test_what_a_sibling_lacks_is_said() -> None:
    """And what is cut there already is no reason not to look."""
    at = opened("what-if", model="english-lstm", text=TEXT, step=20, edits="scale i 0.5")
    assert "**GRU** has no i;" in words(at) and "**RNN** has no i;" in words(at)
    at = press(opened("what-if", model="english-lstm", text=TEXT, step=20), "run Carry nothing on")
    assert "has no" not in words(at)


def test_units_of_another_network_are_other_units() -> None:
    """It is said when the network is changed under edits that name units, and no longer once they were chosen for this one."""
    at = opened("what-if", model="english-lstm", text=TEXT, edits="erase unit 3")
    assert not at.info
    choose(at, "english-gru")
    assert "name units of english" in at.info[0].value
    assert not choose(at, "english-lstm").info
    choose(at, "english-gru")
    assert not press(at, runs_of(at)[0]).info
    at = opened("what-if", model="english-lstm", text=TEXT, edits="delete step 3")
    assert not choose(at, "english-gru").info
