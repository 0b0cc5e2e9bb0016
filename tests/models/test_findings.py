"""The rule that picks what a card says: on a network with a planted unit it finds that unit, and measures what it does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

import explorer
from explorer.analysis.probes import chance, correlations, ends
from explorer.backend import forward
from explorer.cells import Tap
from explorer.models.findings import CONTEXT, PLACES, _read_holding, effects, find, memory_of
from explorer.models.make import untrained
from explorer.models.model import Model
from explorer.models.recipes.base import Property, Recipe
from explorer.models.recipes.english import before_closing_quote, inside_quotes
from explorer.signals import Array
from tests.helpers import UNITS, network
from tests.models.tiny import CLASSES, GOOD, HELD_OUT, LATCH, NUMBERS, TRAIN, between, finding

PLANTED = 2
CELLS = ["rnn", "lstm", "gru"]


@torch.no_grad()
def plant(model: Model, up: str | int, down: str | int, column: int, strength: float = 2.0) -> Model:
    """One unit is +1 from the token `up` to the token `down` and else -1, and speaks for that column of the answer; the others are
    random and weak. The first two inputs are all that it looks at."""
    assert model.readout is not None
    for weight in model.parameters():
        weight *= 0.1
    if model.embedding is not None and model.vocabulary is not None:
        model.embedding.weight.zero_()
        model.embedding.weight[:, 2] = torch.linspace(
            -1, 1, len(model.embedding.weight)
        )  # something for the others to read
        for token, place in ((up, 0), (down, 1)):
            model.embedding.weight[model.vocabulary.id_of(str(token))] = torch.eye(3)[place]
    cell = model.cell.name
    W, U, b = model.cell.weight_ih, model.cell.weight_hh, model.cell.bias_ih
    units = model.stack.hidden_size
    rows = {
        name: block * units + PLANTED for block, name in enumerate({"lstm": "ifgo", "gru": "rzn", "rnn": "h"}[cell])
    }
    for row in rows.values():
        W[row], U[row], b[row], model.cell.bias_hh[row] = 0, 0, 0, 0
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
    model.readout.weight[column, PLANTED] = strength
    return model


def latch(cell: str) -> Model:
    """Reads letters; the planted unit is up from `a` to `b`, and speaks for `c`."""
    model = network((cell, {}), dtype=torch.float32)
    return plant(model, "a", "b", model.labels.index("c"))


@pytest.mark.parametrize("cell", CELLS)
def test_it_finds_the_planted_unit(cell: str) -> None:
    """With a correlation near 1, far above chance, and the largest effect of all: erased it takes from `c`, forced from outside to
    inside it gives. Shown at the first step well inside."""
    found = find(latch(cell), LATCH, [TRAIN], [HELD_OUT])
    assert (found.unit, found.layer, found.rank) == (PLANTED, 0, 1)
    assert found.correlation > 0.95
    assert found.null < 0.3
    assert found.holds
    assert found.erased < -0.3  # `c` becomes less likely where it was foretold
    assert found.forced > 2 * abs(found.erased) > 0
    assert found.step == 4  # `a` stands at 2, and two more have been read
    assert (found.follows, found.foretells, found.text) == ("between a and b", "c", "cdadcebcd")
    assert (found.places, found.measured) == (24, "log₂ P")


def test_a_unit_that_follows_upside_down_is_forced_the_right_way_round() -> None:
    """The sign of a unit is arbitrary: the correlation turns over, what it does as the property rises does not."""
    model = latch("gru")
    up = find(model, LATCH, [TRAIN], [HELD_OUT])
    with torch.no_grad():
        turned = torch.ones(UNITS)
        turned[PLANTED] = -1
        for weight in (model.cell.weight_ih, model.cell.weight_hh):
            weight[2 * UNITS :] *= turned[:, None]
        for bias in (model.cell.bias_ih, model.cell.bias_hh):
            bias[2 * UNITS :] *= turned
        model.cell.weight_hh *= turned
        model.readout.weight *= turned  # type: ignore[union-attr]
    down = find(model, LATCH, [TRAIN], [HELD_OUT])
    assert down == replace(up, correlation=-up.correlation)


def test_the_unit_is_chosen_on_one_side_and_measured_on_the_other() -> None:
    """Where another unit is the follower on the texts it is chosen on, that one is named, with the correlation that it really has."""
    model = latch("gru")
    unlike = replace(
        LATCH, of=lambda text: between(text) if len(text) == len(HELD_OUT) else memory_of(model, "".join(text))[:, 0]
    )
    found = find(model, unlike, [TRAIN], [HELD_OUT])
    assert found.unit == 0
    memory = memory_of(model, HELD_OUT).astype(np.float64)
    assert found.correlation == pytest.approx(
        correlations(memory, between(HELD_OUT))[0], abs=6e-4
    )  # rounded to 3 places
    assert found.null == pytest.approx(chance(memory, between(HELD_OUT)), abs=6e-4)
    assert abs(found.correlation) < 0.9  # far from the planted one's
    assert found.rank > 1


def test_several_texts_are_read_each_from_the_beginning() -> None:
    """Their memories one after the other; the state is not carried over."""
    model = latch("rnn")
    parts = [HELD_OUT[k : k + 100] for k in range(0, 800, 100)]
    memory = np.concatenate([memory_of(model, part) for part in parts]).astype(np.float64)
    marks = np.concatenate([between(part) for part in parts])
    found = find(model, LATCH, [TRAIN], parts)
    assert found.correlation == pytest.approx(correlations(memory, marks)[PLANTED], abs=6e-4)


def places_of(text: str) -> list[int]:
    """As many as are measured, spread over the text, each with a full context before it."""
    places = [int(step) for step in LATCH.foretold(text) if step >= CONTEXT]
    return places[:: len(places) // PLACES][:PLACES]


@torch.no_grad()
def answer_while_held(model: Model, text: str, unit: int, value: float) -> Array:
    """The answer after the text, the belt of that unit of the top row held at a value throughout; [output]."""
    name, top = "c" if model.cell.name == "lstm" else "h", len(model.stack.rows) - 1

    def tap_at(row: int, step: int) -> Tap:
        def tap(signal: str, values: Tensor) -> Tensor:
            if (row, signal) == (top, name):
                values = values.clone()
                values[0, unit] = value
            return values

        return tap

    h = forward.read(model.stack, model.prepare(text).x, tap_at=tap_at)[-1]["h"][-1]
    assert model.readout is not None
    return model.answer.predict(model.readout(h))[0].numpy()


@pytest.mark.cases(1)
@pytest.mark.parametrize("cell", CELLS)
def test_the_effects_are_what_holding_each_unit_does(cell: str) -> None:
    """Each unit and place on its own, from the definition: its memory held, log₂ P of `c` compared with what explorer.predict says for
    the untouched network, and at its upper end with its lower."""
    model = latch(cell)
    memory = memory_of(model, HELD_OUT)
    mean = memory.mean(0)
    low, high = ends(memory, correlations(memory, between(HELD_OUT)))
    found = effects(model, LATCH, [HELD_OUT], mean, low, high)
    places, c = places_of(HELD_OUT), model.labels.index("c")
    assert found.places == len(places) == PLACES

    def raw(value: Array) -> float:
        return float(np.arctanh(value)) if cell == "lstm" else float(value)

    for unit in range(UNITS):
        erased, forced = [], []
        for place in places:
            context = HELD_OUT[place - CONTEXT + 1 : place + 1]
            before = explorer.predict(model, context)[-1, c]
            at_mean, at_low, at_high = (
                answer_while_held(model, context, unit, raw(value[unit]))[c] for value in (mean, low, high)
            )
            erased.append((at_mean - before) / np.log(2))
            forced.append((at_high - at_low) / np.log(2))
        assert found.erased_deviation[unit] == pytest.approx(np.std(erased, ddof=1), abs=1e-5)
        assert found.forced_deviation[unit] == pytest.approx(np.std(forced, ddof=1), abs=1e-5)
        assert found.erased[unit] == pytest.approx(np.mean(erased), abs=1e-5)  # float32
        assert found.forced[unit] == pytest.approx(np.mean(forced), abs=1e-5)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_the_untouched_copy_is_the_network_itself(cell: str, layers: int) -> None:
    """Beside any number of held copies; and in these only the held unit is held."""
    model = network((cell, {}), (layers, False), dtype=torch.float32)
    text, held = HELD_OUT[:30], torch.linspace(-0.9, 0.9, 2 * UNITS)
    with torch.inference_mode():
        h = _read_holding(model, model.prepare(text).x, held, UNITS)
        assert model.readout is not None
        answers = model.answer.predict(model.readout(h)).numpy()
    assert len(h) == 2 * UNITS + 1
    np.testing.assert_allclose(answers[-1], explorer.predict(model, text)[-1], atol=1e-5)  # float32
    for copy in range(2 * UNITS):
        value = float(held[copy])
        expected = answer_while_held(model, text, copy % UNITS, np.arctanh(value) if cell == "lstm" else value)
        np.testing.assert_allclose(answers[copy], expected, atol=1e-5)


def test_nothing_to_measure_is_no_effect() -> None:
    """Held-out texts in which nothing is foretold: no places, an effect of 0, and no error."""
    found = find(latch("gru"), LATCH, [TRAIN], [HELD_OUT.replace("c", "d")])
    assert (found.erased, found.forced, found.places, found.unit) == (0.0, 0.0, 0, PLANTED)


def test_a_short_text_is_measured_with_what_context_there_is() -> None:
    """Where no place has a full one before it."""
    model, short = latch("gru"), HELD_OUT[: CONTEXT - 10]
    found = find(model, LATCH, [TRAIN], [short])
    assert found.places == min(PLACES, len(LATCH.foretold(short)))
    assert found.rank == 1


def test_memory_is_what_the_belt_holds() -> None:
    """Of the top row; tanh c for the LSTM, whose c has no bound; h for the others."""
    for cell in CELLS:
        for layers in (1, 2):
            model = network((cell, {}), (layers, False), dtype=torch.float32)
            trace = explorer.trace(model, "abcde")
            expected = np.tanh(trace["c"][-1]) if cell == "lstm" else trace["h"][-1]
            np.testing.assert_allclose(memory_of(model, "abcde"), expected, rtol=0, atol=1e-6)  # float32


def planted_in(recipe: Recipe, cell: str, up: str, down: str, column: int) -> Model:
    """The recipe's network with more units than it has, one of them planted; the others know nothing of it or of what moves it."""
    torch.manual_seed(0)
    model = plant(
        untrained(replace(recipe, hidden_size=6, cells={}), cell, recipe.data()), up, down, column, strength=3.0
    )
    others = torch.arange(len(model.cell.weight_ih)) % 6 != PLANTED
    with torch.no_grad():
        model.cell.weight_ih[others, : 2 if up else 0] = 0
        model.cell.weight_hh[others, PLANTED] = 0
    return model


@pytest.mark.parametrize("cell", CELLS)
def test_of_classes(cell: str) -> None:
    """Words are read; what is moved is the probability of the class that the property foretells, at the end of each text."""
    model, data = planted_in(CLASSES, cell, "good", "bad", 1), CLASSES.data()
    found = find(model, GOOD, data.chosen_on, [example.text for example in data.held_out])
    assert (found.unit, found.rank, found.measured) == (PLANTED, 1, "log₂ P")
    assert found.correlation > 0.8  # before any judgement the unit is at 0
    assert found.holds
    assert found.forced > 1
    assert found.text.split()[found.step] == "good"  # where it sets in; not later, since these are words
    negative = find(model, replace(GOOD, label="negative"), data.chosen_on, [e.text for e in data.held_out])
    assert negative.forced < -1


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_of_numbers(cell: str) -> None:
    """What is moved is the output itself: the readout's weight times how far the unit was forced, where nothing else reads the unit."""
    recipe = replace(
        NUMBERS,
        properties=(
            Property(
                name="the value was above a half",
                of=lambda rows: np.array([float(row.split()[0]) > 0.5 for row in rows]) * 1.0,
                foretells="the output",
                foretold=lambda rows: np.arange(len(rows)),
                show_text="0.1 0; 0.7 1; 0.3 0; 0.9 0",
            ),
        ),
    )
    model, data = planted_in(recipe, cell, "", "", 0), recipe.data()
    with torch.no_grad():  # up for a value above a half, down for one below
        model.cell.weight_hh[-6 + PLANTED] = 0
        model.cell.bias_ih[-6 + PLANTED] = -5
        if cell == "gru":
            model.cell.weight_ih[6 + PLANTED], model.cell.bias_ih[6 + PLANTED] = 0, -10
        model.cell.weight_ih[-6 + PLANTED, 1] = 0
    texts = [example.text for example in data.held_out]
    found = find(model, recipe.properties[0], data.chosen_on, texts)
    assert (found.unit, found.rank, found.measured) == (PLANTED, 1, "value")
    assert found.correlation > 0.7
    memory = np.concatenate([memory_of(model, text) for text in texts])[:, PLANTED]
    low, high = np.quantile(memory, [0.05, 0.95])
    assert found.forced == pytest.approx(3.0 * (high - low), abs=2e-3)
    assert found.places == PLACES


def test_the_bar_that_a_finding_has_to_pass() -> None:
    """|r| at least 0.5 and at least twice what chance gives, whatever the sign."""
    for correlation, null, holds in [(0.5, 0.1, True), (-0.5, 0.1, True), (0.49, 0.1, False), (0.5, 0.26, False)]:
        assert finding(correlation=correlation, null=null).holds is holds


@pytest.mark.parametrize(
    ("effects", "expected", "holds"),
    [
        (np.full(24, 2.0), 1, True),
        (np.linspace(-5, 8, 24), 1, False),  # 1.5 on average, 0.8 the standard error
        (np.linspace(-2, 5, 24), 1, True),  # 1.5, and 0.43
        (-np.linspace(-2, 5, 24), 1, False),  # moves against what it should do
        (-np.linspace(-2, 5, 24), -1, True),
        (np.zeros(24), 1, False),
    ],
)
def test_a_unit_is_named_only_if_it_acts_as_expected(effects: Array, expected: int, holds: bool) -> None:
    """By a t statistic above 2, from the effects themselves, in the direction that the property foretells."""
    t = effects.mean() * expected / (effects.std(ddof=1) / np.sqrt(24) or 1e-300)
    assert bool(t > 2) is holds
    one = finding(
        forced=float(effects.mean()), forced_deviation=float(effects.std(ddof=1)), places=24, expected=expected
    )
    assert one.follows_it and one.holds is holds


def test_quotes() -> None:
    """From the opening mark up to the character before the closing one; a paragraph's end closes what was left open."""
    text = 'a "bc" d\n"e\nf "g"'
    inside = "".join(str(int(mark)) for mark in inside_quotes(text))
    assert inside == "00111000011000" + "110"
    assert [text[step + 1] for step in before_closing_quote(text)] == ['"', '"']
