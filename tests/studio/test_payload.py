"""What the stage is sent: every number is one of the library's, in an order and size that a browser can take."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import explorer
from explorer.analysis.orderings import by_half_life
from explorer.analysis.tokens import visible
from explorer.figures.heatmap import reach
from explorer.figures.theme import DARK, LIGHT
from explorer.models import card_of
from explorer.studio.components.stage.answers import GUESSES
from explorer.studio.components.stage.payload import PUSHERS, claims
from tests.app.conftest import Shelve
from tests.app.driving import NAMES, Sent, opened, stage_of
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
@pytest.mark.parametrize("page", ["watch", "belt"])
def test_every_signal_is_the_traces(name: str, page: str, shipped: Shipped) -> None:
    """Bit for bit, each per-unit signal with its kind, role, label and formula; the pre-activations stay here."""
    sent, trace = sent_of(name, page=page), explorer.trace(shipped[name], TEXT)
    assert set(sent.signals) == {signal.name for signal in trace.per_unit()}
    for signal, values in sent.signals.items():
        np.testing.assert_array_equal(values, trace[signal][0])
    for said in sent.header["signals"]:
        signal = trace.signals[said["name"]]
        told = {"kind": signal.kind, "role": signal.role, "label": signal.label, "formula": signal.formula}
        assert told.items() <= said.items()


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
        best = np.sort(np.exp(log_p[step]))[::-1][:GUESSES]
        np.testing.assert_allclose([share for _, share in top], best, **SIX)
        for label, share in top:
            np.testing.assert_allclose(np.exp(log_p[step, labels.index(label)]), share, **SIX)
    for step, (real, following) in enumerate(zip(sent["real"][:-1], ids[1:], strict=True)):
        np.testing.assert_allclose(real["share"], np.exp(log_p[step, following]), **SIX)
        np.testing.assert_allclose(
            2 ** -real["bits"], real["share"], rtol=1e-4
        )  # of six digits, an exponent keeps five
        assert real["rank"] == 1 + (log_p[step] > log_p[step, following]).sum()
    assert sent["real"][-1] is None, "nothing follows the last character"


@each_model
def test_the_arithmetic_adds_up(name: str, shipped: Shipped) -> None:
    """Input, recurrent side and bias are the pinned unit's pre-activation; squashed, they are the gate that is shown."""
    sent, trace = sent_of(name), explorer.trace(shipped[name], TEXT)
    why = sent.header["why"]
    assert why["unit"] == UNIT
    assert set(why["parts"]) == {signal for signal in trace.signals if signal.endswith("_pre")}
    for pre, parts in why["parts"].items():
        total = np.sum([parts[part] for part in ("input", "recurrent", "bias")], 0)
        # Three numbers of six digits; where they cancel, what is left has fewer.
        np.testing.assert_allclose(total, trace[pre][0, :, UNIT], rtol=1e-4, atol=1e-4)
        signal = trace.signals[pre.removesuffix("_pre")]
        squash = np.tanh if signal.formula.startswith("tanh") else lambda a: 1 / (1 + np.exp(-a))
        np.testing.assert_allclose(squash(total), trace[signal.name][0, :, UNIT], atol=1e-4)


@each_model
def test_those_who_pushed_hardest(name: str, shipped: Shipped) -> None:
    """Of all units' shares, the largest in size, signed, largest first."""
    parts = sent_of(name).header["why"]["parts"]
    for pre, pushes in explorer.arithmetic(shipped[name], TEXT, unit=UNIT).items():
        for step, by in enumerate(parts[pre]["by"]):
            sizes = np.sort(np.abs(pushes.units[step]))[::-1][:PUSHERS]
            np.testing.assert_allclose([abs(push) for _, push in by], sizes, **SIX)
            for unit, push in by:
                np.testing.assert_allclose(pushes.units[step, unit], push, **SIX)


@each_model
def test_what_a_card_claims_comes_with_its_doubts(name: str) -> None:
    """Correlation, chance, effect and rank together, or that no unit follows the property; of any other unit nothing is claimed."""
    card, sent = card_of(name), sent_of(name).header["show"]
    assert sent["unit"] == card.show.unit
    assert {int(unit) for unit in sent["claims"]} == {one.unit for one in card.findings}
    for one in card.findings:
        claim = sent["claims"][str(one.unit)]
        said = ["No unit of this network follows", one.follows, f"only {abs(one.correlation):.2f}"]
        if one.holds:
            said = [f"unit {one.unit}", one.follows, f"correlates {abs(one.correlation):.2f}"]
            said += [
                f"chance {one.null:.2f}",
                f"P({one.foretells})",
                f"rank {one.rank} of {card.hidden_size}",
            ]
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
    assert "No unit" in told[5]


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
def test_the_strip_on_other_pages_has_no_numbers_of_the_step(name: str) -> None:
    sent = sent_of(name, page="belt")
    assert not sent.header["whole"] and sent.header["play"] is None
    assert not {"next", "why"} & set(sent.header)


@each_model
def test_the_size_of_200_characters(name: str) -> None:
    """An LSTM's six signals of 128 units are 614 kB; what comes with them is small beside that."""
    text = (TEXT * 10)[:200]
    assert card_of(name).hidden_size <= 128
    assert sent_of(name, text).size <= 700 * 1024


@each_model
def test_the_arrays_begin_on_a_multiple_of_four(name: str) -> None:
    """Whatever the length of the header: else a browser could not lay a Float32Array over them."""
    for text in ("a", "ab", "abc", "abcd", "漢", "é"):
        sent = sent_of(name, text)
        (last,) = list(sent.signals.values())[-1:]
        assert sent.size % 4 == 0
        np.testing.assert_array_equal(last, explorer.trace(explorer.load(name), text)["h"][0])
