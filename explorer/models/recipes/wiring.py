"""Shared parts of the tasks that are wired by hand: readable weights, and a score over all inputs.

Characters go in one by one, each on an input of its own (one-hot); an unknown one is zeros, and so changes no pre-activation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import product

import numpy as np
import torch
from torch import Tensor

from explorer.cells import REGISTRY
from explorer.models.model import Model
from explorer.models.recipes.base import Batches, Example, Headline, Tokens, drawn, padded
from explorer.models.scoring import label_accuracy
from explorer.models.vocabulary import Characters
from explorer.signals import Array

Unit = Mapping[str, float]
"""Terms of a unit's sum: "bias", "h0", "h1", … (the units one step before), or a character -> its weight. Any other is
0."""

LONGEST = 12
"""Length up to which all inputs are tried."""

Right = Callable[[Tokens], Sequence[str]]
"""tokens -> the right label at each step."""


def weights(
    reader: Characters, cell: str, gates: Mapping[str, Sequence[Unit]], readout: Mapping[str, Unit]
) -> dict[str, Tensor]:
    """State dict of a network. `gates`: a block's letter -> the sum of each of its units; `readout`: label -> the same
    from h.

    Raises ValueError where a block is missing, or a weight names an unknown input.
    """
    blocks = REGISTRY[cell].blocks
    if set(gates) != set(blocks):
        raise ValueError(f"{cell} has the blocks {', '.join(blocks)}, not {', '.join(gates)}")
    rows = [unit for block in blocks for unit in gates[block]]
    hidden = [f"h{unit}" for unit in range(len(rows) // len(blocks))]
    unknown = {name for row in (*rows, *readout.values()) for name in row} - {"bias", *hidden, *reader.symbols}
    if unknown:
        raise ValueError(f"there is nothing named {', '.join(sorted(unknown))} to have a weight")

    def table(units: Sequence[Unit], columns: Sequence[str]) -> Tensor:
        return torch.tensor([[float(unit.get(column, 0)) for column in columns] for unit in units])

    one_hot = torch.eye(len(reader))
    one_hot[0] = 0  # the unknown character
    answers = list(readout.values())
    return {
        "embedding.weight": one_hot,  # [character, input]
        "stack.weight_ih_l0": table(rows, reader.labels),  # [block*unit, input]
        "stack.weight_hh_l0": table(rows, hidden),  # [block*unit, unit]
        "stack.bias_ih_l0": table(rows, ["bias"])[:, 0],
        "stack.bias_hh_l0": torch.zeros(len(rows)),
        "readout.weight": table(answers, hidden),  # [label, unit]
        "readout.bias": table(answers, ["bias"])[:, 0],
    }


def sequence(symbols: str, right: Right) -> Callable[[np.random.Generator], Example]:
    """Draw 5 to 100 characters, all equally likely, with the right label at each."""

    def draw(random: np.random.Generator) -> Example:
        text = "".join(random.choice(list(symbols), random.integers(5, 101)))
        return Example(text, tuple(right(text)))

    return draw


def batches(reader: Characters, labels: Sequence[str], draw: Callable[[np.random.Generator], Example]) -> Batches:
    """Data for training a network on the task, to compare it with the wired one."""

    def one(random: np.random.Generator) -> tuple[Array, Array, Array]:
        example = draw(random)
        answers = np.array([labels.index(label) for label in example.answer])
        return reader.encode(example.text).values, answers, np.ones(len(answers))

    return drawn(lambda random, batch: padded([one(random) for _ in range(batch)]))


@lru_cache(maxsize=3)
def every_input(symbols: str, labels: tuple[str, ...], right: Right, length: int = LONGEST) -> tuple[Array, Array]:
    """All sequences of that length, which begin with all shorter ones: places in `symbols` and in `labels`, [step, sequence] each."""
    place = {label: index for index, label in enumerate(labels)}
    places = np.indices((len(symbols),) * length, dtype=np.int8).reshape(length, -1)
    answers = [[place[label] for label in right(text)] for text in product(symbols, repeat=length)]
    return places, np.array(answers, dtype=np.int8).T


@torch.inference_mode()
def share_right(model: Model, symbols: str, right: Right, at_once: int = 1 << 16) -> float:
    """Share of right answers over every input up to LONGEST."""
    assert model.vocabulary is not None
    ids = torch.tensor([model.vocabulary.id_of(symbol) for symbol in symbols])
    places, answers = (torch.from_numpy(a).long() for a in every_input(symbols, model.labels, right))
    pieces = zip(places.split(at_once, 1), answers.split(at_once, 1), strict=True)
    wrong = sum(int((model(ids[inputs])[0].argmax(-1) != wanted).sum()) for inputs, wanted in pieces)
    return 1 - wrong / answers.numel()


def score(symbols: str, right: Right) -> Callable[[Model, Sequence[Example]], dict[str, float]]:
    """Answers right: on every input up to LONGEST, and on the longer held-out ones."""

    def measure(model: Model, examples: Sequence[Example]) -> dict[str, float]:
        steps, _ = label_accuracy(model, examples)
        return {"every_input_accuracy": share_right(model, symbols, right), "held_out_label_accuracy": steps}

    return measure


HEADLINE = Headline(
    key="every_input_accuracy",
    says=f"of the answers right, on every input of up to {LONGEST} characters",
    better="higher",
    percent=True,
)
