"""waves: the next value of a wave made of sines, of a triangle, sawtooth or square wave. One-step forecasting.

Saying the last value again (persistence) has an error of 0.093, the best that can be said from the last value alone 0.083: that is the
rival to beat. A sine needs two values of memory, two sines four; a jump of a sawtooth or square wave is foretold by who knows how long
ago the last one was: the gated cells have units that follow that, the RNN of the same size and budget has none, and four times their
error. The echo state network is another bargain: 200 units that stay as they were drawn, and a readout of 201 weights that is fitted in
seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np

from explorer.models.model import Model
from explorer.models.recipes import base
from explorer.models.recipes.base import (
    Batch,
    Budget,
    Data,
    Example,
    Fitting,
    Headline,
    Property,
    Recipe,
    Tokens,
    drawn,
    padded,
)
from explorer.models.scoring import scores_of
from explorer.models.vocabulary import Numbers
from explorer.signals import Array

READER = Numbers(("value",))
SHORTEST, LONGEST = 60, 100
FIRST = 20
"""Steps that are read before forecasts are scored: before them the wave cannot be known."""
UNTIL = 3
"""Steps that are read before forecasts are trained."""
PERSISTENCE, LAST_VALUE, MEAN = 0.0932, 0.0832, 0.2404
"""Mean squared error of the held-out forecasts: of repeating the last value, of the best forecast from the last value
alone (the mean of the values that follow it), and of always giving 0, the mean."""

SHAPES: dict[str, Callable[[Array], Array]] = {
    "sine": lambda phase: np.sin(2 * np.pi * phase),
    "triangle": lambda phase: 1 - 4 * np.abs(phase % 1 - 0.5),
    "sawtooth": lambda phase: 2 * (phase % 1) - 1,
    "square": lambda phase: np.where(phase % 1 < 0.5, 1.0, -1.0),
}
"""Waves as functions of the phase in periods, each from -1 to 1."""


def wave(shape: str, period: float, size: float, phase: float, length: int) -> Array:
    """A wave at steps 0 to `length` - 1."""
    return size * SHAPES[shape](np.arange(length) / period + phase)


def draw(random: np.random.Generator) -> Array:
    """60 to 100 values of two decimals, [step]: half the time a sine or the sum of two, else one of the other shapes."""
    length = int(random.integers(SHORTEST, LONGEST + 1))

    def one(shape: str, least: float, most: float) -> Array:
        return wave(shape, int(random.integers(8, 25)), random.uniform(least, most), random.random(), length)

    kind = random.choice(["sine", "two sines", "triangle", "sawtooth", "square", "two sines"])
    values = one("sine", 0.2, 0.5) + one("sine", 0.2, 0.5) if kind == "two sines" else one(str(kind), 0.4, 1.0)
    return np.round(values, 2)


def text_of(values: Array) -> str:
    """Text of the values, one a line."""
    return READER.joined([f"{value:.2f}" for value in values])


def batch(random: np.random.Generator, size: int) -> Batch:
    """Fresh waves; the target of a step is the value after it."""
    waves = [draw(random).astype(np.float32)[:, None] for _ in range(size)]
    return padded([(w[:-1], w[1:], (np.arange(len(w) - 1) >= UNTIL).astype(float)) for w in waves])


fixed = partial(base.fixed, lambda random: Example(text_of(draw(random))))
"""Function (count, seed) -> that many waves, the same each time."""


def data() -> Data:
    """Held-out set: 300 waves, made anew from their seed."""
    return Data(
        reader=READER,
        batches=drawn(batch),
        held_out=fixed(300, seed=0),
        chosen_on=tuple(each.text for each in fixed(150, seed=1)),
    )


@cache
def validation() -> tuple[Example, ...]:
    """Sequences that the best seed is chosen on."""
    return fixed(150, seed=2)


def values_of(tokens: Tokens) -> Array:
    """The values as numbers again, [step]."""
    return np.array([float(token) for token in tokens])


def squared_error(model: Model, examples: Sequence[Example]) -> float:
    """The mean squared error of the forecasts after `FIRST` steps."""
    waves = [values_of(example.text.split("\n")) for example in examples]
    scores = scores_of(model, [example.text for example in examples])
    return float(np.mean(np.concatenate([(s[FIRST:-1, 0] - waves[k][FIRST + 1 :]) ** 2 for k, s in scores])))


def score(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """The squared error of the forecasts."""
    return {"held_out_squared_error": squared_error(model, examples)}


def next_value(tokens: Tokens) -> Array:
    """The value after each; the last one again at the end."""
    values = values_of(tokens)
    return np.append(values[1:], values[-1])


STEEP, TURNED = 0.6, 0.7
"""Criteria of a jump: the least slope, and the least change of the slope. A sawtooth or square wave's has 0.7 and 0.8
or more; a triangle's slope is 0.5 at most, and a sine's changes by 0.62 at most."""


def jumps(tokens: Tokens) -> Array:
    """1 at a step that jumped, [step]: its slope is steep, and was another one before."""
    slopes = np.diff(values_of(tokens), prepend=values_of(tokens[:1]))
    turned = np.abs(np.diff(slopes, prepend=0)) > TURNED
    turned[:2] = False  # nothing was before
    return np.asarray(turned & (np.abs(slopes) > STEEP), dtype=float)


def jumped(tokens: Tokens) -> Array:
    """1 from the first jump on."""
    return np.asarray(np.cumsum(jumps(tokens)) > 0, dtype=float)


def since_jump(tokens: Tokens) -> Array:
    """Number of steps since the last jump; 0 before the first."""
    steps, count = np.zeros(len(tokens)), 0
    for step, (jump, any_yet) in enumerate(zip(jumps(tokens), jumped(tokens), strict=True)):
        count = 0 if jump or not any_yet else count + 1
        steps[step] = count
    return steps


def known(tokens: Tokens) -> Array:
    """The steps at which the wave can be known."""
    return np.arange(FIRST, len(tokens) - 1)


def before_fall(tokens: Tokens) -> Array:
    """Steps before a jump downwards, which only a network that counts can foresee."""
    slopes = np.diff(values_of(tokens), prepend=values_of(tokens[:1]))
    falls = np.flatnonzero(jumps(tokens) * (slopes < 0))
    return falls[falls > FIRST] - 1


def chip(*waves: Array) -> str:
    """An example: the waves added up."""
    return text_of(np.sum(waves, axis=0))


TWO_SINES = chip(wave("sine", 24, 0.45, 0, 72), wave("sine", 9, 0.35, 0.2, 72))
SAWTOOTH = chip(wave("sawtooth", 14, 0.8, 0.1, 72))

RECIPE = Recipe(
    task="waves",
    title="Waves",
    sentence="Reads a wave value by value and forecasts the next one.",
    group="Numbers",
    corpus={
        "rule": "60 to 100 values of one or two sines, a triangle, sawtooth or square wave, periods of 8 to 24",
        "to compare": f"saying the last value again {PERSISTENCE:.3f}; the best from the last value alone {LAST_VALUE:.3f}; "
        f"always 0 {MEAN:.2f}",
        "echo state network": "its cell is not trained; its readout is fitted on 64 batches",
    },
    licence="Apache-2.0",
    answer="forecast",
    labels=("next value",),
    data=data,
    score=score,
    headline=Headline(
        key="held_out_squared_error",
        says=f"mean squared error of the forecasts after {FIRST} values",
        better="lower",
        baseline=LAST_VALUE,
        baseline_says="from the last value alone",
    ),
    properties=(
        Property(
            name="how long ago the last jump was",
            of=since_jump,
            foretells="the forecast before a fall",
            expected=-1,
            foretold=before_fall,
            show_text=SAWTOOTH,
        ),
        Property(
            name="a wave that jumps",
            of=jumped,
            foretells="the forecast before a fall",
            expected=-1,
            foretold=before_fall,
            show_text=SAWTOOTH,
        ),
        Property(name="the next value", of=next_value, foretells="the forecast", foretold=known, show_text=TWO_SINES),
    ),
    examples={
        "A sawtooth": SAWTOOTH,
        "Two sines": TWO_SINES,
        "A square wave": chip(wave("square", 17, 0.7, 0, 72)),
        "Its period changes": text_of(np.append(wave("sine", 20, 0.8, 0, 40), wave("sine", 8, 0.8, 0, 40))),
        "It stops": text_of(np.append(wave("sine", 12, 0.8, 0, 36), np.zeros(24))),
    },
    budget=Budget(steps=8000, batch=32, learning_rate=1e-2),
    cells={"rnn": {}, "gru": {}, "lstm": {}, "esn": {"spectral_radius": 0.9, "leak": 0.3}},
    fitted={"esn": Fitting(steps=64, batch=32, penalty=1e-4)},
    sizes={"esn": 200},
    input_size=len(READER),
    hidden_size=16,
    seeds=(1, 2, 3),
    selection=lambda model: -squared_error(model, validation()),
    generate=lambda random: Example(text_of(draw(random))),
)
