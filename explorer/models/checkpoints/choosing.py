"""From what a file holds to a network that reads: which layers, which embedding, which readout, which vocabulary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from explorer.cells import build
from explorer.models.answers import ANSWERS, CLASS, FORECAST, LABEL, NEXT_TOKEN, NUMBER
from explorer.models.checkpoints import limits
from explorer.models.checkpoints.contents import Contents, Linear, Recurrent, Unreadable
from explorer.models.model import Model
from explorer.models.vocabulary import Ids, Numbers, Reader, reader_of

EMBEDDING = re.compile(r"emb|wte|lookup|word_?vec|token", re.IGNORECASE)
READOUT = re.compile(r"out|fc|head|dec|linear|dense|proj|classif|logit|lm_|pred|final", re.IGNORECASE)
"""What people call these."""


@dataclass(frozen=True)
class Choice:
    """What is taken of a file, by its names in there.

    embedding   None: the network reads numbers, or symbols one-hot where a vocabulary is given
    readout     None: the network answers with its own h
    vocabulary  the symbols by id; empty where nobody knows them: then ids are read, or numbers
    answer      what the readout means (`explorer.models.answers`); `labels` names its outputs where they are no tokens
    rather      one of `Recurrent.rather`, where the layers are that instead
    """

    recurrent: str
    embedding: str | None = None
    readout: str | None = None
    vocabulary: tuple[str, ...] = ()
    answer: str = NEXT_TOKEN.name
    labels: tuple[str, ...] = ()
    rather: str = ""


def recurrent_of(contents: Contents, where: str) -> Recurrent:
    """The layers of that name. Raises Unreadable where there are none."""
    found = {one.where: one for one in contents.recurrent}
    if where not in found:
        raise Unreadable(f"There are no recurrent layers “{where}” in the file; it has {', '.join(map(repr, found))}.")
    return found[where]


def layers_of(contents: Contents, choice: Choice) -> Recurrent:
    """The layers that were chosen, as what they were chosen. Raises Unreadable where there are none."""
    found = recurrent_of(contents, choice.recurrent)
    if choice.rather and choice.rather not in found.rather:
        raise Unreadable(f"The layers cannot be “{choice.rather}”; choose from {', '.join(found.rather) or 'nothing'}.")
    return found.rather.get(choice.rather, found)


def embeddings(contents: Contents, recurrent: Recurrent) -> list[str]:
    """What could be the embedding, the likely one first: tables that are as wide as the layers' input."""
    names = [name for name, table in contents.tables.items() if table.shape[1] == recurrent.input_size]
    return sorted(names, key=lambda name: not EMBEDDING.search(name))


def readouts(contents: Contents, recurrent: Recurrent) -> list[str]:
    """What could be the readout, the likely one first: linear layers that are as wide as the top layer's h; the last one in the file
    where several have a likely name."""
    order = enumerate(contents.linears.items())
    fits = [
        (not READOUT.search(name), -k, name) for k, (name, one) in order if one.weight.shape[1] == recurrent.outputs
    ]
    return [name for *_, name in sorted(fits)]


def answers(recurrent: Recurrent, outputs: int, reader: Reader) -> list[str]:
    """What a readout of so many outputs could mean, the likely one first."""
    if len(reader.labels) == outputs:
        return [NEXT_TOKEN.name, CLASS.name, LABEL.name]
    if reader.labels:
        return [CLASS.name, LABEL.name, NUMBER.name]
    forecast = [FORECAST.name] if outputs <= recurrent.input_size else []
    return [*forecast, NUMBER.name, CLASS.name, LABEL.name]


def likely(contents: Contents, vocabulary: Sequence[str] = (), where: str | None = None) -> Choice:
    """What is taken while nobody chose: the layers (those at `where`, if given) that have both an embedding and a readout, or else most
    of these."""
    symbols = tuple(vocabulary or contents.vocabulary)
    if where is None:
        best = max(
            contents.recurrent,
            key=lambda one: (
                bool(embeddings(contents, one)) + bool(readouts(contents, one)),
                one.rows * one.hidden_size,
            ),
        )
    else:
        best = recurrent_of(contents, where)
    one_hot = len(symbols) == best.input_size
    tables = embeddings(contents, best)
    fitting = [name for name in tables if len(contents.tables[name]) == len(symbols)] if symbols else tables
    embedding = fitting[0] if fitting else tables[0] if tables and not one_hot else None
    readout = next(iter(readouts(contents, best)), None)
    if symbols and not vocabulary and not fitting and not one_hot:
        symbols = ()  # the file's own, of something else
    chosen = Choice(best.where, embedding, readout, symbols)
    outputs = best.outputs if readout is None else len(contents.linears[readout].weight)
    means = NUMBER.name if readout is None else answers(best, outputs, reader(contents, chosen))[0]
    return replace(chosen, answer=means)


def reader(contents: Contents, choice: Choice) -> Reader:
    """What such a network reads. Raises Unreadable for a vocabulary that does not fit."""
    recurrent, symbols = recurrent_of(contents, choice.recurrent), choice.vocabulary
    if choice.embedding is None and not symbols:
        return Numbers(tuple(f"x{k}" for k in range(recurrent.input_size)))
    ids = recurrent.input_size if choice.embedding is None else len(_table(contents, choice.embedding))
    if not symbols:
        return Ids(ids)
    if len(symbols) != ids:
        read_by = "its input" if choice.embedding is None else f"the embedding “{choice.embedding}”"
        raise Unreadable(
            f"The vocabulary has {len(symbols):,} symbols, but {read_by} has {ids:,} places: give one for each, with those for padding "
            "and unknown ones where they stand in training."
        )
    return reader_of(symbols)


def network(contents: Contents, choice: Choice) -> Model:
    """The network itself, in evaluation mode, without a card. Raises Unreadable for parts that do not fit."""
    recurrent = layers_of(contents, choice)
    reads = reader(contents, choice)
    if len(reads) > limits.MOST_SYMBOLS:
        raise Unreadable(f"The embedding has {len(reads):,} rows; at most {limits.MOST_SYMBOLS:,} can be shown.")
    readout, labels = _readout(contents, choice, recurrent)
    _check_answer(choice, recurrent, len(readout.weight), reads)
    stack = build(
        recurrent.cell,
        recurrent.input_size,
        recurrent.hidden_size,
        recurrent.num_layers,
        recurrent.bidirectional,
        **recurrent.options,
    )
    dtype = next(iter(recurrent.weights.values())).dtype
    stack.to(dtype).load_state_dict(dict(recurrent.weights))
    if choice.answer == NEXT_TOKEN.name:
        labels = reads.labels
    model = Model(
        stack,
        vocabulary=reads,
        embedding=_embedding(contents, choice, reads, dtype),
        readout=_linear(readout, dtype),
        answer=choice.answer,
        labels=labels,
    )
    return model.eval().requires_grad_(False)


def _check_answer(choice: Choice, recurrent: Recurrent, outputs: int, reads: Reader) -> None:
    """Refuse an answer that stands in what is read, where what is read has no place for it: a forecast of ids, a next token of numbers."""
    fitting = answers(recurrent, outputs, reads)
    if ANSWERS[choice.answer].in_text and choice.answer not in fitting:
        what = f"{len(reads):,} {'columns of ' if isinstance(reads, Numbers) else ''}{reads.kind}"
        raise Unreadable(
            f"The answer cannot be “{choice.answer}”: the network reads {what} and has {outputs:,} outputs; choose from "
            f"{', '.join(fitting)}."
        )


def _table(contents: Contents, name: str) -> Tensor:
    if name not in contents.tables:
        raise Unreadable(f"There is no table “{name}” in the file; it has {', '.join(contents.tables) or 'none'}.")
    return contents.tables[name]


def _embedding(contents: Contents, choice: Choice, reads: Reader, dtype: torch.dtype) -> nn.Embedding | None:
    """The file's own; one-hot where there is none and symbols are read; none for numbers."""
    if choice.embedding is None and not choice.vocabulary:
        return None
    rows = torch.eye(len(reads)) if choice.embedding is None else _table(contents, choice.embedding)
    made = nn.Embedding(*rows.shape).to(dtype)
    made.load_state_dict({"weight": rows})
    return made


def _readout(contents: Contents, choice: Choice, recurrent: Recurrent) -> tuple[Linear, tuple[str, ...]]:
    """The readout and the names of its outputs.

    Without one the network answers with its own h, which is a readout that changes nothing. A single score of a class, as one has before
    a sigmoid, is the same as two scores of which the first is zero: softmax([0, s]) = [1 - σ(s), σ(s)].
    """
    if choice.answer not in ANSWERS:
        raise Unreadable(f"A readout cannot mean “{choice.answer}”; choose from {', '.join(ANSWERS)}.")
    if choice.readout is None:
        outputs = recurrent.outputs
        return Linear(torch.eye(outputs), torch.zeros(outputs)), tuple(f"h of unit {k}" for k in range(outputs))
    if choice.readout not in contents.linears:
        raise Unreadable(
            f"There is no linear layer “{choice.readout}” in the file; it has {', '.join(contents.linears) or 'none'}."
        )
    linear = contents.linears[choice.readout]
    if linear.weight.shape[1] != recurrent.outputs:
        raise Unreadable(
            f"“{choice.readout}” reads {linear.weight.shape[1]:,} numbers, but the layers give {recurrent.outputs:,}."
        )
    if choice.answer in (CLASS.name, LABEL.name) and len(linear.weight) == 1:
        linear = Linear(*(torch.cat([torch.zeros_like(part), part]) for part in (linear.weight, linear.bias)))
    outputs = len(linear.weight)
    if choice.labels and len(choice.labels) != outputs:
        raise Unreadable(f"There are {len(choice.labels)} names for {outputs} outputs; give one for each, or none.")
    return linear, choice.labels or tuple(map(str, range(outputs)))


def _linear(linear: Linear, dtype: torch.dtype) -> nn.Linear:
    outputs, inputs = linear.weight.shape
    made = nn.Linear(inputs, outputs).to(dtype)
    made.load_state_dict({"weight": linear.weight, "bias": linear.bias})
    return made
