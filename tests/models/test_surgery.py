"""The sweep is one edited reading a unit; a transplanted memory makes the verb agree with another subject."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer import edits, models
from explorer.models import surgery, transplants
from explorer.models.model import Model
from explorer.models.recipes.grammar import PLURALS, VERBS, Distractors, Pair, choices, pairs
from explorer.signals import Array
from tests.helpers import DEVICES, TEXT, UNITS, VARIANTS, Variant, network, state_of

T = len(TEXT)
LSTM = network(("lstm", {}))
STACKED = network(("lstm", {}), (2, True))
PAIRS = pairs()

ASKED: dict[str, dict[str, Any]] = {
    "default": {},
    "loss": {"of": "loss", "at": 3},
    "mean": {"of": "mean"},
    "logit": {"of": "logit", "at": 4, "token": "c"},
    "log_prob": {"of": "log_prob", "token": "a"},
    "likeliest": {"of": "log_prob"},
    "h": {"of": "h", "unit": 1, "at": 5},
}


def measured(model: Model, asked: dict[str, Any], layer: int, **how: Any) -> float:
    """The number itself, out of a prediction or a trace of the library."""
    of, at = asked.get("of", "loss"), asked.get("at", -1)
    if of == "h":
        return float(explorer.trace(model, TEXT, **how)["h"][layer, at, asked["unit"]])
    log_p = explorer.predict(model, TEXT, **how)
    assert model.vocabulary is not None and model.readout is not None
    ids = model.vocabulary.encode(TEXT).values
    losses = -log_p[np.arange(T - 1), ids[1:]]
    if of in ("loss", "mean"):
        return float(losses.mean() if of == "mean" else losses[at])
    token = asked.get("token")
    if token is None:  # the likeliest of the reading with which the others are compared
        original = {name: value for name, value in how.items() if name != "edits"}
        column = int(explorer.predict(model, TEXT, **original)[at].argmax())
    else:
        column = model.vocabulary.id_of(token)
    if of == "log_prob":
        return float(log_p[at, column])
    trace = explorer.trace(model, TEXT, **how)
    assert trace.readout is not None
    h = trace["h"][-model.stack.directions :, at].ravel()
    return float(trace.readout.weight[column] @ h + trace.readout.bias[column])


def one_by_one(model: Model, asked: dict[str, Any], layer: int = -1, value: float = 0.0, **how: Any) -> Array:
    """One edited reading a unit, less the original."""
    before = measured(model, asked, layer, edits=[edits.untouched()], **how)
    return np.array(
        [
            measured(
                model,
                asked,
                layer,
                edits=[edits.set_to(state, value, units=unit, layer=layer) for state in edits.memories(model.cell)],
                **how,
            )
            - before
            for unit in range(UNITS)
        ]
    )


@pytest.mark.parametrize("shape", [(1, False), (2, True)], ids=str)
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("variant", [("lstm", {}), ("gru", {}), ("rnn", {})], ids=lambda variant: variant[0])
def test_a_sweep_is_one_edited_reading_a_unit(variant: Variant, asked: str, shape: tuple[int, bool]) -> None:
    """For each objective, from a given state, units of the top row and of the lowest held at 0."""
    model = network(variant, shape)
    state = state_of(model)
    for layer in (-1, 0):
        found = explorer.sweep(model, TEXT, layer=layer, state=state, **ASKED[asked])
        expected = one_by_one(model, ASKED[asked], layer, state=state)
        assert found.shape == (UNITS,)
        assert np.abs(expected).max() > 1e-4
        # The same operations in a batch of another size: float64, 11 steps.
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_cell_can_be_swept(variant: Variant) -> None:
    """Held at 0.25, which is not what a unit does anyway where it sleeps."""
    model = network(variant, (2, False))
    found = explorer.sweep(model, TEXT, value=0.25)
    np.testing.assert_allclose(found, one_by_one(model, {}, value=0.25), rtol=0, atol=1e-12)


@pytest.mark.parametrize("device", DEVICES)
def test_held_at_the_mean_of_the_text(device: str) -> None:
    """Each state of each unit at its own mean; and only the states that are named."""
    trace = explorer.trace(LSTM, TEXT)
    before = explorer.predict(LSTM, TEXT, edits=[edits.untouched()])[-1, 2]

    def expected(states: tuple[str, ...]) -> list[float]:
        held = [
            [edits.set_to(state, trace[state][0, :, unit].mean(), units=unit) for state in states]
            for unit in range(UNITS)
        ]
        return [explorer.predict(LSTM, TEXT, edits=made)[-1, 2] - before for made in held]

    for states in (None, ("c",), ("h",)):
        found = explorer.sweep(LSTM, TEXT, of="log_prob", token=2, states=states, value="mean", device=device)
        # float64, other orders of summation over 11 steps
        np.testing.assert_allclose(found, expected(states or ("h", "c")), rtol=0, atol=1e-12)


def test_many_small_batches_are_one_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long text is swept a few units at a time."""
    whole = explorer.sweep(STACKED, TEXT, of="mean", layer=1)
    monkeypatch.setattr(surgery, "BLOCK", 1)
    np.testing.assert_allclose(explorer.sweep(STACKED, TEXT, of="mean", layer=1), whole, rtol=0, atol=1e-13)


def test_a_sweep_of_an_edited_reading() -> None:
    """What each unit carries once a gate is held: the edits are in both readings that are compared."""
    made = [edits.set_to("f", 1.0, units=(1, 2)), edits.noise("o", 0.1, seed=2)]
    found = explorer.sweep(LSTM, TEXT, of="log_prob", token="b", edits=made)
    before = explorer.predict(LSTM, TEXT, edits=made)[-1, 2]
    expected = [
        explorer.predict(LSTM, TEXT, edits=[*made, *edits.erase(unit)])[-1, 2] - before for unit in range(UNITS)
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_a_cell_by_itself() -> None:
    """Without a readout, a unit's state is what is asked for."""
    torch.manual_seed(0)
    cell, x = explorer.cells.build("lstm", 3, 5), np.ones((6, 3))
    found = explorer.sweep(cell, x, of="c", unit=2, at=-2)
    before = explorer.trace(cell, x)["c"][0, -2, 2]
    expected = [explorer.trace(cell, x, edits=edits.erase(unit))["c"][0, -2, 2] - before for unit in range(5)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)  # float32


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"states": ("f",)}, "lstm has no state 'f'; it has h, c"),
        ({"of": "sense"}, "unknown objective 'sense'"),
        ({"of": "h"}, "choose it with unit="),
        ({"at": T - 1}, f"at is {T - 1}, but there are {T - 1}"),
        ({"layer": 7}, "layer is 7"),
        ({"edits": [edits.set_to("z", 0.0)]}, "lstm has no 'z'"),
    ],
    ids=str,
)
def test_a_sweep_that_cannot_be(asked: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        explorer.sweep(LSTM, TEXT, **asked)


def test_what_is_not_a_units_own_is_not_swept() -> None:
    with pytest.raises(ValueError, match="y is not a unit's own"):
        explorer.sweep(network(("jordan", {"output_size": 2})), TEXT, states=("y",))


def test_pairs_of_the_grammar() -> None:
    """One subject and several, all other words the same; the verb that comes must agree with it, behind one to four distractors."""
    assert len(PAIRS) == 300
    assert pairs() == PAIRS
    assert pairs(seed=2) != PAIRS
    for pair in PAIRS:
        assert pair.several[pair.noun] == PLURALS[pair.one[pair.noun]]
        assert np.flatnonzero(np.array(pair.one) != np.array(pair.several)).tolist() == [pair.noun]
        assert VERBS[pair.verb[0]] == pair.verb[1]
        for words, (right, wrong) in ((pair.one, pair.verb), (pair.several, pair.verb[::-1])):
            (choice,) = choices([*words, right])
            assert (choice.step, choice.right, choice.wrong) == (len(words) - 1, right, wrong)
            assert 1 <= choice.distractors <= 4
    assert len({len(pair.one) for pair in PAIRS}) > 5


@pytest.fixture(scope="module")
def shipped() -> Model:
    return explorer.load("agreement-lstm")


def test_a_transplanted_memory_flips_the_verb(shipped: Model) -> None:
    """The shipped LSTM, on 300 pairs: both states, or the belt alone right before the verb, flip at least 90 % of them."""
    found = transplants(shipped, PAIRS)
    assert found.pairs == 300
    assert found.right >= 0.99, "it agrees with the subject that there is"
    assert found.share(("c", "h"), "before the verb") >= 0.9
    assert found.share(("c", "h"), "after the noun") >= 0.9
    assert found.share(("c",), "before the verb") >= 0.9
    assert found.share(("h",), "after the noun") < found.share(("c",), "after the noun"), "what lasts is on the belt"
    assert {(flip.states, flip.alone, flip.where) for flip in found.flips} == {
        (states, alone, where)
        for states, alone in ((("h",), False), (("c",), False), (("c",), True), (("h", "c"), False))
        for where in ("after the noun", "before the verb")
    }


@pytest.mark.parametrize("name", ["agreement-gru", "agreement-rnn"])
def test_one_state_is_all_that_they_carry(name: str) -> None:
    """h of a GRU or an Elman network is everything: from there on the reading is that of the other sentence."""
    found = transplants(explorer.load(name), PAIRS[:100])
    assert [flip.states for flip in found.flips] == [("h",), ("h",)]
    assert {flip.share for flip in found.flips} == {found.right}


def test_a_batch_of_transplants_is_each_by_itself(shipped: Model) -> None:
    """The shares, counted with one edited reading a pair."""
    some = [*PAIRS[:20], *pairs(4, seed=5, distractors=Distractors(0, 0, opposed=False))]
    found = transplants(shipped, some)

    def plural(words: tuple[str, ...], pair: Pair, **how: Any) -> bool:
        log_p = explorer.predict(shipped, " ".join(words), **how)[-1]
        one, several = (log_p[shipped.labels.index(form)] for form in pair.verb)
        return bool(several > one)

    for states, alone in ((("h",), False), (("c",), False), (("c",), True), (("h", "c"), False)):
        for where in ("after the noun", "before the verb"):
            flipped = []
            for pair in some:
                at = pair.noun if where == "after the noun" else len(pair.one) - 1
                donor = explorer.trace(shipped, " ".join(pair.several))
                made = edits.transplant(donor, since=at, at=at, states=states)
                if alone:
                    host = explorer.trace(shipped, " ".join(pair.one))
                    made += edits.transplant(host, since=at, at=at, states=["h"])
                flipped.append(plural(pair.one, pair, edits=made) and not plural(pair.one, pair))
            assert found.share(states, where, alone=alone) == np.mean(flipped), (states, where, alone)
    right = [plural(pair.several, pair) and not plural(pair.one, pair) for pair in some]
    assert found.right == np.mean(right)


def test_transplants_that_cannot_be(shipped: Model) -> None:
    with pytest.raises(ValueError, match="no readout of words"):
        transplants(explorer.wrap(nn.LSTM(3, 4)), PAIRS)
    both_ways = models.Model(
        explorer.cells.build("lstm", shipped.stack.input_size, 4, bidirectional=True),
        vocabulary=shipped.vocabulary,
        embedding=shipped.embedding,
        readout=nn.Linear(8, len(shipped.labels)),
    )
    with pytest.raises(ValueError, match="reads both ways"):
        transplants(both_ways, PAIRS)
