"""Encoder-decoder networks: which recurrent layers are the encoder, and which the decoder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
WORDS = {
    "encoder": re.compile(r"enc(od\w*)?(rnn|lstm|gru)?|src|source|en"),
    "decoder": re.compile(r"dec(od\w*)?(rnn|lstm|gru)?|tgt|trg|target|de"),
}
ATTENTION = re.compile(r"attn|attention|\batt\b|attend|energy|align|query|qkv|[qkv]_proj", re.IGNORECASE)
"""Common names of attention matrices."""
AMBIGUOUS = re.compile(r"(^|[._/])(scores?|values?|keys?|v|k|q)$", re.IGNORECASE)
"""Names that attention matrices share with readouts."""
EMBEDDING = re.compile(r"emb", re.IGNORECASE)
CONVOLUTION = 3
"""Minimum number of dimensions of a convolution weight."""


def half_of(name: str) -> str:
    """Return the half of an encoder-decoder network that a tensor or layer name suggests: "encoder", "decoder" or ""."""
    words = [word.lower() for word in WORD.findall(name)]
    for word in words:
        for half, pattern in WORDS.items():
            if pattern.fullmatch(word):
                return half
    return ""


def halves(layers: Iterable[str], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """Return the half of each recurrent layer, by name; empty if the file is not an encoder-decoder network.

    It is one if both halves have recurrent layers, if a decoder without any has its own embedding or attention, or if an encoder
    without any is convolutional or has several layers, such as an image encoder.
    """
    named = {where: half for where in layers if (half := half_of(where))}
    if not named:
        return {}
    encodes, decodes = (half in named.values() for half in ("encoder", "decoder"))
    if encodes and decodes:
        return named
    other = "decoder" if encodes else "encoder"
    theirs = {name: shape for name, shape in shapes.items() if half_of(name) == other}
    if encodes:
        counts = any(ATTENTION.search(name) or EMBEDDING.search(name) for name in theirs)
    else:
        counts = any(len(shape) >= CONVOLUTION for shape in theirs.values()) or len(_layers(theirs)) > 1
    return named if counts else {}


def _layers(names: Iterable[str]) -> set[str]:
    return {name.rpartition(".")[0] for name in names}
