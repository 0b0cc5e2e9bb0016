"""The folder of models: what is written comes back, what was changed is refused; and the shipped models keep what their cards say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import explorer
from explorer.models import Card, Example, Model, card_of, held_out, siblings, zoo
from explorer.models.card import Headline
from explorer.models.recipes import RECIPES
from explorer.models.zoo import GROUPS, SETTING, folder, save, write_held_out
from tests.helpers import SHAPES, TEXT, VARIANTS, Shape, Variant, network
from tests.models.tiny import LABELS, card_for

NAMES = [card.name for card in zoo()]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models."""
    monkeypatch.setenv(SETTING, str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def put(model: Model, card: Card, shelf: Path) -> Card:
    """Writes weights and card."""
    card = replace(card, sha256=save(model, shelf / f"{card.name}.safetensors"))
    card.write(shelf / f"{card.name}.json")
    return card


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_model_comes_back(variant: Variant, shape: Shape, shelf: Path) -> None:
    """Of every cell, with its options, layers and directions: the same predictions, ready to be read with, its card beside it."""
    model = network(variant, shape, dtype=torch.float32)
    card = put(model, card_for(model, variant, shape), shelf)
    assert zoo() == [card]
    loaded = explorer.load("tiny")
    np.testing.assert_array_equal(explorer.predict(loaded, TEXT), explorer.predict(model, TEXT))
    assert (loaded.card, loaded.name, loaded.training) == (card, "tiny", False)
    assert not any(weight.requires_grad for weight in loaded.parameters())


def test_siblings_stand_together(shelf: Path) -> None:
    """A task's models in the order rnn, gru, lstm, whatever the files are called."""
    for task in ("b", "a"):
        for cell in ("lstm", "rnn", "gru"):
            model = network((cell, {}), dtype=torch.float32)
            put(model, replace(card_for(model, (cell, {})), name=f"{task}-{cell}", task=task), shelf)
    assert [card.name for card in zoo()] == ["a-rnn", "a-gru", "a-lstm", "b-rnn", "b-gru", "b-lstm"]
    assert [card.name for card in siblings("b-gru")] == ["b-rnn", "b-gru", "b-lstm"]


def test_tasks_stand_in_the_order_of_the_menu(shelf: Path) -> None:
    """The groups as a reader meets them, then by task; a group that the menu does not know at the end."""
    model = network(("gru", {}), dtype=torch.float32)
    for task, group in (("a", "Elsewhere"), ("b", GROUPS[-1]), ("d", GROUPS[0]), ("c", GROUPS[0]), ("e", GROUPS[1])):
        put(model, replace(card_for(model, ("gru", {})), name=f"{task}-gru", task=task, group=group), shelf)
    assert [card.task for card in zoo()] == ["c", "d", "e", "b", "a"]


def test_an_unknown_name(shelf: Path) -> None:
    model = network(("gru", {}), dtype=torch.float32)
    put(model, card_for(model, ("gru", {})), shelf)
    for name in ("tinny", "", "../tiny", "tiny.json"):
        with pytest.raises(ValueError, match=f"unknown model '{name}'; choose from tiny"):
            explorer.load(name)


def test_changed_weights_are_refused(shelf: Path) -> None:
    """One byte changed, a truncated file, no file: the answer names the file and how to have it again."""
    model = network(("gru", {}), dtype=torch.float32)
    put(model, card_for(model, ("gru", {})), shelf)
    file = shelf / "tiny.safetensors"
    whole = file.read_bytes()
    message = r"tiny\.safetensors is not the file that its card describes; fetch it again, or train it: train tiny"
    for content in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[: len(whole) // 2], b""):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            explorer.load("tiny")
    file.unlink()
    with pytest.raises(ValueError, match=message):
        explorer.load("tiny")


def test_a_model_that_is_trained_again_is_seen(shelf: Path) -> None:
    """Its card is read anew although the folder's list of files did not change."""
    for seed in (1, 2):
        model = network(("gru", {}), dtype=torch.float32, seed=seed)
        put(model, replace(card_for(model, ("gru", {})), seed=seed), shelf)
        np.testing.assert_array_equal(explorer.predict(explorer.load("tiny"), TEXT), explorer.predict(model, TEXT))


def test_an_empty_folder(shelf: Path) -> None:
    assert zoo() == []
    with pytest.raises(ValueError, match="unknown model 'english-lstm'"):
        explorer.load("english-lstm")


def test_a_card_is_plain_json(shelf: Path) -> None:
    """It can be read without the project, letters as letters."""
    model = network(("gru", {}), dtype=torch.float32)
    put(model, replace(card_for(model, ("gru", {})), title="Größe “x”"), shelf)
    text = (shelf / "tiny.json").read_text(encoding="utf-8")
    assert "Größe “x”" in text
    assert json.loads(text)["show"] == json.loads(text)["findings"][0]


def test_held_out_sequences_come_back(shelf: Path) -> None:
    """Of every kind of answer, as they were, whatever stands in them; beside the folder of models."""
    examples = (
        Example('“Größe”\n\u2028 😀\r\n\x85 "x"'),
        Example("good film", "positive"),
        Example("ab", ["in", None]),
        Example("1 2\n3 4", 0.125),
    )
    write_held_out(shelf, "mine", examples)
    assert held_out("mine") == examples
    assert (shelf.parent / "examples" / "mine.jsonl").exists()


def test_held_out_sequences_that_a_rule_makes_are_made_anew(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written then; what is shipped goes before the rule."""
    monkeypatch.setitem(RECIPES, LABELS.task, LABELS)
    write_held_out(shelf, LABELS.task, ())
    assert not (shelf.parent / "examples").exists()
    assert held_out(LABELS.task) == LABELS.data().held_out
    write_held_out(shelf, LABELS.task, (Example("a", ["in"]),))
    assert held_out(LABELS.task) == (Example("a", ["in"]),)


def test_no_held_out_sequences(shelf: Path) -> None:
    with pytest.raises(
        ValueError, match=r"no held-out sequences of 'nothing': nothing\.jsonl is missing and there is no"
    ):
        held_out("nothing")


@pytest.mark.parametrize(
    ("percent", "score", "written"),
    [
        (False, 2.1241, "2.12 bits"),
        (False, 0.0123, "0.012 bits"),
        (False, 0.0, "0 bits"),
        (True, 0.8149, "81 % bits"),
        (True, 0.9899, "99 % bits"),
        (True, 0.9951, "99.5 % bits"),
        (True, 0.9999, "99.9 % bits"),
        (True, 1.0, "100 % bits"),
        (True, 0.0, "0 % bits"),
        (True, 0.004, "0.4 % bits"),
    ],
)
def test_how_a_score_is_read_out(percent: bool, score: float, written: str) -> None:
    """Never rounded up to all."""
    assert Headline(key="x", says="bits", better="lower", percent=percent).words(score) == written


def test_the_english_siblings_are_shipped() -> None:
    assert {"english-rnn", "english-gru", "english-lstm"} <= set(NAMES)
    assert sum(file.stat().st_size for file in folder().iterdir()) < 20e6  # bytes, all models together


@pytest.mark.parametrize("name", NAMES)
def test_the_score_on_the_card(name: str) -> None:
    """The one that its task is measured by. That the shipped weights have it, and all the others, is in test_shipped."""
    card = card_of(name)
    assert card.headline == RECIPES[card.task].headline
    assert card.score == card.scores[card.headline.key]


@pytest.mark.cases(4)
@pytest.mark.parametrize("name", [card.name for card in zoo() if card.answer == "next token"])
def test_bits_from_the_predictions_alone(name: str, shipped: Mapping[str, Model]) -> None:
    """What the network that is shipped gave the tokens that came, token by token through explorer.predict."""
    model, card = shipped[name], card_of(name)
    stated = [value for score, value in card.scores.items() if score.startswith("excerpt_bits")]
    bits: list[float] = []
    for example in held_out(card.task) if stated else ():
        log_p, ids = explorer.predict(model, example.text), model.prepare(example.text).ids
        assert ids is not None
        bits += list(-log_p[np.arange(len(ids) - 1), ids[1:].numpy()] / np.log(2))
    if stated:
        assert stated == pytest.approx([np.mean(bits)], abs=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_card_shows(name: str, shipped: Mapping[str, Model]) -> None:
    """Of every finding the unit and the step are there and the text is known; the first shows at that step of its text."""
    model, card = shipped[name], card_of(name)
    wanted = RECIPES[card.task].properties
    assert [finding.follows for finding in card.findings] == [one.name for one in wanted]
    for finding in card.findings:
        trace = explorer.trace(model, finding.text)
        assert not trace.notices  # every token of the text is known
        assert 0 <= finding.unit < trace.units
        assert 0 <= finding.layer < trace.rows
        assert 0 <= finding.step < trace.steps
    assert model.vocabulary is not None
    tokens = model.vocabulary.encode(card.show.text).tokens
    assert np.asarray(wanted[0].of(tokens))[card.show.step] != 0
    assert (card.parameters, card.vocabulary) == (model.parameter_count, model.vocabulary.symbols)
    assert card.reader == model.vocabulary


def test_the_first_thing_that_is_shown_holds() -> None:
    """The app opens on the LSTM that reads English: its unit passes the bar that is set for a finding."""
    assert card_of("english-lstm").show.holds
