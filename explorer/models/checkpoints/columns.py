"""The names of a numeric network's columns: given as a vocabulary, found in a file, or in the header of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from explorer.models.checkpoints.card import OwnCard
from explorer.models.checkpoints.wording import MARKUP
from explorer.models.model import Model
from explorer.models.vocabulary import Numbers, reader_of

MOST = 512
"""Columns. A list of more words is a vocabulary."""
LONGEST = 40
"""Of a name, in characters."""
UNNAMED = re.compile(r"x\d+")


def are_columns(symbols: Sequence[str]) -> bool:
    """Whether the symbols of a network without an embedding name the columns of what it reads, rather than being read one-hot.

    They do if they are words (`reader_of`), all of them begin with a letter, and none is a mark such as "<unk>".
    """
    named = all(symbol[:1].isalpha() and symbol.strip() == symbol for symbol in symbols)
    return (
        0 < len(symbols) <= MOST and named and len(set(symbols)) == len(symbols) and reader_of(symbols).kind == "words"
    )


def columns(names: Sequence[str]) -> Numbers:
    """The reader of rows of numbers with these names, shortened and without markup."""
    return Numbers(
        tuple(
            "".join("·" if c in MARKUP or not c.isprintable() else c for c in name.strip()[:LONGEST]) for name in names
        )
    )


def name_columns(model: Model, names: Sequence[str]) -> None:
    """Give the columns of an uploaded numeric network the names that a table has for them, unless they have names already."""
    known, card = model.vocabulary, model.card
    if not isinstance(known, Numbers) or not all(map(UNNAMED.fullmatch, known.symbols)) or len(names) != len(known):
        return
    model.vocabulary = columns(names)
    if isinstance(card, OwnCard):
        model.card = replace(card, vocabulary=model.vocabulary.symbols, reads=model.vocabulary)
