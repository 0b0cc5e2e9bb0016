"""The rule that picks what a card shows: on a network with a planted unit it finds that unit, and measures what it does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

import explorer
from explorer.backend import forward
from explorer.cells import Tap
from explorer.models.model import Model
from explorer.models.recipes.base import before_closing_quote, inside_quotes
from explorer.models.show import CONTEXT_LENGTH, correlations, effect_of_erasing, find_show, memory_of
from tests.helpers import SYMBOLS, UNITS, network
from tests.models.tiny import LATCH, SPLIT, between

HELD_OUT = SPLIT.held_out
PLANTED = 2


@torch.no_grad()
def planted(cell: str) -> Model:
    """A network in which one unit is +1 from `a` to `b` and else -1, and speaks for `c`; the others are random and weak."""
    model = network((cell, {}), dtype=torch.float32)
    assert model.embedding is not None and model.readout is not None
    for weight in model.parameters():
        weight *= 0.1
    model.embedding.weight.zero_()
    model.embedding.weight[:, 2] = torch.linspace(-1, 1, len(SYMBOLS) + 1)  # something for the others to read
    model.embedding.weight[1] = torch.tensor([1.0, 0.0, 0.0])  # a
    model.embedding.weight[2] = torch.tensor([0.0, 1.0, 0.0])  # b
    W, U, b = model.cell.weight_ih, model.cell.weight_hh, model.cell.bias_ih
    rows = {
        name: block * UNITS + PLANTED for block, name in enumerate({"lstm": "ifgo", "gru": "rzn", "rnn": "h"}[cell])
    }
    for row in rows.values():
        W[row], U[row], b[row] = 0, 0, 0
    if cell == "lstm":
        W[rows["i"], :2], b[rows["i"]] = 20, -10
        W[rows["f"], :2], b[rows["f"]] = -20, 10
        b[rows["o"]] = 10
    if cell == "gru":
        W[rows["z"], :2], b[rows["z"]] = -20, 10
    if cell == "rnn":
        U[rows["h"], PLANTED] = 3  # holds itself up, or down
    candidate = rows[{"lstm": "g", "gru": "n", "rnn": "h"}[cell]]
    W[candidate, 0], W[candidate, 1] = 10, -10
    model.readout.weight[:, PLANTED] = 0
    model.readout.weight[model.labels.index("c"), PLANTED] = 2
    return model


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_it_finds_the_planted_unit(cell: str) -> None:
    """With a correlation near 1, the largest effect of all, downwards; and the first step well inside."""
    show = find_show(planted(cell), HELD_OUT, LATCH, "cdadcebcd")
    assert (show.unit, show.layer, show.rank) == (PLANTED, 0, 1)
    assert show.correlation > 0.95
    assert show.effect < -0.3  # `c` becomes less likely where it was foretold
    assert show.step == 4  # `a` stands at 2, and two more have been read
    assert (show.property, show.foretells, show.text) == ("between a and b", "c", "cdadcebcd")
    assert show.places == 24


def test_the_effect_is_what_holding_the_unit_does() -> None:
    """Each unit and place on its own, from the definition: its memory held at the mean, log2 P of `c` compared with before."""
    model = planted("lstm")
    mean = memory_of(model, HELD_OUT).mean(0)
    effect, count = effect_of_erasing(model, HELD_OUT, LATCH, mean)
    places = [int(step) for step in LATCH.foretold(HELD_OUT) if step >= CONTEXT_LENGTH]
    places = places[:: len(places) // 24][:24]
    assert count == len(places) == 24
    c = model.labels.index("c")
    for unit in range(UNITS):
        changes = []
        for place in places:
            context = HELD_OUT[place - CONTEXT_LENGTH + 1 : place + 1]
            before = explorer.predict(model, context)[-1, c]
            changes.append(
                (log_p_while_held(model, context, unit, float(np.arctanh(mean[unit])), c) - before) / np.log(2)
            )
        assert effect[unit] == pytest.approx(np.mean(changes), abs=1e-5)  # float32


@torch.no_grad()
def log_p_while_held(model: Model, text: str, unit: int, value: float, label: int) -> float:
    """ln P(label) after the text, the cell state of that unit held at a value throughout."""

    def tap_at(row: int, step: int) -> Tap:
        def tap(name: str, values: Tensor) -> Tensor:
            if name == "c":
                values = values.clone()
                values[0, unit] = value
            return values

        return tap

    h = forward.read(model.stack, model.prepare(text).x, tap_at=tap_at)[-1]["h"][-1]
    assert model.readout is not None
    return float(model.readout(h).log_softmax(-1)[0, label])


def test_nothing_to_measure_is_no_effect() -> None:
    """A held-out text too short for the contexts: no places, an effect of 0, and no error."""
    show = find_show(planted("gru"), HELD_OUT[:90], LATCH, "cdadcebcd")
    assert (show.effect, show.places, show.unit) == (0.0, 0, PLANTED)


def test_correlations_are_pearsons() -> None:
    memory = np.random.default_rng(0).normal(size=(50, 3))
    memory[:, 2] = 0.25  # never changes
    marks = between(HELD_OUT[:50])
    found = correlations(memory, marks)
    for unit in (0, 1):
        assert found[unit] == pytest.approx(np.corrcoef(memory[:, unit], marks)[0, 1])
    assert np.isnan(found[2])


def test_memory_is_what_the_belt_holds() -> None:
    """tanh c for the LSTM, whose c has no bound; h for the others."""
    for cell in ("rnn", "gru", "lstm"):
        model = planted(cell)
        trace = explorer.trace(model, "abcde")
        expected = np.tanh(trace["c"][0]) if cell == "lstm" else trace["h"][0]
        np.testing.assert_allclose(memory_of(model, "abcde"), expected, rtol=0, atol=1e-6)  # float32


def test_quotes() -> None:
    """From the opening mark up to the character before the closing one; a paragraph's end closes what was left open."""
    text = 'a "bc" d\n"e\nf "g"'
    inside = "".join(str(int(mark)) for mark in inside_quotes(text))
    assert inside == "00111000011000" + "110"
    assert [text[step + 1] for step in before_closing_quote(text)] == ['"', '"']
