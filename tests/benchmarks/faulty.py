"""Networks with a known fault, and healthy ones, for `tests.benchmarks.diagnosing`: trained from the recipes' data, small, cached.

A half is two seeds and three tasks: on one half thresholds are fixed, on the other the bars are measured. A fault is either a way to train
(a function of the half and the seed) or surgery on a healthy network of the same half and seed. A network is healthy if it does its task by
`skill`, on texts that the diagnosis is not given; one that does not yet is trained anew, for twice as long.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from explorer.backend.training import Budget, TrainingDiverged, train
from explorer.models import Example, Model
from explorer.models.answering import MOST_EXAMPLES
from explorer.models.make import loss_of
from explorer.models.recipes import RECIPES, waves
from explorer.models.recipes.base import Batch, Batches, Data
from explorer.models.scoring import bits_per_token, class_accuracy
from explorer.models.vocabulary import Reader
from explorer.models.zoo import assemble

UNITS = 40
TEXT, CLASS, NUMBER = "text", "class", "number"
SEEN, UNSEEN = 1000, 2000
"""Tokens of the text that was trained on, and of the one that was not, that a network is examined with."""


@dataclass(frozen=True)
class Half:
    """Seeds, and a task of each kind."""

    name: str
    seeds: tuple[int, int]
    tasks: dict[str, str]


FIX = Half("fix", (1, 2), {TEXT: "english", CLASS: "temporal-order", NUMBER: "adding"})
MEASURE = Half("measure", (7, 8), {TEXT: "python", CLASS: "sentiment", NUMBER: "waves"})
HALVES = (FIX, MEASURE)

BUDGETS = {
    TEXT: Budget(steps=900, batch=32, length=48, learning_rate=8e-3),
    "temporal-order": Budget(steps=900, batch=32, learning_rate=1e-2),
    "sentiment": replace(RECIPES["sentiment"].budget, steps=1500),
    "adding": Budget(steps=500, batch=32, learning_rate=1e-2),
    "waves": Budget(steps=500, batch=32, learning_rate=1e-2),
}
RIVALS = {"adding": 1 / 6, "waves": waves.PERSISTENCE}
"""The squared error of saying the mean of the sum of two draws from 0 to 1, and of saying the last value again."""
TIMES = (1, 2, 4)
"""How many times as long as its budget says a healthy network is trained, until it does its task."""
DOES_ITS_TASK = {TEXT: 0.0, CLASS: 0.3, NUMBER: 0.5}
"""The skill that is asked of it: text better foretold than by counting pairs of characters in all that was trained on; of the answers that
the commonest class gets wrong, 30 % right; of the squared error of the mean, or of the value before, half."""


@cache
def data_of(task: str) -> Data:
    return RECIPES[task].data()


@dataclass(frozen=True)
class Way:
    """How a network is trained; what is not said is as in a healthy one."""

    kind: str = TEXT
    cell: str = "lstm"
    units: int = UNITS
    layers: int = 1
    task: str = ""
    options: tuple[tuple[str, Any], ...] = ()
    start: Callable[[Model], None] | None = None
    after: Callable[[Model], None] | None = None
    """Done after each update."""
    batch: Callable[[Batch, int], Batch] | None = None
    """What becomes of the batch of a step."""
    budget: Callable[[Budget], Budget] | None = None
    streaming: bool = True
    text: int = 0
    """Characters of the training text that there are; 0: all."""


class Bench:
    """Trains what is asked for, or takes it from the cache."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def healthy(self, name: str, half: Half, seed: int) -> Model:
        """The network of that name in `HEALTHY`, trained for as long as it takes.

        Raises ValueError where even the longest training does not make it do its task.
        """
        way = HEALTHY[name]
        for times in TIMES:
            longer = replace(way, budget=lambda budget, times=times: replace(budget, steps=budget.steps * times))
            model = self.network(f"{name}-{times}", longer, half, seed)
            found = skill(model, half.tasks[way.kind])
            if found > DOES_ITS_TASK[way.kind]:
                return model
        raise ValueError(f"{name}, {half.tasks[way.kind]}, seed {seed}: skill {found:.2f} after the longest training")

    def network(self, name: str, way: Way, half: Half, seed: int) -> Model:
        """The network that was trained so."""
        task = way.task or half.tasks[way.kind]
        model = blank(way, task, seed)
        file = self.folder / f"{name}-{task}-{seed}.pt" if self.folder else None
        if file is not None and file.exists():
            model.load_state_dict(torch.load(file, weights_only=True))
            return model.eval().requires_grad_(False)
        fit(model, way, task, seed)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            torch.save(model.state_dict(), file)
        return model.eval().requires_grad_(False)


def blank(way: Way, task: str, seed: int) -> Model:
    """The network as it is drawn."""
    recipe = RECIPES[task]
    torch.manual_seed(seed)
    reader = data_of(task).reader
    width = recipe.input_size if not reader.labels else way.units if way.kind == TEXT else recipe.input_size
    model = assemble(
        way.cell, width, way.units, reader, answer=recipe.answer, labels=recipe.labels, num_layers=way.layers, **dict(way.options)
    )  # fmt: skip
    if way.start is not None:
        with torch.no_grad():
            way.start(model)
    return model


def fit(model: Model, way: Way, task: str, seed: int) -> None:
    """Trains in place; a run that diverges leaves the weights as they were then."""
    budget, data = BUDGETS[way.kind if way.kind == TEXT else task], data_of(task)
    budget = way.budget(budget) if way.budget is not None else budget
    batches = short_stream(task, way.text) if way.text else data.batches
    at = batches(budget, seed)

    def batch(step: int) -> Batch:
        return at(step) if way.batch is None else way.batch(at(step), seed * 1_000_003 + step)

    streaming = data.streaming and way.streaming
    try:
        for _ in train(model, loss_of(model, batch, budget, seed, streaming), budget, seed):
            if way.after is not None:
                with torch.no_grad():
                    way.after(model)
    except TrainingDiverged:
        pass


def short_stream(task: str, characters: int) -> Batches:
    """The batches of a text of so many characters."""
    from explorer.models.recipes.base import streams

    return streams(data_of(task).reader, seen_text(task)[:characters])


@cache
def seen_text(task: str) -> str:
    """The beginning of what was trained on."""
    return "".join(data_of(task).chosen_on)


def unseen_text(task: str) -> str:
    """Of what was not."""
    return data_of(task).held_out[0].text[:UNSEEN]


def questions(task: str) -> tuple[Any, list[Example]]:
    """What a network of the task is examined with: something to read, and examples that it was not trained on."""
    data = data_of(task)
    if data.streaming:
        return seen_text(task)[:SEEN], [Example(unseen_text(task))]
    return data.chosen_on[0], list(data.held_out)  # the first ones alone may all have one answer


def skill(model: Model, task: str) -> float:
    """The share of a plain rival's loss that is avoided, on what is held out and was not given to the diagnosis: 1 at best, 0 like the
    rival. The rival of text counts pairs of characters, that of classes says the commonest, that of numbers their mean or the last one."""
    data, recipe = data_of(task), RECIPES[task]
    if data.streaming:
        text = data.held_out[0].text[UNSEEN : 4 * UNSEEN]
        return 1 - bits_per_token(model, [Example(text)]) / pair_bits(data.reader, "".join(data.chosen_on), text)
    examples = data.held_out[MOST_EXAMPLES:] or data.held_out
    if recipe.answer == "class":
        commonest = max(Counter(example.answer for example in examples).values()) / len(examples)
        return (class_accuracy(model, examples) - commonest) / (1 - commonest)
    (error,) = recipe.score(model, examples).values()
    return 1 - error / RIVALS[task]


def pair_bits(reader: Reader, seen: str, unseen: str) -> float:
    """-mean log2 of the next token's probability by the pairs that were counted in `seen`, each pair once more than it stood there."""
    ids = reader.encode(seen).values
    counts = np.ones((len(reader), len(reader)))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    rows = counts / counts.sum(axis=1, keepdims=True)
    of = reader.encode(unseen).values
    return float(-np.log2(rows[of[:-1], of[1:]]).mean())


# Faults in training


def shuffled(batch: Batch, seed: int) -> Batch:
    order = torch.randperm(len(batch.targets), generator=torch.Generator().manual_seed(seed))
    return replace(batch, targets=batch.targets[order])


def shuffled_labels(batch: Batch, seed: int) -> Batch:
    order = torch.randperm(batch.targets.shape[1], generator=torch.Generator().manual_seed(seed))
    # The verdict stands at each sequence's own last step, so that labels change places as numbers of the sequence.
    labels = batch.targets.max(0).values[order]
    return replace(batch, targets=labels[None].expand_as(batch.targets).contiguous())


def transposed(batch: Batch, _: int) -> Batch:
    return Batch(batch.inputs.T.contiguous(), batch.targets.T.contiguous())


def unshifted(batch: Batch, _: int) -> Batch:
    return replace(batch, targets=batch.inputs)


def one_step(budget: Budget) -> Budget:
    return replace(budget, steps=200, truncate=1)


def square(budget: Budget) -> Budget:
    """As many steps as sequences, so that the two can change places."""
    return replace(budget, length=budget.batch)


def too_fast(budget: Budget) -> Budget:
    return replace(budget, learning_rate=1.0, clip=None, schedule="constant")


def decayed(budget: Budget) -> Budget:
    return replace(budget, optimiser="adamw", weight_decay=30.0)


def cut_short(budget: Budget) -> Budget:
    return replace(budget, steps=15)


def repeated(budget: Budget) -> Budget:
    return replace(budget, steps=600, reset=0.0)


def gate(model: Model, name: str) -> slice:
    units = model.stack.hidden_size
    return slice("ifgo".index(name) * units, ("ifgo".index(name) + 1) * units)


def forgetful(model: Model) -> None:
    cell = model.stack.rows[0]
    cell.bias_ih[gate(model, "f")] = -5.0
    cell.bias_hh[gate(model, "f")] = 0.0


def all_dead(model: Model) -> None:
    model.stack.rows[0].bias_ih.fill_(-20.0)


def all_equal(model: Model) -> None:
    assert model.readout is not None
    for weight in (*model.stack.parameters(), *model.readout.parameters()):
        weight.fill_(0.05)


def small_recurrent(model: Model) -> None:
    for row in model.stack.rows:
        row.weight_hh.mul_(0.1 / max(float(torch.linalg.matrix_norm(row.weight_hh, 2)), 0.1))


# Surgery


def zero_embedding(model: Model) -> None:
    assert model.embedding is not None
    model.embedding.weight.zero_()


def permuted_vocabulary(model: Model) -> None:
    assert model.embedding is not None and isinstance(model.readout, nn.Linear)
    symbols = len(model.embedding.weight)
    order = torch.from_numpy(np.random.default_rng(0).permutation(symbols))
    model.embedding.weight.copy_(model.embedding.weight[order])
    model.readout.weight.copy_(model.readout.weight[order])
    model.readout.bias.copy_(model.readout.bias[order])


def wrong_gates(model: Model) -> None:
    units = model.stack.hidden_size
    order = torch.cat([torch.arange(units) + "ifgo".index(name) * units for name in "igfo"])
    for weight in model.stack.parameters():
        weight.copy_(weight[order])


def not_a_number(model: Model) -> None:
    model.stack.rows[0].weight_hh[1, 1] = torch.nan


def exploding(model: Model) -> None:
    for row in model.stack.rows:
        row.weight_hh.mul_(12)


def loud_readout(model: Model) -> None:
    assert isinstance(model.readout, nn.Linear)
    model.readout.weight.mul_(8)


def no_biases(model: Model) -> None:
    for name, weight in model.named_parameters():
        if "bias" in name:
            weight.zero_()


def layers_swapped(model: Model) -> None:
    one, other = model.stack.rows
    kept = copy.deepcopy(one.state_dict())
    one.load_state_dict(other.state_dict())
    other.load_state_dict(kept)


def unscaled_input(model: Model) -> None:
    model.stack.rows[0].weight_ih.mul_(100)


def turned_labels(model: Model) -> None:
    assert isinstance(model.readout, nn.Linear)
    model.readout.weight.copy_(model.readout.weight.roll(1, 0))
    model.readout.bias.copy_(model.readout.bias.roll(1, 0))


BASES = {
    "lstm": Way(),
    "lstm-2": Way(layers=2),
    "class": Way(CLASS, "gru", 24),
    "number": Way(NUMBER, "lstm", 24),
}
"""Healthy networks that surgery is done on."""
HEALTHY = BASES | {
    "gru": Way(cell="gru", units=32),
    "rnn": Way(cell="rnn", units=48),
    "peephole": Way(cell="lstm-peephole", units=24),
    "number-gru": Way(NUMBER, "gru", 24),
}

TRAINED: dict[str, Way] = {
    "shuffled targets": Way(batch=shuffled),
    "batch_first forgotten": Way(batch=transposed, budget=square, streaming=False),
    "targets not shifted": Way(batch=unshifted),
    "BPTT of one step": Way(budget=one_step),
    "memorised text": Way(units=48, text=2000, budget=repeated),
    "learning rate too high": Way(budget=too_fast),
    "forget bias of -5": Way(start=forgetful),
    "dead relu": Way(cell="rnn", options=(("nonlinearity", "relu"),), start=all_dead),
    "weight decay too strong": Way(budget=decayed),
    "all weights equal at the start": Way(start=all_equal),
    "training cut short": Way(budget=cut_short),
    "vanishing, short memory": Way(cell="rnn", start=small_recurrent, after=small_recurrent),
    "vanishing, long lag": Way(CLASS, "rnn", 24, task="temporal-order"),
    "labels shuffled": Way(CLASS, "gru", 24, batch=shuffled_labels),
}
OPERATED: dict[str, tuple[str, Callable[[Model], None]]] = {
    "zero embedding": ("lstm", zero_embedding),
    "permuted vocabulary": ("lstm", permuted_vocabulary),
    "wrong gate order": ("lstm", wrong_gates),
    "NaN": ("lstm", not_a_number),
    "exploding weights": ("lstm", exploding),
    "scaled readout": ("lstm", loud_readout),
    "dropped biases": ("lstm", no_biases),
    "wrong layer order": ("lstm-2", layers_swapped),
    "input scaled by 100": ("number", unscaled_input),
    "order of labels turned": ("class", turned_labels),
}
NEVER, OTHER = "never trained", "readout of another network"
FAULTS: Sequence[str] = (*TRAINED, *OPERATED, NEVER, OTHER)


def faulty(bench: Bench, fault: str, half: Half, seed: int) -> tuple[Model, str]:
    """A network with that fault, and the task that it is for."""
    if fault in TRAINED:
        way = TRAINED[fault]
        return bench.network(fault.replace(" ", "_"), way, half, seed), way.task or half.tasks[way.kind]
    if fault == NEVER:
        task = half.tasks[TEXT]
        return blank(BASES["lstm"], task, seed).eval().requires_grad_(False), task
    if fault == OTHER:
        model = copy.deepcopy(bench.healthy("lstm", half, seed))
        other = bench.healthy("lstm-2", half, seed)
        assert model.readout is not None and other.readout is not None
        model.readout.load_state_dict(other.readout.state_dict())
        return model, half.tasks[TEXT]
    base, operate = OPERATED[fault]
    model = copy.deepcopy(bench.healthy(base, half, seed))
    with torch.no_grad():
        operate(model)
    return model, half.tasks[BASES[base].kind]
