"""Load an uploaded model for use on every page: with a card, a first text and a selected unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from explorer.analysis.orderings import by_contribution, is_read
from explorer.models.answers import CLASS, LABEL, NEXT_TOKEN
from explorer.models.checkpoints import limits
from explorer.models.checkpoints.card import NO_HEADLINE, TASK, OwnCard, nothing_known
from explorer.models.checkpoints.choosing import (
    Choice,
    layers_of,
    likely,
    network,
    readouts,
    symbols_needed,
    unused,
    with_activation,
    with_embedding,
    with_readout,
)
from explorer.models.checkpoints.contents import Contents, Unreadable
from explorer.models.checkpoints.first_text import beginning
from explorer.models.checkpoints.pairs import Pair, measure, pair_of, read_pair
from explorer.models.checkpoints.provenance import notes
from explorer.models.checkpoints.reading import read
from explorer.models.checkpoints.vocabularies import vocabulary as read_vocabulary
from explorer.models.model import Model
from explorer.models.reading import trace


def load(
    path: str | Path,
    vocabulary: str | Path | Sequence[str] | None = None,
    *,
    part: str | None = None,
    embedding: str | None = None,
    readout: str | None = None,
    answer: str | None = None,
    labels: Sequence[str] = (),
    nonlinearity: str | None = None,
    recurrent_activation: str | None = None,
    pair: Any = None,
) -> Model:
    """Load the network in a file. Parts that are not named come from the file's own graph, or are chosen by names and shapes.

    vocabulary            file of symbols by id, or the symbols themselves
    part                  name of the recurrent layers in the file
    embedding, readout    names in the file; readout "h": the network answers with its own h
    answer, labels        meaning of the readout (a name in `explorer.models.answers`), and the names of its outputs
    nonlinearity          for a plain RNN if the file does not say: "tanh" or "relu"
    recurrent_activation  for gates if the file does not say: "sigmoid" or "hard_sigmoid"
    pair                  one known (input, output), or a JSON or NPZ file with both, to verify the answer

    The model's `notes` and `trace(…).notices` list what was guessed or not used. Raise Unreadable, a ValueError, for an unsupported file
    or a choice that does not fit, and FileNotFoundError for a missing file.
    """
    contents = read(path)
    chosen = likely(contents, where=part)
    if vocabulary is not None:
        if isinstance(vocabulary, (str, Path)):
            symbols = read_vocabulary(Path(vocabulary).read_bytes(), symbols_needed(contents, chosen))
        else:
            symbols = tuple(vocabulary)
        chosen = likely(contents, symbols, part)
    if embedding is not None:
        chosen = with_embedding(contents, chosen, embedding)
    if readout is not None:
        chosen = with_readout(contents, chosen, None if readout == "h" else readout)
    for activation in (nonlinearity, recurrent_activation):
        if activation is not None:
            chosen = with_activation(contents, chosen, activation)
    if answer == NEXT_TOKEN.name:
        chosen = replace(chosen, reads="symbols")  # predicted words are not column names
    chosen = replace(chosen, answer=answer or chosen.answer, labels=tuple(labels) or chosen.labels)
    known_pair = None if pair is None else read_pair(pair) if isinstance(pair, (str, Path)) else pair_of(pair)
    if known_pair is not None and readout is None and answer is None:
        chosen = confirmed(contents, chosen, known_pair)
    return own(contents, chosen, name=Path(path).stem, title=Path(path).name, pair=known_pair)


MOST_TRIED = 24
"""Maximum number of choices to compare with a known pair."""


def confirmed(contents: Contents, choice: Choice, pair: Pair) -> Choice:
    """Return the choice if its answer agrees with the known pair; otherwise the first other readout that agrees, if any."""
    recurrent = layers_of(contents, choice)
    others = [] if choice.follows else readouts(contents, recurrent)
    tried = [choice]
    for name in others:
        guess = with_readout(contents, choice, name)
        meanings = {guess.answer, CLASS.name, LABEL.name} if recurrent.bidirectional else {guess.answer}
        tried += [replace(guess, answer=meaning) for meaning in sorted(meanings, key=lambda one: one != guess.answer)]
    for one in tried[:MOST_TRIED]:
        try:
            if measure(network(contents, one), pair).holds:
                return one
        except Unreadable:  # a different number of outputs
            continue
    return choice


def own(contents: Contents, choice: Choice, *, name: str, title: str, pair: Pair | None = None) -> Model:
    """Build the chosen network with its card and notes. Raise Unreadable if its parts do not fit."""
    model, recurrent = network(contents, choice), layers_of(contents, choice)
    agreement = None if pair is None else measure(model, pair)
    model.notes = notes(contents, choice, agreement)
    model.unused, model.proven = unused(contents, choice), agreement is not None and agreement.holds
    assert model.vocabulary is not None
    text = beginning(model.vocabulary)
    seen = trace(model, text)
    unit = int(by_contribution(seen, 0)[0])
    most = limits.steps(recurrent.hidden_size, recurrent.rows, model.outputs)
    reads = "numbers" if model.embedding is None else f"{len(model.vocabulary):,} {model.vocabulary.kind}"
    model.name = name
    model.card = OwnCard(
        name=name,
        task=TASK,
        title=title,
        sentence=f"Your own network, from a {contents.format} file: {recurrent.cell.upper()} of {recurrent.hidden_size:,} units; it reads "
        f"{reads}.",
        group="",
        cell=recurrent.cell,
        options=dict(recurrent.options),
        input_size=recurrent.input_size,
        hidden_size=recurrent.hidden_size,
        num_layers=recurrent.num_layers,
        bidirectional=recurrent.bidirectional,
        tokens=model.vocabulary.kind,
        vocabulary=model.vocabulary.symbols,
        answer=model.answer.name,
        labels=() if model.answer.name == "next token" else model.labels,
        corpus={},
        licence="yours",
        seed=0,
        budget={},
        command="",
        scores={},
        headline=NO_HEADLINE,
        parameters=model.parameter_count,
        sha256="",
        findings=(nothing_known(text, unit),),
        examples={"The first text": text},
        reads=model.vocabulary,
        pinned_by="the unit whose part of the scores (h × readout weights) varies most on the first text"
        if is_read(seen, 0)
        else "the unit whose h varies most on the first text",
        steps=min(most, limits.MOST_REREAD) if model.rereads else most,
    )
    return model
