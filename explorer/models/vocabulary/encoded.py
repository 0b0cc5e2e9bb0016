"""Result of encoding, and the protocol of every tokenizer."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

from explorer.signals import Array

Kind = TypeVar("Kind")
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""The name of id 0, which stands for every token that a vocabulary does not have."""
EVERYDAY = {" ": "space", "\n": "line end", "\t": "tab"}
"""Everyday names of the characters that do not show."""


@dataclass(frozen=True)
class Encoded:
    """A text as a model sees it.

    values   ids [step] (int64), or numbers [step, column] (float32)
    tokens   as typed, one a step
    notices  what to tell the person
    """

    values: Array
    tokens: tuple[str, ...]
    notices: tuple[str, ...]


class Reader(Protocol):
    """Tokenizer: turns a typed text into a network's input.

    symbols  what a card stores to make the reader again: the known characters or words, or the names of the columns
    labels   a name for each id, the unknown one first; empty for numbers
    kind     "characters", "pieces", "words", "ids" or "numbers"; `one` is what a token is called
    """

    kind: ClassVar[str]
    one: ClassVar[str]

    @property
    def unknown(self) -> int | None:
        """Id of unknown tokens; None if unknown tokens have no id."""

    @property
    def symbols(self) -> tuple[str, ...]: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    def id_of(self, symbol: str) -> int:
        """Id of a symbol. Raises ValueError for an unknown one."""

    def pieces(self, text: str) -> list[str]:
        """The text cut after each token; joined they are the text again."""

    def joined(self, tokens: Sequence[str]) -> str:
        """A text that has these tokens."""

    def encode(self, text: str) -> Encoded:
        """Encode a text. Raises ValueError for a text that cannot be read at all, such as a letter among numbers."""

    def __len__(self) -> int:
        """Number of ids, or of columns."""


def distinct(tokens: Iterable[Kind]) -> list[Kind]:
    """Distinct items, in the order of their first appearance."""
    return list(dict.fromkeys(tokens))


def listed(names: Sequence[str], most: int = 8) -> str:
    """ "a, b and 3 more", very long names cut."""
    more = len(names) - most
    return ", ".join(map(shortened, names[:most])) + (f" and {more} more" if more > 0 else "")


def shortened(text: str, most: int = 40) -> str:
    """The text itself, or its beginning and “…” where it is long."""
    return text if len(text) <= most else f"{text[:most]}…"


def named(character: str) -> str:
    """Visible name of a character: itself if it is printable, else its name. A longer token is its own name, cut if it
    is very long."""
    if len(character) > 1:
        return shortened(character)
    if character in EVERYDAY:
        return EVERYDAY[character]
    if character.isprintable() and not character.isspace() and unicodedata.category(character)[0] != "M":
        return character
    return unicodedata.name(character, "").lower() or f"U+{ord(character):04X}"
