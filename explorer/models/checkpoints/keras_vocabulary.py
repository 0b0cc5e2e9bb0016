"""Vocabularies in Keras files: in the configuration of a text-to-ids layer, or in an archive entry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from explorer.models.checkpoints.keras_config import Described

UNKNOWN = "[UNK]"
LOOKUPS = ("TextVectorization", "StringLookup")


def symbols(described: Iterable[Described]) -> tuple[str, ...]:
    """Return the symbols by id from the first text-to-ids layer with a vocabulary in its configuration; empty without such a layer."""
    for layer in described:
        if layer.kind in LOOKUPS and not layer.config.get("invert"):
            listed = _layer_symbols(layer.kind, layer.config)
            if listed:
                return listed
    return ()


def read_symbols(text: str) -> tuple[str, ...]:
    """Return the symbols of a vocabulary.txt, which lists them by id, including padding and unknown."""
    lines = text.splitlines()
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def _layer_symbols(kind: str, config: dict[str, Any]) -> tuple[str, ...]:
    """Return the layer's vocabulary, after its reserved ids for padding and unknown tokens."""
    entries = config.get("vocabulary")
    if not isinstance(entries, list) or not all(isinstance(one, str) for one in entries):
        return ()
    vectorizes = kind == "TextVectorization"
    mask = "" if vectorizes else config.get("mask_token")
    unknown = 1 if vectorizes else config.get("num_oov_indices", 1)
    reserved = [mask] if isinstance(mask, str) else []
    if isinstance(unknown, int) and 0 < unknown <= 100:
        reserved += [str(config.get("oov_token", UNKNOWN))] * unknown
    return tuple(entries) if entries[: len(reserved)] == reserved else (*reserved, *entries)
