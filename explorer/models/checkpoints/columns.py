"""The column names of a numeric network: from a vocabulary, from the file, or from the header of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from explorer.models.checkpoints.card import OwnCard
from explorer.models.checkpoints.wording import MARKUP
from explorer.models.model import Model
from explorer.models.vocabulary import Numbers, reader_of

MOST = 512
"""Maximum number of columns. A longer list of words is a vocabulary."""
LONGEST = 40
"""Maximum length of a column name, in characters."""
UNNAMED = re.compile(r"x\d+")


def are_columns(symbols: Sequence[str]) -> bool:
    """Return whether the symbols of a network without an embedding name its columns, rather than being its one-hot input.

    They do if they are distinct words (`reader_of`) that all begin with a letter, so none is a marker such as "<unk>".
    """
    named = all(symbol[:1].isalpha() and symbol.strip() == symbol for symbol in symbols)
    return (
        0 < len(symbols) <= MOST and named and len(set(symbols)) == len(symbols) and reader_of(symbols).kind == "words"
    )


def columns(names: Sequence[str]) -> Numbers:
    """Return a reader for rows of numbers with these column names, shortened and without markup."""
    return Numbers(
        tuple(
            "".join("·" if c in MARKUP or not c.isprintable() else c for c in name.strip()[:LONGEST]) for name in names
        )
    )


def name_columns(model: Model, names: Sequence[str]) -> None:
    """Name the columns of an uploaded numeric network after the columns of a table, unless they already have names."""
    current, card = model.vocabulary, model.card
    if (
        not isinstance(current, Numbers)
        or not all(map(UNNAMED.fullmatch, current.symbols))
        or len(names) != len(current)
    ):
        return
    model.vocabulary = columns(names)
    if isinstance(card, OwnCard):
        model.card = replace(card, vocabulary=model.vocabulary.symbols, reads=model.vocabulary)
