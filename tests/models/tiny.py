"""Tasks small enough to be trained in a test, one of each kind of answer.

The first is a latch that opens at `a` and closes at `b`, read as random letters of which the next is guessed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.backend.training import Budget
from explorer.models import Card, Example, Finding, Model
from explorer.models.card import Headline
from explorer.models.recipes.base import Batch, Data, Property, Recipe, Tokens, drawn, padded, picked, streams
from explorer.models.scoring import bits_per_token, class_accuracy, label_accuracy, squared_error
from explorer.models.vocabulary import Characters, Numbers, Words
from explorer.signals import Array
from tests.helpers import INPUT, SYMBOLS, TEXT, Shape, Variant

LETTERS = SYMBOLS[:5]  # a b c d e


def between(text: Tokens) -> Array:
    """1 from an `a` up to the character before the next `b`."""
    marks, inside = np.zeros(len(text)), False
    for step, character in enumerate(text):
        inside = character == "a" or (inside and character != "b")
        marks[step] = inside
    return marks


def before_c(text: Tokens) -> Array:
    """The steps between `a` and `b` at which the next character is a `c`."""
    return np.flatnonzero((between(text)[:-1] == 1) & (np.array(list(text[1:])) == "c"))


LATCH = Property(name="between a and b", of=between, foretells="c", foretold=before_c, show_text="cdadcebcd")


def letters(count: int, seed: int) -> str:
    return "".join(random.Random(seed).choices(LETTERS, [1, 1, 3, 3, 3], k=count))


TRAIN, HELD_OUT = letters(1500, 0), letters(800, 1)
DATA = Data(
    reader=Characters.of(TRAIN),
    batches=streams(Characters.of(TRAIN), TRAIN),
    streaming=True,
    held_out=(Example(HELD_OUT),),
    shipped=(Example(HELD_OUT[:200]),),
    chosen_on=(TRAIN,),
)
BUDGET = Budget(steps=120, batch=4, length=8, learning_rate=1e-2, warmup=5)
BITS = Headline(key="held_out_bits_per_character", says="bits a character", better="lower")
RECIPE = Recipe(
    task="tiny",
    title="A latch",
    sentence="Reads random letters and guesses the next.",
    group="Text",
    corpus={"text": "random letters"},
    licence="none",
    answer="next token",
    data=lambda: DATA,
    score=lambda model, examples: {"held_out_bits_per_character": bits_per_token(model, examples)},
    headline=BITS,
    properties=(LATCH,),
    examples={"One": "cda"},
    cells={"rnn": {"nonlinearity": "relu"}, "gru": {}, "lstm": {}},
    budget=BUDGET,
    input_size=INPUT,
    hidden_size=4,
    seeds=(3,),
)
SHORT = replace(BUDGET, steps=60, batch=8, learning_rate=5e-2)


# A class of a whole text: which of two judgements was passed last.

GOOD = Property(
    name="the last judgement was good",
    of=lambda words: np.array([judged(words[: step + 1]) == "positive" for step in range(len(words))]) * 1.0,
    foretells="positive",
    foretold=lambda words: np.array([len(words) - 1]),
    label="positive",
    show_text="A bad film , but good !",
)


def judged(words: Tokens) -> str:
    """The class of a text: that of its last judgement."""
    last = next((word for word in reversed([w.lower() for w in words]) if word in ("good", "bad")), "bad")
    return "positive" if last == "good" else "negative"


def snippets(count: int, seed: int) -> tuple[Example, ...]:
    chance = random.Random(seed)
    texts = [" ".join(chance.choices("a the film plot good bad".split(), k=chance.randint(3, 7))) for _ in range(count)]
    return tuple(Example(text, judged(text.split())) for text in texts)


JUDGEMENTS = ("negative", "positive")


def snippet_data() -> Data:
    train, reader = snippets(60, 0), Words.of(example.text for example in snippets(60, 0))
    ids = [reader.encode(example.text).values for example in train]
    at_all = [np.full(len(one), JUDGEMENTS.index(example.answer)) for one, example in zip(ids, train, strict=True)]
    at_the_end = [np.arange(len(one)) == len(one) - 1 for one in ids]
    held_out = snippets(40, 1)
    return Data(
        reader=reader,
        batches=picked(ids, at_all, at_the_end),
        held_out=held_out,
        shipped=held_out,
        chosen_on=tuple(example.text for example in train),
    )


CLASSES = replace(
    RECIPE,
    task="tiny-class",
    answer="class",
    labels=JUDGEMENTS,
    data=snippet_data,
    score=lambda model, examples: {"held_out_right": class_accuracy(model, examples)},
    headline=Headline(key="held_out_right", says="of the texts right", better="higher", percent=True),
    properties=(GOOD,),
    budget=SHORT,
)


# A label at each step, where one is asked for: inside the latch or outside, never asked at an `e`.

STATES = ("out", "in")


def asked(text: Tokens) -> list[str | None]:
    """The label of each step; None at an `e`."""
    return [None if c == "e" else STATES[int(mark)] for c, mark in zip(text, between(text), strict=True)]


def labelled(text: str) -> tuple[Array, Array, Array]:
    """A sequence as it goes into a batch: ids, labels, and where they count."""
    answers = asked(text)
    return (
        Characters(LETTERS).encode(text).values,
        np.array([STATES.index(answer or "out") for answer in answers]),
        np.array([answer is not None for answer in answers]),
    )


def some_labelled(chance: np.random.Generator, batch: int) -> Batch:
    return padded([labelled("".join(chance.choice(LETTERS, chance.integers(3, 9)))) for _ in range(batch)])


def label_data() -> Data:
    held_out = tuple(Example(text, asked(text)) for text in (letters(9, seed) for seed in range(100, 130)))
    texts = tuple(letters(40, seed) for seed in range(10))
    return Data(reader=Characters(LETTERS), batches=drawn(some_labelled), held_out=held_out, chosen_on=texts)


def score_labels(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    steps, whole = label_accuracy(model, examples)
    return {"held_out_steps": steps, "held_out_whole": whole}


LABELS = replace(
    RECIPE,
    task="tiny-label",
    answer="label",
    labels=STATES,
    data=label_data,
    score=score_labels,
    headline=Headline(key="held_out_whole", says="of the texts right throughout", better="higher", percent=True),
    properties=(replace(LATCH, foretells="in", foretold=lambda text: np.flatnonzero(between(text)), label="in"),),
    budget=SHORT,
    truth=asked,
)


# A number at the end: the value that was marked. And the next value of a wave.

MARKED = Numbers(("value", "mark"))


def marked_rows(chance: np.random.Generator, batch: int) -> tuple[Array, Array]:
    """Rows [step, batch, column] and the marked value [batch]."""
    steps = 6
    values, mark = chance.uniform(size=(steps, batch)), np.zeros((steps, batch))
    where = chance.integers(steps, size=batch)
    mark[where, np.arange(batch)] = 1
    return np.stack([values, mark], -1).astype(np.float32), values[where, np.arange(batch)].astype(np.float32)


def some_marked(chance: np.random.Generator, batch: int) -> Batch:
    rows, answers = marked_rows(chance, batch)
    targets = np.broadcast_to(answers[:, None], (*rows.shape[:2], 1)).copy()
    weight = torch.zeros(rows.shape[:2])
    weight[-1] = 1
    return Batch(torch.from_numpy(rows), torch.from_numpy(targets), weight)


def number_data() -> Data:
    rows, answers = marked_rows(np.random.default_rng(5), 40)
    held_out = [Example(MARKED.written(rows[:, k]), round(float(answers[k]), 6)) for k in range(40)]
    texts = tuple(MARKED.written(marked_rows(np.random.default_rng(k), 1)[0][:, 0]) for k in range(20))
    return Data(reader=MARKED, batches=drawn(some_marked), held_out=tuple(held_out), chosen_on=texts)


def column(rows: Tokens, place: int) -> Array:
    return np.array([float(row.split()[place]) for row in rows])


NUMBERS = replace(
    RECIPE,
    task="tiny-number",
    answer="number",
    labels=("value",),
    data=number_data,
    score=lambda model, examples: {"held_out_error": squared_error(model, examples)},
    headline=Headline(key="held_out_error", says="mean squared error", better="lower", baseline=1 / 12),
    properties=(
        Property(
            name="the mark has passed",
            of=lambda rows: np.cumsum(column(rows, 1)),
            foretells="the marked value",
            foretold=lambda rows: np.array([len(rows) - 1]),
            show_text="0.1 0; 0.7 1; 0.3 0; 0.9 0",
        ),
    ),
    input_size=2,
    budget=SHORT,
)

WAVE = Numbers(("value",))


def wave(steps: int, phase: float) -> Array:
    return np.sin(np.arange(steps) * 0.7 + phase)[:, None].astype(np.float32)


def some_waves(chance: np.random.Generator, batch: int) -> Batch:
    waves = np.stack([wave(13, chance.uniform(0, 6)) for _ in range(batch)], 1)
    return Batch(torch.from_numpy(waves[:-1]), torch.from_numpy(waves[1:]))


@torch.inference_mode()
def forecast_error(model: Model, examples: Sequence[Example]) -> float:
    """Mean squared error of each next value."""
    errors = []
    for example in examples:
        x = model.prepare(example.text).x
        errors.append(float(model.answer.loss(model.read_out(x)[0][:-1], x[1:])))
    return float(np.mean(errors))


def forecast_data() -> Data:
    texts = [WAVE.written(wave(20, phase)) for phase in np.linspace(0, 6, 8)]
    held_out = tuple(Example(text) for text in texts[::2])
    return Data(reader=WAVE, batches=drawn(some_waves), held_out=held_out, chosen_on=tuple(texts[1::2]))


FORECASTS = replace(
    RECIPE,
    task="tiny-forecast",
    answer="forecast",
    labels=("next value",),
    data=forecast_data,
    score=lambda model, examples: {"held_out_error": forecast_error(model, examples)},
    headline=Headline(key="held_out_error", says="mean squared error", better="lower", baseline=0.5),
    properties=(
        Property(
            name="above zero",
            of=lambda rows: (column(rows, 0) > 0) * 1.0,
            foretells="the next value",
            foretold=lambda rows: np.arange(len(rows) - 1),
            show_text=WAVE.written(wave(10, 3.0)),
        ),
    ),
    input_size=1,
    budget=SHORT,
)


# The latch once more, one unit wired by hand: a pushes it up, b down, and it holds itself there.


def latch_by_hand(cell: str) -> dict[str, Tensor]:
    """The weights of a network of one unit that reads one number a letter."""
    assert cell == "rnn"
    return {
        "embedding.weight": torch.tensor([[0.0], [1.0], [-1.0], [0.0], [0.0], [0.0]]),  # unknown, a, b, c, d, e
        "stack.weight_ih_l0": torch.tensor([[8.0]]),
        "stack.weight_hh_l0": torch.tensor([[3.0]]),
        "stack.bias_ih_l0": torch.zeros(1),
        "stack.bias_hh_l0": torch.zeros(1),
        "readout.weight": torch.tensor([[-4.0], [4.0]]),
        "readout.bias": torch.tensor([1.0, 0.0]),
    }


WIRED = replace(
    LABELS,
    task="tiny-wired",
    cells={"rnn": {}},
    budget=Budget(steps=0, batch=0),
    input_size=1,
    hidden_size=1,
    wired=latch_by_hand,
)

EVERY_ANSWER = (RECIPE, CLASSES, LABELS, NUMBERS, FORECASTS)


def finding(**changed: Any) -> Finding:
    """A finding that says nothing."""
    nothing = Finding(
        follows="none",
        layer=0,
        unit=0,
        correlation=0.5,
        null=0.1,
        erased=-0.1,
        forced=0.3,
        rank=1,
        foretells="c",
        measured="log₂ P",
        places=3,
        text=TEXT,
        step=1,
        rule="none",
    )
    return replace(nothing, **changed)


def card_for(model: Model, variant: Variant, shape: Shape = (1, False)) -> Card:
    """A card that fits the model; the checksum is left open."""
    name, options = variant
    return Card(
        name="tiny",
        task="tiny",
        title="Tiny",
        sentence="Reads letters and guesses the next.",
        group="Text",
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
        scores={"held_out_bits_per_character": 2.5},
        headline=BITS,
        parameters=model.parameter_count,
        sha256="",
        findings=(finding(),),
        examples={"One": TEXT},
    )
