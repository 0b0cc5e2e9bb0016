"""Vocabularies of uploaded models: every id has its symbol, and one symbol may stand for all unknown ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from explorer.models.vocabulary.encoded import UNKNOWN, Encoded, distinct, listed, named
from explorer.models.vocabulary.matching import Match, Matcher
from explorer.models.vocabulary.normalisation import GROUP, Change, spelling_notices, well_formed
from explorer.models.vocabulary.words import CLOSING, cut_before, look_up, spans

UNKNOWNS = (UNKNOWN, "<unk>", "[unk]", "<oov>", "[oov]", "unk", "__unk__", "<unknown>")
"""Usual names of the symbol for unknown tokens, in any case."""
SPECIAL = re.compile(r"[<\[].+[>\]]|__.+__|\s*")
"""Symbols that are marks of their own, such as the beginning or padding, and no words."""
WRITTEN = {
    "\n": ("\\n", "<nl>", "<newline>", "[newline]", "↵", "⏎", "Ċ"),
    "\t": ("\\t", "<tab>", "[tab]"),
    "\r": ("\\r",),
    " ": ("<space>", "<sp>", "[space]", "␣", "▁", "Ġ"),
}
"""Usual names of a blank or a line end in a list of symbols, in any case."""
BLANKS = frozenset(WRITTEN)


@dataclass(frozen=True)
class Symbols:
    """Base of all vocabularies of symbols. `symbols` names every id, from 0 on."""

    symbols: tuple[str, ...]
    kind: ClassVar[str]
    one: ClassVar[str]

    @property
    def labels(self) -> tuple[str, ...]:
        return self.symbols

    @cached_property
    def table(self) -> dict[str, int]:
        """The id of each symbol, of one that stands there twice the first; and of a blank or line end that a symbol writes out."""
        table = {symbol: len(self.symbols) - 1 - k for k, symbol in enumerate(reversed(self.symbols))}
        return table | {
            blank: table[symbol]
            for symbol, blank in ((symbol, blank_of(symbol)) for symbol in reversed(self.symbols))
            if blank and blank not in table
        }

    @cached_property
    def unknown(self) -> int | None:
        """Id of unknown symbols; None if no symbol stands for them."""
        return next((k for k, symbol in enumerate(self.symbols) if symbol.lower() in UNKNOWNS), None)

    def __len__(self) -> int:
        return len(self.symbols)

    def id_of(self, symbol: str) -> int:
        """Id of a symbol. Raises ValueError if the vocabulary does not have it."""
        if symbol not in self.table:
            raise ValueError(f"{symbol!r} is not among the {len(self):,} symbols of this vocabulary")
        return self.table[symbol]

    def encoded(
        self,
        tokens: Sequence[str],
        symbols: Sequence[str | None],
        changes: Iterable[Change] = (),
        notices: Iterable[str] = (),
    ) -> Encoded:
        """Encoding of `tokens` as typed, read as `symbols`. Raises ValueError for unknown ones if no symbol stands for
        them."""
        missing = distinct(token for token, symbol in zip(tokens, symbols, strict=True) if symbol is None)
        if missing and self.unknown is None:
            raise ValueError(
                f"this network's vocabulary of {len(self):,} {self.kind} has no {listed([named(one) for one in missing])}, "
                "and no symbol for unknown ones; leave these out"
            )
        unknown = self.unknown or 0
        ids = np.array([unknown if symbol is None else self.table[symbol] for symbol in symbols], dtype=np.int64)
        remarks = [*notices, *spelling_notices(changes)]
        if missing:
            remarks.append(
                f"Unknown to this network: {listed([named(one) for one in missing])}. It reads each of them as "
                f"“{self.symbols[unknown]}”."
            )
        return Encoded(ids, tuple(tokens), tuple(remarks))


class OwnCharacters(Symbols):
    """The longest symbol that the text goes on with, again and again: "ch", a flag, "Cl" and "[nH]" are one token where they are symbols.

    Where symbols have several characters and none is a blank, blanks in the text part symbols and are not read.
    """

    kind: ClassVar[str] = "characters"
    one: ClassVar[str] = "character"

    def pieces(self, text: str) -> list[str]:
        """The text cut into its symbols; joined they are the text again, with each Windows line end as one character."""
        found, parted = [""], True
        for match in self._cut(text)[0]:
            if self._parts(match) or parted:
                found[-1] += match.typed
            else:
                found.append(match.typed)
            parted = parted and self._parts(match)
        return [] if parted else found

    def joined(self, tokens: Sequence[str]) -> str:
        """The text that has these tokens; with blanks where symbols would else grow together and a blank is not read."""
        texts = [blank_of(token) or token if token in self.table else token for token in tokens]
        text = "".join(texts)
        return " ".join(texts) if self._blanks_part and not self._is(text, tokens) else text

    def encode(self, text: str) -> Encoded:
        """Encode a text. Raises ValueError for an unknown character if no symbol stands for it."""
        matches, notices = self._cut(text)
        read = [match for match in matches if not self._parts(match)]
        if len(read) < len(matches):
            notices = (
                *notices,
                "Blanks only separate symbols and are not read: this vocabulary has no symbol for them.",
            )
        return self.encoded(
            [m.token for m in read], [m.symbol for m in read], (m.change for m in read if m.change), notices
        )

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.table)

    @cached_property
    def _blanks_part(self) -> bool:
        long = any(len(symbol) > 1 for symbol in plain(self.symbols))
        return long and not any(blank in self.table for blank in GROUP[" "])

    def _parts(self, match: Match) -> bool:
        """True for a blank that only separates symbols."""
        return match.symbol is None and self._blanks_part and match.typed.isspace()

    def _cut(self, text: str) -> tuple[list[Match], tuple[str, ...]]:
        text, notices = well_formed(text.replace("\r\n", "\n"))
        return self._matcher.cut(text), notices

    def _is(self, text: str, tokens: Sequence[str]) -> bool:
        """True if the text is cut into these symbols again."""
        return [m.symbol for m in self._matcher.cut(text)] == [t if t in self.table else None for t in tokens]


class OwnWords(Symbols):
    """Words, numbers and single marks, and blanks and line ends that are symbols; in lower case where all the vocabulary's words are."""

    kind: ClassVar[str] = "words"
    one: ClassVar[str] = "word"

    @cached_property
    def lower(self) -> bool:
        """True if the vocabulary has lower case alone."""
        return all(symbol == symbol.lower() for symbol in self.symbols if not SPECIAL.fullmatch(symbol))

    def pieces(self, text: str) -> list[str]:
        """The text cut before each word but the first; joined they are the text again."""
        text, _ = well_formed(text)
        return cut_before([start for start, _ in self._found(text)], text)

    def joined(self, tokens: Sequence[str]) -> str:
        """Symbols joined to a text, with spaces between, but none before a closing mark, nor beside blanks and line
        ends that are tokens themselves."""
        text = ""
        for token in (blank_of(token) or token for token in tokens):
            apart = text and token not in CLOSING and not token.isspace() and not text[-1].isspace()
            text += f" {token}" if apart else token
        return text

    def encode(self, text: str) -> Encoded:
        """Encode a text. Raises ValueError for an unknown word if no symbol stands for it."""
        text, notices = well_formed(text)
        tokens = [text[start:end] for start, end in self._found(text)]
        pairs = [self._look_up(token) for token in tokens]
        return self.encoded(
            tokens, [symbol for symbol, _ in pairs], (change for _, changes in pairs for change in changes), notices
        )

    def _look_up(self, token: str) -> tuple[str | None, tuple[Change, ...]]:
        return look_up(token, self.table, {}, lower=self.lower)

    @cached_property
    def _blanks(self) -> Matcher:
        """Matcher of the blanks that are read. A space as the first symbol is for padding."""
        return Matcher(
            {symbol for symbol, index in self.table.items() if symbol.isspace() and (index or symbol != " ")}
        )

    def _found(self, text: str) -> list[tuple[int, int]]:
        """Spans of the tokens. The text between blanks is one token if the vocabulary has it as it is ("<eos>",
        "don't"), else it is cut into words and marks."""
        places: list[tuple[int, int]] = []
        for run in re.finditer(r"\S+|\s+", text):
            start = run.start()
            if run.group().isspace():
                for match in self._blanks.cut(run.group()):
                    if match.symbol is not None and match.change is None:
                        places.append((start, start + len(match.typed)))
                    start += len(match.typed)
            elif self._look_up(run.group())[0] is not None:
                places.append(run.span())
            else:
                places += [(start + first, start + last) for first, last in spans(run.group())]
        return places


def plain(symbols: Iterable[str]) -> list[str]:
    """The symbols without marks such as "<pad>", and without those that write out a blank."""
    return [symbol for symbol in symbols if len(symbol) == 1 or not (SPECIAL.fullmatch(symbol) or blank_of(symbol))]


def blank_of(symbol: str) -> str:
    """The blank or line end that a symbol writes out; empty for all others."""
    return next((blank for blank, ways in WRITTEN.items() if symbol in ways or symbol.lower() in ways), "")
