"""Characters: one token a character."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from explorer.models.vocabulary.encoded import UNKNOWN, Encoded, distinct, listed, named
from explorer.models.vocabulary.matching import Match, Matcher
from explorer.models.vocabulary.normalisation import spelling_notices, well_formed

READ_AS = {"“": '"', "”": '"', "‘": "'", "’": "'", "\r": "\n", "\t": " ", "\u00a0": " ", "–": "—", "…": "."}
"""Characters that are read as another one; a notice says so."""


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
        """Id of a character. Raises ValueError if the vocabulary does not have it."""
        if symbol not in self.symbols:
            raise ValueError(
                f"{symbol!r} is not in this vocabulary of {len(self.symbols)} characters: {''.join(self.symbols)!r}"
            )
        return self.symbols.index(symbol) + 1

    def pieces(self, text: str) -> list[str]:
        """The text cut into its tokens; joined they are the text again (a Windows line end counts as one)."""
        return [match.typed for match in self._cut(text)[0]]

    def joined(self, tokens: Sequence[str]) -> str:
        """The text that has these tokens."""
        return "".join(tokens)

    def encode(self, text: str) -> Encoded:
        """One token a character; a letter with its accents is one where the vocabulary has it as one. A Windows line end counts as one."""
        matches, notices = self._cut(text)
        ids = np.array([0 if m.symbol is None else self.table[m.symbol] for m in matches], dtype=np.int64)
        notices += spelling_notices(match.change for match in matches if match.change)
        unknown = distinct(match.typed for match in matches if match.symbol is None)
        if unknown:
            whole = "Unknown to this model" if ids.any() else "This model knows none of these characters"
            notices.append(
                f"{whole}: {listed([named(c) for c in unknown])}. It reads each of them as one “unknown” token."
            )
        return Encoded(ids, tuple(match.token for match in matches), tuple(notices))

    @cached_property
    def table(self) -> dict[str, int]:
        """The id of each known character."""
        return {symbol: index for index, symbol in enumerate(self.symbols, start=1)}

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.table, usual=self.read_as)

    def _cut(self, text: str) -> tuple[list[Match], list[str]]:
        text, notices = well_formed(text.replace("\r\n", "\n"))
        return self._matcher.cut(text), [*notices]


def read_as(text: str, table: Mapping[str, str]) -> str:
    """`text` with each character of the table replaced by the one that it is read as."""
    return text.translate({ord(typed): plain for typed, plain in table.items()})
