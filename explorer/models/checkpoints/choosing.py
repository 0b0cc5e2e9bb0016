"""From what a file holds to a network that reads: which layers, which embedding, which readout, which vocabulary."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from explorer.cells import build
from explorer.models.answers import ANSWERS, CLASS, FORECAST, LABEL, NEXT_TOKEN, NUMBER
from explorer.models.checkpoints import guesses, limits
from explorer.models.checkpoints.chains import chains, layers_in, stages_of
from explorer.models.checkpoints.columns import are_columns, columns
from explorer.models.checkpoints.contents import Contents, Recurrent, Route, Unreadable
from explorer.models.model import Model
from explorer.models.stages import Chain, Ends, Head, check_widths, folded, linear, span_of, width_after, width_before
from explorer.models.vocabulary import Ids, Numbers, Reader, reader_of

Part = TypeVar("Part", bound=nn.Module)


@dataclass(frozen=True)
class Choice:
    """What is taken of a file, by its names in there.

    embedding   None: the network reads numbers, whose columns a vocabulary of words names; or symbols of another vocabulary one-hot
    readout     None: the network answers with its own h
    vocabulary  the symbols by id; empty where nobody knows them: then ids are read, or numbers
    answer      what the readout means (`explorer.models.answers`); `labels` names its outputs where they are no tokens
    rather      one of `Recurrent.rather`, where the layers are that instead
    reads       without an embedding: "numbers" if the vocabulary names columns, "symbols" if it is read one-hot; "": as it looks
    follows     whether the answer is the file's own, by `Recurrent.route`; `embedding` is then that of the route, and `readout` is None
    """

    recurrent: str
    embedding: str | None = None
    readout: str | None = None
    vocabulary: tuple[str, ...] = ()
    answer: str = NEXT_TOKEN.name
    labels: tuple[str, ...] = ()
    rather: str = ""
    follows: bool = False
    reads: str = ""


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
    return guesses.Guesses(contents).tables(recurrent)


def readouts(contents: Contents, recurrent: Recurrent) -> list[str]:
    """What could be the readout, the likely ones first: linear layers that are as wide as the top layer's h; none for an encoder."""
    if recurrent.half == "encoder":
        return []
    fits = [name for name, one in contents.linears.items() if one.weight.shape[1] == recurrent.outputs]
    return list(dict.fromkeys([*guesses.Guesses(contents).readouts(recurrent), *chains(contents, recurrent), *fits]))


TAGGING = re.compile(r"tag|\bner\b|_ner|pos\b|slot|chunk|token|crf", re.IGNORECASE)
"""What people call a readout that labels each step."""


def answers(recurrent: Recurrent, outputs: int, reader: Reader, readout: str = "") -> list[str]:
    """What a readout of so many outputs, by this name, could mean, the likely one first."""
    if len(reader.labels) == outputs:
        return [NEXT_TOKEN.name, CLASS.name, LABEL.name]
    if reader.labels:
        labels = [CLASS.name, LABEL.name]
        return [*(labels[::-1] if TAGGING.search(readout) else labels), NUMBER.name]
    # A forecast only if the user says so: most numbers are none.
    forecast = [FORECAST.name] if outputs <= len(reader) else []
    return [NUMBER.name, *forecast, CLASS.name, LABEL.name]


def likely(contents: Contents, vocabulary: Sequence[str] = (), where: str | None = None) -> Choice:
    """What is taken while nobody chose: the layers (those at `where`, if given) that have both an embedding and a readout, or else most
    of these."""
    symbols = tuple(vocabulary or contents.vocabulary)
    guess = guesses.Guesses(contents)
    if where is None:
        best = max(
            contents.recurrent,
            key=lambda one: (
                one.route is not None,
                bool(guess.tables(one)) + bool(guess.readouts(one)),
                one.rows * one.hidden_size,
            ),
        )
    else:
        best = recurrent_of(contents, where)
    if best.route is not None:
        return _as_the_file_says(contents, best, best.route, symbols, own=not vocabulary)
    one_hot = len(symbols) == best.input_size
    tables = guess.tables(best)
    fitting = [name for name in tables if len(contents.tables[name]) == len(symbols)] if symbols else tables
    embedding = fitting[0] if fitting else tables[0] if tables and not one_hot else None
    readout = None if best.no_route else next(iter(guess.readouts(best, embedding)), None)
    if symbols and not vocabulary and not fitting and not one_hot:
        symbols = ()  # the file's own, of something else
    chosen = Choice(best.where, embedding, readout, symbols)
    if readout is None:
        return replace(chosen, answer=NUMBER.name)
    outputs = outputs_of(contents, chosen)
    means = answers(best, outputs, reader(contents, chosen), readout)[0]
    if means != NEXT_TOKEN.name and contents.labels and len(contents.labels) == max(2, outputs):
        return replace(chosen, answer=CLASS.name, labels=contents.labels)
    return replace(chosen, answer=means)


def _as_the_file_says(
    contents: Contents, best: Recurrent, route: Route, symbols: tuple[str, ...], *, own: bool
) -> Choice:
    """The file's own answer. `own`: whether the symbols are the file's, which may be of something else."""
    chosen = Choice(best.where, route.embedding, None, symbols, route.answer, route.labels, follows=True)
    if own and symbols and len(symbols) != _ids(contents, chosen):
        chosen = replace(chosen, vocabulary=())
    symbols_read = chosen.vocabulary and (chosen.embedding is not None or not names_columns(chosen))
    guesses_next = route.answer in (CLASS.name, LABEL.name) and symbols_read and not route.labels
    if guesses_next and outputs_of(contents, chosen) == len(chosen.vocabulary) > 2:
        return replace(chosen, answer=NEXT_TOKEN.name)
    return chosen


def symbols_needed(contents: Contents, choice: Choice) -> int:
    """How many symbols a vocabulary of this network has."""
    return _ids(contents, choice)


def with_embedding(contents: Contents, choice: Choice, name: str | None) -> Choice:
    """The choice with another embedding, or none: no longer the file's own graph if it has another one there."""
    if choice.follows and name == choice.embedding:
        return choice
    if name is not None:
        _table(contents, name)
    return replace(_off_the_graph(contents, choice), embedding=name)


def with_readout(contents: Contents, choice: Choice, name: str | None) -> Choice:
    """The choice with another readout and the meaning that is likely for it; None: the network answers with its own h."""
    off = replace(_off_the_graph(contents, choice), labels=())
    if name is None:
        return replace(off, readout=None, answer=NUMBER.name)
    chosen = replace(off, readout=name)
    outputs = outputs_of(contents, chosen)
    labels = contents.labels if len(contents.labels) == max(2, outputs) else ()
    return replace(chosen, answer=meanings(contents, chosen)[0], labels=labels)


def with_graph(contents: Contents, choice: Choice) -> Choice:
    """The file's own graph again. Raise Unreadable if there is none that is computed."""
    recurrent = recurrent_of(contents, choice.recurrent)
    if recurrent.route is None:
        raise Unreadable(recurrent.no_route or "The file does not say how its parts are connected.")
    chosen = _as_the_file_says(contents, recurrent, recurrent.route, choice.vocabulary, own=False)
    return replace(chosen, rather=choice.rather, reads=choice.reads)


def with_activation(contents: Contents, choice: Choice, name: str) -> Choice:
    """The choice with another activation that the same weights could have had: "relu" or "hard_sigmoid".

    Raise Unreadable for one that these layers cannot have.
    """
    recurrent = recurrent_of(contents, choice.recurrent)
    usual = {str(recurrent.options.get(of, default)).partition("(")[0] for of, default in USUAL.items()}
    if name in usual:  # hard_sigmoid with the slope that the file's version has
        return replace(choice, rather="")
    fits = [one for one in recurrent.rather if _is_named(one, name)]
    if not fits:
        offered = ", ".join(recurrent.rather) or "none, since the file says which they are"
        raise Unreadable(f"The layers cannot have the activation “{name}”; the other choices are {offered}.")
    return replace(choice, rather=fits[0])


USUAL = {"nonlinearity": "tanh", "gate": "sigmoid"}
"""The options of a cell that a file may leave open, and what they are by default."""


def meanings(contents: Contents, choice: Choice) -> list[str]:
    """What the chosen readout could mean, the likely one first; as chosen while the vocabulary does not fit."""
    try:
        reads = reader(contents, choice)
    except Unreadable:
        return [choice.answer]
    return answers(recurrent_of(contents, choice.recurrent), outputs_of(contents, choice), reads, choice.readout or "")


def _off_the_graph(contents: Contents, choice: Choice) -> Choice:
    """The same without the file's own graph, which a person overrules."""
    if not choice.follows:
        return choice
    recurrent = recurrent_of(contents, choice.recurrent)
    embedding = choice.embedding if choice.embedding in embeddings(contents, recurrent) else None
    return replace(choice, follows=False, embedding=embedding)


def _is_named(offered: str, name: str) -> bool:
    """Whether an offered activation is that of this name: "hard_sigmoid (Keras 2: …)" is "hard_sigmoid"."""
    bare = offered.removeprefix("gates: ")
    return bare == name or bare.startswith(f"{name} ")


def outputs_of(contents: Contents, choice: Choice) -> int:
    """The number of outputs of the chosen answer."""
    recurrent = recurrent_of(contents, choice.recurrent)
    if choice.follows and recurrent.route is not None:
        return width_after(recurrent.route.after, recurrent.outputs)
    return recurrent.outputs if choice.readout is None else len(stages_of(contents, choice.readout)[1].weight)


def unused(contents: Contents, choice: Choice) -> tuple[str, ...]:
    """The tensors of the file that the network shown does not use, in the file's order. With the file's own graph, those off its way."""
    recurrent = layers_of(contents, choice)
    if choice.follows:
        return ()
    readout = () if choice.readout is None else layers_in(contents, choice.readout)
    return tuple(guesses.unused(contents, recurrent, choice.embedding, readout))


def reader(contents: Contents, choice: Choice) -> Reader:
    """What such a network reads. Raises Unreadable for a vocabulary that does not fit."""
    symbols = choice.vocabulary
    ids = _ids(contents, choice)
    if choice.embedding is None and not symbols:
        return Numbers(tuple(f"x{k}" for k in range(ids)))
    if not symbols:
        return Ids(ids)
    if choice.embedding is None and len(symbols) == ids and names_columns(choice):
        return columns(symbols)
    if len(symbols) != ids:
        read_by = "its input" if choice.embedding is None else f"the embedding “{choice.embedding}”"
        raise Unreadable(
            f"The vocabulary has {len(symbols):,} symbols, but {read_by} has {ids:,} places: give one for each, with those for padding "
            "and unknown ones where they stand in training."
        )
    return reader_of(symbols)


def names_columns(choice: Choice) -> bool:
    """Whether the symbols of a network without an embedding name its columns; by what they look like while nobody has said."""
    return choice.reads != "symbols" and (choice.reads == "numbers" or are_columns(choice.vocabulary))


def network(contents: Contents, choice: Choice) -> Model:
    """The network itself, in evaluation mode, without a card. Raises Unreadable for parts that do not fit."""
    recurrent = layers_of(contents, choice)
    reads = reader(contents, choice)
    if len(reads) > limits.MOST_SYMBOLS:
        raise Unreadable(f"The embedding has {len(reads):,} rows; at most {limits.MOST_SYMBOLS:,} can be shown.")
    readout, labels = _answer(contents, choice, recurrent)
    before = recurrent.route.before if choice.follows and recurrent.route else ()
    _check_answer(choice, recurrent, readout.out_features, reads)
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
        before=_in(dtype, Chain(*before)) if before else None,
        readout=_in(dtype, readout),
        answer=choice.answer,
        labels=labels,
    )
    return model.eval().requires_grad_(False)


def _in(dtype: torch.dtype, module: Part) -> Part:
    """The module with weights of this type; a copy if that changes them, since a file's modules serve all networks that are made of it."""
    same = all(weight.dtype == dtype for weight in module.parameters())
    return module if same else copy.deepcopy(module).to(dtype)


def _ids(contents: Contents, choice: Choice) -> int:
    """How many symbols, or numbers a step, such a network reads."""
    if choice.embedding is not None:
        return len(_table(contents, choice.embedding))
    recurrent = recurrent_of(contents, choice.recurrent)
    before = recurrent.route.before if choice.follows and recurrent.route else ()
    return width_before(before, recurrent.input_size)


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
    if isinstance(reads, Numbers):
        return None
    rows = torch.eye(len(reads)) if choice.embedding is None else _table(contents, choice.embedding)
    made = nn.Embedding(*rows.shape).to(dtype)
    made.load_state_dict({"weight": rows})
    return made


def _answer(contents: Contents, choice: Choice, recurrent: Recurrent) -> tuple[nn.Linear | Head, tuple[str, ...]]:
    """From h to the scores, and the names of these."""
    if choice.answer not in ANSWERS:
        raise Unreadable(f"A readout cannot mean “{choice.answer}”; choose from {', '.join(ANSWERS)}.")
    if choice.follows and recurrent.route is not None:
        made = _routed(recurrent.route, recurrent)
    elif choice.readout is None:
        outputs = recurrent.outputs
        return linear(torch.eye(outputs)), tuple(f"h of unit {k}" for k in range(outputs))
    else:
        made = _guessed(contents, choice, recurrent)
    outputs = made.out_features
    if choice.labels and len(choice.labels) != outputs:
        raise Unreadable(f"There are {len(choice.labels)} names for {outputs} outputs; give one for each, or none.")
    return made, choice.labels or tuple(map(str, range(outputs)))


def _routed(route: Route, recurrent: Recurrent) -> nn.Linear | Head:
    """The file's own way from h to the scores; one linear layer where it comes to that."""
    try:
        check_widths(route.before, width_before(route.before, recurrent.input_size))
        check_widths(route.after, recurrent.outputs)
    except ValueError as error:
        raise Unreadable(f"The file's layers do not fit together: {error}.") from error
    stages = folded(route.after) or [linear(torch.eye(recurrent.outputs))]
    backwards = recurrent.bidirectional or span_of(route.before) != "step"
    if len(stages) == 1 and isinstance(stages[0], nn.Linear) and not (route.whole_text and backwards):
        return stages[0]
    return Head(stages, width_after(stages, recurrent.outputs), whole_text=route.whole_text)


def _guessed(contents: Contents, choice: Choice, recurrent: Recurrent) -> nn.Linear | Head:
    """One or two linear layers of the file on h.

    A single score of a class, as one has before a sigmoid, is the same as two scores of which the first is zero:
    softmax([0, s]) = [1 - σ(s), σ(s)]. A class of the whole text is read off the last state of each direction: the backward one's stands
    at the first token.
    """
    assert choice.readout is not None
    stages, last = stages_of(contents, choice.readout)
    weight, bias = last.weight, last.bias
    reads = width_before([*stages, linear(weight)], len(weight))
    if reads != recurrent.outputs:
        raise Unreadable(f"“{choice.readout}” reads {reads:,} numbers, but the layers give {recurrent.outputs:,}.")
    if choice.answer in (CLASS.name, LABEL.name) and len(weight) == 1:
        weight, bias = (torch.cat([torch.zeros_like(part), part]) for part in (weight, bias))
    made = linear(weight, bias)
    whole_text = choice.answer == CLASS.name and recurrent.bidirectional
    stages = [*([Ends()] if whole_text else []), *stages, made]
    return made if len(stages) == 1 else Head(stages, len(weight), whole_text=whole_text)
