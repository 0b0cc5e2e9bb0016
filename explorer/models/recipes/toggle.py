"""toggle: every `t` flips one bit, so the answer says if their number is odd. Wired by hand; every weight can be read.

The input sets a latch; a toggle must also read its own state. Two units at most, of which the gated cells need one:

- LSTM: c is 0 or 1, h = tanh(c) is 0 or 0.76. At `.` the forget gate is open and the input gate shut: c stays. `t` shuts the forget
  gate, σ(20 - 40) = 0, so the old bit goes, and opens the input gate unless h says that the bit was set: σ(-20 + 40) = 1 from off,
  σ(-20 + 40 - 80·0.76) = σ(-41) = 0 from on. What comes in is tanh(20) = 1.
- GRU: h is 0 or 1. `t` shuts the update gate, σ(20 - 40) = 0, and h becomes the candidate tanh(20 - 20 h): 1 from off, 0 from on.
  The reset gate is open, so that the candidate sees h.
- RNN: no single unit can do it, since the answer is not on one side of a line (Minsky & Papert 1969). Two can. Both are -1 or +1 and
  the bit is their difference, (h₀ - h₁)/2. h₀ says "set or flipped": tanh(20·bit + 20·t - 10). h₁ says "set and flipped":
  tanh(20·bit + 20·t - 30). "Or" without "and" is the new bit.

The readout says "on" where 20 h₀ - 10 is above 0; for the RNN where 10 (h₀ - h₁) - 10 is. The gated cells' second unit has only zeros.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from explorer.models.recipes import wiring
from explorer.models.recipes.base import Data, Property, Recipe, Tokens, fixed
from explorer.models.vocabulary import Characters
from explorer.signals import Array

SYMBOLS = "t."
READER = Characters(tuple(SYMBOLS))
LABELS = ("off", "on")

UNUSED: wiring.Unit = {}
WIRING: dict[str, dict[str, list[wiring.Unit]]] = {
    "lstm": {
        "i": [{"bias": -20, "t": 40, "h0": -80}, UNUSED],
        "f": [{"bias": 20, "t": -40}, UNUSED],
        "g": [{"bias": 20}, UNUSED],
        "o": [{"bias": 20}, UNUSED],
    },
    "gru": {
        "r": [{"bias": 20}, UNUSED],
        "z": [{"bias": 20, "t": -40}, UNUSED],
        "n": [{"bias": 20, "h0": -20}, UNUSED],
    },
    "rnn": {
        "h": [
            {"bias": -10, "t": 20, "h0": 10, "h1": -10},
            {"bias": -30, "t": 20, "h0": 10, "h1": -10},
        ]
    },
}
GATED: dict[str, wiring.Unit] = {"off": {}, "on": {"bias": -10, "h0": 20}}
READOUT: dict[str, dict[str, wiring.Unit]] = {
    "lstm": GATED,
    "gru": GATED,
    "rnn": {"off": {}, "on": {"bias": -10, "h0": 10, "h1": -10}},
}


def wired(cell: str) -> dict[str, Tensor]:
    """The weights, as derived above."""
    return wiring.weights(READER, cell, WIRING[cell], READOUT[cell])


def right(text: Tokens) -> list[str]:
    """On where the number of `t` so far is odd."""
    labels, on = [], False
    for character in text:
        on ^= character == "t"
        labels.append(LABELS[on])
    return labels


def is_on(text: Tokens) -> Array:
    """1 where the number of `t` so far is odd."""
    return np.array([label == "on" for label in right(text)], dtype=float)


def where_on(text: Tokens) -> Array:
    """The steps with an odd number of `t` so far: even at a `t` memory is needed."""
    return np.flatnonzero(is_on(text))


draw = wiring.sequence(SYMBOLS, right)


def data() -> Data:
    """Held-out set: 100 random sequences of 5 to 100 characters, beside all of up to 12 that the score uses."""
    return Data(
        reader=READER,
        batches=wiring.batches(READER, LABELS, draw),
        held_out=fixed(draw, 100, seed=0),
        chosen_on=tuple(example.text for example in fixed(draw, 100, seed=1)),
    )


SHOW = "..t.....t....t..t..tt...t.."

RECIPE = Recipe(
    task="toggle",
    title="Toggle",
    sentence="Flips one bit at every t, so it knows whether their number is odd. Every weight written by hand.",
    group="Wired by hand",
    corpus={"rule": "every sequence of t and dots; on where the number of t so far is odd"},
    licence="Apache-2.0",
    answer="label",
    labels=LABELS,
    data=data,
    score=wiring.score(SYMBOLS, right),
    headline=wiring.HEADLINE,
    properties=(
        Property(name="an odd number of t", of=is_on, foretells="“on”", foretold=where_on, label="on", show_text=SHOW),
    ),
    examples={
        "On and off": SHOW,
        "At every step": "t" * 16,
        "Once, then a long time": "..t" + "." * 60,
    },
    input_size=len(READER),
    hidden_size=2,
    generate=draw,
    truth=right,
    wired=wired,
    explained=__doc__,
)
