"""latch: one bit of memory that is set and reset. Wired by hand; every weight can be read.

All three carry the bit in one unit. `s` sets it, `r` resets it, and what happens at `.` is what makes a memory:

- LSTM: c is 0 or 1. At `.` the forget gate is open, σ(20) = 1, and the input gate shut, σ(-20) = 2·10⁻⁹: c stays. Both letters shut
  the forget gate, σ(20 - 40) = 0, so the old bit goes. Only `s` opens the input gate, σ(-20 + 40) = 1, and writes tanh(20) = 1.
  h = tanh(c) is 0 or 0.76.
- GRU: h is 0 or 1. At `.` the update gate keeps, z = σ(20) = 1. Both letters shut it, σ(20 - 40) = 0, and h becomes the candidate:
  tanh(20) = 1 at `s`, tanh(0) = 0 at `r`. The reset gate has nothing behind it.
- RNN: h is -1 or +1 and holds itself up: tanh(10·1 - 5) = +1, tanh(10·(-1) - 5) = -1. A letter's 20 is more than that:
  tanh(-10 + 20 - 5) = +1, tanh(10 - 20 - 5) = -1. From the zero state the -5 makes it fall to -1. No gate is needed, but what comes
  in is added to what is held, and only the squashing keeps the sum in bounds.

The readout says "on" where 20 h - 10 is above 0.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from explorer.models.recipes import wiring
from explorer.models.recipes.base import Data, Property, Recipe, Tokens, fixed
from explorer.models.vocabulary import Characters
from explorer.signals import Array

SYMBOLS = "sr."
READER = Characters(tuple(SYMBOLS))
LABELS = ("off", "on")

WIRING: dict[str, dict[str, list[wiring.Unit]]] = {
    "lstm": {
        "i": [{"bias": -20, "s": 40}],
        "f": [{"bias": 20, "s": -40, "r": -40}],
        "g": [{"bias": 20}],
        "o": [{"bias": 20}],
    },
    "gru": {
        "r": [{"bias": 20}],
        "z": [{"bias": 20, "s": -40, "r": -40}],
        "n": [{"s": 20}],
    },
    "rnn": {"h": [{"bias": -5, "s": 20, "r": -20, "h0": 10}]},
}
READOUT: dict[str, wiring.Unit] = {"off": {}, "on": {"bias": -10, "h0": 20}}


def wired(cell: str) -> dict[str, Tensor]:
    """The weights, as derived above."""
    return wiring.weights(READER, cell, WIRING[cell], READOUT)


def right(text: Tokens) -> list[str]:
    """The last `s` or `r` decides; off before the first."""
    labels, on = [], False
    for character in text:
        on = character == "s" or (on and character != "r")
        labels.append(LABELS[on])
    return labels


def is_on(text: Tokens) -> Array:
    """1 where the bit is set."""
    return np.array([label == "on" for label in right(text)], dtype=float)


def from_memory(text: Tokens) -> Array:
    """The steps with nothing to read, at which memory alone can tell that the bit is set."""
    return np.flatnonzero((is_on(text) == 1) & (np.array(list(text)) == "."))


draw = wiring.sequence(SYMBOLS, right)


def data() -> Data:
    """Held-out set: 100 random sequences of 5 to 100 characters, beside all of up to 12 that the score uses."""
    return Data(
        reader=READER,
        batches=wiring.batches(READER, LABELS, draw),
        held_out=fixed(draw, 100, seed=0),
        chosen_on=tuple(example.text for example in fixed(draw, 100, seed=1)),
    )


SHOW = "..s......r....s.s...r.r..."

RECIPE = Recipe(
    task="latch",
    title="Latch",
    sentence="Remembers one bit: s sets it, r resets it, a dot leaves it. One unit, every weight written by hand.",
    group="Wired by hand",
    corpus={"rule": "every sequence of s, r and dots; on after an s, off after an r"},
    licence="Apache-2.0",
    answer="label",
    labels=LABELS,
    data=data,
    score=wiring.score(SYMBOLS, right),
    headline=wiring.HEADLINE,
    properties=(Property(name="set", of=is_on, foretells="“on”", foretold=from_memory, label="on", show_text=SHOW),),
    examples={
        "Set and reset": SHOW,
        "A long time": "s" + "." * 60 + "r" + "." * 20,
        "Set twice": "s...s...r...r...",
        "Never set": ".....r....r....",
    },
    input_size=len(READER),
    hidden_size=1,
    generate=draw,
    truth=right,
    wired=wired,
    explained=__doc__,
)
