"""The shipped models: a folder of weights (safetensors) with a card (JSON) beside each."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from explorer.cells import build
from explorer.models.card import Card
from explorer.models.model import Model
from explorer.models.vocabulary import Vocabulary

FOLDER = Path(__file__).parents[2] / "assets" / "models"
SETTING = "CAROUSEL_MODELS"
"""The environment variable that names another folder of models."""


def folder() -> Path:
    """Where the models lie: assets/models, or where the setting points."""
    return Path(os.environ.get(SETTING, FOLDER))


def zoo() -> list[Card]:
    """The cards of the shipped models, a task's siblings together: rnn, gru, lstm."""
    order = {"rnn": 0, "gru": 1, "lstm": 2}
    cards = [_card(file, file.stat().st_mtime_ns) for file in folder().glob("*.json")]
    return sorted(cards, key=lambda card: (card.task, order.get(card.cell, 9), card.name))


@lru_cache(maxsize=64)
def _card(path: Path, _changed: int) -> Card:
    return Card.read(path)


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
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != card.sha256:
        raise ValueError(
            f"{path.name} is not the file that its card describes; fetch it again, or train it: {card.command}"
        )
    model = assemble(
        card.cell,
        card.input_size,
        card.hidden_size,
        Vocabulary(card.vocabulary),
        num_layers=card.num_layers,
        bidirectional=card.bidirectional,
        **card.options,
    )
    model.name, model.card = name, card
    model.load_state_dict(load_file(path))
    return model.eval().requires_grad_(False)


def assemble(
    cell: str,
    input_size: int,
    hidden_size: int,
    vocabulary: Vocabulary,
    *,
    num_layers: int = 1,
    bidirectional: bool = False,
    **options: Any,
) -> Model:
    """An untrained next-character model: embedding -> layers -> readout. `options` are the cell's."""
    layers = build(cell, input_size, hidden_size, num_layers, bidirectional, **options)
    return Model(
        layers,
        vocabulary=vocabulary,
        embedding=nn.Embedding(len(vocabulary), input_size),
        readout=nn.Linear(hidden_size * (2 if bidirectional else 1), len(vocabulary)),
    )


def save(model: Model, path: Path) -> str:
    """Writes the weights; returns their SHA-256."""
    save_file({name: weight.contiguous() for name, weight in model.state_dict().items()}, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def excerpt(task: str) -> str:
    """A piece of the text that the task's models did not see in training."""
    return excerpt_path(folder(), task).read_text(encoding="utf-8")


def excerpt_path(models: Path, task: str) -> Path:
    """Where the held-out excerpt of a task lies: in `examples`, beside the folder of models."""
    return models.parent / "examples" / f"{task}-held-out.txt"
