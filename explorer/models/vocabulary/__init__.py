"""A model's input as numbers: characters, words, or rows of numbers. Every dropped or replaced character is
reported."""

from explorer.models.vocabulary.characters import READ_AS, Characters, read_as
from explorer.models.vocabulary.encoded import UNKNOWN, Encoded, Reader, listed, named
from explorer.models.vocabulary.ids import Ids
from explorer.models.vocabulary.numbers import Numbers
from explorer.models.vocabulary.readers import reader_of
from explorer.models.vocabulary.symbols import Symbols
from explorer.models.vocabulary.words import Words

KINDS: dict[str, type[Characters] | type[Words] | type[Numbers]] = {
    reader.kind: reader for reader in (Characters, Words, Numbers)
}
"""Kinds of tokenizer, by their names on cards."""

__all__ = [
    "KINDS",
    "READ_AS",
    "UNKNOWN",
    "Characters",
    "Encoded",
    "Ids",
    "Numbers",
    "Reader",
    "Symbols",
    "Words",
    "listed",
    "named",
    "read_as",
    "reader_of",
]
