"""What the stage is sent, once a reading: every number is one of the library's, in an order and size that a browser can take."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import explorer
from explorer.analysis.orderings import by_contribution, by_half_life
from explorer.analysis.tokens import visible
from explorer.diagram import INPUT
from explorer.figures.heatmap import reach
from explorer.figures.theme import DARK, LIGHT
from explorer.models import card_of
from explorer.studio import service
from explorer.studio.components.stage.answers import GUESSES
from explorer.studio.components.stage.payload import claims
from tests.app.conftest import Shelve
from tests.app.driving import NAMES, PAGES, Sent, bytes_of, choose, go_to, opened, stage_moves, stage_of, type_text
from tests.conftest import Shipped
from tests.models.tiny import finding

TEXT = 'He said: "Aye," and\nwent — 漢.'
STEP, UNIT = 9, 5
# A float32 has seven digits, and six of them are sent.
SIX: dict[str, float] = {"rtol": 1e-5, "atol": 1e-12}

each_model = pytest.mark.parametrize("name", NAMES)


def sent_of(name: str, text: str = TEXT, page: str = "watch") -> Sent:
    return stage_of(opened(page, model=name, text=text, step=STEP + 1, unit=UNIT))


@each_model
def test_every_signal_is_the_traces(name: str, shipped: Shipped) -> None:
    """Bit for bit, each per-unit signal with its kind, role, label and formula; the pre-activations stay here."""
    sent, trace = sent_of(name), explorer.trace(shipped[name], TEXT)
    assert set(sent.signals) == {signal.name for signal in trace.per_unit()}
    assert not {name for name in sent.signals if name.endswith("_pre")}
    for signal, values in sent.signals.items():
        np.testing.assert_array_equal(values, trace[signal][0])
    for said in sent.header["signals"]:
        signal = trace.signals[said["name"]]
        told = {"kind": signal.kind, "role": signal.role, "label": signal.label, "formula": signal.formula}
        assert told.items() <= said.items()


@pytest.mark.cases(5)
@each_model
@pytest.mark.parametrize("page", [page for page in PAGES if page != "watch"])
def test_the_strip_is_sent_the_memory_alone(name: str, page: str, shipped: Shipped) -> None:
    """What a page does not show it need not wait for: neither the other signals nor the diagram, nor the guesses."""
    sent, trace = sent_of(name, page=page), explorer.trace(shipped[name], TEXT)
    assert list(sent.signals) == [trace.memory] == [signal["name"] for signal in sent.header["signals"]]
    np.testing.assert_array_equal(sent.signals[trace.memory], trace[trace.memory][0])
    assert not sent.header["whole"] and sent.header["play"] is None
    whole = sent_of(name).header
    assert set(whole) - set(sent.header) == {"next", "diagram", "belt", "telling", "chosen", "columns", "caption"}


@each_model
def test_the_story_of_a_step_is_told_in_order(name: str) -> None:
    """A gate before what it acts upon, the hidden state at the end."""
    roles = [signal["role"] for signal in sent_of(name).header["signals"]]
    order = ["reset", "keep", "write", "candidate", "belt", "read", "hidden"]
    assert all(order.index(one) < order.index(other) for one, other in pairwise(roles))


@each_model
def test_tokens_and_units(name: str, shipped: Shipped) -> None:
    sent, trace = sent_of(name).header, explorer.trace(shipped[name], TEXT)
    assert sent["shown"] == [visible(token) for token in TEXT]
    assert sent["names"][TEXT.index("\n")].isprintable() and sent["names"][0] == "H"
    assert sent["unknown"] == [TEXT.index("漢")]
    assert sent["order"] == by_half_life(trace).tolist()
    assert sent["place"] == {"step": STEP, "unit": UNIT}
    assert (sent["memory"], sent["squashed"]) == (trace.memory, trace.memory == "c")
    assert sent["answers"] is None, "guesses of the next token have no row of their own"
    assert sent["generated"] is None, "a person typed this"


@each_model
def test_guesses(name: str, shipped: Shipped) -> None:
    """The likeliest characters with their probabilities, in order, and how the real one fared: share, rank, bits."""
    model, sent = shipped[name], sent_of(name).header["next"]
    assert sent["kind"] == "guesses"
    log_p = explorer.predict(model, TEXT)  # [step, label]
    labels = [visible(label) for label in model.labels]
    ids = [model.labels.index(c) if c in model.labels else 0 for c in TEXT]
    for step, top in enumerate(sent["top"]):
        best = np.sort(np.exp(log_p[step, 1:]))[::-1][:GUESSES]  # 0 stands for what is unknown: no guess
        np.testing.assert_allclose([share for _, share in top], best, **SIX)
        for label, share in top:
            np.testing.assert_allclose(np.exp(log_p[step, labels.index(label)]), share, **SIX)
            assert labels.index(label) != 0
    for step, (real, following) in enumerate(zip(sent["real"][:-1], ids[1:], strict=True)):
        np.testing.assert_allclose(real["share"], np.exp(log_p[step, following]), **SIX)
        np.testing.assert_allclose(
            2 ** -real["bits"], real["share"], rtol=1e-4
        )  # of six digits, an exponent keeps five
        assert real["rank"] == (1 + (log_p[step, 1:] > log_p[step, following]).sum() if following else None)
    assert sent["real"][-1] is None, "nothing follows the last character"


@each_model
def test_what_a_card_claims_comes_with_its_doubts(name: str) -> None:
    """Correlation, chance, effect and rank together, or that no unit follows the property; of any other unit nothing is claimed."""
    card, sent = card_of(name), sent_of(name).header["show"]
    assert sent["unit"] == card.show.unit
    assert {int(unit) for unit in sent["claims"]} == {one.unit for one in card.findings}
    for one in card.findings:
        claim = sent["claims"][str(one.unit)]
        said = [f"unit {one.unit}", one.follows, f"correlates {abs(one.correlation):.2f}"]
        said += [f"chance {one.null:.2f}", f"P({one.foretells})", f"rank {one.rank} of {card.hidden_size}"]
        said += [f"{one.places} places"] + ([] if one.holds else ["no unit follows it closely enough"])
        for part in said:
            assert part in claim
        assert one.follows not in sent["other"]
    assert "{unit}" in sent["other"]


def test_of_a_unit_of_several_properties_the_first_that_it_follows_is_told() -> None:
    unsure = finding(unit=4, follows="unsure", correlation=0.1)
    found = (unsure, finding(unit=4, follows="one"), finding(unit=4, follows="another"), replace(unsure, unit=5))
    told = claims(replace(card_of(NAMES[0]), findings=found))
    assert set(told) == {4, 5}
    assert "“one”" in told[4] and "another" not in told[4] and "unsure" not in told[4]
    assert "no unit follows it closely enough" in told[5]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_unit_that_counts_is_drawn_to_its_reach(cell: str, shelve: Shelve) -> None:
    """Through tanh a count would be all one colour; where the memory has bounds the scale is that of its bounds."""
    name = shelve(cell)
    first = sent_of(name).header
    second = sent_of(shelve(cell, findings=(finding(counted=True),))).header
    trace = explorer.trace(explorer.load(name), TEXT)
    for header in (first, second):
        assert header["reach"] == pytest.approx(reach(trace, trace.memory, 0))
        assert header["reach"] >= 1
    assert first["squashed"] == (cell == "lstm") and not second["squashed"]


def test_the_stage_has_the_colours_of_the_charts() -> None:
    themes = sent_of(NAMES[0]).header["themes"]
    for theme in (LIGHT, DARK):
        assert themes[theme.mode]["roles"] == dict(theme.roles)
        assert themes[theme.mode]["background"] == theme.background


@each_model
def test_the_diagram_is_the_cells_own(name: str, shipped: Shipped) -> None:
    """With the signals it carries in the payload beside it, and whether there is a belt to be seen."""
    sent, cell = sent_of(name).header, shipped[name].cell
    drawn = sent["diagram"]
    assert [phase["says"] for phase in drawn["phases"]] == list(cell.diagram.phases)
    assert {layer["name"]: tuple(layer["at"]) for layer in drawn["layers"]} == cell.diagram.layers
    carried = [wire["carries"] for phase in drawn["phases"] for wire in phase["wires"]]
    assert carried == ["" if wire.carries == INPUT else wire.carries for wire in cell.diagram.wires]
    assert cell.diagram.carried <= {signal["name"] for signal in sent["signals"]} | {
        f"{state}_prev" for state in cell.State._fields
    }
    assert sent["belt"] == bool(cell.belts)


@each_model
def test_the_telling_units_are_those_whose_part_of_the_scores_varies_most(name: str, shipped: Shipped) -> None:
    """In the order of the other units, so that they keep their places beside one another."""
    sent, trace = sent_of(name).header, explorer.trace(shipped[name], TEXT)
    assert set(sent["telling"]) == set(by_contribution(trace)[: service.TELLING].tolist())
    assert sent["telling"] == [unit for unit in sent["order"] if unit in sent["telling"]]


@each_model
def test_a_saved_picture_says_what_it_shows(name: str) -> None:
    card = card_of(name)
    assert sent_of(name).header["caption"] == f"{card.title}, {card.cell.upper()} of {card.hidden_size} units"


def test_columns_have_names_where_rows_of_numbers_are_read() -> None:
    assert sent_of("adding-lstm", card_of("adding-lstm").show.text).header["columns"] == ["value", "mark"]
    assert sent_of(NAMES[0]).header["columns"] is None


@pytest.mark.parametrize(("both", "backwards"), [(True, [False, True, False, True]), (False, [False, False])])
def test_which_rows_read_backwards(both: bool, backwards: list[bool], shelve: Shelve) -> None:
    """Each row of a network has its own numbers, at the step of the token that was read."""
    name = shelve("lstm", (2, both))
    trace = explorer.trace(explorer.load(name), TEXT)
    found = [stage_of(opened(model=name, text=TEXT, layer=row)) for row in range(trace.rows)]
    assert [sent.header["reversed"] for sent in found] == backwards
    for row, sent in enumerate(found):
        np.testing.assert_array_equal(sent.signals["h"], trace["h"][row])


@pytest.mark.parametrize("page", ["watch", "belt"])
def test_a_move_sends_nothing_again(page: str) -> None:
    """The stage moves on its own: the payload stays the same to the byte, and only Python's own place changes."""
    at = opened(page, model=NAMES[0])
    before = bytes_of(at)
    for step, unit in ((4, 7), (0, 7), (0, 2)):
        stage_moves(at, step, unit)
        assert (at.session_state["step"], at.session_state["unit"]) == (step, unit)
        assert bytes_of(at) == before


def test_an_arrival_is_where_the_reader_has_moved_to() -> None:
    """On another page, back on the first, with another network, with another text: wherever the stage begins anew."""
    at = opened(model=NAMES[0], text=TEXT, step=STEP + 1, unit=UNIT)
    stage_moves(at, 3, 2)
    assert stage_of(go_to(at, "belt")).place == (3, 2)
    stage_moves(at, 4, 1)
    assert stage_of(go_to(at, "watch")).place == (4, 1)
    stage_moves(at, 6, 1)
    assert stage_of(choose(at, NAMES[1])).place == (6, 1)
    stage_moves(at, 8, 1)
    assert stage_of(type_text(at, TEXT[:6])).place == (5, 1), "as far as there is text"


def test_a_reading_has_an_id_of_its_own() -> None:
    """By it the stage knows that it begins anew, and whose arithmetic has come; the text's outlasts a change of network."""
    at = opened(model=NAMES[0], text=TEXT)
    one = stage_of(at).header
    assert stage_of(go_to(at, "belt")).header["id"] == one["id"]
    other = stage_of(choose(at, NAMES[1])).header
    assert (other["id"] == one["id"], other["text"] == one["text"]) == (False, True)
    third = stage_of(type_text(at, TEXT[1:])).header
    assert third["id"] not in (one["id"], other["id"]) and third["text"] != one["text"]
    assert TEXT not in str([one["id"], one["text"]])


@each_model
def test_the_size_of_200_characters(name: str) -> None:
    """An LSTM's six signals of 128 units are 614 400 bytes; header, guesses and diagram come on top of it.

    Neither a pre-activation nor a weight is among them: those are fetched when a gate is unfolded.
    """
    text = (TEXT * 10)[:200]
    sent = sent_of(name, text)
    assert sent.header["units"] == 128 and sent.header["steps"] == 200
    assert sent.size <= 700 * 1000


@each_model
def test_the_arrays_begin_on_a_multiple_of_four(name: str) -> None:
    """Whatever the length of the header: else a browser could not lay a Float32Array over them."""
    for text in ("a", "ab", "abc", "abcd", "漢", "é"):
        sent = sent_of(name, text)
        (last,) = list(sent.signals.values())[-1:]
        assert sent.size % 4 == 0
        np.testing.assert_array_equal(last, explorer.trace(explorer.load(name), text)["h"][0])
