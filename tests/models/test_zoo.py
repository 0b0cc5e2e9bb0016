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
from explorer.models import Card, Model, siblings, zoo
from explorer.models.recipes import RECIPES
from explorer.models.scoring import bits_per_character
from explorer.models.zoo import SETTING, excerpt, folder, save
from tests.helpers import SHAPES, TEXT, VARIANTS, Shape, Variant, network
from tests.models.tiny import card_for

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
    assert json.loads(text)["show"]["unit"] == 0


def test_the_english_siblings_are_shipped() -> None:
    assert {"english-rnn", "english-gru", "english-lstm"} <= set(NAMES)
    assert sum(file.stat().st_size for file in folder().iterdir()) < 20e6  # bytes, all models together


@pytest.mark.parametrize("name", NAMES)
def test_the_score_on_the_card(name: str, shipped: Mapping[str, Model]) -> None:
    """Bits per character on the held-out excerpt, from the shipped weights, by the project and from the predictions alone."""
    model, card = shipped[name], shipped[name].card
    assert card is not None
    text = excerpt(card.task)
    stated = card.scores["excerpt_bits_per_character"]
    assert bits_per_character(model, text) == pytest.approx(stated, abs=2e-3)  # float32 on another BLAS
    ids = model.prepare(text).ids
    assert ids is not None
    log_p = explorer.predict(model, text)
    bits = -log_p[np.arange(len(text) - 1), ids[1:].numpy()].mean() / np.log(2)
    assert bits == pytest.approx(stated, abs=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_card_shows(name: str, shipped: Mapping[str, Model]) -> None:
    """The unit and the step are there, and the property holds at that step of the text."""
    model, card = shipped[name], shipped[name].card
    assert card is not None
    show, wanted = card.show, RECIPES[card.task].show_property
    trace = explorer.trace(model, show.text)
    assert not trace.notices  # every character of the text is known
    assert (0 <= show.unit < trace.units, 0 <= show.layer < trace.rows) == (True, True)
    assert wanted.of(show.text)[show.step] == 1
    assert show.property == wanted.name
    assert (card.parameters, card.vocabulary) == (model.parameter_count, model.vocabulary and model.vocabulary.symbols)
