"""Characters: one token a code point."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from explorer.models.vocabulary.encoded import UNKNOWN, Encoded, distinct, listed, shortened

READ_AS = {"“": '"', "”": '"', "‘": "'", "’": "'", "\r": "\n", "\t": " ", "\u00a0": " ", "–": "—", "…": "."}
"""Characters that are read as another one; whoever types them is told."""

EVERYDAY = {" ": "space", "\n": "line end", "\t": "tab"}
"""What people call the characters that do not show."""


@dataclass(frozen=True)
class Characters:
    """The characters that a model knows. Id 0 stands for every other one.

    symbols   the known characters, ids 1, 2, …
    read_as   characters that are read as one of these instead
    """

    symbols: tuple[str, ...]
    read_as: Mapping[str, str] = field(default_factory=lambda: READ_AS)
    kind: ClassVar[str] = "characters"
    one: ClassVar[str] = "character"
    unknown: ClassVar[int | None] = 0

    @staticmethod
    def of(text: str, at_least: int = 20) -> Characters:
        """The characters that `text` has at least so often, in the order of their code points."""
        counts: dict[str, int] = {}
        for character in read_as(text, READ_AS):
            counts[character] = counts.get(character, 0) + 1
        return Characters(tuple(sorted(c for c, count in counts.items() if count >= at_least)))

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each id, the unknown character first."""
        return (UNKNOWN, *self.symbols)

    def __len__(self) -> int:
        return len(self.labels)

    def id_of(self, symbol: str) -> int:
        """Raises ValueError for a character that this vocabulary does not have."""
        if symbol not in self.symbols:
            raise ValueError(
                f"{symbol!r} is not in this vocabulary of {len(self.symbols)} characters: {''.join(self.symbols)!r}"
            )
        return self.symbols.index(symbol) + 1

    def pieces(self, text: str) -> list[str]:
        """The text cut into its tokens; joined they are the text again (a Windows line end counts as one)."""
        return list(text.replace("\r\n", "\n"))

    def joined(self, tokens: Sequence[str]) -> str:
        """The text that has these tokens."""
        return "".join(tokens)

    def encode(self, text: str) -> Encoded:
        """One token a character (a Unicode code point; a Windows line end counts as one)."""
        text = text.replace("\r\n", "\n")
        table = {symbol: index for index, symbol in enumerate(self.symbols, start=1)}
        ids = np.array([table.get(c, 0) for c in read_as(text, self.read_as)], dtype=np.int64)
        unknown = distinct(c for c, i in zip(text, ids, strict=True) if i == 0)
        notices = told(text, self.read_as)
        if unknown:
            whole = (
                "This model knows none of these characters"
                if len(unknown) == len(set(text))
                else "Unknown to this model"
            )
            notices.append(
                f"{whole}: {listed([named(c) for c in unknown])}. It reads each of them as one “unknown” token."
            )
        return Encoded(ids, tuple(text), tuple(notices))


def read_as(text: str, table: Mapping[str, str]) -> str:
    """`text` with each character that the table has replaced by what it is read as."""
    return text.translate({ord(typed): plain for typed, plain in table.items()})


def told(text: str, table: Mapping[str, str]) -> list[str]:
    """What to tell of the characters in `text` that are read as another one; nothing where there are none."""
    swapped = distinct(c for c in text if c in table)
    plain = ", ".join(f"{named(c)} as {named(table[c])}" for c in swapped)
    return [f"Read as their plain form: {plain}."] if swapped else []


def named(character: str) -> str:
    """A character as a person can recognise it: itself where it shows, else its name. A longer token is its own name, cut where it is very
    long."""
    if len(character) > 1:
        return shortened(character)
    if character in EVERYDAY:
        return EVERYDAY[character]
    if character.isprintable() and not character.isspace() and unicodedata.category(character)[0] != "M":
        return character
    return unicodedata.name(character, "").lower() or f"U+{ord(character):04X}"
