"""Pieces that carry the blank before them: byte-level BPE ("Ġthe") and SentencePiece ("▁the")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from explorer.models.vocabulary.matching import Match, Matcher
from explorer.models.vocabulary.pieces import BYTES, SENTENCE, Pieces

BLANKS = {" ": "Ġ", "\n": "Ċ", "\t": "ĉ", "\r": "č"}
"""Blanks in byte-level vocabularies."""


def _byte_characters() -> list[str]:
    """Characters that stand for each byte: printable Latin-1 as it is, all others as the code points from 256 on."""
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = iter(range(256, 512))
    return [chr(byte if byte in visible else next(hidden)) for byte in range(256)]


BYTE = _byte_characters()
BYTE_OF = {written: byte for byte, written in enumerate(BYTE)}


@dataclass(frozen=True)
class SpacedPieces(Pieces):
    """The longest symbol that the text goes on with, blanks included."""

    @cached_property
    def of_bytes(self) -> bool:
        """True if symbols are written byte by byte, so that nothing is unknown."""
        return self.mark == BYTES and all(written in self.table for written in BYTE)

    def joined(self, tokens: Sequence[str]) -> str:
        """The text that has these tokens: symbols, or parts of a text as typed."""
        if self.of_bytes:
            return b"".join(self._bytes(token) for token in tokens).decode("utf-8", "replace")
        text = "".join(self._read(token) if token in self.table else token for token in tokens)
        return text.removeprefix(" ") if self.mark == SENTENCE and tokens and tokens[0].startswith(SENTENCE) else text

    def _bytes(self, token: str) -> bytes:
        if token in self.table and all(written in BYTE_OF for written in token):
            return bytes(BYTE_OF[written] for written in token)
        return token.encode()

    def _read(self, symbol: str) -> str:
        if self.mark == SENTENCE:
            return symbol.replace(SENTENCE, " ")
        for blank, written in BLANKS.items():
            symbol = symbol.replace(written, blank)
        return symbol

    def _form(self, text: str) -> str:
        """Part of a text, as symbols write it."""
        text = text.lower() if self.lower else text
        if self.of_bytes:
            return "".join(BYTE[byte] for byte in text.encode())
        if self.mark == SENTENCE:
            return text.replace(" ", SENTENCE)
        return "".join(BLANKS.get(character, character) for character in text)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.table, self._form)

    def _cut(self, text: str) -> list[tuple[int, Match]]:
        if self.mark == BYTES:
            return _placed(self._matcher.cut(text), list(range(len(text) + 1)))
        runs = [(run.start(), run.group()) for run in re.finditer(r"\S+", text)]
        spaced = "".join(f" {run}" for _, run in runs)  # SentencePiece joins blanks, and puts one before the text
        ends = [0, *(start + len(run) for start, run in runs)]
        places = [place for k, (start, run) in enumerate(runs) for place in (ends[k], *range(start, start + len(run)))]
        return _joined_unknown(_placed(self._matcher.cut(spaced), [*places, len(text)]))


def _placed(matches: Sequence[Match], places: Sequence[int]) -> list[tuple[int, Match]]:
    """Each match with the place in the text at which it begins; `places` has that of each character that was cut."""
    found, at = [], 0
    for match in matches:
        found.append((places[at], match))
        at += len(match.typed)
    return found


def _joined_unknown(placed: Sequence[tuple[int, Match]]) -> list[tuple[int, Match]]:
    """Matches with adjacent unknown ones joined into one, as in SentencePiece."""
    joined: list[tuple[int, Match]] = []
    for unknown, group in groupby(placed, key=lambda one: one[1].symbol is None):
        some = list(group)
        joined += (
            [(some[0][0], Match("".join(match.typed for _, match in some).strip() or " ", None))] if unknown else some
        )
    return joined
