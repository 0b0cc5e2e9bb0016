"""What pages ask for: models, traces, gradients. The only cache, bounded, keyed by strings and numbers.

Everything in it is read-only: models are frozen, traces are immutable. All sessions share it, but for what is computed with a network of
a reader's own, which is kept in that session alone and goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import wraps
from itertools import islice
from typing import Any, Literal, TypeVar, cast

import numpy as np
import pandas as pd
import streamlit as st

from explorer import models
from explorer.analysis import kinds
from explorer.analysis.diagnosis import Diagnosis
from explorer.analysis.orderings import by_contribution, by_half_life
from explorer.backend.edits import Edit
from explorer.models import Card, Example, Model, Pushes, starts
from explorer.models.answers import NEXT_TOKEN
from explorer.models.card import WINDOW
from explorer.models.lexicon import valences
from explorer.models.recipes import RECIPES, Recipe, grammar
from explorer.models.weights import NAME as WEIGHTS
from explorer.signals import Array, Trace

Progress = Callable[[float], None]
Asked = TypeVar("Asked", bound=Callable[..., Any])
Result = TypeVar("Result")

READINGS, OWN_READINGS = 24, 3
"""How many readings of a kind are kept; of one's own networks, which may be large, in each session."""
LARGE = 6
"""How many are kept of what is large: one number for each pair of steps, or for each weight."""
CENSUS = 6000
"""How many held-out tokens gate means are taken over."""
TELLING = 12
"""How many units a picture of a few has."""
WARM_UP = 90
"""How many characters a warm-up has at most."""
EXCERPT = 150
"""How many characters an excerpt of a long text has, about."""


_of_own: list[Any] = []
"""The caches of what is computed with a reader's own network; each session has its own entries there."""


def forget_own() -> None:
    """Lets go of all that was computed with this session's own network, and so of the network itself."""
    for cache in _of_own:
        cache.clear()


def kept(entries: int, spinner: str | bool = False) -> Callable[[Asked], Asked]:
    """Keeps what a function makes by its arguments, the first of which names a network: for all sessions; of a network of a reader's own
    in that session, and less of it."""

    def decorated(compute: Asked) -> Asked:
        few = min(entries, OWN_READINGS)
        shared: Any = st.cache_resource(max_entries=entries, show_spinner=spinner)(compute)
        own: Any = st.cache_resource(max_entries=few, show_spinner=spinner, scope="session")(compute)

        @wraps(compute)
        def looked_up(name: str, *args: Any, **kwargs: Any) -> Any:
            return (own if models.is_guest(name) else shared)(name, *args, **kwargs)

        looked_up.kept_in = (shared, own)  # type: ignore[attr-defined]  # for who asks how much that is
        _of_own.append(own)
        return cast(Asked, looked_up)

    return decorated


@kept(48, "Loading the network …")
def model(name: str) -> Model:
    """A network by its name, made once for all; one of a reader's own as the session has it."""
    return models.load(name)


@kept(READINGS)
def trace(name: str, text: str) -> Trace:
    """Every signal of one reading."""
    return models.trace(model(name), text)


@kept(2 * READINGS)
def exact(name: str, text: str) -> Trace:
    """Every signal of one reading, computed in float64: what rounding in float32 is measured against."""
    return models.trace(deepcopy(model(name)).double(), text)


@kept(READINGS)
def order(name: str, text: str, layer: int) -> Array:
    """The units of a row, the longest memory first."""
    return by_half_life(trace(name, text), layer)


@kept(READINGS)
def telling(name: str, text: str, layer: int) -> Array:
    """The units of a row whose part of the scores varies most, the widest first (`by_contribution`)."""
    return by_contribution(trace(name, text), layer)[:TELLING]


@kept(READINGS)
def predictions(name: str, text: str) -> Array:
    """The network's answer at every step: log-probabilities [step, label], or numbers [step, output]."""
    return models.predict(model(name), text)


@kept(READINGS)
def edited(name: str, text: str, edits: tuple[Edit, ...]) -> Trace:
    """Every signal of a reading with edits."""
    return models.trace(model(name), text, edits=edits)


@kept(READINGS)
def edited_predictions(name: str, text: str, edits: tuple[Edit, ...]) -> Array:
    """The network's answers in a reading with edits."""
    return models.predict(model(name), text, edits=edits)


@kept(READINGS, "Reading with other noise …")
def over_seeds(name: str, text: str, edits: tuple[Edit, ...], at: int, seeds: int) -> Array:
    """The answers at one step of so many readings, [seed, column]; they differ in the seed of each noise, its own and the next ones."""

    def with_seed(more: int) -> tuple[Edit, ...]:
        return tuple(replace(edit, seed=edit.seed + more) if edit.does == "noise" else edit for edit in edits)

    return np.stack([models.predict(model(name), text, edits=with_seed(more))[at] for more in range(seeds)])


@kept(READINGS)
def overruled(name: str, text: str, edits: tuple[Edit, ...]) -> dict[str, models.Overruled]:
    """What the edits of a reading did to what they edit."""
    return models.overruled(model(name), text, edits=edits)


@kept(READINGS, "Examining the network …")
def diagnosis(name: str, text: str, examples: str = "") -> Diagnosis:
    """What is wrong with a network, and what is unusual, on one text; `examples` as a person types them. Raises ValueError for an example
    that does not fit."""
    here = model(name)
    return models.diagnose(here, text, examples=models.parse_examples(examples, here) if examples.strip() else None)


@kept(READINGS)
def snippet(name: str, text: str, signal: str, layer: int, step: int, unit: int) -> str:
    """A program that computes one number of a reading again, the weights in a file beside it. Raises ValueError where there is none."""
    return models.snippet(model(name), text, signal, layer=layer, step=step, unit=unit, weights=WEIGHTS)


@kept(READINGS, "Holding one unit after the other …")
def sweep(name: str, text: str, of: str, at: int, column: int, layer: int, held: str) -> Array:
    """What holding each unit's memory changes, as `explorer.sweep` gives it; `held` is "zero" or "mean"."""
    value: float | Literal["mean"] = "mean" if held == "mean" else 0.0
    return models.sweep(model(name), text, of=of, at=at, token=column, layer=layer, value=value)


@kept(READINGS, "Transplanting in many sentences …")
def transplants(name: str) -> models.Transplants:
    """In what share of the grammar's pairs a transplanted memory changes the verb."""
    return models.transplants(model(name), grammar.pairs())


@kept(READINGS)
def pushes(name: str, text: str, layer: int, unit: int, edits: tuple[Edit, ...] = ()) -> dict[str, Pushes]:
    """Who pushed each pre-activation of one unit."""
    return models.arithmetic(model(name), text, unit=unit, layer=layer, edits=edits)


@kept(READINGS)
def gradients(
    name: str,
    text: str,
    of: str,
    at: int,
    unit: int | None = None,
    layer: int = -1,
    label: str | None = None,
    by: str | None = None,
) -> Trace:
    """Per-step gradients, as `explorer.gradients` gives them."""
    return models.gradients(model(name), text, of, at, unit=unit, layer=layer, label=label, by=by)


def deletions(
    name: str,
    text: str,
    of: str,
    at: int,
    unit: int | None = None,
    layer: int = -1,
    label: str | None = None,
    progress: Progress | None = None,
) -> Array:
    """What changes where a token is left out, as `explorer.models.deletions` gives it. `progress` is told the share that is done."""

    def compute() -> Array:
        return models.deletions(model(name), text, of, at, unit=unit, layer=layer, label=label, progress=progress)

    return _once(compute, name, "deletions", text, of, at, unit, layer, label)


def gradient_matrix(
    name: str,
    text: str,
    of: str,
    unit: int | None = None,
    layer: int = -1,
    label: str | None = None,
    by: str = "state",
    progress: Progress | None = None,
) -> Array:
    """Every source by every target, as `explorer.gradient_matrix` gives it. `progress` is told the share that is done."""

    def compute() -> Array:
        network = model(name)
        return models.gradient_matrix(network, text, of, unit=unit, layer=layer, label=label, by=by, progress=progress)

    return _once(compute, name, "matrix", text, of, unit, layer, label, by)


@kept(READINGS, "Following both paths …")
def paths(name: str, text: str, to: int, layer: int = -1) -> models.Paths:
    """The two channels of the belt from every step to one."""
    return models.paths(model(name), text, to=to, layer=layer)


def spectra(name: str, text: str, to: int, layer: int = -1, progress: Progress | None = None) -> models.Spectra:
    """The singular values of what each step does to one later step. `progress` is told the share that is done."""

    def compute() -> models.Spectra:
        return models.spectra(model(name), text, to=to, layer=layer, progress=progress)

    return _once(compute, name, "spectra", text, to, layer)


@kept(READINGS)
def elman(name: str, text: str, to: int, layer: int = -1) -> models.Elman:
    """What is said of an Elman network's Jacobian, and what it is."""
    return models.elman(model(name), text, to=to, layer=layer)


@kept(READINGS)
def channels(name: str, text: str, to: int, since: int, layer: int = -1) -> tuple[Array, Array]:
    """The direct path [unit] and the full derivative [to-unit, since-unit] of the belt between two steps."""
    return models.channels(model(name), text, to=to, since=since, layer=layer)


def itemised(
    name: str, text: str, label: str | None = None, target: float | None = None, progress: Progress | None = None
) -> models.Itemised:
    """The gradient of the mean loss, taken apart, and truncated at each length of `lengths`. `progress` is told the share that is done."""

    def compute() -> models.Itemised:
        ks = () if models.card_of(name).bidirectional else lengths(len(trace(name, text).tokens))
        return models.itemised(model(name), text, ks, label=label, target=target, progress=progress)

    return _once(compute, name, "itemised", text, label, target)


def _once(compute: Callable[[], Result], name: str, *what: Hashable) -> Result:
    """What `compute` makes, kept by the network and by `what` it is of."""
    place: list[Result] = _place(name, *what)
    if not place:
        place.append(compute())
    return place[0]


@kept(3 * LARGE)
def _place(name: str, *what: Hashable) -> list[Any]:
    """A place to keep what takes long: a bar cannot be drawn from within what Streamlit keeps, which would draw it again each time."""
    return []


def lengths(steps: int) -> tuple[int, ...]:
    """At how many steps a gradient over so many is truncated, to be looked at: each small number, then ever fewer, and all of them."""
    return tuple(sorted({*range(1, min(steps, 16) + 1), *np.geomspace(1, steps, 40).round().astype(int).tolist()}))


@kept(LARGE, "Adding the gradient up …")
def whole_gradient(name: str, text: str, label: str | None = None, target: float | None = None) -> dict[str, Array]:
    """The gradient of the mean loss by every weight, embedding and readout included."""
    return models.training_step(model(name), text, learning_rate=0, label=label, target=target).gradient


@kept(READINGS)
def census(name: str, text: str, layer: int) -> pd.DataFrame:
    """Gate means and write sizes by kind of token, on one text (`explorer.analysis.kinds.census`)."""
    return kinds.census([trace(name, text)], kind_of(models.card_of(name)), layer)


@kept(READINGS, "Reading the held-out texts …")
def held_out_census(name: str, layer: int) -> pd.DataFrame:
    """The same over the beginning of the held-out texts."""
    card = models.card_of(name)
    return kinds.census((models.trace(model(name), text) for text in _windows(card)), kind_of(card), layer)


def _windows(card: Card) -> Iterator[str]:
    """Held-out texts in pieces that are short enough to be held in memory, CENSUS tokens of them."""
    left = CENSUS
    for example in held_out(card.task):
        pieces = card.reader.pieces(example.text)
        for first in range(0, len(pieces), WINDOW):
            if left <= 0:
                return
            yield "".join(pieces[first : first + WINDOW])
            left -= WINDOW if len(pieces) - first >= WINDOW else len(pieces) - first


def kind_of(card: Card) -> kinds.KindOf:
    """How a task's tokens are sorted into kinds."""
    if card.tokens == "numbers":
        return kinds.of_row
    if kinds.few_symbols(card.vocabulary):
        return kinds.of_symbol(card.vocabulary, lower=card.tokens == "words")
    return kinds.of_character if card.tokens == "characters" else kinds.of_word(valences())


def problem(card: Card, text: str) -> str | None:
    """Why this text cannot be read at all; None where it can."""
    try:
        tokens = card.reader.encode(text).tokens
    except ValueError as error:
        return str(error)
    return None if tokens else f"There is no {card.reader.one} in the text."


def spelled(card: Card, tokens: Sequence[str]) -> str:
    """A text that is read as these tokens: two words that would grow together are kept apart."""
    text = card.reader.joined(tokens)
    return text if card.reader.encode(text).tokens == tuple(tokens) else " ".join(tokens)


def guesses(card: Card, columns: int) -> Array:
    """The columns of an answer that may be offered as a guess: all, but the unknown token, which nobody can type."""
    every = np.arange(columns)
    unknown = card.reader.unknown if card.answer == NEXT_TOKEN.name else None
    return every if unknown is None or columns < 2 else every[every != unknown]


def said(card: Card, answers: Array) -> int:
    """The column that an answer [label] favours, among its `guesses`."""
    columns = guesses(card, len(answers))
    return int(columns[np.nan_to_num(answers[columns], nan=-np.inf).argmax()])


def siblings(name: str) -> list[Card]:
    """The models of the same task: rnn, gru, lstm; behind them this one, where it is another."""
    return models.siblings(name)


def recipe(task: str) -> Recipe | None:
    """How a task's sequences are made and answered; None for a task that only has models."""
    return RECIPES.get(task)


def truth(card: Card, tokens: Sequence[str]) -> list[Any]:
    """The right answer at each step where a rule knows it, else None."""
    how = recipe(card.task)
    return list(how.truth(tokens)) if how and how.truth else [None] * len(tokens)


@st.cache_resource(show_spinner=False)
def held_out(task: str) -> tuple[Example, ...]:
    """The held-out sequences of a task."""
    return models.held_out(task)


def has_held_out(card: Card) -> bool:
    """Whether there are sequences that this network was not trained on; nobody knows of one of the reader's own."""
    return not models.is_guest(card.name)


@st.cache_resource(show_spinner=False)
def warm_up(task: str) -> str:
    """What a network may read before the reader's text, whose first tokens else meet a state of zeros: the beginning of the held-out
    texts, to the end of a word or line. Empty where sequences follow a rule or are answered, since another beginning is another question.
    """
    card = next((card for card in models.zoo() if card.task == task), None)
    if (
        card is None
        or card.answer != "next token"
        or card.tokens != "characters"
        or ((how := recipe(task)) and how.generate)
    ):
        return ""
    text = held_out(task)[0].text[:WARM_UP]
    return text[: max(text.rfind(" "), text.rfind("\n")) + 1]


def random_excerpt(task: str) -> str:
    """A fresh sequence where a rule makes them; else a held-out one, or some whole words or lines of it; drawn anew at each call."""
    random, how = np.random.default_rng(), recipe(task)
    if how and how.generate:
        return how.generate(random).text
    examples = held_out(task)
    text = examples[int(random.integers(len(examples)))].text
    if len(text) <= 2 * EXCERPT:
        return text
    start = int(random.integers(0, len(text) - 2 * EXCERPT))
    line = text.find("\n", start, start + EXCERPT // 2)  # code begins with a line, prose with a word
    start = (line if line >= 0 else text.find(" ", start)) + 1
    end = text.rfind(
        "\n" if line >= 0 and "\n" in text[start + 40 : start + EXCERPT] else " ", start + 1, start + EXCERPT
    )
    return text[start : end if end > start else start + EXCERPT]


def continued(name: str, text: str, length: int, temperature: float, top_k: int | None, seed: int) -> str:
    """The text with what the network goes on with, `length` tokens."""
    reader = models.card_of(name).reader
    new = list(islice(models.generate(model(name), text, temperature=temperature, top_k=top_k, seed=seed), length))
    if reader.kind == "characters":
        return text + reader.joined(new)
    return reader.joined([text.rstrip(), *new])


@st.cache_resource(max_entries=4 * READINGS, show_spinner=False)
def at_start(start: starts.Start, units: int, steps: int, draws: int, seed: int, of: str) -> starts.AtStart:
    """How far a gradient reaches in untrained cells that begin so."""
    return starts.at_start(start, units=units, steps=steps, draws=draws, seed=seed, of=of)
