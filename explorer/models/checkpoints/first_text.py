"""The first text of an uploaded model: something that it can read, made of what its vocabulary has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from explorer.models.vocabulary import Numbers, Reader
from explorer.models.vocabulary.symbols import plain

SENTENCES = ('He said "yes" and left.', "The story is dull, but the acting is wonderful.")
"""Tried first, as they are and in lower case."""
ENOUGH = 4
"""Tokens of a sentence that have to be known for it to be worth reading."""
FEW, WAVE = 16, 40
"""How many tokens, or steps of numbers, are made up where no sentence is known."""


def beginning(reader: Reader) -> str:
    """A text that the network reads without an unknown token: a sentence, the words of one that it knows, some of its symbols or ids; or
    waves of numbers."""
    if isinstance(reader, Numbers):
        steps, columns = np.arange(WAVE)[:, None], np.arange(len(reader))[None]
        return reader.written(np.round(np.sin(2 * np.pi * steps / (WAVE / 2) + columns), 2))
    symbols = _spread(reader)
    return next((text for text in (*_sentences(reader), *_of_symbols(reader, symbols)) if text), reader.labels[0])


def _sentences(reader: Reader) -> Iterator[str]:
    """Sentences of which all is known, and then what is known of one."""
    texts = [text for sentence in SENTENCES for text in (sentence, sentence.lower())] if reader.kind != "ids" else []
    yield from (text for text in texts if _reads(reader, text))
    partly: list[tuple[float, str]] = []
    for text in texts:
        pieces = reader.pieces(text)
        known = [token for piece in pieces if (token := _known(reader, piece))]
        if len(known) >= max(ENOUGH, len(pieces) // 2):
            partly.append((len(known) / len(pieces), _longest(reader, known)))
    if partly:
        yield max(partly, key=lambda one: one[0])[1]


def _spread(reader: Reader) -> list[str]:
    """Symbols from all over the vocabulary, without marks such as "<pad>"."""
    every = [symbol for symbol in plain(reader.labels) if symbol.strip()] or list(reader.labels)
    return every[:: max(1, len(every) // FEW)][:FEW]


def _of_symbols(reader: Reader, symbols: Sequence[str]) -> Iterator[str]:
    yield _longest(reader, symbols)
    yield from (symbol for symbol in reader.labels if _reads(reader, symbol) == (symbol,))


def _known(reader: Reader, piece: str) -> str:
    """The token that a piece of a text is by itself; empty where it is unknown or another number of tokens."""
    tokens = _reads(reader, piece)
    return tokens[0] if len(tokens) == 1 else ""


def _longest(reader: Reader, tokens: Sequence[str]) -> str:
    """A text of these tokens, without those that would be read as others beside what stands before them."""
    kept: list[str] = []
    for token in tokens:
        if _reads(reader, reader.joined([*kept, token])) == (*kept, token):
            kept.append(token)
    return reader.joined(kept)


def _reads(reader: Reader, text: str) -> tuple[str, ...]:
    """The tokens of a text; none where one is unknown."""
    try:
        encoded = reader.encode(text)
    except ValueError:
        return ()
    unknown = reader.unknown
    return () if unknown is not None and unknown in encoded.values.tolist() else encoded.tokens
