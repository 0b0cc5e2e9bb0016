"""A network of one's own, ready for every page: a model with a card, a text to begin with, and a unit to look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from explorer.analysis.orderings import by_effect
from explorer.models.checkpoints import limits
from explorer.models.checkpoints.card import NO_HEADLINE, TASK, OwnCard, nothing_known
from explorer.models.checkpoints.choosing import Choice, layers_of, likely, network, recurrent_of
from explorer.models.checkpoints.contents import Contents
from explorer.models.checkpoints.first_text import beginning
from explorer.models.checkpoints.reading import read
from explorer.models.checkpoints.vocabularies import vocabulary as read_vocabulary
from explorer.models.model import Model
from explorer.models.reading import trace


def load(
    path: str | Path,
    vocabulary: str | Path | None = None,
    *,
    recurrent: str | None = None,
    embedding: str | None = None,
    readout: str | None = None,
) -> Model:
    """The network in a file, ready to read; `vocabulary` is a file of symbols. What is not named is chosen by its name and shape.

    Raises Unreadable, a ValueError, for a file that is not understood, FileNotFoundError where there is none.
    """
    contents = read(path)
    chosen = likely(contents, where=recurrent)
    if vocabulary is not None:
        table = contents.tables.get(embedding or chosen.embedding or "")
        wanted = recurrent_of(contents, chosen.recurrent).input_size if table is None else len(table)
        symbols = read_vocabulary(Path(vocabulary).read_bytes(), wanted)
        chosen = likely(contents, symbols, recurrent)
    chosen = replace(chosen, embedding=embedding or chosen.embedding, readout=readout or chosen.readout)
    return own(contents, chosen, name=Path(path).stem, title=Path(path).name)


def own(contents: Contents, choice: Choice, *, name: str, title: str) -> Model:
    """The network that was chosen, with its card. Raises Unreadable for parts that do not fit."""
    model, recurrent = network(contents, choice), layers_of(contents, choice)
    assert model.vocabulary is not None
    text = beginning(model.vocabulary)
    unit = int(by_effect(trace(model, text), 0)[0])
    outputs = 0 if model.readout is None else model.readout.out_features
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
        steps=limits.steps(recurrent.hidden_size, recurrent.rows, outputs),
    )
    return model
