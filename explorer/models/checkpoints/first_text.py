"""The first text of an uploaded model: a readable text built from its vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from explorer.models.vocabulary import Numbers, Reader
from explorer.models.vocabulary.symbols import plain

SENTENCES = ('He said "yes" and left.', "The story is dull, but the acting is wonderful.")
"""Sentences to try first, as they are and in lower case."""
ENOUGH = 4
"""Minimum number of known tokens for a sentence to be used."""
FEW, WAVE = 16, 40
"""Number of tokens, and of numeric steps, in a made-up text."""


def beginning(reader: Reader) -> str:
    """Return a text without unknown tokens: a sentence, its known words, or some symbols or ids. For numeric models, return sine waves."""
    if isinstance(reader, Numbers):
        steps, columns = np.arange(WAVE)[:, None], np.arange(len(reader))[None]
        return reader.written(np.round(np.sin(2 * np.pi * steps / (WAVE / 2) + columns), 2))
    symbols = _spread(reader)
    return next((text for text in (*_sentences(reader), *_of_symbols(reader, symbols)) if text), reader.labels[0])


def _sentences(reader: Reader) -> Iterator[str]:
    """Yield fully known sentences, then the known words of the best partly known one."""
    texts = [text for sentence in SENTENCES for text in (sentence, sentence.lower())] if reader.kind != "ids" else []
    yield from (text for text in texts if _reads(reader, text))
    candidates: list[tuple[float, str]] = []
    for text in texts:
        pieces = reader.pieces(text)
        tokens = [token for piece in pieces if (token := _known(reader, piece))]
        if len(tokens) >= max(ENOUGH, len(pieces) // 2):
            candidates.append((len(tokens) / len(pieces), _longest(reader, tokens)))
    if candidates:
        yield max(candidates, key=lambda one: one[0])[1]


def _spread(reader: Reader) -> list[str]:
    """Return symbols spread over the whole vocabulary, without markers such as "<pad>"."""
    every = [symbol for symbol in plain(reader.labels) if symbol.strip()] or list(reader.labels)
    return every[:: max(1, len(every) // FEW)][:FEW]


def _of_symbols(reader: Reader, symbols: Sequence[str]) -> Iterator[str]:
    yield _longest(reader, symbols)
    yield from (symbol for symbol in reader.labels if _reads(reader, symbol) == (symbol,))


def _known(reader: Reader, piece: str) -> str:
    """Return the single token of a text piece; empty if it is unknown or not exactly one token."""
    tokens = _reads(reader, piece)
    return tokens[0] if len(tokens) == 1 else ""


def _longest(reader: Reader, tokens: Sequence[str]) -> str:
    """Return a text of these tokens, skipping any that would be tokenised differently after the preceding text."""
    accepted: list[str] = []
    for token in tokens:
        if _reads(reader, reader.joined([*accepted, token])) == (*accepted, token):
            accepted.append(token)
    return reader.joined(accepted)


def _reads(reader: Reader, text: str) -> tuple[str, ...]:
    """Return the tokens of a text; empty if any is unknown."""
    try:
        encoded = reader.encode(text)
    except ValueError:
        return ()
    unknown = reader.unknown
    return () if unknown is not None and unknown in encoded.values.tolist() else encoded.tokens
