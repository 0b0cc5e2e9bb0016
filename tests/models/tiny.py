"""A task small enough to be trained in a test: a latch that opens at `a` and closes at `b`."""

from __future__ import annotations

import random
from dataclasses import asdict

import numpy as np

from explorer.backend.training import Budget
from explorer.models import Card, Model, Show
from explorer.models.recipes.base import Property, Recipe, Split
from explorer.signals import Array
from tests.helpers import INPUT, SYMBOLS, TEXT, Shape, Variant

LETTERS = SYMBOLS[:5]  # a b c d e


def between(text: str) -> Array:
    """1 from an `a` up to the character before the next `b`."""
    marks, inside = np.zeros(len(text)), False
    for step, character in enumerate(text):
        inside = character == "a" or (inside and character != "b")
        marks[step] = inside
    return marks


def before_c(text: str) -> Array:
    """The steps between `a` and `b` at which the next character is a `c`."""
    return np.flatnonzero((between(text)[:-1] == 1) & (np.array(list(text[1:])) == "c"))


LATCH = Property(name="between a and b", of=between, foretells="c", foretold=before_c)


def letters(count: int, seed: int) -> str:
    return "".join(random.Random(seed).choices(LETTERS, [1, 1, 3, 3, 3], k=count))


SPLIT = Split(letters(1500, 0), letters(800, 1))
BUDGET = Budget(steps=120, batch=4, length=8, learning_rate=1e-2, warmup=5)
RECIPE = Recipe(
    task="tiny",
    title="A latch",
    reads="letters",
    corpus={"text": "random letters"},
    licence="none",
    split=lambda: SPLIT,
    budget=BUDGET,
    options={"rnn": {"nonlinearity": "relu"}},
    input_size=INPUT,
    hidden_size=4,
    seed=3,
    show_text="cdadcebcd",
    show_property=LATCH,
    examples={"One": "cda"},
    excerpt=lambda held_out: held_out[:200],
)


def card_for(model: Model, variant: Variant, shape: Shape = (1, False)) -> Card:
    """A card that fits the model; the checksum is left open."""
    name, options = variant
    return Card(
        name="tiny",
        task="tiny",
        title="Tiny",
        reads="letters",
        cell=name,
        options=options,
        input_size=INPUT,
        hidden_size=model.stack.hidden_size,
        num_layers=shape[0],
        bidirectional=shape[1],
        vocabulary=SYMBOLS,
        corpus={"text": "random letters"},
        licence="none",
        seed=0,
        budget=asdict(BUDGET),
        command="train tiny",
        scores={"excerpt_bits_per_character": 2.5},
        parameters=model.parameter_count,
        sha256="",
        show=Show(
            text=TEXT,
            step=1,
            layer=0,
            unit=0,
            property="none",
            correlation=0.5,
            effect=-0.1,
            foretells="c",
            places=3,
            rank=1,
            rule="none",
        ),
        examples={"One": TEXT},
    )
