"""What the stage fetches when a gate is unfolded: the library's own shares, for the units that were asked for, and no sooner."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import explorer
from explorer.models import card_of
from explorer.signals import Array
from explorer.studio import service
from explorer.studio.components.shared.packing import pack
from explorer.studio.components.stage import arithmetic
from explorer.studio.components.stage.arithmetic import PUSHERS, in_columns, packed, worth
from explorer.studio.components.stage.reading import Reading
from explorer.studio.state import Place
from tests.app.conftest import Shelve
from tests.app.driving import NAMES, PAGES, bytes_of, go_to, opened, posts_of, stage_asks, stage_moves, stage_of
from tests.conftest import Shipped

TEXT = 'He said: "Aye," and\nwent — 漢.'
ROWS = "0.25 0; 0.75 1; -0.5 0"
# A pre-activation of size 10 is summed from some two hundred float32 products in another order: a dozen roundings of 1e-6 each.
SUMMED: dict[str, float] = {"rtol": 0, "atol": 1e-5}

each_model = pytest.mark.parametrize("name", NAMES)


@dataclass(frozen=True)
class Part:
    """What pushed one pre-activation of one unit."""

    inputs: Array  # [step, column]
    recurrent: Array  # [step]
    bias: Array  # [step]
    pushes: Array  # [step, pusher]
    by: Array  # [step, pusher]
    others: dict[str, Array]  # label -> [step]

    @property
    def total(self) -> Array:
        """What all of it adds up to, as unfold.js adds it."""
        return self.inputs.sum(-1) + self.recurrent + sum(self.others.values()) + self.bias


Fetched = tuple[dict[str, Any], dict[int, dict[str, Part]]]


def unpacked(content: bytes) -> Fetched:
    """The header, and unit -> pre-activation -> part: as payload.js does it, which is told of no steps."""
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length])
    values = np.frombuffer(content, "<f4", offset=(4 + length + 3) // 4 * 4)
    units, parts, columns, pushers = (header[name] for name in ("units", "parts", "columns", "pushers"))
    more = sum(len(header["others"][part]) for part in parts)
    steps, rest = divmod(len(values), len(units) * (len(parts) * (columns + 2 + 2 * pushers) + more))
    assert rest == 0
    found: dict[int, dict[str, Part]] = {unit: {} for unit in units}
    at = 0
    for unit in units:
        for part in parts:
            blocks = []
            labels = header["others"][part]
            for width in (columns, 1, 1, pushers, pushers, *(1 for _ in labels)):
                blocks.append(values[at : at + steps * width].reshape(steps, width))
                at += steps * width
            inputs, recurrent, bias, pushes, by, *others = blocks
            named = {label: values[:, 0] for label, values in zip(labels, others, strict=True)}
            found[unit][part] = Part(inputs, recurrent[:, 0], bias[:, 0], pushes, by, named)
    return header, found


def place_of(name: str, text: str = TEXT, *, unit: int = 0, layer: int = 0) -> Place:
    return Place(card_of(name), text, layer, unit, 0)


def fetched(place: Place, *units: int) -> Fetched:
    return unpacked(packed(Reading.of(place), list(units)))


@each_model
@pytest.mark.parametrize("unit", [0, 5, 127])
def test_the_arithmetic_adds_up(name: str, unit: int, shipped: Shipped) -> None:
    """Input, recurrent side and bias are the pre-activation, at every step; squashed, they are the gate that is shown."""
    trace = explorer.trace(shipped[name], TEXT)
    _, found = fetched(place_of(name), unit)
    assert set(found) == {unit}
    assert set(found[unit]) == {signal for signal in trace.signals if signal.endswith("_pre")}
    for pre, part in found[unit].items():
        np.testing.assert_allclose(part.total, trace[pre][0, :, unit], **SUMMED)
        signal = trace.signals[pre.removesuffix("_pre")]
        squash = np.tanh if signal.formula.startswith("tanh") else lambda a: 1 / (1 + np.exp(-a))
        np.testing.assert_allclose(squash(part.total), trace[signal.name][0, :, unit], **SUMMED)


@each_model
@pytest.mark.parametrize("unit", [3, 64])
def test_those_who_pushed_hardest(name: str, unit: int, shipped: Shipped) -> None:
    """Of all units' shares the largest in size, signed, largest first, and whose they are: bit for bit the library's."""
    _, found = fetched(place_of(name), unit)
    for pre, shares in explorer.arithmetic(shipped[name], TEXT, unit=unit).items():
        part = found[unit][pre]
        hardest = np.sort(np.abs(shares.units), axis=1)[:, ::-1][:, :PUSHERS]
        np.testing.assert_array_equal(np.abs(part.pushes), hardest)
        by = part.by.astype(int)
        np.testing.assert_array_equal(by, part.by)
        np.testing.assert_array_equal(np.take_along_axis(shares.units, by, axis=1), part.pushes)
        assert all(len(set(row)) == PUSHERS for row in by.tolist())
        np.testing.assert_array_equal(part.bias, shares.bias)
        assert (part.pushes < 0).any() and (part.pushes > 0).any()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_every_row_of_a_network_has_its_own(cell: str, shelve: Shelve) -> None:
    """Of all units at once, also of a row that reads backwards; four units have no fifth that pushes."""
    name = shelve(cell, (2, True))
    trace = explorer.trace(explorer.load(name), TEXT)
    for row in range(trace.rows):
        header, found = fetched(place_of(name, layer=row), 0, 1, 2, 3)
        assert header["pushers"] == 4
        for unit, parts in found.items():
            for pre, part in parts.items():
                np.testing.assert_allclose(part.total, trace[pre][row, :, unit], **SUMMED)
                np.testing.assert_allclose(part.pushes.sum(-1), part.recurrent, **SUMMED)


def test_a_peephole_is_an_item_of_its_own(shipped: Shipped) -> None:
    """The bias is the same at every step; what the gate sees of c stands beside it."""
    name = "english-lstm-peephole"
    trace, model = explorer.trace(shipped[name], TEXT), shipped[name]
    header, found = fetched(place_of(name), 3)
    assert header["others"] == {"i_pre": ["c before"], "f_pre": ["c before"], "g_pre": [], "o_pre": ["c now"]}
    weights = {key: weight.detach().numpy() for key, weight in model.cell.named_weights.items()}
    for gate, seen in (("i", trace.previous("c")), ("f", trace.previous("c")), ("o", trace["c"])):
        part = found[3][f"{gate}_pre"]
        (other,) = part.others.values()
        np.testing.assert_allclose(other, weights[f"w_c{gate}"][3] * seen[0, :, 3], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(part.bias, (weights[f"b_i{gate}"] + weights[f"b_h{gate}"])[3], rtol=1e-5)


@pytest.mark.parametrize("name", ["adding-rnn", "adding-gru", "adding-lstm"])
def test_rows_of_numbers_have_their_columns(name: str, shipped: Shipped) -> None:
    """A person gave each of them, and can see what it did."""
    header, found = fetched(place_of(name, ROWS), 2)
    assert header["columns"] == 2
    for pre, shares in explorer.arithmetic(shipped[name], ROWS, unit=2).items():
        np.testing.assert_array_equal(found[2][pre].inputs, shares.inputs)


@each_model
def test_a_token_has_one_number(name: str, shipped: Shipped) -> None:
    """The columns of its vector mean nothing."""
    header, found = fetched(place_of(name), 2)
    assert header["columns"] == 1
    for pre, shares in explorer.arithmetic(shipped[name], TEXT, unit=2).items():
        np.testing.assert_array_equal(found[2][pre].inputs[:, 0], shares.inputs.sum(-1))


@pytest.mark.parametrize(("both", "rows"), [(False, [True, False, False]), (True, [True, True, False, False])])
def test_only_the_lowest_layer_sees_what_was_given(both: bool, rows: list[bool]) -> None:
    card = replace(card_of("adding-lstm"), num_layers=2, bidirectional=both)
    assert [in_columns(Place(card, ROWS, row, 0, 0)) for row in range(len(rows))] == rows
    assert not in_columns(place_of(NAMES[0]))


def test_it_says_what_it_belongs_to() -> None:
    """The stage takes no arithmetic of another reading."""
    reading = Reading.of(place_of("latch-lstm", "s-"))
    header, _ = unpacked(packed(reading, [0]))
    assert (header["id"], header["units"], header["parts"]) == (reading.id, [0], ["i_pre", "f_pre", "g_pre", "o_pre"])


@pytest.mark.parametrize("filling", range(4))
def test_arrays_begin_on_a_multiple_of_four(filling: int) -> None:
    """Whatever the length of the header: else a browser could not lay a Float32Array over them."""
    arrays = [np.arange(3, dtype=np.float64), np.array([[5]])]
    content = pack({"of": "x" * filling}, arrays)
    (length,) = struct.unpack_from("<I", content)
    assert json.loads(content[4 : 4 + length]) == {"of": "x" * filling}
    assert len(content) % 4 == 0 and len(content) - 16 - (4 + length) < 4
    np.testing.assert_array_equal(np.frombuffer(content[-16:], "<f4"), [0, 1, 2, 5])


def test_of_a_short_text_all_units_are_worth_it() -> None:
    """So that a saved page unfolds every gate."""
    assert worth(Reading.of(place_of(NAMES[-1])), [9, 2]) == list(range(128))


def test_of_a_long_text_the_pinned_and_the_telling_units_are() -> None:
    """The pinned one first, and once."""
    text = "So long a text. " * 60
    assert worth(Reading.of(place_of("english-lstm", text, unit=7)), [9, 2]) == [7, 9, 2]
    assert worth(Reading.of(place_of("english-lstm", text, unit=2)), [9, 2]) == [2, 9]


def test_what_is_worth_it_is_counted_in_bytes(shelve: Shelve, monkeypatch: pytest.MonkeyPatch) -> None:
    """All units are sent for as long as their arrays have no more bytes than that."""
    place = place_of(shelve("lstm", units=8))
    content = packed(Reading.of(place), list(range(8)))
    (length,) = struct.unpack_from("<I", content)
    arrays = len(content) - (4 + length + 3) // 4 * 4
    monkeypatch.setattr(arithmetic, "MOST", arrays)
    assert worth(Reading.of(place), [1]) == list(range(8))
    monkeypatch.setattr(arithmetic, "MOST", arrays - 1)
    assert worth(Reading.of(place), [1]) == [0, 1]


@each_model
def test_it_is_posted_once(name: str) -> None:
    """In the run that asks, for the unit that was asked about, and in no other; the reading is not sent again with it."""
    at = opened(model=name, text=TEXT, unit=4)
    before = bytes_of(at)
    assert not posts_of(at)
    for unit in (4, 9):
        stage_asks(at, unit)
        (post,) = posts_of(at)
        header, _ = unpacked(post)
        assert (header["id"], header["units"]) == (stage_of(at).header["id"], [unit])
        assert post == packed(Reading.of(place_of(name)), [unit])
        assert bytes_of(at) == before
        assert not posts_of(stage_moves(at, 2, unit))


def test_for_a_saved_page_all_is_posted(shelve: Shelve) -> None:
    at = opened(model=shelve("gru"), text=TEXT)
    (post,) = posts_of(stage_asks(at, None))
    assert unpacked(post)[0]["units"] == [0, 1, 2, 3]


def test_for_a_saved_page_of_a_long_text_the_units_that_are_shown_are_posted() -> None:
    at = opened(model="english-lstm", text="So long a text. " * 60, unit=7)
    (post,) = posts_of(stage_asks(at, None))
    telling = stage_of(at).header["telling"]
    assert len(telling) == service.TELLING
    assert unpacked(post)[0]["units"] == [7, *(unit for unit in telling if unit != 7)]


@pytest.mark.parametrize("unit", [100, 0, None])
def test_a_question_about_a_reading_that_is_gone_has_no_answer(unit: int | None) -> None:
    """It was on its way when another network came, which may not even have that unit."""
    gone = stage_of(opened(model=NAMES[0], text=TEXT)).header["id"]
    assert not posts_of(stage_asks(opened(model="latch-lstm"), unit, gone))


@pytest.mark.parametrize("page", [page for page in PAGES if page != "watch"])
def test_other_pages_ask_for_nothing(page: str) -> None:
    """There is no gate to unfold."""
    assert not posts_of(go_to(opened(model=NAMES[0], text=TEXT), page))
