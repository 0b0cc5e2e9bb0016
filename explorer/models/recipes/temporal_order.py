"""temporal-order: which of X and Y came first, and which second, among letters that mean nothing (Hochreiter & Schmidhuber 1997, task 6a).

25 to 60 letters; the two that count stand anywhere but in the last ten, so that the gradient has to go back eleven steps or more. Where
it need not, and one of the two may be the last letter, the plain RNN learns the task as well (three seeds of three, 3000 updates).
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
from explorer.models.scoring import class_accuracy
from explorer.models.vocabulary import Characters
from explorer.signals import Array

COUNT, DISTRACT = "XY", "abcd"
READER = Characters(tuple(COUNT + DISTRACT))
LABELS = ("XX", "XY", "YX", "YY")
SHORTEST, LONGEST, AFTER = 25, 60, 10


def text_with(random: np.random.Generator, length: int, order: str, places: Sequence[int]) -> str:
    """Random distractors with the letters of `order` at those places."""
    letters = random.choice(list(DISTRACT), length)
    letters[list(places)] = list(order)
    return "".join(letters)


def draw(random: np.random.Generator) -> Example:
    """A fresh sequence; its answer is the order."""
    length = int(random.integers(SHORTEST, LONGEST + 1))
    order = str(random.choice(LABELS))
    places = np.sort(random.choice(length - AFTER, 2, replace=False))
    return Example(text_with(random, length, order, places.tolist()), order)


def batch(random: np.random.Generator, size: int) -> Batch:
    """Fresh sequences, with a target at the last letter alone."""
    return padded([_asked(draw(random)) for _ in range(size)])


def _asked(example: Example) -> tuple[Array, Array, Array]:
    last = np.zeros(len(example.text))
    last[-1] = 1
    return READER.encode(example.text).values, np.full(len(last), LABELS.index(example.answer)), last


fixed = partial(base.fixed, draw)
"""Function (count, seed) -> that many sequences, the same each time."""


def data() -> Data:
    """Held-out set: 1000 sequences, made anew from their seed."""
    return Data(
        reader=READER,
        batches=drawn(batch),
        held_out=fixed(1000, seed=0),
        chosen_on=tuple(each.text for each in fixed(300, seed=1)),
    )


@cache
def validation() -> tuple[Example, ...]:
    """Sequences that the best seed is chosen on."""
    return fixed(500, seed=2)


def score(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """Share of orders that are right at the end."""
    return {"held_out_accuracy": class_accuracy(model, examples)}


def so_far(text: Tokens) -> list[str]:
    """The letters that counted, at each step."""
    seen, orders = "", []
    for character in text:
        seen += character if character in COUNT else ""
        orders.append(seen)
    return orders


def truth(text: Tokens) -> list[str | None]:
    """The order, from its second letter on; None before, and for more than two letters."""
    return [order if len(order) == 2 else None for order in so_far(text)]


def first_was_x(text: Tokens) -> Array:
    """1 from an X that is the first of the letters that count."""
    return np.array([order[:1] == "X" for order in so_far(text)], dtype=float)


def second_was_x(text: Tokens) -> Array:
    """1 from an X that is the second of them."""
    return np.array([order[1:2] == "X" for order in so_far(text)], dtype=float)


def at_the_end(text: Tokens) -> Array:
    """The last step, where the order is X, then Y."""
    return np.array([len(text) - 1] if so_far(text)[-1] == "XY" else [], dtype=np.int64)


def chip(length: int, order: str, *places: int) -> str:
    """An example with the letters of `order` at those places."""
    return text_with(np.random.default_rng(0), length, order, places)


X_THEN_Y = chip(40, "XY", 8, 22)

RECIPE = Recipe(
    task="temporal-order",
    title="Temporal order",
    sentence="Reads letters of which only X and Y count, and says at the end which came first and which second.",
    group="Numbers",
    corpus={"rule": "25 to 60 letters, two of them X or Y, none among the last ten; Hochreiter & Schmidhuber 1997"},
    licence="Apache-2.0",
    answer="class",
    labels=LABELS,
    data=data,
    score=score,
    headline=Headline(
        key="held_out_accuracy", says="of the orders right", better="higher", percent=True, baseline=0.25
    ),
    properties=(
        Property(
            name="the first was X",
            of=first_was_x,
            foretells="“XY”",
            foretold=at_the_end,
            label="XY",
            show_text=X_THEN_Y,
        ),
        Property(
            name="the second was X",
            of=second_was_x,
            foretells="“XY”",
            expected=-1,
            foretold=at_the_end,
            label="XY",
            show_text=chip(40, "YX", 8, 22),
        ),
    ),
    examples={
        "X, then Y": X_THEN_Y,
        "Y, then X": X_THEN_Y.translate(str.maketrans("XY", "YX")),
        "Far apart": chip(60, "XX", 2, 46),
        "Only one": chip(40, "X", 8),
        "Longer than any trained on": chip(150, "YX", 20, 60),
    },
    # The LSTM starts prepared for lags as long as a sequence; without, it took more updates than these to begin to learn.
    cells={"rnn": {}, "gru": {}, "lstm": {"chrono": LONGEST}},
    budget=Budget(steps=4000, batch=32, learning_rate=1e-2),
    input_size=4,
    hidden_size=4,
    seeds=(1, 2, 3),
    selection=lambda model: class_accuracy(model, validation()),
    generate=draw,
    truth=truth,
)
