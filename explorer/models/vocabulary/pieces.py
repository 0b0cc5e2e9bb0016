"""Pieces of words, as BPE, WordPiece and SentencePiece have them: a mark says where a word begins, ends or goes on."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from explorer.models.vocabulary.encoded import Encoded
from explorer.models.vocabulary.matching import Match
from explorer.models.vocabulary.normalisation import PLAIN, spellings, well_formed
from explorer.models.vocabulary.symbols import SPECIAL, Symbols, plain
from explorer.models.vocabulary.words import cut_before, spans

BYTES, SENTENCE = "Ġ", "▁"
"""Marks of the blank before a word: of byte-level BPE, and of SentencePiece (spaced.py)."""
GOES_ON, ENDS, CONTINUED = "##", "</w>", "@@"
"""Marks of a piece within a word: WordPiece marks all but the first, BPE the last one, subword-nmt all but the last."""
MARKS = (BYTES, SENTENCE, GOES_ON, ENDS, CONTINUED)
SHARE = 0.1
"""Share of the symbols that has to carry a mark."""
GUESSED = (
    "Cut into the longest pieces of the vocabulary; the network's own tokenizer may cut some words in another way."
)
PART = re.compile(r"\w+|\S")


def mark_of(symbols: Sequence[str]) -> str:
    """The mark that a tenth of the symbols carry; empty where they carry none."""
    every = plain(symbols)
    counts = {mark: sum(_carries(symbol, mark) for symbol in every) for mark in MARKS}
    mark = max(counts, key=lambda mark: counts[mark])
    return mark if counts[mark] >= max(1, SHARE * len(every)) else ""


def _carries(symbol: str, mark: str) -> bool:
    if len(symbol) <= len(mark):
        return False
    return symbol.endswith(mark) if mark in (ENDS, CONTINUED) else symbol.startswith(mark)


@dataclass(frozen=True)
class Pieces(Symbols, ABC):
    """Base of the two ways to mark pieces. `mark` is one of MARKS."""

    mark: str
    kind: ClassVar[str] = "pieces"
    one: ClassVar[str] = "piece"

    @cached_property
    def lower(self) -> bool:
        """True if the vocabulary has lower case alone."""
        return not any("A" <= c <= "Z" for symbol in self.symbols if not SPECIAL.fullmatch(symbol) for c in symbol)

    @abstractmethod
    def _cut(self, text: str) -> list[tuple[int, Match]]:
        """The tokens of a text, each with the place where it begins."""

    @abstractmethod
    def joined(self, tokens: Sequence[str]) -> str:
        """The text that has these tokens: symbols, or parts of a text as typed."""

    def pieces(self, text: str) -> list[str]:
        """The text cut before each piece but the first; joined they are the text again."""
        text, _ = well_formed(text)
        return cut_before([start for start, _ in self._cut(text)], text)

    def encode(self, text: str) -> Encoded:
        """Raises ValueError for what cannot be made of pieces where nothing stands for it. Tokens are the symbols, marks and all."""
        text, notices = well_formed(text)
        matches = [match for _, match in self._cut(text)]
        if self.mark != GOES_ON and matches:
            notices = (*notices, GUESSED)
        return self.encoded(
            [match.typed if match.symbol is None else match.symbol for match in matches],
            [match.symbol for match in matches],
            (match.change for match in matches if match.change),
            notices,
        )


@dataclass(frozen=True)
class WordPieces(Pieces):
    """Words, each cut from its beginning into the longest pieces; a word that cannot be cut is unknown as a whole."""

    def joined(self, tokens: Sequence[str]) -> str:
        """The text that has these tokens: symbols, or words as typed."""
        text, ended = "", False
        for token in tokens:
            within = _carries(token, GOES_ON) if self.mark == GOES_ON else not ended
            text += (" " if text and not within else "") + self._bare(token)
            typed = token not in self.table
            ended = typed or _carries(token, ENDS) if self.mark == ENDS else not _carries(token, CONTINUED)
        return text

    def _bare(self, symbol: str) -> str:
        if not _carries(symbol, self.mark):
            return symbol
        return symbol[len(self.mark) :] if self.mark == GOES_ON else symbol[: -len(self.mark)]

    def _cut(self, text: str) -> list[tuple[int, Match]]:
        return [
            (start + place, match)
            for run in re.finditer(r"\S+", text)
            for start, word in self._words(run.group(), run.start())
            for place, match in self._pieces(word)
        ]

    def _words(self, run: str, start: int) -> list[tuple[int, str]]:
        """Words between blanks: whole if they can be cut into pieces, else without their punctuation, else letters and
        marks."""
        ways = [
            [(0, len(run))],
            spans(run),
            [match.span() for match in PART.finditer(run)],
        ]
        can = (way for way in ways if all(self._symbols(run[first:last]) for first, last in way))
        return [(start + first, run[first:last]) for first, last in next(can, ways[1])]

    def _pieces(self, word: str) -> Iterator[tuple[int, Match]]:
        if (symbols := self._symbols(word)) is None:
            yield 0, Match(word, None)
            return
        read, change = "".join(map(self._bare, symbols)), None
        if self._cover(word) is None:
            how = next(how for how, spelling in spellings(word) if self._cover(spelling))
            change = (how if how != PLAIN or len(read) != len(word) else PLAIN, word, read)
        place = 0
        for symbol in symbols:
            yield min(place, len(word)), Match(word, symbol, change)
            place, change = place + len(self._bare(symbol)), None

    def _symbols(self, word: str) -> list[str] | None:
        """Symbols of a word, as typed or in another spelling; None if it cannot be cut into symbols."""
        ways = (self._cover(spelling) for spelling in (word, *(spelling for _, spelling in spellings(word))))
        return next((symbols for symbols in ways if symbols), None)

    def _cover(self, word: str) -> list[str] | None:
        if word in self.table and SPECIAL.fullmatch(word):
            return [word]
        word = word.lower() if self.lower else word
        symbols: list[str] = []
        start = 0
        while start < len(word):
            written = ((end, self._written(word, start, end)) for end in range(len(word), start, -1))
            start, symbol = next(((end, symbol) for end, symbol in written if symbol in self.table), (0, ""))
            if not symbol:
                return None
            symbols.append(symbol)
        return symbols

    def _written(self, word: str, start: int, end: int) -> str:
        """This part of a word, as the vocabulary writes it."""
        part = word[start:end]
        if self.mark == GOES_ON:
            return GOES_ON + part if start else part
        if self.mark == ENDS:
            return part + ENDS if end == len(word) else part
        return part if end == len(word) else part + CONTINUED
