"""adding: the sum of the values that carry a mark (Hochreiter & Schmidhuber 1997, values from U[0, 1] as most have done since).

Two of 10 to 100 rows are marked, anywhere. The target at every row is "the sum so far", where the paper has one target at the end
alone: so the output at each row is an answer. The task stays hard, since the values must be held to the end. On sequences of 20 to
100 rows with 8 units, seeds 1 to 3, mean squared error at the last row, with a target at every row: rnn 0.005-0.012,
gru 0.0002-0.0003, lstm 0.0002-0.0004.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

import numpy as np

from explorer.models.model import Model
from explorer.models.recipes import base
from explorer.models.recipes.base import (
    Batch,
    Budget,
    Data,
    Example,
    Headline,
    Property,
    Recipe,
    Tokens,
    drawn,
    padded,
)
from explorer.models.scoring import squared_error
from explorer.models.vocabulary import Numbers
from explorer.signals import Array

READER = Numbers(("value", "mark"))
SHORTEST, LONGEST = 10, 100
WITHOUT_MEMORY = 1 / 6
"""The mean squared error of always saying 1: the variance of the sum of two values from U[0, 1]."""


def rows(random: np.random.Generator, length: int, marked: Sequence[int]) -> Array:
    """Values of two decimals with a mark of 1 at those places, [step, 2]."""
    x = np.zeros((length, 2))
    x[:, 0] = np.round(random.random(length), 2)
    x[list(marked), 1] = 1
    return x


def draw(random: np.random.Generator) -> Array:
    """Two marks anywhere in 10 to 100 rows, [step, 2]."""
    length = int(random.integers(SHORTEST, LONGEST + 1))
    return rows(random, length, random.choice(length, 2, replace=False).tolist())


def sum_so_far(x: Array) -> Array:
    """Sum of the values with a mark so far, [step]."""
    return np.cumsum(x[:, 0] * x[:, 1])


def text_of(x: Array) -> str:
    """Text of the rows, one a line."""
    return READER.joined([f"{value:.2f} {mark:.0f}" for value, mark in x])


def example(random: np.random.Generator) -> Example:
    """A fresh sequence; its answer is the sum so far at each row."""
    x = draw(random)
    return Example(text_of(x), tuple(np.round(sum_so_far(x), 2).tolist()))


def batch(random: np.random.Generator, size: int) -> Batch:
    """Fresh sequences, with a target at every row."""
    sequences = [draw(random) for _ in range(size)]
    return padded(
        [(x.astype(np.float32), sum_so_far(x)[:, None].astype(np.float32), np.ones(len(x))) for x in sequences]
    )


fixed = partial(base.fixed, example)
"""Function (count, seed) -> that many sequences, the same each time."""


def data() -> Data:
    """Held-out set: 500 sequences, made anew from their seed."""
    return Data(
        reader=READER,
        batches=drawn(batch),
        held_out=fixed(500, seed=0),
        chosen_on=tuple(each.text for each in fixed(200, seed=1)),
    )


@cache
def validation() -> tuple[Example, ...]:
    """Sequences that the best seed is chosen on."""
    return fixed(200, seed=2)


def score(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """The squared error of the sum at the last row."""
    return {"held_out_squared_error": squared_error(model, examples)}


def table(tokens: Tokens) -> Array:
    """The rows as numbers again, [step, 2]."""
    return np.array([[float(value) for value in token.split()] for token in tokens])


def memory_of_sum(tokens: Tokens) -> Array:
    """The sum so far."""
    return sum_so_far(table(tokens))


def marks_seen(tokens: Tokens) -> Array:
    """Number of rows with a mark so far, [step]."""
    return np.cumsum(table(tokens)[:, 1])


def from_memory(tokens: Tokens) -> Array:
    """The rows without a mark after the first one with a mark: there memory alone knows the sum."""
    return np.flatnonzero((marks_seen(tokens) > 0) & (table(tokens)[:, 1] == 0))


def chip(length: int, *marked: int, seed: int = 3) -> str:
    """An example with marks at those rows."""
    return text_of(rows(np.random.default_rng(seed), length, marked))


TWO = chip(14, 3, 9)

RECIPE = Recipe(
    task="adding",
    title="Adding",
    sentence="Reads values, some of them marked, and says the sum of the marked ones so far.",
    group="Numbers",
    corpus={"rule": "10 to 100 values from U[0, 1], two of them marked; Hochreiter & Schmidhuber 1997"},
    licence="Apache-2.0",
    answer="number",
    labels=("sum so far",),
    data=data,
    score=score,
    headline=Headline(
        key="held_out_squared_error",
        says="mean squared error of the sum at the end",
        better="lower",
        baseline=WITHOUT_MEMORY,
    ),
    properties=(
        Property(
            name="the sum of the marked values so far",
            of=memory_of_sum,
            foretells="the sum that it says",
            foretold=from_memory,
            show_text=TWO,
        ),
        Property(
            name="how many marks there were",
            of=marks_seen,
            foretells="the sum that it says",
            foretold=from_memory,
            show_text=TWO,
        ),
    ),
    examples={
        "Two marks": TWO,
        "Far apart": chip(60, 2, 50),
        "No mark": chip(14),
        "Three marks, never trained": chip(14, 2, 6, 10),
    },
    budget=Budget(steps=6000, batch=32, learning_rate=1e-2),
    cells={"rnn": {}, "gru": {}, "lstm": {}},
    input_size=len(READER),
    hidden_size=8,
    seeds=(1, 2, 3),
    selection=lambda model: -squared_error(model, validation()),
    generate=example,
    truth=lambda tokens: np.round(memory_of_sum(tokens), 6).tolist(),
)
