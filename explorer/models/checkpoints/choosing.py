"""Build a network from the contents of a file: choose its layers, embedding, readout and vocabulary."""

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
    """The parts of a file that make up the network, by their names in the file.

    embedding   None: the network reads numbers, with columns named by a vocabulary of words, or one-hot symbols of any other vocabulary
    readout     None: the network answers with its own h
    vocabulary  symbols by id; empty if unknown: the network then reads ids or numbers
    answer      meaning of the readout (`explorer.models.answers`); `labels` names its outputs if they are not tokens
    rather      key of `Recurrent.rather` if those layers are used instead
    reads       without an embedding: "numbers" if the vocabulary names columns, "symbols" for one-hot input; "" to decide by its words
    follows     whether the answer follows the file's own graph, `Recurrent.route`, which then gives `embedding`; `readout` is None
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
    """Return the recurrent layers of that name. Raise Unreadable if the file has none."""
    groups = {one.where: one for one in contents.recurrent}
    if where not in groups:
        raise Unreadable(f"There are no recurrent layers “{where}” in the file; it has {', '.join(map(repr, groups))}.")
    return groups[where]


def layers_of(contents: Contents, choice: Choice) -> Recurrent:
    """Return the chosen layers, in the chosen variant. Raise Unreadable if the layers or the variant do not exist."""
    original = recurrent_of(contents, choice.recurrent)
    if choice.rather and choice.rather not in original.rather:
        raise Unreadable(
            f"The layers cannot be “{choice.rather}”; choose from {', '.join(original.rather) or 'nothing'}."
        )
    return original.rather.get(choice.rather, original)


def embeddings(contents: Contents, recurrent: Recurrent) -> list[str]:
    """Return the possible embeddings, likeliest first: tables as wide as the layers' input."""
    return guesses.Guesses(contents).tables(recurrent)


def readouts(contents: Contents, recurrent: Recurrent) -> list[str]:
    """Return the possible readouts, likeliest first: linear layers as wide as the top layer's h. Empty for an encoder."""
    if recurrent.half == "encoder":
        return []
    fits = [name for name, one in contents.linears.items() if one.weight.shape[1] == recurrent.outputs]
    return list(dict.fromkeys([*guesses.Guesses(contents).readouts(recurrent), *chains(contents, recurrent), *fits]))


TAGGING = re.compile(r"tag|\bner\b|_ner|pos\b|slot|chunk|token|crf", re.IGNORECASE)
"""Common names of a readout that labels each step."""


def answers(recurrent: Recurrent, outputs: int, reader: Reader, readout: str = "") -> list[str]:
    """Return the possible meanings of a readout with this name and number of outputs, likeliest first."""
    if len(reader.labels) == outputs:
        return [NEXT_TOKEN.name, CLASS.name, LABEL.name]
    if reader.labels:
        labels = [CLASS.name, LABEL.name]
        return [*(labels[::-1] if TAGGING.search(readout) else labels), NUMBER.name]
    # A forecast is never the first guess: most numeric outputs are not forecasts.
    forecast = [FORECAST.name] if outputs <= len(reader) else []
    return [NUMBER.name, *forecast, CLASS.name, LABEL.name]


def likely(contents: Contents, vocabulary: Sequence[str] = (), where: str | None = None) -> Choice:
    """Return the default choice: the layers at `where`, or else the group that has a route, or the most of an embedding and a readout."""
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
        return _follow_graph(contents, best, best.route, symbols, own=not vocabulary)
    one_hot = len(symbols) == best.input_size
    tables = guess.tables(best)
    fitting = [name for name in tables if len(contents.tables[name]) == len(symbols)] if symbols else tables
    embedding = fitting[0] if fitting else tables[0] if tables and not one_hot else None
    readout = None if best.no_route else next(iter(guess.readouts(best, embedding)), None)
    if symbols and not vocabulary and not fitting and not one_hot:
        symbols = ()  # the file's vocabulary belongs to something else
    chosen = Choice(best.where, embedding, readout, symbols)
    if readout is None:
        return replace(chosen, answer=NUMBER.name)
    outputs = outputs_of(contents, chosen)
    means = answers(best, outputs, reader(contents, chosen), readout)[0]
    if means != NEXT_TOKEN.name and contents.labels and len(contents.labels) == max(2, outputs):
        return replace(chosen, answer=CLASS.name, labels=contents.labels)
    return replace(chosen, answer=means)


def _follow_graph(contents: Contents, best: Recurrent, route: Route, symbols: tuple[str, ...], *, own: bool) -> Choice:
    """Return the choice that follows the file's graph. `own`: the symbols come from the file, so they may belong to another part."""
    chosen = Choice(best.where, route.embedding, None, symbols, route.answer, route.labels, follows=True)
    if own and symbols and len(symbols) != _ids(contents, chosen):
        chosen = replace(chosen, vocabulary=())
    symbols_read = chosen.vocabulary and (chosen.embedding is not None or not names_columns(chosen))
    guesses_next = route.answer in (CLASS.name, LABEL.name) and symbols_read and not route.labels
    if guesses_next and outputs_of(contents, chosen) == len(chosen.vocabulary) > 2:
        return replace(chosen, answer=NEXT_TOKEN.name)
    return chosen


def symbols_needed(contents: Contents, choice: Choice) -> int:
    """Return the number of symbols that a vocabulary for this network needs."""
    return _ids(contents, choice)


def with_embedding(contents: Contents, choice: Choice, name: str | None) -> Choice:
    """Return the choice with another embedding, or none. A different embedding leaves the file's own graph."""
    if choice.follows and name == choice.embedding:
        return choice
    if name is not None:
        _table(contents, name)
    return replace(_off_the_graph(contents, choice), embedding=name)


def with_readout(contents: Contents, choice: Choice, name: str | None) -> Choice:
    """Return the choice with another readout and its likeliest meaning. None: the network answers with its own h."""
    off = replace(_off_the_graph(contents, choice), labels=())
    if name is None:
        return replace(off, readout=None, answer=NUMBER.name)
    chosen = replace(off, readout=name)
    outputs = outputs_of(contents, chosen)
    labels = contents.labels if len(contents.labels) == max(2, outputs) else ()
    return replace(chosen, answer=meanings(contents, chosen)[0], labels=labels)


def with_graph(contents: Contents, choice: Choice) -> Choice:
    """Return the choice that follows the file's own graph. Raise Unreadable if no graph can be computed."""
    recurrent = recurrent_of(contents, choice.recurrent)
    if recurrent.route is None:
        raise Unreadable(recurrent.no_route or "The file does not say how its parts are connected.")
    chosen = _follow_graph(contents, recurrent, recurrent.route, choice.vocabulary, own=False)
    return replace(chosen, rather=choice.rather, reads=choice.reads)


def with_activation(contents: Contents, choice: Choice, name: str) -> Choice:
    """Return the choice with another activation that fits the same weights: "relu" or "hard_sigmoid".

    Raise Unreadable if these layers cannot have that activation.
    """
    recurrent = recurrent_of(contents, choice.recurrent)
    usual = {str(recurrent.options.get(of, default)).partition("(")[0] for of, default in USUAL.items()}
    if name in usual:  # hard_sigmoid with the slope of the Keras version that wrote the file
        return replace(choice, rather="")
    fits = [one for one in recurrent.rather if _is_named(one, name)]
    if not fits:
        offered = ", ".join(recurrent.rather) or "none, since the file says which they are"
        raise Unreadable(f"The layers cannot have the activation “{name}”; the other choices are {offered}.")
    return replace(choice, rather=fits[0])


USUAL = {"nonlinearity": "tanh", "gate": "sigmoid"}
"""Cell options that a file may leave open, with their default values."""


def meanings(contents: Contents, choice: Choice) -> list[str]:
    """Return the possible meanings of the chosen readout, likeliest first. Only the chosen one while the vocabulary does not fit."""
    try:
        reads = reader(contents, choice)
    except Unreadable:
        return [choice.answer]
    return answers(recurrent_of(contents, choice.recurrent), outputs_of(contents, choice), reads, choice.readout or "")


def _off_the_graph(contents: Contents, choice: Choice) -> Choice:
    """Return the same choice without the file's own graph, which the user overrides."""
    if not choice.follows:
        return choice
    recurrent = recurrent_of(contents, choice.recurrent)
    embedding = choice.embedding if choice.embedding in embeddings(contents, recurrent) else None
    return replace(choice, follows=False, embedding=embedding)


def _is_named(offered: str, name: str) -> bool:
    """Return whether an offered activation has this name: "hard_sigmoid (Keras 2: …)" is "hard_sigmoid"."""
    bare = offered.removeprefix("gates: ")
    return bare == name or bare.startswith(f"{name} ")


def outputs_of(contents: Contents, choice: Choice) -> int:
    """Return the number of outputs of the chosen answer."""
    recurrent = recurrent_of(contents, choice.recurrent)
    if choice.follows and recurrent.route is not None:
        return width_after(recurrent.route.after, recurrent.outputs)
    return recurrent.outputs if choice.readout is None else len(stages_of(contents, choice.readout)[1].weight)


def unused(contents: Contents, choice: Choice) -> tuple[str, ...]:
    """Return the tensors of the file that the chosen network does not use, in the file's order. Empty with the file's own graph."""
    recurrent = layers_of(contents, choice)
    if choice.follows:
        return ()
    readout = () if choice.readout is None else layers_in(contents, choice.readout)
    return tuple(guesses.unused(contents, recurrent, choice.embedding, readout))


def reader(contents: Contents, choice: Choice) -> Reader:
    """Return the reader of the chosen network. Raise Unreadable if the vocabulary does not fit."""
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
    """Return whether the symbols of a network without an embedding name its columns. Guess by the symbols if `reads` is empty."""
    return choice.reads != "symbols" and (choice.reads == "numbers" or are_columns(choice.vocabulary))


def network(contents: Contents, choice: Choice) -> Model:
    """Build the chosen network, in evaluation mode and without a card. Raise Unreadable if its parts do not fit."""
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
    """Return the module with weights of this dtype; a copy if they change, since all networks built from the file share its modules."""
    same = all(weight.dtype == dtype for weight in module.parameters())
    return module if same else copy.deepcopy(module).to(dtype)


def _ids(contents: Contents, choice: Choice) -> int:
    """Return the number of symbols, or of numbers per step, that the chosen network reads."""
    if choice.embedding is not None:
        return len(_table(contents, choice.embedding))
    recurrent = recurrent_of(contents, choice.recurrent)
    before = recurrent.route.before if choice.follows and recurrent.route else ()
    return width_before(before, recurrent.input_size)


def _check_answer(choice: Choice, recurrent: Recurrent, outputs: int, reads: Reader) -> None:
    """Raise Unreadable for an answer that the input cannot contain: a forecast of ids, or a next token of numbers."""
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
    """Return the file's embedding, a one-hot embedding for symbols without one, or None for numbers."""
    if isinstance(reads, Numbers):
        return None
    rows = torch.eye(len(reads)) if choice.embedding is None else _table(contents, choice.embedding)
    embedding_layer = nn.Embedding(*rows.shape).to(dtype)
    embedding_layer.load_state_dict({"weight": rows})
    return embedding_layer


def _answer(contents: Contents, choice: Choice, recurrent: Recurrent) -> tuple[nn.Linear | Head, tuple[str, ...]]:
    """Return the module from h to the scores, and the names of the scores."""
    if choice.answer not in ANSWERS:
        raise Unreadable(f"A readout cannot mean “{choice.answer}”; choose from {', '.join(ANSWERS)}.")
    if choice.follows and recurrent.route is not None:
        module = _file_head(recurrent.route, recurrent)
    elif choice.readout is None:
        outputs = recurrent.outputs
        return linear(torch.eye(outputs)), tuple(f"h of unit {k}" for k in range(outputs))
    else:
        module = _chosen_head(contents, choice, recurrent)
    outputs = module.out_features
    if choice.labels and len(choice.labels) != outputs:
        raise Unreadable(f"There are {len(choice.labels)} names for {outputs} outputs; give one for each, or none.")
    return module, choice.labels or tuple(map(str, range(outputs)))


def _file_head(route: Route, recurrent: Recurrent) -> nn.Linear | Head:
    """Return the file's own stages from h to the scores; a single linear layer if they reduce to one."""
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


def _chosen_head(contents: Contents, choice: Choice, recurrent: Recurrent) -> nn.Linear | Head:
    """Return a readout of one or two linear layers of the file.

    A single class score, as before a sigmoid, is equivalent to two scores of which the first is zero:
    softmax([0, s]) = [1 - σ(s), σ(s)]. A class of the whole text reads the last state of each direction; the backward direction ends
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
    output = linear(weight, bias)
    whole_text = choice.answer == CLASS.name and recurrent.bidirectional
    stages = [*([Ends()] if whole_text else []), *stages, output]
    return output if len(stages) == 1 else Head(stages, len(weight), whole_text=whole_text)
