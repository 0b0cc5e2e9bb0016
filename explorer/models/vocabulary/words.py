"""Words: lower-cased runs of letters and apostrophes, numbers, and single punctuation marks; an unknown word is explicit."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import ClassVar

import numpy as np

from explorer.models.vocabulary.characters import READ_AS, read_as
from explorer.models.vocabulary.encoded import UNKNOWN, Encoded, distinct, listed
from explorer.models.vocabulary.normalisation import PLAIN, Change, clusters, spelling_notices, spellings, well_formed

TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?:[.,]\d+)*|\S")
APOSTROPHES = frozenset("'’‘‛ʼ′")
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
        """Id of a word. Raises ValueError if the vocabulary does not have it."""
        if symbol.lower() not in self.symbols:
            raise ValueError(f"{symbol!r} is not among the {len(self.symbols):,} words of this vocabulary")
        return self.symbols.index(symbol.lower()) + 1

    def pieces(self, text: str) -> list[str]:
        """The text cut before each word but the first; joined, the pieces are the text again. Empty without words."""
        text, _ = well_formed(text)
        return cut_before([start for start, _ in spans(text)], text)

    def joined(self, tokens: Sequence[str]) -> str:
        """Words joined to a text, with spaces between, but none before a closing mark."""
        return "".join(t if k == 0 or t in CLOSING else f" {t}" for k, t in enumerate(tokens))

    def encode(self, text: str) -> Encoded:
        """One token a word or mark, as typed; blanks between them are not read."""
        text, surrogates = well_formed(text)
        typed = tuple(text[start:end] for start, end in spans(text))
        symbols = [look_up(word, self.table, READ_AS, lower=True) for word in typed]
        ids = np.array([0 if symbol is None else self.table[symbol] for symbol, _ in symbols], dtype=np.int64)
        notices = [*surrogates, *spelling_notices(change for _, changes in symbols for change in changes)]
        unknown = distinct(word for word, index in zip(typed, ids, strict=True) if index == 0)
        if unknown:
            whole = "This model knows none of these words" if not ids.any() else "Unknown to this model"
            notices.append(f"{whole}: {listed(unknown)}. It reads each of them as one “unknown” word.")
        return Encoded(ids, typed, tuple(notices))

    @cached_property
    def table(self) -> dict[str, int]:
        """The id of each known word."""
        return {word: index for index, word in enumerate(self.symbols, start=1)}


def spans(text: str) -> list[tuple[int, int]]:
    """Spans of the words and marks of a text, however they are spelled: an accent belongs to its letter, and a curly
    apostrophe to its word like a straight one."""
    if text.isascii():
        return [match.span() for match in TOKEN.finditer(text)]
    units = clusters(text)
    ends = [0, *accumulate(map(len, units))]
    simple = "".join("'" if unit in APOSTROPHES else unicodedata.normalize("NFC", unit)[0] for unit in units)
    return [(ends[match.start()], ends[match.end()]) for match in TOKEN.finditer(simple)]


def cut_before(starts: Sequence[int], text: str) -> list[str]:
    """The text cut at each of these places but the first; joined, the pieces are the text again. Empty without
    places."""
    return [text[start:end] for start, end in pairwise([0, *starts[1:], len(text)])] if starts else []


def look_up(
    word: str, known: Container[str], usual: Mapping[str, str], *, lower: bool
) -> tuple[str | None, tuple[Change, ...]]:
    """Symbol for a word as it is typed, or in another spelling, and the changes that this takes; None if no symbol fits.

    known  all symbols
    usual  characters and their replacements, tried before other spellings
    lower  True if the symbols are in lower case
    """
    plain = read_as(word, usual)
    for how, spelling in (("", word), (PLAIN, plain), *spellings(word), *spellings(plain)):
        for symbol in (spelling, spelling.lower()) if lower else (spelling,):
            if symbol in known:
                return symbol, _changes(how, word, spelling)
    return None, ()


def _changes(how: str, word: str, spelling: str) -> tuple[Change, ...]:
    """Changes to report for a word in another spelling: of plain characters each that changed, of accents the word."""
    if word == spelling:
        return ()
    if how == PLAIN and len(word) == len(spelling):
        return tuple((how, typed, read) for typed, read in zip(word, spelling, strict=True) if typed != read)
    return ((how, word, spelling),)


def _plain(text: str) -> list[str]:
    return [word.lower() for word in TOKEN.findall(read_as(text, READ_AS))]
