"""The parts of a recipe: the source of the sequences, their answers, the networks and their budget, the properties to
look for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.backend.training import Budget
from explorer.models.card import Headline
from explorer.models.example import Example
from explorer.models.model import Model
from explorer.models.ridge import Fitting
from explorer.models.vocabulary import Reader
from explorer.models.zoo import MAIN
from explorer.signals import Array

__all__ = [
    "Batch",
    "Batches",
    "Budget",
    "Data",
    "Example",
    "Fitting",
    "Headline",
    "Property",
    "Recipe",
    "Tokens",
    "drawn",
    "fixed",
    "padded",
    "picked",
    "streams",
]

Tokens = Sequence[str]


@dataclass(frozen=True)
class Batch:
    """Batch for one update of the weights.

    inputs   ids [step, batch], or numbers [step, batch, column]
    targets  ids or indices of labels [step, batch], or numbers [step, batch, output]
    weight   [step, batch]: 1 where the answer counts, 0 elsewhere; None: every answer counts
    """

    inputs: Tensor
    targets: Tensor
    weight: Tensor | None = None


Batches = Callable[[Budget, int], Callable[[int], Batch]]
"""Function (budget, seed) -> (step -> batch). It depends on nothing else, so that a run can be repeated and resumed."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """The sequences of a task.

    held_out   the whole fixed set that scores are measured on
    shipped    the part of it that lies in assets/examples; empty where a rule makes `held_out` anew
    chosen_on  texts of the training side, on which the unit of a property is chosen
    streaming  whether batches go on where the one before ended, so that the state is carried over
    """

    reader: Reader
    batches: Batches
    held_out: tuple[Example, ...]
    shipped: tuple[Example, ...] = ()
    chosen_on: tuple[str, ...]
    streaming: bool = False


@dataclass(frozen=True, kw_only=True)
class Property:
    """A property: a number computed from a sequence at each step, and the answer that it should move.

    of         tokens -> [step]: 0 and 1, a depth, a column, a sum …
    foretells  in words, what it should move: "the closing quote"
    foretold   tokens -> the steps at which the prediction should depend on it
    label      whose log₂ P it should move; None: that of the real next token. Of numbers it is the output's value that is moved.
    show_text  a text on which it shows
    counted    whether it is a number without a bound, so that a memory that follows it is taken as it is, not through tanh
    expected   1 if more of the property should raise what it foretells, -1 if it should lower it
    """

    name: str
    of: Callable[[Tokens], Array]
    foretells: str
    foretold: Callable[[Tokens], Array]
    label: str | None = None
    show_text: str
    counted: bool = False
    expected: int = 1


MAIN_CELLS: dict[str, dict[str, Any]] = {cell: {} for cell in MAIN}
"""The cells that every task is trained with."""
VARIANTS: dict[str, dict[str, Any]] = {"lstm-1997": {}, "lstm-coupled": {}, "lstm-peephole": {}, "jordan": {}}
"""Further cells that a task is trained with for comparison."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A task, whole: adding one is adding a file that makes one of these.

    sentence   the network's task, for the menu
    answer     one of `explorer.models.answers.ANSWERS`; `labels` names its columns (not those of next tokens)
    score      (model, held-out examples) -> scores by name; `headline` says which of them counts, and how to read it
    properties to look for; a task opens on the first
    examples   texts to try: label -> text
    cells      the siblings: cell name -> its options, as `explorer.cells.build` takes them
    fitted     of the cells that training leaves alone: how the readout is fitted
    sizes      cell name -> its units, if it has another number than the others
    seeds      all are trained; `selection` (higher is better, on data neither trained on nor reported) says which is shipped
    generate   a fresh sequence, if a rule makes them
    truth      tokens -> the right answer at each step, None for a step without one; if a rule knows it
    wired      cell name -> the weights of a network that was wired by hand, without training
    explained  how a wiring works, in Markdown
    """

    task: str
    title: str
    sentence: str
    group: str
    corpus: Mapping[str, str]
    licence: str
    answer: str
    labels: tuple[str, ...] = ()
    data: Callable[[], Data]
    score: Callable[[Model, Sequence[Example]], dict[str, float]]
    headline: Headline
    properties: tuple[Property, ...]
    examples: Mapping[str, str]
    cells: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: dict(MAIN_CELLS))
    budget: Budget = field(default_factory=lambda: Budget(steps=0, batch=0))
    fitted: Mapping[str, Fitting] = field(default_factory=dict)
    input_size: int
    hidden_size: int
    sizes: Mapping[str, int] = field(default_factory=dict)
    seeds: tuple[int, ...] = (1,)
    selection: Callable[[Model], float] | None = None
    generate: Callable[[np.random.Generator], Example] | None = None
    truth: Callable[[Tokens], Sequence[Any]] | None = None
    wired: Callable[[str], dict[str, Tensor]] | None = None
    explained: str = ""

    def units(self, cell: str) -> int:
        """Number of units of a sibling."""
        return self.sizes.get(cell, self.hidden_size)


def streams(reader: Reader, text: str) -> Batches:
    """The next token of one long text: `batch` streams run through it as through a ring, `length` tokens an update."""

    def batches(budget: Budget, _: int) -> Callable[[int], Batch]:
        ids = torch.from_numpy(reader.encode(text).values)
        starts = torch.arange(budget.batch) * (len(ids) // budget.batch)
        window = torch.arange(budget.length + 1)

        def at(step: int) -> Batch:
            where = (starts[None, :] + window[:, None] + step * budget.length) % len(ids)  # [length + 1, batch]
            chunk = ids[where]
            return Batch(chunk[:-1], chunk[1:])

        return at

    return batches


def drawn(make: Callable[[np.random.Generator, int], Batch]) -> Batches:
    """Sequences made by a rule: `make(random, batch)` is called with a generator of its own for each seed and step."""

    def batches(budget: Budget, seed: int) -> Callable[[int], Batch]:
        return lambda step: make(np.random.default_rng([seed, step]), budget.batch)

    return batches


def fixed(draw: Callable[[np.random.Generator], Example], count: int, seed: int) -> tuple[Example, ...]:
    """Sequences that a rule makes, the same each time; the seeds of training never make these."""
    random = np.random.default_rng([seed, 0, 1])
    return tuple(draw(random) for _ in range(count))


def picked(inputs: Sequence[Array], targets: Sequence[Array], weights: Sequence[Array]) -> Batches:
    """Sequences of a fixed set, shuffled anew in each round through it; a batch is padded to its longest (see `padded`)."""

    def batches(budget: Budget, seed: int) -> Callable[[int], Batch]:
        a_round = max(1, len(inputs) // budget.batch)

        def at(step: int) -> Batch:
            order = np.random.default_rng([seed, step // a_round]).permutation(len(inputs))
            chosen = order[(step % a_round) * budget.batch :][: budget.batch]
            return padded([(inputs[k], targets[k], weights[k]) for k in chosen])

        return at

    return batches


def padded(sequences: Sequence[tuple[Array, Array, Array]]) -> Batch:
    """Sequences of (inputs, targets, weight), each [step, …], side by side; after its end a sequence is zeros of weight 0."""
    longest = max(len(inputs) for inputs, _, _ in sequences)

    def beside(part: int) -> Tensor:
        arrays = [np.asarray(sequence[part]) for sequence in sequences]
        whole = np.zeros((longest, len(arrays), *arrays[0].shape[1:]), arrays[0].dtype)
        for column, array in enumerate(arrays):
            whole[: len(array), column] = array
        return torch.from_numpy(whole)

    return Batch(beside(0), beside(1), beside(2).float())
