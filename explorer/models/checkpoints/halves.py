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
"""What people call the matrices of an attention."""
AMBIGUOUS = re.compile(r"(^|[._/])(scores?|values?|keys?|v|k|q)$", re.IGNORECASE)
"""Names of an attention's matrices that readouts have, too."""
EMBEDDING = re.compile(r"emb", re.IGNORECASE)
CONVOLUTION = 3
"""Dimensions of a weight, at least."""


def half_of(name: str) -> str:
    """Which half of an encoder-decoder network a tensor or layer is called: "encoder", "decoder", or neither."""
    words = [word.lower() for word in WORD.findall(name)]
    for word in words:
        for half, pattern in WORDS.items():
            if pattern.fullmatch(word):
                return half
    return ""


def halves(layers: Iterable[str], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """The half that each of the recurrent layers is, by their names; empty where the file is not of such a network.

    A file counts as such where both halves have recurrent layers, where a decoder without them has an embedding or an attention of its
    own, or where an encoder without them has several layers, as one for pictures.
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
