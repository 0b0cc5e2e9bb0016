"""Ids: a vocabulary whose symbols have no names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explorer.models.vocabulary.encoded import Encoded, shortened

ID = re.compile(r"[^\s,;]+[\s,;]*")


@dataclass(frozen=True)
class Ids:
    """Whole numbers from 0 to `count` - 1, between blanks or commas."""

    count: int
    kind: ClassVar[str] = "ids"
    one: ClassVar[str] = "id"
    unknown: ClassVar[int | None] = None

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(map(str, range(self.count)))

    @property
    def labels(self) -> tuple[str, ...]:
        return self.symbols

    def __len__(self) -> int:
        return self.count

    def id_of(self, symbol: str) -> int:
        """Raises ValueError for what is no id of this network."""
        if not (symbol.isascii() and symbol.isdigit() and len(symbol) <= 9 and int(symbol) < self.count):
            raise ValueError(
                f"“{shortened(symbol)}” is not an id; this network reads whole numbers from 0 to {self.count - 1}"
            )
        return int(symbol)

    def pieces(self, text: str) -> list[str]:
        """The text cut before each id but the first; joined, the pieces are the text again, without any characters
        before the first id."""
        return ID.findall(text)

    def joined(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)

    def encode(self, text: str) -> Encoded:
        """Raises ValueError for what is no id of this network."""
        tokens = tuple(piece.rstrip(" \t\r\n\f\v,;") for piece in self.pieces(text))
        return Encoded(np.array([self.id_of(token) for token in tokens], dtype=np.int64), tokens, ())
