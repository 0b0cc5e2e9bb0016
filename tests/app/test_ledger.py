"""Who wrote the memory, and what of it comes down to the answer: what the page sends is what the library accounts for."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import explorer
from explorer.models import card_of, zoo
from explorer.signals import Array, Belt, Trace
from explorer.studio import service
from explorer.studio.ledger import View, choices
from explorer.studio.ledger.answer import own
from explorer.studio.ledger.words import BETA, SIZES, SQUASHED, WRITES, signed
from explorer.studio.state import Place
from tests.app.conftest import Shelve
from tests.app.driving import LEDGER, check, choose, opened, stage_moves, stage_of, type_text, words
from tests.conftest import Shipped
from tests.helpers import TEXT as SOME

_, WRITTEN, ANSWER = LEDGER
TEXT = 'He said "yes".'
STEP, UNIT = 9, 60
LINK: dict[str, Any] = {"text": TEXT, "step": STEP + 1, "unit": UNIT}
BELTED = ("english-lstm", "english-gru", "agreement-gru", "waves-esn", "adding-lstm", "latch-lstm")


def bytes_of(at: AppTest) -> bytes:
    """What the account is drawn from, as it is sent."""
    (one,) = (one.proto for one in at.get("bidi_component") if one.proto.component_name == "carousel_account")
    content: bytes = one.bytes
    return content


def sent(at: AppTest) -> tuple[dict[str, Any], Array]:
    """As packing.js unpacks it."""
    content = bytes_of(at)
    (length,) = struct.unpack_from("<I", content)
    values = np.frombuffer(content, "<f4", offset=(4 + length + 3) // 4 * 4)
    return json.loads(content[4 : 4 + length]), values


def blocks(header: dict[str, Any], values: Array) -> tuple[Array, Array, Array, Array]:
    """The state before the text [unit]; kept, written and the belt itself [step, unit]."""
    steps, units = header["steps"], header["units"]
    first, rest = values[:units], values[units:].reshape(3, steps, units)
    return first, *rest


def added_up(header: dict[str, Any], values: Array, at: int, unit: int) -> Array:
    """As belt.js adds it up: [at + 2], the initial state first."""
    first, keep, written, _ = blocks(header, values)
    rows = [float(first[unit])]
    for step in range(at + 1):
        rows = [row * float(keep[step, unit]) for row in rows] + [float(written[step, unit])]
    return np.array(rows)


@pytest.mark.parametrize("name", BELTED)
def test_what_is_sent_adds_up_to_the_librarys_account(name: str, shipped: Shipped) -> None:
    """Of every unit at the last step and mid-text, from one message."""
    at = opened("belt", model=name, ledger=WRITTEN)
    header, values = sent(at)
    trace = explorer.trace(shipped[name], card_of(name).show.text)
    found = explorer.ledger(trace)
    for step in (trace.steps // 2, trace.steps - 1):
        for unit in (0, trace.units - 1):
            wanted = found.contributions(step)[:, unit]
            # What is sent is float32.
            np.testing.assert_allclose(
                added_up(header, values, step, unit), wanted, atol=1e-6 * max(1, np.abs(wanted).sum())
            )
    np.testing.assert_array_equal(blocks(header, values)[3], trace[trace.memory][0])
    assert header["shown"] and len(header["names"]) == trace.steps


def test_it_is_sent_once_though_the_playhead_moves() -> None:
    at = opened("belt", model="english-lstm", ledger=WRITTEN, **LINK)
    before = bytes_of(at)
    stage_moves(at, 3, 7)
    assert "Unit 7 carries" in words(at)
    assert bytes_of(at) == before
    assert sent(at)[0]["id"] == stage_of(at).header["id"], "so that it knows whose playhead it follows"


def test_a_sentence_names_the_writer(shipped: Shipped) -> None:
    """The one whose write counts most now, and how much of it is left."""
    at = opened("belt", model="english-lstm", ledger=WRITTEN, **LINK)
    found = explorer.ledger(explorer.trace(shipped["english-lstm"], TEXT))
    values = found.contributions(STEP)[:, UNIT]
    row = int(np.abs(values).argmax())
    said = words(at)
    assert f"Unit {UNIT} carries **{signed(values.sum())}** now" in said
    assert f"(step {row}, " in said and f": {signed(values[row])}" in said
    assert f"**{signed(found.written(STEP)[row - 1, UNIT])}** that it wrote" in said


def test_all_units_together() -> None:
    """With the norm that is taken, and in the link."""
    at = opened("belt", model="english-gru", ledger=WRITTEN, whose="All units", **LINK)
    assert sent(at)[0]["whose"] == "all"
    assert SIZES in words(at)


@pytest.mark.parametrize("credit", choices.BY)
@pytest.mark.parametrize("name", BELTED)
def test_down_to_the_score(name: str, credit: str, shipped: Shipped) -> None:
    """What it says at this step: the library's contributions, which with the bias are the network's own score."""
    at = opened("belt", model=name, ledger=ANSWER, score=choices.LIKELIEST, credit=credit)
    step = stage_of(at).place[0]
    header, values = sent(at)
    trace = explorer.trace(shipped[name], card_of(name).show.text)
    column = (
        0
        if card_of(name).answer in ("number", "forecast")
        else int(explorer.predict(shipped[name], card_of(name).show.text)[step].argmax())
    )
    account = explorer.ledger(trace).logit(column, step, by=choices.BY[credit])
    np.testing.assert_array_equal(values, account.contributions.astype(np.float32))
    assert trace.readout is not None
    own = trace.readout.weight[column] @ trace["h"][-1, step] + trace.readout.bias[column]
    assert f"= **{signed(account.total)}**" in words(at)
    assert abs(account.total - own) <= 1e-5 * np.abs(account.contributions).sum()
    assert (BETA if credit == list(choices.BY)[1] else WRITES) in words(at)
    assert header["step"] == step


def test_two_classes_are_told_apart_by_their_difference(shipped: Shipped) -> None:
    """Which words make it positive now: the score of one less that of the other, without being asked."""
    at = opened("belt", model="sentiment-lstm", ledger=ANSWER)
    step = stage_of(at).place[0]
    found = explorer.ledger(explorer.trace(shipped["sentiment-lstm"], card_of("sentiment-lstm").show.text))
    positive, negative = found.logit("positive", step), found.logit("negative", step)
    _, values = sent(at)
    np.testing.assert_array_equal(values, (positive.contributions - negative.contributions).astype(np.float32))
    assert at.selectbox(key="score").value == "positive against negative"
    assert signed(positive.total - negative.total) in words(at)
    assert SQUASHED in words(at)


def test_any_label_can_be_asked_for(shipped: Shipped) -> None:
    at = opened("belt", model="english-lstm", ledger=ANSWER, score="q", **LINK)
    account = explorer.ledger(explorer.trace(shipped["english-lstm"], TEXT)).logit("q", STEP)
    np.testing.assert_array_equal(sent(at)[1], account.contributions.astype(np.float32))
    check(at.selectbox(key="score").set_value("·").run())
    account = explorer.ledger(explorer.trace(shipped["english-lstm"], TEXT)).logit(" ", STEP)
    np.testing.assert_array_equal(sent(at)[1], account.contributions.astype(np.float32))


def test_what_is_right_is_what_comes_next(shipped: Shipped) -> None:
    """At the last step nobody knows, and the page says so."""
    at = opened("belt", model="english-lstm", ledger=ANSWER, score=choices.RIGHT, **LINK)
    account = explorer.ledger(explorer.trace(shipped["english-lstm"], TEXT)).logit(TEXT[STEP + 1], STEP)
    np.testing.assert_array_equal(sent(at)[1], account.contributions.astype(np.float32))
    assert "is unknown" not in words(at)
    stage_moves(at, len(TEXT) - 1, UNIT)
    assert "The right answer at this step is unknown" in words(at)


def test_a_score_of_another_task_is_not_kept() -> None:
    """A link that asks for what is not there shows what is usual; so does a network of another task."""
    at = opened("belt", model="english-lstm", ledger=ANSWER, score="no such", **LINK)
    assert at.selectbox(key="score").value == choices.LIKELIEST
    check(at.selectbox(key="score").set_value("q").run())
    check(choose(at, "english-gru"))
    assert at.selectbox(key="score").value == "q"
    type_text(at, "x")
    assert len(sent(at)[1]) == 2


@pytest.mark.parametrize("tab", [WRITTEN, ANSWER])
def test_without_a_belt_there_is_no_account(tab: str) -> None:
    """And the page says why."""
    at = opened("belt", model="english-rnn", ledger=tab, **LINK)
    assert "**RNN has no account.**" in words(at)
    assert not [one for one in at.get("bidi_component") if one.proto.component_name == "carousel_account"]


def test_of_several_belts_each_has_its_own(shipped: Shipped, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a second one made up from the first: the page asks which, and h shows nothing of the second."""
    read = explorer.trace(shipped["english-lstm"], TEXT)
    twice = {"d": 2 * read["c"]}
    trace = Trace(
        arrays={**read.arrays, **twice},
        signals={**read.signals, "d": replace(read.signals["c"], name="d", label="a second one")},
        tokens=read.tokens,
        cell=read.cell,
        belts=(*read.belts, Belt("d", keep="f", write="2 * i * g")),
        initial={**read.initial, "d": read.initial["c"]},
        readout=read.readout,
    )
    monkeypatch.setattr(service, "trace", lambda name, text: trace)
    at = opened("belt", model="english-lstm", ledger=WRITTEN, of_belt="d", **LINK)
    header, values = sent(at)
    np.testing.assert_array_equal(blocks(header, values)[3], trace["d"][0])
    at = opened("belt", model="english-lstm", ledger=ANSWER, of_belt="d", **LINK)
    assert "shows nothing of" in words(at)


@pytest.mark.parametrize("name", [card.name for card in zoo()])
def test_every_shipped_network(name: str) -> None:
    """All units' accounts add up to the belt, and those of the usual score to the network's own."""
    card, at = card_of(name), opened("belt", model=name, ledger=WRITTEN)
    if not service.trace(name, card.show.text).belts:
        assert "has no account" in words(at)
        return
    header, values = sent(at)
    first, keep, written, belt = (block.astype(np.float64) for block in blocks(header, values))
    carried, sizes = first, np.abs(first)
    for step in range(header["steps"]):
        carried, sizes = keep[step] * carried + written[step], keep[step] * sizes + np.abs(written[step])
        # float32, relative to the sum of the sizes of all contributions; to 1 at least, since a fused GRU rounds at the size of its
        # candidate (h = n + z (h - n)), also where next to nothing of that is written.
        assert (np.abs(carried - belt[step]) <= 1e-5 * np.maximum(sizes, 1)).all()
    at = opened("belt", model=name, ledger=ANSWER)
    (header, values), step = sent(at), stage_of(at).place[0]
    view = View(Place(card, card.show.text, 0, 0, step), service.trace(name, card.show.text))
    column, against = (0, None) if view.answer.numbers else next(iter(choices.scores(view).values()))
    total = float(values.astype(np.float64).sum()) + header["bias"]
    assert abs(total - own(view, column, against)) <= 1e-5 * np.abs(values).sum() + 1e-6 * abs(header["bias"])


@pytest.mark.cases(1)
@pytest.mark.parametrize("both", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_each_row_of_a_stack(cell: str, both: bool, shelve: Shelve) -> None:
    """Its own account, in the order in which it reads; a score has one only where the top layer reads one way."""
    name = shelve(cell, (2, both))
    trace = explorer.trace(explorer.load(name), SOME)
    found = explorer.ledger(trace)
    for layer in range(4 if both else 2):
        at = opened("belt", model=name, layer=layer, unit=2, step=4, ledger=WRITTEN)
        header, values = sent(at)
        assert header["reversed"] == (both and layer % 2 == 1)
        np.testing.assert_array_equal(blocks(header, values)[3], trace[trace.memory][layer])
        assert f"Unit 2 carries **{signed(found.contributions(3, layer)[:, 2].sum())}** now" in words(at)
        at = opened("belt", model=name, layer=layer, step=4, ledger=ANSWER)
        if both:
            assert "The top layer reads both ways" in words(at)
        else:
            assert ("The answer is read from the top layer" in words(at)) == (layer == 0)


def test_a_warm_up_is_told_apart() -> None:
    at = opened("belt", model="english-lstm", ledger=WRITTEN, warm="true", text=TEXT, step=1)
    header, _ = sent(at)
    assert header["warm"] == header["steps"] - len(TEXT) > 0
    assert (
        sent(opened("belt", model="english-lstm", ledger=ANSWER, warm="true", text=TEXT, step=1))[0]["warm"]
        == header["warm"]
    )
