"""The shipped models: a folder of weights (safetensors) with a card (JSON) beside each."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import nn

from explorer.cells import Stack, build
from explorer.models.card import Card
from explorer.models.model import Model
from explorer.models.vocabulary import Vocabulary

FOLDER = Path(__file__).parents[2] / "assets" / "models"
SETTING = "CAROUSEL_MODELS"
"""The environment variable that names another folder of models."""


def folder() -> Path:
    return Path(os.environ.get(SETTING, FOLDER))


def zoo() -> list[Card]:
    """The cards of the shipped models, a task's siblings together: rnn, gru, lstm."""
    order = {"rnn": 0, "gru": 1, "lstm": 2}
    cards = _cards(folder(), folder().stat().st_mtime_ns)
    return sorted(cards, key=lambda card: (card.task, order.get(card.cell, 9), card.name))


@lru_cache(maxsize=4)
def _cards(path: Path, _changed: int) -> list[Card]:
    return [Card.read(file) for file in sorted(path.glob("*.json"))]


def siblings(name: str) -> list[Card]:
    """The cards of the models that share this one's task, itself among them."""
    task = card_of(name).task
    return [card for card in zoo() if card.task == task]


def card_of(name: str) -> Card:
    """Raises ValueError for a name that is not shipped."""
    for card in zoo():
        if card.name == name:
            return card
    raise ValueError(f"unknown model {name!r}; choose from {', '.join(card.name for card in zoo())}")


def load(name: str) -> Model:
    """The shipped model of that name, in evaluation mode, its weights checked against the card's checksum.

    Raises ValueError for a name that is not shipped, or weights that are not those of the card.
    """
    card = card_of(name)
    path = folder() / f"{name}.safetensors"
    if hashlib.sha256(path.read_bytes()).hexdigest() != card.sha256:
        raise ValueError(
            f"{path.name} is not the file that its card describes; fetch it again, or train it: {card.command}"
        )
    model = assemble(
        card.cell, card.input_size, card.hidden_size, card.num_layers, Vocabulary(card.vocabulary), card=card
    )
    model.load_state_dict(load_file(path))
    return model.eval().requires_grad_(False)


def assemble(
    cell: str, input_size: int, hidden_size: int, num_layers: int, vocabulary: Vocabulary, card: Card | None = None
) -> Model:
    """An untrained next-character model: embedding -> layers -> readout."""
    layers = build(cell, input_size, hidden_size, num_layers, bidirectional=bool(card and card.bidirectional))
    width = hidden_size * (layers.directions if isinstance(layers, Stack) else 1)
    return Model(
        layers,
        name=card.name if card else "",
        vocabulary=vocabulary,
        embedding=nn.Embedding(len(vocabulary), input_size),
        readout=nn.Linear(width, len(vocabulary)),
        card=card,
    )


def save(model: Model, path: Path) -> str:
    """Writes the weights; returns their SHA-256."""
    save_file({name: weight.contiguous() for name, weight in model.state_dict().items()}, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()
