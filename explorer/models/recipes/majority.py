"""majority: were there more `a` or more `b` so far? Wired by hand; every weight can be read.

One unit counts: `a` adds one, `b` takes one away, and nothing is ever forgotten.

- LSTM: all gates are open, σ(20) = 1 (in float32 exactly), so c_t = c_{t-1} + tanh(20 a - 20 b): c is the number of `a` less the number
  of `b`, however long the text. h = tanh(c) is 0, ±0.76, ±0.96 …: its sign is the answer.
- RNN: without squashing (nonlinearity "linear") h_t = h_{t-1} + a - b is the same count. With tanh the count would fade.
- GRU: h stays between -1 and 1 and keeps (1 - z) of the candidate only by giving up as much of the old, so it can count neither far nor
  exactly. At a letter z = σ(20 - 15) = 0.9933: h gives up 0.7 % of itself and moves by 0.0067 towards +1 or -1. The steps are small, so
  the first ones are nearly equal, and half a step tells "more" from "equal". That is right for every input of up to 16 characters; of
  nine `a` so much is given up while eight `b` are read that "equal" comes a step too early. (Weiss, Goldberg & Yahav 2018: an LSTM
  can count, a GRU cannot.)

The readout compares "more a", 20 h - 10 (GRU: 3000 h - 10, since a step is 0.0067), "more b", the same of -h, and "equal", 0.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from explorer.models.recipes import wiring
from explorer.models.recipes.base import Data, Property, Recipe, Tokens, fixed
from explorer.models.vocabulary import Characters
from explorer.signals import Array

SYMBOLS = "ab."
READER = Characters(tuple(SYMBOLS))
LABELS = ("more b", "equal", "more a")

WIRING: dict[str, dict[str, list[wiring.Unit]]] = {
    "lstm": {
        "i": [{"bias": 20}],
        "f": [{"bias": 20}],
        "g": [{"a": 20, "b": -20}],
        "o": [{"bias": 20}],
    },
    "gru": {
        "r": [{"bias": 20}],
        "z": [{"bias": 20, "a": -15, "b": -15}],
        "n": [{"a": 20, "b": -20}],
    },
    "rnn": {"h": [{"a": 1, "b": -1, "h0": 1}]},
}
SLOPE = {"lstm": 20, "gru": 3000, "rnn": 20}
"""Factor of h in the readout."""


def wired(cell: str) -> dict[str, Tensor]:
    """The weights, as derived above."""
    slope = SLOPE[cell]
    readout: dict[str, wiring.Unit] = {
        "more b": {"bias": -10, "h0": -slope},
        "equal": {},
        "more a": {"bias": -10, "h0": slope},
    }
    return wiring.weights(READER, cell, WIRING[cell], readout)


def lead(text: Tokens) -> Array:
    """Excess of `a` over `b` so far."""
    characters = np.array(list(text))
    return np.cumsum((characters == "a").astype(float) - (characters == "b"))


def right(text: Tokens) -> list[str]:
    """Label of the more frequent letter so far, [step]."""
    labels, ahead = [], 0
    for character in text:
        ahead += (character == "a") - (character == "b")
        labels.append(LABELS[(ahead > 0) - (ahead < 0) + 1])
    return labels


def where_ahead(text: Tokens) -> Array:
    """The steps with more `a` than `b` so far."""
    return np.flatnonzero(lead(text) > 0)


draw = wiring.sequence(SYMBOLS, right)


def data() -> Data:
    """Held-out set: 100 random sequences of 5 to 100 characters, beside all of up to 12 that the score uses."""
    return Data(
        reader=READER,
        batches=wiring.batches(READER, LABELS, draw),
        held_out=fixed(draw, 100, seed=0),
        chosen_on=tuple(example.text for example in fixed(draw, 100, seed=1)),
    )


SHOW = "aab.bb..ab.aaa..b.bb.a"

RECIPE = Recipe(
    task="majority",
    title="Majority",
    sentence="Says whether there were more a or more b so far. One unit that counts, every weight written by hand.",
    group="Wired by hand",
    corpus={"rule": "every sequence of a, b and dots; which letter there were more of so far"},
    licence="Apache-2.0",
    answer="label",
    labels=LABELS,
    data=data,
    score=wiring.score(SYMBOLS, right),
    headline=wiring.HEADLINE,
    properties=(
        Property(
            name="how many more a than b",
            of=lead,
            foretells="“more a”",
            foretold=where_ahead,
            label="more a",
            show_text=SHOW,
            counted=True,
        ),
    ),
    examples={
        "A close race": SHOW,
        "Up and down again": "aaaaaaaabbbbbbbb",
        "Too long for the GRU": "aaaaaaaaaaaabbbbbbbbbbbb",
        "A lead, kept": "aaa" + "." * 30 + "bbbb",
    },
    cells={"rnn": {"nonlinearity": "linear"}, "gru": {}, "lstm": {}},
    input_size=len(READER),
    hidden_size=1,
    generate=draw,
    truth=right,
    wired=wired,
    explained=__doc__,
)
