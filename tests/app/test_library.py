"""The page of models: the card of the one at hand with every seed, what to look for, the weights of small ones; and all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import explorer
from explorer.models import Card, zoo
from explorer.studio import sentences
from tests.app.conftest import Shelve, ShelveTask
from tests.app.driving import HOSTILE, LIBRARY, NAMES, check, go_to, opened, press, stage_of, type_text, words
from tests.models.tiny import CLASSES, NUMBERS, RECIPE, WIRED, finding

SEEDS = (
    {"seed": 1, "selected_by": 0.91, "held_out_right": 0.75},
    {"seed": 2, "selected_by": 0.95, "held_out_right": 0.8125},
    {"seed": 3, "selected_by": 0.2, "held_out_right": 0.5},
)


def tables(at: AppTest) -> list[pd.DataFrame]:
    return [table.value for table in at.dataframe]


def facts(at: AppTest) -> dict[str, str]:
    (table,) = (table for table in tables(at) if list(table.columns) == ["what", "value"])
    return dict(zip(table["what"], table["value"], strict=True))


def all_tasks(at: AppTest) -> AppTest:
    """With the second tab open."""
    at.session_state["shelf"] = "All tasks"
    return check(at.run())


@pytest.mark.parametrize("name", NAMES)
def test_the_card(name: str) -> None:
    """Everything that is known of it: what it is, from what and by which command it was made, how good it is."""
    at = opened(LIBRARY, model=name)
    card = next(card for card in zoo() if card.name == name)
    found = facts(at)
    assert found["cell"].startswith(card.cell.upper())
    assert sentences.plain(card.sentence) in words(at)
    assert [header.value for header in at.header] == [f"{card.title}: {card.cell.upper()}"]
    for key, value in card.corpus.items():
        assert found[key] == value
    assert found["licence"] == card.licence
    assert found["weights, sha256"] == card.sha256
    assert found["parameters"] == f"{card.parameters:,}"
    assert found["held out bits per character"] == f"{card.scores['held_out_bits_per_character']:.4f}"
    assert found["seed"] == str(card.seed)
    assert f"steps {card.budget['steps']}" in found["trained for"]
    (command,) = at.code
    assert command.value == card.command
    assert not at.get("bidi_component"), "nothing reads here"


def test_every_seed_is_told(shelve_task: ShelveTask) -> None:
    """With all its scores, none left out, and which of them is shipped."""
    card = shelve_task(CLASSES, seeds=SEEDS, seed=2)
    at = opened(LIBRARY, model=card.name)
    (table,) = (table for table in tables(at) if "selected_by" in table.columns)
    assert table.to_dict("records") == list(SEEDS)
    assert "seed 2" in words(at)


def test_one_seed_has_no_table(shelve: Shelve) -> None:
    at = opened(LIBRARY, model=shelve("lstm"))
    assert "Every seed" not in words(at)


FINDINGS = (
    finding(follows="one", unit=1, text="abcde", step=2),
    finding(follows="unsure", unit=2, correlation=0.12, text="dd", step=1),
)


def test_what_to_look_for(shelve: Shelve) -> None:
    """Each with all its numbers, also what no unit follows; the button leads to the first page, on that text."""
    at = opened(LIBRARY, model=shelve("lstm", findings=FINDINGS), text="cab", step=2, unit=3)
    said = words(at)
    assert "**one**: unit 1 correlates 0.50" in said and "chance 0.10" in said and "rank 1 of 4" in said
    assert (
        "**unsure**: no unit follows it closely enough (|r| 0.5 and twice chance). The nearest: unit 2 correlates 0.12"
        in said
    )
    for one in FINDINGS:
        at = opened(LIBRARY, model="tiny-lstm", text="cab", step=2, unit=3)
        sent = stage_of(press(at, f"watch {one.follows}"))
        assert sent.header["whole"], "the first page"
        assert sent.place == (one.step, one.unit)
        assert at.text_area(key="text").value == one.text


SQUASH = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0), "linear": lambda a: a}
"""By an Elman network's nonlinearity, which the page names."""


def read_by_table(card: Card, at: AppTest, text: str) -> list[np.ndarray]:
    """h at each step, from the numbers of the tables on the page alone: a loop over steps, torch's equations."""
    named: dict[str, pd.DataFrame] = {}
    for table in tables(at):
        if isinstance(table.index[0], str):
            named[str(table.index[0]).split()[0]] = table
    weights = next(table for kind, table in named.items() if kind in ("i", "r", "h"))
    units = card.hidden_size
    embedding = named.get("unknown")

    def inputs(token: str) -> Mapping[str, float]:
        if embedding is not None:
            row = embedding.loc[token]
            return {f"from {name}": float(row[name]) for name in embedding.columns}
        if card.tokens == "numbers":
            return {f"from x{k}": float(number) for k, number in enumerate(token.split())}
        return {f"from ‘{token}’": 1.0}

    h, c, found = np.zeros(units), np.zeros(units), []
    for token in card.reader.encode(text).tokens:
        given = {**inputs(token), "bias": 1.0}

        def add(gate: str, given: Mapping[str, float] = given, h: np.ndarray = h, reset: Any = 1.0) -> np.ndarray:
            rows = weights.loc[[f"{gate} of unit {u}" for u in range(units)]]
            own = sum(rows[name].to_numpy(float) * value for name, value in given.items())
            back = sum(rows[f"from h of unit {u}"].to_numpy(float) * h[u] for u in range(units))
            behind = rows["bias behind the reset gate"].to_numpy(float) if "bias behind the reset gate" in rows else 0.0
            return np.asarray(own + reset * (back + behind))

        def sigmoid(a: np.ndarray) -> np.ndarray:
            return np.asarray(1 / (1 + np.exp(-a)))

        if card.cell == "rnn":
            h = SQUASH[card.options.get("nonlinearity", "tanh")](add("h"))
        elif card.cell == "gru":
            z = sigmoid(add("z"))
            h = (1 - z) * np.tanh(add("n", reset=sigmoid(add("r")))) + z * h
        else:
            c = sigmoid(add("f")) * c + sigmoid(add("i")) * np.tanh(add("g"))
            h = sigmoid(add("o")) * np.tanh(c)
        found.append(h)
    return found


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("recipe", [RECIPE, NUMBERS], ids=lambda recipe: recipe.task)
def test_the_weights_on_the_page_are_the_network(cell: str, recipe: Any, shelve_task: ShelveTask) -> None:
    """Whoever takes them from there and does the sums gets what the network gets."""
    card = shelve_task(replace(recipe, cells={cell: {}}), cell)
    at, text = opened(LIBRARY, model=card.name), "cadde" if recipe is RECIPE else "0.5 1; -1 0; 0.25 0"
    model = explorer.load(card.name)
    h = read_by_table(card, at, text)
    np.testing.assert_allclose(h, explorer.trace(model, text)["h"][0], atol=1e-5)
    (readout,) = (table for table in tables(at) if str(table.index[0]).startswith("score of"))
    scores = np.array(h) @ readout[[f"from h of unit {u}" for u in range(4)]].to_numpy(float).T
    scores = scores + readout["bias"].to_numpy(float)
    shown = scores if recipe is NUMBERS else scores - np.log(np.exp(scores).sum(1, keepdims=True))
    np.testing.assert_allclose(shown, explorer.predict(model, text), atol=1e-4)


def test_a_network_that_was_wired_by_hand(shelve_task: ShelveTask) -> None:
    card = shelve_task(WIRED, "rnn")
    at = opened(LIBRARY, model=card.name)
    h = read_by_table(card, at, "acbda")
    np.testing.assert_allclose(h, explorer.trace(explorer.load(card.name), "acbda")["h"][0], atol=1e-6)
    assert facts(at)["trained for"] == "wired by hand"
    assert "Wired by hand" in words(at)


@pytest.mark.parametrize("name", [card.name for card in zoo() if card.wired])
def test_the_shipped_ones_that_were_wired_by_hand(name: str) -> None:
    """Their symbols are their inputs: one number a symbol, to be read off."""
    card = next(card for card in zoo() if card.name == name)
    at = opened(LIBRARY, model=name)
    h = read_by_table(card, at, card.show.text)
    np.testing.assert_allclose(h, explorer.trace(explorer.load(name), card.show.text)["h"][0], atol=1e-6)
    assert {f"from ‘{symbol}’" for symbol in card.vocabulary} <= set().union(*(table.columns for table in tables(at)))


def test_a_large_network_has_no_table_of_weights() -> None:
    assert "Every weight" not in words(opened(LIBRARY, model=NAMES[0]))


def test_all_tasks(shelve: Shelve, shelve_task: ShelveTask) -> None:
    """The menu once more; an entry leads to the first page."""
    shelve("lstm")
    card = shelve_task(CLASSES)
    at = all_tasks(opened(LIBRARY, model="tiny-lstm", text="cab", step=2))
    assert at.button(key="shelf tiny") and sentences.plain(card.sentence) in words(at)
    sent = stage_of(press(at, f"shelf {card.task}"))
    assert sent.header["whole"] and sent.header["link"]["model"] == card.name
    assert sent.place == (card.show.step, card.show.unit)


def test_the_way_there_and_back_keeps_the_place() -> None:
    at = opened(model=NAMES[0], text="Some text.", step=5, unit=3)
    go_to(at, LIBRARY)
    sent = stage_of(go_to(at, "belt"))
    assert (sent.header["link"]["text"], sent.place) == ("Some text.", (4, 3))


def test_the_card_is_that_of_the_network_at_hand() -> None:
    at = opened(LIBRARY, model=NAMES[0])
    check(at.segmented_control(key="model").set_value(NAMES[1]).run())
    card = next(card for card in zoo() if card.name == NAMES[1])
    assert facts(at)["weights, sha256"] == card.sha256


def test_a_text_does_not_change_the_card() -> None:
    at = opened(LIBRARY, model=NAMES[0])
    before = facts(at)
    assert facts(type_text(at, HOSTILE)) == before
