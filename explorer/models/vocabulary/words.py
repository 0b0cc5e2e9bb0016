"""Words: lower-cased runs of letters and apostrophes, numbers, and single punctuation marks; an unknown word is explicit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from explorer.models.vocabulary.characters import READ_AS, read_as, told
from explorer.models.vocabulary.encoded import UNKNOWN, Encoded, distinct, listed

TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?:[.,]\d+)*|\S")
CLOSING = frozenset(".,;:!?)]}'")
"""Marks that stand close to the word before them."""


@dataclass(frozen=True)
class Words:
    """The words that a model knows, in lower case. Id 0 stands for every other one."""

    symbols: tuple[str, ...]
    kind: ClassVar[str] = "words"
    one: ClassVar[str] = "word"
    unknown: ClassVar[int | None] = 0

    @staticmethod
    def of(texts: Iterable[str], at_least: int = 2) -> Words:
        """The words that the texts have at least so often, in alphabetical order."""
        counts = Counter(word for text in texts for word in _plain(text))
        return Words(tuple(sorted(word for word, count in counts.items() if count >= at_least)))

    @property
    def labels(self) -> tuple[str, ...]:
        return (UNKNOWN, *self.symbols)

    def __len__(self) -> int:
        return len(self.labels)

    def id_of(self, symbol: str) -> int:
        """Raises ValueError for a word that this vocabulary does not have."""
        if symbol.lower() not in self.symbols:
            raise ValueError(f"{symbol!r} is not among the {len(self.symbols):,} words of this vocabulary")
        return self.symbols.index(symbol.lower()) + 1

    def pieces(self, text: str) -> list[str]:
        """The text cut before each word but the first; joined they are the text again. Empty where there is no word."""
        starts = [match.start() for match in TOKEN.finditer(read_as(text, READ_AS))]
        cuts = [0, *starts[1:], len(text)]
        return [text[start:end] for start, end in pairwise(cuts)] if starts else []

    def joined(self, tokens: Sequence[str]) -> str:
        """With spaces between, but none before a closing mark."""
        return "".join(t if k == 0 or t in CLOSING else f" {t}" for k, t in enumerate(tokens))

    def encode(self, text: str) -> Encoded:
        """One token a word or mark, as typed; blanks between them are not read."""
        table = {word: index for index, word in enumerate(self.symbols, start=1)}
        typed = tuple(text[match.start() : match.end()] for match in TOKEN.finditer(read_as(text, READ_AS)))
        ids = np.array([table.get(word, 0) for word in _plain(text)], dtype=np.int64)
        unknown = distinct(word for word, index in zip(typed, ids, strict=True) if index == 0)
        notices = told("".join(typed), READ_AS)
        if unknown:
            whole = "This model knows none of these words" if not ids.any() else "Unknown to this model"
            notices.append(f"{whole}: {listed(unknown)}. It reads each of them as one “unknown” word.")
        return Encoded(ids, typed, tuple(notices))


def _plain(text: str) -> list[str]:
    return [word.lower() for word in TOKEN.findall(read_as(text, READ_AS))]
