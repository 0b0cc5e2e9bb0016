"""Longest match: a text cut into the longest symbols that a vocabulary has, as they stand or in another spelling."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from explorer.models.vocabulary.normalisation import PLAIN, Change, clusters, spellings


@dataclass(frozen=True)
class Match:
    """One token.

    typed    its part of the text; empty for all but the first of several tokens that one character makes
    symbol   the symbol that is read; None where the vocabulary has none
    change   (how it differs, as typed, as read) where another spelling is read; stands with the first of its tokens
    several  whether it is one of several tokens that one character makes
    """

    typed: str
    symbol: str | None
    change: Change | None = None
    several: bool = False

    @property
    def token(self) -> str:
        """The token as typed; if several symbols make one character, each of these symbols."""
        return self.symbol if self.several and self.symbol is not None else self.typed


def unchanged(text: str) -> str:
    """The form in which symbols have a character, where that is the character itself."""
    return text


@dataclass(frozen=True)
class Matcher:
    """Cuts texts by a vocabulary.

    symbols  what it has
    form     how its symbols write a character: byte-level vocabularies write “é” as “Ã©”
    usual    spellings that are tried before all others: a character and what is read instead
    """

    symbols: Collection[str]
    form: Callable[[str], str] = unchanged
    usual: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """All prefixes of all symbols, which say if a match can still grow."""
        return frozenset(symbol[:end] for symbol in self.symbols for end in range(1, len(symbol) + 1))

    @cached_property
    def single(self) -> bool:
        """True if each symbol is one code point, as it stands in a text."""
        return self.form is unchanged and all(len(symbol) <= 1 for symbol in self.symbols)

    @cached_property
    def has_clusters(self) -> bool:
        """True if some symbol is one visible character of several code points: then every unknown character counts as
        one, too."""
        return any(len(symbol) > 1 and len(clusters(symbol)) == 1 for symbol in self.symbols)

    def cut(self, text: str) -> list[Match]:
        """All of the text, in its order."""
        if self.single and all(map(self.prefixes.__contains__, text)):
            return [Match(character, character) for character in text]
        units = clusters(text)
        forms = [self.form(unit) for unit in units]
        matches: list[Match] = []
        start = 0
        while start < len(units):
            end = self._longest(forms, start)
            if end > start:
                matches.append(Match("".join(units[start:end]), "".join(forms[start:end])))
            else:
                end = start + 1
                matches += self._one(units[start], units[start - 1] if start else "")
            start = end
        return matches

    def cover(self, text: str) -> list[str] | None:
        """The symbols that make all of `text`, the longest first; None where they do not."""
        pieces: list[str] = []
        start = 0
        while start < len(text):
            end = self._longest(text, start)
            if end == start:
                return None
            pieces.append(text[start:end])
            start = end
        return pieces

    def _longest(self, forms: Sequence[str], start: int) -> int:
        """End of the longest symbol that begins at `start`; `start` itself if none does."""
        grown, best = "", start
        for end in range(start, len(forms)):
            grown += forms[end]
            if grown not in self.prefixes:
                break
            if grown in self.symbols:
                best = end + 1
        return best

    def _one(self, cluster: str, before: str) -> Iterator[Match]:
        """The tokens of a cluster that is no symbol itself: several symbols, another spelling, or unknown."""
        if symbols := self.cover(self.form(cluster)):
            yield from _tokens(cluster, symbols)
            return
        usual = [(PLAIN, self.usual[cluster])] if cluster in self.usual else []
        for how, spelling in (*usual, *spellings(cluster, before)):
            if symbols := self.cover(self.form(spelling)):
                first, *others = symbols
                yield Match(cluster, first, (how, cluster, spelling), several=bool(others))
                yield from (Match("", symbol, several=True) for symbol in others)
                return
        for part in [cluster] if self.has_clusters else list(cluster):
            is_symbol = self.form(part) in self.symbols
            yield Match(part, self.form(part) if is_symbol else None)


def _tokens(cluster: str, symbols: Sequence[str]) -> Iterator[Match]:
    """Tokens of one cluster that several symbols make: each its own characters if they are those that were typed."""
    if "".join(symbols) == cluster:
        yield from (Match(symbol, symbol) for symbol in symbols)
    else:
        yield Match(cluster, symbols[0], several=len(symbols) > 1)
        yield from (Match("", symbol, several=True) for symbol in symbols[1:])
