"""The vocabulary that a Keras file may hold: in a layer that turns text into ids, in its configuration or in a file beside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from explorer.models.checkpoints.keras_config import Described

UNKNOWN = "[UNK]"
LOOKUPS = ("TextVectorization", "StringLookup")


def symbols(described: Iterable[Described]) -> tuple[str, ...]:
    """The symbols by id, as the first layer that turns text into ids has them in its configuration; nothing where none has."""
    for layer in described:
        if layer.kind in LOOKUPS and not layer.config.get("invert"):
            found = _listed(layer.kind, layer.config)
            if found:
                return found
    return ()


def stored(text: str) -> tuple[str, ...]:
    """The symbols of a vocabulary.txt in an archive, where they stand by id, with those for padding and the unknown."""
    lines = text.splitlines()
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def _listed(kind: str, config: dict[str, Any]) -> tuple[str, ...]:
    """The list that the layer was given, behind the places that it keeps for padding and for what it does not know."""
    given = config.get("vocabulary")
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        return ()
    vectorizes = kind == "TextVectorization"
    mask = "" if vectorizes else config.get("mask_token")
    unknown = 1 if vectorizes else config.get("num_oov_indices", 1)
    kept = [mask] if isinstance(mask, str) else []
    if isinstance(unknown, int) and 0 < unknown <= 100:
        kept += [str(config.get("oov_token", UNKNOWN))] * unknown
    return tuple(given) if given[: len(kept)] == kept else (*kept, *given)
