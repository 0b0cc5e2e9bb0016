"""Cached access to models, traces and gradients for all pages. Keys are strings and numbers; every cache is bounded.

Entries are read-only: models are frozen and traces are immutable. All sessions share them, except results of uploaded models:
those are cached per session and dropped with the model.
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
Function = TypeVar("Function", bound=Callable[..., Any])
Result = TypeVar("Result")

READINGS, OWN_READINGS = 24, 3
"""Cache entries per function: shared by all sessions, and per session for uploaded models, which may be large."""
LARGE = 6
"""Cache entries for large results, which have one number per pair of steps or per weight."""
CENSUS = 6000
"""Number of held-out tokens that gate means are averaged over."""
TELLING = 12
"""Number of units in a picture that shows only the most influential ones."""
WARM_UP = 90
"""Maximum number of characters in a warm-up."""
EXCERPT = 150
"""Approximate number of characters in an excerpt of a long text."""


_session_caches: list[Any] = []
"""Session-scoped caches for results of uploaded models."""


def forget_own() -> None:
    """Drop everything computed with this session's uploaded model, and with it the model itself."""
    for cache in _session_caches:
        cache.clear()


def cached(entries: int, spinner: str | bool = False) -> Callable[[Function], Function]:
    """Cache by arguments (the first is a model name): shared by all sessions for shipped models, per session and smaller for uploaded
    ones."""

    def decorated(compute: Function) -> Function:
        few = min(entries, OWN_READINGS)
        shared: Any = st.cache_resource(max_entries=entries, show_spinner=spinner)(compute)
        own: Any = st.cache_resource(max_entries=few, show_spinner=spinner, scope="session")(compute)

        @wraps(compute)
        def looked_up(name: str, *args: Any, **kwargs: Any) -> Any:
            return (own if models.is_guest(name) else shared)(name, *args, **kwargs)

        looked_up.kept_in = (shared, own)  # type: ignore[attr-defined]  # lets tests inspect and clear both caches
        _session_caches.append(own)
        return cast(Function, looked_up)

    return decorated


@cached(48, "Loading the network …")
def model(name: str) -> Model:
    """Return a model by name: a shared instance for shipped models, this session's for an uploaded one."""
    return models.load(name)


@cached(READINGS)
def trace(name: str, text: str) -> Trace:
    """Return every signal of one forward pass."""
    return models.trace(model(name), text)


@cached(2 * READINGS)
def exact(name: str, text: str) -> Trace:
    """Return every signal computed in float64, the reference for float32 rounding errors."""
    return models.trace(deepcopy(model(name)).double(), text)


@cached(READINGS)
def order(name: str, text: str, layer: int) -> Array:
    """Return the units of a row, sorted by decreasing half-life."""
    return by_half_life(trace(name, text), layer)


@cached(READINGS)
def most_influential_units(name: str, text: str, layer: int) -> Array:
    """Return the units of a row whose contribution to the scores varies most, largest first (`by_contribution`)."""
    return by_contribution(trace(name, text), layer)[:TELLING]


@cached(READINGS)
def predictions(name: str, text: str) -> Array:
    """Return the network's answer at every step: log-probabilities [step, label], or numbers [step, output]."""
    return models.predict(model(name), text)


@cached(READINGS)
def edited(name: str, text: str, edits: tuple[Edit, ...]) -> Trace:
    """Return every signal of a forward pass with edits."""
    return models.trace(model(name), text, edits=edits)


@cached(READINGS)
def edited_predictions(name: str, text: str, edits: tuple[Edit, ...]) -> Array:
    """Return the network's answers with edits."""
    return models.predict(model(name), text, edits=edits)


@cached(READINGS, "Reading with other noise …")
def over_seeds(name: str, text: str, edits: tuple[Edit, ...], at: int, seeds: int) -> Array:
    """Return the answers at one step over `seeds` noise seeds, [seed, column]: each edit's own seed and the following ones."""

    def with_seed(more: int) -> tuple[Edit, ...]:
        return tuple(replace(edit, seed=edit.seed + more) if edit.does == "noise" else edit for edit in edits)

    return np.stack([models.predict(model(name), text, edits=with_seed(more))[at] for more in range(seeds)])


@cached(READINGS)
def overruled(name: str, text: str, edits: tuple[Edit, ...]) -> dict[str, models.Overruled]:
    """Return the effect of the edits on each edited quantity."""
    return models.overruled(model(name), text, edits=edits)


@cached(READINGS, "Examining the network …")
def diagnosis(name: str, text: str, examples: str = "") -> Diagnosis:
    """Diagnose a network on one text. `examples` is the user's own input; raises ValueError if an example does not fit the network."""
    here = model(name)
    return models.diagnose(here, text, examples=models.parse_examples(examples, here) if examples.strip() else None)


@cached(READINGS)
def snippet(name: str, text: str, signal: str, layer: int, step: int, unit: int) -> str:
    """Return a program that recomputes one number of a forward pass from a weights file. Raises ValueError if there is no such number."""
    return models.snippet(model(name), text, signal, layer=layer, step=step, unit=unit, weights=WEIGHTS)


@cached(READINGS, "Holding one unit after the other …")
def sweep(name: str, text: str, of: str, at: int, column: int, layer: int, held: str) -> Array:
    """Return the effect of fixing each unit's memory in turn, as `explorer.sweep` does; `held` is "zero" or "mean"."""
    value: float | Literal["mean"] = "mean" if held == "mean" else 0.0
    return models.sweep(model(name), text, of=of, at=at, token=column, layer=layer, value=value)


@cached(READINGS, "Transplanting in many sentences …")
def transplants(name: str) -> models.Transplants:
    """Return the share of the grammar's sentence pairs in which a transplanted memory changes the verb."""
    return models.transplants(model(name), grammar.pairs())


@cached(READINGS)
def pushes(name: str, text: str, layer: int, unit: int, edits: tuple[Edit, ...] = ()) -> dict[str, Pushes]:
    """Return the terms of each pre-activation of one unit."""
    return models.arithmetic(model(name), text, unit=unit, layer=layer, edits=edits)


@cached(READINGS)
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
    """Return per-step gradients, as `explorer.gradients` does."""
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
    """Return the change from leaving out each token (`explorer.models.deletions`). `progress` is called with the fraction done (0 to 1)."""

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
    """Return the gradient for every source and target (`explorer.gradient_matrix`).

    `progress` is called with the fraction done (0 to 1).
    """

    def compute() -> Array:
        network = model(name)
        return models.gradient_matrix(network, text, of, unit=unit, layer=layer, label=label, by=by, progress=progress)

    return _once(compute, name, "matrix", text, of, unit, layer, label, by)


@cached(READINGS, "Following both paths …")
def paths(name: str, text: str, to: int, layer: int = -1) -> models.Paths:
    """Return the gradient along the belt alone and along all paths, from every step to step `to`."""
    return models.paths(model(name), text, to=to, layer=layer)


def spectra(name: str, text: str, to: int, layer: int = -1, progress: Progress | None = None) -> models.Spectra:
    """Return the singular values of the Jacobian from each step to step `to`. `progress` is called with the fraction done (0 to 1)."""

    def compute() -> models.Spectra:
        return models.spectra(model(name), text, to=to, layer=layer, progress=progress)

    return _once(compute, name, "spectra", text, to, layer)


@cached(READINGS)
def elman(name: str, text: str, to: int, layer: int = -1) -> models.Elman:
    """Return the textbook bounds on an Elman network's Jacobian beside its exact norm."""
    return models.elman(model(name), text, to=to, layer=layer)


@cached(READINGS)
def channels(name: str, text: str, to: int, since: int, layer: int = -1) -> tuple[Array, Array]:
    """Return the direct path [unit] and the full derivative [to-unit, since-unit] of the belt between two steps."""
    return models.channels(model(name), text, to=to, since=since, layer=layer)


def itemised(
    name: str, text: str, label: str | None = None, target: float | None = None, progress: Progress | None = None
) -> models.Itemised:
    """Return the gradient of the mean loss by step, and truncated at each of `lengths`.

    `progress` is called with the fraction done (0 to 1).
    """

    def compute() -> models.Itemised:
        ks = () if models.card_of(name).bidirectional else lengths(len(trace(name, text).tokens))
        return models.itemised(model(name), text, ks, label=label, target=target, progress=progress)

    return _once(compute, name, "itemised", text, label, target)


def _once(compute: Callable[[], Result], name: str, *what: Hashable) -> Result:
    """Return `compute()`, cached by network and by `what`."""
    place: list[Result] = _place(name, *what)
    if not place:
        place.append(compute())
    return place[0]


@cached(3 * LARGE)
def _place(name: str, *what: Hashable) -> list[Any]:
    """Return a mutable cache slot. Progress bars cannot be drawn inside a cached function: Streamlit would replay them on each call."""
    return []


def lengths(steps: int) -> tuple[int, ...]:
    """Truncation lengths to show for a gradient over `steps`: every small number, then increasingly sparse ones, up to all steps."""
    return tuple(sorted({*range(1, min(steps, 16) + 1), *np.geomspace(1, steps, 40).round().astype(int).tolist()}))


@cached(LARGE, "Adding the gradient up …")
def whole_gradient(name: str, text: str, label: str | None = None, target: float | None = None) -> dict[str, Array]:
    """Return the gradient of the mean loss with respect to every weight, including embedding and readout."""
    return models.training_step(model(name), text, learning_rate=0, label=label, target=target).gradient


@cached(READINGS)
def census(name: str, text: str, layer: int) -> pd.DataFrame:
    """Return gate means and write sizes by kind of token, on one text (`explorer.analysis.kinds.census`)."""
    return kinds.census([trace(name, text)], kind_of(models.card_of(name)), layer)


@cached(READINGS, "Reading the held-out texts …")
def held_out_census(name: str, layer: int) -> pd.DataFrame:
    """Return the same as `census` for the beginning of the held-out texts."""
    card = models.card_of(name)
    return kinds.census((models.trace(model(name), text) for text in _windows(card)), kind_of(card), layer)


def _windows(card: Card) -> Iterator[str]:
    """Yield windows of the held-out texts, small enough to fit in memory, CENSUS tokens in all."""
    remaining = CENSUS
    for example in held_out(card.task):
        pieces = card.reader.pieces(example.text)
        for first in range(0, len(pieces), WINDOW):
            if remaining <= 0:
                return
            yield "".join(pieces[first : first + WINDOW])
            remaining -= WINDOW if len(pieces) - first >= WINDOW else len(pieces) - first


def kind_of(card: Card) -> kinds.KindOf:
    """Return the function that sorts a task's tokens into kinds."""
    if card.tokens == "numbers":
        return kinds.of_row
    if kinds.few_symbols(card.vocabulary):
        return kinds.of_symbol(card.vocabulary, lower=card.tokens == "words")
    return kinds.of_character if card.tokens == "characters" else kinds.of_word(valences())


def problem(card: Card, text: str) -> str | None:
    """Return why this text cannot be read, or None if it can."""
    try:
        tokens = card.reader.encode(text).tokens
    except ValueError as error:
        return str(error)
    return None if tokens else f"There is no {card.reader.one} in the text."


def spelled(card: Card, tokens: Sequence[str]) -> str:
    """Return a text that is read as exactly these tokens, with a space between words that would otherwise merge."""
    text = card.reader.joined(tokens)
    return text if card.reader.encode(text).tokens == tuple(tokens) else " ".join(tokens)


def guesses(card: Card, columns: int) -> Array:
    """Return the columns of an answer that may be shown as guesses: all except the unknown token, which cannot be typed."""
    every = np.arange(columns)
    unknown = card.reader.unknown if card.answer == NEXT_TOKEN.name else None
    return every if unknown is None or columns < 2 else every[every != unknown]


def likeliest_column(card: Card, answers: Array) -> int:
    """Return the most likely column of an answer [label] among its `guesses`."""
    columns = guesses(card, len(answers))
    return int(columns[np.nan_to_num(answers[columns], nan=-np.inf).argmax()])


def siblings(name: str) -> list[Card]:
    """Return the models of the same task: rnn, gru, lstm; then this one if it is not among them."""
    return models.siblings(name)


def recipe(task: str) -> Recipe | None:
    """Return how a task's sequences are generated and answered; None for a task that only has models."""
    return RECIPES.get(task)


def truth(card: Card, tokens: Sequence[str]) -> list[Any]:
    """Return the right answer at each step, None where no rule defines it."""
    how = recipe(card.task)
    return list(how.truth(tokens)) if how and how.truth else [None] * len(tokens)


@st.cache_resource(show_spinner=False)
def held_out(task: str) -> tuple[Example, ...]:
    """Return the held-out sequences of a task."""
    return models.held_out(task)


def has_held_out(card: Card) -> bool:
    """Return whether sequences are known that this network was not trained on; False for an uploaded model."""
    return not models.is_guest(card.name)


@st.cache_resource(show_spinner=False)
def warm_up(task: str) -> str:
    """Return the beginning of the held-out texts, up to the end of a word or line, to read before the user's text.

    Without it, the first tokens would be read from a zero state. Empty for tasks with a rule or an answer per sequence, since there a
    different beginning is a different question.
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
    """Return a new random sequence: generated if the task has a rule, else a held-out sequence or whole words or lines of one."""
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
    """Return the text followed by `length` generated tokens."""
    reader = models.card_of(name).reader
    new = list(islice(models.generate(model(name), text, temperature=temperature, top_k=top_k, seed=seed), length))
    if reader.kind == "characters":
        return text + reader.joined(new)
    return reader.joined([text.rstrip(), *new])


@st.cache_resource(max_entries=4 * READINGS, show_spinner=False)
def at_start(start: starts.Start, units: int, steps: int, draws: int, seed: int, of: str) -> starts.AtStart:
    """Return how far a gradient reaches in untrained cells with this initialisation."""
    return starts.at_start(start, units=units, steps=steps, draws=draws, seed=seed, of=of)
