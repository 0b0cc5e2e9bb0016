"""What the stage is told of an edited reading: the library's own numbers, which were set, and what their equations give."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import explorer
from explorer import edits, formula
from explorer.backend.edits import PREV, Edit
from explorer.models import card_of
from explorer.signals import Array, Trace
from explorer.studio.components.stage import answers, edited
from explorer.studio.components.stage.drawing import stage_formula
from explorer.studio.components.stage.payload import identity
from explorer.studio.components.stage.reading import Reading
from explorer.studio.state import Place
from explorer.studio.what_if.lines import read
from explorer.studio.what_if.plan import planned
from tests.app.conftest import Shelve
from tests.app.driving import UNLIKE
from tests.helpers import TEXT

# Weights, states and sums are float32, in another order of summation.
CLOSE: dict[str, float] = {"rtol": 0, "atol": 1e-5}
FUNCTIONS: dict[str, Any] = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
}


def reading_of(name: str, *changes: Edit, layer: int = 0, step: int = 0) -> Reading:
    place = Place(card_of(name), TEXT, layer, 1, step)
    return replace(Reading.of(place), edits=changes)


def after(name: str, *lines: str, text: str = TEXT, step: int = 0) -> Reading:
    """The reading after these lines of the page that edits."""
    here = Place(card_of(name), text, 0, 0, step)
    plan = planned(here, [read(line) for line in lines])
    assert not plan.refused
    return Reading(here, plan.text, plan.where, plan.edits, lines)


def marks_of(sent: dict[str, Any], trace: Trace) -> dict[str, Array]:
    """As edits.js reads them: a bit for each step and unit."""
    shape = (trace.steps, trace.units)
    found = {}
    for number in sent["numbers"]:
        bits = np.unpackbits(np.frombuffer(base64.b64decode(number["bits"]), np.uint8), count=shape[0] * shape[1])
        found[number["name"]] = bits.reshape(shape).astype(bool)
    return found


CHANGES = (
    edits.set_to("f", 0.25, units=1, steps=(2, 3)),
    edits.set_to("g_pre", -1.0, units=(0, 2), layer=1),
    edits.scale("c_prev", 0.5, steps=4),
    edits.noise("h", 0.1, seed=3, units=3),
)


@pytest.mark.parametrize("row", range(4))
def test_marks_and_numbers_are_those_of_the_library(row: int, shelve: Shelve) -> None:
    """Of the row that is looked at: where each quantity was set, and what stands beside it."""
    name = shelve("lstm", (2, True))
    reading = reading_of(name, *CHANGES, layer=row)
    trace = explorer.trace(explorer.load(name), TEXT, edits=CHANGES)
    for signal in trace.per_unit(pre=True):
        np.testing.assert_array_equal(reading.trace[signal.name], trace[signal.name])
    np.testing.assert_array_equal(reading.predictions, explorer.predict(explorer.load(name), TEXT, edits=CHANGES))
    sent = edited.sent(reading)
    assert sent is not None
    found = marks_of(sent, trace)
    assert set(found) == {"f", "g_pre", "c_prev", "h"}
    for edit, marks in found.items():
        np.testing.assert_array_equal(marks, trace.edited[edit][row])
    beside = dict(zip(found, edited.beside(reading), strict=True))
    np.testing.assert_allclose(beside["f"], FUNCTIONS["sigmoid"](trace["f_pre"][row]), **CLOSE)
    np.testing.assert_array_equal(beside["g_pre"], trace["g_pre"][row])
    np.testing.assert_array_equal(beside["c_prev"][4], 0.5 * trace.previous("c")[row, 4])


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", *UNLIKE])
def test_what_is_not_set_is_the_result_of_its_equation(cell: str, shelve: Shelve) -> None:
    """For every equation that the stage prints, with the numbers that it prints in it; of what is set the result is what stands beside."""
    name = shelve(cell)
    model = explorer.load(name)
    names = [signal.name for signal in model.cell.recorded if signal.name in _per_unit(name)]
    changes = [edits.set_to(one, 0.3, units=1, steps=(k % 3 + 1, k % 3 + 3)) for k, one in enumerate(names)]
    states = [state for state in model.cell.State._fields if state in names]
    changes += [edits.scale(f"{state}{PREV}", 0.5, units=2, steps=2) for state in states]
    reading = reading_of(name, *changes)
    trace, beside = reading.trace, dict(zip(edited.names(reading), edited.beside(reading), strict=True))
    values: dict[str, Array] = {one: trace[one][0] for one in _per_unit(name) | set(names)}
    values |= {f"{one}{PREV}": beside.get(f"{one}{PREV}", trace.previous(one)[0]) for one in trace.initial}
    for signal in trace.per_unit():
        equation = stage_formula(trace, signal)
        if not equation or f"{signal.name}_pre" in formula.names(equation):
            continue
        gives = formula.evaluate(equation, values, FUNCTIONS)
        np.testing.assert_allclose(gives, beside[signal.name], **CLOSE, err_msg=signal.name)
        left = ~trace.edited[signal.name][0]
        np.testing.assert_allclose(gives[left], trace[signal.name][0][left], **CLOSE, err_msg=signal.name)


def _per_unit(name: str) -> set[str]:
    return {signal.name for signal in explorer.trace(explorer.load(name), TEXT).per_unit(pre=True)}


def test_a_reading_that_is_left_alone_tells_of_no_edit(shelve: Shelve) -> None:
    reading = reading_of(shelve("gru"))
    assert edited.sent(reading) is None and not list(edited.beside(reading))
    assert reading.id == identity(reading.place)


def test_every_other_run_has_an_id_of_its_own(shelve: Shelve) -> None:
    """Else the stage would show the one where the other is meant; the text's stays, so that the reader stays at the same token."""
    name = shelve("lstm")
    runs = [
        reading_of(name),
        reading_of(name, CHANGES[0]),
        reading_of(name, CHANGES[2]),
        after(name, "delete step 3"),
        after(name, 'replace step 3 by "a"'),
    ]
    assert len({run.id for run in runs}) == len(runs)
    assert len({run.text_id for run in runs}) == 1


LATCH = "..s...r..s"


def test_a_deleted_token_is_not_read_and_steps_are_told_in_those_of_the_original() -> None:
    reading = after("latch-lstm", "delete steps 3-4", "delete step 10", "set c 0 step 7", text=LATCH)
    assert reading.text == "....r.." and reading.trace.tokens == tuple("....r..")
    assert reading.origin == [0, 1, 4, 5, 6, 7, 8]
    assert [reading.step_of(step) for step in range(10)] == [0, 1, 2, 2, 2, 3, 4, 5, 6, 6]
    assert edited.deleted(reading) == {2: ["s", "."], 7: ["s"]}
    assert not edited.replaced(reading)
    (edit,) = reading.edits
    assert edit.steps == (4, 4), "at the same token"


def test_a_replaced_token_is_named_with_what_it_was() -> None:
    reading = after("latch-lstm", 'replace step 3 by "r"', text=LATCH)
    assert reading.text == "..r...r..s" and reading.origin is None
    assert edited.replaced(reading) == {2: "s"} and not edited.deleted(reading)
    assert (
        answers.in_full(reading)["real"]
        == answers.in_full(Reading.of(Place(card_of("latch-lstm"), reading.text, 0, 0, 0)))["real"]
    )


def test_the_warm_up_ends_at_the_same_token(shelve: Shelve) -> None:
    """Also where some of it is deleted."""
    name = shelve("rnn")
    here = Place(card_of(name), TEXT, 0, 0, 0, prefix=TEXT[:3])
    plan = planned(here, [read("delete step 2")])
    assert Reading(here, plan.text, plan.where, plan.edits).warm == 2
