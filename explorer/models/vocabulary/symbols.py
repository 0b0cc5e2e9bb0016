"""Vocabularies of other people's networks: every id has its symbol, and one of them may stand for all that is unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar

import numpy as np

from explorer.models.vocabulary.characters import named
from explorer.models.vocabulary.encoded import UNKNOWN, Encoded, distinct, listed
from explorer.models.vocabulary.words import CLOSING, TOKEN

UNKNOWNS = (UNKNOWN, "<unk>", "[unk]", "<oov>", "[oov]", "unk", "__unk__", "<unknown>")
"""How people write the symbol for everything else, in any case."""
SPECIAL = re.compile(r"[<\[].+[>\]]|__.+__|\s*")
"""Symbols that are marks of their own, such as the beginning or padding, and no words."""


@dataclass(frozen=True)
class Symbols:
    """What all such vocabularies share. `symbols` names every id, from 0 on."""

    symbols: tuple[str, ...]
    kind: ClassVar[str]
    one: ClassVar[str]

    @property
    def labels(self) -> tuple[str, ...]:
        return self.symbols

    @cached_property
    def table(self) -> dict[str, int]:
        """The id of each symbol; of one that stands there twice the first."""
        return {symbol: len(self.symbols) - 1 - k for k, symbol in enumerate(reversed(self.symbols))}

    @cached_property
    def unknown(self) -> int | None:
        """The id that stands for everything that is not there; None where nothing does."""
        return next((k for k, symbol in enumerate(self.symbols) if symbol.lower() in UNKNOWNS), None)

    def __len__(self) -> int:
        return len(self.symbols)

    def id_of(self, symbol: str) -> int:
        """Raises ValueError for a symbol that this vocabulary does not have."""
        if symbol not in self.table:
            raise ValueError(f"{symbol!r} is not among the {len(self):,} symbols of this vocabulary")
        return self.table[symbol]

    def encoded(self, tokens: Sequence[str], symbols: Sequence[str]) -> Encoded:
        """`tokens` as typed, looked up as `symbols`. Raises ValueError for those that are not there where nothing stands for them."""
        missing = distinct(token for token, symbol in zip(tokens, symbols, strict=True) if symbol not in self.table)
        if missing and self.unknown is None:
            raise ValueError(
                f"this network's vocabulary of {len(self):,} {self.kind} has no {listed([named(one) for one in missing])}, "
                "and no symbol for what is unknown; leave that out"
            )
        ids = np.array([self.table.get(symbol, self.unknown or 0) for symbol in symbols], dtype=np.int64)
        notices = (
            (
                f"Unknown to this network: {listed([named(one) for one in missing])}. It reads each of them as "
                f"“{self.symbols[self.unknown or 0]}”.",
            )
            if missing
            else ()
        )
        return Encoded(ids, tuple(tokens), notices)


class OwnCharacters(Symbols):
    """One token a character."""

    kind: ClassVar[str] = "characters"
    one: ClassVar[str] = "character"

    def pieces(self, text: str) -> list[str]:
        """The text cut into its characters."""
        return list(text.replace("\r\n", "\n"))

    def joined(self, tokens: Sequence[str]) -> str:
        return "".join(tokens)

    def encode(self, text: str) -> Encoded:
        """Raises ValueError for a character that is not there where nothing stands for it."""
        tokens = self.pieces(text)
        return self.encoded(tokens, tokens)


class OwnWords(Symbols):
    """Words, numbers and single marks; in lower case where all the vocabulary's words are."""

    kind: ClassVar[str] = "words"
    one: ClassVar[str] = "word"

    @cached_property
    def lower(self) -> bool:
        """Whether the vocabulary knows lower case alone."""
        return all(symbol == symbol.lower() for symbol in self.symbols if not SPECIAL.fullmatch(symbol))

    def pieces(self, text: str) -> list[str]:
        """The text cut before each word but the first; joined they are the text again."""
        starts = [start for start, _ in self._found(text)]
        return [text[start:end] for start, end in pairwise([0, *starts[1:], len(text)])] if starts else []

    def joined(self, tokens: Sequence[str]) -> str:
        """With spaces between, but none before a closing mark."""
        return "".join(t if k == 0 or t in CLOSING else f" {t}" for k, t in enumerate(tokens))

    def encode(self, text: str) -> Encoded:
        """Raises ValueError for a word that is not there where nothing stands for it."""
        tokens = [text[start:end] for start, end in self._found(text)]
        return self.encoded(tokens, [t.lower() if self.lower and t not in self.table else t for t in tokens])

    def _found(self, text: str) -> list[tuple[int, int]]:
        """Where the tokens stand. What lies between blanks is one token if the vocabulary has it as it is ("<eos>", "don't"), else it is
        cut into words and marks."""
        found: list[tuple[int, int]] = []
        for run in re.finditer(r"\S+", text):
            if run.group() in self.table:
                found.append(run.span())
            else:
                found += [(run.start() + m.start(), run.start() + m.end()) for m in TOKEN.finditer(run.group())]
        return found


def reader_of(symbols: Sequence[str]) -> OwnCharacters | OwnWords:
    """The reader for a vocabulary: of characters where each symbol is one, but for marks such as "<pad>"; else of words."""
    plain = [symbol for symbol in symbols if len(symbol) == 1 or not SPECIAL.fullmatch(symbol)]
    return (OwnCharacters if all(len(symbol) == 1 for symbol in plain) else OwnWords)(tuple(symbols))
