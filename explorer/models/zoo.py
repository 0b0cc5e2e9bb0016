"""The shipped models: a folder of weights (safetensors) with a card (JSON) beside each."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from explorer.cells import build
from explorer.models.answers import NEXT_TOKEN
from explorer.models.card import Card
from explorer.models.example import Example
from explorer.models.model import Model
from explorer.models.vocabulary import Reader

FOLDER = Path(__file__).parents[2] / "assets" / "models"
SETTING = "CAROUSEL_MODELS"
"""The environment variable that names another folder of models."""
MAIN = ("rnn", "gru", "lstm")
"""The cells that every task is trained with, in menu order."""
GROUPS = ("Text", "Grammar", "Counting", "Numbers", "Wired by hand")
"""Groups of tasks, in menu order."""


def folder() -> Path:
    """Folder of the models: assets/models, or the folder in the setting."""
    return Path(os.environ.get(SETTING, FOLDER))


def zoo() -> list[Card]:
    """The cards of the shipped models: the groups in the menu's order, a task's together as rnn, gru, lstm, others."""
    cells = {cell: place for place, cell in enumerate(MAIN)}
    groups = {group: place for place, group in enumerate(GROUPS)}
    cards = [_card(file, file.stat().st_mtime_ns) for file in folder().glob("*.json")]
    return sorted(cards, key=lambda c: (groups.get(c.group, 9), c.task, cells.get(c.cell, 9), c.name))


@lru_cache(maxsize=64)
def _card(path: Path, _changed: int) -> Card:
    return Card.read(path)


def card_of(name: str) -> Card:
    """Card of a shipped model. Raises ValueError for a name that is not shipped."""
    for card in zoo():
        if card.name == name:
            return card
    names = ", ".join(card.name for card in zoo())
    raise ValueError(f"unknown model {name!r}; choose from {names}, or give the path of a file of weights")


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
    model = from_card(card)
    model.load_state_dict(load_file(path))
    return model.eval().requires_grad_(False)


def from_card(card: Card) -> Model:
    """An untrained model as the card describes it."""
    model = assemble(
        card.cell,
        card.input_size,
        card.hidden_size,
        card.reader,
        answer=card.answer,
        labels=card.labels,
        num_layers=card.num_layers,
        bidirectional=card.bidirectional,
        **card.options,
    )
    model.name, model.card = card.name, card
    return model


def assemble(
    cell: str,
    input_size: int,
    hidden_size: int,
    reader: Reader,
    *,
    answer: str = NEXT_TOKEN.name,
    labels: tuple[str, ...] = (),
    num_layers: int = 1,
    bidirectional: bool = False,
    **options: Any,
) -> Model:
    """An untrained model: embedding (not for numbers) -> layers -> readout. `options` are the cell's."""
    outputs = len(labels) or len(reader)
    return Model(
        build(cell, input_size, hidden_size, num_layers, bidirectional, **options),
        vocabulary=reader,
        embedding=nn.Embedding(len(reader), input_size) if reader.labels else None,
        readout=nn.Linear(hidden_size * (2 if bidirectional else 1), outputs),
        answer=answer,
        labels=labels,
    )


def save(model: Model, path: Path) -> str:
    """Write the weights, and return their SHA-256."""
    save_file({name: weight.contiguous() for name, weight in model.state_dict().items()}, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def held_out(task: str) -> tuple[Example, ...]:
    """Sequences of the task that its models did not see in training: those that are shipped, or made anew by the task's rule."""
    path = examples_path(folder(), task)
    if path.exists():
        with path.open(encoding="utf-8") as lines:  # one ends at "\n" only, unlike those of str.splitlines
            return tuple(Example(**json.loads(line)) for line in lines)
    from explorer.models.recipes import RECIPES  # here: recipes stand above the models that they make

    if task not in RECIPES:
        raise ValueError(f"no held-out sequences of {task!r}: {path.name} is missing and there is no recipe")
    return RECIPES[task].data().held_out


def write_held_out(models: Path, task: str, examples: Sequence[Example]) -> None:
    """Write the shipped sequences, a JSON object a line; no file if there are none."""
    if not examples:
        return
    path = examples_path(models, task)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(asdict(e), ensure_ascii=False) + "\n" for e in examples), encoding="utf-8")


def examples_path(models: Path, task: str) -> Path:
    """Path of a task's held-out sequences: in `examples`, beside the folder of models."""
    return models.parent / "examples" / f"{task}.jsonl"
