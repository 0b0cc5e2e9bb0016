"""Tasks for the app to read with, beside those of tests/models/tiny.py: words of which the next is guessed, and a rule that makes cases."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from explorer.models import Example
from explorer.models.recipes.base import Data, Property, Tokens, streams
from explorer.models.vocabulary import Words
from explorer.signals import Array
from tests.models.tiny import CLASSES, FORECASTS, LABELS, NUMBERS, RECIPE, WIRED, asked

NAMES_OF_PEOPLE = ("ann", "bob", "cat", "dan", "eve", ".")


def people(count: int, seed: int) -> str:
    return " ".join(random.Random(seed).choices(NAMES_OF_PEOPLE, k=count))


def since_ann(words: Tokens) -> Array:
    """1 from an `ann` up to the word before the next `bob`."""
    marks, inside = np.zeros(len(words)), False
    for step, word in enumerate(words):
        inside = word == "ann" or (inside and word != "bob")
        marks[step] = inside
    return marks


def word_data() -> Data:
    reader, train, held_out = Words(NAMES_OF_PEOPLE), people(600, 0), (Example(people(300, 1)),)
    return Data(
        reader=reader,
        batches=streams(reader, train),
        streaming=True,
        held_out=held_out,
        shipped=held_out,
        chosen_on=(train,),
    )


NEXT_WORDS = replace(
    RECIPE,
    task="tiny-words",
    title="People",
    data=word_data,
    properties=(
        Property(
            name="since ann",
            of=since_ann,
            foretells="cat",
            foretold=lambda words: np.flatnonzero(np.array(list(words[1:])) == "cat"),
            show_text="eve dan ann cat . bob dan",
        ),
    ),
    examples={"One": "ann cat"},
)

MADE = replace(
    LABELS,
    task="tiny-made",
    generate=lambda chance: Example("".join(chance.choice(list("abcde"), int(chance.integers(9, 30))))),
    truth=asked,
)
"""Its sequences are made by a rule."""

EVERY_KIND = (RECIPE, NEXT_WORDS, CLASSES, LABELS, NUMBERS, FORECASTS, WIRED)
"""One of each kind of token and of answer."""
